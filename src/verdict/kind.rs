//! What the integer in a cell means, so that two cells or a cell and a value can be compared.

use std::{collections::HashMap, sync::Arc};

use super::world::{EMPTY, PERSON, Texts, UNIT};
use crate::{
    day::Day,
    directive::model::{Field, FieldType, Ledger, Value},
    org::{builtin, chart::TalkLevel},
    ratio::Ratio,
};

/// The meaning of a cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Number of a text.
    Text,
    /// A number × scale: 1 for integers and 分, 10000 for decimals.
    Number(i64),
    /// Money in 分.
    Money,
    /// Day number.
    Date,
    /// 0 or 1.
    Flag,
    /// Record id in a ledger of the layout.
    Ref(usize),
    /// Number of a period's label.
    Period,
    /// Position among these.
    Choice(Arc<[String]>),
    /// Bit set over these.
    Choices(Arc<[String]>),
    /// `talk.level` of a row.
    TalkLevel,
    /// `approval.actual_days` of a row.
    ActualDays,
    /// A derived field that this program does not know; always empty.
    Nothing,
}

impl Kind {
    /// Kind of a ledger's field.
    pub fn of(ledger: &Ledger, field: &Field, ledgers: &HashMap<String, usize>) -> Kind {
        match &field.ty {
            FieldType::Text | FieldType::File => Kind::Text,
            FieldType::Integer => Kind::Number(1),
            FieldType::Decimal => Kind::Number(10_000),
            FieldType::Money => Kind::Money,
            FieldType::Date => Kind::Date,
            FieldType::Flag => Kind::Flag,
            FieldType::Person => Kind::Ref(PERSON),
            FieldType::Unit => Kind::Ref(UNIT),
            FieldType::Period => Kind::Period,
            FieldType::Choice(of) => Kind::Choice(of.as_slice().into()),
            FieldType::Choices(of) => Kind::Choices(of.as_slice().into()),
            FieldType::Ref(to) => ledgers.get(to).map_or(Kind::Nothing, |i| Kind::Ref(*i)),
            FieldType::Derived => match (ledger.name.as_str(), field.name.as_str()) {
                ("talk", "level") => Kind::TalkLevel,
                ("approval", "actual_days") => Kind::ActualDays,
                _ => Kind::Nothing,
            },
        }
    }

    /// A number that may be compared with numbers of another scale.
    pub fn is_number(&self) -> bool {
        matches!(self, Kind::Number(_) | Kind::Money | Kind::ActualDays)
    }

    /// A person's duty.
    pub fn duty() -> Kind {
        Kind::Choice(builtin::DUTIES.map(str::to_owned).as_slice().into())
    }

    /// A person's talk duty, or a talk's level.
    pub fn talk_level() -> Kind {
        Kind::Choice(TalkLevel::NAMES.map(str::to_owned).as_slice().into())
    }

    /// Reads a stored text cell.
    pub fn read_text(&self, text: &str, texts: &mut Texts) -> i64 {
        match self {
            Kind::Date => Day::parse(text).map_or(EMPTY, |d| i64::from(d.0)),
            Kind::Choice(of) => {
                of.iter().position(|c| c == text).map_or_else(|| RETIRED + texts.number(text), |i| i as i64)
            }
            Kind::Choices(of) => {
                let bits =
                    text.split('|').filter_map(|t| of.iter().position(|c| c == t)).fold(0, |b, i| b | 1_i64 << i);
                if bits == 0 { EMPTY } else { bits }
            }
            _ if text.is_empty() => EMPTY,
            _ => texts.number(text),
        }
    }

    /// The cell as a number, for sums and targets.
    pub fn number(&self, cell: i64) -> Option<Ratio> {
        match self {
            _ if cell == EMPTY => None,
            Kind::Number(scale) => Ratio::new(cell, *scale),
            _ => Some(Ratio::whole(cell)),
        }
    }

    /// The cell as text, for comparing fields of different kinds and for showing.
    pub fn show(&self, cell: i64, texts: &Texts) -> String {
        match self {
            _ if cell == EMPTY => String::new(),
            Kind::Text | Kind::Period => texts.text(cell).to_owned(),
            Kind::Choice(_) if cell >= RETIRED => texts.text(cell - RETIRED).to_owned(),
            Kind::Choice(of) => of.get(cell as usize).cloned().unwrap_or_default(),
            Kind::Choices(of) => of
                .iter()
                .enumerate()
                .filter(|(i, _)| cell >> i & 1 == 1)
                .map(|(_, c)| c.as_str())
                .collect::<Vec<_>>()
                .join("、"),
            Kind::Date => Day(cell as i32).to_string(),
            Kind::Flag => if cell == 1 { "是" } else { "否" }.to_owned(),
            Kind::Number(scale) => Ratio::new(cell, *scale).map_or_else(String::new, |r| r.to_string()),
            _ => cell.to_string(),
        }
    }

    /// How a value of the package is spelled in a cell of this kind; [`NEVER`] if no cell can equal it.
    pub fn literal(&self, value: &Value, texts: &mut Texts) -> i64 {
        let number = |scale: i64| match value {
            Value::Number(r) => r.times(Ratio::whole(scale)).filter(|r| r.den() == 1).map_or(NEVER, Ratio::num),
            Value::Money(fen) => *fen,
            _ => NEVER,
        };
        match (self, value) {
            (Kind::Number(scale), _) => number(*scale),
            (Kind::Money, Value::Number(r)) => r.times(Ratio::whole(100)).map_or(NEVER, |r| r.floor()),
            (Kind::Money | Kind::ActualDays, _) => number(1),
            (Kind::Flag, Value::Flag(b)) => i64::from(*b),
            (Kind::Date, Value::Day(d)) => i64::from(d.0),
            (Kind::Choice(of) | Kind::Choices(of), Value::Text(t)) => {
                of.iter().position(|c| c == t).map_or(NEVER, |i| i as i64)
            }
            (Kind::TalkLevel, Value::Text(t)) => {
                TalkLevel::NAMES.iter().position(|c| c == t).map_or(NEVER, |i| i as i64)
            }
            (Kind::Text | Kind::Period, Value::Text(t)) => texts.number(t),
            (Kind::Text | Kind::Period, Value::Number(r)) => texts.number(&r.to_string()),
            (Kind::Text | Kind::Period, Value::Day(d)) => texts.number(&d.to_string()),
            _ => NEVER,
        }
    }
}

/// The literal that equals no cell.
pub const NEVER: i64 = i64::MIN + 1;
/// Where the numbers of choices begin that the package no longer offers.
const RETIRED: i64 = 1 << 40;
