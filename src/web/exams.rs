//! The own tests `/exams`, and the rules before one, from which it is begun or taken over.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::{Html, IntoResponse as _, Response},
};

use super::{
    app::App,
    asked,
    error::PageError,
    frame::{Ask, Desk, answer, show},
    post::{Posted, Seat, act},
    view::{
        exam::{Act, Exams, Line, Notice},
        parts::{Fact, Facts},
        words::{Link, Words},
    },
};
use crate::{
    auth::{Permission, token},
    clock::{chinese, clock_time},
    db::Tx,
    exam::{
        attempt::{self, Attempt, NotTaken, Sat, Sitter},
        close, entered,
        score::written,
        test::{self, State as Stands, Test},
    },
    retention::attempts::may_be_gone,
};

/// How a test stands for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Own {
    /// Need not sit.
    Excused,
    /// Not open yet.
    Early,
    /// May be begun.
    Ready,
    /// Is being answered.
    Running,
    /// Handed in.
    Done,
    /// Over without an attempt, but sheets of it are still entered.
    Awaited,
    /// Over without an attempt.
    Missed,
    /// Over for so long that an attempt would have been deleted by its rule.
    Gone,
}

impl Own {
    fn of(test: &Test, (excused, waits): (bool, bool), last: Option<&Attempt>, now: i64) -> Own {
        match last {
            Some(a) if a.is_running(now) => Own::Running,
            Some(a) if now < test.rules.closes && test.state == Stands::Open && a.number < test.rules.attempts => {
                Own::Ready
            }
            Some(_) => Own::Done,
            None if excused => Own::Excused,
            None if now < test.rules.opens => Own::Early,
            None if now < test.rules.closes && test.state == Stands::Open => Own::Ready,
            None if waits => Own::Awaited,
            None => Own::Missed,
        }
    }

    /// The same, where an attempt may be gone by its rule: that there is none says nothing then.
    fn or_gone(self, desk: &Desk<'_, '_>, test: &Test) -> Own {
        let gone = self == Own::Missed && may_be_gone(&desk.current, test.rules.closes, desk.now.day);
        if gone { Own::Gone } else { self }
    }

    fn title(self) -> &'static str {
        match self {
            Own::Excused => "免考",
            Own::Early => "未开放",
            Own::Ready => "可作答",
            Own::Running => "作答中",
            Own::Done => "已交卷",
            Own::Awaited => "待录入",
            Own::Missed => "缺考",
            Own::Gone => "已过保存期限",
        }
    }

    fn waits(self) -> bool {
        matches!(self, Own::Ready | Own::Running)
    }
}

/// `GET /exams`.
pub(super) async fn list(State(app): State<App>, ask: Ask) -> Response {
    let own = app.clone();
    show(app, ask, move |desk| {
        asked::keys(desk, &[]);
        let now = own.installation.watch.now(own.installation.clock);
        let mine = match desk.reader()?.person {
            Some(person) => test::of_person(desk.tx, person)?.into_iter().map(|t| (person, t)).collect(),
            None => Vec::new(),
        };
        let (mut rows, mut waits) = (Vec::new(), 0);
        for (person, (test, excused)) in mine {
            let last = attempt::last(desk.tx, test.id, person)?;
            let awaited = entered::waits(desk.tx, test.id)?;
            let state = Own::of(&test, (excused.is_some(), awaited), last.as_ref(), now).or_gone(desk, &test);
            waits += usize::from(state.waits());
            let score = match shown(&test, now) {
                true => attempt::best(desk.tx, test.id, person)?.and_then(|a| a.score),
                false => None,
            };
            let href =
                if state == Own::Done { format!("/exams/{}/result", test.id) } else { format!("/exams/{}", test.id) };
            rows.push(Line {
                title: Link::new(test.rules.title.clone(), href),
                window: test.window(),
                minutes: format!("{}分钟", test.rules.minutes),
                state: state.title(),
                now: state.waits(),
                score: score.map_or_else(
                    || "--".into(),
                    |score| {
                        let passed = close::line_of(&test, &desk.current).map(|line| score >= line);
                        let passed = passed.map_or("", |passed| if passed { "，合格" } else { "，未合格" });
                        format!("{}分{passed}", written(score))
                    },
                ),
            });
        }
        let lead = match (rows.is_empty(), waits) {
            (true, _) => Words::from("没有需要参加的考试。"),
            (false, 0) => Words::from("现在没有可以作答的考试。"),
            (false, n) => Words::from("现在可以作答的考试有").strong(n.to_string()).text("场。"),
        };
        let arrange = desk.may(Permission::ArrangeTests).then(|| Link::new("考试管理", "/tests"));
        let person = desk.reader()?.person.is_some();
        Ok(Exams { lead, arrange, person, rows, page: desk.page("/exams")? })
    })
    .await
}

/// Whether scores are shown: nobody answers any more.
pub(super) fn shown(test: &Test, now: i64) -> bool {
    test.is_told(now)
}

/// The test of an address if the person stands on its list: published, with its paper. For others there is no such test.
///
/// # Errors
/// [`PageError::NotFound`]; else when the store cannot be read.
pub(super) fn listed(tx: &mut Tx<'_>, app: &App, person: Option<i64>, id: &str) -> anyhow::Result<(Arc<Sat>, i64)> {
    let (id, person) = (id.parse().map_err(|_| PageError::NotFound)?, person.ok_or(PageError::NotFound)?);
    let sql = "select 1 from test_roll where test_id = $1 and person_id = $2";
    tx.one(sql, &[i64::into(id), person.into()], |r| r.i64(0))?.ok_or(PageError::NotFound)?;
    Ok((sat(tx, app, id)?.ok_or(PageError::NotFound)?, person))
}

/// A published test with its paper, kept in memory: neither changes any more.
pub(super) fn sat(tx: &mut Tx<'_>, app: &App, id: i64) -> anyhow::Result<Option<Arc<Sat>>> {
    if let Some(kept) = app.sat.get(id) {
        return Ok(Some(kept));
    }
    let found = close::sat(tx, id)?.map(Arc::new);
    if let Some(sat) = &found {
        app.sat.keep(Arc::clone(sat));
    }
    Ok(found)
}

/// Published tests as they are answered, a few at a time.
#[derive(Debug, Default)]
pub(super) struct Kept(std::sync::Mutex<Vec<Arc<Sat>>>);

/// Tests that are kept.
const KEPT: usize = 32;

impl Kept {
    fn get(&self, id: i64) -> Option<Arc<Sat>> {
        let all = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.iter().find(|s| s.test.id == id).cloned()
    }

    fn keep(&self, sat: Arc<Sat>) {
        let mut all = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.retain(|s| s.test.id != sat.test.id);
        if all.len() >= KEPT {
            all.remove(0);
        }
        all.push(sat);
    }
}

/// Who answers, in a request.
pub(super) fn sitter(seat: &Seat, person: i64) -> Sitter {
    Sitter { person, seat: seat.reader.session.id }
}

/// `GET /exams/{id}`.
pub(super) async fn notice(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| {
        asked::keys(desk, &["lost"]);
        let lost = desk.ask.get("lost") == Some("1");
        render(desk, &own, &id, lost.then(|| format!("刚才在这台设备上的作答没有保存。{}", NotTaken::Elsewhere)))
    })
    .await
}

fn render(desk: &mut Desk<'_, '_>, app: &App, id: &str, told: Option<String>) -> anyhow::Result<Response> {
    let reader = desk.reader()?;
    let (person, session) = (reader.person, reader.session.id);
    let (sat, person) = listed(desk.tx, app, person, id)?;
    let now = app.installation.watch.now(app.installation.clock);
    let test = test::get(desk.tx, sat.test.id)?.ok_or(PageError::NotFound)?;
    let sql = "select extra, excused from test_roll where test_id = $1 and person_id = $2";
    let of =
        desk.tx.one(sql, &[test.id.into(), person.into()], |r| Ok((r.i64(0)?, r.opt_text(1)?.map(str::to_owned))))?;
    let (extra, excused) = of.unwrap_or_default();
    let last = attempt::last(desk.tx, test.id, person)?;
    let awaited = entered::waits(desk.tx, test.id)?;
    let state = Own::of(&test, (excused.is_some(), awaited), last.as_ref(), now).or_gone(desk, &test);
    let path = |what: &str| format!("/exams/{}/{what}", test.id);
    let act = match (state, &last) {
        (Own::Ready, _) => Some(Act { text: "开始考试", href: path("start"), posts: true }),
        (Own::Running, Some(a)) if a.seat == session => {
            Some(Act { text: "继续作答", href: path("q/1"), posts: false })
        }
        (Own::Running, _) => Some(Act { text: "在这台设备上接续", href: path("take"), posts: true }),
        (Own::Done, _) => Some(Act { text: "查看成绩", href: path("result"), posts: false }),
        _ => None,
    };
    let lead = match (told, state) {
        (Some(told), _) => Words::from(told.as_str()),
        (None, Own::Excused) => Words::from(NotTaken::Excused(excused.unwrap_or_default()).to_string().as_str()),
        (None, Own::Early) => Words::from(NotTaken::Early(test.rules.opens).to_string().as_str()),
        (None, Own::Ready) => {
            // The window ends for who begins late; the minutes of the own come on top.
            let left = (test.rules.closes - now) / test::MINUTE;
            let words = Words::from("可以开始。开始后计时，共");
            let words = words.strong((test.rules.minutes.min(left) + extra).to_string()).text("分钟");
            match left < test.rules.minutes {
                true => words.text(format!("（{}截止）。", clock_time(test.rules.closes))),
                false => words.text("。"),
            }
        }
        (None, Own::Running) if act.as_ref().is_some_and(|a| a.posts) => {
            Words::from(NotTaken::Elsewhere.to_string().as_str())
        }
        (None, Own::Running) => Words::from("您正在作答，计时没有停止。"),
        (None, Own::Done) => Words::from("您已交卷。"),
        (None, Own::Awaited) => Words::from("考试已截止。这场考试印过卷，您的纸面答卷录入后可以看到成绩。"),
        (None, Own::Gone) => Words::from("答卷已过保存期限，可能已按规定删除；成绩以参加与成绩的登记为准。"),
        (None, Own::Missed) => Words::from(NotTaken::Over(test.rules.closes).to_string().as_str()),
    };
    let minutes = match extra {
        0 => format!("{}分钟", test.rules.minutes),
        n => format!("{}分钟，另延长{n}分钟", test.rules.minutes),
    };
    let facts = Facts(vec![
        Fact::new("开放时间", test.window()),
        Fact::new("时长", minutes),
        Fact::new("试卷", format!("{}题，满分{}分", test.items.len(), test.full())),
        Fact::new(
            "次数",
            if test.rules.attempts == 1 {
                "1次".into()
            } else {
                format!("最多{}次，取最好成绩", test.rules.attempts)
            },
        ),
        Fact::new("成绩公布", format!("{}截止后", chinese(test.ends()))),
        Fact::new("错题公布", format!("{}起", chinese(test.reviewed_from()))),
    ]);
    let form = desk.form_token()?;
    let view = Notice {
        title: test.rules.title.clone(),
        state: state.title(),
        lead,
        facts,
        act,
        form,
        page: desk.page("/exams")?,
    };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

/// `POST /exams/{id}/start`.
pub(super) async fn start(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let (sat, person) = seat.db().read(|tx| listed(tx, &seat.app, seat.reader.person, &id))?;
        let (of, now) = (sitter(seat, person), seat.app.installation.watch.now(seat.app.installation.clock));
        let seed = u64::from_le_bytes(token::random::<8>()?);
        let number = sat.test.id;
        let begun = seat.db().write(move |tx| match attempt::begin(tx, &sat, of, seed, now) {
            Ok(_) => Ok(None),
            // What was ended on the way stays.
            Err(e) => e.downcast::<NotTaken>().map(Some),
        })?;
        told(seat, begun, number, "q/1")
    })
    .await
}

/// `POST /exams/{id}/take`.
pub(super) async fn take(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let (sat, person) = seat.db().read(|tx| listed(tx, &seat.app, seat.reader.person, &id))?;
        let (of, now) = (sitter(seat, person), seat.app.installation.watch.now(seat.app.installation.clock));
        let (actor, number) = (seat.actor(), sat.test.id);
        let done = seat.db().write(move |tx| attempt::take_over(tx, &actor, &sat, of, now));
        let why = match done {
            Ok(()) => None,
            Err(e) => Some(e.downcast::<NotTaken>()?),
        };
        told(seat, why, number, "q/1")
    })
    .await
}

/// Goes on, or says on the page of the rules why not.
fn told(seat: &Seat, why: Option<NotTaken>, id: i64, on: &str) -> anyhow::Result<Response> {
    let Some(why) = why else { return Ok(seat.to(&format!("/exams/{id}/{on}"))) };
    let app = seat.app.clone();
    Ok(seat.show(axum::http::StatusCode::CONFLICT, |desk| render(desk, &app, &id.to_string(), Some(why.to_string()))))
}
