//! The tests that a person sat, for the own file: when, with which result, and what was answered once the review is open.
//! What would have been right is not part of it.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::{
    clock::chinese,
    db::Tx,
    exam::{
        attempt,
        close::{line_of, sat},
        key, marking,
        paper::marks,
        score::{self, Given, written},
        test, usage,
    },
    installation::Current,
    questions::plain,
};

/// An attempt in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sitting {
    /// What the test is called.
    #[serde(rename = "名称")]
    pub test: String,
    /// `第1次`.
    #[serde(rename = "次数")]
    pub number: String,
    /// `2025年6月27日 09:01`.
    #[serde(rename = "开始")]
    pub begun: String,
    /// When it was handed in, and by whom.
    #[serde(rename = "交卷")]
    pub ended: String,
    /// The score, or why there is none yet.
    #[serde(rename = "成绩")]
    pub result: String,
    /// Question and own answer, in the order of the attempt; none before the review.
    #[serde(rename = "作答")]
    pub answers: Vec<(String, String)>,
}

/// All attempts of a person at an instant (µs), the latest test first. Of a paper with a question that is still to be sat in
/// another test, what the questions earned is not told.
///
/// # Errors
/// When the store cannot be read.
pub fn of(tx: &mut Tx<'_>, current: &Current, person: i64, now: i64) -> anyhow::Result<Vec<Sitting>> {
    let back = usage::awaited(tx, person, now)?;
    let mut told = Vec::new();
    for (test, _) in test::of_person(tx, person)? {
        let attempts = attempt::of_person(tx, test.id, person)?;
        if attempts.is_empty() {
            continue;
        }
        let reviewed = if test.is_reviewed(now) { sat(tx, test.id)? } else { None };
        let line = line_of(&test, current);
        for a in attempts {
            let result = match (test.is_told(now), a.ended, a.score) {
                (_, None, _) => "还没有交卷".to_owned(),
                (false, ..) => format!("{}截止后公布", chinese(test.ends())),
                (true, _, None) => "等待评阅".to_owned(),
                (true, _, Some(score)) => {
                    let passed = match line {
                        Some(line) if score >= line => "，合格",
                        Some(_) => "，未达到合格线",
                        None => "",
                    };
                    let changes = marking::rescored(tx, a.id)?;
                    let shown = |place: usize| {
                        let asked = reviewed.as_ref().and_then(|sat| sat.paper.get(place));
                        asked.is_some_and(|c| !back.contains(&c.number))
                    };
                    let told = |r: &marking::Rescored| format!("；{}", marking::told(r, &a.asked, shown(r.place)));
                    format!("{}分{passed}{}", written(score), changes.iter().map(told).collect::<String>())
                }
            };
            let answers = match &reviewed {
                // Of a sheet with all its marks alone nothing is known of the questions.
                Some(sat) if a.ended.is_some() && a.total.is_none() => answers(tx, sat, &a, &back)?,
                _ => Vec::new(),
            };
            told.push(Sitting {
                test: test.rules.title.clone(),
                number: format!("第{}次", a.number),
                begun: match &a.entered_by {
                    Some(_) => "纸面作答".to_owned(),
                    None => chinese(a.begun),
                },
                ended: match (a.ended, &a.entered_by) {
                    (None, _) => String::new(),
                    (Some(_), Some(by)) => format!("纸面答卷，由{by}录入"),
                    (Some(at), None) if a.by_clock => format!("{}（到时间，系统收卷）", chinese(at)),
                    (Some(at), None) => chinese(at),
                },
                result,
                answers,
            });
        }
    }
    Ok(told)
}

/// Questions and own answers with what they earned; a withdrawn one is said to be so.
fn answers(
    tx: &mut Tx<'_>,
    sat: &attempt::Sat,
    of: &attempt::Attempt,
    back: &BTreeSet<i64>,
) -> anyhow::Result<Vec<(String, String)>> {
    let (kept, out) = (attempt::answers(tx, of.id)?, test::out(tx, sat.test.id)?);
    let paper = key::scored(tx, &sat.paper)?;
    // What the others have earned, and the whole, would tell what a question has that is still to be sat.
    let kept_back = sat.paper.iter().any(|c| back.contains(&c.number));
    let mut told = Vec::new();
    for (place, asked) in of.asked.iter().enumerate() {
        let Some(chosen) = paper.get(asked.question) else { continue };
        let q = &chosen.question;
        let own = kept.iter().find(|k| k.question == asked.question);
        let given = own.map_or(Given::Typed(String::new()), |k| Given::read(q.kind, &k.answer));
        let said = match &given {
            given if given.is_empty() => "没有作答".to_owned(),
            Given::Typed(text) => text.clone(),
            Given::Chosen(places) => {
                let text = |p: &usize| q.answers.get(*p).map_or_else(String::new, |a| plain(q.markup, &a.text));
                places.iter().map(text).collect::<Vec<_>>().join("；")
            }
        };
        let earned = score::earned(q, &given, chosen.marks).or(own.and_then(|k| k.marks));
        let full = marks(chosen.marks);
        let earned = match (out.contains(&asked.question), earned) {
            (true, _) => format!("（试题作废，按满分{full}分计）"),
            _ if kept_back => "（得分暂不公布）".into(),
            (false, Some(n)) => format!("（得{}分，满分{full}分）", written(n)),
            (false, None) => String::new(),
        };
        told.push((format!("{}. {}", place + 1, plain(q.markup, &q.stem)), format!("{said}{earned}")));
    }
    Ok(told)
}
