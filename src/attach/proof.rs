//! Proof that every file is there as it was brought, and that its row says what the log says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::place::{Hold, is_whole};
use crate::{audit::Kind, db::Db};

/// What was looked at, and what does not hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// Rows, removed ones too.
    pub files: u64,
    /// What is wrong, a sentence each.
    pub findings: Vec<String>,
}

/// Reads all files of a data directory and holds their rows against the log.
///
/// # Errors
/// When the store or the disk cannot be read.
pub fn prove(db: &Db, data: &std::path::Path) -> anyhow::Result<Proof> {
    let mut proof = Proof::default();
    let (rows, told) = db.read(|tx| {
        let mut rows: BTreeMap<i64, (String, bool)> = BTreeMap::new();
        tx.each("select row_id, sha256, removed_at from attachment", &[], |r| {
            rows.insert(r.i64(0)?, (r.text(1)?.to_owned(), r.opt_i64(2)?.is_some()));
            Ok(())
        })?;
        let mut told = Told::default();
        let sql = "select payload from audit_entry where kind = $1 order by row_id";
        tx.each(sql, &[Kind::Attach.as_str().into()], |r| {
            told.take(r.opt_text(0)?);
            Ok(())
        })?;
        Ok((rows, told))
    })?;
    proof.files = rows.len() as u64;
    for (id, (sha256, removed)) in &rows {
        match told.added.get(id) {
            Some(logged) if logged != sha256 => proof.find(*id, "的校验码与操作日志所记不同"),
            None if !told.erased => proof.find(*id, "没有添加它的操作日志"),
            _ => {}
        }
        if !told.erased && *removed != told.removed.contains(id) {
            proof.find(*id, "是否移除与操作日志所记不同");
        }
    }
    for id in told.added.keys().filter(|id| !rows.contains_key(id)) {
        proof.find(*id, "在操作日志里有，登记被删去");
    }
    if !rows.is_empty() {
        let _hold = Hold::shared(data)?;
        let mut seen: BTreeMap<&str, Option<bool>> = BTreeMap::new();
        for (id, (sha256, _)) in &rows {
            let whole = match seen.get(sha256.as_str()) {
                Some(whole) => *whole,
                None => is_whole(data, sha256)?,
            };
            seen.insert(sha256, whole);
            match whole {
                None => proof.find(*id, "的文件不在数据目录里"),
                Some(false) => proof.find(*id, "的文件与校验码不符"),
                Some(true) => {}
            }
        }
    }
    Ok(proof)
}

impl Proof {
    fn find(&mut self, id: i64, what: &str) {
        self.findings.push(format!("第{id}号附件{what}"));
    }
}

/// What the log tells of files.
#[derive(Default)]
struct Told {
    added: BTreeMap<i64, String>,
    removed: BTreeSet<i64>,
    /// Some entries were erased by law: what they told is not known.
    erased: bool,
}

impl Told {
    fn take(&mut self, payload: Option<&str>) {
        let Some(payload) = payload else {
            self.erased = true;
            return;
        };
        let told: Json = serde_json::from_str(payload).unwrap_or_default();
        for file in told["files"].as_array().into_iter().flatten() {
            let (Some(id), Some(sha256)) = (file["file"].as_i64(), file["sha256"].as_str()) else { continue };
            if told["act"] == "remove" {
                self.removed.insert(id);
            } else {
                self.added.insert(id, sha256.to_owned());
            }
        }
    }
}
