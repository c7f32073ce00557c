//! 判定 `/verdicts/{requirement}/{subject}/{window}`: why this verdict, and what would change it?

use askama::Template;

use super::page::Page;
use super::parts::{Facts, Timeline};
use super::remedy::Lines;
use super::supervise;
use super::tag::{Light, Tag};
use super::url::segment;
use super::words::{Link, Words};

/// One verdict, explained. From the engine's explanation of requirement × subject × window, as of a day and as known
/// at an instant.
#[derive(Clone, Debug, Template)]
#[template(path = "verdict.html")]
pub struct Verdict {
    /// Frame.
    pub page: Page,
    /// The requirement: `干-21 导师每月指导不少于2次并留记录`.
    pub requirement: Link,
    /// `干-21`
    pub code: String,
    /// Name of the subject: `孙建国 带 林峰`, `柳溪县发改局`, `全市`.
    pub subject: String,
    /// Name of the window: `2025年6月`.
    pub window: String,
    /// Unit that owns the verdict; `None` for the whole system.
    pub unit: Option<Link>,
    /// State and light.
    pub tag: Tag,
    /// State and what is missing, in one sentence.
    pub lead: Words,
    /// One more line: how many rows count, what is asked for.
    pub lead_note: Words,
    /// The arithmetic, one line for each measure.
    pub sums: Vec<Sum>,
    /// 条款, 规则 in words, target with its dates, other facts of the rule.
    pub rule: Facts,
    /// The rows behind the numbers.
    pub records: Records,
    /// What would make it pass; empty when nothing is needed or nothing helps.
    pub needs: Vec<Need>,
    /// Why nothing is listed in `needs`; with both empty the paragraph is left out: `已达标，不需要补充。`, `窗口已关闭，不能补。`
    pub needs_none: String,
    /// `截止2025年7月7日`; empty without a last day.
    pub last_day: String,
    /// The last day is over and the verdict is not met.
    pub overdue: bool,
    /// Consequences that were drafted.
    pub remedies: Lines,
    /// Matters that the office presses about it.
    pub matters: Vec<supervise::Line>,
    /// To press about it; `None` for who may not, and for a verdict that is neither missed nor behind.
    pub press: Option<Link>,
    /// What changed it, newest first.
    pub history: Timeline,
    /// As of and known at.
    pub moment: Moment,
    /// 要求版本, 组织架构, 重算核对 and other proofs.
    pub proofs: Facts,
    /// The same subject in the window before.
    pub previous: Option<Link>,
    /// The same subject in the window after.
    pub next: Option<Link>,
}

/// A line of arithmetic: `计入1次 ÷ 应有2次 = 完成50.0%，序时进度100.0%，落后50.0个百分点`.
#[derive(Clone, Debug, Default)]
pub struct Sum {
    /// Name and state of the part, where a requirement has several.
    pub part: Option<(String, Tag)>,
    /// The numbers.
    pub terms: Vec<Term>,
    /// What follows: light and words.
    pub outcome: Option<(Light, String)>,
}

/// A number with its name.
#[derive(Clone, Debug, Default)]
pub struct Term {
    /// What stands before it: `÷`, `=`, `，`; empty for the first.
    pub sign: String,
    /// What it is: `计入`.
    pub label: String,
    /// Number and unit: `1次`.
    pub value: String,
}

impl Term {
    /// `sign` `label` `value`.
    pub fn new(sign: &str, label: &str, value: impl Into<String>) -> Term {
        Term { sign: sign.into(), label: label.into(), value: value.into() }
    }
}

/// The rows that were looked at. Of a roll-up: the verdicts below it.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// `记录5条：计入1条，未计入4条`; empty where there is no verdict, and then nothing was looked at.
    pub title: String,
    /// Heads of the columns between the first and the last: `["指导日期", "内容", "登记"]`; the first names the row.
    pub heads: Vec<String>,
    /// Head of the last column: `是否计入及原因`.
    pub last_head: String,
    /// Rows that count, then rows that do not, each group with its name and number: `计入`, `1条`.
    pub groups: Vec<RecordGroup>,
    /// The whole list: the ledger with these conditions.
    pub all: Option<Link>,
    /// Why no row is listed.
    pub none: String,
}

/// Rows with the same fate.
#[derive(Clone, Debug, Default)]
pub struct RecordGroup {
    /// `计入`, `未计入`
    pub title: String,
    /// `4条`; when not all are listed: `4120条，只列前50条`.
    pub note: String,
    /// The rows.
    pub rows: Vec<RecordRow>,
}

/// One row.
#[derive(Clone, Debug, Default)]
pub struct RecordRow {
    /// Somebody doubts the record and waits for an answer.
    pub doubted: bool,
    /// Day or name, leading to the record (or to the verdict below).
    pub title: Link,
    /// One text for each head after the first.
    pub cells: Vec<String>,
    /// `计1次`, `重复`, `日期超出`, `已作废`, `待确认`: bold.
    pub outcome: String,
    /// The reason in words, with a link where it counts instead.
    pub reason: Words,
}

/// One way to make it pass.
#[derive(Clone, Debug, Default)]
pub struct Need {
    /// What to do.
    pub title: String,
    /// What it would bring, what will not help.
    pub note: String,
    /// Where it is done; none for who may not, and where nothing is to be recorded.
    pub links: Vec<Link>,
}

/// On which day and with which knowledge it was judged.
#[derive(Clone, Debug, Default)]
pub struct Moment {
    /// Address of the page without query: the form's and that of 恢复现在.
    pub path: String,
    /// ISO day.
    pub as_of: Typed,
    /// `2025-07-02T09:00`; empty is everything known.
    pub known_at: Typed,
    /// One sentence on the differences.
    pub note: String,
}

/// What stands in a field.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// The value, as typed when it cannot be read.
    pub value: String,
    /// What is wrong with it and how to mend it; empty if nothing.
    pub error: String,
}

/// Address of a verdict's page.
pub fn href(requirement: &str, subject: &str, window: &str) -> String {
    format!("/verdicts/{}/{}/{}", segment(requirement), segment(subject), segment(window))
}

impl Verdict {
    /// The fields of the form: id, label, type, content.
    fn fields(&self) -> [(&'static str, &'static str, &'static str, &Typed); 2] {
        [
            ("as_of", "按某日的组织架构和参数", "date", &self.moment.as_of),
            ("known_at", "按某时已录入的数据", "datetime-local", &self.moment.known_at),
        ]
    }

    /// Fields that could not be read: id and error.
    fn errors(&self) -> Vec<(&'static str, &str)> {
        let fields = self.fields().into_iter().filter(|(_, _, _, field)| !field.error.is_empty());
        fields.map(|(id, _, _, field)| (id, field.error.as_str())).collect()
    }

    /// `一`, `二`, … for the ways in which it can be made good.
    fn ordinal(i: &usize) -> String {
        crate::spelling::numeral(i + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinations_fit_into_an_address() {
        assert_eq!(href("R-02", "a1|u3", "by 2025-03-15"), "/verdicts/R-02/a1%7Cu3/by%202025-03-15");
    }
}
