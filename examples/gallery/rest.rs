//! A record, the chart, errors and help.

use dongliang::web::view::files::{File, Files, Upload};
use dongliang::web::view::lights::Lights;
use dongliang::web::view::org::{Org, OrgRow};
use dongliang::web::view::parts::{Change, Event, Timeline};
use dongliang::web::view::problem::Problem;
use dongliang::web::view::record::{Field, Record, Use};
use dongliang::web::view::search::{Group, Line, Search};
use dongliang::web::view::table::{Control, FilterForm, Input};
use dongliang::web::view::url::Query;
use dongliang::web::view::{Page, Words};

use dongliang::auth::Permission;

use crate::frame::{UNITS, link, page};

fn field(title: &str, value: Words) -> Field {
    Field { title: title.into(), words: value, ..Field::default() }
}

/// A record that was corrected.
pub(crate) fn record() -> Record {
    let event = |at: &str, iso: &str, key, words: Words| Event {
        at: at.into(),
        iso: iso.into(),
        key,
        words,
        ..Event::default()
    };
    let change = |field: &str, before: &str, after: &str| Change {
        field: field.into(),
        before: before.into(),
        after: after.into(),
    };
    let mut corrected =
        event("2025年6月3日 17:31", "2025-06-03T17:31", true, Words::new().strong("孙建国").text("　更正，第2版"));
    corrected.changes = vec![
        change("指导日期", "2025年5月29日", "2025年5月28日"),
        change("指导方面", "项目评审", "公文写作"),
        change("备注", "", "以改稿留存为准"),
    ];
    corrected.note = "原因：日期和方面录错".into();
    let long = "请示与报告的区别和行文规则；对象改写关于青云湾物流园用地的请示，理由压缩为三条，附件改列清单，一次通过。下一步：6月起由对象起草本股全部请示。";
    let used = |verdict: &str, word: &str, refused, note: &str| Use {
        verdict: link(verdict, "/verdicts/R-21/m101/2025-05"),
        word: word.into(),
        refused,
        note: note.into(),
    };
    Record {
        learning: None,
        namesake: None,
        saved: None,
        change: Some(("/ledgers/guidance/5801/correct".into(), "/ledgers/guidance/5801/void".into())),
        correction: None,
        errors: Default::default(),
        open: None,
        page: page("/ledgers/guidance/5801", "/ledgers/guidance"),
        ledger: link("指导记录", "/ledgers/guidance"),
        title: "孙建国指导林峰".into(),
        meta: "2025年5月28日　编号2025-0058".into(),
        voided: None,
        fields: vec![
            field("结对", Words::new().link("孙建国—林峰", "/ledgers/mentor_pair/101")),
            field("指导日期", "2025年5月28日".into()),
            field("指导方面", "公文写作".into()),
            field("指导方式", "批改文稿".into()),
            Field { long: true, ..field("指导要点", long.into()) },
            Field { derived: true, ..field("单位", "柳溪县发改局　项目股".into()) },
            Field { derived: true, ..field("年月", "2025年5月".into()) },
            field("确认日期", "2025年6月4日".into()),
            field("备注", Words::new()),
        ],
        files: Some(files()),
        history: Timeline(vec![
            corrected,
            event(
                "2025年5月29日 10:02",
                "2025-05-29T10:02",
                false,
                Words::new().strong("孙建国").text("　登记，第1版"),
            ),
        ]),
        doubts: Vec::new(),
        doubt: None,
        uses: vec![
            used("干-21 孙建国—林峰　2025年5月", "达标", false, "计1次，5月共3次，应有2次"),
            used("干-20 孙建国—林峰", "进行中", false, "公文写作第3次，写明的3个方面均有记录"),
            used("干-21 柳溪县　2025年5月", "达标", false, "经由孙建国—林峰；20对均达标"),
            used("干-21 孙建国—林峰　2025年6月", "不计入", true, "日期不在6月内"),
        ],
        uses_none: String::new(),
        referring: Vec::new(),
        previous: Some(link("2025-0057", "/ledgers/guidance/5800")),
        next: Some(link("2025-0059", "/ledgers/guidance/5802")),
    }
}

/// A search that found persons, a unit and a project.
pub(crate) fn search() -> Search {
    let line = |text: &str, note: &str| Line { link: link(text, "/ledgers/person/7"), note: note.into() };
    let group = |id: &str, title: &str, rows: Vec<Line>| Group {
        id: id.into(),
        title: title.into(),
        total: rows.len(),
        rows,
        ..Group::default()
    };
    let persons = vec![line("柳明", "柳溪县发改局 项目股　P0231"), line("柳青", "不在岗　P0012")];
    let all = Group {
        total: 31, more: Some(link("在列表中查找", "/people?q=柳")), ..group("person", "人员", persons)
    };
    let units = group("unit", "单位", vec![line("柳溪县发改局", "U12")]);
    let projects = group("project", "重点项目", vec![line("柳溪物流园", "柳溪县发改局　2025年1月8日起　XM-07")]);
    let (asked, groups) = ("柳".to_owned(), vec![all, units, projects]);
    Search { total: groups.iter().map(|g| g.total).sum(), groups, ..searched(&asked) }
}

/// A search in vain.
pub(crate) fn search_in_vain() -> Search {
    searched("刘阳")
}

fn searched(text: &str) -> Search {
    let input = Input::Text(text.into(), "名称、拼音首字母或编号".into());
    let control = Control { name: "q".into(), label: "搜索".into(), input, error: String::new() };
    Search {
        page: page("/search", "/search"),
        asked: text.into(),
        filter: FilterForm { query: Query::new("/search"), controls: vec![control] },
        total: 0,
        groups: Vec::new(),
    }
}

/// Two files, and how to send more.
fn files() -> Files {
    let file = |name: &str, size: &str, hash: &str| File {
        name: name.into(),
        href: "/ledgers/guidance/5801/files/1".into(),
        used: String::new(),
        size: size.into(),
        by: "孙建国　2025年6月3日 17:31".into(),
        hash: hash.into(),
    };
    let lines = vec![
        file("物流园用地请示（修改稿）.docx", "86KB", "9f3a 71c2 05de 88b1"),
        file("请示与报告对照表.xlsx", "41KB", "c417 2e90 6ab3 f20d"),
    ];
    let upload = Upload { action: "/ledgers/guidance/5801/files".into(), ..Upload::default() };
    Files { lines, upload: Some(upload), ..Files::default() }
}

/// A voided record that nothing counts.
pub(crate) fn voided() -> Record {
    Record {
        voided: Some(Words::from("周敏于2025年6月16日10:05作废。原因：重复登记，只保留本人登记的一条。")),
        doubts: Vec::new(),
        doubt: None,
        uses: Vec::new(),
        uses_none: "已作废的记录不计入判定。".into(),
        referring: vec![link("企业评价2条", "/ledgers/firm_voice?project=3")],
        ..record()
    }
}

/// The chart with one district unfolded.
pub(crate) fn org() -> Org {
    let row = |depth, name: &str, level: &str, heads: &str, charge: &str, persons| OrgRow {
        depth,
        unit: link(name, "/units/12"),
        level: level.into(),
        heads: heads.into(),
        charge: charge.into(),
        persons,
        persons_href: "/people?unit=12".into(),
        from: "2019年3月1日".into(),
        to: String::new(),
        fold: (depth == 1 && level == "区县单位").then(|| link("展开5个科室", "/org?open=12")),
    };
    let mut rows = vec![row(0, "云州市发展和改革委员会", "市级单位", "主任：陈志远", "", 1003)];
    for name in UNITS.iter().filter(|n| n.ends_with('科') || n.ends_with('室')) {
        rows.push(row(1, name, "科室", "科长：何静", "李国栋", 14));
    }
    for name in UNITS.iter().filter(|n| n.ends_with('局')) {
        rows.push(row(1, name, "区县单位", if *name == "梅岗县发改局" { "" } else { "局长：黄文斌" }, "", 46));
        if *name == "柳溪县发改局" {
            if let Some(last) = rows.last_mut() {
                last.fold = Some(link("收起", "/org"));
            }
            rows.push(row(2, "办公室", "科室", "主任：胡立新", "沈玉兰", 6));
            rows.push(row(2, "综合股", "科室", "股长：周敏", "沈玉兰", 8));
            rows.push(OrgRow {
                to: "2025年12月31日".into(), ..row(2, "投资股", "科室", "股长：马骏", "唐立新", 7)
            });
        }
    }
    Org {
        page: page("/org", "/org"),
        day: "2025-10-20".into(),
        day_title: "2025年10月20日".into(),
        error: String::new(),
        summary: "1个市级单位，12个区县单位，69个科室；在岗1003人。".into(),
        rows,
        changes: Timeline(vec![Event {
            at: "2025年5月1日".into(),
            iso: "2025-05-01".into(),
            key: true,
            words: Words::from("柳溪县发改局项目投资股分设为")
                .link("投资股", "/units/121")
                .text("、")
                .link("项目股", "/units/122"),
            note: "登记：周敏，2025年5月6日 9:20".into(),
            ..Event::default()
        }]),
    }
}

/// A day before everything, and one that is none.
pub(crate) fn org_error() -> Org {
    Org {
        day: "二月三十".into(),
        error: "“二月三十”不是有效日期，请按2025-02-28的样子填写。".into(),
        rows: Vec::new(),
        summary: "没有单位。".into(),
        changes: Timeline::default(),
        ..org()
    }
}

/// 404.
pub(crate) fn not_found() -> Problem {
    Problem::not_found(page("/nothing", ""))
}

/// 400.
pub(crate) fn invalid() -> Problem {
    Problem::invalid(
        page("/ledgers/talk", ""),
        vec!["每页条数“1000000”过大，可用20、50、100。".into(), "“page=abc”不是页码，请填1、2、3等数字。".into()],
    )
}

/// 500, with a store that cannot be read.
pub(crate) fn internal() -> Problem {
    Problem::internal(Page { printed_at: "2025年10月20日 9:30".into(), ..Page::default() }, "7F3A-22".into())
}

/// Help.
pub(crate) fn lights() -> Lights {
    Lights { page: page("/help/lights", ""), yellow_from: 10, red_above: 30 }
}

/// No permission.
pub(crate) fn forbidden() -> Problem {
    Problem::forbidden(page("/people/export", ""), Permission::ExportPeople, &["吴海燕".into()])
}
