//! Finds the units, persons and records that the cells of a file name, over maps read once.

use std::collections::HashMap;

use crate::{
    db::Tx,
    directive::model::{FieldType, Ledger},
    names,
    sheet::{Lookup, Resolve, norm},
    verdict::world::Layout,
};

/// Blanks inside the name of a unit, at most: a chart has few levels, and a cell may be as long as a file.
const MOST_PARTS: usize = 8;

/// Maps from what people write to record ids.
#[derive(Debug, Default)]
pub struct Finder {
    units: HashMap<String, Vec<i64>>,
    unit_names: HashMap<i64, String>,
    unit_codes: HashMap<i64, String>,
    parents: HashMap<i64, i64>,
    persons: HashMap<String, Vec<i64>>,
    person_codes: HashMap<i64, String>,
    units_of: HashMap<i64, Vec<i64>>,
    records: HashMap<String, HashMap<String, Vec<i64>>>,
    titles: HashMap<String, Titled>,
    /// What records are called that one text names with others, by ledger and id.
    described: HashMap<(String, i64), String>,
    /// Units and persons whose names hold blanks, by these without them.
    units_closed_up: HashMap<String, Vec<i64>>,
    persons_closed_up: HashMap<String, Vec<i64>>,
    /// Units, persons and, by ledger, records by their codes and numbers in one width and case.
    unit_keys: HashMap<String, Vec<i64>>,
    person_keys: HashMap<String, Vec<i64>>,
    record_keys: HashMap<String, HashMap<String, Vec<i64>>>,
}

/// Records by the [`norm::title_key`] of the title that pages show, each with its id and its code.
pub(super) type Titled = HashMap<String, Vec<(i64, String)>>;

impl Finder {
    /// Reads what the fields of a ledger may refer to.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn load(tx: &mut Tx<'_>, layout: &Layout, ledger: &Ledger) -> anyhow::Result<Finder> {
        let mut finder = Finder::default();
        let sql = "select record_id, record_code, \"name\", \"short\", \"parent\" from l_unit where voided_at is null";
        tx.each(sql, &[], |r| {
            let id = r.i64(0)?;
            for i in 1..=3 {
                if let Some(text) = r.opt_text(i)? {
                    finder.name_unit(text, id);
                }
            }
            finder.unit_names.insert(id, r.opt_text(2)?.unwrap_or_default().to_owned());
            if let Some(code) = r.opt_text(1)? {
                push(&mut finder.unit_keys, &norm::code_key(code), id);
                finder.unit_codes.insert(id, code.to_owned());
            }
            if let Some(parent) = r.opt_i64(4)? {
                finder.parents.insert(id, parent);
            }
            Ok(())
        })?;
        let sql = "select record_id, record_code, \"name\", unit_id from l_person where voided_at is null";
        tx.each(sql, &[], |r| {
            let id = r.i64(0)?;
            if let Some(code) = r.opt_text(1)? {
                push(&mut finder.persons, code, id);
                push(&mut finder.person_keys, &norm::code_key(code), id);
                finder.person_codes.insert(id, code.to_owned());
            }
            if let Some(name) = r.opt_text(2)? {
                push(&mut finder.persons, name, id);
                push_closed_up(&mut finder.persons_closed_up, name, id);
            }
            // The unit that the roster mentioned tells namesakes apart before there are posts.
            if let Some(unit) = r.opt_i64(3)? {
                finder.units_of.entry(id).or_default().push(unit);
            }
            Ok(())
        })?;
        tx.each("select \"person\", unit_id from l_post where voided_at is null", &[], |r| {
            if let (Some(person), Some(unit)) = (r.opt_i64(0)?, r.opt_i64(1)?) {
                finder.units_of.entry(person).or_default().push(unit);
            }
            Ok(())
        })?;
        for field in &ledger.fields {
            if let FieldType::Ref(to) = &field.ty
                && let Some(index) = layout.index(to).filter(|i| !layout.ledgers[*i].derived)
                && !finder.records.contains_key(to)
            {
                let (map, keys) = records(tx, &layout.ledgers[index])?;
                finder.records.insert(to.clone(), map);
                finder.record_keys.insert(to.clone(), keys);
            }
        }
        Ok(finder)
    }

    /// A unit that is on its way under a provisional id; one that stands already under the same text keeps it.
    pub fn expect(&mut self, id: i64, texts: impl Iterator<Item = String>) {
        for text in texts.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()) {
            let standing = self.units.get(&text).is_some_and(|ids| ids.iter().any(|id| *id > 0));
            if !standing {
                self.name_unit(&text, id);
                self.unit_names.insert(id, text);
            }
        }
    }

    fn name_unit(&mut self, text: &str, id: i64) {
        push(&mut self.units, text, id);
        push_closed_up(&mut self.units_closed_up, text, id);
    }

    /// The records of a ledger that a code, number or very name leads to.
    pub(super) fn named(&self, ledger: &str, text: &str) -> &[i64] {
        self.coded(ledger, text).map_or(&[], Vec::as_slice)
    }

    /// The same: as it is written, else in another width, else in another case.
    fn coded(&self, ledger: &str, text: &str) -> Option<&Vec<i64>> {
        let text = text.trim();
        let known = self.records.get(ledger)?;
        let exact = known.get(text).or_else(|| known.get(&*norm::plain(text)));
        exact.or_else(|| self.record_keys.get(ledger)?.get(&norm::code_key(text)))
    }

    /// What a record is called beside another that the same text names.
    pub(super) fn describe_record(&mut self, ledger: &str, id: i64, told: String) {
        self.described.insert((ledger.to_owned(), id), told);
    }

    /// Records that may be named by their titles from now on.
    pub(super) fn called(&mut self, ledger: &str, titled: Titled) {
        self.titles.insert(ledger.to_owned(), titled);
    }

    fn organ_line(&self, unit: i64) -> impl Iterator<Item = i64> + '_ {
        let mut at = Some(unit);
        std::iter::from_fn(move || {
            let now = at?;
            at = self.parents.get(&now).copied();
            Some(now)
        })
        .take(16)
    }

    /// A unit below its superior, as `柳溪县发改局/办公室`: what tells namesakes apart.
    fn path(&self, unit: i64) -> String {
        let name = |u: &i64| self.unit_names.get(u).map_or("", |n| n);
        match self.parents.get(&unit) {
            Some(parent) => format!("{}/{}", name(parent), name(&unit)),
            None => name(&unit).to_owned(),
        }
    }

    fn describe_unit(&self, unit: i64) -> String {
        if unit < 0 {
            return format!("{}（本文件第 {} 行）", self.path(unit), -unit);
        }
        let code = self.unit_codes.get(&unit).map_or_else(|| unit.to_string(), Clone::clone);
        format!("{}（编号 {code}）", self.path(unit))
    }

    /// Units by name and code, `办公室（U1-1）`; or by a path, `柳溪县发改局/办公室`, each part by name, short name or code:
    /// each the superior of the next, or else somewhere above it.
    fn units_in_full(&self, text: &str) -> Vec<i64> {
        let text = norm::plain(text);
        let called = |unit: i64, text: &str| self.units.get(text).is_some_and(|ids| ids.contains(&unit));
        if let Some((name, code)) = text.strip_suffix(')').and_then(|t| t.rsplit_once('(')) {
            let (name, code) = (name.trim(), code.trim());
            let own = self.units.get(code).cloned();
            let ids = own.or_else(|| code.parse().ok().map(|id| vec![id])).unwrap_or_default();
            return ids.into_iter().filter(|unit| *unit < 0 || called(*unit, name)).collect();
        }
        let mut parts = text.split('/').map(str::trim).rev();
        let name = parts.next().unwrap_or_default();
        let above: Vec<&str> = parts.collect();
        if above.is_empty() {
            return Vec::new();
        }
        let found = || self.units.get(name).into_iter().flatten().copied();
        let next = |unit: i64| {
            let line = self.organ_line(unit).skip(1).map(Some).chain(std::iter::repeat(None));
            above.iter().zip(line).all(|(text, unit)| unit.is_some_and(|u| called(u, text)))
        };
        let somewhere = |unit: i64| {
            let mut line = self.organ_line(unit).skip(1);
            above.iter().all(|text| line.any(|u| called(u, text)))
        };
        let strict: Vec<i64> = found().filter(|u| next(*u)).collect();
        if strict.is_empty() { found().filter(|u| somewhere(*u)).collect() } else { strict }
    }

    /// Units written with blanks inside: `办 公 室`, or a superior and its 科室 as pages show them, `柳溪县发改局 办公室`.
    fn units_with_blanks(&self, text: &str) -> Vec<i64> {
        let plain = norm::plain(text);
        let parts: Vec<String> = plain.split_whitespace().map(norm::closed_up).filter(|p| !p.is_empty()).collect();
        let mut found = of_closed_up(&self.units, &self.units_closed_up, text);
        if parts.len() > MOST_PARTS {
            return found;
        }
        let paths = (1..parts.len()).map(|n| format!("{}/{}", parts[..n].concat(), parts[n..].concat()));
        for path in paths.chain((parts.len() > 2).then(|| parts.join("/"))) {
            for id in self.units_in_full(&path) {
                if !found.contains(&id) {
                    found.push(id);
                }
            }
        }
        found
    }

    fn describe(&self, person: i64) -> String {
        let unit = self.units_of.get(&person).and_then(|u| u.last()).map(|u| self.path(*u));
        let code = self.person_codes.get(&person).map_or_else(|| person.to_string(), Clone::clone);
        format!("{}（{code}）", unit.unwrap_or_else(|| "单位未登记".into()))
    }
}

fn push(map: &mut HashMap<String, Vec<i64>>, text: &str, id: i64) {
    let ids = map.entry(text.to_owned()).or_default();
    if !ids.contains(&id) {
        ids.push(id);
    }
}

fn push_closed_up(map: &mut HashMap<String, Vec<i64>>, text: &str, id: i64) {
    if text.contains(char::is_whitespace) {
        push(map, &norm::closed_up(text), id);
    }
}

/// What a name with blanks inside, or without those that it has on record, leads to. Numbers are taken as they are written.
fn of_closed_up(names: &HashMap<String, Vec<i64>>, closed_up: &HashMap<String, Vec<i64>>, text: &str) -> Vec<i64> {
    if text.is_ascii() {
        return Vec::new();
    }
    let key = norm::closed_up(text);
    let mut found: Vec<i64> =
        [names, closed_up].into_iter().filter_map(|map| map.get(&key)).flatten().copied().collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Record ids by what is written for them.
type Known = HashMap<String, Vec<i64>>;

/// Records by code and by name; by number those without a code, and others where the number is nothing else.
/// Besides the codes and numbers in one width and case.
fn records(tx: &mut Tx<'_>, ledger: &Ledger) -> anyhow::Result<(Known, Known)> {
    let (title, _) = names::title_fields(ledger);
    let column = title.map_or("record_code".to_owned(), |t| format!("\"{t}\""));
    let sql = format!("select record_id, record_code, {column} from l_{} where voided_at is null", ledger.name);
    let (mut map, mut keys) = (HashMap::new(), HashMap::new());
    let mut coded = Vec::new();
    tx.each(&sql, &[], |r| {
        let id = r.i64(0)?;
        for i in 1..=2 {
            if let Some(text) = r.opt_text(i)? {
                push(&mut map, text, id);
            }
        }
        match r.opt_text(1)? {
            None => {
                push(&mut map, &id.to_string(), id);
                push(&mut keys, &id.to_string(), id);
            }
            Some(code) => {
                push(&mut keys, &norm::code_key(code), id);
                coded.push(id);
            }
        }
        Ok(())
    })?;
    for id in coded {
        map.entry(id.to_string()).or_insert_with(|| vec![id]);
        keys.entry(id.to_string()).or_insert_with(|| vec![id]);
    }
    Ok((map, keys))
}

/// What a code leads to that is written in another width or case.
fn written(keys: &Known, text: &str) -> Vec<i64> {
    keys.get(&norm::code_key(text)).cloned().unwrap_or_default()
}

fn lookup(ids: Option<&Vec<i64>>, describe: impl Fn(i64) -> String) -> Lookup {
    match ids.map(Vec::as_slice) {
        None | Some([]) => Lookup::None,
        Some([one]) => Lookup::One(*one),
        Some(many) => Lookup::Many(many.iter().map(|id| describe(*id)).collect()),
    }
}

impl Resolve for Finder {
    fn unit(&self, text: &str, within: Option<i64>) -> Lookup {
        let in_full;
        let all = match self.units.get(text.trim()) {
            Some(found) => Some(found),
            None => {
                let found = self.units_in_full(text);
                let found = if found.is_empty() { self.units_with_blanks(text) } else { found };
                in_full = if found.is_empty() { written(&self.unit_keys, text) } else { found };
                Some(&in_full)
            }
        };
        let inside: Option<Vec<i64>> = within
            .zip(all)
            .map(|(top, ids)| ids.iter().copied().filter(|u| self.organ_line(*u).any(|at| at == top)).collect());
        let ids = inside.as_ref().filter(|i| !i.is_empty()).or(all);
        lookup(ids, |id| self.describe_unit(id))
    }

    fn person(&self, text: &str, unit: Option<i64>) -> Lookup {
        let closed_up;
        let all = match self.persons.get(text.trim()) {
            Some(found) => Some(found),
            None => {
                let found = of_closed_up(&self.persons, &self.persons_closed_up, text);
                closed_up = if found.is_empty() { written(&self.person_keys, text) } else { found };
                Some(&closed_up)
            }
        };
        let near: Option<Vec<i64>> = unit.zip(all).map(|(unit, ids)| {
            let here = |p: &i64| {
                self.units_of.get(p).is_some_and(|us| us.iter().any(|u| self.organ_line(*u).any(|at| at == unit)))
            };
            ids.iter().copied().filter(here).collect()
        });
        let ids = near.as_ref().filter(|n| n.len() == 1).or(all);
        lookup(ids, |id| self.describe(id))
    }

    fn is_called(&self, person: i64, name: &str) -> bool {
        self.persons.get(name.trim()).is_some_and(|ids| ids.contains(&person))
            || of_closed_up(&self.persons, &self.persons_closed_up, name).contains(&person)
    }

    fn record(&self, ledger: &str, text: &str) -> Lookup {
        let exact = self.coded(ledger, text);
        let titled = || self.titles.get(ledger)?.get(&norm::title_key(text));
        match (exact, exact.map_or_else(titled, |_| None)) {
            (_, Some(titled)) => {
                let ids: Vec<i64> = titled.iter().map(|(id, _)| *id).collect();
                let code =
                    |id: i64| titled.iter().find(|(of, _)| *of == id).map_or_else(String::new, |(_, c)| c.clone());
                lookup(Some(&ids), |id| format!("编号{}", code(id)))
            }
            (exact, None) => lookup(exact, |id| {
                let told = self.described.get(&(ledger.to_owned(), id));
                told.cloned().unwrap_or_else(|| id.to_string())
            }),
        }
    }
}
