//! Papers in the store: drafts that people write in, and what was issued under a number.

use anyhow::Context as _;
use serde_json::json;

use super::content::{Content, Kind, digest};
use crate::{
    audit::{self, Guarded},
    auth::account::Refused,
    day::Day,
    db::{Row, Tx, Value},
    figures::Period,
    paper::Wanted,
    scope::{Actor, Scope},
};

/// Held while a number is given, so that two never get the same.
const NUMBERS: i64 = 0x0070_6170_6572;

/// A paper as it is kept.
#[derive(Clone, Debug)]
pub struct Saved {
    /// Its number in the store.
    pub id: i64,
    /// What was asked for, to draw it again.
    pub wanted: Wanted,
    /// What stands in it.
    pub content: Content,
    /// [`digest`] of its figures.
    pub digest: String,
    /// When its figures were taken, µs.
    pub drawn_at: i64,
    /// Who took them.
    pub drawn_by: String,
    /// Counts every saving, so that who looks at an older one is told.
    pub version: i64,
    /// It was dropped.
    pub dropped: bool,
    /// How it was issued; `None` for a draft.
    pub issued: Option<Issued>,
}

/// How a paper was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Its number.
    pub number: Number,
    /// When, µs.
    pub at: i64,
    /// By whom.
    pub by: String,
    /// 成文日期.
    pub on: Day,
    /// SHA-256 of its file.
    pub file: String,
    /// Bytes of its file.
    pub bytes: i64,
    /// The checkpoint of the audit log by which its figures can be proved; empty without a key to sign it.
    pub checkpoint: String,
}

/// 发文字号.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// 发文机关代字.
    pub prefix: String,
    /// The year.
    pub year: i64,
    /// Counted in the year, from 1.
    pub sequence: i64,
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}〔{}〕{}号", self.prefix, self.year, self.sequence)
    }
}

const SELECT: &str = "select row_id, kind, period, unit_id, requirements, content, digest, drawn_at, drawn_by, version, \
                      dropped_at, year, prefix, sequence, issued_at, issued_by, issued_on, file, bytes, checkpoint from paper";

fn read(r: &Row<'_>) -> anyhow::Result<Saved> {
    let kind = Kind::parse(r.text(1)?).with_context(|| format!("paper holds the kind {}", r.text(1).unwrap_or("?")))?;
    let text = |i| anyhow::Ok(r.opt_text(i)?.unwrap_or_default().to_owned());
    let issued = match r.opt_i64(13)? {
        None => None,
        Some(sequence) => Some(Issued {
            number: Number { prefix: text(12)?, year: r.i64(11)?, sequence },
            at: r.i64(14)?,
            by: text(15)?,
            on: r.opt_text(16)?.and_then(Day::parse).unwrap_or_default(),
            file: text(17)?,
            bytes: r.opt_i64(18)?.unwrap_or(0),
            checkpoint: text(19)?,
        }),
    };
    let requirements = serde_json::from_str(r.text(4)?).context("paper.requirements")?;
    Ok(Saved {
        id: r.i64(0)?,
        wanted: Wanted { kind, period: Period::parse(r.text(2)?), unit: r.opt_i64(3)?, requirements },
        content: serde_json::from_str(r.text(5)?).context("paper.content")?,
        digest: text(6)?,
        drawn_at: r.i64(7)?,
        drawn_by: text(8)?,
        version: r.i64(9)?,
        dropped: r.opt_i64(10)?.is_some(),
        issued,
    })
}

/// Whether a paper is within a scope: of the whole for who sees the whole, of an organ for who has a role for it, which
/// reaches all below it.
pub fn reaches(scope: &Scope, unit: Option<i64>) -> bool {
    match (scope, unit) {
        (Scope::All, _) => true,
        (Scope::Within(_), Some(unit)) => scope.has_unit(unit),
        (Scope::Within(_), None) => false,
    }
}

/// Who reads papers.
#[derive(Clone, Copy, Debug)]
pub struct Eye<'a> {
    /// How far he sees.
    pub scope: &'a Scope,
    /// He works at drafts, or looks into how they come about: others see what was issued alone.
    pub drafts: bool,
}

/// Whether a paper may be read: what the scope reaches; and an issued one about the whole by everybody, to whom it is
/// addressed. A draft is seen by those who work at it.
pub fn readable(eye: Eye<'_>, saved: &Saved) -> bool {
    let reached = reaches(eye.scope, saved.wanted.unit);
    match saved.issued {
        Some(_) => reached || saved.wanted.unit.is_none(),
        None => reached && eye.drafts,
    }
}

/// One.
///
/// # Errors
/// When the store cannot be read.
pub fn get(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<Option<Saved>> {
    tx.one(&format!("{SELECT} where row_id = $1"), &[id.into()], read)
}

/// What a paper is called in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// Its number in the store.
    pub id: i64,
    /// Its kind.
    pub kind: Kind,
    /// `2025年第二季度`; empty for the present.
    pub period: String,
    /// Record id of the unit that it is about; `None` for the whole.
    pub unit: Option<i64>,
    /// 发文字号 of an issued one.
    pub number: Option<Number>,
}

/// What those that may be read and were not dropped are called, the newest first; their contents are not read.
///
/// # Errors
/// When the store cannot be read.
pub fn headings(tx: &mut Tx<'_>, eye: Eye<'_>) -> anyhow::Result<Vec<Heading>> {
    let (filter, units) = filter(tx, eye);
    let sql = format!(
        "select row_id, kind, period, unit_id, prefix, year, sequence from paper where {filter} order by row_id desc"
    );
    tx.rows(&sql, &[units.into()], |r| {
        let kind = r.text(1)?;
        let number = match r.opt_i64(6)? {
            None => None,
            Some(sequence) => {
                Some(Number { prefix: r.opt_text(4)?.unwrap_or_default().to_owned(), year: r.i64(5)?, sequence })
            }
        };
        Ok(Heading {
            id: r.i64(0)?,
            kind: Kind::parse(kind).with_context(|| format!("paper holds the kind {kind}"))?,
            period: Period::parse(r.text(2)?).map_or_else(String::new, |p| p.name()),
            unit: r.opt_i64(3)?,
            number,
        })
    })
}

/// The condition on papers that were not dropped and may be read ([`readable`]), with its one parameter.
fn filter(tx: &Tx<'_>, eye: Eye<'_>) -> (String, String) {
    let (seen, units) = match eye.scope {
        Scope::All => ("cast($1 as text) = ''".to_owned(), String::new()),
        Scope::Within(reach) => {
            let units: Vec<String> = reach.units.iter().map(i64::to_string).collect();
            (format!("(unit_id {} or unit_id is null and issued_at is not null)", tx.among("$1")), units.join(","))
        }
    };
    let state = if eye.drafts { "dropped_at is null" } else { "dropped_at is null and issued_at is not null" };
    (format!("{state} and {seen}"), units)
}

/// Those that may be read and were not dropped, drafts first, the newest first; and how many there are.
///
/// # Errors
/// When the store cannot be read.
pub fn list(tx: &mut Tx<'_>, eye: Eye<'_>, skip: i64, limit: i64) -> anyhow::Result<(Vec<Saved>, i64)> {
    let (filter, units) = filter(tx, eye);
    let all = tx.one(&format!("select count(*) from paper where {filter}"), &[units.as_str().into()], |r| r.i64(0))?;
    let sql = format!(
        "{SELECT} where {filter} order by case when issued_at is null then 0 else 1 end, row_id desc limit $2 offset $3"
    );
    Ok((tx.rows(&sql, &[units.into(), limit.into(), skip.into()], read)?, all.unwrap_or(0)))
}

fn told(tx: &mut Tx<'_>, actor: &Actor, what: &str, id: i64, content: &Content) {
    audit::guard(tx, Guarded::Paper, id);
    let title = format!("{what}第{id}号公文：{}", content.title());
    audit::note(
        tx,
        actor,
        audit::Kind::Paper,
        json!({ "title": title, "paper": id, "digest": digest(&content.figures) }),
    );
}

/// Keeps a draft.
///
/// # Errors
/// When the store cannot be written.
pub fn add(tx: &mut Tx<'_>, actor: &Actor, wanted: &Wanted, content: &Content) -> anyhow::Result<i64> {
    let sql = "insert into paper (kind, period, unit_id, requirements, content, digest, drawn_at, drawn_by, version) \
               values ($1, $2, $3, $4, $5, $6, $7, $8, 1) returning row_id";
    let params: [Value; 8] = [
        wanted.kind.as_str().into(),
        content.period.as_str().into(),
        wanted.unit.into(),
        serde_json::to_string(&wanted.requirements)?.into(),
        serde_json::to_string(content)?.into(),
        digest(&content.figures).into(),
        actor.at.into(),
        (&actor.name).into(),
    ];
    let id = tx.one(sql, &params, |r| r.i64(0))?.unwrap_or_default();
    told(tx, actor, "起草", id, content);
    Ok(id)
}

/// What was changed in a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saving {
    /// The words alone: the figures are those of before.
    Words,
    /// The figures were taken anew.
    Figures,
}

/// Keeps another content of a draft.
///
/// # Errors
/// [`Refused`] when somebody else was faster, or it is issued or dropped; else when the store cannot be written.
pub fn save(
    tx: &mut Tx<'_>,
    actor: &Actor,
    (id, version): (i64, i64),
    content: &Content,
    what: Saving,
) -> anyhow::Result<()> {
    let sql = "update paper set content = $3, digest = $4, version = version + 1, \
               drawn_at = case when cast($5 as bigint) = 1 then $6 else drawn_at end, drawn_by = case when cast($5 as bigint) = 1 then $7 else drawn_by end \
               where row_id = $1 and version = $2 and issued_at is null and dropped_at is null";
    let params: [Value; 7] = [
        id.into(),
        version.into(),
        serde_json::to_string(content)?.into(),
        digest(&content.figures).into(),
        i64::from(what == Saving::Figures).into(),
        actor.at.into(),
        (&actor.name).into(),
    ];
    if tx.execute(sql, &params)? == 0 {
        return Err(overtaken(tx, id)?.into());
    }
    told(tx, actor, if what == Saving::Figures { "重新取数" } else { "修改" }, id, content);
    Ok(())
}

/// A draft of that version, as whoever asks has seen it.
///
/// # Errors
/// As [`save`].
pub(super) fn draft(tx: &mut Tx<'_>, (id, version): (i64, i64)) -> anyhow::Result<Saved> {
    match get(tx, id)? {
        Some(saved) if saved.version == version && !saved.dropped && saved.issued.is_none() => Ok(saved),
        _ => Err(overtaken(tx, id)?.into()),
    }
}

/// Why a draft cannot be changed any more.
fn overtaken(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<Refused> {
    Ok(Refused(match get(tx, id)? {
        Some(Saved { issued: Some(i), .. }) => format!("已由{}印发，文号{}，不能再改。", i.by, i.number),
        Some(Saved { dropped: true, .. }) | None => "这份草稿已经不用了，不能再改。".into(),
        Some(_) => "您打开以后，别人改过这份草稿。您填写的内容留在下面，请对照页面上的现稿再保存。".into(),
    }))
}

/// Drops a draft.
///
/// # Errors
/// As [`save`].
pub fn drop(tx: &mut Tx<'_>, actor: &Actor, (id, version): (i64, i64)) -> anyhow::Result<()> {
    let sql = "update paper set dropped_at = $3, version = version + 1 \
               where row_id = $1 and version = $2 and issued_at is null and dropped_at is null";
    if tx.execute(sql, &[id.into(), version.into(), actor.at.into()])? == 0 {
        return Err(overtaken(tx, id)?.into());
    }
    if let Some(saved) = get(tx, id)? {
        told(tx, actor, "不用", id, &saved.content);
    }
    Ok(())
}

/// The next number of a year and a prefix.
///
/// # Errors
/// When the store cannot be read.
pub fn next(tx: &mut Tx<'_>, prefix: &str, year: i64) -> anyhow::Result<Number> {
    let sql = "select coalesce(max(sequence), 0) + 1 from paper where year = $1 and prefix = $2";
    let sequence = tx.one(sql, &[year.into(), prefix.into()], |r| r.i64(0))?.unwrap_or(1);
    Ok(Number { prefix: prefix.to_owned(), year, sequence })
}

/// The prefix that was used last; empty for none.
///
/// # Errors
/// When the store cannot be read.
pub fn last_prefix(tx: &mut Tx<'_>) -> anyhow::Result<String> {
    let sql = "select prefix from paper where issued_at is not null order by issued_at desc, row_id desc limit 1";
    Ok(tx.one(sql, &[], |r| Ok(r.opt_text(0)?.unwrap_or_default().to_owned()))?.unwrap_or_default())
}

/// Puts a draft in force under a number, whose file is there already. `false` if the number was given to another
/// meanwhile: then nothing is done.
///
/// # Errors
/// As [`save`].
pub fn issue(tx: &mut Tx<'_>, actor: &Actor, (id, version): (i64, i64), how: &Issued) -> anyhow::Result<bool> {
    tx.lock(&[NUMBERS])?;
    let Number { prefix, year, sequence } = &how.number;
    if next(tx, prefix, *year)?.sequence != *sequence {
        return Ok(false);
    }
    let sql = "update paper set version = version + 1, year = $3, prefix = $4, sequence = $5, issued_at = $6, issued_by = $7, \
               issued_on = $8, file = $9, bytes = $10, checkpoint = $11 \
               where row_id = $1 and version = $2 and issued_at is null and dropped_at is null";
    let params: [Value; 11] = [
        id.into(),
        version.into(),
        (*year).into(),
        prefix.as_str().into(),
        (*sequence).into(),
        how.at.into(),
        how.by.as_str().into(),
        how.on.into(),
        how.file.as_str().into(),
        how.bytes.into(),
        how.checkpoint.as_str().into(),
    ];
    if tx.execute(sql, &params)? == 0 {
        return Err(overtaken(tx, id)?.into());
    }
    audit::guard(tx, Guarded::Paper, id);
    let title = format!("印发第{id}号公文，文号{}", how.number);
    let payload = json!({ "title": title, "paper": id, "number": how.number.to_string(), "sha256": how.file });
    audit::note(tx, actor, audit::Kind::Paper, payload);
    Ok(true)
}
