//! 要求落实情况表: each requirement on each unit, by signs.

use super::{
    content::{Part, Piece, Place, SIGNS},
    maker::{Maker, state_word, text},
};
use crate::{
    db::Tx,
    figures::{self, Organ, Overview, on_system, short},
    scope::Scope,
    spelling::sound_key,
    verdict::{item::Item, judge::State},
};

/// Units side by side in one table at most.
const BESIDE: usize = 14;

pub(super) fn draw(m: &mut Maker<'_>, tx: &mut Tx<'_>, scope: &Scope) -> anyhow::Result<()> {
    let all = figures::overview(tx, m.picture, scope)?;
    let span = m.span();
    m.passage("title", "标题", "要求落实情况表");
    m.push(Part::Note(format!("{span}，截至{}。", m.picture.until.chinese())));
    tables(m, &all);
    m.passage("remark", "备注", "");
    Ok(())
}

/// The tables, of a dozen units each, and what the signs mean.
pub(super) fn tables(m: &mut Maker<'_>, all: &Overview) {
    let mut organs: Vec<Organ> =
        all.units.iter().filter(|u| u.judged > 0 || u.behind > 0).map(|u| u.organ.clone()).collect();
    organs.sort_by_key(|o| sound_key(&o.name));
    // Of several tables each has as many.
    let beside = organs.len().div_ceil(organs.len().div_ceil(BESIDE).max(1)).max(1);
    let mut groups: Vec<&[Organ]> = organs.chunks(beside).collect();
    if groups.is_empty() {
        groups.push(&[]);
    }
    let several = groups.len() > 1;
    for (n, group) in groups.iter().enumerate() {
        let mut columns =
            vec![("编号".to_owned(), 12, false), ("要求".to_owned(), 34, true), ("全市".to_owned(), 6, false)];
        columns.extend(group.iter().map(|o| (short(&o.name).to_owned(), 5, false)));
        let rows = rows(m, all, group);
        let caption = if several { format!("表{}", n + 1) } else { String::new() };
        m.push(Part::Table { caption, columns, rows });
    }
    let signs: Vec<String> = SIGNS
        .iter()
        .filter(|(word, _)| *word != "进行中·未到期")
        .map(|(word, sign)| format!("{sign} {}", if *word == "进行中·绿灯" { "进行中（绿灯或未到期）" } else { word }))
        .collect();
    m.push(Part::Note(format!("{}。空格：该单位没有这一项。", signs.join("；"))));
}

fn rows(m: &mut Maker<'_>, all: &Overview, group: &[Organ]) -> Vec<Vec<Vec<Piece>>> {
    let pillars: Vec<(String, String)> =
        m.engine().package.directive.pillars.iter().map(|p| (p.id.clone(), p.title.clone())).collect();
    let mut rows = Vec::new();
    for (pillar, title) in pillars {
        let mut own: Vec<usize> =
            (0..m.engine().compiled.len()).filter(|i| m.engine().compiled[*i].requirement.pillar == pillar).collect();
        own.sort_by_key(|i| m.id(*i));
        if own.is_empty() {
            continue;
        }
        rows.push(vec![vec![text(title)]]);
        for i in own {
            let mut row = vec![vec![text(m.code(i))], vec![text(m.title(i))], whole(m, all, i)];
            for organ in group {
                let item = all.items.iter().find(|t| t.i == i && t.organ == organ.id && told(t));
                row.push(match item.filter(|_| !on_system(m.engine(), i)) {
                    Some(item) => vec![Piece::Sign(m.state(organ, item, None))],
                    None => Vec::new(),
                });
            }
            rows.push(row);
        }
    }
    rows
}

fn told(item: &Item) -> bool {
    item.state != State::Figure
}

/// The state of a requirement over the whole.
fn whole(m: &mut Maker<'_>, all: &Overview, i: usize) -> Vec<Piece> {
    let Some(item) = all.system.iter().find(|t| t.i == i) else { return Vec::new() };
    let (id, code) = (m.id(i), m.code(i));
    let place = Place::Requirement(id.clone());
    let word = state_word(item);
    // The same figure as in the list of what the city bears itself.
    let key = if on_system(m.engine(), i) { format!("city/{id}/state") } else { format!("all/{id}/state") };
    match m.figure(key, format!("{code} 全市判定"), word, place) {
        Piece::Figure(at) => vec![Piece::Sign(at)],
        other => vec![other],
    }
}
