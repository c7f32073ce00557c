//! In which tests a question was asked.

use super::test::Item;
use crate::db::Tx;

/// A test in which a question stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Number of the test.
    pub test: i64,
    /// What it is called.
    pub title: String,
    /// The unit that arranged it.
    pub unit: i64,
    /// Its place in the paper, from 0.
    pub place: usize,
    /// The version that was asked.
    pub version: i64,
    /// The test is over.
    pub over: bool,
}

/// Where questions were asked, by number; drafts are not counted.
///
/// # Errors
/// When the store cannot be read.
pub fn asked(tx: &mut Tx<'_>, wanted: &[i64]) -> anyhow::Result<Vec<(i64, Asked)>> {
    let sql = "select row_id, title, unit_id, state, paper from test where state <> 'draft' order by row_id desc";
    let mut found = Vec::new();
    tx.each(sql, &[], |r| {
        for (place, item) in serde_json::from_str::<Vec<Item>>(r.text(4)?)?.into_iter().enumerate() {
            if wanted.contains(&item.number) {
                let asked = Asked {
                    test: r.i64(0)?,
                    title: r.text(1)?.to_owned(),
                    unit: r.i64(2)?,
                    place,
                    version: item.version,
                    over: r.text(3)? == "closed",
                };
                found.push((item.number, asked));
            }
        }
        Ok(())
    })?;
    Ok(found)
}
