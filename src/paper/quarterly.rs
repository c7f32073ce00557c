//! 季度通报: how the whole and each unit stood at the end of a quarter, and what most units are behind in.

use super::{
    content::{Part, Piece, Place},
    maker::{Maker, text},
    states,
};
use crate::{
    db::Tx,
    figures::{self, Demand, Overview, UnitFigures, UnitPicture, percent, permille},
    scope::Scope,
    spelling::{numeral, sound_key},
    verdict::{judge::State, light::Light, words::light_word},
};

/// Requirements told of under 较多单位落后的要求.
const SHOWN: usize = 6;

pub(super) fn draw(m: &mut Maker<'_>, tx: &mut Tx<'_>, scope: &Scope) -> anyhow::Result<()> {
    let all = figures::overview(tx, m.picture, scope)?;
    let span = m.span();
    // Of a quarter that runs it tells how far it is, and says so; it is not issued before its end.
    let (what, until) = match m.running() {
        Some(until) => ("落实阶段情况", format!("（{until}）")),
        None => ("落实情况", String::new()),
    };
    m.passage("title", "标题", format!("关于{span}高素质干部队伍建设\n要求{what}的通报"));
    if !until.is_empty() {
        m.push(Part::Subtitle(until.clone()));
    }
    m.passage("to", "主送机关", "各单位");
    m.passage("intro", "开头", format!("现将{span}{until}高素质干部队伍建设要求{what}通报如下。"));
    whole(m, &all);
    units(m, tx, &all)?;
    common(m, &all);
    city(m, &all);
    m.heading(1, vec![text("五、下一步要求")]);
    m.passage(
        "next",
        "下一步要求",
        "请有落后项的单位对照附件逐项查明原因，能补齐的尽快补齐，已过的期间不能补的从下一期做起；数据不足的，请及时补充登记。",
    );
    let within = m.running().map_or_else(|| format!("（{span}）"), |until| format!("（{span}，{until}）"));
    m.push(Part::Attachments(vec!["各单位要求落实情况表".into()]));
    m.push(Part::Signature);
    m.push(Part::Annex("附件".into(), vec!["各单位要求落实情况表".into(), within]));
    states::tables(m, &all);
    Ok(())
}

/// 一、总体情况: the same numbers as the conclusion of the overview.
fn whole(m: &mut Maker<'_>, all: &Overview) {
    m.heading(1, vec![text("一、总体情况")]);
    let mut f = |key: &str, name: &str, value: String| m.figure(format!("all/{key}"), name, value, Place::Overview);
    let word = match all.light {
        Light::Red => "明显落后于计划",
        Light::Yellow => "略落后于计划",
        Light::Green | Light::None => "按计划推进",
    };
    let with = |l| all.with(l).count().to_string();
    let lit = all.units.iter().filter(|u| u.light != Light::None).count();
    let first = vec![
        text("总体"),
        f("word", "总体", word.into()),
        text("：各单位应判"),
        f("judged", "应判项次", all.judged.to_string()),
        text("项次，达标或按计划的占"),
        f("on_plan", "达标或按计划占比", percent(all.on_plan)),
        text("，落后"),
        f("behind", "落后项次", all.behind.to_string()),
        text("项次。"),
        f("units", "单位数", lit.to_string()),
        text("个单位中，绿灯"),
        f("green", "绿灯单位", with(Light::Green)),
        text("个、黄灯"),
        f("yellow", "黄灯单位", with(Light::Yellow)),
        text("个、红灯"),
        f("red", "红灯单位", with(Light::Red)),
        text("个。"),
    ];
    let s = all.states;
    let second = vec![
        f("states/total", "要求项数", s.total.to_string()),
        text("项要求按全市判定：达标"),
        f("states/pass", "达标项", s.pass.to_string()),
        text("项，进行中"),
        f("states/open", "进行中项", s.open.to_string()),
        text("项（其中黄灯"),
        f("states/open_yellow", "进行中黄灯项", s.open_yellow.to_string()),
        text("项、红灯"),
        f("states/open_red", "进行中红灯项", s.open_red.to_string()),
        text("项），未达标"),
        f("states/fail", "未达标项", s.fail.to_string()),
        text("项，数据不足"),
        f("states/unknown", "数据不足项", s.unknown.to_string()),
        text("项，不适用"),
        f("states/na", "不适用项", s.na.to_string()),
        text("项。有1个单位未达标即计为未达标；数据不足不算达标，也不算零。"),
    ];
    m.text(first);
    m.text(second);
    let weak = all.weak(m.engine());
    if !weak.is_empty() {
        let mut line = vec![text("主要短板：")];
        for (n, (pillar, clause, units)) in weak.into_iter().enumerate() {
            line.push(text(format!("{}{clause}（", if n > 0 { "、" } else { "" })));
            line.push(m.figure(
                format!("all/weak/{pillar}/{clause}"),
                format!("{pillar}·{clause}落后单位"),
                units,
                Place::Overview,
            ));
            line.push(text("个单位）"));
        }
        line.push(text("。"));
        m.text(line);
    }
    m.passage("overall", "总体情况的补充说明", "");
}

/// 二、各单位情况: a table of all by name, then each with a yellow or red light.
fn units(m: &mut Maker<'_>, tx: &mut Tx<'_>, all: &Overview) -> anyhow::Result<()> {
    m.heading(1, vec![text("二、各单位情况")]);
    let mut by_name: Vec<&UnitFigures> = all.units.iter().filter(|u| u.light != Light::None).collect();
    by_name.sort_by_key(|u| sound_key(&u.organ.name));
    let rows = by_name.iter().map(|u| unit_row(m, u)).collect();
    let columns = [
        ("单位", 40, true),
        ("亮灯", 15, false),
        ("应判项", 15, false),
        ("落后项", 15, false),
        ("落后占比", 15, false),
    ];
    m.push(Part::Table {
        caption: String::new(),
        columns: columns.map(|(head, share, left)| (head.to_owned(), share, left)).into(),
        rows,
    });
    let t = m.engine().rules.thresholds;
    m.push(Part::Note(format!(
        "按单位名称排列。落后项是未达标，或进行中而亮黄灯、红灯的项；落后占比不足{}%为绿灯，{}%至{}%为黄灯，超过{}%为红灯。",
        t.yellow, t.yellow, t.red, t.red
    )));
    let warned: Vec<&UnitFigures> =
        by_name.into_iter().filter(|u| matches!(u.light, Light::Yellow | Light::Red)).collect();
    for (n, u) in warned.into_iter().enumerate() {
        let own = figures::unit(tx, m.picture, u.organ.id, true, 1)?;
        one_unit(m, n + 1, u, &own);
    }
    Ok(())
}

fn unit_row(m: &mut Maker<'_>, u: &UnitFigures) -> Vec<Vec<Piece>> {
    let share = percent(permille(i64::from(u.behind), i64::from(u.judged)));
    let mut cells = vec![vec![text(u.organ.name.clone())]];
    for (key, name, value) in [
        ("light", "亮灯", light_word(u.light).to_owned()),
        ("judged", "应判项", u.judged.to_string()),
        ("behind", "落后项", u.behind.to_string()),
        ("share", "落后占比", share),
    ] {
        let place = Place::Unit(u.organ.code.clone(), None);
        cells.push(vec![m.figure(format!("u{}/{key}", u.organ.id), format!("{} {name}", u.organ.name), value, place)]);
    }
    cells
}

/// `（一）柳溪县发改局（黄灯）`, and each demand behind.
fn one_unit(m: &mut Maker<'_>, n: usize, u: &UnitFigures, own: &UnitPicture) {
    let cells = unit_row(m, u);
    let cell = |i: usize| cells[i].first().cloned().unwrap_or_else(|| text(""));
    m.heading(2, vec![text(format!("（{}）{}（", numeral(n), u.organ.name)), cell(1), text("）")]);
    let mut line = vec![text("应判"), cell(2), text("项，落后"), cell(3), text("项，占"), cell(4)];
    let behind = own.demands.iter().filter(|d| d.item.behind() && !figures::on_system(m.engine(), d.item.i));
    for (n, d) in behind.collect::<Vec<&Demand>>().into_iter().enumerate() {
        let place = m.explained(&u.organ, d, &own.names);
        let state = m.state(&u.organ, &d.item, Some(place));
        line.push(text(format!(
            "{}{}{}（",
            if n == 0 { "：" } else { "；" },
            m.code(d.item.i),
            quoted(&m.title(d.item.i))
        )));
        line.extend([Piece::Figure(state), text("，"), m.value(&u.organ, d, own), text("）")]);
    }
    line.push(text("。"));
    m.text(line);
}

/// In quotation marks; those within become single ones.
fn quoted(title: &str) -> String {
    format!("“{}”", title.replace('“', "‘").replace('”', "’"))
}

/// 三、较多单位落后的要求.
fn common(m: &mut Maker<'_>, all: &Overview) {
    m.heading(1, vec![text("三、较多单位落后的要求")]);
    let attention = all.attention(m.engine());
    if attention.is_empty() {
        m.text(vec![text("没有单位落后。")]);
    }
    for (n, a) in attention.into_iter().take(SHOWN).enumerate() {
        let (id, code, title) = (m.id(a.i), m.code(a.i), m.title(a.i));
        let mut f = |key: &str, name: &str, value: String| {
            m.figure(format!("all/{id}/{key}"), format!("{code} {name}"), value, Place::Requirement(id.clone()))
        };
        let names: Vec<&str> = a.organs.iter().map(|o| figures::short(&o.name)).collect();
        let mut line = vec![
            text(format!("{}. {code} {title}：涉及", n + 1)),
            f("units", "落后单位数", a.organs.len().to_string()),
            text("个单位（"),
            f("names", "落后单位", names.join("、")),
            text("）"),
        ];
        if a.fails > 0 {
            line.extend([text("，未达标"), f("fails", "未达标", a.fails.to_string()), text("项次")]);
        }
        if a.behind > 0 {
            line.extend([text("，落后于进度"), f("behind", "落后于进度", a.behind.to_string()), text("项次")]);
        }
        line.push(text("。"));
        m.text(line);
    }
    m.passage("common", "原因分析", "");
}

/// 四、市级直接承担的要求.
fn city(m: &mut Maker<'_>, all: &Overview) {
    m.heading(1, vec![text("四、市级直接承担的要求")]);
    let (bad, total) = all.city(m.engine());
    let place = || Place::Overview;
    let line = vec![
        text("共"),
        m.figure("city/total", "市级直接承担项数", total, place()),
        text("项，其中未达标或落后"),
        m.figure("city/behind", "市级落后项", bad.iter().filter(|s| s.behind()).count(), place()),
        text("项，数据不足"),
        m.figure("city/unknown", "市级数据不足项", bad.iter().filter(|s| s.state == State::Unknown).count(), place()),
        text(if bad.is_empty() { "项。" } else { "项：" }),
    ];
    m.text(line);
    for (n, item) in bad.into_iter().enumerate() {
        let (id, code, title) = (m.id(item.i), m.code(item.i), m.title(item.i));
        let state = super::maker::state_word(item);
        let state = m.figure(format!("city/{id}/state"), format!("{code} 全市判定"), state, Place::Requirement(id));
        m.text(vec![text(format!("{}. {code} {title}：", n + 1)), state, text("。")]);
    }
}
