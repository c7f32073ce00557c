//! Loads a package: reads its files, refuses them with all findings at once, or gives what they say.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use sha2::{Digest, Sha256};

use super::{
    diagnostic::{Diagnostic, Severity, clamp, locate},
    example::Examples,
    head, ledgers,
    model::{Ledger, Package, Requirement},
    names::Names,
    read::{File, Report},
    requirement, settings, uses, worked,
};
use crate::calendar::Workdays;

/// What a package gives when it is not refused: the package, its examples and what somebody should look at.
pub type Loaded = (Package, Examples, Vec<Diagnostic>);

/// Directories of a package, beside the files at its top.
const DIRS: [&str; 4] = ["calendar", "examples", "ledgers", "requirements"];

/// Loads the package in a directory. Refuses it with all findings (errors and warnings), in the order of files and places.
pub fn load(dir: &Path) -> Result<Loaded, Vec<Diagnostic>> {
    let mut files = BTreeMap::new();
    let mut found = Vec::new();
    if let Err(error) = collect(dir, "", 0, &mut files, &mut found) {
        let hint = "写对包的目录；目录里应有 directive.toml";
        return Err(vec![whole_file("directive.toml", format!("读不了目录 {}：{error}", dir.display()), hint)]);
    }
    let loaded = load_files(files);
    if found.is_empty() {
        return loaded;
    }
    found.extend(loaded.map_or_else(|errors| errors, |(.., warnings)| warnings));
    Err(found)
}

/// Loads a package from its files: path below the package, with `/`, → text. Files that belong to no part of the format
/// are kept and not read.
pub fn load_files(files: BTreeMap<String, String>) -> Result<Loaded, Vec<Diagnostic>> {
    let report = Report::default();
    let (mut package, examples) = read(&files, &report);
    let found = report.take();
    if found.iter().any(|d| d.severity == Severity::Error) {
        return Err(found);
    }
    package.hash = hash(&files);
    package.files = files;
    Ok((package, examples, found))
}

fn read(files: &BTreeMap<String, String>, report: &Report) -> (Package, Examples) {
    let open = |name: &'_ str| -> Vec<File<'_>> {
        let below = |path: &str| path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let toml = files.iter().filter(|(path, _)| path.ends_with(".toml") && below(path));
        toml.map(|(name, text)| File { name, text: text.strip_prefix('\u{feff}').unwrap_or(text), report }).collect()
    };
    let [top, calendar, ledger_files, requirement_files, example_files] =
        ["directive.toml", "calendar", "ledgers", "requirements", "examples"].map(open);
    if top.is_empty() {
        report.push(whole_file(
            "directive.toml",
            "没有 directive.toml，这里不是一个文件包".into(),
            "在包的目录里加上它，写明 title 和 from",
        ));
    }
    if requirement_files.is_empty() {
        report.push(whole_file("requirements", "一条要求也没有".into(), "在 requirements/ 里写 [[requirement]]"));
    }
    let tops: Vec<_> = top.iter().map(File::parse).collect();
    let head = top.iter().zip(&tops).map(|(f, (t, _))| head::directive(f.table(t))).next().unwrap_or_default();

    let mut workdays = Workdays::default();
    for file in &calendar {
        head::calendar(file.table(&file.parse().0), &mut workdays);
    }
    let parsed: Vec<_> = ledger_files.iter().map(File::parse).collect();
    let whole = parsed.iter().all(|(_, whole)| *whole);
    let mut placed = Vec::new();
    for (file, (table, _)) in ledger_files.iter().zip(&parsed) {
        ledgers::file(file.table(table), &mut placed);
    }
    ledgers::check_all(&placed, whole);
    let own: Vec<Ledger> = placed.iter().map(|(l, _)| l.clone()).collect();
    let names = Names::new(&own, &head, whole);

    let requirements = read_requirements(&requirement_files, &names);
    let settings = settings::all(&names).into_iter().collect();
    let examples = read_examples(&example_files, &names, &requirements);
    let mut package = Package { ledgers: own, requirements, workdays, ..Package::default() };
    package.directive = super::model::Directive { settings, ..head.directive.clone() };
    let used = uses::ledger_uses(&package);
    for (ledger, node) in placed.iter().filter(|(l, _)| !used.contains_key(&l.name)) {
        node.warn(format!("没有一条要求用到台账「{}」", ledger.name), "删去它，或者写上用它的要求");
    }
    (package, examples)
}

fn read_requirements(files: &[File<'_>], names: &Names<'_>) -> Vec<Requirement> {
    let mut all: Vec<Requirement> = Vec::new();
    for file in files {
        let (table, _) = file.parse();
        for r in requirement::file(file.table(&table), names) {
            if let Some(first) = all.iter().find(|a| a.id == r.id) {
                let hint = format!("另一处在 {} 第{}行；改其中一个编号", first.place.0, first.place.1);
                file.note_line(r.place.1, format!("编号「{}」用了两次", r.id), hint);
            }
            all.push(r);
        }
    }
    all
}

fn read_examples(files: &[File<'_>], names: &Names<'_>, known: &[Requirement]) -> Examples {
    let mut examples = Examples::default();
    for file in files {
        let (table, _) = file.parse();
        match file.name {
            "examples/base.toml" => worked::base(file.table(&table), names, &mut examples),
            _ => worked::file(file.table(&table), names, known, &mut examples),
        }
    }
    examples
}

/// Reads the files of the package's own directories and those at its top, nothing else.
fn collect(
    dir: &Path,
    below: &str,
    depth: usize,
    files: &mut BTreeMap<String, String>,
    found: &mut Vec<Diagnostic>,
) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        if entry.path().is_dir() {
            if (depth > 0 && depth < 4) || DIRS.contains(&name.as_str()) {
                collect(&entry.path(), &path, depth + 1, files, found)?;
            }
        } else if name.ends_with(".toml") && !name.starts_with('.') {
            match String::from_utf8(fs::read(entry.path())?) {
                Ok(text) => {
                    files.insert(path, text);
                }
                Err(error) => found.push(not_utf8(&path, &error)),
            }
        }
    }
    Ok(())
}

fn not_utf8(path: &str, error: &std::string::FromUtf8Error) -> Diagnostic {
    let good = error.utf8_error().valid_up_to();
    let text = String::from_utf8_lossy(&error.as_bytes()[..good]);
    let (line, column, source) = locate(&text, good);
    Diagnostic {
        line,
        column,
        span: good..good,
        source: source.into(),
        ..whole_file(path, "文件不是 UTF-8 编码".into(), "用编辑器另存为 UTF-8 编码")
    }
}

fn whole_file(file: &str, message: String, hint: &str) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        message,
        hint: hint.into(),
        label: String::new(),
        file: file.into(),
        line: 1,
        column: 1,
        span: clamp("", 0..0),
        source: String::new(),
    }
}

/// SHA-256 over the names and bytes of all files, each with its length before it.
fn hash(files: &BTreeMap<String, String>) -> String {
    let mut sha = Sha256::new();
    for part in files.iter().flat_map(|(name, text)| [name, text]) {
        sha.update((part.len() as u64).to_be_bytes());
        sha.update(part);
    }
    sha.finalize().iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a String takes every write");
        hex
    })
}
