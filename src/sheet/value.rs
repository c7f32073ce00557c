//! One cell into the stored value of one field, or the reason why not. The form of the web reads by the same rules.

use crate::{
    day::Day,
    directive::model::{Field, FieldType},
};

use super::{
    RawCell, Resolve, Stored, date, id_number, norm,
    number::{self, Decimal, Why},
    resolve::{person, record, unit},
};

/// What is known around a cell.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// Finds persons, units and records.
    pub resolve: &'a dyn Resolve,
    /// The unit of the row, for telling namesakes apart.
    pub unit: Option<i64>,
    /// 分 of one unit of a money column, see [`number::money_unit`].
    pub money_unit: i128,
}

impl<'a> Around<'a> {
    /// No unit known, money in 元.
    pub fn new(resolve: &'a dyn Resolve) -> Around<'a> {
        Around { resolve, unit: None, money_unit: 100 }
    }
}

/// A value, and a note where the reading supplied something that the cell does not say.
pub type Parsed = (Stored, Option<String>);

/// Why a cell is refused; its place is added by [`super::check()`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What the cell shows, shortened.
    pub shown: String,
    /// What is wrong.
    pub reason: String,
    /// How to mend it.
    pub mend: String,
}

impl Fault {
    /// A fault of a cell that shows `shown`.
    pub fn new(shown: impl AsRef<str>, reason: impl Into<String>, mend: impl Into<String>) -> Fault {
        Fault { shown: shorten(shown.as_ref()), reason: reason.into(), mend: mend.into() }
    }
}

/// At most 40 characters, on one line, without what could disturb a page.
fn shorten(text: &str) -> String {
    let shown = |c: char| {
        if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') { ' ' } else { c }
    };
    let mut out: String = text.trim().chars().take(40).map(shown).collect();
    if text.trim().chars().nth(40).is_some() {
        out.push('…');
    }
    out
}

/// Most characters of a text field: 200 for names, titles and numbers of papers, else 4000.
pub fn text_limit(field: &Field) -> usize {
    if is_line(field) { 200 } else { 4000 }
}

/// Names, numbers and the like: one line.
fn is_line(field: &Field) -> bool {
    const NAMES: [&str; 13] = [
        "name",
        "title",
        "short",
        "number",
        "code",
        "phone",
        "ethnicity",
        "native_place",
        "politics",
        "rank",
        "education",
        "degree",
        "school",
    ];
    let named = |n: &str| field.name == n || field.name.ends_with(&format!("_{n}"));
    (field.sensitive && !field.confidential) || NAMES.into_iter().any(named)
}

/// Reads one cell as the field demands. An empty cell is [`Stored::Null`]; whether that is allowed is not asked here.
///
/// A placeholder (`/`, `—`, `无`, `暂无`) in a field that is not text counts as empty, with a note.
pub fn parse(cell: &RawCell, field: &Field, around: &Around<'_>) -> Result<Parsed, Fault> {
    let text = match cell {
        RawCell::Empty => return Ok((Stored::Null, None)),
        RawCell::Error(code) => {
            return Err(Fault::new(code, "是公式错误值", "请改正公式，或复制后“选择性粘贴为数值”并填入正确内容"));
        }
        RawCell::Text(text) => norm::clean(text)?.into_owned(),
        other => other.text(),
    };
    if text.is_empty() {
        return Ok((Stored::Null, None));
    }
    let result = match (&field.ty, cell) {
        (FieldType::Text, _) if id_number::is_id_number(field) => {
            id_number::parse(cell).map(|t| plain(Stored::Text(t)))
        }
        (FieldType::Text, _) if field.name == "phone" && field.sensitive => phone(&text).map(plain),
        (FieldType::Text, _) => text_value(cell, text.clone(), field).map(plain),
        (FieldType::Date, RawCell::Text(_)) => date::day(&RawCell::Text(text.clone())).map(stored_day),
        (FieldType::Date, _) => date::day(cell).map(stored_day),
        (FieldType::Period, RawCell::Text(_)) => date::period(&RawCell::Text(text.clone())).map(stored_text),
        (FieldType::Period, _) => date::period(cell).map(stored_text),
        (FieldType::Integer | FieldType::Decimal | FieldType::Money, RawCell::Date(_) | RawCell::Bool(_)) => {
            Err(Fault::new(&text, "不是数字", "请把该单元格设为“常规”格式后重新输入数字"))
        }
        (FieldType::Integer | FieldType::Decimal | FieldType::Money, _) => numeric(&text, field, around.money_unit),
        (FieldType::Flag, _) => flag(cell, &text).map(plain),
        (FieldType::Choice(of), _) => choice(&text, of).map(|c| plain(Stored::Text(c))),
        (FieldType::Choices(of), _) => choices(&text, of).map(|c| plain(Stored::Text(c))),
        (FieldType::Person, _) => person(&text, around).map(|id| plain(Stored::I64(id))),
        (FieldType::Unit, _) => unit(&text, around.resolve, None).map(|id| plain(Stored::I64(id))),
        (FieldType::Ref(ledger), _) => record(&text, ledger, around.resolve).map(|id| plain(Stored::I64(id))),
        (FieldType::File, _) => file(&text).map(plain),
        (FieldType::Derived, _) => Ok((Stored::Null, Some("由系统推算，表中内容未导入".into()))),
    };
    match result {
        Err(_) if is_placeholder(&text, &field.ty) => Ok((Stored::Null, Some("按未填处理".into()))),
        Err(fault) if field.sensitive => Err(Fault { shown: mask(&fault.shown), ..fault }),
        other => other,
    }
}

/// Numbers of telephones as people write them: figures with signs between them, several apart by 、 or /. One that others
/// have masked is told apart later.
fn phone(text: &str) -> Result<Stored, Fault> {
    let plain = norm::plain(text);
    let figures = plain.chars().filter(char::is_ascii_digit).count();
    let signs = plain.chars().all(|c| c.is_ascii_digit() || "+-() /、,;转*".contains(c));
    if !signs || (figures < 3 && !plain.contains('*')) {
        return Err(Fault::new(text, "不像电话号码", "请填写数字，如13900000000或0571-88000000"));
    }
    if text.chars().count() > 200 {
        return Err(Fault::new(text, "过长", "最多200字"));
    }
    Ok(Stored::Text(text.to_owned()))
}

fn plain(value: Stored) -> Parsed {
    (value, None)
}

fn stored_day((day, note): (Day, Option<String>)) -> Parsed {
    (Stored::Text(day.to_string()), note)
}

fn stored_text((text, note): (String, Option<String>)) -> Parsed {
    (Stored::Text(text), note)
}

fn is_placeholder(text: &str, ty: &FieldType) -> bool {
    let written = matches!(text, "/" | "-" | "—" | "——" | "–" | "\\" | "无" | "暂无" | "空" | "不详" | "未填");
    let running = matches!((text, ty), ("至今" | "今" | "现在" | "长期", FieldType::Date));
    *ty != FieldType::Text && (written || running)
}

/// First three and last two characters; sensitive values are not repeated in messages.
fn mask(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let hidden = |(i, c): (usize, &char)| if i < 3 || i + 2 >= chars.len() { *c } else { '*' };
    if chars.len() < 6 { "*".repeat(chars.len()) } else { chars.iter().enumerate().map(hidden).collect() }
}

fn text_value(cell: &RawCell, text: String, field: &Field) -> Result<Stored, Fault> {
    if matches!(cell, RawCell::Number(n) if n.abs() >= 1e15) {
        return Err(Fault::new(
            text,
            "以数字格式保存且超过 15 位，后几位已经丢失",
            "请把该列设为“文本”格式后对照原件重新输入",
        ));
    }
    if is_line(field) && text.contains(['\n', '\r']) {
        return Err(Fault::new(text, "里面有换行", "请写在一行里"));
    }
    let (limit, length) = (text_limit(field), text.chars().count());
    if length > limit {
        return Err(Fault::new(
            text,
            format!("有 {length} 个字，超过 {limit} 个字"),
            "请压缩文字，或把全文作为附件上传",
        ));
    }
    Ok(Stored::Text(text))
}

fn numeric(text: &str, field: &Field, money_unit: i128) -> Result<Parsed, Fault> {
    let (read, places) = match field.ty {
        FieldType::Money => (number::money(text, money_unit), 2),
        FieldType::Decimal => (Decimal::parse(text).and_then(|d| d.times(10_000)), 4),
        _ => (Decimal::parse(text).and_then(|d| d.times(1)), 0),
    };
    let value = read.map_err(|why| number_fault(text, why, places))?;
    let percent = field.ty == FieldType::Decimal && norm::plain(text).ends_with('%');
    let note = percent.then(|| format!("读作 {}", number::scaled_text(value, 4)));
    Ok((Stored::I64(value), note))
}

fn number_fault(text: &str, why: Why, places: u32) -> Fault {
    let (reason, mend) = match (why, places) {
        (Why::NotNumber, _) => ("不是数字", "请只写数字，不写单位和文字"),
        (Why::Commas, _) => ("逗号的位置不对", "千分位逗号每三位一个，也可以不写"),
        (Why::TooFine, 0) => ("不是整数", "请填写整数"),
        (Why::TooFine, 2) => ("金额最多精确到分（两位小数）", "请在表中四舍五入到两位小数"),
        (Why::TooFine, _) => ("小数超过四位", "请在表中四舍五入到四位小数"),
        (Why::TooLarge, _) => ("数字过大", "请核对位数"),
    };
    Fault::new(text, reason, mend)
}

fn flag(cell: &RawCell, text: &str) -> Result<Stored, Fault> {
    let yes = match cell {
        RawCell::Bool(b) => Some(*b),
        _ => match norm::key(text).as_str() {
            "是" | "有" | "√" | "✓" | "✔" | "☑" | "对" | "1" | "y" | "yes" | "true" => Some(true),
            "否" | "无" | "×" | "✗" | "✘" | "x" | "错" | "不是" | "没有" | "0" | "n" | "no" | "false" => {
                Some(false)
            }
            _ => None,
        },
    };
    let yes = yes.ok_or_else(|| Fault::new(text, "应填“是”或“否”", "请改为“是”或“否”（也可用 √、×）"))?;
    Ok(Stored::I64(i64::from(yes)))
}

fn choice(text: &str, of: &[String]) -> Result<String, Fault> {
    find_choice(text, of).map(|c| c.to_owned()).ok_or_else(|| no_choice(text, of))
}

/// The one of some texts that is meant, in whatever spelling.
pub(crate) fn find_choice<'a>(text: &str, of: &'a [String]) -> Option<&'a str> {
    if let Some(exact) = of.iter().find(|c| *c == text) {
        return Some(exact);
    }
    let wanted = norm::key(text);
    let mut alike = of.iter().filter(|c| norm::key(c) == wanted);
    let found = alike.next()?;
    alike.next().is_none().then_some(found)
}

fn no_choice(text: &str, of: &[String]) -> Fault {
    Fault::new(text, "不在可选项之中", choices_in_words(of))
}

/// What to choose from, as a sentence.
pub(crate) fn choices_in_words(of: &[String]) -> String {
    let mut list = of.iter().take(20).map(String::as_str).collect::<Vec<_>>().join("、");
    if of.len() > 20 {
        list.push_str(&format!("等 {} 项", of.len()));
    }
    format!("请改为以下之一：{list}")
}

/// Several choices, parted by 、 ， , ; ； | or a line end; stored in the order of the definition, each once.
fn choices(text: &str, of: &[String]) -> Result<String, Fault> {
    let mut found = Vec::new();
    // A choice may itself hold a comma, so the whole is tried before its parts.
    for part in text.split(['|', '\n']).map(str::trim).filter(|p| !p.is_empty()) {
        if let Some(whole) = find_choice(part, of) {
            found.push(whole);
            continue;
        }
        for piece in part.split(['、', '，', ',', ';', '；']).map(str::trim).filter(|p| !p.is_empty()) {
            found.push(find_choice(piece, of).ok_or_else(|| no_choice(piece, of))?);
        }
    }
    let ordered: Vec<&str> = of.iter().map(String::as_str).filter(|c| found.contains(c)).collect();
    if ordered.is_empty() { Err(no_choice(text, of)) } else { Ok(ordered.join("|")) }
}

/// A file travels by its hash only, as an export of this program writes it.
fn file(text: &str) -> Result<Stored, Fault> {
    if text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
        Ok(Stored::Text(text.to_owned()))
    } else {
        Err(Fault::new(text, "附件不能随表格导入", "请清空该列，导入后在记录页面上传附件"))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Lookup, *};

    struct Few;

    impl Resolve for Few {
        fn unit(&self, text: &str, within: Option<i64>) -> Lookup {
            match (text, within) {
                ("云溪区发改委", _) => Lookup::One(10),
                ("综合科", Some(10)) => Lookup::One(11),
                ("综合科", _) => Lookup::Many(vec!["云溪区发改委/综合科".into(), "松岭区发改委/综合科".into()]),
                _ => Lookup::None,
            }
        }
        fn person(&self, text: &str, unit: Option<i64>) -> Lookup {
            match (text, unit) {
                ("王一" | "RY01", _) => Lookup::One(1),
                ("李同", Some(10)) | ("RY02", _) => Lookup::One(2),
                ("李同", _) => Lookup::Many(vec!["李同（云溪区发改委）".into(), "李同（松岭区发改委）".into()]),
                _ => Lookup::None,
            }
        }
        fn record(&self, ledger: &str, text: &str) -> Lookup {
            if (ledger, text) == ("project", "XM-1") { Lookup::One(5) } else { Lookup::None }
        }
    }

    fn field(ty: FieldType) -> Field {
        Field { name: "remark".into(), ty, title: "列".into(), ..Field::default() }
    }

    fn read(ty: FieldType, text: &str) -> Result<Stored, Fault> {
        parse(&RawCell::Text(text.into()), &field(ty), &Around::new(&Few)).map(|p| p.0)
    }

    fn list(of: &[&str]) -> Vec<String> {
        of.iter().map(|c| (*c).to_owned()).collect()
    }

    #[test]
    fn flags_in_every_spelling() {
        for (t, v) in
            [("是", 1), ("√", 1), ("有", 1), ("１", 1), ("Yes", 1), ("否", 0), ("×", 0), ("无", 0), ("0", 0), ("Ｘ", 0)]
        {
            assert_eq!(read(FieldType::Flag, t).unwrap(), Stored::I64(v), "{t}");
        }
        assert!(read(FieldType::Flag, "也许").is_err());
        let cell = parse(&RawCell::Bool(true), &field(FieldType::Flag), &Around::new(&Few)).unwrap().0;
        assert_eq!(cell, Stored::I64(1));
    }

    #[test]
    fn choices_by_text_and_in_the_order_of_the_definition() {
        let of = list(&["政策解读", "项目评审", "公文写作（含可研）"]);
        assert_eq!(
            read(FieldType::Choice(of.clone()), "公文写作(含可研) ").unwrap(),
            Stored::Text("公文写作（含可研）".into())
        );
        for t in ["项目评审、政策解读", "项目评审,政策解读;项目评审", "项目评审|政策解读", "项目评审\n政策解读"]
        {
            assert_eq!(
                read(FieldType::Choices(of.clone()), t).unwrap(),
                Stored::Text("政策解读|项目评审".into()),
                "{t}"
            );
        }
        assert!(read(FieldType::Choices(of.clone()), "政策解读、其他").unwrap_err().mend.contains("公文写作"));
        assert!(read(FieldType::Choices(of), "、").is_err());
    }

    #[test]
    fn numbers_by_type() {
        assert_eq!(read(FieldType::Integer, "１，２３４").unwrap(), Stored::I64(1234));
        assert_eq!(read(FieldType::Integer, "12.0").unwrap(), Stored::I64(12));
        assert_eq!(read(FieldType::Integer, "12.5").unwrap_err().reason, "不是整数");
        assert_eq!(read(FieldType::Decimal, "59.5").unwrap(), Stored::I64(595_000));
        assert_eq!(read(FieldType::Money, "5,000.10元").unwrap(), Stored::I64(500_010));
        let cell = |n| parse(&RawCell::Number(n), &field(FieldType::Money), &Around::new(&Few)).unwrap().0;
        assert_eq!(cell(0.1 + 0.2), Stored::I64(30));
        let around = Around { money_unit: 1_000_000, ..Around::new(&Few) };
        assert_eq!(parse(&RawCell::Number(1.5), &field(FieldType::Money), &around).unwrap().0, Stored::I64(1_500_000));
    }

    #[test]
    fn records_are_named_or_the_clerk_is_told_how() {
        assert_eq!(read(FieldType::Person, "王一").unwrap(), Stored::I64(1));
        assert_eq!(read(FieldType::Person, "李同（云溪区发改委）").unwrap(), Stored::I64(2));
        assert_eq!(read(FieldType::Person, "李同(RY02)").unwrap(), Stored::I64(2));
        let fault = read(FieldType::Person, "李同").unwrap_err();
        assert!(fault.reason.starts_with("重名：李同（云溪区发改委）；") && fault.mend.contains("单位"));
        assert_eq!(read(FieldType::Person, "王一、李同").unwrap_err().mend, "请每人各占一行");
        let around = Around { unit: Some(10), ..Around::new(&Few) };
        assert_eq!(parse(&RawCell::Text("李同".into()), &field(FieldType::Person), &around).unwrap().0, Stored::I64(2));
        assert_eq!(read(FieldType::Ref("project".into()), "XM-1").unwrap(), Stored::I64(5));
        assert!(read(FieldType::Ref("project".into()), "XM-2").is_err());
        assert_eq!(unit("综合科", &Few, Some(10)), Ok(11));
        assert!(read(FieldType::Unit, "综合科").unwrap_err().reason.contains("松岭区"));
    }

    #[test]
    fn text_is_bounded_and_clean() {
        assert!(read(FieldType::Text, &"字".repeat(4000)).is_ok());
        assert!(read(FieldType::Text, &"字".repeat(4001)).unwrap_err().reason.contains("4001"));
        let name = Field { name: "name".into(), ..field(FieldType::Text) };
        assert!(parse(&RawCell::Text("字".repeat(201)), &name, &Around::new(&Few)).is_err());
        assert!(parse(&RawCell::Text("王\n五".into()), &name, &Around::new(&Few)).unwrap_err().reason.contains("换行"));
        assert!(read(FieldType::Text, "第一行\n第二行").is_ok(), "a note has lines");
        assert!(read(FieldType::Text, "ab\u{202e}c").is_err());
        assert_eq!(read(FieldType::Text, " 　").unwrap(), Stored::Null);
        assert_eq!(read(FieldType::Text, "/").unwrap(), Stored::Text("/".into()));
        let long = parse(&RawCell::Number(1.2e17), &field(FieldType::Text), &Around::new(&Few)).unwrap_err();
        assert!(long.reason.contains("15 位"));
        let cell = parse(&RawCell::Error("#DIV/0!".into()), &field(FieldType::Text), &Around::new(&Few)).unwrap_err();
        assert_eq!((cell.shown.as_str(), cell.reason.as_str()), ("#DIV/0!", "是公式错误值"));
    }

    #[test]
    fn placeholders_are_empty_and_said() {
        let parsed = parse(&RawCell::Text("至今".into()), &field(FieldType::Date), &Around::new(&Few)).unwrap();
        assert_eq!(parsed, (Stored::Null, Some("按未填处理".into())));
        assert_eq!(read(FieldType::Integer, "—").unwrap(), Stored::Null);
        assert!(read(FieldType::Flag, "/").unwrap() == Stored::Null);
    }

    #[test]
    fn sensitive_values_are_masked_in_messages() {
        let id = Field { name: "id_number".into(), sensitive: true, ..field(FieldType::Text) };
        let fault = parse(&RawCell::Text("110105194912310021".into()), &id, &Around::new(&Few)).unwrap_err();
        assert_eq!(fault.shown, "110*************21");
    }
}
