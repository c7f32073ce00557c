//! 单位详情.

use dongliang::web::view::parts::{Bar, Event, Fact, Span, Timeline};
use dongliang::web::view::remedy::{Line, Lines};
use dongliang::web::view::table::{Control, Facet, FacetValue, Facets, FilterForm, Input};
use dongliang::web::view::unit::{Mend, Relative, SourceRow, Sources, Unit, UnitPillar, UnitVerdict, Why};
use dongliang::web::view::url::Query;
use dongliang::web::view::{Light, State, Tag, Words};

use crate::frame::{link, page, texts};

const PATH: &str = "/units/12";

/// `anchor|code|title|target|value|state|due|why`
const VERDICTS: [(usize, &str); 20] = [
    (
        0,
        "r-02|学-02|培训后闭卷测试合格率不低于80%|每期80%|2期中1期达标，最低73.9%|F|每期|9月12日“项目前期培训”合格34人 ÷ 应考46人 = 73.9%，低于80%。",
    ),
    (0, "r-05|学-05|区县每季度现场教学不少于1场|1场|1场|P|第三季度|"),
    (1, "r-07|干-07|重点项目配备首席服务员|100%|4 / 4个|P|常年|"),
    (1, "r-09|干-09|一个项目一套方案一抓到底|1份|4 / 4个|P|常年|"),
    (1, "r-11|干-11|审批时限再压缩30%以上|30%|31.4%|g|12月31日|"),
    (
        1,
        "r-12|干-12|企业满意度不低于95%|95%||U|12月31日|4个项目应收回满意度调查表4份，已收回1份，缺3份。缺表不按零分算，也不算达标。",
    ),
    (1, "r-14|干-14|每年选派一线干部不低于20%|20%|15.2%（7 / 46人）|g|12月31日|"),
    (1, "r-16|干-16|挂职期限不少于1年|1年|2人在挂，未满期|n|按挂职期|"),
    (1, "r-17|干-17|挂职期满报告和能力测评|两项齐全|本期无人期满|A|期满时|"),
    (1, "r-18|干-18|业务骨干与年轻干部一对一帮带|1名导师|20 / 20对|P|常年|"),
    (
        1,
        "r-21|干-21|导师每月指导不少于2次并留记录|每对2次|20对中14对达标|F|9月30日|20对结对9月应各指导2次；14对达标，6对未达标，共缺7次。",
    ),
    (1, "r-22|干-22|年轻干部帮带全覆盖|100%|83.3%（20 / 24人）|g|12月31日|"),
    (2, "r-24|纪-24|廉政风险排查和防控措施|100%|21 / 21个|P|6月30日|"),
    (
        2,
        "r-25a|纪-25甲|防控措施每季度评估|100%|14 / 21个|L|9月30日|在控风险点21个，第三季度已评估14个（66.7%），缺7个。",
    ),
    (2, "r-26|纪-26|每季度集中廉政教育不少于1次|1次|1次|P|第三季度|"),
    (
        2,
        "r-27|纪-27|以案促改每年不少于2次|2次|0次，序时应1次|r|12月31日|全年应有2次，序时应有1次，已开展0次，落后50.0个百分点。",
    ),
    (
        2,
        "r-32|纪-32|科室负责人与干部谈话|每人4次|86 / 128人次|y|12月31日|32名干部每人4次，全年应有128人次；已谈86人次，完成67.2%，序时79.7%，落后12.5个百分点。",
    ),
    (3, "r-35|保-35|区县工作专班和三级体系|1个|1个|P|一次|"),
    (3, "r-45|保-45|人均培训经费不低于5000元|5000元|5217元|P|2025年|"),
    (3, "r-49|保-49|区县长期合作专家不少于5名|5名|3名，序时应3名|g|12月31日|"),
];

fn tag(letter: &str) -> Tag {
    match letter {
        "P" => Tag::of(State::Pass),
        "F" => Tag::of(State::Fail),
        "L" => Tag { late: true, ..Tag::of(State::Fail) },
        "U" => Tag::of(State::Unknown),
        "A" => Tag::of(State::Na),
        "g" => Tag::open(Light::Green),
        "y" => Tag::open(Light::Yellow),
        "r" => Tag::open(Light::Red),
        _ => Tag::open(Light::None),
    }
}

fn sources() -> Sources {
    let row = |name: &str, n: &str, note: &str| SourceRow {
        subject: link(name, "/verdicts/R-21/m101/2025-09"),
        figures: texts(["2次", n]),
        note: note.into(),
        tag: Tag::of(State::Fail),
    };
    Sources {
        title: "未达标结对（6对）".into(),
        heads: texts(["应有", "计入"]),
        rows: vec![
            row("马骏 带 黎安", "0次", ""),
            row("钱卫平 带 刘洋", "1次", ""),
            row("沈玉兰 带 冯雪", "1次", "1条：未确认"),
            row("孙建国 带 林峰", "1次", "4条：未确认2条，已作废、日期超出各1条"),
            row("唐立新 带 赵倩", "1次", "1条：未确认"),
            row("魏长河 带 方知行", "1次", ""),
        ],
        rest: Words::from("按导师姓名排列。其余14对达标，")
            .link("查看全部20对", "/requirements/R-21?unit=12")
            .text("。"),
    }
}

fn verdict(line: &str) -> UnitVerdict {
    let field: Vec<&str> = line.split('|').collect();
    UnitVerdict {
        anchor: field[0].into(),
        code: field[1].into(),
        title: link(field[2], "/requirements/R-21"),
        target: field[3].into(),
        value: field[4].into(),
        tag: tag(field[5]),
        href: "/verdicts/R-21/u12/2025-09".into(),
        due: field[6].into(),
        overdue: field[5] == "F" && field[6].contains('月'),
        way: "/verdicts/R-21/u12/2025-09#h-need".into(),
        why: field[7].into(),
        sources: (field[0] == "r-21").then(sources),
    }
}

fn pillars() -> Vec<UnitPillar> {
    let notes = ["2项，应判2项，落后1项", "10项，应判8项，落后1项", "5项，应判5项，落后3项", "3项，应判3项，无落后项"];
    let pillar = |(i, (title, note)): (usize, (&str, &str))| UnitPillar {
        anchor: format!("p-{}", i + 1),
        title: title.into(),
        note: note.into(),
        rows: VERDICTS.iter().filter(|(p, _)| *p == i).map(|(_, line)| verdict(line)).collect(),
    };
    ["学", "干", "纪", "保障"].into_iter().zip(notes).enumerate().map(pillar).collect()
}

fn facets() -> Facets {
    let value = |label: &str, count, current, tag: Option<Tag>| FacetValue {
        label: label.into(),
        count,
        current,
        href: PATH.into(),
        icon: tag.map(|t| t.icon()),
    };
    Facets(vec![Facet {
        title: "判定".into(),
        values: vec![
            value("全部", 32, true, None),
            value("只看落后", 5, false, None),
            value("达标", 16, false, Some(Tag::of(State::Pass))),
            value("进行中", 11, false, None),
            value("未达标", 3, false, Some(Tag::of(State::Fail))),
            value("数据不足", 1, false, Some(Tag::of(State::Unknown))),
            value("不适用", 1, false, Some(Tag::of(State::Na))),
        ],
    }])
}

fn mends() -> Vec<Mend> {
    let mend = |letter: &str, title: &str, href: &str, note: &str| Mend {
        tag: tag(letter),
        title: link(title, href),
        note: note.into(),
    };
    vec![
        mend("F", "纪-25甲　补做7个风险点的季度评估", "#r-25a", "已到期，补做后注明“已补”"),
        mend("y", "纪-32　再谈话4人次，达到90 / 128（70.3%）", "#r-32", "12月31日前，落后降到9.4个百分点"),
        mend("r", "纪-27　开展1次以案促改专题活动", "#r-27", "12月31日前，开展后与序时持平"),
    ]
}

/// A district with a yellow light.
pub(crate) fn full() -> Unit {
    let q = Control {
        name: "q".into(),
        label: "关键字".into(),
        input: Input::Text(String::new(), "编号、内容".into()),
        error: String::new(),
    };
    Unit {
        page: page(PATH, "/org"),
        name: "柳溪县发展和改革局".into(),
        part: String::new(),
        progress: "/units/12/progress".into(),
        period: "2025年".into(),
        light: Light::Yellow,
        facts: vec![
            Fact::new("主要负责", "黄文斌（局长）"),
            Fact::new("上级单位", Words::new().link("云州市发展和改革委员会", "/units/1")),
            Fact::new("在编干部", Words::new().link("46人", "/people?unit=12").text("（年轻干部24人）")),
            Fact::new("导师结对", Words::new().link("20对", "#r-21")),
            Fact::new("适用要求", "32项（全部51项中）"),
            Fact::new("达标", "16项，进行中11项"),
            Fact::new("未达标", "3项，数据不足1项"),
            Fact::new("不适用", "1项（干-17，无人期满）"),
        ],
        why: Why {
            judged: 30,
            behind: 5,
            share: "16.7".into(),
            bar: Bar { done: 833, plan: Some(900), light: Light::Yellow, small: false },
            note: "达标或按计划25项，占83.3%；竖线为绿灯线90%。落后10至30个百分点亮黄灯，超过30个亮红灯。不适用1项、数据不足1项不计入。".into(),
        },
        mends: mends(),
        mends_title: "补齐以下3项可转绿灯（落后5项减为2项，6.7%）".into(),
        filter: FilterForm { query: Query::new(PATH), controls: vec![q] },
        facets: facets(),
        pillars: pillars(),
        none: String::new(),
        matters: Vec::new(),
        remedies: Lines(vec![Line {
            act: "提醒".into(),
            subject: link("孙建国—林峰", "/remedies/2"),
            basis: "干-21　2025年9月".into(),
            figures: "1次，应2次".into(),
            state: "办理中",
            due: "2025年10月24日".into(),
            person: "孙建国".into(),
            ..Line::default()
        }]),
        all_remedies: Some(link("全部措施", "/remedies?unit=121")),
        family: ["办公室", "综合股", "产业股", "价格股", "投资股", "项目股"]
            .map(|name| Relative { unit: link(name, "/units/121"), light: Light::Green, note: "落后0 / 6项".into() })
            .into(),
        ledgers: ["导师帮带20条", "指导记录204条", "廉政风险点21条", "风险评估49条", "谈心谈话99条", "培训活动6条", "参训188条"]
            .map(|text| link(text, "/ledgers/talk?unit=12"))
            .into(),
        history: Timeline(vec![Event {
            at: "2025年5月1日".into(),
            iso: "2025-05-01".into(),
            key: true,
            words: Words::from("项目投资股分设为投资股、项目股"),
            note: "分设前的记录仍归原股，分设后各归各股。".into(),
            ..Event::default()
        }]),
        previous: Some(link("价格管理科", "/units/11")),
        next: Some(link("青禾县发改局", "/units/13")),
        span: Span::default(),
    }
}

/// Founded in May, nothing is asked of it yet.
pub(crate) fn empty() -> Unit {
    Unit {
        name: "项目股".into(),
        part: String::new(),
        light: Light::None,
        facts: vec![
            Fact::new("主要负责", Words::from("空缺")),
            Fact::new("上级单位", Words::new().link("柳溪县发展和改革局", PATH)),
            Fact::new("在编干部", "0人"),
            Fact::new("设立", "2025年5月1日"),
        ],
        why: Why::default(),
        facets: Facets::default(),
        pillars: Vec::new(),
        none: "该单位尚无应达标项，原因：2025年5月新设。".into(),
        matters: Vec::new(),
        remedies: Lines::default(),
        family: Vec::new(),
        ledgers: Vec::new(),
        history: Timeline::default(),
        ..full()
    }
}
