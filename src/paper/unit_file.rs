//! 单位台账: one unit, demand by demand, with what is missing.

use super::{
    content::{Part, Piece, Place},
    maker::{Maker, text},
};
use crate::{
    db::Tx,
    figures::{self, Demand, Organ, UnitPicture, percent, permille},
    verdict::words::{Context, light_word, when},
};

pub(super) fn draw(m: &mut Maker<'_>, tx: &mut Tx<'_>, unit: &Organ) -> anyhow::Result<()> {
    let own = figures::unit(tx, m.picture, unit.id, true, 1)?;
    let span = m.span();
    m.passage("title", "标题", format!("{}\n要求落实台账", unit.name));
    m.push(Part::Note(format!("{span}，截至{}。", m.picture.until.chinese())));
    let line = summary(m, unit, &own);
    m.text(line);
    let columns = [
        ("编号", 9, false),
        ("要求", 32, true),
        ("目标", 16, false),
        ("实际", 18, false),
        ("判定", 13, false),
        ("期限", 17, false),
    ];
    let rows = rows(m, unit, &own);
    m.push(Part::Table {
        caption: String::new(),
        columns: columns.map(|(head, share, left)| (head.to_owned(), share, left)).into(),
        rows,
    });
    let behind: Vec<&Demand> = own.demands.iter().filter(|d| !d.why.text().is_empty()).collect();
    if !behind.is_empty() {
        m.heading(1, vec![text("未达标、落后和数据不足的原因")]);
    }
    for (n, d) in behind.into_iter().enumerate() {
        let (id, code) = (m.id(d.item.i), m.code(d.item.i));
        let place = m.explained(unit, d, &own.names);
        let why = m.figure(format!("u{}/{id}/why", unit.id), format!("{} {code} 原因", unit.name), d.why.text(), place);
        m.text(vec![text(format!("{}. {code} {}：", n + 1, m.title(d.item.i))), why]);
    }
    m.passage("remark", "单位说明", "");
    Ok(())
}

/// `亮黄灯：应判30项，落后4项，占13.3%。`
pub(super) fn summary(m: &mut Maker<'_>, unit: &Organ, own: &UnitPicture) -> Vec<Piece> {
    let share = percent(permille(i64::from(own.behind), i64::from(own.judged)));
    let mut f = |key: &str, name: &str, value: String| {
        let place = Place::Unit(unit.code.clone(), None);
        m.figure(format!("u{}/{key}", unit.id), format!("{} {name}", unit.name), value, place)
    };
    vec![
        text("亮灯："),
        f("light", "亮灯", light_word(own.light).into()),
        text("。适用"),
        f("demands", "适用要求", own.demands.len().to_string()),
        text("项，应判"),
        f("judged", "应判项", own.judged.to_string()),
        text("项，落后"),
        f("behind", "落后项", own.behind.to_string()),
        text("项，占"),
        f("share", "落后占比", share),
        text("。"),
    ]
}

fn rows(m: &mut Maker<'_>, unit: &Organ, own: &UnitPicture) -> Vec<Vec<Vec<Piece>>> {
    let pillars: Vec<(String, String)> =
        m.engine().package.directive.pillars.iter().map(|p| (p.id.clone(), p.title.clone())).collect();
    let mut rows = Vec::new();
    for (pillar, title) in pillars {
        let here = |d: &&Demand| m.engine().compiled[d.item.i].requirement.pillar == pillar;
        let demands: Vec<&Demand> = own.demands.iter().filter(here).collect();
        if !demands.is_empty() {
            rows.push(vec![vec![text(title)]]);
        }
        for d in demands {
            let row = row(m, unit, d, own);
            rows.push(row);
        }
    }
    rows
}

fn row(m: &mut Maker<'_>, unit: &Organ, d: &Demand, own: &UnitPicture) -> Vec<Vec<Piece>> {
    let i = d.item.i;
    let place = m.explained(unit, d, &own.names);
    let (id, code) = (m.id(i), m.code(i));
    let due = match d.item.shut {
        Some(day) => day.chinese(),
        None => when(Context::of(m.engine(), i)),
    };
    let state = m.state(unit, &d.item, Some(place.clone()));
    let mut f = |key: &str, name: &str, value: &str| match value {
        "" => Vec::new(),
        value => {
            let key = format!("u{}/{id}/{key}", unit.id);
            vec![m.figure(key, format!("{} {code} {name}", unit.name), value, place.clone())]
        }
    };
    let (target, value) = (f("target", "目标", &d.target), f("value", "实际", &d.value));
    let due = f("due", "期限", &due);
    vec![vec![text(code.clone())], vec![text(m.title(i))], target, value, vec![Piece::Figure(state)], due]
}
