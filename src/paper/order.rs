//! 督办单: what one unit is to put right, on which ground, until when.

use super::{
    content::{Part, Piece},
    maker::{Maker, text},
};
use crate::{
    db::Tx,
    figures::{self, After, Demand, Organ, after},
};

/// Draws it for the requirements named (table ids), or for all in which the unit is behind.
pub(super) fn draw(
    m: &mut Maker<'_>,
    tx: &mut Tx<'_>,
    unit: &Organ,
    named: &[String],
) -> anyhow::Result<Result<(), String>> {
    let own = figures::unit(tx, m.picture, unit.id, true, 1)?;
    for id in named {
        let known = m.engine().position(id);
        let there = own.demands.iter().find(|d| Some(d.item.i) == known);
        match (known, there) {
            (None, _) => return Ok(Err(format!("没有正在判定的要求“{id}”，应写作R-21。"))),
            (_, None) => return Ok(Err(format!("{}没有要求“{id}”的判定。", unit.name))),
            (_, Some(d)) if !d.item.behind() => {
                return Ok(Err(format!("{}的要求“{id}”没有落后，不必督办。", unit.name)));
            }
            _ => {}
        }
    }
    let chosen: Vec<&Demand> = own
        .demands
        .iter()
        .filter(|d| d.item.behind() && (named.is_empty() || named.contains(&m.id(d.item.i))))
        .collect();
    if chosen.is_empty() {
        return Ok(Err(format!("{}没有落后的要求，不必督办。", unit.name)));
    }
    m.passage("title", "标题", "督办单");
    m.passage("to", "督办对象", unit.name.clone());
    let span = m.span();
    m.passage("intro", "开头", format!("经核对{span}的记录，你单位下列要求落后，请按期办理，并书面回复办理结果。"));
    let columns = [
        ("编号", 10, false),
        ("要求", 34, true),
        ("依据", 14, false),
        ("实际", 16, false),
        ("目标", 12, false),
        ("能否补齐", 14, true),
    ];
    let rows = chosen.iter().map(|d| row(m, unit, d, &own)).collect();
    m.push(Part::Table {
        caption: String::new(),
        columns: columns.map(|(head, share, left)| (head.to_owned(), share, left)).into(),
        rows,
    });
    m.boxed("due", "办理期限", "");
    m.boxed("ask", "办理要求", "查明原因，能补齐的补齐，并说明今后如何防止再次落后。");
    m.boxed("contact", "联系人和电话", "");
    m.push(Part::Signature);
    Ok(Ok(()))
}

fn row(m: &mut Maker<'_>, unit: &Organ, d: &Demand, own: &figures::UnitPicture) -> Vec<Vec<Piece>> {
    let i = d.item.i;
    let mut compared = m.compared(unit, d, own).into_iter();
    let value = compared.next().into_iter().collect();
    let target = compared.filter(|p| matches!(p, Piece::Figure(_))).collect();
    let clause = m.engine().compiled[i].requirement.clause.clone();
    let after = match (after(m.engine(), &d.item), d.item.shut) {
        (After::InTime, Some(day)) => format!("能补齐，最迟{}", day.chinese()),
        (after, _) => after.text().to_owned(),
    };
    vec![vec![text(m.code(i))], vec![text(m.title(i))], vec![text(clause)], value, target, vec![text(after)]]
}
