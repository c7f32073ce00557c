//! 台账 lists: the index, a usual one, a wide one, persons, an empty one, one with a wrong day.

use dongliang::web::view::ledger::{Cell, ColumnChoice, Head, Ledger, Order, Preset, Row, Write};
use dongliang::web::view::ledgers::{LedgerGroup, LedgerLine, Ledgers};
use dongliang::web::view::parts::Choice;
use dongliang::web::view::table::{Chip, Control, Facet, FacetValue, Facets, FilterForm, Input, Pager};
use dongliang::web::view::url::Query;
use dongliang::web::view::words::Words;
use dongliang::web::view::{Prefs, Size};

use crate::frame::{LEDGERS, UNITS, link, page};

const PATH: &str = "/ledgers/guidance";

const POINTS: [&str; 5] = [
    "现场踏勘柳溪污水处理厂二期，讲解审查意见怎样对应到图纸和概算，对象下月4日前交审查意见初稿，并附三个同类项目的对照。",
    "讲解居民阶梯电价成本监审程序，对象独立列出听证材料目录，次日复核通过。",
    "修改党组会议纪要，讲清议定事项的写法，对象重写后通过。",
    "修改前三季度经济运行分析初稿，重点改标题层次和数据口径，要求先列观点再列数。",
    "专项债券申报要点。",
];

const PAIRS: [(&str, &str); 5] = [
    ("孙建国—林峰", "项目股"),
    ("吴海燕—陆明", "价格股"),
    ("胡立新—赵倩", "办公室"),
    ("周敏—冯雪", "综合股"),
    ("马骏—郑凯", "投资股"),
];

fn head(title: &str, sort: bool, order: Order) -> Head {
    Head { title: title.into(), sort: sort.then(|| format!("{PATH}?sort={}", title.len())), order, numeric: false }
}

fn facet(title: &str, values: &[(&str, u64, bool)]) -> Facet {
    let value = |&(label, count, current): &(&str, u64, bool)| FacetValue {
        label: label.into(),
        count,
        current,
        href: Query::new(PATH).toggle("f", label).href(),
        icon: None,
    };
    Facet { title: title.into(), values: values.iter().map(value).collect() }
}

fn control(name: &str, label: &str, input: Input) -> Control {
    Control { name: name.into(), label: label.into(), input, error: String::new() }
}

fn rows() -> Vec<Row> {
    let row = |i: usize| {
        let (pair, unit) = PAIRS[i % 5];
        let state = if i.is_multiple_of(7) { "未确认" } else { "已确认" };
        Row {
            mark: format!("{i}:1"),
            title: link(pair, "/ledgers/guidance/5801"),
            cells: vec![
                Cell::Short(format!("9月{}日", 28 - i)),
                Cell::Short(unit.into()),
                Cell::Short(["项目评审", "政策解读", "公文写作"][i % 3].into()),
                if i == 4 { Cell::Empty } else { Cell::Short(["现场", "面谈", "批改文稿"][i % 3].into()) },
                Cell::Long(POINTS[i % 5].into()),
                Cell::State(state.into()),
                Cell::Short(pair.chars().take_while(|c| *c != '—').collect()),
            ],
            doubted: false,
            corrected: false,
            voided: (i == 9).then(|| "重复登记，周敏，9月20日".into()),
        }
    };
    (0..20).map(row).collect()
}

fn filter() -> FilterForm {
    FilterForm {
        query: Query::new(PATH).with("month", "2025-08").toggle("month", "2025-09"),
        controls: vec![
            control("person", "人员", Input::Text(String::new(), "导师或帮带对象".into())),
            control("from", "指导日期自", Input::Day("2025-08-01".into())),
            control("to", "至", Input::Day("2025-09-30".into())),
            control("q", "关键字", Input::Text(String::new(), "指导要点、备注".into())),
        ],
    }
}

/// A usual ledger, filtered.
pub(crate) fn full() -> Ledger {
    let column = |title: &str, shown| ColumnChoice { name: title.into(), title: title.into(), shown };
    let chip = |label: &str| Chip { label: label.into(), href: PATH.into() };
    let columns = ["指导日期", "科室", "指导方面", "指导方式", "指导要点", "状态", "登记人"].map(|t| column(t, true));
    let hidden =
        ["结对编号", "导师", "帮带对象", "年月", "确认日期", "附件", "登记时间", "备注"].map(|t| column(t, false));
    Ledger {
        whole: None,
        keep: None,
        endless: None,
        write: Some(Write {
            new: "/ledgers/guidance/new".into(),
            void: "/ledgers/guidance/void".into(),
            token: "0".into(),
            done: String::new(),
        }),
        page: page(PATH, PATH),
        title: "指导记录".into(),
        counted: "条指导记录".into(),
        note: "导师每次指导记一条".into(),
        serves: vec![link("干-20 帮带8个方面", "/requirements/R-20"), link("干-21 每月两次指导", "/requirements/R-21")],
        filters: "月份是2025年8月或9月；按指导日期从近到远排列；未含已作废。".into(),
        chips: vec![chip("月份：8月、9月 ×"), chip("显示已作废2条")],
        facets: Facets(vec![
            facet("状态", &[("全部", 29, true), ("已确认", 27, false), ("未确认", 2, false)]),
            facet(
                "月份",
                &[("全年", 64, false), ("6月", 13, false), ("7月", 1, false), ("8月", 16, true), ("9月", 13, true)],
            ),
            facet(
                "科室",
                &[
                    ("全部", 29, true),
                    ("办公室", 5, false),
                    ("产业股", 5, false),
                    ("价格股", 5, false),
                    ("投资股", 4, false),
                    ("项目股", 6, false),
                    ("综合股", 4, false),
                ],
            ),
            facet(
                "方面",
                &[
                    ("全部", 29, true),
                    ("政策解读", 13, false),
                    ("项目评审", 8, false),
                    ("公文写作", 7, false),
                    ("暂不归类", 1, false),
                ],
            ),
        ]),
        filter: filter(),
        columns: columns.into_iter().chain(hidden).collect(),
        presets: Vec::new(),
        heads: vec![
            head("结对", true, Order::None),
            head("指导日期", true, Order::Down),
            head("科室", true, Order::None),
            head("指导方面", false, Order::None),
            head("指导方式", false, Order::None),
            head("指导要点", false, Order::None),
            head("状态", false, Order::None),
            head("登记人", false, Order::None),
        ],
        rows: rows(),
        exports: vec![
            link("Excel，当前8列", "/ledgers/guidance.xlsx"),
            link("Excel，全部16列（可改后再导入）", "/ledgers/guidance.xlsx?all=1"),
            link("CSV，全部16列（供其他系统读取）", "/ledgers/guidance.csv"),
        ],
        pager: Pager { query: filter().query, title: "指导记录".into(), total: 29, size: 20, page: 1 },
        none: Words::new(),
    }
}

/// Thirty columns.
pub(crate) fn wide() -> Ledger {
    const HEADS: [&str; 20] = [
        "姓名",
        "单位",
        "科室",
        "性别",
        "民族",
        "籍贯",
        "出生年月",
        "身份证号",
        "政治面貌",
        "入党时间",
        "参加工作",
        "进入单位",
        "身份类别",
        "编制性质",
        "职务",
        "任职时间",
        "职级",
        "学历",
        "年轻干部",
        "培训经费",
    ];
    const VALUES: [&str; 19] = [
        "柳溪县发改局",
        "产业股",
        "男",
        "汉族",
        "石桥",
        "1996年12月",
        "**** 1788",
        "中共党员",
        "2018年6月",
        "2019年8月",
        "2021年8月",
        "公务员",
        "行政",
        "科员",
        "2024年3月",
        "四级主任科员",
        "本科",
        "是",
        "5217.0",
    ];
    let names = ["刘洋", "钱卫平", "宋佳明", "邓春梅", "陆明", "吴海燕", "马骏", "郑凯", "胡立新", "赵倩"];
    let row = |i: usize| Row {
        mark: format!("{i}:1"),
        title: link(names[i % 10], "/ledgers/person/7"),
        cells: VALUES.map(|v| Cell::Short(v.into())).into(),
        doubted: false,
        corrected: false,
        voided: None,
    };
    let heads =
        HEADS.map(|title| Head { numeric: title == "培训经费", ..head(title, title == "姓名", Order::None) });
    let preset = |text: &str, current| Preset { link: link(text, "/people?cols=all"), current };
    Ledger {
        heads: heads.into(),
        rows: (0..20).map(row).collect(),
        presets: vec![preset("常用8列", false), preset("学历与专业", false), preset("全部20列", true)],
        ..people()
    }
}

/// 人员.
pub(crate) fn people() -> Ledger {
    let units = UNITS.map(|name| Choice { value: name.into(), label: name.into(), current: false });
    let names = ["刘洋", "钱卫平", "宋佳明", "邓春梅", "陆明", "吴海燕", "马骏", "郑凯", "胡立新", "赵倩"];
    let row = |i: usize| Row {
        mark: format!("{i}:1"),
        title: link(names[i % 10], "/ledgers/person/7"),
        cells: vec![
            Cell::Link(link("柳溪县发改局", "/units/12")),
            Cell::Short("产业股".into()),
            Cell::Short(["科员", "股长", "副股长"][i % 3].into()),
            Cell::Short("1996年12月".into()),
            Cell::Short("本科".into()),
            Cell::State(if i.is_multiple_of(2) { "是" } else { "否" }.into()),
            Cell::Short(format!("YZ{:04}", 1200 + i)),
        ],
        doubted: false,
        corrected: false,
        voided: None,
    };
    Ledger {
        page: page("/people", "/people"),
        title: "人员".into(),
        counted: "名干部".into(),
        note: "2025年10月20日在岗".into(),
        serves: Vec::new(),
        filters: "按单位、姓名排列。".into(),
        chips: Vec::new(),
        facets: Facets(vec![
            facet("年轻", &[("全部", 1003, true), ("是", 412, false), ("否", 591, false)]),
            facet("学历", &[("全部", 1003, true), ("研究生", 187, false), ("本科", 690, false), ("专科", 126, false)]),
        ]),
        filter: FilterForm {
            query: Query::new("/people"),
            controls: vec![
                control(
                    "unit",
                    "单位",
                    Input::Pick(
                        std::iter::once(Choice { label: "全部".into(), ..Choice::default() }).chain(units).collect(),
                    ),
                ),
                control("q", "姓名", Input::Text(String::new(), "姓名或编号".into())),
            ],
        },
        columns: Vec::new(),
        heads: ["姓名", "单位", "科室", "职务", "出生年月", "学历", "年轻干部", "编号"]
            .map(|t| head(t, t == "姓名" || t == "单位", Order::None))
            .into(),
        rows: (0..20).map(row).collect(),
        pager: Pager { query: Query::new("/people"), title: "人员".into(), total: 1003, size: 20, page: 7 },
        ..full()
    }
}

/// Nothing recorded yet.
pub(crate) fn empty() -> Ledger {
    Ledger {
        filters: "尚无记录。".into(),
        chips: Vec::new(),
        facets: Facets::default(),
        rows: Vec::new(),
        filter: FilterForm { query: Query::new(PATH), controls: Vec::new() },
        pager: Pager { query: Query::new(PATH), total: 0, size: 20, page: 1, ..Pager::default() },
        none: Words::from("没有指导记录。可以")
            .link("逐条新增", "/ledgers/guidance/new")
            .text("，或者")
            .link("批量导入", "/imports/new?ledger=guidance")
            .text("。"),
        ..full()
    }
}

/// A day that is none.
pub(crate) fn error() -> Ledger {
    let mut list = full();
    list.filter.controls[1].input = Input::Day("2025-02-30".into());
    list.filter.controls[1].error = "“2025-02-30”不是有效日期，请按2025-02-28的样子填写。".into();
    list
}

/// For paper, asked with `?print=1`, in large letters and high contrast.
pub(crate) fn paper() -> Ledger {
    let mut list = full();
    list.page.print = true;
    list.page.prefs = Prefs { size: Size::Large, contrast: true };
    list
}

/// The index.
pub(crate) fn index() -> Ledgers {
    let mut groups: Vec<LedgerGroup> = Vec::new();
    for (i, (group, title, name)) in LEDGERS.into_iter().enumerate() {
        let line = LedgerLine {
            ledger: link(title, &format!("/ledgers/{name}")),
            kind: ["发生一次记一条", "有起止", "系统推出，不用填"][i % 3].into(),
            rows: (i as u64 * 7919) % 12_000,
            latest: if i % 6 == 5 { String::new() } else { "2025年10月17日".into() },
            serves: ["干-20", "干-21", "干-22"]
                .into_iter()
                .take(i % 4)
                .map(|code| link(code, "/requirements/R-21"))
                .collect(),
        };
        match groups.last_mut() {
            Some(last) if last.title == group => last.rows.push(line),
            _ => groups.push(LedgerGroup { title: group.into(), rows: vec![line] }),
        }
    }
    Ledgers { page: page("/ledgers", "/ledgers"), start: Vec::new(), groups }
}
