//! The key of a question that was asked was wrong `/tests/{id}/key?place=…`: the right one and why, then what that does to
//! which tests, then it is done.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};

use super::{
    account::Left,
    app::App,
    asked,
    awaited::may_see,
    error::PageError,
    frame::{Ask, Desk, answer},
    post::{Posted, Seat, act},
    question_one::options,
    requests::long_text,
    test_acts::{refused, test_of},
    test_one::{REASON, found},
    view::{
        form::{Errors, Field, Form},
        parts::{Fact, Facts},
        test::{KeyEffect, TestKey},
        words::{Link, Words},
    },
};
use crate::{
    auth::account::Refused,
    clock::chinese,
    db::Tx,
    exam::{
        key::{self, Asked, Effect, Wish, WrongKey},
        key_typed,
        test::Test,
    },
    once::Used,
    questions::{Answer, Kind, Question, Weight, key_lines, plain},
};

/// Characters of an explanation or a list of accepted texts.
const LONGEST: usize = 4_000;
/// The fields of the form.
const FIELDS: [&str; 3] = ["key", "feedback", "reason"];

/// What the page shows.
enum Step {
    /// The form, with what was typed and is wrong.
    Typed(Left),
    /// What the wish will do; it waits for a last word.
    Sure(Wish, Box<Question>),
}

/// `GET /tests/{id}/key?place=…`.
pub(super) async fn page(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| {
        asked::keys(desk, &["place"]);
        let place = desk.ask.get("place").unwrap_or_default().to_owned();
        render(desk, &own, &id, &place, Step::Typed(Left::default()))
    })
    .await
}

/// The page; where it cannot be shown, what was typed is told.
fn render(desk: &mut Desk<'_, '_>, app: &App, id: &str, place: &str, step: Step) -> anyhow::Result<Response> {
    let scope = desk.scope.clone();
    let test = found(desk.tx, &scope, id)?;
    let typed =
        match &step {
            Step::Typed(left) => told(&FIELDS.map(|f| {
                left.typed.iter().find(|(id, _)| *id == format!("ke-{f}")).map_or("", |(_, text)| text.as_str())
            })),
            Step::Sure(wish, _) => told(&[&wish.key, &wish.feedback, &wish.reason]),
        };
    shown_of(desk, app, &test, place, step).map_err(|e| PageError::with_typed(e, typed))
}

/// What was typed into the fields, to be told where the form is not shown again.
fn told(typed: &[&str; 3]) -> Vec<String> {
    let names = ["正确答案", "解析", "理由"];
    let line = |(name, text): (&str, &&str)| format!("您填的{name}：{}", text.trim());
    names.into_iter().zip(typed).filter(|(_, text)| !text.trim().is_empty()).map(line).collect()
}

fn shown_of(desk: &mut Desk<'_, '_>, app: &App, test: &Test, place: &str, step: Step) -> anyhow::Result<Response> {
    let scope = desk.scope.clone();
    let (at, person) = (index(place)?, desk.reader()?.person);
    closed_to(desk.tx, app, person, (test, at))?;
    let now = key::asked(desk.tx, test, at).map_err(refused)?;
    let (current, today) = (desk.current.clone(), desk.now.day);
    let sure = matches!(step, Step::Sure(..));
    let new = if let Step::Sure(_, new) = &step { Some(&**new) } else { None };
    let effects = key::effects(desk.tx, (&current, today), &now, new)?;
    key::may(&effects, &scope, test.id).map_err(|Refused(why)| PageError::Refused(why))?;
    let mut forms = match &step {
        Step::Typed(left) => {
            let mut form = form(test, at, &now);
            left.fill(&mut form);
            vec![form]
        }
        Step::Sure(wish, _) => last_word(test, wish).into(),
    };
    for form in &mut forms {
        form.token = desk.form_token()?;
    }
    let q = &now.question;
    let view = TestKey {
        errors: Errors(forms.iter().flat_map(|form| Errors::of(form).0).collect()),
        what: "更正答案",
        heading: format!("更正第{}题的答案", at + 1),
        id: test.id,
        title: test.rules.title.clone(),
        lead: match sure {
            true => lead(&effects.asked),
            false => Words::from(
                "考过的题不改动：更正后另立一版，考过原版的答卷一律按更正的答案重新计分，原成绩和新成绩都保留，班次成绩和判定随之更新。填写后先看影响，再确认。",
            ),
        },
        stem: plain(q.markup, &q.stem),
        images: q.images.iter().map(crate::questions::Image::address).collect(),
        options: shown(q),
        facts: facts(&now, &step),
        effects: effects.asked.iter().map(|e| row(e, sure)).chain(effects.follow.iter().map(follows)).collect(),
        forms,
        page: desk.page("/tests")?,
    };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

/// Refuses the key to who is still to sit a test with the question, this one or another.
fn closed_to(tx: &mut Tx<'_>, app: &App, person: Option<i64>, (test, at): (&Test, usize)) -> anyhow::Result<()> {
    test.items.get(at).map_or(Ok(()), |item| may_see(tx, app, person, item.number))
}

/// A place of an address, from 1, as an index.
fn index(place: &str) -> Result<usize, PageError> {
    place.parse::<usize>().ok().and_then(|p| p.checked_sub(1)).ok_or(PageError::NotFound)
}

fn lead(effects: &[Effect]) -> Words {
    let changed: usize = effects.iter().filter(|e| !e.gone).map(|e| e.changed).sum();
    let scored: usize = effects.iter().filter(|e| !e.gone).map(|e| e.attempts - e.totals).sum();
    Words::from("还没有更正。确认后重新计分")
        .strong(scored.to_string())
        .text("份答卷，其中")
        .strong(changed.to_string())
        .text("份成绩改变；本人在成绩页能看到由多少分改为多少分和原因。")
}

fn facts(now: &Asked, step: &Step) -> Facts {
    let mut facts = vec![Fact::new("题号", format!("第{}号题第{}版", now.number, now.by))];
    if let Some(c) = &now.corrected {
        facts.push(Fact::new("上次更正", format!("{}由{}更正：{}", chinese(c.at), c.who, c.reason)));
    }
    facts.push(Fact::new("现答案", key_typed::typed(&now.question).replace('\n', "、")));
    if let Step::Sure(wish, new) = step {
        facts.push(Fact::new("更正为", key_typed::typed(new).replace('\n', "、")));
        facts.push(Fact::new("理由", wish.reason.clone()));
        if new.feedback != now.question.feedback {
            facts.push(Fact::new("解析", plain(new.markup, &new.feedback)));
        }
    }
    Facts(facts)
}

pub(super) fn row(e: &Effect, sure: bool) -> KeyEffect {
    let told = [
        (e.gone, "答卷已过保存期限，不重新计分".to_owned()),
        (sure && e.passes.0 > 0, format!("{}份转为合格", e.passes.0)),
        (sure && e.passes.1 > 0, format!("{}份转为未合格", e.passes.1)),
        (e.unmarked > 0, format!("{}份还在评阅，评完按新答案计分", e.unmarked)),
        (e.totals > 0, format!("{}份只有总分，不重新计分", e.totals)),
    ];
    KeyEffect {
        test: Link::new(e.test.rules.title.clone(), format!("/tests/{}", e.test.id)),
        place: (e.place + 1).to_string(),
        attempts: format!("{}份", e.attempts),
        changed: if sure && !e.gone { format!("{}份", e.changed) } else { String::new() },
        told: told.into_iter().filter(|t| t.0).map(|t| t.1).collect::<Vec<_>>().join("，"),
    }
}

/// A second form that did not ask the question: its line comes from a test that did.
pub(super) fn follows(test: &Test) -> KeyEffect {
    let told = if test.rules.activity.is_some() { "班次成绩随之重算" } else { "合格线随之重算" };
    KeyEffect {
        test: Link::new(test.rules.title.clone(), format!("/tests/{}", test.id)),
        told: told.into(),
        ..KeyEffect::default()
    }
}

/// The answers of the question as they stand: letter, what it says, whether it is right; of a 填空题 with the part of the marks.
fn shown(q: &Question) -> Vec<(String, String, bool)> {
    let one = |a: &Answer| (String::new(), key_lines::line(a), a.weight == Weight::FULL);
    match q.kind {
        Kind::Fill => q.answers.iter().filter(|a| a.weight > Weight::NONE).map(one).collect(),
        _ => options(q),
    }
}

/// Whether what fills its gap is compared as a number.
fn by_number(q: &Question) -> bool {
    q.answers.iter().any(|a| a.range.is_some())
}

fn form(test: &Test, place: usize, now: &Asked) -> Form {
    let (q, value) = (&now.question, key_typed::typed(&now.question));
    let choices = |letters: bool| {
        let one = |(i, (letter, text, _)): (usize, (String, String, bool))| {
            let value = if letters { char::from(b'A' + i.min(25) as u8).to_string() } else { text.clone() };
            (value, format!("{letter}{text}"))
        };
        options(q).into_iter().enumerate().map(one).collect()
    };
    let right = match q.kind {
        Kind::Single => Field::choice("key", "正确答案", &value, choices(true)),
        Kind::TrueFalse => Field::choice("key", "正确答案", &value, choices(false)),
        Kind::Multiple => {
            Field::text("key", "正确答案", &value).hint("全部正确选项的字母，如 ACD；字母以左边题目的次序为准。")
        }
        Kind::Fill | Kind::Short => Field { value, ..Field::long("key", "正确答案") }.hint(match by_number(q) {
            true => {
                "这道题按数值判分：每行一个数（如80）或一个范围（如79.5至80.5）；只得部分分的在后面写明，如“79至81 （50%）”。"
            }
            false => {
                "每行一种可以得分的写法，全角半角、大小写不论；只得部分分的在后面写明，如“增速 （50%）”。更正后只按这里的写法计分。"
            }
        }),
    };
    Form {
        id: "ke".into(),
        action: format!("/tests/{}/key", test.id),
        hidden: vec![("place".into(), (place + 1).to_string()), ("seen".into(), now.by.to_string())],
        fields: vec![
            right.required(),
            Field { value: q.feedback.clone(), ..Field::long("feedback", "解析") }
                .hint("考后给本人看；答案变了，请一并核对。"),
            Field::text("reason", "理由", "")
                .hint(&format!("最多{REASON}字，记入操作日志，错题公布后本人能看到。"))
                .required(),
        ],
        button: "查看影响".into(),
        primary: true,
        cancel: Some(Link::new("取消", format!("/tests/{}", test.id))),
        ..Form::default()
    }
}

/// The same wish once more: to be confirmed, and to be changed.
fn last_word(test: &Test, wish: &Wish) -> [Form; 2] {
    let hidden = [
        ("place", (wish.place + 1).to_string()),
        ("seen", wish.seen.to_string()),
        ("key", wish.key.clone()),
        ("feedback", wish.feedback.clone()),
        ("reason", wish.reason.clone()),
    ];
    let form = |id: &str, next: &str, button: &str| Form {
        id: id.into(),
        action: format!("/tests/{}/key", test.id),
        hidden: hidden.iter().map(|(k, v)| (*k, v.clone())).chain([(next, "1".to_owned())]).map(named).collect(),
        button: button.into(),
        ..Form::default()
    };
    [Form { primary: true, ..form("ok", "sure", "确认更正并重新计分") }, form("ba", "again", "返回修改")]
}

fn named((field, value): (&str, String)) -> (String, String) {
    (field.to_owned(), value)
}

/// `POST /tests/{id}/key`: first shows what it does, then does it.
pub(super) async fn correct(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let test = test_of(seat, &id)?;
        let at = index(seat.fields.get("place"))?;
        let wrong = |status: StatusCode, field: &str, why: String| {
            let left = Left { typed: seat.typed("ke", &FIELDS), ..Left::wrong(&format!("ke-{field}"), why) };
            Ok(seat.show(status, |desk| render(desk, &seat.app, &id, seat.fields.get("place"), Step::Typed(left))))
        };
        if seat.fields.get("again") == "1" {
            let left = Left { typed: seat.typed("ke", &FIELDS), ..Left::default() };
            let place = seat.fields.get("place");
            return Ok(seat.show(StatusCode::OK, |desk| render(desk, &seat.app, &id, place, Step::Typed(left))));
        }
        let wish = match wish(seat, test.id, at) {
            Ok(wish) => wish,
            Err((field, why)) => return wrong(StatusCode::UNPROCESSABLE_ENTITY, field, why),
        };
        let now = seat.db().read(|tx| {
            closed_to(tx, &seat.app, seat.reader.person, (&test, at))?;
            key::asked(tx, &test, at).map_err(refused)
        });
        let now = now.map_err(|e| PageError::with_typed(e, told(&[&wish.key, &wish.feedback, &wish.reason])))?;
        if seat.fields.get("sure") != "1" {
            return match wish.question(&now) {
                Ok(new) => {
                    let place = seat.fields.get("place");
                    Ok(seat.show(StatusCode::OK, |desk| {
                        render(desk, &seat.app, &id, place, Step::Sure(wish, Box::new(new)))
                    }))
                }
                Err(e) => wrong(status(&now, &wish), "key", why(e)?),
            };
        }
        let (inst, actor, scope, today) =
            (seat.app.installation.clone(), seat.actor(), seat.scope.clone(), seat.now.day);
        let meant = wish.clone();
        // Posted twice, as by a double click, it leads to what the first has done.
        let changed = seat.write_once("question", move |tx| {
            Ok(i64::try_from(key::correct(tx, &inst, (&actor, &scope, today), &wish)?.changed)?)
        });
        match changed {
            Ok(n) => Ok(seat.to(&format!("/tests/{id}?done=key&n={n}"))),
            Err(e) if e.is::<Used>() => wrong(StatusCode::CONFLICT, "key", format!("没有更正：{e}。")),
            Err(e) => wrong(status(&now, &meant), "key", why(e)?),
        }
    })
    .await
}

/// Why nothing was corrected: what is wrong with the key is said of the key, and the rest as it is.
///
/// # Errors
/// What is no refusal.
fn why(e: anyhow::Error) -> anyhow::Result<String> {
    match e.downcast::<WrongKey>() {
        Ok(WrongKey(why)) => Ok(format!("正确答案：{why}")),
        Err(e) => e.downcast::<Refused>().map(|Refused(why)| why),
    }
}

/// Somebody was faster, or something is wrong.
fn status(now: &Asked, wish: &Wish) -> StatusCode {
    if now.by == wish.seen { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::CONFLICT }
}

/// What was typed, or the field that is wrong and why.
fn wish(seat: &Seat, test: i64, place: usize) -> Result<Wish, (&'static str, String)> {
    let text = |field: &'static str, name: &str, longest, required| {
        long_text(seat, field, longest, required).map_err(|why| (field, format!("{name}：{why}")))
    };
    Ok(Wish {
        test,
        place,
        seen: seat.fields.get("seen").parse().unwrap_or(0),
        key: text("key", "正确答案", LONGEST, true)?,
        feedback: text("feedback", "解析", LONGEST, false)?,
        reason: text("reason", "理由", REASON, true)?,
    })
}
