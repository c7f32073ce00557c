//! Loads a package: reads its files, refuses them with all findings at once, or gives what they say.

use std::{cell::Cell, collections::BTreeMap, fs, io, path::Path};

use sha2::{Digest, Sha256};
use toml::{Spanned, de::DeTable};

use super::{
    diagnostic::{Diagnostic, Severity, locate},
    example::Examples,
    head, ledgers,
    model::{Directive, Ledger, Package, Requirement},
    names::Names,
    read::{File, Report},
    requirement, settings, uses, worked,
};
use crate::{calendar::Workdays, hex::hex};

/// What a package gives when it is not refused: the package, its examples and what somebody should look at.
pub type Loaded = (Package, Examples, Vec<Diagnostic>);

/// Directories of a package, beside the files at its top.
const DIRS: [&str; 4] = ["calendar", "examples", "ledgers", "requirements"];

/// Loads the package in a directory. Refuses it with all findings (errors and warnings), in the order of files and places.
pub fn load(dir: &Path) -> Result<Loaded, Vec<Diagnostic>> {
    let mut files = BTreeMap::new();
    let report = Report::default();
    if let Err(error) = collect(dir, "", &mut files, &report) {
        let message = format!("读不了目录 {}：{}", dir.display(), reason(&error));
        return Err(vec![whole_file("directive.toml", message, "写对包的目录；目录里应有 directive.toml")]);
    }
    check(files, &report)
}

/// Loads a package from its files: path below the package, with `/`, → text. Files that belong to no part of the format
/// are kept and not read.
pub fn load_files(files: BTreeMap<String, String>) -> Result<Loaded, Vec<Diagnostic>> {
    check(files, &Report::default())
}

/// Loads `directives/2025` as it was when the program was built, so that one file works anywhere.
pub fn own() -> Result<Loaded, Vec<Diagnostic>> {
    load_files(OWN.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
}

/// Path below the package, and text.
const OWN: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/package.rs"));

fn check(files: BTreeMap<String, String>, report: &Report) -> Result<Loaded, Vec<Diagnostic>> {
    let (mut package, examples) = read(&files, report);
    if report.refuses() {
        return Err(report.take());
    }
    package.hash = package_hash(&files);
    package.files = files;
    Ok((package, examples, report.take()))
}

fn read(files: &BTreeMap<String, String>, report: &Report) -> (Package, Examples) {
    let [top, calendar, ledger_files, requirement_files, example_files] =
        ["directive.toml", "calendar", "ledgers", "requirements", "examples"]
            .map(|part| Files::open(part, files, report));
    top.must_exist("没有 directive.toml，这里不是一个文件包", "在包的目录里加上它，写明 title 和 from");
    requirement_files.must_exist("一条要求也没有", "在 requirements/ 里写 [[requirement]]");

    let (parsed, whole) = top.parse();
    let head = parsed.iter().map(|(f, t)| head::directive(f.table(t), whole)).next().unwrap_or_default();
    let mut workdays = Workdays::default();
    for (file, table) in &calendar.parse().0 {
        head::calendar(file.table(table), &mut workdays);
    }
    let (parsed, whole) = ledger_files.parse();
    let mut placed = Vec::new();
    for (file, table) in &parsed {
        ledgers::file(file.table(table), &mut placed);
    }
    ledgers::check_all(&placed, whole);
    let own: Vec<Ledger> = placed.iter().map(|(l, _)| l.clone()).collect();
    let names = Names::new(&own, &head, whole);

    let (requirements, whole) = read_requirements(&requirement_files, &names);
    let settings = settings::all(&names).into_iter().collect();
    let mut examples = Examples::default();
    for (file, table) in &example_files.parse().0 {
        match file.name {
            "examples/base.toml" => worked::base(file.table(table), &names, &mut examples),
            _ => {
                let known = whole.then_some(requirements.as_slice());
                worked::file(file.table(table), &names, known, &mut examples);
            }
        }
    }
    let mut package = Package { ledgers: own, requirements, workdays, ..Package::default() };
    package.directive = Directive { settings, ..head.directive.clone() };
    if report.refuses() {
        return (package, examples);
    }
    let used = uses::ledger_uses(&package);
    for (ledger, node) in placed.iter().filter(|(l, _)| !used.contains_key(&l.name)) {
        node.warn(format!("没有一条要求用到台账「{}」", ledger.name), "删去它，或者写上用它的要求");
    }
    (package, examples)
}

/// The files of one part of a package.
struct Files<'a> {
    files: Vec<File<'a>>,
    report: &'a Report,
    /// Whether all of them could be read as text.
    whole: bool,
}

impl<'a> Files<'a> {
    /// `part` is a directory or the one file of that name.
    fn open(part: &'static str, files: &'a BTreeMap<String, String>, report: &'a Report) -> Files<'a> {
        let below = |path: &str| path.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let toml = files.iter().filter(|(path, _)| path.ends_with(".toml") && below(path));
        let open = |(name, text): (&'a String, &'a String)| {
            let text = text.strip_prefix('\u{feff}').unwrap_or(text);
            File { name, text, report, broken: Cell::new(false) }
        };
        Files { files: toml.map(open).collect(), report, whole: !report.names_file(below) }
    }

    fn must_exist(&self, message: &str, hint: &str) {
        if self.files.is_empty() && self.whole {
            self.report.push(whole_file("directive.toml", message.to_owned(), hint));
        }
    }

    /// Each file with its table, and whether all could be read whole: what a broken file would have named is not
    /// reported as missing.
    fn parse(&self) -> (Vec<(&File<'a>, Spanned<DeTable<'a>>)>, bool) {
        let mut whole = self.whole;
        let mut parsed = Vec::new();
        for file in &self.files {
            let (table, good) = file.parse();
            whole &= good;
            parsed.push((file, table));
        }
        (parsed, whole)
    }
}

fn read_requirements(files: &Files<'_>, names: &Names<'_>) -> (Vec<Requirement>, bool) {
    let mut all: Vec<Requirement> = Vec::new();
    let (parsed, mut whole) = files.parse();
    for (file, table) in &parsed {
        let (found, named) = requirement::file(file.table(table), names);
        whole &= named;
        for r in found {
            if let Some(first) = all.iter().find(|a| a.id == r.id) {
                let hint = format!("另一处在 {} 第{}行；改其中一个编号", first.place.0, first.place.1);
                file.note_line(r.place.1, format!("编号「{}」用了两次", r.id), hint);
            }
            all.push(r);
        }
    }
    (all, whole)
}

/// Reads the files of the package's own directories and those at its top, nothing else.
fn collect(dir: &Path, below: &str, files: &mut BTreeMap<String, String>, report: &Report) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if below.is_empty() && entry.path().is_dir() && DIRS.contains(&name.as_str()) {
            collect(&entry.path(), &name, files, report)?;
        }
        if !name.ends_with(".toml") || name.starts_with('.') || !entry.path().is_file() {
            continue;
        }
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        match fs::read(entry.path()).map(String::from_utf8) {
            Ok(Ok(text)) => {
                files.insert(path, text);
            }
            Ok(Err(error)) => report.push(not_utf8(&path, &error)),
            Err(error) => {
                report.push(whole_file(&path, format!("读不了这个文件：{}", reason(&error)), "检查文件和权限"))
            }
        }
    }
    Ok(())
}

fn reason(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "不存在",
        io::ErrorKind::PermissionDenied => "没有权限",
        io::ErrorKind::NotADirectory => "不是目录",
        _ => "读取出错",
    }
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
        span: 0..0,
        source: String::new(),
    }
}

/// SHA-256 over the names and bytes of all files, each with its length before it.
pub(crate) fn package_hash(files: &BTreeMap<String, String>) -> String {
    let mut sha = Sha256::new();
    for part in files.iter().flat_map(|(name, text)| [name, text]) {
        sha.update((part.len() as u64).to_be_bytes());
        sha.update(part);
    }
    hex(&sha.finalize())
}
