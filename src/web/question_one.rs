//! One question `/questions/{number}`: what it asks, where it was asked, its next version, its end; and a new one.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};

use super::{
    account::Left,
    app::App,
    awaited::may_see,
    error::PageError,
    frame::{Ask, Desk, answer},
    post::{Posted, Seat, act},
    requests::long_text,
    view::{
        form::{Errors, Field, Form},
        parts::{Fact, Facts},
        questions::One,
        words::Link,
    },
};
use crate::{
    auth::Permission,
    clock::chinese,
    exam::{analysis, close, key, print, usage},
    once,
    questions::{
        Answer, Difficulty, Kind, Question, Weight,
        bank::{self, Kept, NotTaken},
        key_lines, plain,
        shelf::Stands,
        written,
    },
};

/// Characters of a long text in the form.
const LONGEST: usize = 4_000;
/// Characters of a name.
const NAME: usize = 300;
/// What is said of a form that was sent before and says something else now; it is shown again and can be sent.
const USED: &str = "这张表单先前已提交过，这次的内容没有保存：请核对，仍要保存的再提交一次。";
/// The fields of the form.
const FIELDS: [&str; 7] = ["kind", "stem", "answers", "feedback", "topic", "difficulty", "source"];

/// `GET /questions/{number}`.
pub(super) async fn page(State(app): State<App>, Path(number): Path<String>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| {
        super::asked::keys(desk, &["done"]);
        render(desk, &own, &number, &Left::default())
    })
    .await
}

fn render(desk: &mut Desk<'_, '_>, app: &App, number: &str, left: &Left) -> anyhow::Result<Response> {
    let number: i64 = number.parse().map_err(|_| PageError::NotFound)?;
    let mut versions = bank::versions(desk.tx, number)?;
    let now = versions.pop().ok_or(PageError::NotFound)?;
    let person = desk.reader()?.person;
    may_see(desk.tx, app, person, number)?;
    let q = &now.question;
    let mut forms = match now.retired {
        Some(_) => Vec::new(),
        None => vec![("修改", form(q, Some(&now))), ("停用", retire(number))],
    };
    for (_, form) in &mut forms {
        form.token = desk.form_token()?;
        left.fill(form);
    }
    let view = One {
        title: format!("第{number}号题"),
        errors: Errors(forms.iter().flat_map(|(_, form)| Errors::of(form).0).collect()),
        notice: match desk.ask.get("done") {
            Some("new") => "已入库。".into(),
            Some("revise") => "已另存为新版本，用过的旧版本不变。".into(),
            Some("retire") => "已停用，用过它的考试不变。".into(),
            _ => String::new(),
        },
        stands: Stands::of(&now).title(),
        stem: plain(q.markup, &q.stem),
        images: q.images.iter().map(crate::questions::Image::address).collect(),
        options: options(q),
        facts: facts(&now),
        asked: asked(desk, number)?,
        earlier: earlier(desk, number, &versions)?,
        forms,
        page: desk.page("/questions")?,
    };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

/// Earlier versions, the latest first: which, what they asked, and whether their key was wrong.
fn earlier(desk: &mut Desk<'_, '_>, number: i64, versions: &[Kept]) -> anyhow::Result<Vec<(String, String)>> {
    let corrected = key::of_questions(desk.tx, &[number].into())?;
    let one = |k: &Kept| {
        let stem = plain(k.question.markup, &k.question.stem);
        let told = match corrected.iter().find(|c| c.version == k.version) {
            Some(c) => {
                format!("{stem}\n（答案有误，{}由{}更正，按第{}版计分：{}）", chinese(c.at), c.who, c.by, c.reason)
            }
            None => stem,
        };
        (format!("第{}版", k.version), told)
    };
    Ok(versions.iter().rev().map(one).collect())
}

/// The answers of a question: letter, what it says, whether it is right.
pub(super) fn options(q: &Question) -> Vec<(String, String, bool)> {
    let letter = |i: usize| match q.kind {
        Kind::Single | Kind::Multiple => format!("{}. ", char::from(b'A' + i.min(25) as u8)),
        _ => String::new(),
    };
    let text = |a: &Answer| match q.kind {
        Kind::Fill => key_lines::line(a),
        _ => print::accepted(q, a),
    };
    let right = |a: &Answer| match q.kind {
        Kind::Multiple => a.weight.parts() > 0,
        _ => a.weight == Weight::FULL,
    };
    let one = |(i, a): (usize, &Answer)| (letter(i), text(a), right(a));
    q.answers.iter().enumerate().map(one).collect()
}

fn facts(kept: &Kept) -> Facts {
    let q = &kept.question;
    let or = |text: &str, none: &str| if text.is_empty() { none.to_owned() } else { text.to_owned() };
    let mut facts = vec![
        Fact::new("题型", q.kind.title()),
        Fact::new("主题", or(&q.topic, "未分主题")),
        Fact::new("难度", q.difficulty.map_or("未定", Difficulty::title)),
        Fact::new("出处条款", or(&q.source, "没有，补上后才能用来考")),
        Fact::new("版本", format!("第{}版", kept.version)),
    ];
    if q.kind == Kind::Fill {
        let by_number = q.answers.iter().any(|a| a.range.is_some());
        facts.push(Fact::new("判分", if by_number { "按数值，在范围里的都对" } else { "按文字" }));
    }
    if !q.feedback.is_empty() {
        facts.push(Fact::new("解析", plain(q.markup, &q.feedback)));
    }
    if let Some(why) = &kept.retired {
        facts.push(Fact::new("停用理由", why.clone()));
    }
    Facts(facts)
}

/// Tests in which it was asked, and which share of its marks was earned where they are over. Those of units out of scope are counted as
/// asked, without their title.
fn asked(desk: &mut Desk<'_, '_>, number: i64) -> anyhow::Result<Vec<(Link, String, String)>> {
    let (scope, may) = (desk.scope.clone(), desk.may(Permission::ArrangeTests));
    let mut lines = Vec::new();
    for a in usage::asked(desk.tx, number)? {
        let share = match close::sat(desk.tx, a.test)?.filter(|_| a.over) {
            Some(sat) => {
                let items = analysis::of_test(desk.tx, &sat)?.items;
                items
                    .get(a.place)
                    .and_then(|i| i.facility)
                    .map_or_else(|| "--".into(), |f| format!("{:.0}%", f * 100.0))
            }
            None => "--".into(),
        };
        let link = match scope.has_unit(a.unit) {
            true if may => Link::new(a.title, format!("/tests/{}", a.test)),
            true => Link::new(a.title, ""),
            false => Link::new("其他单位的考试", ""),
        };
        lines.push((link, format!("第{}版", a.version), share));
    }
    Ok(lines)
}

/// The form of a question; of one in the bank its kind stays.
fn form(q: &Question, now: Option<&Kept>) -> Form {
    let lines = written::lines(q);
    let mut fields = Vec::new();
    if now.is_none() {
        let kinds = Kind::ALL.map(|k| (k.title().to_owned(), k.title().to_owned())).into();
        fields.push(Field::choice("kind", "题型", q.kind.title(), kinds).required());
    }
    fields.push(Field { value: q.stem.clone(), ..Field::long("stem", "题干").required() });
    if now.is_none() || lines.is_some() && q.kind != Kind::Short {
        let hint = match (now, q.kind) {
            (None, _) => {
                "单选、多选每行一个选项，正确的行首加“*”；判断题填“对”或“错”；填空题每行一种可以得分的写法，只得部分分的写明（增长（50%）），写成范围的（79.5至80.5）按数值判分；简答题不填。"
            }
            (_, Kind::TrueFalse) => "填“对”或“错”。",
            (_, Kind::Fill) => {
                "每行一种可以得分的写法，全角半角、大小写不论；各行都是数或范围（79.5至80.5）的，按数值判分。"
            }
            _ => "每行一个选项，正确的行首加“*”。",
        };
        fields.push(Field { value: lines.unwrap_or_default(), ..Field::long("answers", "答案").hint(hint) });
    }
    let difficulties = std::iter::once((String::new(), "未定".to_owned()));
    let difficulties = difficulties.chain(Difficulty::ALL.map(|d| (d.title().to_owned(), d.title().to_owned())));
    fields.extend([
        Field {
            value: q.feedback.clone(), ..Field::long("feedback", "解析").hint("考后给本人看；简答题写参考答案。")
        },
        Field::text("topic", "主题", &q.topic).hint("分级用“/”隔开。"),
        Field::choice("difficulty", "难度", q.difficulty.map_or("", Difficulty::title), difficulties.collect()),
        Field::text("source", "出处条款", &q.source).hint("没有出处的题可以入库，但不能用来考。"),
    ]);
    Form {
        id: "qu".into(),
        action: now.map_or_else(|| "/questions/new".into(), |k| format!("/questions/{}/revise", k.number)),
        hidden: now.map(|k| ("version".to_owned(), k.version.to_string())).into_iter().collect(),
        fields,
        button: if now.is_some() { "另存为新版本".into() } else { "入库".into() },
        primary: true,
        cancel: now.is_none().then(|| Link::new("取消", "/questions")),
        ..Form::default()
    }
}

fn retire(number: i64) -> Form {
    Form {
        id: "re".into(),
        action: format!("/questions/{number}/retire"),
        fields: vec![Field::text("reason", "理由", "").hint("停用后不再组卷和发布；用过它的考试不变。").required()],
        button: "停用".into(),
        ..Form::default()
    }
}

/// What was typed into the form, over a question that it begins with.
fn typed_question(seat: &Seat, mut q: Question) -> Result<Question, (&'static str, String)> {
    let long = |field: &'static str, name: &str, required| {
        long_text(seat, field, LONGEST, required).map_err(|why| (field, format!("{name}：{why}")))
    };
    q.stem = long("stem", "题干", true)?;
    q.feedback = long("feedback", "解析", false)?;
    for (field, name, into) in [("topic", "主题", &mut q.topic), ("source", "出处条款", &mut q.source)] {
        *into = long_text(seat, field, NAME, false).map_err(|why| (field, format!("{name}：{why}")))?;
    }
    q.difficulty = match seat.fields.get("difficulty") {
        "" => None,
        text => Some(Difficulty::parse(text).ok_or(("difficulty", "难度：请选易、中、难或未定。".to_owned()))?),
    };
    if seat.fields.pairs().iter().any(|(k, _)| k == "answers") {
        let lines = long("answers", "答案", false)?;
        q.answers = written::answers(q.kind, &q.answers, &lines).map_err(|why| ("answers", format!("答案：{why}")))?;
    }
    let q = q.tidy();
    q.check().map_err(|why| (if q.stem.is_empty() { "stem" } else { "answers" }, format!("{why}。")))?;
    Ok(q)
}

/// `GET /questions/new`.
pub(super) async fn blank(State(app): State<App>, ask: Ask) -> Response {
    answer(app, ask, |desk| {
        super::asked::keys(desk, &[]);
        render_new(desk, &Left::default())
    })
    .await
}

fn render_new(desk: &mut Desk<'_, '_>, left: &Left) -> anyhow::Result<Response> {
    let mut form = form(&Question::new(Kind::Single, "", Vec::new()), None);
    form.token = desk.form_token()?;
    left.fill(&mut form);
    let view = One {
        title: "新增一题".into(),
        errors: Errors::of(&form),
        notice: String::new(),
        stands: "",
        stem: String::new(),
        images: Vec::new(),
        options: Vec::new(),
        facts: Facts::default(),
        asked: Vec::new(),
        earlier: Vec::new(),
        forms: vec![("题目", form)],
        page: desk.page("/questions")?,
    };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

/// What this form led to when it was sent before, as by a double click; none where it said something else then.
fn sent(seat: &Seat) -> anyhow::Result<Option<i64>> {
    let (form, account) = (seat.once(None), seat.reader.account);
    match seat.db().read(|tx| once::sent(tx, &form, account)) {
        Err(e) if e.is::<once::Used>() => Ok(None),
        known => known,
    }
}

/// `POST /questions/new`.
pub(super) async fn make(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, |seat| {
        let wrong = |field: &str, why: String| {
            let left = Left { typed: seat.typed("qu", &FIELDS), ..Left::wrong(&format!("qu-{field}"), why) };
            Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render_new(desk, &left)))
        };
        let Some(kind) = Kind::parse(seat.fields.get("kind")) else {
            return wrong("kind", "题型：请选择。".into());
        };
        let q = match typed_question(seat, Question::new(kind, "", Vec::new())) {
            Ok(q) => q,
            Err((field, why)) => return wrong(field, why),
        };
        let known = seat.db().read(|tx| bank::plan(tx, &[&q]))?.known;
        if let Some((_, Some(number))) = known.first() {
            return match sent(seat)? {
                Some(made) => Ok(seat.to(&format!("/questions/{made}?done=new"))),
                None => wrong("stem", format!("题干：与第{number}号题相同。")),
            };
        }
        let actor = seat.actor();
        let made = seat.write_once("question", move |tx| {
            Ok(bank::add(tx, &actor, &[q], "页面录入")?.first().copied().unwrap_or_default())
        });
        match made {
            Ok(number) => Ok(seat.to(&format!("/questions/{number}?done=new"))),
            Err(e) if e.is::<once::Used>() => wrong("stem", USED.into()),
            Err(e) => Err(e),
        }
    })
    .await
}

/// `POST /questions/{number}/revise`.
pub(super) async fn revise(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let number: i64 = id.parse().map_err(|_| PageError::NotFound)?;
        let typed = || seat.typed("qu", &FIELDS).into_iter().filter(|(_, t)| !t.is_empty()).map(|(_, t)| t).collect();
        let may = seat.db().read(|tx| may_see(tx, &seat.app, seat.reader.person, number));
        may.map_err(|e| PageError::with_typed(e, typed()))?;
        let now = seat.db().read(|tx| bank::versions(tx, number))?.pop().ok_or(PageError::NotFound)?;
        let wrong = |status: StatusCode, field: &str, why: String| {
            let left = Left { typed: seat.typed("qu", &FIELDS), ..Left::wrong(&format!("qu-{field}"), why) };
            Ok(seat.show(status, |desk| render(desk, &seat.app, &id, &left)))
        };
        if seat.fields.get("version") != now.version.to_string() {
            if sent(seat)?.is_some() {
                return Ok(seat.to(&format!("/questions/{number}?done=revise")));
            }
            let why = format!("这道题已由别人改为第{}版，请对照现在的内容再改。", now.version);
            return wrong(StatusCode::CONFLICT, "stem", why);
        }
        let q = match typed_question(seat, now.question) {
            Ok(q) => q,
            Err((field, why)) => return wrong(StatusCode::UNPROCESSABLE_ENTITY, field, why),
        };
        let (actor, version) = (seat.actor(), now.version);
        let done = seat.write_once("question", move |tx| {
            anyhow::ensure!(bank::versions(tx, number)?.len() as i64 == version, NotTaken::Same(number));
            bank::revise(tx, &actor, number, &q)
        });
        match done.map_err(|e| e.downcast::<NotTaken>()) {
            Ok(_) => Ok(seat.to(&format!("/questions/{number}?done=revise"))),
            Err(Ok(why)) => wrong(StatusCode::UNPROCESSABLE_ENTITY, "stem", format!("{why}。")),
            Err(Err(e)) if e.is::<once::Used>() => wrong(StatusCode::CONFLICT, "stem", USED.into()),
            Err(Err(e)) => Err(e),
        }
    })
    .await
}

/// `POST /questions/{number}/retire`.
pub(super) async fn end(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let number: i64 = id.parse().map_err(|_| PageError::NotFound)?;
        seat.db().read(|tx| may_see(tx, &seat.app, seat.reader.person, number))?;
        let wrong = |why: String| {
            let left = Left { typed: seat.typed("re", &["reason"]), ..Left::wrong("re-reason", why) };
            Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render(desk, &seat.app, &id, &left)))
        };
        let reason = match long_text(seat, "reason", 200, true) {
            Ok(reason) => reason,
            Err(why) => return wrong(format!("理由：{why}")),
        };
        let actor = seat.actor();
        let done = seat.db().write(move |tx| bank::retire(tx, &actor, number, &reason));
        match done.map_err(|e| e.downcast::<NotTaken>()) {
            Ok(()) => Ok(seat.to(&format!("/questions/{number}?done=retire"))),
            Err(Ok(NotTaken::Unknown(_))) => Err(PageError::NotFound.into()),
            Err(Ok(why)) => wrong(format!("{why}。")),
            Err(Err(e)) => Err(e),
        }
    })
    .await
}
