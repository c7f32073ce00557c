//! GIFT as Moodle reads it: questions parted by blank lines, comments, categories, escapes. A broken question ends at
//! its blank line, so that the next one is whole again.

use super::{
    Read,
    gift_answers::{self, find, unescape},
    kind::{Difficulty, Markup},
    model::Question,
};

/// Lines that belong together.
#[derive(Default)]
struct Block {
    line: u32,
    text: String,
    source: String,
    difficulty: Option<Difficulty>,
}

/// Reads a file.
pub(super) fn read(text: &str) -> Read {
    let mut read = Read::default();
    let mut topic = String::new();
    let mut block = Block::default();
    for (number, raw) in (1..).zip(text.lines()) {
        let line = raw.trim();
        if let Some(comment) = line.strip_prefix("//") {
            remark(&mut block, comment.trim());
        } else if let Some(category) = line.strip_prefix("$CATEGORY:") {
            flush(&mut read, &mut block, &topic);
            topic = topic_of(category.trim());
        } else if line.is_empty() {
            if !block.text.is_empty() {
                flush(&mut read, &mut block, &topic);
            }
        } else {
            if block.text.is_empty() {
                block.line = number;
            }
            block.text.push_str(raw);
            block.text.push('\n');
        }
    }
    flush(&mut read, &mut block, &topic);
    read
}

/// Our own marks are comments to everybody else.
fn remark(block: &mut Block, comment: &str) {
    let Some((what, value)) = comment.split_once(['：', ':']) else { return };
    match what.trim() {
        "出处" | "出处条款" | "source" => value.trim().clone_into(&mut block.source),
        "难度" | "difficulty" => block.difficulty = Difficulty::parse(value),
        _ => {}
    }
}

/// A category without the part that says in which of Moodle's courses it lies.
pub(super) fn topic_of(category: &str) -> String {
    let Some(rest) = category.strip_prefix('$').and_then(|c| c.split_once('$')).map(|(_, rest)| rest) else {
        return category.to_owned();
    };
    let rest = rest.strip_prefix('/').unwrap_or(rest);
    match rest.strip_prefix("top") {
        Some("") => String::new(),
        Some(below) => below.strip_prefix('/').unwrap_or(rest).to_owned(),
        None => rest.to_owned(),
    }
}

fn flush(read: &mut Read, block: &mut Block, topic: &str) {
    let block = std::mem::take(block);
    if block.text.trim().is_empty() {
        return;
    }
    match question(&block) {
        Ok(mut question) => {
            topic.clone_into(&mut question.topic);
            read.take(block.line, question);
        }
        Err((at, reason)) => {
            let before = block.text.as_bytes()[..at.min(block.text.len())].iter().filter(|b| **b == b'\n').count();
            read.refuse(block.line + before as u32, reason);
        }
    }
}

/// A question, or where in the block it breaks and why.
fn question(block: &Block) -> Result<Question, (usize, String)> {
    let text = block.text.as_str();
    let Some(open) = find(text, "{") else {
        return Err(match find(text, "}") {
            Some(at) => (at, "有 } 而没有 {".into()),
            None => (0, "没有答案部分 { }：这是说明文字，不是题目".into()),
        });
    };
    if let Some(at) = find(&text[..open], "}") {
        return Err((at, "有 } 而没有 {".into()));
    }
    let inner = &text[open + 1..];
    let close = find(inner, "}").ok_or((open, "{ 没有配对的 }；若 } 是题目文字，请写成 \\}".to_owned()))?;
    if let Some(at) = find(&inner[..close], "{") {
        return Err((open + 1 + at, "答案部分里又有 {；若是题目文字，请写成 \\{".into()));
    }
    let tail = &inner[close + 1..];
    if let Some(at) = find(tail, "{").or_else(|| find(tail, "}")) {
        let reason = "一道题里有两处答案部分；两道题之间应空一行，花括号若是题目文字请写成 \\{ \\}";
        return Err((open + close + 2 + at, reason.into()));
    }
    let head = text[..open].trim_start();
    let (title, head) = match head.strip_prefix("::") {
        None => ("", head),
        Some(rest) => {
            let end = find(rest, "::").ok_or((0, "题名以 :: 开头，却没有 :: 结尾".to_owned()))?;
            (&rest[..end], rest[end + 2..].trim_start())
        }
    };
    let (markup, head) = prefix(head);
    let stem = if tail.trim().is_empty() { head.to_owned() } else { format!("{head}_____{tail}") };
    let markup = markup.unwrap_or_default();
    let (kind, answers, feedback) = gift_answers::parse(&inner[..close], markup).map_err(|reason| (open, reason))?;
    Ok(Question {
        title: unescape(title),
        markup,
        feedback,
        source: block.source.clone(),
        difficulty: block.difficulty,
        ..Question::new(kind, unescape(stem.trim()), answers)
    })
}

/// `[html]` and its like before a text.
pub(super) fn prefix(text: &str) -> (Option<Markup>, &str) {
    let known = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    match known.and_then(|(word, rest)| Some((Markup::parse(word)?, rest))) {
        Some((markup, rest)) => (Some(markup), rest.trim_start()),
        None => (None, text),
    }
}
