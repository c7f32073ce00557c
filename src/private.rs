//! Files and directories that hold personal data: for their owner alone.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use anyhow::Context as _;

/// Makes a file that only its owner may read, or empties one that is there and closes it to others. What is no file
/// (`/dev/stdout`) is only opened.
///
/// # Errors
/// When it cannot be written.
pub fn create(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    let found = file.metadata()?;
    if found.is_file() && found.permissions().mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// Makes a file that only its owner may read and that was not there. What is no file (`/dev/stdout`) is only opened.
///
/// # Errors
/// When there is one, in words, or it cannot be written.
pub fn create_new(path: &Path) -> anyhow::Result<File> {
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Ok(create(path)?);
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            anyhow::bail!("{} 已经有了，没有改动：请换一个文件名", path.display())
        }
        made => made.with_context(|| format!("{} 写不进去", path.display())),
    }
}

/// Makes an empty file that only its owner may read, unless it is there; that one stays as it is.
///
/// # Errors
/// When it cannot be made.
pub fn touch(path: &Path) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path).map(|_| ())
}

/// Makes a directory, with those above it that are missing, that only its owner may enter. One that is there stays as it
/// is: whoever made it decided who may enter.
///
/// # Errors
/// When it cannot be made.
pub fn create_dir(path: &Path) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|found| found.is_dir()) {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}
