//! The words under which offices keep a column.

use std::collections::HashMap;

use crate::directive::model::{Field, FieldType, Ledger};

use super::{
    RawCell, Row,
    header::{Answers, Target},
    norm,
};

/// The column of a marked copy that says what is wrong.
pub(super) const FINDINGS: &str = "错误说明";

/// Heads that say that a column holds a date, and not which.
pub(super) const VAGUE: [&str; 4] = ["日期", "时间", "年月日", "年月"];

/// Every spelling of every column, with how far it is from the title (0).
pub(super) struct Words {
    /// The ledger's title as a key.
    title: String,
    /// Its fields that hold a date.
    dates: Vec<Target>,
    by_key: HashMap<String, Vec<(u8, Target)>>,
}

impl Words {
    /// The words of a ledger, its common columns included.
    pub(super) fn new(ledger: &Ledger) -> Words {
        let dated = |(i, f): (usize, &Field)| (f.ty == FieldType::Date).then_some(Target::Field(i));
        let dates = ledger.fields.iter().enumerate().filter_map(dated).collect();
        let mut words = Words { title: norm::key(&ledger.title), dates, by_key: HashMap::new() };
        for (i, field) in ledger.fields.iter().enumerate() {
            let target = Target::Field(i);
            words.add(&field.title, 0, target);
            words.add(field.short.as_deref().unwrap_or_default(), 1, target);
            words.add(&field.name, 2, target);
            for alias in &field.aliases {
                words.add(alias, 3, target);
            }
            let tails: &[&str] = match field.ty {
                FieldType::Person => &["姓名", "编号", "工号"],
                FieldType::Unit => &["名称", "编号", "编码"],
                FieldType::Ref(_) => &["编号", "编码", "名称"],
                _ => &[],
            };
            for tail in tails {
                words.add(&format!("{}{tail}", field.title), 5, target);
            }
        }
        for code in CODE_HEADS {
            words.add(code, 6, Target::Code);
        }
        for tail in ["编号", "编码", "代码"] {
            words.add(&format!("{}{tail}", ledger.title), 6, Target::Code);
        }
        if ledger.name == "person" {
            words.add("工号", 6, Target::Code);
        }
        if ledger.name != "unit" {
            for unit in UNIT_HEADS {
                words.add(unit, 6, Target::Unit);
            }
            for section in ["科室", "内设机构", "科室(内设机构)", "所在科室", "部门", "处室"] {
                words.add(section, 6, Target::Section);
            }
        }
        for running in ["序号", "序", "行号", "No.", "#", FINDINGS] {
            words.add(running, 7, Target::Ignored);
        }
        words
    }

    /// What people have said that heads mean goes before every spelling.
    pub(super) fn answered(mut self, answers: &Answers) -> Words {
        for (head, target) in answers {
            self.by_key.insert(head.clone(), vec![(0, *target)]);
        }
        self
    }

    fn add(&mut self, spelling: &str, rank: u8, target: Target) {
        let (key, bare) = (norm::key(spelling), norm::bare_key(spelling));
        for (key, rank) in [(bare, rank + 10), (key, rank)] {
            let list = self.by_key.entry(key).or_default();
            match list.iter_mut().find(|(_, t)| *t == target) {
                Some(known) => known.0 = known.0.min(rank),
                None => list.push((rank, target)),
            }
        }
    }

    /// What a head may mean: the nearest spelling, all of them if several are as near. What stands in
    /// brackets, in the head or in the title, is left out only where nothing matches with it. `own` is the head's among those
    /// of its row.
    pub(super) fn look(&self, own: &str, head: &str) -> (u8, Vec<Target>) {
        let by_key = |key: String, more: u8| self.by_key.get(&key).filter(|_| !key.is_empty()).map(|list| (more, list));
        let found = by_key(own.to_owned(), 0)
            .or_else(|| by_key(norm::key(head), 0))
            .or_else(|| by_key(norm::bare_key(head), 10));
        let Some((more, list)) = found else {
            let code = self.is_own_code(&norm::key(head));
            return (u8::MAX, if code { vec![Target::Code] } else { Vec::new() });
        };
        let nearest = list.iter().map(|(rank, _)| *rank).min().unwrap_or(u8::MAX);
        (nearest + more, list.iter().filter(|(rank, _)| *rank == nearest).map(|(_, t)| *t).collect())
    }

    /// The fields that hold a date.
    pub(super) fn dates(&self) -> &[Target] {
        &self.dates
    }

    /// Whether a head, by its key in its row, says that it is a date and not which: neither a field's own name nor answered.
    pub(super) fn is_vague(&self, own: &str) -> bool {
        let bare = own.split('#').next().unwrap_or_default();
        let named = [own, bare].iter().filter_map(|key| self.by_key.get(*key)).flatten().any(|(rank, _)| *rank < 2);
        VAGUE.contains(&bare) && !self.dates.is_empty() && !named
    }

    /// `结对编号` in 导师帮带结对, `项目编码` in 重点项目: a part of the title, then a word for a code.
    fn is_own_code(&self, key: &str) -> bool {
        let stem = ["编号", "编码", "代码"].iter().find_map(|tail| key.strip_suffix(tail));
        stem.is_some_and(|stem| !stem.is_empty() && self.title.contains(stem))
    }

    /// Different columns of the ledger that the row's cells name.
    pub(super) fn score(&self, row: &Row) -> usize {
        let (mut seen, mut dates): (Vec<Target>, usize) = (Vec::new(), 0);
        for cell in &row.cells {
            let RawCell::Text(text) = cell else { continue };
            if text.chars().count() > 60 {
                continue;
            }
            let key = norm::key(text);
            let found = self.look(&key, text).1;
            dates += usize::from(found.is_empty() && self.is_vague(&key));
            for target in found {
                if target != Target::Ignored && !seen.contains(&target) {
                    seen.push(target);
                }
            }
        }
        seen.len() + dates
    }
}

const CODE_HEADS: [&str; 3] = ["编号", "记录编号", "record_code"];
const UNIT_HEADS: [&str; 6] = ["单位", "所属单位", "所在单位", "单位名称", "工作单位", "unit"];

/// The head under which the record's code is written: 编号, or another word where a field has that name.
pub fn code_head(ledger: &Ledger) -> &'static str {
    head_for(Target::Code, &CODE_HEADS, ledger)
}

/// The head under which the record's unit is written: 单位, or another word where a field has that name.
pub fn unit_head(ledger: &Ledger) -> &'static str {
    head_for(Target::Unit, &UNIT_HEADS, ledger)
}

fn head_for(target: Target, heads: &[&'static str], ledger: &Ledger) -> &'static str {
    let words = Words::new(ledger);
    heads.iter().find(|h| words.look("", h).1 == [target]).unwrap_or(&heads[heads.len() - 1])
}

/// `填表人：王一`: one of the words, perhaps a little more, then a colon.
pub(super) fn starts_with_colon_word(row: &Row, words: &[&str]) -> bool {
    let first = row.cells.iter().find_map(|c| match c {
        RawCell::Text(text) => Some(norm::plain(text.trim()).replace(' ', "")),
        _ => None,
    });
    first.is_some_and(|text| words.iter().any(|w| text.strip_prefix(w).is_some_and(|rest| rest.starts_with(':'))))
}
