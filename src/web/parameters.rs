//! Dated thresholds and settings of a requirement, for its page.

use super::view::{requirement::Parameter, words::Words};
use crate::{
    day::Day,
    directive::{
        model::{Operand, Requirement, Target, TargetStep, Value},
        setting_title, setting_uses,
    },
    ratio::Ratio,
    verdict::{engine::Engine, window::bounds},
};

/// Thresholds first, then settings.
pub(super) fn of(engine: &Engine, r: &Requirement, today: Day) -> Vec<Parameter> {
    let mut found: Vec<Parameter> = Vec::new();
    for target in r.parts.iter().filter_map(|p| p.target.as_ref()) {
        found.extend((0..target.steps.len()).map(|n| threshold(engine, r, target, n, today)));
    }
    let uses = setting_uses(&engine.package);
    let names = uses.iter().filter(|(_, of)| of.requirements.contains(&r.id)).map(|(name, _)| name);
    found.extend(names.map(|name| {
        let values: Vec<String> = engine.given.values(name).iter().map(literal).collect();
        Parameter {
            value: if values.is_empty() { "待办公室确定".into() } else { values.join("、") },
            name: setting_title(name).to_owned(),
            from: engine.rules.from.chinese(),
            to: String::new(),
            source: "本平台设定，由领导小组办公室修改".into(),
            current: false,
        }
    }));
    found
}

fn threshold(engine: &Engine, r: &Requirement, target: &Target, n: usize, today: Day) -> Parameter {
    let step: &TargetStep = &target.steps[n];
    let to = target.steps.get(n + 1).map(|s| s.from.plus(-1));
    let from = if step.from == Day::MIN { engine.rules.from } else { step.from };
    let upper = step.upper.as_ref().map_or(String::new(), |u| format!("至{}", operand(u)));
    Parameter {
        name: "达标线".into(),
        value: format!("{}{upper}", operand(&step.value)),
        from: from.chinese(),
        to: to.map_or(String::new(), Day::chinese),
        source: format!("文件原文，{}", r.clause),
        current: target.steps.len() > 1 && from <= today && to.is_none_or(|t| today <= t),
    }
}

/// Thresholds that begin within a window, after its first day: `达标线自2025年7月1日起由2改为3。`; empty if there are none.
pub(super) fn changed(r: &Requirement, window: &str) -> Words {
    let Some((first, last)) = bounds(window.trim_start_matches("by ")) else { return Words::new() };
    let targets = r.parts.iter().filter_map(|p| p.target.as_ref());
    let steps = targets.flat_map(|t| t.steps.windows(2));
    let within = steps.filter_map(|pair| match pair {
        [old, new] if first < new.from && new.from <= last => Some((old, new)),
        _ => None,
    });
    let words = within.map(|(old, new)| {
        format!("达标线自{}起由{}改为{}。", new.from.chinese(), operand(&old.value), operand(&new.value))
    });
    words.fold(Words::new(), Words::text)
}

fn operand(o: &Operand) -> String {
    match o {
        Operand::Value(v) => literal(v),
        Operand::Setting(name) => format!("设定“{}”", setting_title(name)),
        Operand::Subject(path) => path.join("."),
    }
}

/// A value as people write it.
pub(super) fn literal(value: &Value) -> String {
    match value {
        Value::Number(r) if r.den() == 1 => r.num().to_string(),
        Value::Number(r) => match r.times(Ratio::whole(100)) {
            Some(p) if p.den() == 1 => format!("{}%", p.num()),
            _ => r.to_string(),
        },
        Value::Money(fen) if fen % 1_000_000 == 0 => format!("{}万元", fen / 1_000_000),
        Value::Money(fen) if fen % 100 == 0 => format!("{}元", fen / 100),
        Value::Money(fen) => format!("{}.{:02}元", fen / 100, fen % 100),
        Value::Years(n) => format!("{n}年"),
        Value::Flag(yes) => if *yes { "是" } else { "否" }.into(),
        Value::Day(day) => day.chinese(),
        Value::Text(text) => text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directive::model::{Conds, Measure, Part, TargetOp};

    #[test]
    fn a_threshold_that_begins_within_the_window_is_said() {
        let day = |t: &str| Day::parse(t).unwrap();
        let step = |from: Day, n: i128| TargetStep {
            from,
            value: Operand::Value(Value::Number(Ratio::whole(n.try_into().unwrap()))),
            upper: None,
        };
        let part = Part {
            measure: Measure::Holds(Conds::default()),
            target: Some(Target { op: TargetOp::AtLeast, steps: vec![step(Day::MIN, 2), step(day("2026-07-01"), 3)] }),
            no_data: None,
            pace: None,
            by: None,
            since_any: false,
        };
        let r = Requirement { parts: vec![part], ..Requirement::default() };
        assert_eq!(changed(&r, "2026").to_string(), "达标线自2026年7月1日起由2改为3。");
        for window in ["2026-06", "2026-07", "2026H2", "2025", "standing"] {
            assert!(changed(&r, window).is_empty(), "{window}");
        }
    }
}
