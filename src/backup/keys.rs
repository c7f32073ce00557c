//! The second file: the keys of an installation, for their owner alone.

use std::{collections::BTreeMap, fs, io::Write as _, os::unix::fs::PermissionsExt as _, path::Path};

use anyhow::{Context as _, ensure};

use super::{KEYS, write::place};

/// Writes the keys of a data directory to one file, which must not exist yet.
///
/// # Errors
/// When a key cannot be read, the file is there, or it cannot be written.
pub fn write_keys(data: &Path, to: &Path) -> anyhow::Result<()> {
    let mut keys = BTreeMap::new();
    for name in KEYS {
        let path = data.join(name);
        if name == KEYS[0] || path.exists() {
            let text = fs::read_to_string(&path).with_context(|| format!("密钥文件 {} 读不了", path.display()))?;
            keys.insert(name, text);
        }
    }
    place(to, |file| {
        serde_json::to_writer_pretty(&mut *file, &keys)?;
        Ok(file.write_all(b"\n")?)
    })
}

/// The keys in such a file: name of the file in a data directory, and its text.
///
/// # Errors
/// When it cannot be read, others may read it, or it is no such file.
pub fn read_keys(from: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let shown = from.display();
    let mode = fs::metadata(from).with_context(|| format!("密钥文件 {shown} 打不开"))?.permissions().mode();
    ensure!(mode & 0o077 == 0, "密钥文件 {shown} 别人也能读：请执行 chmod 600 {shown}");
    let text = fs::read_to_string(from).with_context(|| format!("密钥文件 {shown} 读不了"))?;
    let keys: BTreeMap<String, String> = serde_json::from_str(&text)
        .ok()
        .with_context(|| format!("{shown} 不是备份时写出的密钥文件：请用 dongliang backup --keys 写出的那一个"))?;
    let known = keys.keys().all(|name| KEYS.contains(&name.as_str())) && keys.contains_key(KEYS[0]);
    ensure!(known, "密钥文件 {shown} 的内容不对");
    Ok(keys)
}
