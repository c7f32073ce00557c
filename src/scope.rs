//! Who reads and who writes. Every read of the store takes a [`Scope`], every write an [`Actor`].
//!
//! A scope becomes a condition in three places and nowhere else: over the rows of a ledger in `ledger::select`, over
//! verdicts in `verdict::sight`, over the audit log in `audit::query`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::directive::model::{Field, FieldType, Ledger};

/// What a reader may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything: the command line, and who has a role for the whole city.
    All,
    /// Records of some units, the reader's own, and those in which the reader has a part.
    Within(Arc<Reach>),
}

/// How far a reader sees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Record ids of the units whose records may be seen: those granted, all below them, and closed ones they succeed.
    pub units: BTreeSet<i64>,
    /// The organs of which all units are among these.
    pub organs: BTreeSet<i64>,
    /// Record id of the reader's own person.
    pub person: Option<i64>,
    /// How the records of each ledger name persons.
    pub parts: Arc<Parts>,
}

impl Scope {
    /// Records of these units alone.
    pub fn units(units: BTreeSet<i64>) -> Scope {
        Scope::Within(Arc::new(Reach { units, ..Reach::default() }))
    }

    /// The same without what is the reader's own and reached by no role.
    #[must_use]
    pub fn of_roles(&self) -> Scope {
        match self {
            Scope::All => Scope::All,
            Scope::Within(reach) => Scope::Within(Reach { person: None, ..(**reach).clone() }.into()),
        }
    }

    /// Whether a unit's records may be seen.
    pub fn has_unit(&self, unit: i64) -> bool {
        match self {
            Scope::All => true,
            Scope::Within(reach) => reach.units.contains(&unit),
        }
    }
}

/// How the records of each ledger name persons, so that everybody sees the records in which they have a part: mentor and
/// mentee their pair and its guidance, both talkers the talk, members their team and their class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts(BTreeMap<String, Vec<Part>>);

/// One way in which a record names a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// By a field of its own: the column.
    Own(String),
    /// By a field of the record that it refers to: own column, that ledger, its column.
    Above(String, String, String),
    /// By records of another ledger that refer to it: that ledger, its referring column, its column of the person.
    Below(String, String, String),
}

impl Parts {
    /// Read off the definitions of all ledgers.
    pub fn of(ledgers: &[Ledger]) -> Parts {
        let mut parts: BTreeMap<String, Vec<Part>> = BTreeMap::new();
        let stored = || ledgers.iter().filter(|l| !l.derived);
        for ledger in stored() {
            for person in persons(ledger) {
                parts.entry(ledger.name.clone()).or_default().push(Part::Own(person.name.clone()));
            }
            for (column, target) in references(ledger) {
                for person in stored().filter(|l| l.name == target).flat_map(persons) {
                    let part = Part::Above(column.to_owned(), target.to_owned(), person.name.clone());
                    parts.entry(ledger.name.clone()).or_default().push(part);
                }
                for person in persons(ledger) {
                    let part = Part::Below(ledger.name.clone(), column.to_owned(), person.name.clone());
                    parts.entry(target.to_owned()).or_default().push(part);
                }
            }
        }
        Parts(parts)
    }

    /// Whether records of a ledger name persons at all.
    pub fn names(&self, ledger: &str) -> bool {
        !self.of_ledger(ledger).is_empty()
    }

    /// The ways of a ledger.
    pub fn of_ledger(&self, name: &str) -> &[Part] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }
}

fn persons(ledger: &Ledger) -> impl Iterator<Item = &Field> {
    ledger.fields.iter().filter(|f| f.ty == FieldType::Person)
}

/// Columns that refer to records of a ledger, and that ledger.
fn references(ledger: &Ledger) -> impl Iterator<Item = (&str, &str)> {
    ledger.fields.iter().filter_map(|f| match &f.ty {
        FieldType::Ref(target) => Some((f.name.as_str(), target.as_str())),
        _ => None,
    })
}

/// Who writes, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The name kept beside each row.
    pub name: String,
    /// Number of the account; `None`: the command line or the program itself.
    pub account: Option<i64>,
    /// The instant of recording, µs since 1970-01-01 UTC; of one clock reading for the whole transaction.
    pub at: i64,
}

/// Who records through the door `facts`, and how far. The instant is the transaction's.
#[derive(Clone, Debug)]
pub struct By {
    /// The name kept beside each row.
    pub name: String,
    /// Number of the account; `None`: the command line or the program itself.
    pub account: Option<i64>,
    /// Rows outside it are neither recorded nor changed.
    pub scope: Scope,
}

impl By {
    /// As who writes at an instant.
    pub fn at(&self, instant: i64) -> Actor {
        Actor { name: self.name.clone(), account: self.account, at: instant }
    }
}

/// The command line, which is whoever may read the data directory.
impl From<&str> for By {
    fn from(name: &str) -> By {
        By { name: name.to_owned(), account: None, scope: Scope::All }
    }
}

impl From<&String> for By {
    fn from(name: &String) -> By {
        name.as_str().into()
    }
}
