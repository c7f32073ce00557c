//! What it costs that every page knows who reads it; and the pages over a log of a million entries.
//!
//! `cargo bench --bench reader`

use std::{
    collections::BTreeSet,
    sync::{Mutex, OnceLock},
};

use axum::{body::Body, http::Request};
use divan::{Bencher, black_box};
use dongliang::{
    apply,
    audit::{self, By, Filter, Kind},
    auth::{
        self, Organisation, Role, account,
        grant::{self, Wanted},
        session::{self, From},
        token,
    },
    clock::{Clock, Moment, start_of_day},
    day::Day,
    db::{Db, Tx, Value},
    demo, directive,
    installation::Installation,
    ledger::Keys,
    scope::{Actor, Scope},
    verdict::{rejudge, world::UNIT},
    web::{self, Transport},
};
use tempfile::TempDir;
use tower::ServiceExt as _;

fn main() {
    divan::main();
    drop(DIRECTORY.lock().map(|mut dir| dir.take()));
}

/// Where the log lies; a static is never dropped of itself.
static DIRECTORY: Mutex<Option<TempDir>> = Mutex::new(None);

fn now() -> i64 {
    Clock::Machine.now().instant
}

/// A city of a thousand people, and the token of a session for each role.
struct City {
    office: Installation,
    sessions: Vec<(Role, String)>,
}

const READERS: [Role; 4] = [Role::Office, Role::UnitAdmin, Role::Clerk, Role::Cadre];

fn city() -> &'static City {
    static CITY: OnceLock<City> = OnceLock::new();
    CITY.get_or_init(|| made().expect("the city can be made"))
}

fn made() -> anyhow::Result<City> {
    let (package, _, _) =
        directive::load(std::path::Path::new("directives/2025")).map_err(|_| anyhow::anyhow!("the package"))?;
    let (keys, day) = (Keys::from_bytes([7; 32], [9; 32]), Day::parse("2025-10-20").unwrap_or_default());
    let db = Db::open("sqlite::memory:")?;
    db.seal_entries(keys.audit_seal());
    let actor = || Actor { account: None, name: "试".into(), at: now() };
    let (new, by) = (package.clone(), actor());
    db.write(move |tx| apply::apply(tx, None, &new, &by))?;
    demo::fill(&db, &package, &keys, 5, 1_000, None, Moment::end_of(day), &mut |_, _| {})?;
    let office = Installation::new(db, keys, Clock::Standing(day))?;
    rejudge::run(&office, None, &mut |_, _| {})?;
    let (unit, section, person) = office.db.read(|tx| {
        let current = office.current(tx)?;
        let (chart, units) = (current.organisation.chart(), current.organisation.table(UNIT));
        let (chart, units) = chart.zip(units).ok_or_else(|| anyhow::anyhow!("the chart"))?;
        let organ = (0..units.len()).find(|u| chart.organ[*u] == *u && !chart.tops.contains(u)).unwrap_or(0);
        let section = (0..units.len()).find(|u| chart.organ[*u] == organ && *u != organ).unwrap_or(organ);
        let sql = "select \"person\" from l_post where voided_at is null and \"to\" is null and unit_id = $1 limit 1";
        let person = tx.one(sql, &[units.ids[section].into()], |r| r.i64(0))?;
        Ok((units.ids[organ], units.ids[section], person))
    })?;
    let mut sessions = Vec::new();
    for role in READERS {
        let unit = match role {
            Role::UnitAdmin => Some(unit),
            Role::Clerk => Some(section),
            _ => None,
        };
        let (login, by) = (format!("{role:?}").to_lowercase(), actor());
        let person = person.filter(|_| role.needs_person());
        let token = office.db.write(move |tx| {
            let id = account::create(tx, &by, (&login, &login), person, None)?;
            grant::give(tx, &by, id, Wanted { role, unit, starts: day, ends: None })?;
            session::open(tx, id, &From::default(), false, now())
        })?;
        sessions.push((role, token));
    }
    Ok(City { office, sessions })
}

fn session(role: Role) -> &'static str {
    let found = city().sessions.iter().find(|(r, _)| *r == role);
    found.map_or("", |(_, token)| token.as_str())
}

/// What every page needs, with accounts or without.
#[divan::bench]
fn what_a_page_needs_anyway(bencher: Bencher<'_, '_>) {
    let office = &city().office;
    bencher.bench_local(|| office.db.read(|tx| office.current(tx).map(|_| ())));
}

/// The same and who reads, with which rights, how far, and a token for the forms of the page.
#[divan::bench(args = READERS)]
fn and_who_reads_it(bencher: Bencher<'_, '_>, role: Role) {
    let (office, session) = (&city().office, session(role));
    let day = office.clock.now().day;
    bencher.bench_local(|| {
        office.db.read(|tx| {
            let current = office.current(tx)?;
            let organisation = Organisation::of(&current, day);
            let reader = auth::reader::reader(tx, session, organisation.as_ref(), day, now())?;
            let scope =
                reader.zip(organisation).map(|(r, o)| (r.may(auth::Permission::Ledgers), auth::scope_of(&r, &o)));
            black_box((scope, token::form_token(session)?));
            Ok(())
        })
    });
}

/// The whole page.
#[divan::bench(args = READERS)]
fn the_page_as_it_is_answered(bencher: Bencher<'_, '_>, role: Role) {
    let (office, session) = (&city().office, session(role));
    let pages = web::pages(office.clone(), Transport::Loopback);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    bencher.bench_local(|| {
        let request = Request::get("/ledgers/guidance").header("cookie", format!("dongliang={session}"));
        let request = request.body(Body::empty()).expect("a request");
        let status = runtime.block_on(pages.clone().oneshot(request)).expect("an answer").status();
        assert_eq!(status, 200);
    });
}

/// Entries of the log, of whom one in a hundred tells of persons.
const ENTRIES: i64 = 1_000_000;
const PEOPLE: i64 = 20_000;

fn log() -> &'static Mutex<Db> {
    static LOG: OnceLock<Mutex<Db>> = OnceLock::new();
    LOG.get_or_init(|| {
        let dir = tempfile::tempdir().expect("a directory");
        let db = Db::open(&format!("sqlite:{}", dir.path().join("log.db").display())).expect("a fresh file opens");
        DIRECTORY.lock().expect("nobody failed").replace(dir);
        for chunk in 0..ENTRIES / 50_000 {
            db.write(move |tx| filled(tx, chunk * 50_000, 50_000)).expect("entries can be written");
        }
        Mutex::new(db)
    })
}

/// A year of an office: most of it records, some logins, few of anything else, the rarest at the beginning alone.
fn filled(tx: &mut Tx<'_>, from: i64, n: i64) -> anyhow::Result<()> {
    let ledgers = ["guidance", "attendance", "talk", "posting"];
    let begun = start_of_day(Day::parse("2025-01-01").unwrap_or_default());
    let hash = "0123456789abcdef".repeat(4);
    let rows: Vec<Vec<Value>> = (from..from + n)
        .map(|i| {
            let (kind, ledger) = match i % 100 {
                _ if i < 40 => ("package", None),
                0..10 => ("login", None),
                10 => ("export", Some(ledgers[i as usize / 100 % 4])),
                11 => ("grant", None),
                12..30 => ("correct", Some(ledgers[i as usize / 100 % 4])),
                _ => ("add", Some(ledgers[i as usize % 4])),
            };
            let unit = ledger.map(|_| i * 7_919 % 2_000);
            let payload =
                format!("{{\"title\":\"第{i}条\",\"before\":{{}},\"after\":{{\"content\":\"{}\"}}}}", "记".repeat(60));
            vec![
                (begun + i * 31_536_000).into(),
                format!("干部{}", i * 31 % 3_000).into(),
                kind.into(),
                ledger.into(),
                unit.into(),
                format!("{}:{i}.1+1", ledger.unwrap_or("")).into(),
                hash.as_str().into(),
                hash.as_str().into(),
                payload.into(),
            ]
        })
        .collect();
    let columns = ["at", "actor", "kind", "ledger", "unit_id", "written", "payload_hash", "root", "payload"];
    tx.bulk("audit_entry", &columns, rows.iter().map(Vec::as_slice))?;
    let spans: Vec<Vec<Value>> = (from..from + n)
        .map(|i| {
            // One person opened, a section taken out, now and then the whole roster.
            let (length, size): (i64, i64) = match i % 1_000 {
                0 => (PEOPLE - 1, 15),
                1..100 => (14, 4),
                _ => (0, 0),
            };
            let first = if i % 1_000 == 0 { 1 } else { 1 + i * 104_729 % (PEOPLE - length) };
            vec![(i + 1).into(), first.into(), (first + length).into(), size.into()]
        })
        .collect();
    tx.bulk("audit_concern", &["entry_id", "first", "last", "size"], spans.iter().map(Vec::as_slice)).map(|_| ())
}

/// What is asked of the log.
const QUESTIONS: [&str; 9] = [
    "everything",
    "a common kind",
    "a rare kind, long ago",
    "two kinds",
    "one actor",
    "one actor and a kind",
    "a kind that is in no such ledger",
    "a month in the middle",
    "the entries of a district's 40 units",
];

fn question(what: &str) -> (Scope, Filter) {
    let day = |text: &str| Some(start_of_day(Day::parse(text).unwrap_or_default()));
    let mut filter = Filter::default();
    let mut scope = Scope::All;
    match what {
        "a common kind" => filter.kinds = vec![Kind::Add],
        "a rare kind, long ago" => filter.kinds = vec![Kind::Package],
        "two kinds" => filter.kinds = vec![Kind::Add, Kind::Grant],
        "one actor" => filter.actors = vec!["干部7".into()],
        "one actor and a kind" => (filter.actors, filter.kinds) = (vec!["干部7".into()], vec![Kind::Correct]),
        "a kind that is in no such ledger" => {
            (filter.kinds, filter.ledgers) = (vec![Kind::Package], vec!["guidance".into()]);
        }
        "a month in the middle" => (filter.from, filter.until) = (day("2025-05-01"), day("2025-06-01")),
        "the entries of a district's 40 units" => scope = Scope::units((100..140).collect::<BTreeSet<i64>>()),
        _ => {}
    }
    (scope, filter)
}

/// A page of 操作日志 and its facets, as they are read from the store.
#[divan::bench(args = QUESTIONS, sample_count = 20, sample_size = 1)]
fn a_page_of_a_million_entries(bencher: Bencher<'_, '_>, what: &str) {
    let (scope, filter) = question(what);
    let db = log().lock().expect("nobody failed").clone();
    bencher.bench_local(|| {
        db.read(|tx| {
            let lines = audit::list(tx, &scope, &filter, None, 51)?;
            black_box((lines, audit::counts(tx, &scope, &filter, &[By::Kind, By::Actor, By::Ledger])?));
            Ok(())
        })
    });
}

/// 谁看过我的档案, of a million times that somebody was looked at.
#[divan::bench(args = [1, 10_000, 20_000], sample_count = 20, sample_size = 1)]
fn who_looked_at_one_of_20_000(bencher: Bencher<'_, '_>, person: i64) {
    let db = log().lock().expect("nobody failed").clone();
    bencher.bench_local(|| db.read(|tx| audit::seen(tx, person, 201).map(black_box)));
}
