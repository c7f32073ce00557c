//! Answer sheets that come in: a file waits until it is confirmed, then its sheets are attempts like others, and until the
//! test is closed the file can be undone as a whole. A printed test is not closed before its sheets are said to be in.

use std::collections::BTreeMap;

use serde_json::json;

use super::{
    answers::Fault,
    attempt::{Sat, written},
    marking, printed,
    sheets::{Read, Sheet},
    test::{self, State, Test},
};
use crate::{
    audit::{self, Guarded},
    auth::account::Refused,
    clock::chinese,
    db::{Row, Tx, Value},
    scope::Actor,
};

/// µs after which a file that nobody has settled is forgotten.
const KEPT: i64 = 24 * 3_600_000_000;
/// Files that one account may leave waiting.
pub const MOST: i64 = 10;
/// A test that waits for sheets: it was printed, and nobody has said that they are in. `t` is the test.
pub(super) const WAITS: &str = "exists (select 1 from test_form f where f.test_id = t.row_id) \
                                and not exists (select 1 from test_sheets_in e where e.test_id = t.row_id)";

/// A file that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staged {
    /// Its number.
    pub id: i64,
    /// What it was called.
    pub file: String,
    /// What it holds.
    pub read: Read,
}

/// A file that was confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entered {
    /// Its number.
    pub id: i64,
    /// What it was called.
    pub file: String,
    /// How many attempts came of it.
    pub taken: i64,
    /// When (µs) and by whom.
    pub confirmed: (i64, String),
    /// When, by whom and why it was undone.
    pub undone: Option<(i64, String, String)>,
}

/// Why no sheet is taken of persons who have an attempt already, by person.
///
/// # Errors
/// When the store cannot be read.
pub fn barred(tx: &mut Tx<'_>, test: i64) -> anyhow::Result<BTreeMap<i64, String>> {
    let sql = "select a.person_id, a.sheet_file, f.file from attempt a left join sheet_file f on f.row_id = a.sheet_file \
               where a.test_id = $1 order by a.row_id";
    let mut barred = BTreeMap::new();
    tx.each(sql, &[test.into()], |r| {
        let why = match r.opt_i64(1)? {
            Some(_) => format!("这个人的答卷已经录入（{}），一人只能有一份", r.opt_text(2)?.unwrap_or_default()),
            None => "这个人已在电脑上作答，不能再录入纸面答卷".into(),
        };
        barred.entry(r.i64(0)?).or_insert(why);
        Ok(())
    })?;
    Ok(barred)
}

/// Keeps what a file holds for its account, and forgets what has waited too long; `None` where too many wait.
///
/// # Errors
/// When the store cannot be written.
pub fn keep(
    tx: &mut Tx<'_>,
    (account, test): (i64, i64),
    file: &str,
    read: &Read,
    now: i64,
) -> anyhow::Result<Option<i64>> {
    tx.execute("delete from sheet_file where confirmed_at is null and made_at < $1", &[(now - KEPT).into()])?;
    let sql = "select count(*) from sheet_file where account_id = $1 and confirmed_at is null";
    if tx.one(sql, &[account.into()], |r| r.i64(0))?.unwrap_or(0) >= MOST {
        return Ok(None);
    }
    let refused: Vec<(u32, Option<usize>, &str)> =
        read.refused.iter().map(|f| (f.row, f.column, f.reason.as_str())).collect();
    let sql = "insert into sheet_file (test_id, account_id, file, sheets, refused, blank, made_at) \
               values ($1, $2, $3, $4, $5, $6, $7) returning row_id";
    let params: [Value; 7] = [
        test.into(),
        account.into(),
        file.into(),
        serde_json::to_string(&read.sheets)?.into(),
        serde_json::to_string(&refused)?.into(),
        (read.blank as i64).into(),
        now.into(),
    ];
    tx.one(sql, &params, |r| r.i64(0))
}

/// A file of an account that waits, for a test.
///
/// # Errors
/// When the store cannot be read.
pub fn get(tx: &mut Tx<'_>, (account, test): (i64, i64), id: i64) -> anyhow::Result<Option<Staged>> {
    let sql = "select row_id, file, sheets, refused, blank from sheet_file \
               where row_id = $1 and account_id = $2 and test_id = $3 and confirmed_at is null";
    tx.one(sql, &[id.into(), account.into(), test.into()], |r| {
        let refused: Vec<(u32, Option<usize>, String)> = serde_json::from_str(r.text(3)?)?;
        let refused = refused.into_iter().map(|(row, column, reason)| Fault { row, column, reason }).collect();
        let sheets: Vec<Sheet> = serde_json::from_str(r.text(2)?)?;
        let blank = usize::try_from(r.i64(4)?).unwrap_or(0);
        Ok(Staged { id: r.i64(0)?, file: r.text(1)?.to_owned(), read: Read { sheets, refused, blank } })
    })
}

/// How many sheets were entered from a file of an account that does not wait any more; `None` where it was not confirmed.
///
/// # Errors
/// When the store cannot be read.
pub fn taken(tx: &mut Tx<'_>, (account, test): (i64, i64), id: i64) -> anyhow::Result<Option<i64>> {
    let sql = "select taken from sheet_file where row_id = $1 and account_id = $2 and test_id = $3 \
               and confirmed_at is not null";
    Ok(tx.one(sql, &[id.into(), account.into(), test.into()], |r| r.opt_i64(0))?.flatten())
}

/// Gives up a file that waits.
///
/// # Errors
/// When the store cannot be written.
pub fn drop(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<()> {
    tx.execute("delete from sheet_file where row_id = $1 and confirmed_at is null", &[id.into()]).map(|_| ())
}

/// The files that were confirmed for a test, the latest first.
///
/// # Errors
/// When the store cannot be read.
pub fn of_test(tx: &mut Tx<'_>, test: i64) -> anyhow::Result<Vec<Entered>> {
    let sql = "select row_id, file, taken, confirmed_at, confirmed_by, undone_at, undone_by, reason from sheet_file \
               where test_id = $1 and confirmed_at is not null order by row_id desc";
    tx.rows(sql, &[test.into()], entered)
}

fn entered(r: &Row<'_>) -> anyhow::Result<Entered> {
    let text = |i| anyhow::Ok(r.opt_text(i)?.unwrap_or_default().to_owned());
    let undone = match r.opt_i64(5)? {
        Some(at) => Some((at, text(6)?, text(7)?)),
        None => None,
    };
    let confirmed = (r.opt_i64(3)?.unwrap_or_default(), text(4)?);
    Ok(Entered {
        id: r.i64(0)?,
        file: r.text(1)?.to_owned(),
        taken: r.opt_i64(2)?.unwrap_or_default(),
        confirmed,
        undone,
    })
}

/// Why sheets cannot be entered now (µs): nothing was printed, it has not begun, it is over.
///
/// # Errors
/// [`Refused`].
pub fn open(test: &Test, printed: usize, now: i64) -> Result<(), Refused> {
    match test.state {
        State::Closed => Err(Refused("考试已结束，成绩已登记，不能再录入或撤回答卷。".into())),
        State::Draft => Err(Refused("考试还没有发布。".into())),
        State::Open if printed == 0 => Err(Refused("这场考试没有打印过试卷，请先在考试页打印。".into())),
        State::Open if now < test.rules.opens => {
            Err(Refused(format!("考试还没有开始，{}起可以录入。", chinese(test.rules.opens))))
        }
        State::Open => Ok(()),
    }
}

/// The test as it stands in this transaction, where sheets may come in or go.
fn opened(tx: &mut Tx<'_>, id: i64, now: i64) -> anyhow::Result<Test> {
    let test = test::get(tx, id)?.ok_or_else(|| Refused("没有这场考试。".into()))?;
    let printed = printed::of_test(tx, id)?.len();
    open(&test, printed, now)?;
    Ok(test)
}

/// Makes attempts of the sheets of a file that waits, all of them or none; gives how many. They count as ended now, or at
/// the end of the test where that is over.
///
/// # Errors
/// [`Refused`] where something has changed since the file was checked; else when the store cannot be written.
pub fn take(tx: &mut Tx<'_>, actor: &Actor, sat: &Sat, staged: &Staged, now: i64) -> anyhow::Result<usize> {
    let test = opened(tx, sat.test.id, now)?;
    let sql = "update sheet_file set confirmed_at = $2, confirmed_by = $3, taken = $4, sheets = '[]', refused = '[]' \
               where row_id = $1 and confirmed_at is null";
    let count = staged.read.sheets.len();
    let params: [Value; 4] = [staged.id.into(), actor.at.into(), actor.name.as_str().into(), (count as i64).into()];
    if count == 0 || tx.execute(sql, &params)? == 0 {
        return Err(Refused("这个文件已经录入或放弃，请回到录入页面查看。".into()).into());
    }
    let forms: BTreeMap<char, String> =
        printed::of_test(tx, test.id)?.iter().map(|f| (f.letter, written(&f.asked))).collect();
    for sheet in &staged.read.sheets {
        let asked = forms.get(&sheet.letter).cloned().unwrap_or_default();
        attempt(tx, actor, sat, (sheet, &asked, staged.id), now.min(test.rules.closes))?;
    }
    let told = json!({ "file": staged.file, "sheets": count });
    test::tell(tx, actor, &format!("录入纸面答卷{count}份"), (test.id, &test.rules), &told);
    Ok(count)
}

fn attempt(
    tx: &mut Tx<'_>,
    actor: &Actor,
    sat: &Sat,
    (sheet, asked, file): (&Sheet, &str, i64),
    ended: i64,
) -> anyhow::Result<()> {
    let rules = &sat.test.rules;
    let sql = "insert into attempt (test_id, person_id, number, asked, begun_at, due_at, seat, ended_at, by_clock, \
               sheet_file, sheet_total, entered_by) select $1, $2, 1, $3, $4, $5, 0, $6, 0, $7, $8, $9 \
               where exists (select 1 from test_roll r where r.test_id = $1 and r.person_id = $2 and r.excused is null) \
               on conflict do nothing returning row_id";
    let params: [Value; 9] = [
        sat.test.id.into(),
        sheet.person.into(),
        asked.into(),
        rules.opens.into(),
        rules.closes.into(),
        ended.into(),
        file.into(),
        sheet.total.into(),
        actor.name.as_str().into(),
    ];
    let Some(id) = tx.one(sql, &params, |r| r.i64(0))? else {
        let why = format!("第{}行的人在上传后已经作答、录入或免考，没有录入任何答卷。请放弃后重新上传。", sheet.row);
        return Err(Refused(why).into());
    };
    let rows: Vec<[Value; 9]> = sheet
        .answers
        .iter()
        .map(|a| {
            let (by, at) = (a.marks.map(|_| actor.name.clone()), a.marks.map(|_| actor.at));
            [
                id.into(),
                (a.question as i64).into(),
                1_i64.into(),
                a.answer.as_str().into(),
                0_i64.into(),
                ended.into(),
                a.marks.into(),
                by.into(),
                at.into(),
            ]
        })
        .collect();
    let columns =
        ["attempt_id", "question", "sequence", "answer", "flagged", "saved_at", "marks", "marked_by", "marked_at"];
    tx.bulk("attempt_answer", &columns, rows.iter().map(|r| &r[..]))?;
    let score = marking::score(tx, sat, id)?;
    tx.execute("update attempt set score = $2 where row_id = $1", &[id.into(), score.into()])?;
    audit::guard(tx, Guarded::Attempt, id);
    Ok(())
}

/// Takes the attempts of a confirmed file away again, all of them, with a reason; gives how many.
///
/// # Errors
/// [`Refused`] where the test is closed or the file undone already; else when the store cannot be written.
pub fn undo(tx: &mut Tx<'_>, actor: &Actor, (test, id): (i64, i64), reason: &str, now: i64) -> anyhow::Result<usize> {
    let test = opened(tx, test, now)?;
    let sql = "update sheet_file set undone_at = $3, undone_by = $4, reason = $5 where row_id = $1 and test_id = $2 \
               and confirmed_at is not null and undone_at is null returning file";
    let params: [Value; 5] = [id.into(), test.id.into(), actor.at.into(), actor.name.as_str().into(), reason.into()];
    let Some(file) = tx.one(sql, &params, |r| Ok(r.text(0)?.to_owned()))? else {
        return Err(Refused("没有这个文件，或已经撤回。".into()).into());
    };
    let attempts = tx.rows("select row_id from attempt where sheet_file = $1", &[id.into()], |r| r.i64(0))?;
    for attempt in &attempts {
        tx.execute("delete from attempt_answer where attempt_id = $1", &[(*attempt).into()])?;
        tx.execute("delete from attempt_rescored where attempt_id = $1", &[(*attempt).into()])?;
        tx.execute("delete from attempt where row_id = $1", &[(*attempt).into()])?;
        audit::guard(tx, Guarded::Attempt, *attempt);
    }
    let told = json!({ "file": file, "sheets": attempts.len(), "reason": reason });
    test::tell(tx, actor, &format!("撤回纸面答卷{}份", attempts.len()), (test.id, &test.rules), &told);
    Ok(attempts.len())
}

/// Whether a test waits for sheets.
///
/// # Errors
/// When the store cannot be read.
pub fn waits(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<bool> {
    let sql = format!("select 1 from test t where t.row_id = $1 and t.state = 'open' and {WAITS}");
    Ok(tx.one(&sql, &[id.into()], |r| r.i64(0))?.is_some())
}

/// Says that all sheets are in: the test is closed when its time is over and all is marked.
///
/// # Errors
/// [`Refused`] where it is closed, was not printed, or it was said before; else when the store cannot be written.
pub fn end(tx: &mut Tx<'_>, actor: &Actor, test: i64, now: i64) -> anyhow::Result<()> {
    let test = opened(tx, test, now)?;
    let sql = "insert into test_sheets_in (test_id, ended_at, ended_by) values ($1, $2, $3) on conflict do nothing";
    if tx.execute(sql, &[test.id.into(), actor.at.into(), actor.name.as_str().into()])? == 0 {
        return Err(Refused("已经登记为录入完毕。".into()).into());
    }
    test::tell(tx, actor, "纸面答卷录入完毕", (test.id, &test.rules), &json!({}));
    Ok(())
}
