//! What people call a record: its code, and a title made from its definition.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::{
    db::Tx,
    directive::model::{FieldType, Ledger},
    verdict::{
        kind::Kind,
        low_rank,
        world::{Layout, UNIT},
    },
};

/// Ids asked for at once; beyond, the whole ledger is read.
const FEW: usize = 400;

/// Codes and titles of records, by ledger position and record id.
#[derive(Clone, Debug, Default)]
pub struct Names {
    found: HashMap<(usize, i64), Name>,
}

/// A record's code and title.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// The code that exports show; the id where none was given.
    pub code: String,
    /// What to call it.
    pub title: String,
}

impl Names {
    /// Reads the names of records, and of what their titles refer to. Voided records keep their names.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn load(tx: &mut Tx<'_>, layout: &Layout, wanted: &BTreeMap<usize, BTreeSet<i64>>) -> anyhow::Result<Names> {
        let mut names = Names::default();
        names.more(tx, layout, wanted, 2)?;
        Ok(names)
    }

    fn more(
        &mut self,
        tx: &mut Tx<'_>,
        layout: &Layout,
        wanted: &BTreeMap<usize, BTreeSet<i64>>,
        depth: u32,
    ) -> anyhow::Result<()> {
        let mut further: BTreeMap<usize, BTreeSet<i64>> = BTreeMap::new();
        let mut open: Vec<(Key, String, Vec<Key>)> = Vec::new();
        for (table, ids) in wanted {
            let ledger = &layout.ledgers[*table];
            if ledger.derived {
                further.entry(UNIT).or_default().extend(ids.iter().map(|id| low_rank::parts(*id).0));
                continue;
            }
            let missing: BTreeSet<i64> =
                ids.iter().copied().filter(|id| !self.found.contains_key(&(*table, *id))).collect();
            for (id, code, title, refs) in read(tx, layout, *table, &missing)? {
                if refs.is_empty() || depth == 0 {
                    self.found.insert((*table, id), Name { title: title.unwrap_or_else(|| code.clone()), code });
                } else {
                    refs.iter().for_each(|(t, r)| {
                        further.entry(*t).or_default().insert(*r);
                    });
                    open.push(((*table, id), code, refs));
                }
            }
        }
        if !further.is_empty() && depth > 0 {
            self.more(tx, layout, &further, depth - 1)?;
        }
        for (key, code, refs) in open {
            let title = composed(refs.iter().map(|(t, r)| self.title(*t, *r)));
            self.found.insert(key, Name { code, title });
        }
        for (table, ids) in wanted.iter().filter(|(t, _)| layout.ledgers[**t].derived) {
            for id in ids {
                let (unit, year) = low_rank::parts(*id);
                let name = Name {
                    code: format!("{}|{year}", self.code(UNIT, unit)),
                    title: format!("{} {year}年", self.title(UNIT, unit)),
                };
                self.found.insert((*table, *id), name);
            }
        }
        Ok(())
    }

    /// The code of a record; its id if it is not known.
    pub fn code(&self, table: usize, id: i64) -> String {
        self.found.get(&(table, id)).map_or_else(|| id.to_string(), |n| n.code.clone())
    }

    /// The title of a record.
    pub fn title(&self, table: usize, id: i64) -> &str {
        self.found.get(&(table, id)).map_or("", |n| &n.title)
    }
}

/// The title of a record that is called by others: `林峰—许宁`.
pub(crate) fn composed<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    parts.filter(|title| !title.is_empty()).collect::<Vec<_>>().join("—")
}

/// Ledger position and record id.
type Key = (usize, i64);
/// Id, code, title, and the records that make the title where there is none.
type Named = (i64, String, Option<String>, Vec<Key>);

fn read(tx: &mut Tx<'_>, layout: &Layout, table: usize, ids: &BTreeSet<i64>) -> anyhow::Result<Vec<Named>> {
    let ledger = &layout.ledgers[table];
    let (title, refs) = title_fields(ledger);
    let refs: Vec<(usize, String)> = refs
        .into_iter()
        .filter_map(|name| match layout.kinds[table][ledger.field_index(&name)?] {
            Kind::Ref(to) => Some((to, name)),
            _ => None,
        })
        .collect();
    let mut select = String::from("record_id, record_code");
    title.iter().chain(refs.iter().map(|(_, name)| name)).for_each(|f| select.push_str(&format!(", \"{f}\"")));
    let offset = 2 + usize::from(title.is_some());
    let base = format!("select {select} from l_{}", ledger.name);
    let mut found: Vec<Named> = Vec::new();
    let mut take = |r: &crate::db::Row<'_>| -> anyhow::Result<()> {
        let id = r.i64(0)?;
        let code = r.opt_text(1)?.map_or_else(|| id.to_string(), str::to_owned);
        let title = if title.is_some() { r.opt_text(2)?.map(str::to_owned) } else { None };
        let mut related = Vec::new();
        if title.is_none() {
            for (i, (to, _)) in refs.iter().enumerate() {
                related.extend(r.opt_i64(offset + i)?.map(|id| (*to, id)));
            }
        }
        found.push((id, code, title, related));
        Ok(())
    };
    // The latest revision comes last and wins.
    if ids.len() > FEW {
        tx.each(&format!("{base} order by record_id, revision"), &[], |r| {
            if ids.contains(&r.i64(0)?) { take(r) } else { Ok(()) }
        })?;
    } else {
        let one = format!("{base} where record_id = $1 order by revision desc");
        for id in ids {
            tx.one(&one, &[(*id).into()], &mut take)?;
        }
    }
    Ok(found)
}

/// The field that names a record, or else the references that do.
pub fn title_fields(ledger: &Ledger) -> (Option<String>, Vec<String>) {
    let text =
        |name: &str| ledger.field(name).filter(|f| f.ty == FieldType::Text && !f.sensitive).map(|f| f.name.clone());
    if let Some(title) = text("title").or_else(|| text("name")) {
        return (Some(title), Vec::new());
    }
    let persons = ledger.fields.iter().filter(|f| f.ty == FieldType::Person).map(|f| f.name.clone());
    let refs = ledger.fields.iter().filter(|f| matches!(f.ty, FieldType::Ref(_))).map(|f| f.name.clone());
    let related: Vec<String> = persons.chain(refs).take(2).collect();
    if !related.is_empty() {
        return (None, related);
    }
    let first = ledger.fields.iter().find(|f| f.ty == FieldType::Text && !f.sensitive).map(|f| f.name.clone());
    (first, Vec::new())
}
