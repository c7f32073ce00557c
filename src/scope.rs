//! Who reads and who writes. Every read of the store takes a [`Scope`], every write an [`Actor`].

use std::collections::BTreeSet;

/// What a reader may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything: the command line, and the loopback server while there are no accounts.
    All,
    /// Records of these units (record ids), already widened to all units below the granted ones.
    Units(BTreeSet<i64>),
}

/// Who writes, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The name kept beside each row.
    pub name: String,
    /// The instant of recording, µs since 1970-01-01 UTC; of one clock reading for the whole transaction.
    pub at: i64,
}
