//! What may be bound to a statement: nothing, a 64-bit integer, text or a double. Both databases know these and no others.

use crate::day::Day;

/// One bound parameter, or one column read without knowing its type.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// Numbers, ids, flags (0/1), instants (µs), money (分), decimals (× 10000).
    I64(i64),
    /// Text, days (ISO), hashes.
    Text(String),
    /// Measurements of the program itself; never anything that is judged.
    F64(f64),
}

impl Value {
    /// The number, if it is one.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::I64(n) => Some(*n),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(t) => Some(t),
            _ => None,
        }
    }

    /// True for [`Value::Null`].
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Value {
        Value::I64(n)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Value {
        Value::I64(i64::from(flag))
    }
}

impl From<f64> for Value {
    fn from(x: f64) -> Value {
        Value::F64(x)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Value {
        Value::Text(text.clone())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl From<Day> for Value {
    fn from(day: Day) -> Value {
        Value::Text(day.to_string())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(of: Option<T>) -> Value {
        of.map_or(Value::Null, Into::into)
    }
}
