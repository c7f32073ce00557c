//! The files of a data directory that belong to its records.

use std::{
    fs, io,
    path::{Component, Path, PathBuf},
};

use anyhow::Context as _;

use super::DIRECTORIES;

/// Their paths in the data directory, sorted. Links and what begins with a dot (a file that is just being written) are
/// passed over.
pub(super) fn list(data: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for directory in DIRECTORIES {
        walk(data, Path::new(directory), &mut found).with_context(|| format!("目录 {directory} 读不了"))?;
    }
    found.sort_unstable();
    Ok(found)
}

fn walk(data: &Path, at: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let entries = match fs::read_dir(data.join(at)) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let (kind, path) = (entry.file_type()?, at.join(entry.file_name()));
        if kind.is_dir() {
            walk(data, &path, found)?;
        } else if kind.is_file() {
            found.push(path);
        }
    }
    Ok(())
}

/// Whether a path of a backup leads into one of the directories, and nowhere else.
pub(super) fn is_ours(path: &str) -> bool {
    let mut parts = Path::new(path).components();
    let first = matches!(parts.next(), Some(Component::Normal(p)) if DIRECTORIES.iter().any(|d| p == *d));
    let rest: Vec<Component<'_>> = parts.collect();
    first && !rest.is_empty() && rest.iter().all(|p| matches!(p, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out() {
        for good in ["attachments/ab/cd", "checkpoints/1", "papers/ab"] {
            assert!(is_ours(good), "{good}");
        }
        for bad in ["attachments", "keys", "../attachments/a", "attachments/../keys", "/etc/passwd", "", "a/b"] {
            assert!(!is_ours(bad), "{bad}");
        }
    }
}
