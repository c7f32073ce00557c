//! GIFT that Moodle reads, and that we read back as it was.

use super::{
    gift_read::prefix,
    image,
    kind::{Kind, Markup},
    model::{Answer, Question, TRUE_FALSE},
    number::Weight,
};

/// Writes questions; topics become categories, source and difficulty comments.
pub fn write(questions: &[Question]) -> String {
    let mut out = String::from("// 由栋梁导出。出处和难度写在题目前的注释里，其他软件会略过。\n\n");
    let mut topic = "";
    for question in questions {
        if question.topic != topic {
            topic = &question.topic;
            let below = if topic.is_empty() { "" } else { "/" };
            out.push_str(&format!("$CATEGORY: $course$/top{below}{topic}\n\n"));
        }
        one(&mut out, question);
    }
    out
}

fn one(out: &mut String, q: &Question) {
    if !q.source.is_empty() {
        out.push_str(&format!("// 出处：{}\n", q.source));
    }
    if let Some(difficulty) = q.difficulty {
        out.push_str(&format!("// 难度：{}\n", difficulty.title()));
    }
    out.push_str(&format!("::{}::", escaped(&q.title)));
    out.push_str(&match q.markup {
        Markup::Plain => text(q, &q.stem),
        markup => format!("[{}]{}", markup.as_str(), escaped(&image::inlined(&q.stem, &q.images))),
    });
    out.push_str(" {");
    match q.kind {
        Kind::Short => {}
        Kind::TrueFalse => true_false(out, q),
        Kind::Single | Kind::Multiple => options(out, q),
        Kind::Fill => {
            if q.answers.iter().any(|a| a.range.is_some()) {
                out.push('#');
            }
            options(out, q);
        }
    }
    if !q.feedback.is_empty() {
        // A blank line would end the question.
        let begin = if out.ends_with('\n') { "" } else { "\n" };
        out.push_str(&format!("{begin}\t####{}\n", text(q, &q.feedback)));
    }
    out.push_str("}\n\n");
}

fn true_false(out: &mut String, q: &Question) {
    let right = q.answers.iter().find(|a| a.weight == Weight::FULL);
    let is_true = right.is_some_and(|a| a.text == TRUE_FALSE[0]);
    out.push_str(if is_true { "TRUE" } else { "FALSE" });
    let of = |right: bool| q.answers.iter().find(|a| (a.weight == Weight::FULL) == right);
    let told = |a: Option<&Answer>| a.map(|a| text(q, &a.feedback)).unwrap_or_default();
    let (wrong, right) = (told(of(false)), told(of(true)));
    if !right.is_empty() {
        out.push_str(&format!("#{wrong} #{right}"));
    } else if !wrong.is_empty() {
        out.push_str(&format!("#{wrong}"));
    }
}

fn options(out: &mut String, q: &Question) {
    for answer in &q.answers {
        let right = q.kind == Kind::Fill || (q.kind == Kind::Single && answer.weight == Weight::FULL);
        let usual = if right { Weight::FULL } else { Weight::NONE };
        out.push_str(if right { "\n\t=" } else { "\n\t~" });
        let said = match answer.range {
            Some((low, high)) if low == high => low.to_string(),
            Some((low, high)) => format!("{low}..{high}"),
            None => text(q, &answer.text),
        };
        // A text may begin with a percent sign of its own.
        if answer.weight != usual || said.starts_with('%') {
            out.push_str(&format!("%{}%", answer.weight));
        }
        out.push_str(&said);
        if !answer.feedback.is_empty() {
            out.push_str(&format!("#{}", text(q, &answer.feedback)));
        }
    }
    out.push('\n');
}

/// A text, with its format where it would be taken for one, or for a comment.
fn text(q: &Question, text: &str) -> String {
    let mark = if prefix(text).0.is_some() { format!("[{}]", q.markup.as_str()) } else { String::new() };
    format!("{mark}{}", escaped(&image::inlined(text, &q.images)))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '~' | '=' | '#' | '{' | '}' | ':' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '-' => out.push('-'),
            '>' if out.ends_with('-') => {
                out.pop();
                out.push_str("\\->");
            }
            c => out.push(c),
        }
    }
    out
}
