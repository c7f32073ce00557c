//! What a check has found, in the words and numbers of a batch's page.

use std::collections::HashMap;

use super::{
    import_findings, record_links,
    view::{
        imports::{OneImport, Sum},
        words::Link,
    },
};
use crate::{
    clock,
    db::Tx,
    directive::model::Ledger,
    intake::{
        Alike, Report, Same,
        batch::{self, Batch, State as Stands},
    },
};

/// Findings on the page.
const SHOWN: usize = 100;
/// Heads that are named where one is missing.
const HEADS: usize = 20;

/// What the imports are called that the report names: by the batch that each was; one of the command line by its own number.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn imports_named(tx: &mut Tx<'_>, report: &Report) -> anyhow::Result<Called> {
    let same = report.same.iter().filter_map(|s| s.import);
    let imports: Vec<i64> = report.before.iter().map(|b| b.0).chain(same).collect();
    let batches = batch::of_imports(tx, &imports)?;
    let name = |import: i64| match batches.get(&import) {
        Some(batch) => format!("第{batch}号"),
        None => format!("命令行导入的第{import}次"),
    };
    Ok(imports.into_iter().map(|import| (import, name(import))).collect())
}

/// What imports are called.
pub(super) type Called = HashMap<i64, String>;

/// That there is nothing to write, and why.
pub(super) fn nothing(view: &mut OneImport, batch: &Batch, (report, called): (&Report, &Called)) {
    if !batch.note.is_empty() {
        view.warned.push(batch.note.clone());
    }
    view.warned.extend(report.older.iter().cloned());
    told_missing(view, report);
    let rows = match report.total {
        0 => "文件里没有记录".to_owned(),
        total if !report.missing.is_empty() => format!("共{total}行，缺必填的列"),
        total => format!("共{total}行，{}行已在台账中，{}行有误", report.known, report.bad),
    };
    view.said.push(format!("{rows}。没有可写入的行，没有写入任何数据；这一批到此结束，不用确认。"));
    if report.error_count > 0 && !batch.new.held.is_empty() {
        view.said.push("请下载标出错误的文件，改好后重新上传；台账里已有的行不会重复写入。".into());
    }
    told_before(view, (report, called));
    findings(view, (report, called));
}

/// That required columns are missing, where the row of heads was found, what stands in it, and how it is mended.
pub(super) fn told_missing(view: &mut OneImport, report: &Report) {
    // Of a file that looks like another ledger's this is said already.
    if report.missing.is_empty() || report.unlike.as_ref().is_some_and(|u| u.rather.is_some()) {
        return;
    }
    let sheet = if report.sheet.is_empty() { String::new() } else { format!("工作表“{}”的", report.sheet) };
    let heads = report.columns.iter().take(HEADS).map(|c| c.head.as_str()).collect::<Vec<_>>().join("、");
    let more = if report.columns.len() > HEADS { format!("等{}列", report.columns.len()) } else { String::new() };
    let other = if report.questions.is_empty() { "" } else { "，或者在下面指明哪一列是它" };
    view.warned.push(format!(
        "缺必填的列：“{}”，一行也不能写入。表头在{sheet}第{}行，各列是：{heads}{more}。请在这一行补上缺的列并逐行填写，或者把相应的列改成这个名称，再重新上传{other}；第{}行不是表头的，请删去这一行，只留真正的表头。",
        report.missing.join("”“"),
        report.header,
        report.header,
    ));
}

/// When the same file was imported before.
pub(super) fn told_before(view: &mut OneImport, (report, called): (&Report, &Called)) {
    for (number, when, by) in &report.before {
        let number = called.get(number).map_or("", String::as_str);
        view.said.push(format!("这个文件已于{when}由{by}导入过（{number}），相同的行不会重复写入。"));
    }
}

/// Rows that may be there already, and which records they equal.
pub(super) fn told_alike(view: &mut OneImport, ledger: Option<&Ledger>, report: &Report) {
    let (count, rows) = &report.alike_rows;
    if *count == 0 {
        return;
    }
    view.warned.push(format!(
        "疑似重复{count}行（第{rows}行）：没有编号，而必填的各列、文件与台账都填了的各列，与台账中已有的一条记录相同，\
         一并写入会各多出一条。\
         是同一件事的，确认时选“不写入”（要更正的，在文件中补上编号后重新上传）；确是另一件事的，选“一并写入”。"
    ));
    let link = |a: &Alike| {
        let href = ledger.map_or_else(String::new, |l| record_links::record_href(l, &a.record));
        let told = match a.once.is_empty() {
            true => format!("第{}行与它各列相同", a.row),
            false => format!("第{}行与它相同，只有一方填了：{}", a.row, a.once.join("、")),
        };
        (told, Link::new(format!("编号{}", a.record), href))
    };
    view.alike = report.alike.iter().take(SHOWN).map(link).collect();
    view.alike_count = *count;
}

/// Numbers, errors, remarks and columns of a check.
pub(super) fn findings(view: &mut OneImport, (report, called): (&Report, &Called)) {
    let place = if report.sheet.is_empty() {
        format!("第{}行是表头", report.header)
    } else {
        format!("工作表“{}”，第{}行是表头", report.sheet, report.header)
    };
    let kind = match (report.new, report.corrections) {
        (0, 0) => "没有可以写入的".to_owned(),
        (_, 0) => "全部为新增".to_owned(),
        (0, _) => "全部为更正".to_owned(),
        (new, corrections) => format!("新增{new}条，更正{corrections}条"),
    };
    let kind = match report.alike_rows.0 {
        0 => kind,
        n => format!("{kind}，其中{n}行疑似重复"),
    };
    view.sums = vec![
        Sum { title: "文件共", value: report.total, unit: "行", note: place },
        Sum { title: "将写入", value: report.written(), unit: "条", note: kind },
        Sum { title: "已在台账中，跳过", value: report.known, unit: "行", note: known_note(report, called) },
        Sum {
            title: "有误，不导入",
            value: report.bad,
            unit: "行",
            note: if report.bad == 0 { String::new() } else { "改好后可再传，不会重复".into() },
        },
    ];
    (view.findings, view.finding_told) = import_findings::lines(&report.errors, SHOWN);
    view.finding_count = report.error_count;
    let (remarks, told) = import_findings::lines(&report.remarks, SHOWN);
    let hidden = report.remark_count.saturating_sub(told) + report.skipped.len().saturating_sub(SHOWN);
    view.remarks = remarks;
    view.remark_note = if hidden > 0 { format!("，另有{hidden}处没有列出") } else { String::new() };
    view.columns = report.columns.clone();
    view.skipped = report.skipped.iter().take(SHOWN).map(|(row, what)| format!("第{row}行　{what}，跳过")).collect();
    view.same = report.same.iter().map(|same| same_line(same, called)).collect();
    let mut beside = Vec::new();
    if report.corrections > 0 {
        let some = report.corrections > report.corrected.len();
        let first = if some { format!("，列出前{}条", report.corrected.len()) } else { String::new() };
        beside.push(format!("更正{}条{first}", report.corrections));
    }
    beside.extend((report.known > 0).then(|| format!("相同{}行", report.known)));
    view.beside = beside.join("；");
    view.corrected = report.corrected.clone();
    if !report.passed.is_empty() {
        view.skipped.push(format!("工作表“{}”里没有这一台账的表头，没有读", report.passed.join("”“")));
    }
    if !report.others.is_empty() {
        view.skipped.push(format!("只读一个工作表，没有读：{}", report.others.join("、")));
    }
}

/// Where the rows that stand come from, in a few words.
fn known_note(report: &Report, called: &Called) -> String {
    match report.same.as_slice() {
        [Same { import: Some(import), .. }] => format!("与{}写入的相同", called.get(import).map_or("", String::as_str)),
        [] => "没有相同的行".into(),
        _ => "各栏目都相同".into(),
    }
}

fn same_line(same: &Same, called: &Called) -> String {
    let from = match same.import {
        Some(import) => format!("与{}写入的", called.get(&import).map_or("", String::as_str)),
        None => "与已登记的".into(),
    };
    format!("第{}行：{from}相同，共{}行，跳过", same.rows, same.count)
}

/// What was written.
pub(super) fn done(view: &mut OneImport, batch: &Batch, (report, called): (&Report, &Called), undone: Option<&str>) {
    match (batch.state, undone) {
        (_, Some(undone)) => view.said.push(format!("这一批已于{undone}，其中的记录已作废，更正过的已恢复原样。")),
        (Stands::Failed, _) => view.warned.push(batch.note.clone()),
        _ => {
            let (left, written) = match report.alike_rows.0 {
                0 => (String::new(), String::new()),
                n if batch.leave_alike => (format!("{n}行疑似重复，按您的选择没有写入，"), String::new()),
                n => (String::new(), format!("（其中疑似重复{n}行，按您的选择一并写入）")),
            };
            view.said.push(format!(
                "写入{}条{written}，跳过{}行（已在台账中），{left}{}行有误没有导入。相关判定已重新计算。",
                batch.counts.0, report.known, report.bad
            ));
        }
    }
    if batch.import.is_some() {
        view.said.push(format!("第{}号，{}　{}。", batch.id, clock::chinese(batch.changed), batch.new.by));
    }
    if report.bad > 0 && undone.is_none() {
        view.findings = Vec::new();
        findings(view, (report, called));
        view.sums.clear();
    }
}

/// That nothing was written, and why where it was not simply dropped.
pub(super) fn dropped(view: &mut OneImport, batch: &Batch) {
    view.said.extend(Some(batch.note.clone()).filter(|note| !note.is_empty()));
    view.said.push("这一批已放弃或过期，没有写入任何数据；文件已删除。".into());
}
