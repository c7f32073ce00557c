//! The demo's test on paper: a room without computers, two forms, the sheets of most entered from a table, some of them with
//! their marks alone. It waits for the others and for somebody to say that all are in.

use anyhow::Context as _;

use super::{remedy::Hand, rng::Rng, sitting::blueprint};
use crate::{
    clock::start_of_day,
    db::Tx,
    exam::{
        attempt::Sat,
        close, entered,
        paper::{Form, choose},
        printed, roll,
        score::{Given, MARK},
        sheets::{Answer, Read, Sheet},
        test::{self, MINUTE, Rules},
    },
    installation::Installation,
    questions::{Kind, bank},
    scope::Actor,
    verdict::world::UNIT,
};

/// Days before the demo's on which it was sat.
const BEFORE: i32 = -6;
/// Of this many sheets one is still to come.
const AWAITED: usize = 8;
/// Of this many sheets one has its marks alone.
const TOTALS: usize = 9;

/// Arranges it for the first organ beside the city's, prints two forms, and enters the sheets.
///
/// # Errors
/// When the store fails.
pub(super) fn test(installation: &Installation, seed: u64) -> anyhow::Result<()> {
    let inst = installation.clone();
    let today = installation.clock.now().day;
    let opens = start_of_day(today.plus(BEFORE)) + 14 * 60 * MINUTE;
    installation.db.write(move |tx| {
        let hand = Hand::of(tx, "personnel")?;
        let actor = |at| Actor { name: hand.name.clone(), account: hand.account, at };
        let current = inst.current_in_write(tx)?;
        let units = current.organisation.table(UNIT).context("the city has units")?;
        let city = current.organisation.first_unit().context("the city has a first organ")?;
        let owned = current.organisation.owned(city);
        let other = units.ids.iter().copied().find(|unit| !owned.contains(unit)).context("there is another organ")?;
        let paper = choose(&blueprint(), &bank::current(tx, None)?, seed ^ 3).map_err(|f| anyhow::anyhow!("{f:?}"))?;
        let rules = Rules {
            title: "应知应会测试（纸面）".into(),
            activity: None,
            unit: city,
            opens,
            closes: opens + 120 * MINUTE,
            minutes: 60,
            attempts: 1,
            review: opens + 24 * 60 * MINUTE,
        };
        let id = test::make(tx, &actor(opens - 3 * 24 * 60 * MINUTE), &rules, &test::items(&paper))?;
        let listed = roll::of_units(&current, &current.organisation.owned(other), today.plus(BEFORE));
        let ahead = opens - 2 * 24 * 60 * MINUTE;
        test::publish(tx, &actor(ahead), id, &listed, ahead)?;
        let sat = close::sat(tx, id)?.context("the test was published")?;
        let forms = printed::take(tx, &actor(ahead + MINUTE), (&sat.test, &sat.paper), 2, seed)?;
        let persons: Vec<i64> = listed.iter().filter(|l| l.excused.is_none()).map(|l| l.person).collect();
        let read = Read { sheets: sheets(&sat, &forms, &persons, seed), refused: Vec::new(), blank: 0 };
        enter(tx, &actor(opens + 24 * 60 * MINUTE), &sat, &read)
    })
}

/// The table as it was sent and confirmed.
fn enter(tx: &mut Tx<'_>, actor: &Actor, sat: &Sat, read: &Read) -> anyhow::Result<()> {
    let of = (actor.account.unwrap_or_default(), sat.test.id);
    let file = entered::keep(tx, of, "三楼会议室答卷.xlsx", read, actor.at)?.context("nothing else waits")?;
    let staged = entered::get(tx, of, file)?.context("it was kept")?;
    entered::take(tx, actor, sat, &staged, actor.at).map(|_| ())
}

/// The sheets of most persons, the forms in turn.
fn sheets(sat: &Sat, forms: &[Form], persons: &[i64], seed: u64) -> Vec<Sheet> {
    let full: u32 = sat.paper.iter().map(|c| c.marks).sum();
    let one = |(n, person): (usize, &i64)| {
        let mut rng = Rng::of(&[seed, 901, n as u64]);
        // Some sheets are still to come.
        if n % AWAITED == AWAITED - 2 {
            return None;
        }
        let knows = rng.between(500, 980);
        let sheet = Sheet {
            row: n as u32 + 2,
            person: *person,
            letter: forms[n % forms.len()].letter,
            total: None,
            answers: Vec::new(),
        };
        if n % TOTALS == TOTALS - 1 {
            let total = i64::from(full) * knows / 10_000;
            return Some(Sheet { total: Some(total * MARK), ..sheet });
        }
        let answer = |(question, c): (usize, &crate::exam::paper::Chosen)| {
            let right = rng.chance(knows as u64);
            let meant = (0..c.question.answers.len()).filter(|i| (c.question.answers[*i].weight.parts() > 0) == right);
            let mut places: Vec<usize> = meant.collect();
            if c.question.kind != Kind::Multiple {
                places.truncate(1);
            }
            Answer { question, answer: Given::Chosen(places).stored(), marks: None }
        };
        Some(Sheet { answers: sat.paper.iter().enumerate().map(answer).collect(), ..sheet })
    };
    persons.iter().enumerate().filter_map(one).collect()
}
