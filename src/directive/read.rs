//! A small reader over `toml`'s spanned tables: it walks what was parsed, notes every wrong type, missing key and
//! unknown key with its place, and goes on, so that one run shows all that is wrong.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    ops::Range,
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    diagnostic::{Diagnostic, Severity, clamp, locate},
    suggest::nearest,
    syntax,
};
use crate::day::Day;

/// A table being read: keys are taken one by one, and what is left at [`Table::close`] is unknown.
pub(super) struct Table<'a> {
    file: &'a File<'a>,
    head: Range<usize>,
    entries: Vec<Entry<'a>>,
    asked: Vec<&'static str>,
}

struct Entry<'a> {
    key: &'a str,
    node: Node<'a>,
    taken: bool,
}

/// A file of the package while it is read.
pub(super) struct File<'a> {
    /// Path below the package.
    pub(super) name: &'a str,
    /// Its text, without a byte order mark.
    pub(super) text: &'a str,
    /// Where findings are noted.
    pub(super) report: &'a Report,
    /// Set by a syntax error: what a table lacks may then stand in the part that could not be read.
    pub(super) broken: Cell<bool>,
}

/// All findings so far.
#[derive(Default)]
pub(super) struct Report {
    found: RefCell<Vec<Diagnostic>>,
}

/// A value with its key's place.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    file: &'a File<'a>,
    key: (usize, usize),
    at: (usize, usize),
    value: &'a Spanned<DeValue<'a>>,
}

impl Report {
    pub(super) fn push(&self, found: Diagnostic) {
        self.found.borrow_mut().push(found);
    }

    /// Whether something was found in a file of that name.
    pub(super) fn names_file(&self, is: impl Fn(&str) -> bool) -> bool {
        self.found.borrow().iter().any(|d| is(&d.file))
    }

    /// Whether an error was found.
    pub(super) fn refuses(&self) -> bool {
        self.found.borrow().iter().any(|d| d.severity == Severity::Error)
    }

    /// Takes the findings out, in the order of files and places.
    pub(super) fn take(&self) -> Vec<Diagnostic> {
        let mut found = self.found.take();
        found.sort_by(|a, b| (&a.file, a.span.start).cmp(&(&b.file, b.span.start)));
        found.dedup();
        found
    }
}

impl<'a> File<'a> {
    /// Parses the text; syntax errors are noted, one a line since one fault brings others behind it, and what could be
    /// read is returned with whether it is whole.
    pub(super) fn parse(&self) -> (Spanned<DeTable<'a>>, bool) {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        let mut lines = BTreeSet::new();
        for error in &errors {
            let at = clamp(self.text, error.span().unwrap_or(0..0)).start;
            if !lines.insert(locate(self.text, at).0) {
                continue;
            }
            let (message, hint) = syntax::in_chinese(error.message());
            self.note(Severity::Error, error.span().unwrap_or(0..0), message, hint, "");
        }
        self.broken.set(!errors.is_empty());
        (table, errors.is_empty())
    }

    /// The table of the whole file.
    pub(super) fn table(&'a self, root: &'a Spanned<DeTable<'a>>) -> Table<'a> {
        Table::new(self, 0..0, root.get_ref())
    }

    /// Notes an error about a table whose head stands on this line.
    pub(super) fn note_line(&self, line: usize, message: impl Into<String>, hint: impl Into<String>) {
        let from: usize = self.text.split_inclusive('\n').take(line - 1).map(str::len).sum();
        let len = self.text[from..].split('\n').next().unwrap_or_default().len();
        self.note(Severity::Error, from..from + len, message, hint, "");
    }

    fn note(
        &self,
        severity: Severity,
        span: Range<usize>,
        message: impl Into<String>,
        hint: impl Into<String>,
        label: &str,
    ) {
        let span = clamp(self.text, span);
        let (line, column, source) = locate(self.text, span.start);
        self.report.push(Diagnostic {
            severity,
            message: message.into(),
            hint: hint.into(),
            label: label.into(),
            file: self.name.into(),
            line,
            column,
            span,
            source: source.into(),
        });
    }
}

impl<'a> Table<'a> {
    fn new(file: &'a File<'a>, head: Range<usize>, table: &'a DeTable<'a>) -> Table<'a> {
        let mut entries: Vec<Entry<'a>> = table
            .iter()
            .map(|(key, value)| {
                let node = Node::new(file, key.span(), value);
                Entry { key: key.get_ref(), node, taken: false }
            })
            .collect();
        entries.sort_by_key(|e| e.node.key.0);
        Table { file, head, entries, asked: Vec::new() }
    }

    /// The value of a key, if it is there; the key is known from now on.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Node<'a>> {
        self.asked.push(key);
        let entry = self.entries.iter_mut().find(|e| e.key == key)?;
        entry.taken = true;
        Some(entry.node)
    }

    /// The value of a key that must be there.
    pub(super) fn need(&mut self, key: &'static str, of: &str, hint: &str) -> Option<Node<'a>> {
        let found = self.take(key);
        if found.is_none() {
            self.lacks(format!("{of}缺少「{key}」"), hint, &format!("这里缺「{key}」"));
        }
        found
    }

    /// Text of a key, empty when it is not there.
    pub(super) fn text(&mut self, key: &'static str) -> String {
        self.take(key).and_then(|n| n.text()).unwrap_or_default()
    }

    /// All keys not yet taken, in the order of the text; they count as known.
    pub(super) fn rest(&mut self) -> Vec<(&'a str, Node<'a>)> {
        let mut left = Vec::new();
        for e in self.entries.iter_mut().filter(|e| !e.taken) {
            e.taken = true;
            left.push((e.key, e.node));
        }
        left
    }

    /// Whether the key is there, without making it known.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|e| e.key == key)
    }

    /// Notes every key that nobody asked for.
    pub(super) fn close(self, of: &str) {
        for e in self.entries.iter().filter(|e| !e.taken) {
            let hint = match nearest(e.key, self.asked.iter().copied()) {
                Some(known) => format!("是不是想写「{known}」？"),
                None => format!("删去它；这里可写：{}", self.asked.join("、")),
            };
            let key = e.node.key.0..e.node.key.1;
            self.file.note(Severity::Error, key, format!("{of}里有不认识的键「{}」", e.key), hint, "不认识");
        }
    }

    /// Notes an error about the table as a whole: something that ought to be there is not.
    pub(super) fn error(&self, message: impl Into<String>, hint: impl Into<String>) {
        self.lacks(message, hint, "");
    }

    fn lacks(&self, message: impl Into<String>, hint: impl Into<String>, label: &str) {
        if !self.file.broken.get() {
            self.file.note(Severity::Error, self.head.clone(), message, hint, label);
        }
    }

    /// File and line of the table's head.
    pub(super) fn place(&self) -> (String, usize) {
        let at = clamp(self.file.text, self.head.clone()).start;
        (self.file.name.to_owned(), locate(self.file.text, at).0)
    }
}

impl<'a> Node<'a> {
    /// Where the place of the value is unknown (a table made by dotted keys), its key stands for it.
    fn new(file: &'a File<'a>, key: Range<usize>, value: &'a Spanned<DeValue<'a>>) -> Node<'a> {
        let at = if value.span().is_empty() { key.clone() } else { value.span() };
        Node { file, key: (key.start, key.end), at: (at.start, at.end), value }
    }

    /// The same, but findings about the value point at its key.
    pub(super) fn at_key(self) -> Node<'a> {
        Node { at: self.key, ..self }
    }

    /// The value as `toml` has it.
    pub(super) fn value(&self) -> &'a DeValue<'a> {
        self.value.get_ref()
    }

    /// Text, or an error.
    pub(super) fn text(&self) -> Option<String> {
        match self.value() {
            DeValue::String(s) => Some(s.to_string()),
            _ => self.wrong("文字", "写成 \"…\""),
        }
    }

    /// The text if it is one; nothing is noted.
    pub(super) fn str(&self) -> Option<&'a str> {
        self.value().as_str()
    }

    /// One text or a list of texts.
    pub(super) fn texts(&self) -> Option<Vec<String>> {
        match self.value() {
            DeValue::String(s) => Some(vec![s.to_string()]),
            DeValue::Array(_) => Some(self.list()?.iter().filter_map(Node::text).collect()),
            _ => self.wrong("文字或文字的列表", "写成 \"…\" 或 [\"…\", \"…\"]"),
        }
    }

    /// A whole number within 64 bits.
    pub(super) fn integer(&self) -> Option<i64> {
        match self.value() {
            DeValue::Integer(i) => match i64::from_str_radix(i.as_str(), i.radix()) {
                Ok(n) => Some(n),
                Err(_) => self.fail("这里不是64位以内的整数", "写成 3 这样的整数"),
            },
            _ => self.wrong("整数", "写成 3 这样的整数，不加引号"),
        }
    }

    /// `true` or `false`.
    pub(super) fn flag(&self) -> Option<bool> {
        match self.value() {
            DeValue::Boolean(b) => Some(*b),
            _ => self.wrong("是否", "写 true 或 false，不加引号"),
        }
    }

    /// A day: `"2025-03-01"` or a bare TOML date.
    pub(super) fn day(&self) -> Option<Day> {
        match self.value() {
            DeValue::String(s) => match Day::parse(s) {
                Some(day) => Some(day),
                None => self.fail(format!("「{s}」不是日期"), "写成 \"2025-03-01\"，并且确有这一天"),
            },
            DeValue::Datetime(_) => match self.bare_day() {
                Some(day) => Some(day),
                None => self.fail("这里只要日期，不要时刻", "写成 \"2025-03-01\""),
            },
            _ => self.wrong("日期", "写成 \"2025-03-01\""),
        }
    }

    /// A bare TOML date, without time.
    pub(super) fn bare_day(&self) -> Option<Day> {
        let d = self.value().as_datetime()?;
        let date = d.date.filter(|_| d.time.is_none() && d.offset.is_none())?;
        Day::from_ymd(i32::from(date.year), u32::from(date.month), u32::from(date.day))
    }

    /// The elements of a list.
    pub(super) fn list(&self) -> Option<Vec<Node<'a>>> {
        match self.value() {
            DeValue::Array(items) => {
                Some(items.iter().map(|value| Node::new(self.file, value.span(), value)).collect())
            }
            _ => self.wrong("列表", "写成 [ …, … ]"),
        }
    }

    /// The elements of a list, or the value itself as the only one.
    pub(super) fn one_or_list(&self) -> Vec<Node<'a>> {
        if self.value().is_array() { self.list().unwrap_or_default() } else { vec![*self] }
    }

    /// The table below.
    pub(super) fn table(&self) -> Option<Table<'a>> {
        match self.value() {
            DeValue::Table(table) => Some(Table::new(self.file, self.span(), table)),
            _ => self.wrong("表", "写成 { 键 = 值 }"),
        }
    }

    /// The value of a key of the table below, if it is there.
    pub(super) fn child(&self, key: &str) -> Option<Node<'a>> {
        let table = Table::new(self.file, self.span(), self.value().as_table()?);
        table.entries.iter().find(|e| e.key == key).map(|e| e.node)
    }

    /// File and line of the key.
    pub(super) fn place(&self) -> (&'a str, usize) {
        let at = clamp(self.file.text, self.key.0..self.key.1).start;
        (self.file.name, locate(self.file.text, at).0)
    }

    /// Where findings about the value point.
    fn span(&self) -> Range<usize> {
        self.at.0..self.at.1
    }

    /// Notes an error at the value.
    pub(super) fn error(&self, message: impl Into<String>, hint: impl Into<String>) {
        self.file.note(Severity::Error, self.span(), message, hint, "");
    }

    /// Notes an error at the key.
    pub(super) fn error_at_key(&self, message: impl Into<String>, hint: impl Into<String>) {
        self.file.note(Severity::Error, self.key.0..self.key.1, message, hint, "");
    }

    /// Notes something that somebody should look at.
    pub(super) fn warn(&self, message: impl Into<String>, hint: impl Into<String>) {
        self.file.note(Severity::Warning, self.key.0..self.key.1, message, hint, "");
    }

    /// Notes an error and gives nothing.
    pub(super) fn fail<T>(&self, message: impl Into<String>, hint: impl Into<String>) -> Option<T> {
        self.error(message, hint);
        None
    }

    fn wrong<T>(&self, wanted: &str, hint: &str) -> Option<T> {
        let label = format!("写的是{}", kind(self.value()));
        self.file.note(Severity::Error, self.span(), format!("这里要{wanted}"), hint, &label);
        None
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "文字",
        DeValue::Integer(_) => "整数",
        DeValue::Float(_) => "小数",
        DeValue::Boolean(_) => "是否",
        DeValue::Datetime(_) => "日期",
        DeValue::Array(_) => "列表",
        DeValue::Table(_) => "表",
    }
}
