//! 工作总览.

use dongliang::web::view::chart::{Chart, Point};
use dongliang::web::view::dashboard::{Cell, Counts, Dashboard, Milestone, PillarHead, Summary, UnitRow};
use dongliang::web::view::parts::{Choice, Notice, Notices, Span};
use dongliang::web::view::remedy::{Line, Lines};
use dongliang::web::view::{Light, State, Tag, Words};

use crate::frame::{UNITS, link, page, texts};

/// One line a unit: light, 落后项, 应判项, cells. `.` clear, `-` not applicable, `?` without data, `y` and `r` with 1.
const ROWS: [(char, u32, u32, &str); 21] = [
    ('r', 10, 29, ".rrrrRrRr.."),
    ('y', 3, 12, ".---rr.y.-."),
    ('y', 5, 30, "r.?.rrry..."),
    ('y', 5, 30, "...yr.ry.r."),
    ('y', 4, 31, "....R..r..y"),
    ('g', 1, 30, ".......y..."),
    ('g', 2, 31, ".....r.y..."),
    ('g', 1, 29, "..?....y..."),
    ('g', 1, 16, ".-y-.....-."),
    ('g', 2, 30, "...y..r...."),
    ('g', 1, 12, ".---...y.-."),
    ('g', 0, 31, "..........."),
    ('g', 0, 15, ".-.-.....-."),
    ('g', 0, 30, "..........."),
    ('g', 0, 30, "..........."),
    ('g', 0, 30, "..........."),
    ('g', 0, 15, ".-.-.....-."),
    ('g', 0, 13, ".---.....-."),
    ('g', 0, 15, ".-.-.....-."),
    ('g', 0, 12, ".---.....-."),
    ('g', 0, 12, ".---.....-."),
];

fn light(letter: char) -> Light {
    match letter.to_ascii_lowercase() {
        'r' => Light::Red,
        'y' => Light::Yellow,
        'g' => Light::Green,
        _ => Light::None,
    }
}

fn cell(letter: char, unit: usize) -> Cell {
    let href = format!("/units/{}#p-2", unit + 10);
    match letter {
        '-' => Cell::Na,
        '.' => Cell::Clear,
        '?' => Cell::Unknown { count: 1, href },
        'R' => Cell::Behind { count: 2, light: Light::Red, href },
        other => Cell::Behind { count: 1, light: light(other), href },
    }
}

fn pillars() -> Vec<PillarHead> {
    let head = |title: &str, clauses| PillarHead { title: title.into(), clauses };
    vec![
        head("学", texts(["培训测试", "学习教学"])),
        head("干", texts(["项目服务", "一线锻炼", "导师帮带"])),
        head("纪", texts(["风险排查", "廉政教育", "权力监督"])),
        head("保障", texts(["压实责任", "经费保障", "师资建设"])),
    ]
}

fn notice(tag: Tag, title: &str, code: &str, note: &str) -> Notice {
    Notice { tag, title: link(title, "/requirements/R-21"), code: code.into(), note: note.into() }
}

fn milestone(day: &str, iso: &str, title: &str, code: &str) -> Milestone {
    Milestone { day: day.into(), iso: iso.into(), title: link(title, "/requirements/R-21"), code: code.into() }
}

fn span() -> Span {
    let choice =
        |value: &str, label: &str| Choice { value: value.into(), label: label.into(), current: value.is_empty() };
    let choices = vec![choice("", "当前"), choice("2025Q3", "2025年第三季度"), choice("2025Q2", "2025年第二季度")];
    Span { path: "/".into(), choices, ..Span::default() }
}

fn trend() -> Chart {
    let points = [(2, 961), (3, 934), (4, 946), (5, 930), (6, 924), (7, 931), (8, 940), (9, 938)];
    let point = |(month, v): (u32, u32)| Point {
        label: format!("{month}月"),
        name: format!("2025年{month}月"),
        permille: Some(v),
        text: format!("{}.{}%", v / 10, v % 10),
    };
    Chart {
        title: "全市按计划比例".into(),
        unit: "月份".into(),
        points: points.map(point).into(),
        line: Some((900, "绿灯线90%".into())),
    }
}

/// A year under way.
pub(crate) fn full() -> Dashboard {
    let (fail, unknown) = (Tag::of(State::Fail), Tag::of(State::Unknown));
    let units = ROWS.iter().zip(UNITS).enumerate().map(|(i, (&(letter, behind, judged, cells), name))| UnitRow {
        unit: link(name, &format!("/units/{}", i + 10)),
        light: light(letter),
        part: false,
        behind,
        judged,
        cells: cells.chars().map(|c| cell(c, i)).collect(),
    });
    Dashboard {
        start: Vec::new(),
        whole: true,
        part: false,
        page: page("/", "/"),
        period: "2025年".into(),
        light: Light::Green,
        summary: Summary {
            judged: 499,
            on_plan: "92.4%".into(),
            behind: "7.6".into(),
            green: 16,
            yellow: 4,
            red: 1,
            red_units: vec!["竹岭县".into()],
            empty: String::new(),
        },
        weak: Words::from("主要短板：")
            .link("以案促改4个县尚未开展", "/requirements/R-27")
            .text("；")
            .link("66对导师帮带中12对9月指导不足", "/requirements/R-21")
            .text("。"),
        counts: Counts { total: 51, pass: 19, open: 17, open_yellow: 5, open_red: 1, fail: 11, unknown: 3, na: 1 },
        pillars: pillars(),
        units: units.collect(),
        decide: (
            Lines(vec![Line {
                act: "重新组织培训".into(),
                subject: link("柳溪县发改局·项目评审班", "/remedies/1"),
                basis: "学-02　截至2025年7月3日".into(),
                figures: "78.6%，应80%".into(),
                state: "待确认",
                ..Line::default()
            }]),
            1,
        ),
        attention: Notices(vec![
            notice(Tag::open(Light::Red), "以案促改：4个县未开展", "纪-27", "全年2次，序时应有1次"),
            notice(fail, "导师指导：12对9月不足，共缺15次", "干-21", "涉及5个单位"),
            notice(fail, "竹岭县：5个风险点无防控措施", "纪-24", "在册18个，6月30日已到期"),
            notice(unknown, "企业满意度：3个区县调查表未收齐", "干-12", "缺9份，不判定"),
        ]),
        city: Notices(vec![
            notice(fail, "市级重点项目服务专班3至5人", "干-08", "15个项目中1个专班仅2人"),
            notice(fail, "专家库不少于100名", "保-48", "在库86名，差14名"),
            notice(Tag::open(Light::Yellow), "市级专项投入300万元", "保-46", "已投入118.6万元（39.5%）"),
            notice(unknown, "服务成效六项指标考核", "干-10", "6项指标中4项待办公室确定"),
            notice(unknown, "十项考核指标", "保-41", "10项指标中7项待办公室确定"),
        ]),
        city_total: 19,
        soon: vec![
            milestone("10月31日", "2025-10-31", "10月导师指导每对2次", "干-21"),
            milestone("12月31日", "2025-12-31", "年轻干部帮带全覆盖", "干-22"),
            milestone("12月31日", "2025-12-31", "第四季度风险防控措施评估", "纪-25甲"),
            milestone("12月31日", "2025-12-31", "年度现场教学不少于12场", "学-06"),
        ],
        trend: trend(),
        span: span(),
    }
}

/// The first day.
pub(crate) fn empty() -> Dashboard {
    Dashboard {
        whole: true,
        part: false,
        summary: Summary {
            empty: "2025年尚未开始统计，导入台账后即显示判定。".into(), ..Summary::default()
        },
        weak: Words::new(),
        counts: Counts { total: 51, ..Counts::default() },
        units: Vec::new(),
        decide: (Lines::default(), 0),
        attention: Notices::default(),
        city: Notices::default(),
        soon: Vec::new(),
        trend: Chart::default(),
        span: Span::default(),
        light: Light::None,
        ..full()
    }
}
