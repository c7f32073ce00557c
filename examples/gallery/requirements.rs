//! 要求清单.

use dongliang::web::view::parts::{Bar, Choice};
use dongliang::web::view::requirements::{Heading, Pillar, RequirementLine, Requirements};
use dongliang::web::view::spelling::{anchor, requirement_code};
use dongliang::web::view::table::{Control, Facet, FacetValue, Facets, FilterForm, Input};
use dongliang::web::view::url::Query;
use dongliang::web::view::{Light, State, Tag, Words};

use crate::frame::{link, page};

const TITLES: [(&str, &str, &str); 10] = [
    ("培训后闭卷测试合格率不低于80%", "合格人数÷应考人数，每期不低于80%；低于80%重新组织培训", "每期"),
    ("线上线下学习按期发布", "每日一题、每周一课、每月一考是否按期发布；只看发布，不看谁参加", "每月"),
    ("区县每季度现场教学不少于1场", "结合本地重大项目的现场教学，每季度不少于1场", "每季度"),
    ("重点项目配备首席服务员", "有在任首席服务员的项目÷全部重点项目，等于100%", "常年"),
    ("审批时限再压缩30%以上", "（基准工作日−实际工作日）÷基准工作日，不低于30%", "2025年"),
    ("导师每月指导不少于2次并留记录", "每对结对当月有记录、经帮带对象确认的指导不少于2次", "每月"),
    ("以案促改每年不少于2次", "本年内开展的、有案例的专题活动场次", "全年"),
    ("新提任干部任前谈话和廉政承诺", "任职前有任前谈话记录，并已签承诺书", "每次任命"),
    ("市级专项投入300万元", "本年批复的市级专项合计，不少于300万元", "2025年"),
    ("培训经费绩效评估", "每个使用经费的培训，事前、事中、事后各有1次检查", "每个项目"),
];

fn rows(pillar: &str, ids: &[&str]) -> Vec<RequirementLine> {
    let tags = [
        Tag::of(State::Pass),
        Tag::of(State::Fail),
        Tag::open(Light::Green),
        Tag::open(Light::Yellow),
        Tag::of(State::Unknown),
        Tag::of(State::Pass),
        Tag::open(Light::None),
        Tag::of(State::Na),
    ];
    let line = |(i, id): (usize, &&str)| {
        let (title, rule, period) = TITLES[(i * 7 + id.len()) % TITLES.len()];
        let met = 20 - i as u32;
        let light = if met < 6 { Light::Red } else { Light::None };
        let bar = Bar { done: met * 1000 / 21, plan: None, light, small: true };
        let by_units = i % 3 != 2;
        RequirementLine {
            anchor: anchor(id),
            code: requirement_code(pillar, id),
            title: link(title, &format!("/requirements/{id}")),
            status: if *id == "R-01" { "原文残缺，推定".into() } else { String::new() },
            clause: "二（二）三".into(),
            rule: rule.into(),
            period: period.into(),
            duty: ["市发改委", "区县发改部门", "各单位", "导师"][i % 4].into(),
            tag: tags[i % tags.len()],
            units: by_units.then(|| (format!("{met} / 21个"), bar)),
            units_note: if by_units { String::new() } else { "市级1项".into() },
        }
    };
    ids.iter().enumerate().map(line).collect()
}

fn pillars() -> Vec<Pillar> {
    let pillar = |title: &str, ids: &[&str]| {
        let rows = rows(title, ids);
        Pillar {
            title: title.into(),
            note: format!("{}项：达标4、进行中6、未达标2、数据不足1、不适用0", rows.len()),
            rows,
        }
    };
    vec![
        pillar("学", &["R-01", "R-02", "R-03a", "R-03b", "R-03c", "R-04", "R-05", "R-06"]),
        pillar(
            "干",
            &[
                "R-07", "R-08", "R-09", "R-10", "R-11", "R-12", "R-13", "R-14", "R-15", "R-16", "R-17", "R-18", "R-19",
                "R-20", "R-21", "R-22", "R-23",
            ],
        ),
        pillar("纪", &["R-24", "R-25a", "R-25b", "R-26", "R-27", "R-28", "R-29", "R-30", "R-31", "R-32", "R-33"]),
        pillar(
            "保障",
            &[
                "R-34", "R-35", "R-36a", "R-36b", "R-36c", "R-37", "R-38", "R-39a", "R-39b", "R-40", "R-41", "R-42",
                "R-43", "R-44", "R-45", "R-46", "R-47", "R-48", "R-49", "R-50",
            ],
        ),
    ]
}

fn filter() -> FilterForm {
    let duty =
        |value: &str, label: &str| Choice { value: value.into(), label: label.into(), current: value.is_empty() };
    FilterForm {
        query: Query::new("/requirements"),
        controls: vec![
            Control {
                name: "duty".into(),
                label: "责任主体".into(),
                input: Input::Pick(vec![duty("", "全部"), duty("市发改委", "市发改委"), duty("导师", "导师")]),
                error: String::new(),
            },
            Control {
                name: "q".into(),
                label: "关键字".into(),
                input: Input::Text(String::new(), "编号、条款、内容".into()),
                error: String::new(),
            },
        ],
    }
}

fn facets() -> Facets {
    let value = |label: &str, count, current| FacetValue {
        label: label.into(),
        count,
        current,
        href: Query::new("/requirements").with("state", label).href(),
        icon: None,
    };
    let state = |label: &str, count, tag: Tag| FacetValue { icon: Some(tag.icon()), ..value(label, count, false) };
    let facet = |title: &str, values| Facet { title: title.into(), values };
    Facets(vec![
        facet(
            "类别",
            vec![
                value("全部", 51, true),
                value("学", 6, false),
                value("干", 17, false),
                value("纪", 11, false),
                value("保障", 17, false),
            ],
        ),
        facet(
            "判定",
            vec![
                value("全部", 51, true),
                state("达标", 19, Tag::of(State::Pass)),
                state("绿灯", 8, Tag::open(Light::Green)),
                state("黄灯", 5, Tag::open(Light::Yellow)),
                state("红灯", 1, Tag::open(Light::Red)),
                state("未到期", 3, Tag::open(Light::None)),
                state("未达标", 11, Tag::of(State::Fail)),
                state("数据不足", 3, Tag::of(State::Unknown)),
                state("不适用", 1, Tag::of(State::Na)),
            ],
        ),
        facet(
            "周期",
            vec![
                value("全部", 51, true),
                value("每月", 2, false),
                value("每季度", 4, false),
                value("年度", 21, false),
                value("限期", 3, false),
                value("逐件", 8, false),
                value("一次", 3, false),
                value("常年", 10, false),
            ],
        ),
        facet("依据", vec![value("全部", 51, true), value("原文明确", 49, false), value("原文残缺，推定", 2, false)]),
    ])
}

/// All of them.
pub(crate) fn full() -> Requirements {
    let heading = |clause: &str, title: &str| Heading {
        clause: clause.into(),
        title: title.into(),
        note: "原文只有标题，没有可判定的内容；补充原文后再设要求。".into(),
    };
    Requirements {
        page: page("/requirements", "/requirements"),
        version: "2025年文件，2025年1月1日起".into(),
        lead: Words::from("文件共")
            .strong("51")
            .text("项可判定的要求：达标")
            .strong("19")
            .text("项，进行中")
            .strong("17")
            .text("项，未达标")
            .strong("11")
            .text("项，数据不足")
            .strong("3")
            .text("项，不适用")
            .strong("1")
            .text("项。"),
        filter: filter(),
        facets: facets(),
        pillars: pillars(),
        headings: vec![
            heading("二（一）一", "强化政治理论学习"),
            heading("二（二）四", "拓宽锻炼平台"),
            heading("二（三）四", "严管厚爱结合"),
        ],
        exports: vec![link("导出Excel", "/requirements.xlsx")],
    }
}

/// No demand is left by the conditions.
pub(crate) fn empty() -> Requirements {
    let mut page = full();
    page.filter.query = page.filter.query.with("pillar", "学");
    page.filter.controls[1].input = Input::Text("不存在".into(), String::new());
    page.pillars.clear();
    page.headings.clear();
    page
}
