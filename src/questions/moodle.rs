//! Moodle's XML, as far as our kinds of questions go.

use quick_xml::{Reader, events::Event};

use super::{
    Read,
    gift_read::topic_of,
    image::{self, Image},
    kind::{Difficulty, Kind, Markup},
    model::{Answer, Question},
    number::{Number, Weight},
};

/// Elements inside elements, at most.
const DEEPEST: usize = 40;

/// An element.
#[derive(Default)]
struct Node {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Node>,
    line: u32,
}

impl Node {
    fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|c| c.name == name)
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Node> {
        self.children.iter().filter(move |c| c.name == name)
    }

    fn attribute(&self, name: &str) -> &str {
        self.attributes.iter().find(|a| a.0 == name).map_or("", |a| &a.1)
    }

    /// What its `text` says.
    fn said(&self) -> String {
        self.child("text").map_or_else(String::new, |t| t.text.trim().to_owned())
    }

    fn said_of(&self, name: &str) -> String {
        self.child(name).map(Node::said).unwrap_or_default()
    }
}

/// Reads a file.
pub(super) fn read(text: &str) -> Read {
    let mut read = Read::default();
    let (root, broken) = tree(text);
    if let Some((line, reason)) = broken {
        read.refuse(line, reason);
    }
    let Some(quiz) = root.child("quiz") else {
        if read.refused.is_empty() {
            read.refuse(1, "不是 Moodle 题目文件：没有 quiz");
        }
        return read;
    };
    let mut topic = String::new();
    for node in quiz.all("question") {
        if node.attribute("type") == "category" {
            topic = topic_of(&node.said_of("category"));
            continue;
        }
        match question(node) {
            Ok(mut question) => {
                topic.clone_into(&mut question.topic);
                read.take(node.line, question);
            }
            Err(reason) => read.refuse(node.line, reason),
        }
    }
    read
}

/// The whole file as elements; where it breaks, what was whole until then.
fn tree(text: &str) -> (Node, Option<(u32, String)>) {
    let mut reader = Reader::from_str(text);
    let mut open = vec![Node::default()];
    let (mut line, mut seen) = (1, 0);
    let fold = |mut open: Vec<Node>| {
        // What is still open is broken, but for the list of questions itself.
        while open.len() > 2 {
            open.pop();
        }
        let quiz = if open.len() > 1 { open.pop() } else { None };
        let mut root = open.pop().unwrap_or_default();
        root.children.extend(quiz);
        root
    };
    loop {
        let event = reader.read_event();
        let at = (reader.buffer_position() as usize).min(text.len());
        let before = line;
        line += text.as_bytes()[seen.min(at)..at].iter().filter(|b| **b == b'\n').count() as u32;
        seen = at;
        let event = match event {
            Ok(event) => event,
            Err(e) => return (fold(open), Some((line, format!("XML 有错：{e}")))),
        };
        let started = |tag: &quick_xml::events::BytesStart<'_>| Node {
            name: tag.local_name().as_ref().to_owned(),
            attributes: tag
                .attributes()
                .flatten()
                .map(|a| {
                    let value = a.normalized_value(quick_xml::XmlVersion::default());
                    (a.key.local_name().as_ref().to_owned(), value.map(|v| v.into_owned()).unwrap_or_default())
                })
                .collect(),
            line: before,
            ..Node::default()
        };
        match event {
            Event::Start(tag) if open.len() < DEEPEST => open.push(started(&tag)),
            Event::Start(_) => return (fold(open), Some((line, "XML 嵌套太深".into()))),
            Event::Empty(tag) => {
                let node = started(&tag);
                if let Some(parent) = open.last_mut() {
                    parent.children.push(node);
                }
            }
            Event::End(_) => {
                if open.len() > 1
                    && let Some(node) = open.pop()
                    && let Some(parent) = open.last_mut()
                {
                    parent.children.push(node);
                }
            }
            Event::Text(t) => say(&mut open, &t.xml10_content()),
            Event::CData(t) => say(&mut open, &t.xml10_content()),
            Event::GeneralRef(r) => {
                let named = |name: &str| quick_xml::escape::resolve_predefined_entity(name).map(str::to_owned);
                let resolved = match r.resolve_char_ref() {
                    Ok(Some(c)) => Some(c.to_string()),
                    Ok(None) => named(&r.xml10_content()),
                    Err(_) => None,
                };
                match resolved {
                    Some(text) => say(&mut open, &text),
                    None => return (fold(open), Some((line, format!("XML 有不认识的实体 &{};", r.xml10_content())))),
                }
            }
            Event::Eof if open.len() > 1 => {
                return (fold(open), Some((line, "XML 没有结束，可能在复制或下载时中断".into())));
            }
            Event::Eof => return (open.pop().unwrap_or_default(), None),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

fn say(open: &mut [Node], text: &str) {
    if let Some(node) = open.last_mut() {
        node.text.push_str(text);
    }
}

fn question(node: &Node) -> Result<Question, String> {
    let kind = match node.attribute("type") {
        "multichoice" => {
            let single = node.child("single").is_none_or(|s| matches!(s.text.trim(), "true" | "1" | ""));
            if single { Kind::Single } else { Kind::Multiple }
        }
        "truefalse" => Kind::TrueFalse,
        "shortanswer" | "numerical" => Kind::Fill,
        "essay" => Kind::Short,
        "matching" => return Err("匹配题不支持：请改写成几道单选题或填空题".into()),
        "description" => return Err("这是说明文字，不是题目".into()),
        "cloze" => return Err("完形填空（cloze）不支持：请改写成几道单选题或填空题".into()),
        "" => return Err("题目没有写类型（type）".into()),
        other => return Err(format!("题型“{other}”不支持")),
    };
    let stem = node.child("questiontext").ok_or("没有题干（questiontext）")?;
    let format = if stem.attribute("format").is_empty() { "html" } else { stem.attribute("format") };
    let markup = Markup::parse(format).ok_or_else(|| format!("格式“{format}”不支持"))?;
    let mut images: Vec<(String, Image)> = Vec::new();
    pictures(node, &mut images)?;
    let mut question = Question {
        title: node.said_of("name"),
        markup,
        feedback: node.said_of("generalfeedback"),
        ..Question::new(kind, stem.said(), answers(node, kind)?)
    };
    if kind == Kind::Short && question.feedback.is_empty() {
        question.feedback = node.said_of("graderinfo");
    }
    for tag in node.child("tags").into_iter().flat_map(|t| t.all("tag")) {
        let said = tag.said();
        match said.split_once(['：', ':']) {
            Some(("出处" | "source", source)) => source.trim().clone_into(&mut question.source),
            Some(("难度" | "difficulty", word)) => question.difficulty = Difficulty::parse(word),
            _ => {}
        }
    }
    image::rename(&mut question, images)?;
    Ok(question)
}

fn pictures(node: &Node, images: &mut Vec<(String, Image)>) -> Result<(), String> {
    for child in &node.children {
        if child.name == "file" {
            images.push(Image::named(child.attribute("name"), &child.text)?);
        }
        pictures(child, images)?;
    }
    Ok(())
}

fn answers(node: &Node, kind: Kind) -> Result<Vec<Answer>, String> {
    let weight = |a: &Node| {
        let said = a.attribute("fraction");
        // Moodle writes a third with seven digits.
        let short: String = said.split_once('.').map_or_else(|| said.into(), |(w, p)| format!("{w}.{p:.5}"));
        Weight::parse(&short).ok_or_else(|| format!("分值“{said}”不是 -100 到 100 的百分比"))
    };
    let mut answers = Vec::new();
    let (mut of_right, mut of_wrong, mut is_true) = (String::new(), String::new(), None);
    for a in node.all("answer") {
        let (text, weight, feedback) = (a.said(), weight(a)?, a.said_of("feedback"));
        match kind {
            Kind::Short => {}
            Kind::TrueFalse if weight == Weight::FULL => {
                is_true = Some(text.eq_ignore_ascii_case("true"));
                of_right = feedback;
            }
            Kind::TrueFalse => of_wrong = feedback,
            Kind::Fill if node.attribute("type") == "numerical" => {
                let number = Number::parse(&text).ok_or_else(|| format!("“{text}”不是数"))?;
                let tolerance = a.child("tolerance").map_or("0", |t| t.text.trim());
                let by = Number::parse(tolerance).ok_or_else(|| format!("误差“{tolerance}”不是数"))?;
                answers.push(Answer { range: Some(number.around(by)), feedback, ..Answer::new("", weight) });
            }
            _ => answers.push(Answer { feedback, ..Answer::new(text, weight) }),
        }
    }
    match (kind, is_true) {
        (Kind::TrueFalse, Some(right)) => Ok(Question::true_false(right, of_right, of_wrong)),
        (Kind::TrueFalse, None) => Err("判断题没有标出正确答案".into()),
        _ => Ok(answers),
    }
}
