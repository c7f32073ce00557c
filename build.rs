//! What is made before compiling: the list of the files of `directives/2025`, so that the program carries the
//! package with it (`directive::own`), and the style sheets without their comments and indentation.

use std::{env, fmt::Write as _, fs, io, path::Path};

fn main() -> io::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let dir = Path::new(&root).join("directives/2025");
    println!("cargo::rerun-if-changed={}", dir.display());
    let mut files = Vec::new();
    collect(&dir, "", &mut files)?;
    files.sort();
    let mut list = String::from("[\n");
    for name in files {
        let path = dir.join(&name);
        writeln!(list, "    ({name:?}, include_str!({path:?})),").map_err(io::Error::other)?;
    }
    list.push(']');
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join("package.rs"), list)?;
    for sheet in ["app.css", "exam.css"] {
        let css = Path::new(&root).join("assets").join(sheet);
        println!("cargo::rerun-if-changed={}", css.display());
        fs::write(Path::new(&out).join(sheet), compact(&fs::read_to_string(css)?))?;
    }
    Ok(())
}

/// A style sheet without comments, indentation and line ends. Spaces inside a line stay, since they can be selectors'.
fn compact(css: &str) -> String {
    let mut text = String::new();
    let mut rest = css;
    while let Some((before, comment)) = rest.split_once("/*") {
        text.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    let mut out = String::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if !out.is_empty() && !out.ends_with(['{', '}', ';', ',']) {
            out.push(' ');
        }
        out.push_str(line);
    }
    out
}

fn collect(dir: &Path, below: &str, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{name}/"), files)?;
        } else if name.ends_with(".toml") && !name.starts_with('.') {
            files.push(name);
        }
    }
    Ok(())
}
