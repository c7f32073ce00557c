//! The facets of a list: state, period, unit, and the fields that the definition offers, each with counts that respect
//! the other conditions.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    frame::Desk,
    ledger::Listing,
    ledger_conditions::{Conditions, POSTED, STATES, UNFILLED, key, value_label},
    view::{
        spelling::sound_key,
        table::{Facet, FacetValue},
        url,
    },
};
use crate::{
    day::Day,
    db::Value,
    directive::model::{Field, FieldType},
    ledger::query::{Query, UNIT as OF_UNIT},
    names::Names,
    verdict::{kind::Kind, window, words::window_name, world::UNIT},
};

/// Values of a facet that are shown; of more, the most frequent.
const SHOWN: usize = 40;
/// Periods of one size that are shown.
const PERIODS: usize = 12;

/// Sizes of periods by name, and the period of that size in which a month lies.
const SIZES: [(&str, PeriodOf); 3] =
    [("月份", str::to_owned), ("季度", quarter), ("年份", |month| month.chars().take(4).collect())];

type PeriodOf = fn(&str) -> String;

/// A value of a facet before it is shown.
struct Counted {
    value: String,
    label: String,
    count: i64,
}

/// All facets of a list.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn facets(
    desk: &mut Desk<'_, '_>,
    of: &Listing,
    conditions: &Conditions,
    url: &url::Query,
) -> anyhow::Result<Vec<Facet>> {
    let ledger = of.ledger();
    let fields = ledger.fields.iter().filter(|f| f.facet && !f.sensitive && f.ty != FieldType::Derived);
    let columns =
        [("state", ledger.closing()), ("young", of.people.as_ref().map(|_| "born")), ("period", ledger.opening())];
    let columns = columns.into_iter().filter_map(|(key, name)| Some((key.to_owned(), name?.to_owned())));
    let own_unit = (of.people.is_none() && of.table != UNIT).then(|| ("unit".to_owned(), OF_UNIT.to_owned()));
    let keys: Vec<(String, String)> = columns.chain(own_unit).chain(fields.map(|f| (key(f), f.name.clone()))).collect();
    let asked: Vec<(String, Query)> =
        keys.iter().map(|(key, column)| (column.clone(), conditions.without(key))).collect();
    let counted = of.app.memo.facets(desk.tx, ledger, &desk.scope, &asked)?;
    let mut facets = Vec::new();
    facets.extend(posted(desk, of, conditions, url)?);
    if of.people.is_some() {
        let by_unit = persons_by_unit(desk, of, conditions)?;
        facets.extend(units(desk, of, conditions, &by_unit, url)?);
    }
    for ((key, _), values) in keys.iter().zip(counted.into_iter().map(|f| f.values)) {
        facets.extend(match key.as_str() {
            "state" => Some(states(desk, &values, url)),
            "young" => young(desk, of, &values, url),
            "period" => Some(periods(desk, &values, url)),
            "unit" => {
                let by_unit: Vec<(i64, i64)> = values.iter().filter_map(|(v, n)| Some((v.as_i64()?, *n))).collect();
                units(desk, of, conditions, &by_unit, url)?
            }
            key => field(desk, of, conditions, key, &values, url)?,
        });
    }
    Ok(facets)
}

/// A facet of one key, each of whose values is taken or given back.
fn facet(desk: &Desk<'_, '_>, title: String, key: &str, all: i64, values: Vec<Counted>, url: &url::Query) -> Facet {
    let chosen: Vec<&str> = desk.ask.all(key).collect();
    let whole = FacetValue {
        label: "全部".into(),
        count: number(all),
        href: url.without(key).href(),
        current: chosen.is_empty(),
        icon: None,
    };
    let values = values.into_iter().map(|c| FacetValue {
        count: number(c.count),
        href: url.toggle(key, &c.value).href(),
        current: chosen.contains(&c.value.as_str()),
        label: c.label,
        icon: None,
    });
    Facet { title, values: std::iter::once(whole).chain(values).collect() }
}

fn number(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

/// 在岗 or not, in the list of persons.
fn posted(
    desk: &mut Desk<'_, '_>,
    of: &Listing,
    conditions: &Conditions,
    url: &url::Query,
) -> anyhow::Result<Option<Facet>> {
    let Some(people) = &of.people else { return Ok(None) };
    let ids = people.under(desk, &conditions.without("state"))?;
    let here = ids.iter().filter(|id| people.unit(**id).is_some()).count() as i64;
    Ok(Some(two(desk, "状态", "state", POSTED, [here, ids.len() as i64 - here], url)))
}

/// Whether items are closed, by their closing days.
fn states(desk: &Desk<'_, '_>, closings: &[(Value, i64)], url: &url::Query) -> Facet {
    let mut counts = [0, 0];
    for (day, n) in closings {
        let closed = day.as_text().and_then(Day::parse).is_some_and(|day| day < desk.now.day);
        counts[usize::from(closed)] += n;
    }
    two(desk, "状态", "state", STATES, counts, url)
}

/// 年轻干部 on the day, by days of birth.
fn young(desk: &Desk<'_, '_>, of: &Listing, born: &[(Value, i64)], url: &url::Query) -> Option<Facet> {
    let after = of.people.as_ref()?.young_after()?;
    let mut counts = [0, 0];
    for (day, n) in born {
        if let Some(day) = day.as_text().and_then(Day::parse) {
            counts[usize::from(day <= after)] += n;
        }
    }
    Some(two(desk, "年轻干部", "young", ["是", "否"], counts, url))
}

/// A facet of two values, of which those without rows are left out.
fn two(desk: &Desk<'_, '_>, title: &str, key: &str, values: [&str; 2], counts: [i64; 2], url: &url::Query) -> Facet {
    let counted = values.into_iter().zip(counts).filter(|(_, n)| *n > 0);
    let counted = counted.map(|(v, count)| Counted { value: v.into(), label: v.into(), count });
    facet(desk, title.into(), key, counts.iter().sum(), counted.collect(), url)
}

/// Months; quarters where they are many, years where those are.
fn periods(desk: &Desk<'_, '_>, days: &[(Value, i64)], url: &url::Query) -> Facet {
    let mut months: BTreeMap<&str, i64> = BTreeMap::new();
    for (month, n) in days.iter().filter_map(|(day, n)| Some((day.as_text()?.get(..7)?, n))) {
        *months.entry(month).or_default() += n;
    }
    let grouped = |size: PeriodOf| {
        let mut counts: BTreeMap<String, i64> = BTreeMap::new();
        months.iter().for_each(|(month, n)| *counts.entry(size(month)).or_default() += n);
        counts
    };
    let sizes = SIZES.map(|(title, size)| (title, grouped(size)));
    let fits = sizes.iter().find(|(_, counts)| counts.len() <= PERIODS).or(sizes.last());
    let (title, counts) = fits.cloned().unwrap_or_default();
    let years: BTreeSet<&str> = counts.keys().filter_map(|k| k.get(..4)).collect();
    let label = |period: &str| match window_name(period).split_once('年') {
        Some((_, rest)) if years.len() == 1 && !rest.is_empty() => rest.to_owned(),
        _ => window_name(period),
    };
    let values = counts.iter().filter(|(period, _)| window::bounds(period).is_some()).map(|(period, n)| Counted {
        value: period.clone(),
        label: label(period),
        count: *n,
    });
    facet(desk, title.into(), "period", months.values().sum(), values.collect(), url)
}

/// `2025Q1` of `2025-03`.
fn quarter(month: &str) -> String {
    let (year, month) = month.split_once('-').unwrap_or((month, ""));
    let month: u32 = month.parse().unwrap_or(1);
    format!("{year}Q{}", month.saturating_sub(1) / 3 + 1)
}

fn persons_by_unit(desk: &mut Desk<'_, '_>, of: &Listing, conditions: &Conditions) -> anyhow::Result<Vec<(i64, i64)>> {
    let (Some(people), Some(units)) = (&of.people, of.units()) else { return Ok(Vec::new()) };
    let ids = people.under(desk, &conditions.without("unit"))?;
    let mut counts: HashMap<usize, i64> = HashMap::new();
    for unit in ids.iter().filter_map(|id| people.seen_unit(&desk.scope, *id)) {
        *counts.entry(unit).or_default() += 1;
    }
    Ok(counts.into_iter().map(|(unit, n)| (units.id(unit), n)).collect())
}

/// Organs; of the one that is chosen, its 科室.
fn units(
    desk: &mut Desk<'_, '_>,
    of: &Listing,
    conditions: &Conditions,
    by_unit: &[(i64, i64)],
    url: &url::Query,
) -> anyhow::Result<Option<Facet>> {
    let Some(units) = of.units().filter(|_| of.table != UNIT) else { return Ok(None) };
    let (mut own, mut organs): (HashMap<usize, i64>, HashMap<usize, i64>) = (HashMap::new(), HashMap::new());
    for (row, n) in by_unit.iter().filter_map(|(id, n)| Some((units.row(*id)?, *n))) {
        *own.entry(row).or_default() += n;
        *organs.entry(units.organ(row)).or_default() += n;
    }
    let chosen: BTreeSet<usize> = conditions.units.iter().map(|u| units.organ(*u)).collect();
    let alone = chosen.iter().chain(organs.keys()).collect::<BTreeSet<_>>();
    let inside = match (chosen.len(), alone.len()) {
        (1, _) => chosen.first().copied(),
        (0, 1) => alone.first().copied().copied(),
        _ => None,
    };
    let counts: HashMap<usize, i64> = match inside {
        Some(organ) => own.into_iter().filter(|(u, _)| units.organ(*u) == organ && *u != organ).collect(),
        None => organs.clone(),
    };
    let wanted: BTreeSet<i64> = counts.keys().chain(inside.iter()).map(|u| units.id(*u)).collect();
    let names = Names::load(desk.tx, of.layout(), &[(UNIT, wanted)].into())?;
    let code = |u: usize| names.code(UNIT, units.id(u));
    let mut values: Vec<Counted> = counts
        .into_iter()
        .map(|(u, count)| Counted { value: code(u), label: names.title(UNIT, units.id(u)).to_owned(), count })
        .collect();
    most(&mut values);
    values.sort_by_cached_key(|v| sound_key(&v.label));
    let Some(organ) = inside else {
        let all = by_unit.iter().map(|(_, n)| n).sum();
        return Ok(Some(facet(desk, "单位".into(), "unit", all, values, url)));
    };
    let all = organs.get(&organ).copied().unwrap_or(0);
    // 全部 is the whole organ, and a 科室 takes its place.
    let organ = code(organ);
    let inner = if chosen.is_empty() { url.clone() } else { untoggled(url, &organ) };
    let mut facet = facet(desk, "科室".into(), "unit", all, values, &inner);
    if let (Some(whole), false) = (facet.values.first_mut(), chosen.is_empty()) {
        whole.href = url.with("unit", organ.clone()).href();
        whole.current = desk.ask.all("unit").any(|v| v == organ);
    }
    Ok(Some(facet))
}

/// Without one value of `unit`.
fn untoggled(url: &url::Query, value: &str) -> url::Query {
    let mut url = url.clone();
    url.pairs.retain(|(k, v)| k != "unit" || v != value);
    url
}

/// Keeps the most frequent.
fn most(values: &mut Vec<Counted>) {
    values.sort_by_key(|v| std::cmp::Reverse(v.count));
    values.truncate(SHOWN);
}

/// A field's values in the order of the definition.
fn field(
    desk: &mut Desk<'_, '_>,
    of: &Listing,
    conditions: &Conditions,
    key: &str,
    counted: &[(Value, i64)],
    url: &url::Query,
) -> anyhow::Result<Option<Facet>> {
    let Some(i) = of.ledger().fields.iter().position(|f| self::key(f) == key) else { return Ok(None) };
    let field = &of.ledger().fields[i];
    let mut names = Names::default();
    if let Kind::Ref(to) = of.layout().kinds[of.table][i] {
        let ids = counted.iter().filter_map(|(v, _)| v.as_i64()).collect();
        names = Names::load(desk.tx, of.layout(), &[(to, ids)].into())?;
    }
    let address = |value: &Value, label: &str| match (value, &of.layout().kinds[of.table][i]) {
        (Value::I64(id), Kind::Ref(to)) => names.code(*to, *id),
        (Value::Text(t), _) => t.clone(),
        _ => label.to_owned(),
    };
    let all = counted.iter().map(|(_, n)| n).sum();
    let mut values: Vec<Counted> = counted
        .iter()
        .map(|(value, count)| {
            let label = value_label(of, i, value, &names);
            Counted { value: address(value, &label), label, count: *count }
        })
        .collect();
    most(&mut values);
    values.sort_by_cached_key(|v| (place(field, &v.value), sound_key(&v.label)));
    // A row with several choices stands under each.
    let all = match field.ty {
        FieldType::Choices(_) => of.app.memo.count(desk.tx, of.ledger(), &desk.scope, &conditions.without(key))?,
        _ => all,
    };
    let title = field.short.clone().unwrap_or_else(|| field.title.clone());
    Ok(Some(facet(desk, title, key, all, values, url)))
}

/// Where a choice stands in the definition; the empty field last.
fn place(field: &Field, value: &str) -> usize {
    match &field.ty {
        _ if value == UNFILLED => usize::MAX,
        FieldType::Choice(of) | FieldType::Choices(of) => of.iter().position(|c| c == value).unwrap_or(usize::MAX - 1),
        FieldType::Flag => usize::from(value != "是"),
        _ => 0,
    }
}
