//! 判定: of a pair, without data, of a unit's roll-up, with a wrong day in the form.

use dongliang::web::view::parts::{Change, Event, Fact, Facts, Timeline};
use dongliang::web::view::remedy::Lines;
use dongliang::web::view::verdict::{Moment, Need, RecordGroup, RecordRow, Records, Sum, Term, Typed, Verdict};
use dongliang::web::view::{Light, State, Tag, Words};

use crate::frame::{link, page, texts};

const PATH: &str = "/verdicts/R-21/m101/2025-09";

fn row(day: &str, cells: [&str; 3], outcome: &str, reason: Words) -> RecordRow {
    let title = link(day, "/ledgers/guidance/5801");
    RecordRow { doubted: false, title, cells: texts(cells), outcome: outcome.into(), reason }
}

fn records() -> Records {
    let counted =
        row("9月11日", ["项目评审：云溪冷链项目可研报告", "周敏，9月16日 10:05", "9月16日"], "计1次", Words::new());
    let voided = row(
        "9月10日",
        ["项目评审：云溪冷链项目可研报告", "周敏，9月11日 17:20", "9月12日"],
        "已作废",
        "日期录错，由9月11日的记录替代（周敏，9月16日）".into(),
    );
    let not_counted = vec![
        row(
            "9月27日",
            ["项目评审：现场踏勘与审查意见", "孙建国，10月1日 8:40", ""],
            "未确认",
            "林峰确认后计1次".into(),
        ),
        row(
            "9月11日",
            ["项目评审：云溪冷链项目可研报告", "周敏（批量导入），10月1日 9:02", ""],
            "未确认",
            "林峰确认后计1次".into(),
        ),
        voided,
        row(
            "8月23日",
            ["公文写作：二季度投资运行分析", "孙建国，9月3日 17:31", "9月4日"],
            "日期超出",
            Words::from("不在9月内，已计入").link("8月", "/verdicts/R-21/m101/2025-08"),
        ),
    ];
    let group = |title: &str, rows: Vec<RecordRow>| RecordGroup {
        title: title.into(),
        note: format!("{}条", rows.len()),
        rows,
    };
    Records {
        title: "记录5条：计入1条，未计入4条".into(),
        heads: texts(["指导日期", "内容", "登记", "林峰确认"]),
        last_head: "是否计入及原因".into(),
        groups: vec![group("计入", vec![counted]), group("未计入", not_counted)],
        all: Some(link("指导记录台账", "/ledgers/guidance?pair=m101")),
        none: String::new(),
    }
}

fn event(at: &str, iso: &str, key: bool, words: &str, effect: Words) -> Event {
    Event { at: at.into(), iso: iso.into(), key, words: words.into(), effect, ..Event::default() }
}

fn history() -> Timeline {
    let effect = |text: &str, tag| Words::from(text).tag(tag);
    let mut shut = event(
        "2025年10月1日 0:00",
        "2025-10-01T00:00",
        true,
        "9月结束，系统判定",
        effect("进行中 → ", Tag::of(State::Fail)),
    );
    shut.note = "计入1次，应有2次。".into();
    let mut corrected = event(
        "2025年9月16日 10:05",
        "2025-09-16T10:05",
        true,
        "周敏更正指导记录，原记录作废",
        effect("1次 → 1次，", Tag::open(Light::Green)),
    );
    corrected.changes = vec![
        Change { field: "指导日期".into(), before: "2025年9月10日".into(), after: "2025年9月11日".into() },
        Change { field: "备注".into(), before: String::new(), after: "以会议室登记为准".into() },
    ];
    corrected.note = "原因：日期录错，以会议室登记为准".into();
    Timeline(vec![
        event(
            "2025年10月1日 9:02",
            "2025-10-01T09:02",
            false,
            "周敏批量导入指导记录，其中1条与9月11日重复",
            "1次，不变".into(),
        ),
        event(
            "2025年10月1日 8:40",
            "2025-10-01T08:40",
            false,
            "孙建国补录9月27日的指导，待林峰确认",
            "1次，不变".into(),
        ),
        shut,
        corrected,
        event(
            "2025年9月11日 17:20",
            "2025-09-11T17:20",
            true,
            "周敏登记9月10日的指导",
            effect("0次 → 1次，", Tag::open(Light::Green)),
        ),
    ])
}

fn moment() -> Moment {
    Moment {
        path: PATH.into(),
        as_of: Typed { value: "2025-10-20".into(), error: String::new() },
        known_at: Typed { value: "2025-10-20T09:00".into(), error: String::new() },
        note: "9月16日：序时50.0%，完成50.0%，绿灯。".into(),
    }
}

/// A pair that missed a month.
pub(crate) fn full() -> Verdict {
    Verdict {
        page: page(PATH, "/requirements"),
        requirement: link("干-21　导师每月指导不少于2次并留记录", "/requirements/R-21"),
        code: "干-21".into(),
        subject: "孙建国 带 林峰".into(),
        window: "2025年9月".into(),
        unit: Some(link("柳溪县发改局", "/units/12")),
        tag: Tag::of(State::Fail),
        lead: Words::new()
            .strong("未达标")
            .text("：应有2次指导，计入")
            .strong("1次")
            .text("，还差")
            .strong("1次")
            .text("。另有2条记录待林峰确认，9月27日的一条确认后即达标。"),
        lead_note: Words::from("登记5条，计入1条，未计入4条，各有原因。").link("查看记录", "#h-rec"),
        sums: vec![Sum {
            part: None,
            terms: vec![
                Term::new("", "计入", "1次"),
                Term::new("÷", "应有", "2次"),
                Term::new("=", "完成", "50.0%"),
                Term::new("，", "序时进度", "100.0%"),
            ],
            outcome: Some((Light::Red, "落后50.0个百分点".into())),
        }],
        rule: Facts(vec![
            Fact::new("条款", "二（二）三　导师每月至少指导帮带对象两次，每次留下记录"),
            Fact::new("规则", "数当月、经帮带对象确认、未作废的指导记录，不少于2次为达标。当月结束仍不足的，判未达标"),
            Fact::new(
                "应有次数",
                Words::from("2次（2025年1月1日起适用）；")
                    .link("2025年2月17日结对", "/ledgers/mentor_pair/101")
                    .text("，9月全月在帮，不折算"),
            ),
        ]),
        records: records(),
        needs: vec![
            Need {
                title: "林峰确认9月27日的指导记录".into(),
                note: "确认后计入2次，判定改为达标".into(),
                links: vec![link("补填9月27日的指导记录", "/ledgers/guidance/907/correct")],
            },
            Need {
                title: "补录9月内已发生、未登记的另1次指导".into(),
                note: "10月内的指导计入10月，不能补到9月".into(),
                links: vec![link("登记指导记录", "/ledgers/guidance/new?pair=101")],
            },
        ],
        needs_none: String::new(),
        last_day: "9月30日已到期".into(),
        overdue: true,
        matters: Vec::new(),
        press: None,
        remedies: Lines::default(),
        history: history(),
        moment: moment(),
        proofs: Facts(vec![
            Fact::new("要求版本", "2025年文件，第1版"),
            Fact::new("组织架构", "2025年9月30日：两人均在投资股"),
            Fact::new("重算核对", "10月20日 2:00全部重算，结果一致"),
        ]),
        previous: Some(link("2025年8月", "/verdicts/R-21/m101/2025-08")),
        next: Some(link("2025年10月", "/verdicts/R-21/m101/2025-10")),
    }
}

/// Papers are missing.
pub(crate) fn unknown() -> Verdict {
    Verdict {
        requirement: link("干-12　企业满意度不低于95%", "/requirements/R-12"),
        code: "干-12".into(),
        subject: "青云湾物流园".into(),
        window: "2025年".into(),
        tag: Tag::of(State::Unknown),
        lead: Words::new().strong("数据不足").text("：没有收到企业调查表，不判定，不亮灯；不按零分算，也不算达标。"),
        lead_note: Words::from("收到1份即可判定。"),
        sums: vec![Sum {
            part: None,
            terms: vec![Term::new("", "满意", "0份"), Term::new("÷", "收回", "0份")],
            outcome: Some((Light::None, "不判定，不亮灯".into())),
        }],
        records: Records {
            title: "记录0条".into(),
            none: "没有可计入的记录。".into(),
            all: None,
            ..Records::default()
        },
        needs: vec![Need {
            title: "收回企业调查表".into(),
            note: "由企业自己填写，单位不得代填".into(),
            links: Vec::new(),
        }],
        last_day: "截止2025年12月31日".into(),
        overdue: false,
        matters: Vec::new(),
        press: None,
        remedies: Lines::default(),
        history: Timeline::default(),
        proofs: Facts::default(),
        previous: None,
        next: None,
        ..full()
    }
}

/// A unit's roll-up of two parts.
pub(crate) fn rollup() -> Verdict {
    let below = |name: &str, figure: &str, tag: Tag| RecordRow {
        title: link(name, PATH),
        cells: texts([figure, "2次"]),
        outcome: tag.word().into(),
        ..RecordRow::default()
    };
    let sum = |title: &str, tag, terms| Sum { part: Some((title.into(), tag)), terms, outcome: None };
    Verdict {
        subject: "柳溪县发改局".into(),
        unit: None,
        lead: Words::new()
            .strong("未达标")
            .text("：20对结对中")
            .strong("14对达标")
            .text("，")
            .strong("6对未达标")
            .text("，共缺7次指导。"),
        lead_note: Words::new(),
        sums: vec![
            sum(
                "达标比例",
                Tag::of(State::Fail),
                vec![
                    Term::new("", "达标", "14对"),
                    Term::new("÷", "应判", "20对"),
                    Term::new("=", "比例", "70.0%"),
                    Term::new("，", "应为", "100%"),
                ],
            ),
            sum("年度方案", Tag::of(State::Pass), vec![Term::new("", "印发", "1份"), Term::new("，", "应有", "1份")]),
        ],
        records: Records {
            title: "所属判定20条：达标14条，未达标6条".into(),
            heads: texts(["判定对象", "计入", "应有"]),
            last_head: "判定".into(),
            groups: vec![
                RecordGroup {
                    title: "未达标".into(),
                    note: "6条，只列前3条".into(),
                    rows: vec![
                        below("马骏 带 黎安", "0次", Tag::of(State::Fail)),
                        below("钱卫平 带 刘洋", "1次", Tag::of(State::Fail)),
                        below("孙建国 带 林峰", "1次", Tag { late: true, ..Tag::of(State::Fail) }),
                    ],
                },
                RecordGroup {
                    title: "达标".into(),
                    note: "14条，只列前1条".into(),
                    rows: vec![below("胡立新 带 赵倩", "2次", Tag::of(State::Pass))],
                },
            ],
            all: Some(link("全部20条", "/requirements/R-21?unit=12")),
            none: String::new(),
        },
        needs: Vec::new(),
        needs_none: "窗口已关闭；补齐所属判定后，本判定随之改变。".into(),
        ..full()
    }
}

/// What was typed is not a day.
pub(crate) fn error() -> Verdict {
    let error = "“2025年2月30日”不是有效日期，请按2025-02-28的样子填写。".to_owned();
    let as_of = Typed { value: "2025年2月30日".into(), error };
    Verdict { moment: Moment { as_of, note: String::new(), ..moment() }, ..full() }
}
