//! Persons and units as pickers search them: by a part of the name, by the initials of its Pinyin, by number. Kept in
//! memory (some 100 bytes a person) until the organisation changes.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use pinyin::ToPinyin as _;

use super::surname::readings;
use crate::{db::Tx, installation::org_version};

/// A person or unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Record id.
    pub id: i64,
    /// Name.
    pub name: String,
    /// Short name of a unit.
    pub short: String,
    /// Number, as its record has it.
    pub code: String,
    /// First letters of the name's Pinyin in its usual reading: `lf` of 林峰.
    pub initials: String,
    /// The same of a person in other readings of the surname, between blanks: `zlq` of 查朗樵.
    pub surname: String,
    /// Of a unit: the superior.
    pub parent: Option<i64>,
}

/// Everybody and every unit.
#[derive(Debug, Default)]
pub struct Directory {
    /// By record id.
    pub persons: Vec<Entry>,
    /// By record id.
    pub units: Vec<Entry>,
    places: HashMap<i64, usize>,
}

/// How well an entry fits what was typed: the smaller the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// The whole name or number.
    Whole,
    /// It begins so.
    Begins,
    /// It is in there.
    Within,
}

/// A text's Pinyin in its usual reading; Latin letters and digits stand for themselves, what has no sound is left out.
pub(crate) fn pinyin(text: &str) -> String {
    let reading = |c: char| match c {
        c if c.is_ascii_alphanumeric() => c.to_ascii_lowercase().to_string(),
        c => c.to_pinyin().map_or_else(String::new, |p| p.plain().replace('ü', "v")),
    };
    text.chars().map(reading).collect()
}

/// First letters of a text's Pinyin; Latin letters and digits stand for themselves, what has no sound is left out.
///
/// ```
/// use dongliang::form::directory::initials;
/// assert_eq!(initials("林峰"), "lf");
/// assert_eq!(initials("柳溪县发改局（2室）"), "lxxfgj2s");
/// ```
pub fn initials(text: &str) -> String {
    let letter = |c: char| match c {
        c if c.is_ascii_alphanumeric() => Some(c.to_ascii_lowercase()),
        c => c.to_pinyin().and_then(|p| p.plain().chars().next()).map(|l| if l == 'ü' { 'v' } else { l }),
    };
    text.chars().filter_map(letter).collect()
}

impl Entry {
    /// How well it fits a text that was typed; `None` if it does not.
    pub fn fit(&self, text: &str) -> Option<Fit> {
        let one = |own: &str| match own.find(text) {
            _ if own.is_empty() => None,
            Some(0) if own.len() == text.len() => Some(Fit::Whole),
            Some(0) => Some(Fit::Begins),
            at => at.map(|_| Fit::Within),
        };
        let names = [one(&self.name), one(&self.short)];
        if !text.is_ascii() {
            return names.into_iter().flatten().min();
        }
        let read = [self.code.as_str(), &self.initials].into_iter().chain(self.surname.split(' '));
        names.into_iter().chain(read.map(|own| latin(own, text))).flatten().min()
    }

    /// How well its initials, in whatever reading, fit some letters.
    fn heard(&self, letters: &str) -> Option<Fit> {
        let read = std::iter::once(&*self.initials).chain(self.surname.split(' '));
        read.filter_map(|own| latin(own, letters)).min()
    }
}

/// How well something fits a text of ASCII letters and digits in either case; of a hundred thousand, so that nothing is
/// copied.
fn latin(own: &str, text: &str) -> Option<Fit> {
    let (own, text) = (own.as_bytes(), text.as_bytes());
    if own.is_empty() || own.len() < text.len() {
        return None;
    }
    let at = (0..=own.len() - text.len()).find(|at| own[*at..at + text.len()].eq_ignore_ascii_case(text));
    at.map(|at| match at {
        0 if own.len() == text.len() => Fit::Whole,
        0 => Fit::Begins,
        _ => Fit::Within,
    })
}

impl Directory {
    /// Reads it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn read(tx: &mut Tx<'_>) -> anyhow::Result<Directory> {
        let text = |t: Option<&str>| t.unwrap_or_default().to_owned();
        let mut directory = Directory::default();
        let sql = "select record_id, \"name\", \"short\", record_code, \"parent\" from l_unit \
                   where voided_at is null order by record_id";
        tx.each(sql, &[], |r| {
            let (id, name, short) = (r.i64(0)?, text(r.opt_text(1)?), text(r.opt_text(2)?));
            let (code, parent) = (text(r.opt_text(3)?), r.opt_i64(4)?);
            let unit = Entry { initials: initials(&name), id, name, short, code, parent, ..Entry::default() };
            directory.units.push(unit);
            Ok(())
        })?;
        let sql = "select record_id, \"name\", record_code from l_person where voided_at is null order by record_id";
        tx.each(sql, &[], |r| {
            let (id, name, code) = (r.i64(0)?, text(r.opt_text(1)?), text(r.opt_text(2)?));
            let (initials, surname) = (initials(&name), readings(&name));
            directory.persons.push(Entry { initials, surname, id, name, code, ..Entry::default() });
            Ok(())
        })?;
        directory.places = directory.units.iter().enumerate().map(|(place, unit)| (unit.id, place)).collect();
        Ok(directory)
    }

    /// A person.
    pub fn person(&self, id: i64) -> Option<&Entry> {
        self.persons.binary_search_by_key(&id, |e| e.id).ok().map(|place| &self.persons[place])
    }

    /// A unit.
    pub fn unit(&self, id: i64) -> Option<&Entry> {
        self.places.get(&id).map(|place| &self.units[*place])
    }

    /// A unit behind its superior, `柳溪县发改局 办公室`: what tells namesakes apart. A unit at the top, or right below it,
    /// stands alone.
    pub fn path(&self, id: i64) -> String {
        let Some(unit) = self.unit(id) else { return String::new() };
        match unit.parent.and_then(|p| self.unit(p)).filter(|above| above.parent.is_some()) {
            Some(above) => format!("{} {}", above.name, unit.name),
            None => unit.name.clone(),
        }
    }

    /// Persons whom a text fits; `seen` are those that may be seen, `None` all.
    pub fn persons_like(&self, text: &str, seen: Option<&HashSet<i64>>) -> Vec<(Fit, i64)> {
        let seen = |e: &&Entry| seen.is_none_or(|s| s.contains(&e.id));
        self.persons.iter().filter(seen).filter_map(|e| Some((e.fit(text)?, e.id))).collect()
    }

    /// Persons whose initials some letters are, wholly; for lists, which show everybody who fits.
    pub fn persons_heard(&self, letters: &str) -> Vec<i64> {
        self.persons.iter().filter(|e| e.heard(letters) == Some(Fit::Whole)).map(|e| e.id).collect()
    }

    /// Units whose initials begin so.
    pub fn units_heard(&self, letters: &str) -> Vec<i64> {
        let begins = |e: &&Entry| matches!(e.heard(letters), Some(Fit::Whole | Fit::Begins));
        self.units.iter().filter(begins).map(|e| e.id).collect()
    }

    /// Units that a text fits.
    pub fn units_like(&self, text: &str) -> Vec<(Fit, i64)> {
        self.units.iter().filter_map(|e| Some((e.fit(text)?, e.id))).collect()
    }
}

/// A state of the organisation with its directory.
type State = (i64, Arc<Directory>);

/// The directory of the last state of the organisation.
#[derive(Debug, Default)]
pub struct Kept(Mutex<Option<State>>);

impl Kept {
    /// The directory as the transaction sees it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn of(&self, tx: &mut Tx<'_>) -> anyhow::Result<Arc<Directory>> {
        let version = org_version(tx)?;
        let kept = |slot: &Option<State>| slot.as_ref().filter(|(v, _)| *v == version).map(|(_, d)| Arc::clone(d));
        if let Some(directory) = kept(&self.0.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(directory);
        }
        let directory = Arc::new(Directory::read(tx)?);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((version, Arc::clone(&directory)));
        Ok(directory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, code: &str) -> Entry {
        let (initials, surname) = (initials(name), readings(name));
        Entry { name: name.into(), code: code.into(), initials, surname, ..Entry::default() }
    }

    #[test]
    fn a_person_is_found_by_every_reading_of_the_surname() {
        let zha = entry("查朗樵", "");
        assert_eq!(
            [zha.fit("zlq"), zha.fit("clq"), zha.fit("zl")],
            [Some(Fit::Whole), Some(Fit::Whole), Some(Fit::Begins)]
        );
        assert_eq!([zha.fit("dlq"), zha.fit(" ")], [None, None]);
        let wei = entry("尉迟乐", "");
        assert!([wei.fit("ycl"), wei.fit("YCL"), wei.fit("cl")].iter().all(Option::is_some));
    }

    #[test]
    fn a_person_is_found_by_name_initials_and_number() {
        let lin = entry("林峰", "RY0012");
        for (text, fit) in [
            ("林峰", Some(Fit::Whole)),
            ("林", Some(Fit::Begins)),
            ("峰", Some(Fit::Within)),
            ("lf", Some(Fit::Whole)),
            ("LF", Some(Fit::Whole)),
            ("f", Some(Fit::Within)),
            ("ry0012", Some(Fit::Whole)),
            ("0012", Some(Fit::Within)),
            ("孙", None),
            ("%", None),
            ("_", None),
        ] {
            assert_eq!(lin.fit(text), fit, "{text}");
        }
    }

    #[test]
    fn rare_characters_are_found_as_they_are_written() {
        for name in ["𠮷田", "王㛃", "阿依古丽·买买提"] {
            assert_eq!(entry(name, "").fit(name), Some(Fit::Whole));
        }
        assert_eq!(initials("·（）"), "");
        assert_eq!(initials("吕布"), "lb");
    }
}
