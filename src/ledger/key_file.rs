//! The key file: a ring of numbered keys as text, for its owner alone, replaced whole and never written in place.
//!
//! Everybody who has the installation open shares a lock on the file; who changes the ring holds it alone, so that nobody
//! writes with a key that is no longer the newest. Both locks end with their process.
//!
//! ```text
//! dongliang keys
//! root 64 digits
//! 1 xchacha20 made 2026-01-05 unused 2026-11-29 128 digits
//! 2 sm4 made 2026-11-29 128 digits
//! ```
//!
//! Before there were rings the file held the digits of the one key, after `sm4 ` where it was of that cipher.

use std::{
    fs::{self, File, TryLockError},
    io::Write as _,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
};

use anyhow::{Context as _, bail, ensure};

use super::secret::{Cipher, Key, Keys};
use crate::{
    clock::Clock,
    day::Day,
    hex::{hex, unhex},
};

/// The first line.
const HEAD: &str = "dongliang keys";

/// The right to use the key file, shared or alone; given back when dropped.
#[derive(Debug)]
pub struct Held {
    _file: File,
}

/// How the key file is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// With all who have the installation open.
    Shared,
    /// By who changes the ring.
    Alone,
}

impl Keys {
    /// New random keys, written to a file that must not exist yet and that only its owner may read.
    ///
    /// # Errors
    /// When the file is there or cannot be written.
    pub fn create(path: &Path, cipher: Cipher) -> anyhow::Result<Keys> {
        let keys = Keys::fresh(cipher, Clock::Machine.now().day)?;
        keys.write(path, false)?;
        Ok(keys)
    }

    /// Reads the key file; refuses one that others could read.
    ///
    /// # Errors
    /// When it cannot be read or is none.
    pub fn load(path: &Path) -> anyhow::Result<Keys> {
        let shown = path.display();
        let mode = fs::metadata(path).with_context(|| format!("密钥文件 {shown} 打不开"))?.permissions().mode();
        ensure!(mode & 0o077 == 0, "密钥文件 {shown} 别人也能读：请执行 chmod 600 {shown}");
        let text = fs::read_to_string(path).with_context(|| format!("密钥文件 {shown} 打不开"))?;
        Keys::parse(&text).with_context(|| format!("密钥文件 {shown} 不能用"))
    }

    /// Holds the key file and reads it.
    ///
    /// # Errors
    /// When others hold it in a way that does not go together with this one, or as [`Keys::load`].
    pub fn hold(path: &Path, hold: Hold) -> anyhow::Result<(Keys, Held)> {
        loop {
            let file = File::open(path).with_context(|| format!("密钥文件 {} 打不开", path.display()))?;
            lock(&file, hold)?;
            // Whoever held it alone may have put another file in its place.
            let (mine, there) = (file.metadata()?, fs::metadata(path)?);
            if (mine.dev(), mine.ino()) == (there.dev(), there.ino()) {
                return Ok((Keys::load(path)?, Held { _file: file }));
            }
        }
    }

    /// Puts this ring in the place of the one in the file, which must be held alone, and holds the new file as well.
    ///
    /// # Errors
    /// When it cannot be written; then the file is as it was.
    pub fn replace(&self, path: &Path, held: Held) -> anyhow::Result<Held> {
        let file = self.write(path, true)?;
        drop(held);
        Ok(Held { _file: file })
    }

    /// Written beside its place, synced, and moved there; gives the file, locked.
    fn write(&self, path: &Path, over: bool) -> anyhow::Result<File> {
        let directory = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let written = || -> std::io::Result<File> {
            let mut beside = tempfile::Builder::new().prefix(".keys-").tempfile_in(directory)?;
            beside.write_all(self.text().as_bytes())?;
            beside.as_file().lock()?;
            beside.as_file().sync_all()?;
            let placed = if over { beside.persist(path) } else { beside.persist_noclobber(path) };
            let file = placed.map_err(|e| e.error)?;
            File::open(directory)?.sync_all()?;
            Ok(file)
        };
        written().with_context(|| format!("密钥文件 {} 写不进去", path.display()))
    }

    fn text(&self) -> String {
        let line = |key: &Key| {
            let day = |word: &str, day: Option<Day>| day.map_or(String::new(), |day| format!(" {word} {day}"));
            let Key { number, cipher, made, unused, encryption, index } = key;
            let (cipher, days) = (cipher.word(), day("made", *made) + &day("unused", *unused));
            format!("{number} {cipher}{days} {}{}\n", hex(encryption), hex(index))
        };
        let lines: String = self.ring.iter().map(line).collect();
        format!("{HEAD}\nroot {}\n{lines}", hex(&self.root))
    }

    /// Keys from the text of a key file.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> anyhow::Result<Keys> {
        let mut lines = text.lines();
        if lines.next().map(str::trim) != Some(HEAD) {
            return single(text);
        }
        let wrong = |n: usize| format!("密钥的内容不对：第 {} 行", n + 2);
        let root = lines.next().and_then(|line| bytes::<32>(line.strip_prefix("root ")?.trim()));
        let mut keys = Keys { root: root.with_context(|| wrong(0))?, ring: Vec::new() };
        for (n, line) in lines.enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let key = key(line).with_context(|| wrong(n + 1))?;
            ensure!(keys.ring.last().is_none_or(|last| last.number < key.number), wrong(n + 1));
            keys.ring.push(key);
        }
        ensure!(!keys.ring.is_empty(), "密钥的内容不对：没有密钥");
        Ok(keys)
    }
}

fn lock(file: &File, hold: Hold) -> anyhow::Result<()> {
    let locked = match hold {
        Hold::Shared => file.try_lock_shared(),
        Hold::Alone => file.try_lock(),
    };
    match (locked, hold) {
        (Ok(()), _) => Ok(()),
        (Err(TryLockError::WouldBlock), Hold::Shared) => bail!("正在更换密钥，请等它完成后再试"),
        (Err(TryLockError::WouldBlock), Hold::Alone) => {
            bail!("数据正在使用（dongliang serve 或别的命令还没有结束），没有改动：请先停止它，再改动密钥")
        }
        (Err(TryLockError::Error(e)), _) => Err(e).context("密钥文件锁不住"),
    }
}

/// A line of a ring.
fn key(line: &str) -> Option<Key> {
    let mut words = line.split_whitespace();
    let number = words.next()?.parse().ok().filter(|n| *n > 0)?;
    let cipher = match words.next()? {
        "xchacha20" => Cipher::XChaCha20,
        "sm4" => Cipher::Sm4,
        _ => return None,
    };
    let (mut made, mut unused, mut word) = (None, None, words.next()?);
    for (name, day) in [("made", &mut made), ("unused", &mut unused)] {
        if word == name {
            *day = Some(Day::parse(words.next()?)?);
            word = words.next()?;
        }
    }
    let (encryption, index) = halves(word)?;
    words.next().is_none().then_some(Key { number, cipher, made, unused, encryption, index })
}

/// The file of an installation that never changed its key.
fn single(text: &str) -> anyhow::Result<Keys> {
    let (cipher, digits) = match text.strip_prefix("sm4 ") {
        Some(digits) => (Cipher::Sm4, digits),
        None => (Cipher::XChaCha20, text),
    };
    let (encryption, index) = halves(digits.trim()).context("密钥的内容不对，应为 128 个十六进制字符")?;
    Ok(Keys::from_bytes(encryption, index).with_cipher(cipher))
}

fn halves(digits: &str) -> Option<([u8; 32], [u8; 32])> {
    let all = bytes::<64>(digits)?;
    Some((all[..32].try_into().ok()?, all[32..].try_into().ok()?))
}

fn bytes<const N: usize>(digits: &str) -> Option<[u8; N]> {
    unhex(digits)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::db::testing::TempDir;

    #[test]
    fn the_key_file_is_private_and_never_overwritten() {
        let dir = TempDir::new();
        let file = dir.0.join("key");
        let made = Keys::create(&file, Cipher::XChaCha20).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let loaded = Keys::load(&file).unwrap();
        assert_eq!(loaded.open(&made.seal("秘").unwrap()).unwrap(), "秘");
        assert!(Keys::create(&file, Cipher::XChaCha20).is_err());
        let national = dir.0.join("sm4");
        let made_so = Keys::create(&national, Cipher::Sm4).unwrap();
        let sealed = Keys::load(&national).unwrap().seal("秘").unwrap();
        assert!(sealed.starts_with("s1:") && made_so.open(&sealed).unwrap() == "秘");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(Keys::load(&file).unwrap_err().to_string().contains("chmod 600"));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&file, "abc").unwrap();
        assert!(Keys::load(&file).is_err());
        assert!(Keys::load(&dir.0.join("none")).is_err());
    }

    #[test]
    fn files_of_one_key_are_still_read() {
        let digits = "01".repeat(32) + &"02".repeat(32);
        for (text, sealed) in [(format!("{digits}\n"), "v1:"), (format!("sm4 {digits}\n"), "s1:")] {
            let keys = Keys::parse(&text).unwrap();
            assert!(keys.seal("秘").unwrap().starts_with(sealed));
            let again = Keys::parse(&keys.text()).unwrap();
            assert_eq!(again.digest("a", "b"), Keys::from_bytes([1; 32], [2; 32]).digest("a", "b"));
            assert_eq!(again.open(&keys.seal("秘").unwrap()).unwrap(), "秘");
        }
    }

    #[test]
    fn who_changes_the_ring_is_alone_with_it() {
        let dir = TempDir::new();
        let file = dir.0.join("keys");
        Keys::create(&file, Cipher::XChaCha20).unwrap();
        let said = |hold| Keys::hold(&file, hold).unwrap_err().to_string();
        let (_, one) = Keys::hold(&file, Hold::Shared).unwrap();
        let (_, other) = Keys::hold(&file, Hold::Shared).unwrap();
        assert!(said(Hold::Alone).contains("数据正在使用"));
        drop((one, other));
        let (keys, held) = Keys::hold(&file, Hold::Alone).unwrap();
        assert!(said(Hold::Shared).contains("正在更换密钥") && said(Hold::Alone).contains("数据正在使用"));
        let day = Day::parse("2026-11-29").unwrap();
        let next = keys.next(Cipher::Sm4, day).unwrap().unused_but(&[], day);
        let held = next.replace(&file, held).unwrap();
        assert!(said(Hold::Shared).contains("正在更换密钥"), "the new file is held as the old one was");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        drop(held);
        let (read, _held) = Keys::hold(&file, Hold::Shared).unwrap();
        assert_eq!((read.number(), read.text()), (2, next.text()));
        assert_eq!(fs::read_dir(&dir.0).unwrap().count(), 1, "nothing is left beside it");
    }

    proptest! {
        #[test]
        fn nothing_that_is_no_ring_is_read_as_one(
            line in prop::sample::select(vec![
                "", "root", "root 00", "1 xchacha20", "0 xchacha20 KEY", "1 des KEY", "1 sm4 made KEY",
                "1 sm4 made 2026-13-01 KEY", "1 sm4 KEY KEY", "x sm4 KEY", "1 sm4 unused 2026-01-01 made 2026-01-01 KEY",
            ]),
            noise in "[ -~]{0,40}",
        ) {
            let root = format!("root {}", "0a".repeat(32));
            let key = "0b".repeat(64);
            let line = line.replace("KEY", &key);
            let text = format!("{HEAD}\n{root}\n{line}\n");
            let twice = format!("{HEAD}\n{root}\n1 sm4 {key}\n1 sm4 {key}\n");
            let no_root = format!("{HEAD}\n{noise}\n1 sm4 {key}\n");
            for text in [text, twice, no_root, noise] {
                prop_assert!(Keys::parse(&text).is_err());
            }
        }
    }
}
