//! 设置 `/settings`: what the office lays down itself. Laying down: `settings_change`.

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};

use super::{
    app::App,
    asked,
    frame::{Ask, Desk, show},
    parameters, record_links, requirement,
    view::{
        settings::{RulingLine, Settings, Slot, Value, Values, Year},
        spelling::requirement_code,
        url::segment,
        words::{Link, Words},
    },
};
use crate::{
    auth::Permission,
    day::Day,
    directive::{
        model::{FieldType, Package, Ruling},
        setting_title, setting_uses,
    },
    installation::Current,
    ledger::{
        query::{self, Query},
        row::Stored,
    },
    scope::Scope,
    verdict::engine::Engine,
};

/// The two numbers of the lights.
pub(super) const LIGHTS: [&str; 2] = ["yellow_from", "red_from"];

/// `GET /settings`.
pub(super) async fn page(State(app): State<App>, ask: Ask) -> Response {
    show(app, ask, render).await
}

/// Fills the page.
///
/// # Errors
/// When the store cannot be read.
fn render(desk: &mut Desk<'_, '_>) -> anyhow::Result<Settings> {
    asked::keys(desk, &["done"]);
    let current = desk.current.clone();
    let engine = &current.engine;
    let laid = Laid::read(desk)?;
    let may = may_change(desk);
    let values = values(engine, &laid, may);
    let slots: Vec<Slot> =
        engine.given.slots.iter().map(|(name, of)| slot(engine, &laid, name, of.size, may)).collect();
    let open = values.iter().flat_map(|g| &g.rows).filter(|v| v.value.is_empty()).count();
    let unnamed: i64 = slots.iter().map(Slot::left).sum();
    let today = desk.now.day;
    Ok(Settings {
        page: desk.page("/settings")?,
        notice: match desk.ask.get("done") {
            Some(_) => "已登记，正在按新的设定重新判定。".into(),
            None => String::new(),
        },
        lead: Words::from("还有")
            .strong(format!("{open}项"))
            .text("设定待定，")
            .strong(format!("{unnamed}个"))
            .text("名目没有定名。没有定的，判定为数据不足或不下结论，不作推测。"),
        lights: (
            lights_words(engine),
            laid.basis("setting", LIGHTS[1]).or(laid.basis("setting", LIGHTS[0])).unwrap_or_else(with_package),
        ),
        change_lights: may.then(|| Link::new("修改", "/settings/light/thresholds")),
        values,
        slots,
        rulings: rulings(engine, &laid, may),
        years: years(engine, &laid, today),
        choices: choices(&current),
    })
}

/// Whether the reader may lay something down: it holds for the whole city.
pub(super) fn may_change(desk: &Desk<'_, '_>) -> bool {
    desk.may(Permission::Settings) && desk.opens(Permission::Settings) == Some(Scope::All)
}

/// `落后不足10个百分点亮绿灯，…`.
pub(super) fn lights_words(engine: &Engine) -> String {
    let t = engine.rules.thresholds;
    format!("落后不足{}个百分点绿灯，{}至{}个百分点黄灯，超过{}个百分点红灯", t.yellow, t.yellow, t.red, t.red)
}

fn with_package() -> String {
    "随文件要求起用".into()
}

/// What was laid down by records: of each setting the row that holds today, of each slot and year all.
pub(super) struct Laid {
    settings: BTreeMap<String, Stored>,
    slots: Vec<Stored>,
    workdays: Vec<Stored>,
    layout: std::sync::Arc<Current>,
}

impl Laid {
    /// Reads it, as far as the reader may see it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn read(desk: &mut Desk<'_, '_>) -> anyhow::Result<Laid> {
        let layout = desk.current.clone();
        let mut rows = |name: &str| -> anyhow::Result<Vec<Stored>> {
            let Some(ledger) = layout.engine.layout.index(name).map(|t| &layout.engine.layout.ledgers[t]) else {
                return Ok(Vec::new());
            };
            let mut found = Vec::new();
            query::each(desk.tx, ledger, &desk.scope, &Query::default(), |row| {
                found.push(row);
                Ok(())
            })?;
            Ok(found)
        };
        let (mut settings, slots, workdays) = (rows("setting")?, rows("slot_member")?, rows("workday")?);
        let mut laid = Laid { settings: BTreeMap::new(), slots, workdays, layout: layout.clone() };
        // The later one wins, and of one day the one recorded last.
        settings.sort_by_key(|row| (laid.text(row, "setting", "from"), row.row_id));
        let today = desk.now.day.to_string();
        settings.retain(|row| laid.text(row, "setting", "from") <= today);
        for row in settings {
            laid.settings.insert(laid.text(&row, "setting", "name"), row);
        }
        Ok(laid)
    }

    fn text(&self, row: &Stored, ledger: &str, field: &str) -> String {
        let layout = &self.layout.engine.layout;
        let value = layout.index(ledger).map(|t| row.value(&layout.ledgers[t], field));
        value.and_then(|v| v.as_text()).unwrap_or_default().to_owned()
    }

    fn told(&self, row: &Stored, ledger: &str) -> String {
        let from =
            Day::parse(&self.text(row, ledger, "from")).map_or_else(String::new, |d| format!("{}起", d.chinese()));
        let basis = match self.text(row, ledger, "basis") {
            basis if basis.is_empty() => format!("{}登记", row.recorded_by),
            basis => format!("{basis}（{}登记）", row.recorded_by),
        };
        format!("{from}　{basis}")
    }

    /// The reading that the office takes of an unclear clause, and by whose ruling; `None` where nothing was recorded.
    pub(super) fn reading(&self, id: &str) -> Option<(String, String)> {
        let row = self.settings.get(id)?;
        let reading = self.text(row, "setting", "value");
        (!reading.is_empty()).then(|| (reading, self.told(row, "setting")))
    }

    /// Since when a setting holds and by whose ruling; `None` where the package's own value does.
    fn basis(&self, ledger: &str, name: &str) -> Option<String> {
        self.settings.get(name).map(|row| self.told(row, ledger))
    }
}

fn values(engine: &Engine, laid: &Laid, may: bool) -> Vec<Values> {
    let package = &engine.package;
    let (mut open, mut given) = (Vec::new(), Vec::new());
    for (name, of) in setting_uses(package) {
        if LIGHTS.contains(&name.as_str()) {
            continue;
        }
        let left_open = package.directive.settings.get(&name).is_some_and(Option::is_none);
        let value = value_words(engine, &name);
        let basis = laid.basis("setting", &name).unwrap_or_else(|| match left_open {
            true => "原文没有说，没有定以前不作判断".into(),
            false => with_package(),
        });
        let verb = if value.is_empty() { "裁定" } else { "修改" };
        let line = Value {
            title: setting_title(&name).to_owned(),
            value,
            basis,
            uses: of.requirements.iter().filter_map(|id| named(package, id)).collect(),
            change: may.then(|| Link::new(verb, format!("/settings/value/{}", segment(&name)))),
        };
        if left_open { open.push(line) } else { given.push(line) }
    }
    let group = |title: &str, rows: Vec<Value>| Values { title: title.into(), rows };
    vec![group("原文没有说、由本单位裁定的", open), group("随文件要求已有取值、可以修改的", given)]
}

/// What a setting holds now, as people write it; empty for nothing.
pub(super) fn value_words(engine: &Engine, name: &str) -> String {
    engine.given.values(name).iter().map(parameters::literal).collect::<Vec<_>>().join("、")
}

/// A requirement's code, leading to it.
pub(super) fn named(package: &Package, id: &str) -> Option<Link> {
    let r = package.requirement(id)?;
    Some(Link::new(requirement_code(&r.pillar, &r.id), format!("/requirements/{}", segment(&r.id))))
}

fn slot(engine: &Engine, laid: &Laid, name: &str, size: i64, may: bool) -> Slot {
    let stated = engine.package.directive.slots.get(name).map_or(&[][..], |s| &s.named);
    let all = engine.given.slots.get(name).map_or(&[][..], |s| &s.named);
    let from = |member: &String| {
        let own = |row: &&Stored| {
            laid.text(row, "slot_member", "slot") == name && laid.text(row, "slot_member", "name") == *member
        };
        match laid.slots.iter().find(own) {
            _ if stated.contains(member) => "原文点名".to_owned(),
            Some(row) => laid.told(row, "slot_member"),
            None => "本单位定名".into(),
        }
    };
    let named: Vec<(String, String)> = all.iter().map(|m| (m.clone(), from(m))).collect();
    let left = size > named.len() as i64;
    let change = (may && left).then(|| Link::new("定一个名称", format!("/settings/slot/{}", segment(name))));
    Slot { title: name.to_owned(), size, named, change }
}

fn rulings(engine: &Engine, laid: &Laid, may: bool) -> Vec<RulingLine> {
    let package = &engine.package;
    let of = |id: &str| -> Vec<Link> {
        let own = package.requirements.iter().filter(|r| r.ruling.iter().any(|q| q == id));
        own.filter_map(|r| named(package, &r.id)).collect()
    };
    let line = |q: &Ruling| RulingLine {
        ruling: requirement::ruling(q, laid.reading(&q.id)),
        uses: of(&q.id),
        change: may.then(|| Link::new("登记裁定", format!("/settings/ruling/{}", segment(&q.id)))),
    };
    package.directive.rulings.iter().map(line).collect()
}

/// Every year from the directive's first to the next one.
fn years(engine: &Engine, laid: &Laid, today: Day) -> Vec<Year> {
    let (first, next) = (engine.rules.from.ymd().0, today.ymd().0 + 1);
    let own = |row: &Stored| Day::parse(&laid.text(row, "workday", "day")).map(|d| d.ymd().0);
    let year = |year: i32| {
        let marked: Vec<(Day, bool)> = engine.workdays.marked().filter(|(d, _)| d.ymd().0 == year).collect();
        Year {
            year,
            off: marked.iter().filter(|(d, works)| !works && d.weekday() <= 5).count(),
            worked: marked.iter().filter(|(d, works)| *works && d.weekday() > 5).count(),
            own: laid.workdays.iter().filter(|row| own(row) == Some(year)).count(),
        }
    };
    (first.min(next)..=next).map(year).collect()
}

fn choices(current: &Current) -> Vec<(Link, Vec<(String, String)>)> {
    let fields = |ledger: &crate::directive::model::Ledger| -> Vec<(String, String)> {
        let of = ledger.fields.iter().filter_map(|f| match &f.ty {
            FieldType::Choice(of) | FieldType::Choices(of) => Some((f.title.clone(), of.join("、"))),
            _ => None,
        });
        of.collect()
    };
    let all = current.engine.layout.ledgers.iter().filter(|l| !l.derived);
    let of = all.map(|l| (Link::new(l.title.clone(), record_links::list_path(l)), fields(l)));
    of.filter(|(_, fields)| !fields.is_empty()).collect()
}
