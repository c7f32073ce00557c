//! What can be laid down: the thresholds of the lights, a setting, a name of a slot, the office's word on a ruling. Its
//! inputs, what was typed as a plan, and the rows that hold it.

use super::{
    asked,
    error::PageError,
    frame::Desk,
    post::Seat,
    settings::{LIGHTS, lights_words, value_words},
    view::{
        form::{Field, Form},
        words::{Link, Words},
    },
    wrongs::Wrongs,
};
use crate::{
    auth::account::{Refused, plain_text},
    day::Day,
    db::Value,
    directive::{Holds, SettingUse, model::Ruling, setting_most, setting_title, setting_uses},
    installation::{Current, setting},
    ledger::NewRow,
    verdict::{compile::Given, engine::Engine},
};

/// The longest reason and the longest text of a setting, in characters.
pub(super) const LONGEST: usize = 200;
/// The longest name of a slot and of who ruled.
const NAME: usize = 40;
/// Days ahead from which something may hold.
const AHEAD: i32 = 366;

/// What is to be laid down.
pub(super) enum Matter {
    /// The two thresholds of the lights.
    Lights,
    /// A setting.
    Value(String, SettingUse),
    /// A further name of a slot set.
    Slot(String),
    /// Which reading of an unclear clause the office takes. What is judged goes by the package; that both agree, or do not,
    /// is shown.
    Ruling(Ruling),
}

/// What is to hold: rows for a ledger.
pub(super) struct Plan {
    /// The ledger that holds them.
    pub(super) ledger: &'static str,
    /// Names with values.
    rows: Vec<(String, String)>,
    /// From which day on.
    pub(super) from: Day,
    /// Who ruled, when and why.
    pub(super) basis: String,
    /// `亮黄灯的起点（百分点）由10改为15`, a piece each.
    pub(super) words: Vec<String>,
}

impl Matter {
    pub(super) fn of(current: &Current, kind: &str, name: &str) -> Result<Matter, PageError> {
        match kind {
            "light" if name == "thresholds" => Ok(Matter::Lights),
            "value" if !LIGHTS.contains(&name) => {
                let uses = setting_uses(&current.engine.package).remove(name);
                uses.map(|of| Matter::Value(name.to_owned(), of)).ok_or(PageError::NotFound)
            }
            "ruling" => {
                let ruling = current.engine.package.directive.rulings.iter().find(|r| r.id == name);
                ruling.cloned().map(Matter::Ruling).ok_or(PageError::NotFound)
            }
            "slot" if current.engine.given.slots.contains_key(name) => Ok(Matter::Slot(name.to_owned())),
            _ => Err(PageError::NotFound),
        }
    }

    pub(super) fn title(&self) -> String {
        match self {
            Matter::Lights => "修改亮灯阈值".into(),
            Matter::Value(name, _) => format!("设定：{}", setting_title(name)),
            Matter::Slot(name) => format!("待定名目：{name}"),
            Matter::Ruling(r) => format!("裁定：{} {}", r.id, r.question),
        }
    }

    /// What holds now, and what it is for.
    pub(super) fn lead(&self, engine: &Engine) -> Words {
        match self {
            Matter::Lights => {
                Words::from(format!("{}。单位和全市的亮灯按落后项的比例用同样的数。", lights_words(engine)))
            }
            Matter::Value(name, of) => {
                let now = value_words(engine, name);
                let mut words = match now.is_empty() {
                    true => Words::from("还没有定。没有定以前，要用它的判定为数据不足。"),
                    false => Words::from("现行取值：").strong(now).text("。"),
                };
                for (n, id) in of.requirements.iter().enumerate() {
                    words = words.text(if n == 0 { "用它的要求：" } else { "、" });
                    if let Some(link) = super::settings::named(&engine.package, id) {
                        words = words.link(link.text, link.href);
                    }
                }
                words
            }
            Matter::Slot(name) => {
                let slots = &engine.given.slots[name];
                let named = slots.named.len() as i64;
                Words::from(format!("应有{}个，已定{named}个：{}。", slots.size, slots.named.join("、")))
                    .text("原文没有点名的，由主管部门定名，不得编造。")
            }
            Matter::Ruling(r) => Words::from("随文件要求起用的是：")
                .strong(r.chosen.clone())
                .text("。判定只按它算。裁定与它相同的，登记后即以裁定为据；裁定采用别的理解的，登记后在页面上写明，另出一版文件要求以后才按它判定。"),
        }
    }

    /// The inputs that hold what is to hold, with what holds now.
    fn inputs(&self, engine: &Engine) -> Vec<Field> {
        let t = engine.rules.thresholds;
        match self {
            Matter::Lights => vec![
                Field::text("yellow", "黄灯起点", &t.yellow.to_string())
                    .hint("落后多少个百分点起亮黄灯，1至100的整数。")
                    .required(),
                Field::text("red", "红灯起点", &t.red.to_string())
                    .hint("落后超过多少个百分点亮红灯，不小于黄灯起点。")
                    .required(),
            ],
            Matter::Value(name, of) => {
                let written: Vec<String> = engine.given.values(name).iter().map(raw).collect();
                let now = written.join("|");
                vec![match &of.holds {
                    Holds::Day => Field::day("value", "取值", &now).hint("一个日期；留空为不设。"),
                    Holds::Whole => Field::text("value", "取值", &now).hint(&match setting_most(name) {
                        1 => "0或1；留空为不设。".into(),
                        most @ ..10 => format!("0至{most}的整数；留空为不设。"),
                        _ => "不小于0的整数；留空为不设。".into(),
                    }),
                    Holds::Number => Field::text("value", "取值", &now).hint("一个数，例如80或2.5；留空为不设。"),
                    Holds::Some(of) => Field::text("value", "取值", &now.replace('|', "、"))
                        .hint(&format!("可填：{}。几个之间用顿号隔开；留空为不设。", of.join("、"))),
                    Holds::Text => Field::text("value", "取值", &now).hint("留空为不设。"),
                }]
            }
            Matter::Ruling(r) => {
                let mut choices = vec![(String::new(), "请选择".to_owned())];
                choices.extend(readings(r).into_iter().map(|t| (t.clone(), t)));
                vec![Field::choice("value", "采用", "", choices).required()]
            }
            Matter::Slot(_) => {
                vec![Field::text("name", "名称", "").hint(&format!("主管部门定的名称，最多{NAME}字。")).required()]
            }
        }
    }

    pub(super) fn form(&self, desk: &Desk<'_, '_>, path: &str) -> anyhow::Result<Form> {
        let today = desk.now.day;
        let mut fields = self.inputs(&desk.current.engine);
        fields.extend([
            Field::day("from", "起用日期", &today.to_string()).hint("今天或以后；以前的判定不变。").required(),
            Field::text("by", "裁定人", "").hint("谁定的：姓名或会议名称。").required(),
            Field::day("on", "裁定日期", &today.to_string()).hint("哪一天定的，不晚于今天。").required(),
            Field::text("reason", "理由和依据", "")
                .hint(&format!("为什么这样定，依据哪个文件；最多{LONGEST}字。"))
                .required(),
        ]);
        Ok(Form {
            id: "st".into(),
            action: path.to_owned(),
            token: desk.form_token()?,
            fields,
            button: "看会改变什么".into(),
            primary: true,
            cancel: Some(Link::new("取消", "/settings")),
            ..Form::default()
        })
    }

    /// What is typed as a plan, or what is wrong.
    pub(super) fn plan(&self, seat: &Seat, engine: &Engine) -> Result<Plan, Wrongs> {
        let mut wrongs = Wrongs::default();
        let rows = wrongs.take_all(self.rows(seat, engine));
        let today = seat.now.day;
        let day = |field: &'static str, title: &str| {
            let typed = seat.fields.get(field);
            Day::parse(typed).ok_or_else(|| match typed {
                "" => (field, format!("{title}：请填写。")),
                typed => (field, format!("{title}：“{}”不是有效日期，请按2025-02-28的样子填写。", asked::echo(typed))),
            })
        };
        let from = day("from", "起用日期").and_then(|from| match from < today || from > today.plus(AHEAD) {
            true => {
                let last = today.plus(AHEAD).chinese();
                Err(("from", format!("起用日期：应在{}到{last}之间。", today.chinese())))
            }
            false => Ok(from),
        });
        let on = day("on", "裁定日期").and_then(|on| match on > today {
            true => Err(("on", format!("裁定日期：应不晚于今天{}。", today.chinese()))),
            false => Ok(on),
        });
        let (from, by) = (wrongs.take(from), wrongs.take(line(seat, "by", "裁定人", NAME)));
        let (on, reason) = (wrongs.take(on), wrongs.take(line(seat, "reason", "理由和依据", LONGEST)));
        let (Some((ledger, rows, words)), Some(from), Some(by), Some(on), Some(reason)) = (rows, from, by, on, reason)
        else {
            return Err(wrongs);
        };
        let basis = format!("{by}{}裁定：{reason}", on.chinese());
        Ok(Plan { ledger, rows, from, basis, words })
    }

    /// Ledger, names with values, and what changes in words.
    fn rows(&self, seat: &Seat, engine: &Engine) -> Result<Rows, Wrongs> {
        match self {
            Matter::Lights => {
                let now = engine.rules.thresholds;
                let [yellow, red] = [("yellow", "黄灯起点"), ("red", "红灯起点")].map(|(field, title)| {
                    let typed = seat.fields.get(field);
                    let number = typed.parse::<i64>().ok().filter(|n| (1..=100).contains(n));
                    number.ok_or_else(|| (field, format!("{title}：“{}”不是1至100的整数。", asked::echo(typed))))
                });
                let mut wrongs = Wrongs::default();
                let (Some(yellow), Some(red)) = (wrongs.take(yellow), wrongs.take(red)) else { return Err(wrongs) };
                if red < yellow {
                    return Err(("red", format!("红灯起点：应不小于黄灯起点{yellow}。")).into());
                }
                let pairs = [(LIGHTS[0], now.yellow, yellow), (LIGHTS[1], now.red, red)];
                let changed: Vec<_> = pairs.into_iter().filter(|(_, was, is)| was != is).collect();
                if changed.is_empty() {
                    return Err(("yellow", "黄灯起点：与现行的一样，没有改动。".into()).into());
                }
                let words = changed.iter().map(|(name, was, is)| format!("{}由{was}改为{is}", setting_title(name)));
                let words = words.collect();
                let rows = changed.into_iter().map(|(name, _, is)| (name.to_owned(), is.to_string())).collect();
                Ok(("setting", rows, words))
            }
            Matter::Value(name, of) => {
                let value = value(seat.fields.get("value"), &of.holds, setting_most(name))
                    .map_err(|why| ("value", format!("取值：{why}")))?;
                let written: Vec<String> = engine.given.values(name).iter().map(raw).collect();
                if written.join("|") == value {
                    return Err(("value", "取值：与现行的一样，没有改动。".into()).into());
                }
                let shown = |text: &str| if text.is_empty() { "不设".to_owned() } else { text.replace('|', "、") };
                let now = value_words(engine, name);
                let words = vec![format!("{}由{}改为{}", setting_title(name), shown(&now), shown(&value))];
                Ok(("setting", vec![(name.clone(), value)], words))
            }
            Matter::Ruling(r) => {
                let value = seat.fields.get("value");
                if !readings(r).iter().any(|known| known == value) {
                    return Err(("value", "采用：请选择一种理解。".into()).into());
                }
                let words = vec![format!("{}裁定采用“{value}”", r.id)];
                Ok(("setting", vec![(r.id.clone(), value.to_owned())], words))
            }
            Matter::Slot(name) => {
                let new = line(seat, "name", "名称", NAME)?;
                let slots = &engine.given.slots[name];
                if slots.named.contains(&new) {
                    return Err(("name", format!("名称：“{new}”已在名目里。")).into());
                }
                if slots.named.len() as i64 >= slots.size {
                    return Err(("name", format!("名称：{}个已经定全，不能再加。", slots.size)).into());
                }
                let words = vec![format!("名目“{name}”第{}个定为“{new}”", slots.named.len() + 1)];
                Ok(("slot_member", vec![(name.clone(), new)], words))
            }
        }
    }
}

/// Ledger, names with values, and what changes in words.
type Rows = (&'static str, Vec<(String, String)>, Vec<String>);

impl Plan {
    pub(super) fn given(&self, given: &mut Given) {
        for (name, value) in &self.rows {
            match given.slots.get_mut(name).filter(|_| self.ledger == "slot_member") {
                Some(slots) => slots.named.push(value.clone()),
                None => {
                    given.settings.insert(name.clone(), setting(value));
                }
            }
        }
    }

    pub(super) fn new_rows(&self, current: &Current) -> Vec<NewRow> {
        let layout = &current.engine.layout;
        let Some(ledger) = layout.index(self.ledger).map(|t| &layout.ledgers[t]) else { return Vec::new() };
        let keys = if self.ledger == "setting" { ["name", "value"] } else { ["slot", "name"] };
        let row = |(name, value): &(String, String)| {
            let mut values = vec![Value::Null; ledger.fields.len()];
            let value = (!value.is_empty()).then_some(value.as_str());
            let filled: [(&str, Value); 4] = [
                (keys[0], name.as_str().into()),
                (keys[1], value.into()),
                ("from", self.from.into()),
                ("basis", self.basis.as_str().into()),
            ];
            for (field, value) in filled {
                if let Some(i) = ledger.field_index(field) {
                    values[i] = value;
                }
            }
            NewRow { code: None, unit: None, values }
        };
        self.rows.iter().map(row).collect()
    }
}

/// The readings of a ruling: the one by which is judged first, as the package says it.
fn readings(r: &Ruling) -> Vec<String> {
    let others = r.readings.iter().filter(|t| **t != r.chosen);
    std::iter::once(&r.chosen).chain(others).filter(|t| !t.is_empty()).cloned().collect()
}

/// A setting's value as it is recorded, a whole number of `most` at most; several apart by `|`.
fn value(typed: &str, holds: &Holds, most: i64) -> Result<String, String> {
    if typed.is_empty() {
        return Ok(String::new());
    }
    let shown = asked::echo(typed);
    match holds {
        Holds::Whole => {
            let number = typed.parse::<u32>().ok().filter(|n| i64::from(*n) <= most);
            let whole = if most == 1 { "0或1".to_owned() } else { format!("0至{most}的整数") };
            number.map(|n| n.to_string()).ok_or_else(|| format!("“{shown}”不是{whole}。"))
        }
        Holds::Number => match crate::ratio::Ratio::parse_decimal(typed) {
            Some(_) => Ok(typed.to_owned()),
            None => Err(format!("“{shown}”不是数，请写成80或2.5的样子。")),
        },
        Holds::Day => match Day::parse(typed) {
            Some(day) => Ok(day.to_string()),
            None => Err(format!("“{shown}”不是有效日期，请按2025-02-28的样子填写。")),
        },
        Holds::Some(of) => {
            let mut chosen: Vec<&str> = Vec::new();
            for one in typed.split(['、', '|', '，', ',', '；']).map(str::trim).filter(|t| !t.is_empty()) {
                if !of.iter().any(|o| o == one) {
                    return Err(format!("没有“{}”这一项，可填：{}。", asked::echo(one), of.join("、")));
                }
                if !chosen.contains(&one) {
                    chosen.push(one);
                }
            }
            Ok(chosen.join("|"))
        }
        Holds::Text => {
            plain_text(typed).map_err(|Refused(why)| why)?;
            match typed.chars().count() {
                n if n > LONGEST => Err(format!("最多{LONGEST}字，现在有{n}字。")),
                _ => Ok(typed.to_owned()),
            }
        }
    }
}

/// A value as it would be recorded.
fn raw(value: &crate::directive::model::Value) -> String {
    use crate::directive::model::Value as V;
    match value {
        V::Day(day) => day.to_string(),
        other => super::parameters::literal(other),
    }
}

/// A filled text of one line.
fn line(seat: &Seat, field: &'static str, title: &str, longest: usize) -> Result<String, (&'static str, String)> {
    let typed = seat.fields.get(field);
    match typed.chars().count() {
        0 => return Err((field, format!("{title}：请填写。"))),
        n if n > longest => return Err((field, format!("{title}：最多{longest}字，现在有{n}字。"))),
        _ => {}
    }
    plain_text(typed).map_err(|Refused(why)| (field, format!("{title}：{why}")))?;
    Ok(typed.to_owned())
}
