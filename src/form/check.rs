//! Whether what was typed can be recorded: by the very rules for a row of a file, and what of it is wrong, input by input.

use super::{
    fields::{At, Control, Input, Plan},
    save,
    typed::Typed,
};
use crate::{
    day::Day,
    db::{Tx, Value},
    directive::model::Ledger,
    intake::{self, rules},
    ledger::{
        Keys, NewRow, Stored as Row,
        mask::{is_mask, mask},
    },
    sheet::{self, CellError, Lookup, RawCell, Resolve, header::Target, letters},
};

/// What is wrong with an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its key; empty for what concerns the whole record.
    pub key: String,
    /// What is wrong and how to mend it.
    pub text: String,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// To be recorded; `None` while something is wrong.
    pub row: Option<NewRow>,
    /// What is wrong, in the order of the form.
    pub faults: Vec<Fault>,
    /// What can be recorded but should be looked at again.
    pub doubts: Vec<String>,
    /// Another person has the 身份证号.
    pub taken: bool,
}

/// Checks a form. `before` is the row that it corrects: what the form does not ask for stays as it is there, and a masked
/// value that fits it means that nothing was changed. Records must have been picked.
///
/// # Errors
/// When the store cannot be read.
pub fn check(
    tx: &mut Tx<'_>,
    (ledger, plan): (&Ledger, &Plan),
    typed: &Typed,
    before: Option<&Row>,
    keys: &Keys,
    today: Day,
) -> anyhow::Result<Checked> {
    let inputs: Vec<&Input> = plan.inputs().collect();
    let mut kept: Vec<(usize, Value)> = Vec::new();
    let mut out = Checked::default();
    let mut cells = Vec::with_capacity(inputs.len());
    for input in &inputs {
        let target = match input.at {
            At::Field(i) => Target::Field(i),
            At::Unit => Target::Unit,
            At::Code => Target::Code,
        };
        let text = match typed.picked(&input.key) {
            Some(id) if matches!(input.control, Control::Pick(_)) => token(id),
            _ => typed.text(&input.key).to_owned(),
        };
        let mut cell = if text.is_empty() { RawCell::Empty } else { RawCell::Text(text.clone()) };
        if let At::Field(i) = input.at
            && ledger.fields[i].sensitive
            && is_mask(&text)
        {
            match unchanged(&ledger.fields[i], keys, before.map(|row| &row.values[i]), &text)? {
                // In the place of the mask, so that the value is checked like any other and is not asked for again.
                Some(plain) => {
                    cell = RawCell::Text(plain.clone());
                    kept.push((i, plain.into()));
                }
                None => out.faults.push(Fault {
                    key: input.key.clone(),
                    text: format!("{}是遮去一部分的内容，与已登记的对不上，请填写完整。", input.title),
                }),
            }
        }
        cells.push((target, cell));
    }
    let mut checked = sheet::check_one(cells, ledger, &Picked, today);
    let set = |input: &&Input| match (input.at, &input.control) {
        (At::Field(i), Control::Slot(slots)) => Some((i, slots.named.clone())),
        _ => None,
    };
    let named: intake::Named = inputs.iter().filter_map(set).collect();
    intake::spell(&named, &mut checked);
    intake::refuse_unnamed(ledger, &named, &mut checked, &|_| before.map(|row| &*row.values));
    rules::apply(tx, ledger, &mut checked, before.map(|row| row.record_id))?;
    rules::numbers(tx, (ledger, keys), &mut checked, &|_| before.map(|row| row.record_id))?;
    out.taken = rules::taken(&checked) > 0;
    let input_of = |e: &CellError| {
        let by_letters = (0..inputs.len()).find(|i| !e.column.is_empty() && letters(*i) == e.column);
        by_letters.or_else(|| inputs.iter().position(|i| i.title == e.head)).map(|i| inputs[i])
    };
    for error in &checked.errors {
        let input = input_of(error);
        let key = input.map_or_else(String::new, |i| i.key.clone());
        if !out.faults.iter().any(|f| f.key == key) {
            out.faults.push(Fault { text: words(error, input, input.is_some_and(|i| typed.is_empty(i))), key });
        }
    }
    // While nothing else is wrong the write itself looks, so that of two who give one code at once the second is told.
    let code = checked.broken.iter().find_map(|row| row.code.as_deref());
    if let (Some(code), Some(input)) = (code, inputs.iter().find(|i| i.at == At::Code))
        && !out.faults.iter().any(|f| f.key == input.key)
        && let Some(text) = save::refused(tx, ledger, code, before.map(|row| row.record_id))?
    {
        out.faults.push(Fault { key: input.key.clone(), text });
    }
    out.faults.sort_by_key(|f| inputs.iter().position(|i| i.key == f.key));
    out.doubts = checked.warnings.iter().map(doubt).collect();
    if let (Some(row), true) = (checked.rows.pop(), out.faults.is_empty()) {
        let mut values: Vec<Value> = row.values.iter().map(intake::value).collect();
        for (i, value) in kept {
            values[i] = value;
        }
        if let Some(before) = before {
            let asked: Vec<usize> =
                inputs.iter().filter_map(|i| if let At::Field(at) = i.at { Some(at) } else { None }).collect();
            (0..values.len()).filter(|i| !asked.contains(i)).for_each(|i| values[i] = before.values[i].clone());
        }
        let unit = if inputs.iter().any(|i| i.at == At::Unit) { row.unit } else { before.and_then(|b| b.unit) };
        out.row = Some(NewRow { code: row.code, unit, values });
    }
    Ok(out)
}

/// The recorded value, if this is its mask.
fn unchanged(
    field: &crate::directive::model::Field,
    keys: &Keys,
    recorded: Option<&Value>,
    shown: &str,
) -> anyhow::Result<Option<String>> {
    let Some(sealed) = recorded.and_then(Value::as_text) else { return Ok(None) };
    let plain = keys.open(sealed)?;
    Ok((mask(field, &plain) == shown).then_some(plain))
}

/// One sentence: what is wrong and how to mend it.
fn words(error: &CellError, input: Option<&Input>, empty: bool) -> String {
    let Some(input) = input else { return format!("{}。{}。", error.reason, error.mend) };
    if empty {
        let verb = if matches!(input.control, Control::Line | Control::Text) { "填写" } else { "选定" };
        let verb =
            if matches!(input.control, Control::Day | Control::Whole | Control::Number) { "填写" } else { verb };
        return format!("请{verb}{}。", input.title);
    }
    let shown = if error.shown.is_empty() || error.shown.starts_with(MARK) {
        String::new()
    } else {
        format!("“{}”", error.shown)
    };
    let mend = if error.mend.is_empty() { String::new() } else { format!("{}。", error.mend) };
    format!("{}：{shown}{}。{mend}", input.title, error.reason)
}

fn doubt(warning: &CellError) -> String {
    format!("{}：{}", warning.head, warning.reason)
}

/// Before the id of a record that was picked. Nobody's name begins so, and what does is no name here.
const MARK: char = '@';

fn token(id: i64) -> String {
    format!("{MARK}{id}")
}

/// Finds what was picked, and nothing by its name: that has been done before.
struct Picked;

impl Picked {
    fn id(text: &str) -> Lookup {
        text.strip_prefix(MARK).and_then(|id| id.parse().ok()).map_or(Lookup::None, Lookup::One)
    }
}

impl Resolve for Picked {
    fn unit(&self, text: &str, _: Option<i64>) -> Lookup {
        Picked::id(text)
    }

    fn person(&self, text: &str, _: Option<i64>) -> Lookup {
        Picked::id(text)
    }

    fn record(&self, _: &str, text: &str) -> Lookup {
        Picked::id(text)
    }
}
