//! What pages, files and refusals tell a reader of what lies outside the scope: nothing but what a record inside it
//! refers to. Every text and every code of the city is replaced by a mark that names its record, so that each mark on a
//! page is held against the set that the definition in `scope` gives.

use std::collections::{BTreeMap, BTreeSet};

use dongliang::{
    auth::{self, Organisation, Role},
    db::{Db, Tx},
    directive::model::{FieldType, Ledger},
    installation::Installation,
    ledger::query,
    org::builtin,
    remedy,
    scope::{Reach, Scope},
    subjects,
    verdict::{
        rejudge, sight,
        store::{self, Stored},
        world::UNIT,
    },
    web,
};

use crate::{
    scope::{Dice, Whole},
    visit::{Browser, Got, account, encoded},
};

/// A ledger and a record of it.
type Record = (String, i64);

/// Pages of one kind of address that one reader opens.
const ALIKE: usize = 4;

/// `Qperson_12q`: no name, code or text of any other record.
fn mark(ledger: &str, id: i64) -> String {
    format!("Q{ledger}_{id}q")
}

/// The records whose marks stand in a text.
fn marks(text: &str) -> BTreeSet<Record> {
    let mut found = BTreeSet::new();
    for piece in text.split('Q').skip(1) {
        let name: String = piece.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
        let digits: String = piece[name.len()..].chars().take_while(char::is_ascii_digit).collect();
        let closed = piece[name.len() + digits.len()..].starts_with('q');
        if let (Some(ledger), Ok(id), true) = (name.strip_suffix('_'), digits.parse(), closed) {
            found.insert((ledger.to_owned(), id));
        }
    }
    found
}

/// The demo city with marks in place of its names, texts and codes.
fn city(db: &Db) -> Installation {
    let office = crate::demo::city(db, 150);
    let package = crate::demo::package();
    let ledgers: Vec<Ledger> = builtin::ledgers().into_iter().chain(package.ledgers.clone()).collect();
    db.write(move |tx| {
        // Settings are named by the package, not by people.
        for ledger in
            ledgers.iter().filter(|l| !l.derived && !["setting", "slot_member", "workday"].contains(&&*l.name))
        {
            let name = &ledger.name;
            let mut set = vec![format!("record_code = 'Q{name}_' || record_id || 'q'")];
            for f in ledger.fields.iter().filter(|f| f.ty == FieldType::Text && !f.sensitive) {
                set.push(format!(
                    "\"{0}\" = case when \"{0}\" is null then null else 'Q{name}_' || record_id || 'q' end",
                    f.name
                ));
            }
            tx.execute(&format!("update \"l_{name}\" set {}", set.join(", ")), &[])?;
        }
        Ok(())
    })
    .unwrap();
    rejudge::run(&office, None, &mut |_, _| {}).unwrap();
    remedy::patrol::run(&office).unwrap();
    office
}

/// What an account reaches.
fn reach(office: &Installation, tx: &mut Tx<'_>, account: i64, person: Option<i64>) -> Reach {
    let (current, day) = (office.current(tx).unwrap(), office.clock.now().day);
    let organisation = Organisation::of(&current, day).unwrap();
    let held = auth::reader::held(tx, account, Some(&organisation), day).unwrap();
    let from = auth::session::From::default();
    let session = auth::session::Session { id: 1, account, created: 0, seen: 0, ends: 0, from, demo: false };
    let (login, name) = (String::new(), String::new());
    let reader = auth::Reader { account, login, name, person, held, session, pending: None };
    match auth::scope_of(&reader, &organisation) {
        Scope::Within(reach) => (*reach).clone(),
        Scope::All => panic!("a reader of the whole city"),
    }
}

/// What a reader may be told of.
struct Allowed {
    /// Records in scope.
    seen: BTreeSet<Record>,
    /// These, what they refer to, and what verdicts in scope are on.
    named: BTreeSet<Record>,
    /// Addresses of verdicts that are not in scope.
    foreign: Vec<String>,
}

fn allowed(office: &Installation, tx: &mut Tx<'_>, whole: &Whole, reach: &Reach) -> Allowed {
    let parts = reach.person.map(|p| whole.parts(p)).unwrap_or_default();
    let mut seen = BTreeSet::new();
    let mut named = BTreeSet::new();
    for ledger in &whole.ledgers {
        // Voided rows are seen by the unit in which they were recorded.
        let voided = query::Query { voided: query::Voided::Only, ..query::Query::default() };
        let mut gone = Vec::new();
        let keep = &mut |row| {
            gone.push(row);
            Ok(())
        };
        query::each(tx, ledger, &Scope::All, &voided, keep).unwrap();
        let all = whole.rows[&ledger.name].iter().chain(&gone);
        for row in all.filter(|r| whole.seen(ledger, r, reach, &parts)) {
            seen.insert((ledger.name.clone(), row.record_id));
            named.extend(row.unit.map(|u| ("unit".to_owned(), u)));
            named.extend(refers(ledger, row));
        }
    }
    let foreign = verdicts(office, tx, reach, &mut named);
    named.extend(seen.iter().cloned());
    called(office, tx, whole, &mut named);
    Allowed { seen, named, foreign }
}

/// What the fields of a row refer to.
fn refers<'a>(ledger: &'a Ledger, row: &'a dongliang::ledger::Stored) -> impl Iterator<Item = Record> + 'a {
    ledger.fields.iter().zip(&row.values).filter_map(|(f, v)| {
        let target = match &f.ty {
            FieldType::Person => "person",
            FieldType::Unit => "unit",
            FieldType::Ref(target) => target.as_str(),
            _ => return None,
        };
        Some((target.to_owned(), v.as_i64()?))
    })
}

/// Adds the subjects and units of verdicts in scope; gives addresses of some of the others.
fn verdicts(office: &Installation, tx: &mut Tx<'_>, reach: &Reach, named: &mut BTreeSet<Record>) -> Vec<String> {
    let current = office.current(tx).unwrap();
    let (engine, scope) = (&current.engine, Scope::Within(reach.clone().into()));
    let mut foreign = Vec::new();
    for (i, c) in engine.compiled.iter().enumerate() {
        let id = &c.requirement.id;
        let key = |v: &Stored| (v.subject, v.rest.clone(), v.window.clone());
        let found = sight::of_requirement(tx, engine, &scope, id, None).unwrap();
        for v in &found {
            named.extend(v.unit.into_iter().chain(v.organ).map(|u| ("unit".to_owned(), u)));
            for (table, record) in subjects::records(engine, i, &subjects::key(v)) {
                named.insert((engine.layout.ledgers[table].name.clone(), record));
            }
        }
        let mine: BTreeSet<_> = found.iter().map(key).collect();
        let all = store::of_requirement(tx, id, None).unwrap();
        if let Some(v) = all.iter().find(|v| !mine.contains(&key(v))) {
            let names = subjects::names(tx, engine, std::iter::once((i, v))).unwrap();
            let subject = subjects::code(engine, i, &subjects::key(v), &names);
            foreign.push(format!("/verdicts/{}/{}/{}", encoded(id), encoded(&subject), encoded(&v.window)));
        }
    }
    foreign
}

/// A record without a name of its own is called by what it refers to; a unit is written with the organ it belongs to,
/// and the installation with its top unit.
fn called(office: &Installation, tx: &mut Tx<'_>, whole: &Whole, named: &mut BTreeSet<Record>) {
    let current = office.current(tx).unwrap();
    let (chart, units) = (current.organisation.chart().unwrap(), current.organisation.table(UNIT).unwrap());
    let mut more: BTreeSet<Record> = chart.tops.iter().map(|top| ("unit".to_owned(), units.ids[*top])).collect();
    for ledger in whole.ledgers.iter().filter(|l| l.fields.iter().all(|f| f.name != "name" && f.name != "title")) {
        let rows = &whole.rows[&ledger.name];
        for row in rows.iter().filter(|r| named.contains(&(ledger.name.clone(), r.record_id))) {
            more.extend(refers(ledger, row));
        }
    }
    named.extend(more);
    let organs = named.iter().filter(|(ledger, _)| ledger == "unit").filter_map(|(_, id)| units.row_of(*id));
    let organs: Vec<Record> = organs.map(|row| ("unit".to_owned(), units.ids[chart.organ[row]])).collect();
    named.extend(organs);
}

/// Addresses on a page that lead on: ours, without those that only change the look.
fn links(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for piece in page.split("href=\"").skip(1) {
        let href = piece.split('"').next().unwrap_or_default().replace("&#38;", "&").replace("&amp;", "&");
        let href = href.split('#').next().unwrap_or_default().to_owned();
        let look = ["ui_size", "ui_contrast", "print="].iter().any(|k| href.contains(k));
        if href.starts_with('/') && !href.starts_with("/assets/") && !look && !href.contains("format=xlsx") {
            found.push(href);
        }
    }
    found
}

/// Addresses of one kind: the same page with the same keys.
fn kind(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let depth = path.split('/').count();
    let head: Vec<&str> = path.split('/').take(if path.starts_with("/ledgers/") { 3 } else { 2 }).collect();
    let keys: BTreeSet<&str> = query.split('&').filter_map(|p| p.split('=').next()).collect();
    format!("{}/{depth}?{keys:?}", head.join("/"))
}

/// Where a reader begins: every page without a place in its address, every ledger and its files, and searches.
fn beginnings(whole: &Whole, outside: &[Record]) -> Vec<String> {
    let plain = web::routes().into_iter().filter(|(method, path, _)| *method == "GET" && !path.contains('{'));
    let mut paths: Vec<String> = plain.map(|(_, path, _)| path.to_owned()).collect();
    for format in ["csv", "jsonl"] {
        paths.push(format!("/people/export?format={format}"));
        paths.extend(whole.ledgers.iter().map(|l| format!("/ledgers/{}/export?format={format}", l.name)));
        paths.extend(whole.ledgers.iter().map(|l| format!("/ledgers/{}/export?format={format}&voided=yes", l.name)));
    }
    paths.push("/org?day=2025-03-03".into());
    paths.push("/people?q=Q".into());
    paths.push("/ledgers/person?day=2025-03-03".into());
    for (ledger, id) in outside {
        // Without its last letter the mark that was typed is not taken for one that was found.
        let typed = mark(ledger, *id);
        let typed = &typed[..typed.len() - 1];
        paths.push(format!("/ledgers/{ledger}?q={typed}"));
        paths.push(format!("/people?q={typed}"));
        paths.push(format!("/search?q={typed}"));
        paths.push(format!("/search?q={}", &typed[..typed.len().min(6)]));
        paths.push(format!("/units/{typed}"));
        paths.push(format!("/ledgers/{ledger}/{typed}"));
    }
    paths
}

/// Opens pages and what they lead to; gives what each told that it should not have.
fn walk(
    browser: &mut Browser,
    begin: Vec<String>,
    named: &BTreeSet<Record>,
    pages: usize,
) -> (usize, BTreeMap<Record, String>) {
    let mut next: Vec<String> = begin;
    let (mut alike, mut known, mut leaks, mut opened) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new(), 0);
    let mut at = 0;
    let first = next.len();
    while at < next.len() && opened < pages + first {
        let path = next[at].clone();
        at += 1;
        let n: &mut usize = alike.entry(kind(&path)).or_default();
        *n += 1;
        if (*n > ALIKE && at > first) || !known.insert(path.clone()) {
            continue;
        }
        opened += 1;
        let got = browser.get(&path);
        assert!(got.status < 500, "{path}: {}", got.status);
        let text = String::from_utf8_lossy(&got.body).into_owned();
        for record in marks(&text).into_iter().filter(|r| !named.contains(r)) {
            leaks.entry(record).or_insert_with(|| path.clone());
        }
        if got.headers.get("content-type").is_some_and(|t| t.to_str().unwrap().starts_with("text/html")) {
            next.extend(links(&text));
        }
    }
    (opened, leaks)
}

/// Who looks on: a role, its unit, the own person.
fn readers(office: &Installation, tx: &mut Tx<'_>) -> Vec<(Role, Option<i64>, Option<i64>)> {
    let current = office.current(tx).unwrap();
    let (chart, units) = (current.organisation.chart().unwrap(), current.organisation.table(UNIT).unwrap());
    let today = office.clock.now().day;
    let open = |u: &usize| units.opens[*u] <= today && today <= units.closing(*u);
    let sections: Vec<usize> = (0..units.len()).filter(|u| chart.organ[*u] != *u && open(u)).collect();
    let districts: Vec<usize> =
        (0..units.len()).filter(|u| chart.organ[*u] == *u && !chart.tops.contains(u) && open(u)).collect();
    let persons = current.organisation.table(dongliang::verdict::world::PERSON).unwrap();
    let placed: Vec<usize> = (0..persons.len()).filter(|p| chart.post_on(*p, today).is_some()).collect();
    let mut dice = Dice(23);
    let section = units.ids[sections[dice.below(sections.len())]];
    let [one, two] = [(); 2].map(|()| units.ids[districts[dice.below(districts.len())]]);
    let cadre = placed[dice.below(placed.len())];
    let clerk = placed[dice.below(placed.len())];
    let desk = units.ids[chart.post_on(clerk, today).unwrap().unit];
    vec![
        (Role::Clerk, Some(section), None),
        (Role::Clerk, Some(desk), Some(persons.ids[clerk])),
        (Role::UnitAdmin, Some(one), None),
        (Role::Cadre, None, Some(persons.ids[cadre])),
        (Role::Auditor, Some(two), None),
    ]
}

/// Addresses of what is not in scope look like those of what is not there.
fn refused(browser: &mut Browser, allowed: &Allowed, outside: &[Record]) {
    let told = |got: &Got, path: &str| assert_eq!(got.status, 404, "{path}");
    for (ledger, id) in outside {
        for text in [mark(ledger, *id), id.to_string()] {
            let path = format!("/ledgers/{ledger}/{text}");
            told(&browser.get(&path), &path);
        }
    }
    for path in &allowed.foreign {
        told(&browser.get(path), path);
        let later = format!("{path}?as_of=2025-06-01&known_at=2025-06-01T08:00");
        told(&browser.get(&later), &later);
    }
}

/// With so many readers, who each open so many pages that lead on from where they begin.
fn leaks(db: &Db, readers_of: usize, pages: usize) {
    let office = city(db);
    let (whole, readers) = office
        .db
        .read(|tx| {
            let current = office.current(tx)?;
            Ok((Whole::read(tx, &current.engine.layout.ledgers), readers(&office, tx)))
        })
        .unwrap();
    let mut told = Vec::new();
    for (n, (role, unit, person)) in readers.into_iter().take(readers_of).enumerate() {
        let id = account(&office, &format!("reader{n}"), role, unit, person);
        let allowed = office
            .db
            .read(|tx| {
                let reach = reach(&office, tx, id, person);
                Ok(allowed(&office, tx, &whole, &reach))
            })
            .unwrap();
        // One record of each ledger that the reader does not reach.
        let outside: Vec<Record> = whole
            .ledgers
            .iter()
            .filter_map(|l| {
                let of = |r: &i64| (l.name.clone(), *r);
                let mut rows = whole.rows[&l.name].iter().map(|r| r.record_id);
                rows.find(|r| !allowed.seen.contains(&of(r)) && !allowed.named.contains(&of(r))).map(|r| of(&r))
            })
            .collect();
        assert!(outside.len() > 10 && allowed.foreign.len() > 10, "{role:?}: there is something to be kept");
        let mut browser = Browser::logged_in(&office, id);
        let (opened, found) = walk(&mut browser, beginnings(&whole, &outside), &allowed.named, pages);
        assert!(opened > 100, "{role:?}: {opened} pages");
        told.extend(
            found.into_iter().map(|(record, path)| format!("{role:?} {unit:?} {person:?}: {record:?} on {path}")),
        );
        refused(&mut browser, &allowed, &outside);
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
fn nothing_outside_the_scope_is_told() {
    dongliang::db::testing::on_sqlite(|db| leaks(db, 5, 220));
}

/// The same conditions in the other dialect; a clerk with and one without a person, and an administrator, suffice.
#[test]
fn nothing_outside_the_scope_is_told_by_postgres() {
    dongliang::db::testing::on_postgres(|db| leaks(db, 3, 60));
}
