//! The own result `/exams/{id}/result`: the score after the end, the own mistakes with their clauses from the review on.

use std::collections::BTreeSet;

use axum::{
    extract::{Path, State},
    response::Response,
};

use super::{
    app::App,
    asked,
    awaited::kept_back,
    error::PageError,
    exam_sit::out_words,
    exams::{listed, shown},
    frame::{Ask, Desk, show},
    view::{
        exam::{Mistake, Outcome},
        parts::{Fact, Facts},
        words::Words,
    },
};
use crate::{
    clock::chinese,
    db::Tx,
    exam::{
        attempt::{self, Attempt, Kept},
        close::{self, borderline, line_of},
        key, marking,
        paper::{Chosen, marks},
        print, resit, roll,
        score::{self, Given, MARK, written},
        test,
    },
    questions::{Kind, Question, key_lines, plain},
};

/// `GET /exams/{id}/result`.
pub(super) async fn page(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    let own = app.clone();
    show(app, ask, move |desk| {
        asked::keys(desk, &["done"]);
        view(desk, &own, &id)
    })
    .await
}

/// What is told to who sends an answer after the end.
pub(super) const LATE: &str = "本次作答已经结束，之后提交的答案没有保存，不计入成绩。";

/// The result as it can be seen now.
///
/// # Errors
/// Not found where nobody has sat, or still sits; else when the store cannot be read.
pub(super) fn view(desk: &mut Desk<'_, '_>, app: &App, id: &str) -> anyhow::Result<Outcome> {
    let person = desk.reader()?.person;
    let (sat, person) = listed(desk.tx, app, person, id)?;
    let now = app.installation.watch.now(app.installation.clock);
    let test = test::get(desk.tx, sat.test.id)?.ok_or(PageError::NotFound)?;
    let last = attempt::last(desk.tx, test.id, person)?.filter(|a| !a.is_running(now)).ok_or(PageError::NotFound)?;
    // Which of several is the best is told with the scores.
    let last = match shown(&test, now) {
        true => attempt::best(desk.tx, test.id, person)?.unwrap_or(last),
        false => last,
    };
    let current = desk.current.clone();
    let line = line_of(&test, &current);
    let lead = match (shown(&test, now), last.score) {
        (false, _) => Words::from("已交卷。成绩在").strong(chinese(test.ends())).text("截止后公布。"),
        (true, None) if last.ended.is_none() => Words::from("已到时间，系统正在收卷，请稍后刷新。"),
        (true, None) => Words::from("有题目由人评阅，评完后公布成绩。"),
        (true, Some(score)) => {
            let words = Words::from("成绩").strong(written(score)).text("分（百分制）");
            let words = match line {
                Some(line) if score >= line => words.text("，合格。"),
                Some(line) => words.text(format!("，未达到合格线{}分。", written(line)).as_str()),
                None => words.text("。"),
            };
            match line.filter(|line| borderline(&test, score, *line)) {
                Some(line) if score < line => words.text(&near(desk, &test, person, now)?),
                Some(_) => words.text(FOR_INFORMATION),
                None => words,
            }
        }
    };
    let review = test.is_reviewed(now);
    let back = kept_back(desk.tx, app, Some(person))?;
    let kept = |place: usize| sat.paper.get(place).is_some_and(|c| back.contains(&c.number));
    let back_here = (0..sat.paper.len()).filter(|place| kept(*place)).count();
    let mistakes = match review {
        // What nobody has marked yet is no mistake.
        true if last.total.is_some() || last.score.is_none() => Vec::new(),
        // What the others have earned, and the whole, would tell what these have.
        true if back_here > 0 => Vec::new(),
        true => {
            let out = test::out(desk.tx, test.id)?;
            let paper = key::scored(desk.tx, &sat.paper)?;
            let answers = attempt::answers(desk.tx, last.id)?;
            mistakes(&paper, &last, &answers, &out)
        }
        false => Vec::new(),
    };
    let none = if review && last.total.is_some() {
        "纸面答卷只录入了总分，没有逐题的记录。"
    } else if review && last.score.is_none() {
        "有题目还在评阅，评完后列出错题。"
    } else if review && back_here > 0 {
        KEPT_BACK
    } else if review {
        "没有答错的题。"
    } else {
        "错题和解析在公布时间后可以查看。"
    };
    let notice = match desk.ask.get("done") {
        Some("1") if last.by_clock => "已到时间，系统已收卷。",
        Some("1") => "已交卷。",
        Some("late") => LATE,
        _ => "",
    };
    Ok(Outcome {
        id: test.id,
        title: test.rules.title.clone(),
        notice: notice.into(),
        lead,
        facts: {
            let mut facts = facts(&test, &last, shown(&test, now));
            if test.state == test::State::Closed {
                facts.0.extend(average(desk.tx, test.id, person)?.map(|words| Fact::new("本单位平均", words)));
            }
            let out = out_words(desk.tx, test.id, &last)?;
            facts.0.extend((!out.is_empty()).then(|| Fact::new("作废的题", out)));
            if shown(&test, now) {
                let changes = marking::rescored(desk.tx, last.id)?;
                let told =
                    |r: &marking::Rescored| format!("{}。", marking::told(r, &last.asked, review && !kept(r.place)));
                facts.0.extend(changes.iter().map(|r| Fact::new("成绩更正", told(r))));
            }
            facts
        },
        mistakes,
        none,
        page: desk.page("/exams")?,
    })
}

/// Why the own mistakes are not told yet: what was wrong of two answers says which is right.
const KEPT_BACK: &str = "这份试卷里有题目还在您应考的另一场考试里，错题在那场考试截止以后公布。";

/// What 临界 means where nothing is given for it.
const FOR_INFORMATION: &str = "成绩在合格线附近一个标准误以内（临界），仅供参考，不改变合格与否。";

/// What 临界 below the line means for a person: the 补考 that the office gives, as far as it has got.
fn near(desk: &mut Desk<'_, '_>, test: &test::Test, person: i64, now: i64) -> anyhow::Result<String> {
    if test.rules.activity.is_none() || resit::first_of(desk.tx, test)?.is_some() {
        return Ok(FOR_INFORMATION.into());
    }
    let near = "成绩在合格线附近一个标准误以内（临界），";
    let Some(second) = resit::of_test(desk.tx, test)? else {
        return Ok(match resit::is_given(&desk.current) {
            true => format!("{near}按裁定给予一次补考，由组织单位安排，两次成绩取较好的。"),
            false => FOR_INFORMATION.into(),
        });
    };
    let listed = roll::of_test(desk.tx, second.id)?.into_iter().any(|l| l.person == person && l.excused.is_none());
    let sat = attempt::last(desk.tx, second.id, person)?;
    let title = &second.rules.title;
    Ok(match sat {
        _ if !listed => FOR_INFORMATION.into(),
        Some(_) => format!("{near}已按裁定参加补考“{title}”，两次成绩取较好的。"),
        None if second.is_told(now) => format!("{near}按裁定给予的补考“{title}”已经截止，没有参加，以这次成绩为准。"),
        None => format!("{near}按裁定给予一次补考“{title}”，{}开放，两次成绩取较好的。", second.window()),
    })
}

/// So many of a unit must have sat before its average is told: of fewer it would tell of single persons.
const FEWEST: i64 = 10;

/// The average of the unit for which somebody sat, by the frozen list; `None` for a unit with few.
fn average(tx: &mut Tx<'_>, test: i64, person: i64) -> anyhow::Result<Option<String>> {
    let outcomes = close::outcomes(tx, test)?;
    let own = outcomes.iter().find(|o| o.listed.person == person).and_then(|o| o.listed.organ);
    let of_unit = outcomes.iter().filter(|o| own.is_some() && o.listed.organ == own);
    let scores: Vec<i64> = of_unit.filter_map(|o| o.score.map(|(score, _)| score)).collect();
    let n = scores.len() as i64;
    // To a tenth of a mark.
    let tenths = (n >= FEWEST).then(|| (scores.iter().sum::<i64>() / n + 500) / 1_000);
    Ok(tenths.map(|t| format!("{}.{}分（本单位已考{n}人）", t / 10, t % 10)))
}

fn facts(test: &test::Test, last: &Attempt, shown: bool) -> Facts {
    let mut facts = match &last.entered_by {
        Some(by) => vec![Fact::new("作答方式", format!("纸面作答，由{by}录入"))],
        None => vec![Fact::new("开始时间", chinese(last.begun))],
    };
    if let Some(ended) = last.ended.filter(|_| last.entered_by.is_none()) {
        let how = if last.by_clock { "（到时间，系统收卷）" } else { "" };
        facts.push(Fact::new("交卷时间", format!("{}{how}", chinese(ended))));
    }
    if test.rules.attempts > 1 {
        facts.push(Fact::new(
            "次数",
            format!("第{}次{}，最多{}次", last.number, if shown { "（取最好成绩）" } else { "" }, test.rules.attempts),
        ));
    }
    if shown && !test.line_note.is_empty() {
        facts.push(Fact::new("合格线", test.line_note.clone()));
    }
    facts.push(Fact::new("错题公布", format!("{}起", chinese(test.reviewed_from()))));
    Facts(facts)
}

/// The questions that did not earn all their marks, in the order of the attempt, without those (by their places in the paper)
/// that are `out`.
fn mistakes(paper: &[Chosen], last: &Attempt, answers: &[Kept], out: &BTreeSet<usize>) -> Vec<Mistake> {
    let mut found = Vec::new();
    for (place, asked) in last.asked.iter().enumerate() {
        let Some(chosen) = paper.get(asked.question).filter(|_| !out.contains(&asked.question)) else { continue };
        let q = &chosen.question;
        let kept = answers.iter().find(|k| k.question == asked.question);
        let given = kept.map_or(Given::Typed(String::new()), |k| Given::read(q.kind, &k.answer));
        let full = i64::from(chosen.marks) * (MARK / 10);
        let earned = score::earned(q, &given, chosen.marks).or(kept.and_then(|k| k.marks)).unwrap_or(0);
        if earned >= full {
            continue;
        }
        let marks = format!("{}分（满分{}分）", written(earned), marks(chosen.marks));
        found.push(Mistake { place: place + 1, marks, ..told(q, &given) });
    }
    found
}

/// An answer beside what is right, why, and the clause.
pub(super) fn told(q: &Question, given: &Given) -> Mistake {
    let own = match given {
        Given::Typed(text) => text.clone(),
        Given::Chosen(places) => {
            let text = |p: &usize| q.answers.get(*p).map_or_else(String::new, |a| plain(q.markup, &a.text));
            places.iter().map(text).collect::<Vec<_>>().join("；")
        }
    };
    let right: Vec<String> = match q.kind {
        Kind::Short => vec!["见解析".into()],
        Kind::Fill => q.answers.iter().filter(|a| a.weight.parts() > 0).map(key_lines::line).collect(),
        _ => q.answers.iter().filter(|a| a.weight.parts() > 0).map(|a| print::accepted(q, a)).collect(),
    };
    Mistake {
        kind: q.kind.title(),
        stem: plain(q.markup, &q.stem),
        own,
        right: right.join("；"),
        why: plain(q.markup, &q.feedback),
        source: q.source.clone(),
        ..Mistake::default()
    }
}
