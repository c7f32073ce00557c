//! One unit: why this light, and what turns it green?

use super::{
    picture::Picture,
    share::{on_system, permille, share_light},
    words::{target_text, value_text},
};
use crate::{
    db::Tx,
    directive::{
        model::{Each, When},
        setting_title,
    },
    names::Names,
    subjects,
    verdict::{
        engine::Engine,
        item::{self, Item},
        judge::State,
        light::Light,
        store::Stored,
        words::{Context, window_name},
    },
};

/// A unit's figures.
pub struct UnitPicture {
    /// The demands that apply.
    pub demands: Vec<Demand>,
    /// 应判项: of the unit's own, as on the overview; demands on the system that it bears stand apart.
    pub judged: u32,
    /// 落后项, of the same.
    pub behind: u32,
    /// 落后项 ÷ 应判项 as a light.
    pub light: Light,
    /// Names of the subjects told of.
    pub names: Names,
}

/// A demand on the unit.
pub struct Demand {
    /// The requirement over its windows.
    pub item: Item,
    /// The unit's own verdict, where there is just one.
    pub single: Option<Stored>,
    /// The own verdict; else some of those that are missed, behind or unclear, or if there are none any one.
    pub told: Vec<Stored>,
    /// `2次`; empty without a verdict.
    pub target: String,
    /// `1次`, or `20个中14个达标`.
    pub value: String,
    /// Why it is behind or without data; empty otherwise.
    pub why: Why,
}

/// A sentence with the part of it that matters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Why {
    /// What stands before it.
    pub before: String,
    /// What matters.
    pub strong: String,
    /// What stands behind it.
    pub after: String,
}

impl Why {
    fn plain(text: String) -> Why {
        Why { before: text, ..Why::default() }
    }

    /// The whole sentence.
    pub fn text(&self) -> String {
        format!("{}{}{}", self.before, self.strong, self.after)
    }
}

/// The figures of an organ, or of one of its 科室; `most`: verdicts told of under a demand.
///
/// # Errors
/// When the store cannot be read.
pub fn unit(tx: &mut Tx<'_>, picture: &Picture, unit: i64, organ: bool, most: usize) -> anyhow::Result<UnitPicture> {
    let engine = picture.engine();
    let counts = picture.counts_of(tx, unit, organ)?;
    // Figures without a target are not demands.
    let mut items: Vec<Item> =
        item::items(engine, &counts, picture.day).into_iter().filter(|i| i.state != State::Figure).collect();
    items.sort_by_key(|i| engine.rank(i.i));
    let mut found = Vec::new();
    for item in items {
        let told = match picture.own(tx, &item, unit)? {
            Some(own) => vec![own],
            None => {
                let some = if bad(&item) == 0 { (false, 1) } else { (true, most) };
                picture.below(tx, &item, (unit, organ), some)?
            }
        };
        found.push((item, told));
    }
    let names = subjects::names(tx, engine, found.iter().flat_map(|(i, all)| all.iter().map(|v| (i.i, v))))?;
    let demands: Vec<Demand> = found.into_iter().map(|(item, told)| demand(engine, item, told, unit)).collect();
    let own = || demands.iter().filter(|d| !on_system(engine, d.item.i));
    let judged = own().filter(|d| d.item.judged()).count() as u32;
    let behind = own().filter(|d| d.item.behind()).count() as u32;
    Ok(UnitPicture { judged, behind, light: share_light(engine, behind, judged), demands, names })
}

/// How many verdicts of an item are missed, unclear or behind.
pub fn bad(item: &Item) -> i64 {
    item.tally.fail + item.tally.unknown + item.tally.behind
}

fn demand(engine: &Engine, item: Item, told: Vec<Stored>, unit: i64) -> Demand {
    let ctx = Context::of(engine, item.i);
    let single = match told.as_slice() {
        [v] if matches!(ctx.requirement.each, Each::Unit | Each::System) && v.subject == unit => Some(v.clone()),
        _ => None,
    };
    let t = &item.tally;
    Demand {
        target: told.first().map_or(String::new(), |v| target_text(ctx, v)),
        value: match &single {
            Some(v) => value_text(ctx, v),
            None => format!("{}个中{}个达标", t.judged(), t.pass),
        },
        why: why(engine, &item, single.as_ref()),
        item,
        single,
        told,
    }
}

fn why(engine: &Engine, item: &Item, single: Option<&Stored>) -> Why {
    let t = &item.tally;
    // Of several deadlines none speaks for the others.
    let window = match item.windows.as_slice() {
        [] => String::new(),
        [one] => window_name(one),
        [.., last] if single.is_some() => window_name(last),
        _ => "期限各有先后，".into(),
    };
    match (item.state, single) {
        (State::Unknown, Some(v)) if !v.unset.is_empty() => Why::plain(unset(&v.unset)),
        (State::Unknown, Some(_)) => Why::plain(format!("{window}没有可判的记录，或有记录说不清。")),
        (State::Unknown, None) => Why::plain(format!("{window}有{}个说不清。", t.unknown)),
        (State::Fail, Some(v)) => {
            let ctx = Context::of(engine, item.i);
            Why {
                before: format!("{window}为"),
                strong: value_text(ctx, v),
                after: format!("，要求{}。", target_text(ctx, v)),
            }
        }
        (State::Fail, None) => Why {
            before: format!("{window}应判{}个，", t.judged()),
            strong: format!("{}个未达标", t.fail),
            after: "。".into(),
        },
        (State::Open, _) if item.behind() => Why::plain(format!("{window}还在进行，落后于序时进度。")),
        _ => Why::default(),
    }
}

/// That settings are not laid down; their names are joined by `、`.
fn unset(names: &str) -> String {
    let titles: Vec<&str> = names.split('、').map(setting_title).collect();
    format!("设定“{}”还没有定。", titles.join("”“"))
}

/// How many of the items behind must be mended before the light is green, and the share that is then left, in thousandths.
pub fn needed(engine: &Engine, behind: u32, judged: u32) -> (u32, u32) {
    let green = |n: &u32| share_light(engine, behind - n, judged) == Light::Green;
    let needed = (1..=behind).find(green).unwrap_or(behind);
    (needed, permille(i64::from(behind - needed), i64::from(judged)))
}

/// What can still be done about a missed demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// It still runs.
    InTime,
    /// The window is over for good; the next one counts.
    NextTime,
    /// The deadline is over, but it can be made good.
    MakeGood,
    /// It is over.
    Never,
    /// At any time.
    AnyTime,
}

impl After {
    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            After::InTime => "期限未到，按期补齐即可",
            After::NextTime => "已过的期间不能补，从下一期做起",
            After::MakeGood => "期限已过，补齐后注明已补",
            After::Never => "已经结束，不能补",
            After::AnyTime => "随时补齐，随即达标",
        }
    }
}

/// What can still be done about a demand that is behind.
pub fn after(engine: &Engine, item: &Item) -> After {
    if item.state == State::Open {
        return After::InTime;
    }
    match engine.compiled[item.i].requirement.when {
        When::Every(_) => After::NextTime,
        When::ByDate(_) | When::ByField { .. } => After::MakeGood,
        When::Life => After::Never,
        When::Standing | When::Once(_) => After::AnyTime,
    }
}
