//! A file of questions `/questions/import`: sent, checked, taken in or given up.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, Request, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};

use super::{
    app::App,
    asked,
    error::PageError,
    frame::{Ask, Desk, answer},
    post::{Posted, Seat, act},
    upload::{Rule, Sent, receive},
    view::{
        parts::{Fact, Facts},
        questions::{Check, NewFile},
        words::Words,
    },
};
use crate::{
    auth::account::plain_text,
    questions::{
        self, Answer, Encoding, Format, Kind, Question, Weight,
        bank::{self, Like, NotTaken},
        key_lines, plain,
        staged::{self, MOST},
    },
};

/// Questions of one file: so many are read, compared and taken in within two seconds, so that nobody waits before a still page.
const MOST_QUESTIONS: usize = 20_000;
/// Questions that are shown as they were read.
const SAMPLE: usize = 20;
/// Characters of such a question, and of its answer.
const STEM: usize = 60;
/// Findings that are listed.
const LISTED: usize = 200;
/// Encodings to choose from.
const ENCODINGS: [(&str, &str); 4] = [
    ("", "由内容判断"),
    ("utf-8", "UTF-8、UTF-16"),
    ("gb18030", "GB18030（含GBK、GB2312）"),
    ("windows-1252", "windows-1252（西文）"),
];
/// Characters of clause and topic.
const NAME: usize = 300;

/// `GET /questions/import`.
pub(super) async fn blank(State(app): State<App>, ask: Ask) -> Response {
    answer(app, ask, |desk| {
        asked::keys(desk, &[]);
        render(desk, String::new(), Default::default())
    })
    .await
}

fn render(desk: &mut Desk<'_, '_>, wrong: String, [encoding, source, topic]: [String; 3]) -> anyhow::Result<Response> {
    let view = NewFile {
        form: desk.form_token()?,
        wrong,
        typed: [source, topic],
        encodings: ENCODINGS.iter().map(|(value, title)| (*value, *title, *value == encoding)).collect(),
        page: desk.page("/questions")?,
    };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

/// `POST /questions/import`.
pub(super) async fn send(State(app): State<App>, ask: Ask, request: Request) -> Response {
    receive(app, ask, request, Rule { files: 1, each: questions::MOST_BYTES }, take).await
}

fn take(seat: &Seat, sent: Sent) -> anyhow::Result<Response> {
    let typed = ["encoding", "source", "topic"].map(|f| seat.fields.get(f).to_owned());
    let again = |status: StatusCode, wrong: String| {
        let typed = typed.clone();
        Ok(seat.show(status, |desk| render(desk, wrong, typed)))
    };
    if let Some((status, told)) = sent.wrong {
        return again(status, told);
    }
    for text in &typed[1..] {
        if text.chars().count() > NAME || plain_text(text).is_err() {
            return again(
                StatusCode::UNPROCESSABLE_ENTITY,
                format!("出处条款和主题最多{NAME}字，不能有不可见的字符。"),
            );
        }
    }
    let Some(file) = sent.files.first() else {
        return again(StatusCode::UNPROCESSABLE_ENTITY, "请选择要上传的文件。".into());
    };
    let encoding = match typed[0].as_str() {
        "utf-8" => Some(Encoding::Unicode),
        "gb18030" => Some(Encoding::Gb18030),
        "windows-1252" => Some(Encoding::Windows1252),
        _ => None,
    };
    let bytes = std::fs::read(file.path())?;
    let format = Format::guess(std::path::Path::new(&file.name), &bytes);
    let read = match questions::read(&bytes, format, encoding) {
        Ok(read) => read.for_the_bank(&typed[1], &typed[2]),
        Err(questions::Unreadable::Encoding) => {
            return again(StatusCode::UNPROCESSABLE_ENTITY, "文字编码不能确定，请在上面选一种。".into());
        }
        Err(questions::Unreadable::NotThat(name)) => {
            return again(StatusCode::UNPROCESSABLE_ENTITY, format!("文件不是{name}编码，请换一种或由内容判断。"));
        }
        Err(questions::Unreadable::NoHead) => {
            let told = "没有找到表头。第一行应有“题型”“题干”“答案”等列，请下载模板对照。";
            return again(StatusCode::UNPROCESSABLE_ENTITY, told.into());
        }
        Err(e) => {
            let why = e.to_string();
            return again(StatusCode::UNPROCESSABLE_ENTITY, format!("{}。", why.trim_end_matches('。')));
        }
    };
    if read.questions.is_empty() && read.refused.is_empty() {
        return again(StatusCode::UNPROCESSABLE_ENTITY, "文件里没有题目。".into());
    }
    let count = read.questions.len() + read.refused.len();
    if count > MOST_QUESTIONS {
        return again(
            StatusCode::UNPROCESSABLE_ENTITY,
            format!(
                "文件里有{count}题，一次最多{MOST_QUESTIONS}题，请分成几个文件；也可以用命令 dongliang questions import。"
            ),
        );
    }
    let (account, name, at) = (seat.reader.account, file.name.clone(), seat.now.instant);
    match seat.db().write(move |tx| staged::keep(tx, account, &name, &read, at))? {
        Some(id) => Ok(seat.to(&format!("/questions/import/{id}"))),
        None => {
            again(StatusCode::CONFLICT, format!("您有{MOST}个文件还没有确认，请先导入或放弃其中一些；一天后自动清除。"))
        }
    }
}

/// `GET /questions/import/{id}`.
pub(super) async fn check(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    answer(app, ask, move |desk| {
        asked::keys(desk, &[]);
        let id = id.parse().map_err(|_| PageError::NotFound)?;
        let account = desk.reader()?.account;
        let file = staged::get(desk.tx, account, id)?.ok_or(PageError::NotFound)?;
        let all: Vec<&Question> = file.questions.iter().map(|p| &p.question).collect();
        let plan = bank::plan(desk.tx, &all)?;
        let line = |i: usize| file.questions[i].line;
        let mut findings: Vec<(u32, &'static str, String)> =
            file.refused.iter().map(|r| (r.line, "有误", r.reason.clone())).collect();
        findings.extend(plan.known.iter().map(|(i, number)| {
            let words = number.map_or_else(
                || "与文件中前面的题相同，不再导入。".to_owned(),
                |n| format!("已在题库，是第{n}号题，不再导入。"),
            );
            (line(*i), "重复", words)
        }));
        findings.extend(plan.near.iter().map(|(i, like, percent)| {
            let words = match like {
                Like::Kept(n) => format!("与第{n}号题相近（{percent}%），照常导入。"),
                Like::Earlier(other) => format!("与第{}行相近（{percent}%），照常导入。", line(*other)),
            };
            (line(*i), "相近", words)
        }));
        let bare = plan.fresh.iter().filter(|i| !all[**i].askable());
        findings.extend(bare.map(|i| (line(*i), "缺出处", "没有出处条款，补上后才能用来考。".to_owned())));
        findings.sort_by_key(|f| (f.1 != "有误", f.0));
        let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
        plan.fresh.iter().for_each(|i| *kinds.entry(all[*i].kind).or_default() += 1);
        let mut facts: Vec<Fact> = kinds.iter().map(|(k, n)| Fact::new(k.title(), format!("{n}题"))).collect();
        if let Some(encoding) = &file.encoding {
            facts.push(Fact::new("文字编码", encoding.clone()));
        }
        let lead = Words::from("共")
            .strong((file.questions.len() + file.refused.len()).to_string())
            .text("题，可导入")
            .strong(plan.fresh.len().to_string())
            .text(format!("题，{}题有误，{}题重复。", file.refused.len(), plan.known.len()));
        let more = findings.len().saturating_sub(LISTED);
        findings.truncate(LISTED);
        let view = Check {
            id: file.id,
            form: desk.form_token()?,
            file: file.file.clone(),
            lead,
            fresh: plan.fresh.len(),
            sample: plan
                .fresh
                .iter()
                .take(SAMPLE)
                .map(|i| (line(*i), all[*i].kind.title(), all[*i].brief(STEM), key(all[*i])))
                .collect(),
            facts: Facts(facts),
            findings,
            more,
            page: desk.page("/questions")?,
        };
        Ok(Html(askama::Template::render(&view)?).into_response())
    })
    .await
}

/// What counts as right, as read from the file.
fn key(question: &Question) -> String {
    let right = question.answers.iter().filter(|a| a.weight > Weight::NONE);
    let text = |a: &Answer| match question.kind {
        Kind::Fill => key_lines::line(a),
        _ => plain(question.markup, &a.text),
    };
    let all: Vec<String> = right.map(text).collect();
    match question.kind {
        Kind::Short => "人工评阅".into(),
        _ => all.join("；").chars().take(STEM).collect(),
    }
}

/// `POST /questions/import/{id}`.
pub(super) async fn settle(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let id: i64 = id.parse().map_err(|_| PageError::NotFound)?;
        let (actor, account, takes) = (seat.actor(), seat.reader.account, seat.fields.get("do") == "take");
        let done = seat.db().write(move |tx| {
            let file = staged::get(tx, account, id)?.ok_or(PageError::NotFound)?;
            if takes {
                return staged::take(tx, &actor, &file).map(|numbers| Some(numbers.len()));
            }
            staged::drop(tx, id).map(|()| None)
        });
        match done.map_err(|e| e.downcast::<NotTaken>()) {
            Ok(Some(n)) => Ok(seat.to(&format!("/questions?done=import&n={n}"))),
            Ok(None) => Ok(seat.to("/questions?done=dropped")),
            Err(Ok(why)) => Err(PageError::Refused(format!("{why}。")).into()),
            Err(Err(e)) => Err(e),
        }
    })
    .await
}
