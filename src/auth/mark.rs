//! The mark of a demo's database, on which its identities without password hang.
//!
//! `demo` sets it when it makes the database. It is a keyed digest of the installation's random number: a row typed into
//! a real database, or copied from a demo's, does not fit, and no setting or command makes one.

use super::token;
use crate::{
    db::Tx,
    installation::{meta, set_meta},
    ledger::secret::Keys,
};

const NUMBER: &str = "installation";
const MARK: &str = "demo";
const PURPOSE: &str = "dongliang demo mark";

/// Gives a new database its random number, if it has none.
///
/// # Errors
/// When the store cannot be written.
pub fn number(tx: &mut Tx<'_>) -> anyhow::Result<String> {
    if let Some(number) = meta(tx, NUMBER)? {
        return Ok(number);
    }
    let number = token::token()?;
    set_meta(tx, NUMBER, &number)?;
    Ok(number)
}

/// Marks a database that is being made as the demo's. It must be empty but for its tables.
///
/// # Errors
/// When there is a package, an account or a number already, or the store cannot be written.
pub(crate) fn set(tx: &mut Tx<'_>, keys: &Keys) -> anyhow::Result<()> {
    let begun = meta(tx, NUMBER)?.is_some() || meta(tx, "package")?.is_some() || super::account::any(tx)?;
    anyhow::ensure!(!begun, "数据库里已经有数据，不能作演示之用");
    let number = number(tx)?;
    set_meta(tx, MARK, &keys.digest(PURPOSE, &number))
}

/// Whether the database bears the mark that fits its number and its keys.
///
/// # Errors
/// When the store cannot be read.
pub fn is_demo(tx: &mut Tx<'_>, keys: &Keys) -> anyhow::Result<bool> {
    let (Some(number), Some(mark)) = (meta(tx, NUMBER)?, meta(tx, MARK)?) else { return Ok(false) };
    Ok(mark == keys.digest(PURPOSE, &number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{db::Db, db_test};

    db_test!(only_the_maker_can_set_it_and_it_cannot_be_copied, |db: &Db| {
        let (mine, other) = (Keys::from_bytes([1; 32], [2; 32]), Keys::from_bytes([1; 32], [3; 32]));
        let (m, o) = (mine.clone(), other.clone());
        db.write(move |tx| {
            assert!(!is_demo(tx, &m)?);
            set(tx, &m)?;
            assert!(is_demo(tx, &m)? && !is_demo(tx, &o)?, "another installation's keys");
            // A row from elsewhere, and the plain rows that one might guess.
            for guess in ["1", "true", &m.blind_index(PURPOSE), &token::token()?] {
                set_meta(tx, MARK, guess)?;
                assert!(!is_demo(tx, &m)?, "{guess}");
            }
            assert!(set(tx, &m).is_err(), "the database has its number");
            Ok(())
        })
        .unwrap();
    });
}
