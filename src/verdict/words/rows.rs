//! The rows that a measure reads, in words: whose they are, which of them, by which day.

use super::{
    Context,
    clause::conditions,
    noun::{path, rows_title, table_of, this},
    period,
};
use crate::{
    directive::model::{At, Each, LedgerKind, Of, Part, Source, When},
    verdict::{
        kind::Kind,
        world::{PERSON, UNIT},
    },
};

/// A source in words.
pub(super) struct Rows {
    /// `本单位的班次与活动`, `该重点项目判定之日在册的服务专班成员`, `年初在岗的人员`.
    pub(super) noun: String,
    /// Conditions, relations included.
    pub(super) conds: Vec<String>,
    /// `按开始日期计入当季`; empty where the rows are there on a day.
    pub(super) dating: String,
}

impl Rows {
    /// `指导记录中，帮带对象确认日期已填的，按指导日期计入当月`, to be followed by a comma.
    pub(super) fn clause(&self) -> String {
        let which = if self.conds.is_empty() { String::new() } else { format!("中，{}的", self.conds.join("、")) };
        let dating = if self.dating.is_empty() { String::new() } else { format!("，{}", self.dating) };
        format!("{}{which}{dating}", self.noun)
    }

    /// The same as a noun: `企业评价中类型为“调查”的`.
    pub(super) fn whole(&self) -> String {
        match self.conds.is_empty() {
            true => self.noun.clone(),
            false => format!("{}中{}的", self.noun, self.conds.join("、")),
        }
    }
}

/// The window that bounds a part.
pub(super) fn window<'a>(ctx: Context<'a>, part: &'a Part) -> &'a When {
    part.by.as_ref().unwrap_or(&ctx.requirement.when)
}

/// Says a source of a part.
pub(super) fn rows(ctx: Context<'_>, part: &Part, source: &Source) -> Rows {
    let when = window(ctx, part);
    let table = table_of(ctx.layout, source);
    let mut conds = relations(ctx, source, table);
    conds.extend(conditions(ctx, table, &source.filter, false));
    let dating = dating(ctx, when, source, table);
    Rows { noun: noun(ctx, when, source, table), conds, dating }
}

fn noun(ctx: Context<'_>, when: &When, source: &Source, table: usize) -> String {
    let there = there(ctx, Some(when), source).map(|t| format!("{t}的")).unwrap_or_default();
    let unit = ctx.requirement.each == Each::Unit;
    match source.of {
        Of::Person => format!("{}{there}人员", if unit { "本单位" } else { "" }),
        Of::Unit => format!("{there}{}", if unit { "本单位及所属科室" } else { "单位" }),
        Of::Ledger(_) => {
            let whose = match (&ctx.requirement.each, source.via.is_empty()) {
                (Each::System, _) => String::new(),
                (_, false) if !unit => String::new(),
                _ => this(ctx),
            };
            let of = if whose.is_empty() || !there.is_empty() { "" } else { "的" };
            format!("{whose}{of}{there}{}", rows_title(ctx.layout, table))
        }
    }
}

/// `判定之日在册`, `年初在岗`; `None` where the rows are not asked for on a day.
pub(super) fn there(ctx: Context<'_>, when: Option<&When>, source: &Source) -> Option<String> {
    let when = when.unwrap_or(&ctx.requirement.when);
    let day = period::edge(when, source.at? == At::End);
    let word = match table_of(ctx.layout, source) {
        PERSON => "在岗",
        UNIT => "存续",
        _ => "在册",
    };
    Some(format!("{day}{word}"))
}

fn dating(ctx: Context<'_>, when: &When, source: &Source, table: usize) -> String {
    let ledger = &ctx.layout.ledgers[table];
    let own = match (&ledger.kind, source.at) {
        (LedgerKind::Event { day }, None) => Some(day),
        _ => None,
    };
    let Some(field) = source.dated.as_ref().or(own) else { return String::new() };
    format!("按{}{}", path(ctx.layout, table, &vec![field.clone()]).text, period::reckoned(when))
}

/// `via` as conditions: `谈话对象为本人`, `帮带对象与该导师帮带结对相同`.
fn relations(ctx: Context<'_>, source: &Source, table: usize) -> Vec<String> {
    let own = ctx.table();
    let words = source.via.iter().map(|(row, to)| {
        let name = path(ctx.layout, table, row).text;
        let Some(to) = to else { return format!("{name}为{}", this(ctx)) };
        let other = path(ctx.layout, own, to);
        match (other.text.as_str(), &other.kind) {
            ("本人", Kind::Ref(PERSON)) => format!("{name}为{}所指人员", this(ctx)),
            (other, _) if other == name => format!("{name}与{}相同", this(ctx)),
            (other, _) => format!("{name}为{}的{other}", this(ctx)),
        }
    });
    words.collect()
}
