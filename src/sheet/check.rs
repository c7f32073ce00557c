//! All rows of a table against a ledger: typed values for what is right, and for what is wrong its place, what it
//! shows, why it is refused and how to mend it. Nothing is stored here.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use crate::{
    day::Day,
    directive::model::{FieldType, Ledger, LedgerKind},
};

use super::{
    CellError, Checked, CheckedRow, Lookup, RawCell, Resolve, Row, SheetError, Skipped, Stored, Table,
    header::{self, Answers, HeadColumn, HeaderMatch, Target},
    id_number, letters, norm, number,
    report::KEPT,
    resolve,
    value::{self, Around, Fault},
    words,
};

/// Checks every row below the header. Fails only where no header is found.
///
/// `today` marks events that have not happened yet; it decides nothing.
pub fn check(table: &Table, ledger: &Ledger, resolve: &dyn Resolve, today: Day) -> Result<Checked, SheetError> {
    check_as(table, ledger, resolve, &How { today, answers: &Answers::new() }, &mut |_, _| {})
}

/// How a table is checked.
pub struct How<'a> {
    /// Marks events that have not happened yet; it decides nothing.
    pub today: Day,
    /// What people have said that heads mean.
    pub answers: &'a Answers,
}

/// Rows after which it is told how far the check is.
const TOLD: usize = 500;

/// The same; `told` hears now and then how many of how many rows are done.
pub fn check_as(
    table: &Table,
    ledger: &Ledger,
    resolve: &dyn Resolve,
    how: &How<'_>,
    told: &mut dyn FnMut(usize, usize),
) -> Result<Checked, SheetError> {
    let mut run = Run::new(header::detect_as(table, ledger, how.answers)?, ledger, resolve, how.today);
    let usable = run.header_findings(table);
    let below = run.out.header.row;
    for (n, row) in table.rows.iter().enumerate().filter(|(_, r)| r.number > below) {
        if n % TOLD == 0 {
            told(n, table.rows.len());
        }
        run.row(row);
    }
    if !usable {
        run.out.bad_rows += run.out.rows.len();
        run.out.rows.clear();
    }
    Ok(run.out)
}

/// Checks one record that was typed into a form, by the rules for a row of a file. The column of a finding is the letters
/// of the cell's position among `cells`.
pub fn check_one(cells: Vec<(Target, RawCell)>, ledger: &Ledger, resolve: &dyn Resolve, today: Day) -> Checked {
    let head = |target: Target| match target {
        Target::Field(i) => ledger.fields[i].title.clone(),
        other => header::target_title(other, ledger),
    };
    let column = |(index, (target, _)): (usize, &(Target, RawCell))| HeadColumn {
        index,
        head: head(*target),
        key: String::new(),
        target: *target,
    };
    let header = HeaderMatch { columns: cells.iter().enumerate().map(column).collect(), ..HeaderMatch::default() };
    let mut run = Run::new(header, ledger, resolve, today);
    run.record(&Row { number: 1, cells: cells.into_iter().map(|(_, cell)| cell).collect() });
    run.out
}

struct Run<'a> {
    ledger: &'a Ledger,
    resolve: &'a dyn Resolve,
    today: Day,
    /// By position of the header's columns.
    money_units: Vec<i128>,
    heads: Vec<String>,
    required_typed_unit: bool,
    /// Hash of a row's content → the places in `out.rows` that have it.
    same: HashMap<u64, Vec<usize>>,
    codes: HashMap<String, u32>,
    id_numbers: HashMap<String, u32>,
    out: Checked,
}

impl<'a> Run<'a> {
    fn new(header: HeaderMatch, ledger: &'a Ledger, resolve: &'a dyn Resolve, today: Day) -> Run<'a> {
        Run {
            ledger,
            resolve,
            today,
            money_units: header.columns.iter().map(|c| number::money_unit(&c.head)).collect(),
            heads: header.columns.iter().map(|c| norm::key(&c.head)).collect(),
            required_typed_unit: header::unit_is_typed(ledger),
            same: HashMap::new(),
            codes: HashMap::new(),
            id_numbers: HashMap::new(),
            out: Checked { header, ..Checked::default() },
        }
    }

    /// Says what the header lacks; false when no row can be taken.
    fn header_findings(&mut self, table: &Table) -> bool {
        let header = self.out.header.clone();
        let mut usable = true;
        let at = |head: &str, reason: String, mend: &str| CellError {
            row: header.row,
            head: head.to_owned(),
            reason,
            mend: mend.to_owned(),
            ..CellError::default()
        };
        let unit = header.column(Target::Unit).or(header.column(Target::Section));
        let no_unit = self.required_typed_unit && unit.is_none() && self.resolve.default_unit().is_none();
        for title in header.missing.iter().map(String::as_str).chain(no_unit.then_some("单位")) {
            usable = false;
            self.error(at(title, "表头中没有这一必填列".into(), "请补上这一列，或把相应的列改成这个名称"));
            self.out.missing.push(title.to_owned());
        }
        for ambiguity in &header.ambiguous {
            let mut finding = at(&ambiguity.head, ambiguity.reason.clone(), "请改正表头，使每列名称唯一");
            finding.column = ambiguity.columns.clone();
            if ambiguity.fatal {
                usable = false;
                self.error(finding);
            } else {
                self.warn(finding);
            }
        }
        for (column, head) in header.unknown() {
            if header.ambiguous.iter().all(|a| !a.columns.split('、').any(|c| c == column)) {
                self.warn(CellError { column, ..at(head, "台账中没有这一列，内容未导入".into(), "") });
            }
        }
        let headed: Vec<usize> = header.columns.iter().map(|c| c.index).collect();
        let width = table.rows.iter().map(|r| r.cells.len()).max().unwrap_or_default();
        for index in (0..width).filter(|i| !headed.contains(i)) {
            let below = table.rows.iter().filter(|r| r.number > header.row);
            if below.filter_map(|r| r.cells.get(index)).any(|c| *c != RawCell::Empty) {
                self.warn(CellError { column: letters(index), ..at("", "没有表头，内容未导入".into(), "") });
            }
        }
        usable
    }

    fn row(&mut self, row: &Row) {
        if let Some(reason) = self.no_record(row) {
            if !reason.is_empty() {
                self.out.skipped.push(Skipped { row: row.number, reason: reason.to_owned() });
            }
            return;
        }
        self.record(row);
    }

    fn record(&mut self, row: &Row) {
        let before = self.out.error_count;
        let (unit, unit_known) = self.unit_of(row);
        let mut checked = CheckedRow {
            number: row.number,
            code: self.code_of(row),
            unit,
            values: vec![Stored::Null; self.ledger.fields.len()],
        };
        for place in 0..self.out.header.columns.len() {
            let Target::Field(field) = self.out.header.columns[place].target else { continue };
            checked.values[field] = match self.number_beside(row, field) {
                Some((index, number)) => self.numbered(row, place, index, &number),
                None => self.cell(row, place, field, checked.unit),
            };
        }
        if self.required_typed_unit && unit_known && checked.unit.is_none() {
            let column = self.out.header.column(Target::Unit).map_or(String::new(), letters);
            self.error(CellError {
                row: row.number,
                column,
                head: "单位".into(),
                reason: "没有填写单位".into(),
                mend: "请填写单位全称、简称或编号".into(),
                ..CellError::default()
            });
        }
        self.bounds(&checked);
        self.order_of_days(&checked);
        self.twice(&checked, self.out.error_count == before);
        if self.out.error_count == before {
            self.out.rows.push(checked);
        } else {
            self.out.bad_rows += 1;
            self.out.set_aside(checked);
        }
    }

    /// Why a row is no record; an empty reason where nothing need be said.
    fn no_record(&self, row: &Row) -> Option<&'static str> {
        let columns = &self.out.header.columns;
        let filled = |c: &&HeadColumn| row.cells.get(c.index).is_some_and(|v| *v != RawCell::Empty);
        let used = |c: &&HeadColumn| !matches!(c.target, Target::Ignored | Target::Unknown);
        let first = row.cells.iter().find_map(|c| match c {
            RawCell::Text(text) => Some(norm::key(text)),
            _ => None,
        });
        let first = first.unwrap_or_default();
        let total = ["合计", "总计", "小计", "共计", "累计"];
        if total.iter().any(|t| {
            first == *t || first.strip_prefix(t).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        }) || first == "本页小计"
        {
            return Some("合计行");
        }
        let footer = [
            "填表人",
            "制表人",
            "填报人",
            "填表单位",
            "填报单位",
            "制表",
            "审核人",
            "负责人签字",
            "注",
            "说明",
            "备注",
        ];
        if footer.iter().any(|f| first.starts_with(f)) && words::starts_with_colon_word(row, &footer) {
            return Some("表尾说明");
        }
        if !columns.iter().any(|c| used(&c) && filled(&c)) {
            return Some("");
        }
        let (mut repeated, mut other) = (0, 0);
        for (column, head) in columns.iter().zip(&self.heads).filter(|(c, _)| filled(c)) {
            match &row.cells[column.index] {
                RawCell::Text(text) if norm::key(text) == *head => repeated += 1,
                _ => other += 1,
            }
        }
        (repeated >= 2 && repeated > other).then_some("重复的表头")
    }

    /// The unit named by the row, and false when a name was refused (which has been said).
    fn unit_of(&mut self, row: &Row) -> (Option<i64>, bool) {
        let mut unit = None;
        for target in [Target::Unit, Target::Section] {
            let Some(index) = self.out.header.column(target) else { continue };
            let cell = row.cells.get(index).cloned().unwrap_or_default();
            let found = match &cell {
                RawCell::Empty => continue,
                RawCell::Error(code) => Err(Fault::new(code, "是公式错误值", "请填写单位名称")),
                other => norm::clean(&other.text()).and_then(|t| resolve::unit(&t, self.resolve, unit)),
            };
            match found {
                Ok(id) => unit = Some(id),
                // A register's rows do not belong to the unit they mention: the person comes without a 科室.
                Err(fault) if !self.required_typed_unit => {
                    self.note(row.number, index, &cell, format!("{}，仅作参考，未采用", fault.reason))
                }
                Err(fault) => {
                    self.fault(row.number, index, fault);
                    return (None, false);
                }
            }
        }
        (unit.or(self.resolve.default_unit()), true)
    }

    fn code_of(&mut self, row: &Row) -> Option<String> {
        let index = self.out.header.column(Target::Code)?;
        let cell = row.cells.get(index).filter(|c| **c != RawCell::Empty)?.clone();
        let field = crate::directive::model::Field { name: "code".into(), ..Default::default() };
        match value::parse(&cell, &field, &Around::new(self.resolve)) {
            Ok((Stored::Text(code), _)) => {
                let earlier = self.codes.insert(code.clone(), row.number);
                if let Some(earlier) = earlier {
                    let fault = Fault::new(&code, format!("编号与第 {earlier} 行重复"), "请核对编号，一条记录一个编号");
                    self.fault(row.number, index, fault);
                }
                Some(code)
            }
            Ok(_) => None,
            Err(fault) => {
                self.fault(row.number, index, fault);
                None
            }
        }
    }

    /// The number beside the name of a person, if it is filled: its column and its text.
    fn number_beside(&self, row: &Row, field: usize) -> Option<(usize, String)> {
        let index = self.out.header.column(Target::Number(field))?;
        let text = row.cells.get(index)?.text().trim().to_owned();
        (!text.is_empty()).then_some((index, text))
    }

    /// The person of a number. A name beside it must be that person's.
    fn numbered(&mut self, row: &Row, place: usize, index: usize, number: &str) -> Stored {
        let Lookup::One(person) = self.resolve.person(number, None) else {
            let mend = "请核对编号；新进人员请先导入花名册";
            self.fault(row.number, index, Fault::new(number, "花名册中没有这个编号", mend));
            return Stored::Null;
        };
        let cell = row.cells.get(self.out.header.columns[place].index).map_or(String::new(), RawCell::text);
        let name = norm::plain(cell.trim()).into_owned();
        let bare = name.split('(').next().unwrap_or_default().trim();
        if !name.is_empty() && !self.resolve.is_called(person, bare) && !self.resolve.is_called(person, &name) {
            let reason = format!("这个编号的人不叫“{name}”");
            self.fault(row.number, index, Fault::new(number, reason, "请核对编号和姓名，两者应是同一个人"));
            return Stored::Null;
        }
        Stored::I64(person)
    }

    fn cell(&mut self, row: &Row, place: usize, field: usize, unit: Option<i64>) -> Stored {
        let (ledger, index) = (self.ledger, self.out.header.columns[place].index);
        let definition = &ledger.fields[field];
        let cell = row.cells.get(index).unwrap_or(&RawCell::Empty);
        let around = Around { resolve: self.resolve, unit, money_unit: self.money_units[place] };
        match value::parse(cell, definition, &around) {
            Ok((Stored::Null, note)) if definition.required => {
                let reason = note.unwrap_or_else(|| "必填，但没有填写".into());
                self.fault(row.number, index, Fault::new(cell.text(), reason, "请补填"));
                Stored::Null
            }
            Ok((stored, note)) => {
                if let Some(note) = note {
                    self.note(row.number, index, cell, note);
                }
                stored
            }
            Err(fault) => {
                self.fault(row.number, index, fault);
                Stored::Null
            }
        }
    }

    /// Days that the definition puts in order; nobody is born later than today; what is less than nothing is remarked.
    fn bounds(&mut self, row: &CheckedRow) {
        let ledger = self.ledger;
        let day = |i: usize| match &row.values[i] {
            Stored::Text(text) => Day::parse(text),
            _ => None,
        };
        for (i, field) in ledger.fields.iter().enumerate() {
            let first = field.not_before.as_ref().and_then(|name| ledger.field_index(name));
            let (column, head) = self.place_of(i);
            let error = |shown: String, reason: String, mend: &str| CellError {
                row: row.number,
                column: column.clone(),
                head: head.clone(),
                shown,
                reason,
                mend: mend.into(),
            };
            match (&field.ty, &row.values[i]) {
                (FieldType::Date, _) => {
                    let (Some(own), before) = (day(i), first.and_then(day)) else { continue };
                    if let Some((first, before)) = first.zip(before).filter(|(_, before)| own < *before) {
                        let reason = format!("早于“{}”{}", ledger.fields[first].title, before.chinese());
                        self.error(error(own.chinese(), reason, "请核对这两个日期"));
                    } else if ledger.name == "person" && field.name == "born" && own > self.today {
                        self.error(error(own.chinese(), "出生日期晚于今天".into(), "请对照证件核对"));
                    }
                }
                (FieldType::Integer | FieldType::Decimal | FieldType::Money, Stored::I64(n)) if *n < 0 => {
                    self.warn(error(String::new(), "小于零，请确认".into(), ""));
                }
                _ => {}
            }
        }
    }

    /// An item may not close before it opens; an event later than today is remarked.
    fn order_of_days(&mut self, row: &CheckedRow) {
        let ledger = self.ledger;
        let day = |name: &str| {
            let field = ledger.field_index(name)?;
            let Stored::Text(text) = &row.values[field] else { return None };
            Some((field, Day::parse(text)?))
        };
        match &ledger.kind {
            LedgerKind::Event { day: name } => {
                if let Some((field, happened)) = day(name).filter(|(_, d)| *d > self.today) {
                    let shown = happened.chinese();
                    let (column, head) = self.place_of(field);
                    let reason = format!("晚于今天（{}），请确认已经发生", self.today.chinese());
                    self.warn(CellError { row: row.number, column, head, shown, reason, mend: String::new() });
                }
            }
            LedgerKind::Item { opens, closes } => {
                if let (Some((first, opened)), Some((last, closed))) = (day(opens), day(closes))
                    && closed < opened
                {
                    let (column, head) = self.place_of(last);
                    let reason = format!("早于“{}”{}", ledger.fields[first].title, opened.chinese());
                    let mend = "请核对这两个日期".to_owned();
                    self.error(CellError { row: row.number, column, head, shown: closed.chinese(), reason, mend });
                }
            }
            LedgerKind::Register => {}
        }
    }

    /// Refuses a second row with the same content, and in a register a second person with the same 身份证号. A row in which
    /// something is wrong is not `sound`: it is none that others repeat.
    fn twice(&mut self, row: &CheckedRow, sound: bool) {
        let ledger = self.ledger;
        if sound && self.repeats(row) || ledger.kind != LedgerKind::Register {
            return;
        }
        for (i, field) in ledger.fields.iter().enumerate().filter(|(_, f)| id_number::is_id_number(f)) {
            let Stored::Text(id) = &row.values[i] else { continue };
            let earlier = self.id_numbers.get(id).copied();
            if sound {
                self.id_numbers.insert(id.clone(), row.number);
            }
            if let Some(earlier) = earlier {
                let (column, head) = self.place_of(i);
                let reason = format!("{}与第 {earlier} 行相同", field.title);
                let mend = "同一个人只登记一次；如是两个人，请核对证件".to_owned();
                self.error(CellError { row: row.number, column, head, reason, mend, ..CellError::default() });
            }
        }
    }

    /// Whether a row says what an earlier one says, which is told.
    fn repeats(&mut self, row: &CheckedRow) -> bool {
        let mut hasher = DefaultHasher::new();
        (&row.code, &row.unit, &row.values).hash(&mut hasher);
        let rows = &self.out.rows;
        let alike = self.same.entry(hasher.finish()).or_default();
        let same =
            |i: &&usize| (&rows[**i].code, &rows[**i].unit, &rows[**i].values) == (&row.code, &row.unit, &row.values);
        if let Some(earlier) = alike.iter().find(same) {
            let reason = format!("与第 {} 行完全相同", rows[*earlier].number);
            let mend = "请删去重复的行；如确是两件事，请在备注等列中写明区别".to_owned();
            self.error(CellError { row: row.number, reason, mend, ..CellError::default() });
            return true;
        }
        alike.push(rows.len());
        false
    }

    /// Letters and head of a field's column.
    fn place_of(&self, field: usize) -> (String, String) {
        match self.out.header.columns.iter().find(|c| c.target == Target::Field(field)) {
            Some(c) => (letters(c.index), c.head.clone()),
            None => (String::new(), self.ledger.fields[field].title.clone()),
        }
    }

    fn head_at(&self, index: usize) -> String {
        self.out.header.columns.iter().find(|c| c.index == index).map_or(String::new(), |c| c.head.clone())
    }

    fn fault(&mut self, row: u32, index: usize, fault: Fault) {
        let Fault { shown, reason, mend } = fault;
        self.error(CellError { row, column: letters(index), head: self.head_at(index), shown, reason, mend });
    }

    fn note(&mut self, row: u32, index: usize, cell: &RawCell, reason: String) {
        if self.out.warnings.len() < KEPT {
            let Fault { shown, reason, mend } = Fault::new(cell.shown(), reason, "");
            self.warn(CellError { row, column: letters(index), head: self.head_at(index), shown, reason, mend });
        } else {
            self.out.warning_count += 1;
        }
    }

    fn error(&mut self, error: CellError) {
        self.out.error_count += 1;
        if self.out.errors.len() < KEPT {
            self.out.errors.push(error);
        }
    }

    fn warn(&mut self, warning: CellError) {
        self.out.warning_count += 1;
        if self.out.warnings.len() < KEPT {
            self.out.warnings.push(warning);
        }
    }
}
