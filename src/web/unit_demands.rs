//! The demands on a unit as its page lists them: searched, counted, and by pillar.

use std::collections::BTreeMap;

use super::{
    frame::Ask,
    summary,
    view::{
        table::{Control, Facet, FacetValue, Facets, FilterForm, Input},
        unit::{UnitPillar, UnitVerdict},
    },
};
use crate::{
    figures::{Demand, on_system},
    verdict::{engine::Engine, item::Item},
};

/// What the list may be searched by.
pub(super) fn filter(ask: &Ask) -> FilterForm {
    let input = Input::Text(ask.get("q").unwrap_or_default().to_owned(), "编号或要求".into());
    FilterForm {
        query: ask.url.without("page"),
        controls: vec![Control { name: "q".into(), label: "关键词".into(), input, error: String::new() }],
    }
}

/// How many demands there are of each pillar and of each verdict.
pub(super) fn facets(engine: &Engine, ask: &Ask, demands: &[Demand]) -> Facets {
    let facet = |key: &str, title: &str, order: &[&str], value: &dyn Fn(&Item) -> String| {
        let mut counts: BTreeMap<(usize, String), u64> = BTreeMap::new();
        for demand in demands {
            let value = value(&demand.item);
            let place = order.iter().position(|o| *o == value).unwrap_or(order.len());
            *counts.entry((place, value)).or_default() += 1;
        }
        let taken = ask.get(key);
        let all = FacetValue {
            label: "全部".into(),
            count: demands.len() as u64,
            href: ask.url.without(key).href(),
            current: taken.is_none(),
            icon: None,
        };
        let value = |((_, label), count): ((usize, String), u64)| FacetValue {
            current: taken == Some(&label),
            href: ask.url.with(key, label.clone()).href(),
            label,
            count,
            icon: None,
        };
        Facet { title: title.into(), values: std::iter::once(all).chain(counts.into_iter().map(value)).collect() }
    };
    let pillars: Vec<&str> = engine.package.directive.pillars.iter().map(|p| p.id.as_str()).collect();
    Facets(vec![
        facet("pillar", "类别", &pillars, &|i| engine.compiled[i.i].requirement.pillar.clone()),
        facet("state", "判定", &super::requirements::STATES, &|i| {
            summary::of(i).word().split('·').next().unwrap_or_default().to_owned()
        }),
    ])
}

/// Those that fit the address, by pillar.
pub(super) fn pillars(engine: &Engine, ask: &Ask, lines: &[(&Item, UnitVerdict)]) -> Vec<UnitPillar> {
    let shown = |item: &Item, line: &UnitVerdict| {
        let r = &engine.compiled[item.i].requirement;
        ask.get("pillar").is_none_or(|p| p == r.pillar)
            && ask.get("state").is_none_or(|s| summary::of(item).word().starts_with(s))
            && ask.get("q").is_none_or(|q| line.title.text.contains(q) || line.code.contains(q) || r.id.contains(q))
    };
    let pillars = engine.package.directive.pillars.iter().enumerate();
    pillars
        .filter_map(|(n, pillar)| {
            let own: Vec<&(&Item, UnitVerdict)> = lines
                .iter()
                .filter(|(i, l)| engine.compiled[i.i].requirement.pillar == pillar.id && shown(i, l))
                .collect();
            let units = || own.iter().filter(|(i, _)| !on_system(engine, i.i));
            let judged = units().filter(|(i, _)| i.judged()).count();
            let behind = units().filter(|(i, _)| i.behind()).count();
            (!own.is_empty()).then(|| UnitPillar {
                anchor: format!("p-{}", n + 1),
                title: pillar.id.clone(),
                note: format!("{}项，应判{judged}项，落后{behind}项", own.len()),
                rows: own.iter().map(|(_, l)| l.clone()).collect(),
            })
        })
        .collect()
}
