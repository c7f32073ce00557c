//! Finds the units, persons and records that the cells of a file name, over maps read once.

use std::collections::HashMap;

use crate::{
    db::Tx,
    directive::model::{FieldType, Ledger},
    names,
    sheet::{Lookup, Resolve},
    verdict::world::Layout,
};

/// Maps from what people write to record ids.
#[derive(Debug, Default)]
pub struct Finder {
    units: HashMap<String, Vec<i64>>,
    unit_names: HashMap<i64, String>,
    parents: HashMap<i64, i64>,
    persons: HashMap<String, Vec<i64>>,
    person_codes: HashMap<i64, String>,
    units_of: HashMap<i64, Vec<i64>>,
    records: HashMap<String, HashMap<String, Vec<i64>>>,
}

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
                    push(&mut finder.units, text, id);
                }
            }
            finder.unit_names.insert(id, r.opt_text(2)?.unwrap_or_default().to_owned());
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
                finder.person_codes.insert(id, code.to_owned());
            }
            if let Some(name) = r.opt_text(2)? {
                push(&mut finder.persons, name, id);
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
                let map = records(tx, &layout.ledgers[index])?;
                finder.records.insert(to.clone(), map);
            }
        }
        Ok(finder)
    }

    /// A unit that is on its way under a provisional id; one that stands already under the same text keeps it.
    pub fn expect(&mut self, id: i64, texts: impl Iterator<Item = String>) {
        for text in texts.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()) {
            if !self.units.contains_key(&text) {
                push(&mut self.units, &text, id);
                self.unit_names.insert(id, text);
            }
        }
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

    fn describe(&self, person: i64) -> String {
        let unit = self.units_of.get(&person).and_then(|u| u.last()).and_then(|u| self.unit_names.get(u));
        let code = self.person_codes.get(&person).map_or_else(|| person.to_string(), Clone::clone);
        format!("{}（{code}）", unit.map_or("单位未登记", |u| u))
    }
}

fn push(map: &mut HashMap<String, Vec<i64>>, text: &str, id: i64) {
    let ids = map.entry(text.to_owned()).or_default();
    if !ids.contains(&id) {
        ids.push(id);
    }
}

fn records(tx: &mut Tx<'_>, ledger: &Ledger) -> anyhow::Result<HashMap<String, Vec<i64>>> {
    let (title, _) = names::title_fields(ledger);
    let column = title.map_or("record_code".to_owned(), |t| format!("\"{t}\""));
    let sql = format!("select record_id, record_code, {column} from l_{} where voided_at is null", ledger.name);
    let mut map = HashMap::new();
    tx.each(&sql, &[], |r| {
        let id = r.i64(0)?;
        for i in 1..=2 {
            if let Some(text) = r.opt_text(i)? {
                push(&mut map, text, id);
            }
        }
        push(&mut map, &id.to_string(), id);
        Ok(())
    })?;
    Ok(map)
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
        let all = self.units.get(text.trim());
        let inside: Option<Vec<i64>> = within
            .zip(all)
            .map(|(top, ids)| ids.iter().copied().filter(|u| self.organ_line(*u).any(|at| at == top)).collect());
        let ids = inside.as_ref().filter(|i| !i.is_empty()).or(all);
        lookup(ids, |id| self.unit_names.get(&id).cloned().unwrap_or_default())
    }

    fn person(&self, text: &str, unit: Option<i64>) -> Lookup {
        let all = self.persons.get(text.trim());
        let near: Option<Vec<i64>> = unit.zip(all).map(|(unit, ids)| {
            let here = |p: &i64| {
                self.units_of.get(p).is_some_and(|us| us.iter().any(|u| self.organ_line(*u).any(|at| at == unit)))
            };
            ids.iter().copied().filter(here).collect()
        });
        let ids = near.as_ref().filter(|n| n.len() == 1).or(all);
        lookup(ids, |id| self.describe(id))
    }

    fn record(&self, ledger: &str, text: &str) -> Lookup {
        lookup(self.records.get(ledger).and_then(|m| m.get(text.trim())), |id| id.to_string())
    }
}
