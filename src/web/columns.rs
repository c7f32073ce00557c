//! Columns of a list: which there are, which are shown, and what may be ordered by.

use super::{
    columns_value::title_fields,
    frame::Ask,
    record_links::is_person,
    view::{
        ledger::{ColumnChoice, Preset},
        url,
        words::Link,
    },
};
use crate::{
    directive::model::{Field, FieldType, Ledger},
    verdict::world::{Layout, UNIT},
};

/// Columns shown by default beside the title.
const USUAL: usize = 7;
/// From how many columns on sets of them are offered.
const MANY: usize = 10;

/// A column beside the title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// The record's code.
    Code,
    /// Its unit; of a person the unit on the day.
    Unit,
    /// A person's post on the day.
    Post,
    /// A field.
    Field(usize),
    /// Who recorded the row.
    RecordedBy,
    /// When.
    RecordedAt,
}

impl Column {
    /// Its name in the address. No field may be called like a common column.
    pub(super) fn key(self, ledger: &Ledger) -> &str {
        match self {
            Column::Code => "record_code",
            Column::Unit => "unit_id",
            Column::Post => "_post",
            Column::Field(i) => &ledger.fields[i].name,
            Column::RecordedBy => "recorded_by",
            Column::RecordedAt => "recorded_at",
        }
    }

    /// Its head, short, with the unit of money.
    pub(super) fn head(self, ledger: &Ledger) -> String {
        match self {
            Column::Field(i) => head(&ledger.fields[i]),
            other => other.title(ledger),
        }
    }

    /// Its title.
    pub(super) fn title(self, ledger: &Ledger) -> String {
        match self {
            Column::Code => "编号".into(),
            Column::Unit => "单位".into(),
            Column::Post => "职务".into(),
            Column::Field(i) => ledger.fields[i].title.clone(),
            Column::RecordedBy => "登记人".into(),
            Column::RecordedAt => "登记时间".into(),
        }
    }

    /// Numbers stand at the right.
    pub(super) fn is_numeric(self, ledger: &Ledger) -> bool {
        let Column::Field(i) = self else { return false };
        is_number(&ledger.fields[i])
    }
}

/// The head of a field's column.
pub(super) fn head(field: &Field) -> String {
    let head = field.short.as_ref().unwrap_or(&field.title);
    match (&field.ty, head.contains('元'), field.title.contains("万元")) {
        (FieldType::Money, false, true) => format!("{head}（万元）"),
        (FieldType::Money, false, false) => format!("{head}（元）"),
        _ => head.clone(),
    }
}

fn is_number(field: &Field) -> bool {
    !field.sensitive && matches!(field.ty, FieldType::Integer | FieldType::Decimal | FieldType::Money)
}

/// Whether a list may be ordered by the field. By numbers about persons it may not, nor by any score: nobody is ranked.
pub(super) fn is_sortable(ledger: &Ledger, field: &Field) -> bool {
    let about_persons = is_person(ledger) || ledger.fields.iter().any(|f| f.ty == FieldType::Person);
    let ranks = field.name == "score" || field.name.ends_with("_score") || field.name.ends_with("rank");
    match field.ty {
        _ if field.sensitive || ranks => false,
        FieldType::Integer | FieldType::Decimal => !about_persons,
        FieldType::Date | FieldType::Money | FieldType::Period | FieldType::Choice(_) | FieldType::Flag => true,
        _ => false,
    }
}

/// The columns of a ledger's list.
pub(super) struct Columns {
    /// All, in order.
    pub(super) all: Vec<Column>,
    /// Those of a ledger nobody has chosen columns for.
    usual: Vec<Column>,
    /// Those shown.
    pub(super) shown: Vec<Column>,
}

impl Columns {
    /// What the address chooses: each `col`, else the set `cols`, else the usual ones.
    pub(super) fn of(layout: &Layout, table: usize, ask: &Ask) -> Columns {
        let ledger = &layout.ledgers[table];
        let all = all(layout, table);
        let usual = usual(layout, table, &all);
        let wanted: Vec<&str> = ask.all("col").collect();
        let mut shown: Vec<Column> = match (wanted.is_empty(), ask.get("cols")) {
            (false, _) => all.iter().copied().filter(|c| wanted.contains(&c.key(ledger))).collect(),
            (true, Some("all")) => all.clone(),
            (true, Some(group)) => in_group(ledger, &all, group),
            (true, None) => usual.clone(),
        };
        if shown.is_empty() {
            shown.clone_from(&usual);
        }
        Columns { all, usual, shown }
    }

    /// What can be chosen.
    pub(super) fn choices(&self, ledger: &Ledger) -> Vec<ColumnChoice> {
        let choice = |c: &Column| ColumnChoice {
            name: c.key(ledger).to_owned(),
            title: c.title(ledger),
            shown: self.shown.contains(c),
        };
        self.all.iter().map(choice).collect()
    }

    /// Sets of columns to choose from: 常用, the groups of the form, 全部; none where all columns are few.
    pub(super) fn presets(&self, ledger: &Ledger, url: &url::Query) -> Vec<Preset> {
        if self.all.len() < MANY {
            return Vec::new();
        }
        let url = url.without("col").without("cols");
        let preset = |title: &str, columns: &[Column], href: String| Preset {
            link: Link::new(format!("{title}{}列", columns.len() + 1), href),
            current: self.shown == columns,
        };
        let mut presets = vec![preset("常用", &self.usual, url.href())];
        let mut groups: Vec<&str> = Vec::new();
        for group in ledger.fields.iter().filter_map(|f| f.group.as_deref()) {
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        for group in groups {
            let columns = in_group(ledger, &self.all, group);
            if !columns.is_empty() {
                presets.push(preset(group, &columns, url.with("cols", group).href()));
            }
        }
        presets.push(preset("全部", &self.all, url.with("cols", "all").href()));
        presets
    }
}

/// Every column: code and unit first, then the fields in their order, then who recorded it when.
fn all(layout: &Layout, table: usize) -> Vec<Column> {
    let ledger = &layout.ledgers[table];
    let (own_title, _) = crate::names::title_fields(ledger);
    let own_title = own_title.and_then(|name| ledger.field_index(&name));
    let mut all = vec![Column::Code];
    all.extend((table != UNIT).then_some(Column::Unit));
    all.extend(is_person(ledger).then_some(Column::Post));
    all.extend((0..ledger.fields.len()).filter(|i| Some(*i) != own_title).map(Column::Field));
    all.extend([Column::RecordedBy, Column::RecordedAt]);
    all
}

/// The columns by default: what the definition lists, or else the day, choices and the first text; with the unit and,
/// if there is room, who recorded the row.
fn usual(layout: &Layout, table: usize, all: &[Column]) -> Vec<Column> {
    let ledger = &layout.ledgers[table];
    let named = title_fields(layout, table);
    let plain = |f: &Field| !f.sensitive && !matches!(f.ty, FieldType::Derived | FieldType::File);
    let fields: Vec<usize> =
        (0..ledger.fields.len()).filter(|i| !named.contains(i) && plain(&ledger.fields[*i])).collect();
    let listed: Vec<usize> = fields.iter().copied().filter(|i| ledger.fields[*i].list).collect();
    let chosen = if listed.is_empty() { by_type(ledger, &fields) } else { listed };
    let opening = ledger.opening().and_then(|name| ledger.field_index(name)).filter(|i| fields.contains(i));
    let mut usual: Vec<Column> = opening.map(Column::Field).into_iter().collect();
    usual.extend([Column::Unit, Column::Post].into_iter().filter(|c| all.contains(c)));
    usual.extend(chosen.into_iter().filter(|i| Some(*i) != opening).map(Column::Field));
    usual.truncate(USUAL);
    let last = if is_person(ledger) { Column::Code } else { Column::RecordedBy };
    usual.extend((usual.len() < USUAL).then_some(last));
    usual
}

fn by_type(ledger: &Ledger, fields: &[usize]) -> Vec<usize> {
    let is = |i: &usize, wanted: fn(&FieldType) -> bool| wanted(&ledger.fields[*i].ty);
    let choices = |ty: &FieldType| matches!(ty, FieldType::Choice(_) | FieldType::Choices(_) | FieldType::Flag);
    let others = |ty: &FieldType| {
        matches!(ty, FieldType::Period | FieldType::Money | FieldType::Unit | FieldType::Person | FieldType::Ref(_))
    };
    let first_text = fields.iter().find(|i| is(i, |ty| *ty == FieldType::Text));
    fields.iter().filter(|i| is(i, choices) || is(i, others) || Some(*i) == first_text).copied().collect()
}

fn in_group(ledger: &Ledger, all: &[Column], group: &str) -> Vec<Column> {
    let inside = |c: &&Column| matches!(c, Column::Field(i) if ledger.fields[*i].group.as_deref() == Some(group));
    all.iter().filter(inside).copied().collect()
}
