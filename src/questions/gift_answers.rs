//! What stands between the braces of GIFT.

use super::{
    gift_read::prefix,
    kind::{Kind, Markup},
    model::{Answer, Question},
    number::{Number, Weight},
};

/// Where a mark stands that no backslash has made a part of the text.
pub(super) fn find(text: &str, mark: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        if bytes[i..].starts_with(mark.as_bytes()) {
            return Some(i);
        }
        // What follows a backslash is text; of a longer character the other bytes are no marks anyway.
        i += if bytes[i] == b'\\' { 2 } else { 1 };
    }
    None
}

/// A text without its backslashes.
pub(super) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some('n')) => {
                chars.next();
                out.push('\n');
            }
            ('\\', Some(next)) if "~=#{}:\\->".contains(*next) => {
                out.push(*next);
                chars.next();
            }
            _ => out.push(c),
        }
    }
    out.trim().to_owned()
}

/// A piece that begins with `=` or `~`.
struct Piece<'a> {
    right: bool,
    weight: Option<Weight>,
    text: &'a str,
    feedback: &'a str,
}

/// Kind, answers and general feedback.
pub(super) fn parse(inner: &str, markup: Markup) -> Result<(Kind, Vec<Answer>, String), String> {
    let (inner, feedback) = match find(inner, "####") {
        Some(at) => (&inner[..at], &inner[at + 4..]),
        None => (inner, ""),
    };
    let feedback = written(feedback, markup)?;
    let inner = inner.trim();
    if inner.is_empty() {
        return Ok((Kind::Short, Vec::new(), feedback));
    }
    if let Some(numbers) = inner.strip_prefix('#') {
        return Ok((Kind::Fill, numeric(numbers.trim(), markup)?, feedback));
    }
    if let Some(right) = truth(inner) {
        let mut parts = parts(inner).into_iter().skip(1);
        let of_wrong = written(parts.next().unwrap_or_default(), markup)?;
        let of_right = written(parts.next().unwrap_or_default(), markup)?;
        if parts.next().is_some() {
            return Err("判断题最多有两段反馈；# 若是文字，请写成 \\#".into());
        }
        return Ok((Kind::TrueFalse, Question::true_false(right, of_right, of_wrong), feedback));
    }
    let pieces = pieces(inner)?;
    if pieces.iter().all(|p| p.right) {
        if pieces.iter().all(|p| find(p.text, "->").is_some()) {
            return Err("匹配题（->）不支持：请改写成几道单选题或填空题".into());
        }
        return Ok((Kind::Fill, answers(&pieces, markup)?, feedback));
    }
    let kind = if pieces.iter().any(|p| p.right) { Kind::Single } else { Kind::Multiple };
    let answers = answers(&pieces, markup)?;
    if kind == Kind::Multiple && answers.iter().all(|a| a.weight <= Weight::NONE) {
        return Err("没有标出正确答案：单选题的正确选项以 = 开头，多选题写各项分值，如 ~%50%".into());
    }
    Ok((kind, answers, feedback))
}

/// Of `T`, `FALSE` and their like, perhaps with feedback.
fn truth(inner: &str) -> Option<bool> {
    let word = inner.split('#').next().unwrap_or_default().trim().to_ascii_uppercase();
    match word.as_str() {
        "T" | "TRUE" | "对" | "正确" => Some(true),
        "F" | "FALSE" | "错" | "错误" => Some(false),
        _ => None,
    }
}

/// Parted by `#`.
fn parts(mut text: &str) -> Vec<&str> {
    let mut all = Vec::new();
    while let Some(at) = find(text, "#") {
        all.push(&text[..at]);
        text = &text[at + 1..];
    }
    all.push(text);
    all
}

fn pieces(inner: &str) -> Result<Vec<Piece<'_>>, String> {
    let first = |text: &str| [find(text, "="), find(text, "~")].into_iter().flatten().min();
    let Some(begin) = first(inner) else {
        return Err("答案部分看不懂：选项应以 = 或 ~ 开头，判断题写 T 或 F，简答题留空".into());
    };
    if !inner[..begin].trim().is_empty() {
        return Err("答案部分的第一个选项前有文字：选项应以 = 或 ~ 开头".into());
    }
    let mut pieces = Vec::new();
    let mut rest = &inner[begin..];
    while !rest.is_empty() {
        let end = first(&rest[1..]).map_or(rest.len(), |at| at + 1);
        let body = rest[1..end].trim();
        let (weight, body) = match body.strip_prefix('%').and_then(|b| b.split_once('%')) {
            None => (None, body),
            Some((percent, body)) => {
                let weight = Weight::parse(percent).ok_or_else(|| format!("“%{percent}%”不是 -100 到 100 的百分比"))?;
                (Some(weight), body.trim_start())
            }
        };
        let (text, feedback) = match find(body, "#") {
            Some(at) => (&body[..at], &body[at + 1..]),
            None => (body, ""),
        };
        pieces.push(Piece { right: rest.starts_with('='), weight, text: text.trim(), feedback });
        rest = &rest[end..];
    }
    Ok(pieces)
}

impl Piece<'_> {
    fn weight(&self) -> Weight {
        self.weight.unwrap_or(if self.right { Weight::FULL } else { Weight::NONE })
    }
}

fn answers(pieces: &[Piece<'_>], markup: Markup) -> Result<Vec<Answer>, String> {
    let of = |p: &Piece<'_>| {
        let text = written(p.text, markup)?;
        Ok(Answer { feedback: written(p.feedback, markup)?, ..Answer::new(text, p.weight()) })
    };
    pieces.iter().map(of).collect()
}

fn numeric(text: &str, markup: Markup) -> Result<Vec<Answer>, String> {
    let of = |text: &str, weight: Weight, feedback: &str| {
        let range = range(text).ok_or_else(|| format!("“{}”不是数值答案，应如 3.14:0.01 或 3..4", text.trim()))?;
        Ok(Answer { range: Some(range), feedback: written(feedback, markup)?, ..Answer::new("", weight) })
    };
    if find(text, "=").is_none() {
        let (number, feedback) = find(text, "#").map_or((text, ""), |at| (&text[..at], &text[at + 1..]));
        return Ok(vec![of(number, Weight::FULL, feedback)?]);
    }
    let pieces = pieces(text)?;
    if pieces.iter().any(|p| !p.right) {
        return Err("数值题里以 ~ 开头的一项不支持：请删去，反馈可写在 #### 之后".into());
    }
    pieces.iter().map(|p| of(p.text, p.weight(), p.feedback)).collect()
}

/// `3`, `3:0.1` or `3..4`.
pub(super) fn range(text: &str) -> Option<(Number, Number)> {
    if let Some((low, high)) = text.split_once("..") {
        return Some((Number::parse(low)?, Number::parse(high)?));
    }
    match text.split_once(':') {
        Some((middle, by)) => Some(Number::parse(middle)?.around(Number::parse(by)?)),
        None => Number::parse(text).map(|n| (n, n)),
    }
}

/// A text of an option, perhaps with its format, which must be that of the question.
fn written(text: &str, markup: Markup) -> Result<String, String> {
    match prefix(text.trim()) {
        (Some(own), _) if own != markup => {
            Err(format!("选项或反馈的格式 [{}] 与题干的格式 [{}] 不同：请写成一样", own.as_str(), markup.as_str()))
        }
        (_, text) => Ok(unescape(text)),
    }
}
