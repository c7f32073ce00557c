//! Where the bytes of files lie: `attachments/ab/abcd…` in the data directory, under the SHA-256 of what lies there, where
//! the backup finds them. No name of a file is ever a path.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

use super::{Attachment, kind::Kind, seal::Secret};
use crate::{db::Db, hex::hex, installation::Installation, ledger::Keys, private};

/// In the data directory.
const DIRECTORY: &str = "attachments";
/// The file whose lock is held; the backup passes it over.
const LOCK: &str = ".lock";

/// Held by whoever counts on files to stay where they are: from the bytes to the row that names them, and for a backup.
#[derive(Debug)]
pub struct Hold {
    _file: File,
}

impl Hold {
    /// Waits for a sweep that is under way.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub fn shared(data: &Path) -> io::Result<Hold> {
        let file = lock_file(data)?;
        file.lock_shared()?;
        Ok(Hold { _file: file })
    }

    /// `None` while others hold it.
    fn alone(data: &Path) -> io::Result<Option<Hold>> {
        let file = lock_file(data)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Hold { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(e)) => Err(e),
        }
    }
}

fn lock_file(data: &Path) -> io::Result<File> {
    let dir = data.join(DIRECTORY);
    private::create_dir(&dir)?;
    let path = dir.join(LOCK);
    private::touch(&path)?;
    File::open(path)
}

/// A hash as we write it; nothing else leads to a file.
fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn path(data: &Path, sha256: &str) -> io::Result<PathBuf> {
    if !is_hash(sha256) {
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok(data.join(DIRECTORY).join(&sha256[..2]).join(sha256))
}

/// A file that lies in its place, before any row names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// SHA-256 of what lies there, in hex.
    pub sha256: String,
    /// What it is called; empty where it is sealed.
    pub name: String,
    /// Bytes of what was sent.
    pub size: i64,
    /// What it is.
    pub kind: Kind,
    /// Name, hash and key, sealed.
    pub secret: Option<String>,
    /// SHA-256 of what was sent, in hex.
    pub sent: String,
}

/// Puts a file that was sent (where it is, its name and its hash) into its place, sealed if keys are given. What lies there
/// already stays, unless it was spoilt.
///
/// # Errors
/// When the disk fails.
pub fn keep(
    data: &Path,
    keys: Option<&Keys>,
    file: &Path,
    (name, sha256): (&str, &str),
    kind: Kind,
) -> anyhow::Result<Kept> {
    let size = i64::try_from(fs::metadata(file)?.len())?;
    let kept = |on_disk: String, name: &str, secret| Kept {
        sha256: on_disk,
        name: name.to_owned(),
        size,
        kind,
        secret,
        sent: sha256.to_owned(),
    };
    let Some(keys) = keys else {
        File::open(file)?.sync_all()?;
        put(data, file, sha256)?;
        return Ok(kept(sha256.to_owned(), name, None));
    };
    let (bytes, secret) = Secret::seal(keys, name, sha256, &fs::read(file)?)?;
    let on_disk = hex(&Sha256::digest(&bytes));
    // Beside what was sent: whoever clears that away clears this too.
    let beside = file.parent().context("文件没有目录")?;
    let mut sealed = tempfile::Builder::new().prefix(".").suffix(".part").tempfile_in(beside)?;
    sealed.as_file().lock()?;
    sealed.write_all(&bytes)?;
    sealed.as_file().sync_all()?;
    put(data, sealed.path(), &on_disk)?;
    Ok(kept(on_disk, "", Some(secret)))
}

/// Gives a synced file its name. It is there whole or not at all.
fn put(data: &Path, from: &Path, sha256: &str) -> io::Result<()> {
    let to = path(data, sha256)?;
    let Some(directory) = to.parent() else { return Ok(()) };
    private::create_dir(directory)?;
    match fs::hard_link(from, &to) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            if digest(&to)? == sha256 {
                return Ok(());
            }
            // Spoilt on the disk: the same content takes its place in one step.
            let again = directory.join(format!(".{sha256}.part"));
            drop(fs::remove_file(&again));
            fs::hard_link(from, &again)?;
            fs::rename(again, &to)?;
        }
        done => done?,
    }
    File::open(directory)?.sync_all()?;
    File::open(data.join(DIRECTORY))?.sync_all()
}

fn digest(path: &Path) -> io::Result<String> {
    let (mut file, mut hash, mut chunk) = (File::open(path)?, Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(hex(&hash.finalize())),
            n => hash.update(&chunk[..n]),
        }
    }
}

/// Whether a file lies in its place as its name says; `None`: there is none.
pub(super) fn is_whole(data: &Path, sha256: &str) -> io::Result<Option<bool>> {
    match path(data, sha256).and_then(|path| digest(&path)) {
        Ok(found) => Ok(Some(found == sha256)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// A file that cannot be handed out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Spoilt(pub String);

/// What was sent: its name and its bytes, which are as they were when they came.
///
/// # Errors
/// [`Spoilt`] when it is gone or was changed; else when the disk fails.
pub fn read(data: &Path, keys: &Keys, file: &Attachment) -> anyhow::Result<(String, Vec<u8>)> {
    let spoilt = |what: &str| Spoilt(format!("第{}号附件{what}，请告诉系统管理员从备份恢复。", file.id));
    let bytes = match path(data, &file.sha256).and_then(fs::read) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(spoilt("不在服务器上").into()),
        bytes => bytes?,
    };
    if hex(&Sha256::digest(&bytes)) != file.sha256 {
        return Err(spoilt("的内容与登记时的校验码不符").into());
    }
    match &file.secret {
        None => Ok((file.name.clone(), bytes)),
        Some(sealed) => {
            let secret = Secret::open(keys, sealed)?;
            let plain = secret.opened(&bytes)?;
            Ok((secret.name, plain))
        }
    }
}

/// Takes away files that no row names: of uploads that were cut short, and of records that were deleted by rule. Gives how
/// many, or `None` when somebody is bringing or copying files at this moment.
///
/// # Errors
/// When the directory or the store cannot be read.
pub fn sweep(installation: &Installation) -> anyhow::Result<Option<u64>> {
    let Some(data) = &installation.directory else { return Ok(Some(0)) };
    if !data.join(DIRECTORY).is_dir() {
        return Ok(Some(0));
    }
    let Some(_hold) = Hold::alone(data)? else { return Ok(None) };
    let mut gone = 0;
    for directory in fs::read_dir(data.join(DIRECTORY))? {
        let directory = directory?;
        if directory.file_type()?.is_dir() {
            for file in fs::read_dir(directory.path())? {
                let file = file?.path();
                if !is_named(&installation.db, &file)? {
                    fs::remove_file(&file)?;
                    gone += 1;
                }
            }
        }
    }
    Ok(Some(gone))
}

fn is_named(db: &Db, file: &Path) -> anyhow::Result<bool> {
    let name = file.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_owned();
    let sql = "select 1 from attachment where sha256 = $1 limit 1";
    Ok(is_hash(&name) && db.read(|tx| tx.one(sql, &[name.as_str().into()], |r| r.i64(0)))?.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(sha256: &str, secret: Option<String>) -> Attachment {
        Attachment {
            id: 1,
            ledger: "talk".into(),
            record: 1,
            sha256: sha256.into(),
            name: "甲.txt".into(),
            size: 3,
            kind: Kind::Text,
            secret,
            added: (1, "周敏".into()),
            removed: None,
        }
    }

    #[test]
    fn a_file_is_kept_once_under_its_hash_and_by_no_other_name() {
        let dir = tempfile::tempdir().unwrap();
        let (data, from) = (dir.path(), dir.path().join("coming"));
        fs::write(&from, "甲").unwrap();
        let sha256 = hex(&Sha256::digest("甲"));
        let keys = Keys::from_bytes([1; 32], [2; 32]);
        let keep = |keys: Option<&Keys>| keep(data, keys, &from, ("甲.txt", &sha256), Kind::Text).unwrap();
        assert_eq!(keep(None), keep(None));
        assert_eq!(read(data, &keys, &file(&sha256, None)).unwrap(), ("甲.txt".into(), "甲".as_bytes().to_vec()));
        // Spoilt on the disk it is not handed out, and the same content mends it.
        let at = path(data, &sha256).unwrap();
        fs::remove_file(&at).unwrap();
        assert!(read(data, &keys, &file(&sha256, None)).unwrap_err().is::<Spoilt>());
        fs::write(&at, "乙").unwrap();
        assert_eq!(is_whole(data, &sha256).unwrap(), Some(false));
        assert!(read(data, &keys, &file(&sha256, None)).unwrap_err().is::<Spoilt>());
        keep(None);
        assert_eq!(is_whole(data, &sha256).unwrap(), Some(true));
        // Sealed, it lies apart each time, and no letter of it is to be read.
        let (one, two) = (keep(Some(&keys)), keep(Some(&keys)));
        assert!(one.sha256 != two.sha256 && one.sha256 != sha256 && one.name.is_empty());
        let found = read(data, &keys, &file(&one.sha256, one.secret)).unwrap();
        assert_eq!(found, ("甲.txt".into(), "甲".as_bytes().to_vec()));
        for bad in ["", "../coming", "coming", &"AB".repeat(32), &format!("{sha256}/..")] {
            assert!(path(data, bad).is_err() && read(data, &keys, &file(bad, None)).is_err(), "{bad}");
        }
    }
}
