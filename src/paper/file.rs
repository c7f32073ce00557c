//! Issued papers as files of the data directory, named by the SHA-256 of their bytes and never changed.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use sha2::{Digest as _, Sha256};

use crate::{hex::hex, private};

/// Their directory in the data directory.
pub const DIRECTORY: &str = "papers";

/// SHA-256 as hex.
fn name(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn path(data: &Path, name: &str) -> PathBuf {
    data.join(DIRECTORY).join(name)
}

/// Keeps bytes and gives their name; on the disk when it returns. Whole or not at all: written beside, synced, renamed.
///
/// # Errors
/// When they cannot be written.
pub fn keep(data: &Path, bytes: &[u8]) -> anyhow::Result<String> {
    let name = name(bytes);
    let directory = data.join(DIRECTORY);
    let work = || -> std::io::Result<()> {
        private::create_dir(&directory)?;
        let mut beside = tempfile::Builder::new().prefix(".paper-").tempfile_in(&directory)?;
        beside.write_all(bytes)?;
        beside.as_file().sync_all()?;
        // The same name is the same bytes.
        beside.persist(path(data, &name)).map_err(|e| e.error)?;
        File::open(&directory)?.sync_all()?;
        File::open(data)?.sync_all()
    };
    work().with_context(|| format!("公文存不进 {}", directory.display()))?;
    Ok(name)
}

/// The bytes under a name, checked against it.
///
/// # Errors
/// When the file is not there or is not what it was.
pub fn read(data: &Path, wanted: &str) -> anyhow::Result<Vec<u8>> {
    if wanted.len() != 64 || !wanted.bytes().all(|b| b.is_ascii_hexdigit()) {
        bail!("公文的文件名不对：{wanted}");
    }
    let path = path(data, wanted);
    let bytes = fs::read(&path).with_context(|| format!("公文的文件 {} 读不出来，请从备份恢复", path.display()))?;
    if name(&bytes) != wanted {
        bail!("公文的文件 {} 已被改动，请从备份恢复", path.display());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::testing::TempDir;

    #[test]
    fn what_is_kept_is_found_and_a_change_is_told() {
        let dir = TempDir::new();
        let name = keep(&dir.0, b"one").unwrap();
        assert_eq!(name, keep(&dir.0, b"one").unwrap());
        assert_eq!(read(&dir.0, &name).unwrap(), b"one");
        assert_eq!(fs::read_dir(dir.0.join(DIRECTORY)).unwrap().count(), 1, "nothing beside it is left");
        fs::write(path(&dir.0, &name), b"two").unwrap();
        assert!(read(&dir.0, &name).unwrap_err().to_string().contains("已被改动"));
        fs::remove_file(path(&dir.0, &name)).unwrap();
        assert!(read(&dir.0, &name).unwrap_err().to_string().contains("请从备份恢复"));
        assert!(read(&dir.0, "../keys").is_err());
    }
}
