//! The question bank `/questions`: the list, and what leaves it as a file.

use std::collections::BTreeSet;

use axum::{
    extract::State,
    http::header,
    response::{Html, IntoResponse as _, Response},
};
use serde_json::json;

use super::{
    app::App,
    asked,
    awaited::kept_back,
    error::PageError,
    frame::{Ask, Desk, answer},
    imports::workbook,
    taken::{self, TAKE},
    view::{
        parts::Choice,
        questions::{Bank, Line, Taking},
        table::{Control, FilterForm, Input, Pager},
        url::{Query, segment},
        words::Link,
    },
};
use crate::{
    audit::{About, Kind as Entry},
    auth::Permission,
    exam::usage,
    questions::{
        self, Difficulty, Kind, Question,
        bank::Kept,
        shelf::{self, Filter, Stands},
    },
};

/// Characters of a question in the list.
const STEM: usize = 60;
/// Questions in a file.
const MOST: i64 = 100_000;
/// Characters that are searched for.
const LONGEST: usize = 60;

/// `GET /questions`.
pub(super) async fn list(State(app): State<App>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| {
        asked::keys(desk, &["q", "topic", "kind", "difficulty", "state", "page", "size", "done", "n", TAKE]);
        let size = asked::size(desk);
        let takes = desk.may(Permission::ArrangeTests);
        let chosen = if takes { taken::told(desk) } else { BTreeSet::new() };
        let (filter, wrong) = filter(desk);
        let list = |desk: &mut Desk<'_, '_>, skip, limit| shelf::list(desk.tx, &filter, (skip, limit));
        let (found, page, total) = asked::rows(desk, size, list)?;
        let numbers: Vec<i64> = found.iter().map(|k| k.number).collect();
        let tests = usage::counts(desk.tx, &numbers)?;
        let tests = |k: &Kept| tests.get(&k.number).copied().unwrap_or(0);
        let rows: Vec<Line> = found
            .iter()
            .map(|k| Line {
                take: (takes && Stands::of(k) == Stands::Usable).then(|| chosen.contains(&k.number)),
                ..line(k, tests(k))
            })
            .collect();
        let mut query = asked::without_page(&desk.ask).without("n");
        let taking = takes.then(|| taking(&query, &chosen, &found));
        query = query.without(TAKE);
        if !chosen.is_empty() {
            query = query.with(TAKE, taken::written(&chosen));
        }
        let file = |text: &str, format: &str| {
            let mut to = query.without(TAKE).with("format", format);
            to.path = "/questions/export".into();
            Link::new(text, to.href())
        };
        let person = desk.reader()?.person;
        if let n @ 1.. = kept_back(desk.tx, &own, person)?.len() {
            desk.notice(format!("题库里有{n}题正在您应考的考试里：那场考试截止以前不能看答案，导出的文件不含这些题。"));
        }
        let notice = match desk.ask.get("done") {
            Some("import") => format!("已导入{}题。", asked::echo(desk.ask.get("n").unwrap_or_default())),
            Some("dropped") => "文件已放弃，没有写入。".into(),
            _ => String::new(),
        };
        let view = Bank {
            notice,
            filter: FilterForm { query: query.clone(), ..controls(desk, &filter, wrong)? },
            rows,
            taking,
            exports: vec![file("导出GIFT", "gift"), file("导出Excel", "xlsx")],
            pager: Pager { query, title: "题库".into(), total, size, page },
            page: desk.page("/questions")?,
        };
        Ok(Html(askama::Template::render(&view)?).into_response())
    })
    .await
}

/// What is taken for a paper, seen from this page of the list.
fn taking(query: &Query, chosen: &BTreeSet<i64>, shown: &[Kept]) -> Taking {
    let elsewhere: BTreeSet<i64> = chosen.iter().copied().filter(|n| shown.iter().all(|k| k.number != *n)).collect();
    let none = query.without(TAKE);
    let mut carried = none.pairs.clone();
    if !elsewhere.is_empty() {
        carried.push((TAKE.to_owned(), taken::written(&elsewhere)));
    }
    Taking { carried, count: chosen.len(), none: none.href() }
}

fn line(kept: &Kept, tests: usize) -> Line {
    let q = &kept.question;
    Line {
        number: Link::new(kept.number.to_string(), format!("/questions/{}", kept.number)),
        stem: q.brief(STEM),
        kind: q.kind.title(),
        topic: q.topic.clone(),
        difficulty: q.difficulty.map_or("", Difficulty::title),
        source: q.source.clone(),
        tests,
        stands: Stands::of(kept).title(),
        take: None,
    }
}

/// The conditions of the address, and what is wrong with the text.
fn filter(desk: &mut Desk<'_, '_>) -> (Filter, String) {
    asked::values(desk, "kind", "题型", &|v| v.is_empty() || Kind::parse(v).is_some());
    asked::values(desk, "difficulty", "难度", &|v| v.is_empty() || Difficulty::parse(v).is_some());
    asked::values(desk, "state", "状态", &|v| v.is_empty() || Stands::parse(v).is_some());
    let get = |key: &str| desk.ask.get(key).unwrap_or_default().trim().to_owned();
    let text = get("q");
    let wrong = match text.chars().count() {
        n if n > LONGEST => format!("搜索的内容最多{LONGEST}个字，现在有{n}个，请缩短。"),
        _ if text.contains(char::is_control) => "搜索的内容里有无法识别的字符，请删去。".into(),
        _ => String::new(),
    };
    let topic = get("topic");
    let filter = Filter {
        text: if wrong.is_empty() { text } else { String::new() },
        topic: (!topic.is_empty() && !topic.contains(char::is_control)).then_some(topic),
        kind: Kind::parse(&get("kind")),
        difficulty: Difficulty::parse(&get("difficulty")),
        stands: Stands::parse(&get("state")),
    };
    (filter, wrong)
}

fn controls(desk: &mut Desk<'_, '_>, filter: &Filter, wrong: String) -> anyhow::Result<FilterForm> {
    let pick = |name: &str, label: &str, chosen: &str, values: Vec<(String, String)>| {
        let all = std::iter::once((String::new(), "全部".to_owned())).chain(values);
        let choice = |(value, label): (String, String)| Choice { current: value == chosen, label, value };
        Control {
            name: name.into(),
            label: label.into(),
            input: Input::Pick(all.map(choice).collect()),
            error: String::new(),
        }
    };
    let same = |t: &str| (t.to_owned(), t.to_owned());
    let topics = shelf::topics(desk.tx)?.into_iter().filter(|(t, _)| !t.is_empty());
    let topics = topics.map(|(t, n)| (t.clone(), format!("{t}（{n}）"))).collect();
    let typed = desk.ask.get("q").unwrap_or_default().to_owned();
    let text = Control {
        name: "q".into(),
        label: "题号或内容".into(),
        input: Input::Text(typed, String::new()),
        error: wrong,
    };
    let title = |d: Option<Difficulty>| d.map_or("", Difficulty::title);
    Ok(FilterForm {
        query: asked::without_page(&desk.ask),
        controls: vec![
            text,
            pick("topic", "主题", filter.topic.as_deref().unwrap_or_default(), topics),
            pick("kind", "题型", filter.kind.map_or("", Kind::title), Kind::ALL.map(|k| same(k.title())).into()),
            pick("difficulty", "难度", title(filter.difficulty), Difficulty::ALL.map(|d| same(d.title())).into()),
            pick("state", "状态", filter.stands.map_or("", Stands::title), Stands::ALL.map(|s| same(s.title())).into()),
        ],
    })
}

/// `GET /questions/export?format=gift|xlsx`: what is listed, with the answers, logged; without the questions that the reader is
/// still to sit, how many these are in the name of the file.
pub(super) async fn export(State(app): State<App>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| {
        asked::keys(desk, &["q", "topic", "kind", "difficulty", "state", "format"]);
        let (filter, _) = filter(desk);
        let (found, _) = shelf::list(desk.tx, &filter, (0, MOST))?;
        let person = desk.reader()?.person;
        let (back, listed) = (kept_back(desk.tx, &own, person)?, found.len());
        let all: Vec<Question> = found.into_iter().filter(|k| !back.contains(&k.number)).map(|k| k.question).collect();
        let (name, less) = match listed - all.len() {
            0 => ("题库".to_owned(), String::new()),
            n => (format!("题库（另有{n}题未导出）"), format!("，另有本人应考的{n}题未导出")),
        };
        let told = json!({ "title": format!("题库{}题，含答案{less}", all.len()), "address": desk.ask.url.href() });
        let response = match desk.ask.get("format") {
            Some("gift") => {
                let name = segment(&format!("{name}.gift"));
                let name = format!("attachment; filename=\"questions.gift\"; filename*=UTF-8''{name}");
                let headers = [
                    (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
                    (header::CONTENT_DISPOSITION, name),
                ];
                (headers, questions::write_gift(&all)).into_response()
            }
            Some("xlsx") => workbook(&format!("{name}.xlsx"), "questions.xlsx", questions::write_workbook(&all)?.0),
            _ => return Err(PageError::Invalid(vec!["导出的格式应为gift或xlsx，请从题库页面导出。".into()]).into()),
        };
        desk.tell(Entry::Export, told, About::default());
        Ok(response)
    })
    .await
}

/// `GET /questions/template`.
pub(super) async fn template(State(app): State<App>, ask: Ask) -> Response {
    answer(app, ask, |_| Ok(workbook("题目模板.xlsx", "questions-template.xlsx", questions::template()?))).await
}
