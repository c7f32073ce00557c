//! 要求详情: over units and pairs, and one that the city bears itself.

use dongliang::web::view::chart::{Chart, Point};
use dongliang::web::view::parts::{Choice, Event, Fact, Facts, Timeline};
use dongliang::web::view::requirement::{Parameter, Requirement, Ruling, SubjectLine, Subjects, UnitLine, Units};
use dongliang::web::view::table::{Facet, FacetValue, Facets, Pager};
use dongliang::web::view::url::Query;
use dongliang::web::view::{Light, State, Tag, Words};

use crate::frame::{UNITS, link, page, texts};

const PATH: &str = "/requirements/R-21";

fn units() -> Units {
    let numbers = [(1, 0), (20, 14), (3, 2), (3, 2), (4, 1)];
    let failed = [1, 2, 3, 4, 0].iter().zip(numbers);
    let line = |i: usize, tag, pairs: u32, met: u32| UnitLine {
        unit: link(UNITS[i], &format!("/units/{}#r-21", i + 10)),
        tag,
        figures: vec![
            format!("{pairs}对"),
            format!("{met}对"),
            format!("{}对", pairs - met),
            format!("{} / {pairs}", met.max(1)),
            format!("{} / {pairs}", met.max(1)),
        ],
        open: Some(link("查看判定", "/verdicts/R-21/u12/2025-09")),
    };
    let mut rows: Vec<UnitLine> = failed.map(|(&i, (pairs, met))| line(i, Tag::of(State::Fail), pairs, met)).collect();
    rows.extend((5..21).map(|i| line(i, Tag::of(State::Pass), 1 + i as u32 % 3, 1 + i as u32 % 3)));
    Units {
        heads: texts(["在帮结对", "9月达标", "未达标", "8月", "7月"]),
        rows,
        note: "8月、7月栏为达标对数 / 应判对数。".into(),
    }
}

fn subjects() -> Subjects {
    let value =
        |label: &str, count, current| FacetValue { label: label.into(), count, current, href: PATH.into(), icon: None };
    let state = |label: &str, count, tag: Tag| FacetValue { icon: Some(tag.icon()), ..value(label, count, false) };
    let pairs = [
        ("钱卫平 带 刘洋", "柳溪县发改局", 1, Tag::of(State::Fail)),
        ("孙建国 带 林峰", "柳溪县发改局", 1, Tag::of(State::Fail)),
        ("胡立新 带 赵倩", "柳溪县发改局", 2, Tag::of(State::Pass)),
        ("周敏 带 冯雪", "柳溪县发改局", 3, Tag::of(State::Pass)),
    ];
    let line = |(name, unit, n, tag): (&str, &str, u32, Tag)| SubjectLine {
        subject: link(name, "/verdicts/R-21/m101/2025-09"),
        unit: unit.into(),
        figures: texts(["2次", &format!("{n}次")]),
        tag,
        missing: if n < 2 { "1次指导".into() } else { String::new() },
    };
    Subjects {
        title: "逐个判定：66对结对".into(),
        facets: Facets(vec![
            Facet {
                title: "判定".into(),
                values: vec![
                    value("全部", 66, true),
                    state("达标", 54, Tag::of(State::Pass)),
                    state("未达标", 12, Tag::of(State::Fail)),
                ],
            },
            Facet {
                title: "单位".into(),
                values: vec![
                    value("全部", 66, false),
                    value("柳溪县发改局", 20, true),
                    value("竹岭县发改局", 4, false),
                ],
            },
        ]),
        heads: texts(["应有", "计入"]),
        rows: pairs.map(line).into(),
        pager: Pager { query: Query::new(PATH), title: "判定".into(), total: 66, size: 20, page: 1 },
    }
}

fn trend() -> Chart {
    let values = [(2, 864), (3, 891), (4, 883), (5, 859), (6, 818), (7, 840), (8, 862), (9, 818)];
    let point = |(month, v): (u32, u32)| Point {
        label: format!("{month}月"),
        name: format!("2025年{month}月"),
        permille: Some(v),
        text: format!("{}.{}%", v / 10, v % 10),
    };
    Chart {
        title: "逐月达标结对比例".into(), unit: "月份".into(), points: values.map(point).into(), line: None
    }
}

fn parameter(name: &str, value: &str, from: &str, to: &str, source: &str) -> Parameter {
    let (name, value, from, to, source) = (name.into(), value.into(), from.into(), to.into(), source.into());
    Parameter { name, value, from, to, source, current: false }
}

fn rulings() -> Vec<Ruling> {
    vec![
        Ruling {
            question: "“每月”怎么起算".into(),
            readings: texts(["自然月", "自结对日起满一个月"]),
            chosen: "自然月，月中结对按天折算".into(),
            by: "何静（组织人事科）".into(),
            on: "2025年1月20日".into(),
            own: "本单位裁定采用：2025年2月1日起　何静2025年1月20日裁定：按文件要求说明（周敏登记）".into(),
            ..Ruling::default()
        },
        Ruling {
            question: "指导记录是否须经帮带对象确认".into(),
            readings: texts(["登记即计入", "确认后计入"]),
            chosen: "确认后计入".into(),
            ..Ruling::default()
        },
    ]
}

/// Over units and pairs.
pub(crate) fn full() -> Requirement {
    let choice = |value: &str, label: &str, current| Choice { value: value.into(), label: label.into(), current };
    let event = |at: &str, iso: &str, words: &str, note: &str, version: &str| Event {
        at: at.into(),
        iso: iso.into(),
        key: true,
        words: words.into(),
        note: note.into(),
        effect: version.into(),
        ..Event::default()
    };
    Requirement {
        page: page(PATH, "/requirements"),
        code: "干-21".into(),
        title: "导师每月指导不少于2次并留记录".into(),
        tag: Some(Tag::of(State::Fail)),
        window: "2025年9月".into(),
        windows: vec![
            choice("2025-10", "2025年10月", false),
            choice("2025-09", "2025年9月", true),
            choice("2025-08", "2025年8月", false),
        ],
        lead: Words::from("66对结对中")
            .strong("54对达标")
            .text("（81.8%），")
            .strong("12对未达标")
            .text("，共缺15次指导；21个单位中16个达标，")
            .strong("5个未达标")
            .text("。"),
        lead_note: "全年已关闭的8个月中，1个月全部达标。".into(),
        verdict: Some(link("全市判定的算式", "/verdicts/R-21/top/2025-09")),
        changed: Words::new(),
        units: Some(units()),
        subjects: Some(subjects()),
        status: "原文明确".into(),
        rule: Facts(vec![
            Fact::new("条款", "二（二）三　导师帮带"),
            Fact::new("条款大意", "导师每月至少指导帮带对象两次，每次都要留下记录。"),
            Fact::new("判定对象", "每对在帮的结对，每月判定一次"),
            Fact::new("怎么算", "数当月有记录、经帮带对象确认的指导次数"),
            Fact::new("达标线", "不少于2次，多做不加分"),
            Fact::new("没有记录", "按0次判，为未达标（本项要求的就是记录）"),
            Fact::new("月中结对", "按在帮天数折算，只舍不入：16日及以后结对，当月应有1次"),
            Fact::new("单位判定", "本单位结对全部达标为达标"),
            Fact::new(
                "判定所用",
                Words::new().link("导师帮带", "/ledgers/mentor_pair").text("、").link("指导记录", "/ledgers/guidance"),
            ),
        ]),
        trend: trend(),
        parameters: vec![
            Parameter {
                current: true,
                ..parameter("每月指导次数下限", "2次", "2025年1月1日", "", "文件原文，二（二）三")
            },
            parameter("亮灯线", "10 / 30个百分点", "2025年1月1日", "", "本平台设定，由领导小组办公室修改"),
        ],
        rulings: rulings(),
        history: Timeline(vec![
            event(
                "2025年3月12日",
                "2025-03-12",
                "指导记录改为经帮带对象确认后计入",
                "2月重新判定：44条判定中2条由达标改为未达标。",
                "第2版",
            ),
            event("2025年1月20日", "2025-01-20", "首次导入，按自然月判定", "", "第1版"),
        ]),
        previous: Some(link("干-20", "/requirements/R-20")),
        next: Some(link("干-22", "/requirements/R-22")),
    }
}

/// Borne by the city.
pub(crate) fn city() -> Requirement {
    Requirement {
        code: "保-46".into(),
        title: "市级专项投入300万元".into(),
        tag: Some(Tag::open(Light::Yellow)),
        window: "2025年".into(),
        windows: Vec::new(),
        lead: Words::new()
            .strong("进行中·黄灯")
            .text("：已批复")
            .strong("118.6万元")
            .text("，应有300.0万元，还差")
            .strong("181.4万元")
            .text("；")
            .link("查看判定", "/verdicts/R-46/top/2025")
            .text("。"),
        lead_note: Words::new(),
        changed: Words::from("本期内算法有变化：2025年7月1日起，由“批复数”改为“到账数”。"),
        units: None,
        subjects: None,
        trend: Chart::default(),
        rulings: Vec::new(),
        parameters: Vec::new(),
        history: Timeline::default(),
        previous: None,
        ..full()
    }
}
