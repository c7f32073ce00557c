//! 搜索: what is found by name, initials and number, and that nothing outside the scope is, nor by what is sensitive.

use std::collections::{BTreeMap, BTreeSet};

use dongliang::{
    auth::Role,
    db::Db,
    db_test,
    directive::model::Ledger,
    form::{
        Around, Directory,
        directory::{Entry, initials},
        surname,
    },
    ledger::Stored,
    names,
    org::builtin,
    scope::Scope,
    search::{self, Titles},
    verdict::world::{PERSON, UNIT},
};

use crate::{
    scope::{Dice, Whole, city, reader},
    visit::{Browser, Got, account, encoded},
    web_lists::{office, put},
};

fn search(b: &mut Browser, text: &str) -> Got {
    b.get(&format!("/search?q={}", encoded(text)))
}

/// The heads of the groups on the page: `人员3`.
fn heads(got: &Got) -> Vec<String> {
    let text = got.text();
    let heads = text.split("scope=\"rowgroup\">").skip(1).map(|piece| piece.split('条').next().unwrap_or_default());
    heads.map(|head| head.replace("<small>", "")).collect()
}

db_test!(it_finds_by_name_initials_and_number, |db: &Db| {
    let o = &office(db);
    put(o, "person", "P5", None, &[("name", "𠮷田一郎".into())]);
    put(o, "person", "Q6", None, &[("name", "查朗樵".into())]);
    let mut b = Browser::of(o, Role::Office);
    for (text, found) in [
        ("孙三", &["人员1"][..]),
        (" 孙三 ", &["人员1"]),
        ("ss", &["人员1"]),
        ("zlq", &["人员1"]),
        ("clq", &["人员1"]),
        ("p3", &["人员1"]),
        ("P", &["人员5", "要求1"]),
        ("𠮷", &["人员1"]),
        ("柳溪", &["单位1"]),
        ("lxx", &["单位1"]),
        ("办公室", &["单位1"]),
        ("U1", &["单位3"]),
        ("R-21", &["要求1"]),
        ("干21", &["要求1"]),
        ("Z1", &["指导记录1"]),
        ("z1", &["指导记录1"]),
        ("J1", &["导师帮带结对1"]),
        ("J", &["单位2", "要求1", "导师帮带结对2"]),
        ("j", &["单位2", "要求1", "导师帮带结对2"]),
        ("Z", &["人员2", "要求1", "指导记录4"]),
        ("钱二—孙三", &["导师帮带结对1"]),
        ("钱二－孙三", &["导师帮带结对1"]),
        ("孙三—钱二", &[]),
        ("没有的", &[]),
        ("%", &[]),
        ("_", &[]),
        ("%'_\"<script>", &[]),
        ("13912342716", &[]),
        ("139", &[]),
        ("2716", &[]),
        ("讲解", &[]),
    ] {
        let got = search(&mut b, text);
        assert_eq!(got.status, 200, "{text}");
        assert_eq!(heads(&got), found, "{text}: {}", got.read());
        assert!(!found.is_empty() || got.read().contains("没有找到"), "{text}");
        assert!(!got.text().contains("<script>"), "{text}");
    }
    let page = search(&mut b, "孙三").text();
    assert!(
        page.contains(r#"<a href="/ledgers/person/P3">孙三</a>"#) && page.contains("柳溪县发改局 办公室　P3"),
        "{page}"
    );
    assert!(page.contains(r#"id="gq" name="q" value="孙三""#), "the bar keeps it: {page}");
    // A name that was corrected is found as it is now.
    let (row, mut person) =
        o.db.read(|tx| {
            let ledger = &o.current(tx)?.engine.layout.ledgers[PERSON].clone();
            let row = dongliang::ledger::store::find_by_code(tx, ledger, &Scope::All, "P5")?.remove(0);
            Ok((row.clone(), row))
        })
        .unwrap();
    person.values[0] = "方正".into();
    let new = dongliang::ledger::NewRow { code: person.code, unit: person.unit, values: person.values };
    dongliang::facts::correct(o, "周敏", "person", (row.record_id, row.revision), new, "更名").unwrap();
    assert_eq!(heads(&search(&mut b, "方正")), ["人员1"]);
    assert!(heads(&search(&mut b, "𠮷")).is_empty());
});

db_test!(what_cannot_be_looked_for_stays_as_typed, |db: &Db| {
    let o = &office(db);
    let mut b = Browser::of(o, Role::Office);
    for path in ["/search", "/search?q=", "/search?q=%20%20"] {
        let got = b.get(path);
        assert!(got.status == 200 && got.read().contains("可以搜索人员、单位、要求、记录和公文"), "{path}");
    }
    let long = "长".repeat(2_000);
    let got = search(&mut b, &long);
    let page = got.text();
    assert!(got.status == 200 && page.contains("最多50个字，现在有2000个，请缩短。"), "{page}");
    assert!(page.contains(&format!(r#"name="q" type="text" value="{long}""#)), "what was typed stays");
    assert!(page.len() < 60_000, "{} bytes", page.len());
    assert!(search(&mut b, "a\u{0}b").read().contains("无法识别的字符"));
    assert!(b.get("/search?q=x&who=y").read().contains("地址中的“who”不是这一页的条件"));
});

db_test!(each_finds_only_what_he_may_see, |db: &Db| {
    let o = &office(db);
    // 孙三 (3) sees himself and the pair that names him; the 科 that was closed has nobody.
    let mut own = Browser::logged_in(o, account(o, "own", Role::Cadre, None, Some(3)));
    assert_eq!(heads(&search(&mut own, "孙三")), ["人员1"]);
    assert!(heads(&search(&mut own, "赵一")).is_empty() && heads(&search(&mut own, "P")) == ["人员1", "要求1"]);
    assert_eq!(heads(&search(&mut own, "J1")), ["导师帮带结对1"]);
    assert!(heads(&search(&mut own, "J2")).is_empty() && heads(&search(&mut own, "Z3")).is_empty());
    assert_eq!(heads(&search(&mut own, "J")), ["要求1", "导师帮带结对1"]);
    assert!(heads(&search(&mut own, "赵一—钱二")).is_empty());
    assert!(heads(&search(&mut own, "柳溪")).is_empty());
    assert_eq!(heads(&search(&mut own, "R-21")), ["要求1"]);
    let mut clerk = Browser::logged_in(o, account(o, "clerk", Role::Clerk, Some(3), None));
    assert_eq!(heads(&search(&mut clerk, "P")), ["人员2", "要求1"]);
    assert_eq!(heads(&search(&mut clerk, "U1")), ["单位1"]);
    // Who sees no records has no form in the bar either.
    let mut officer = Browser::of(o, Role::Security);
    assert_eq!(officer.get("/search?q=P").status, 403);
    assert!(!officer.get("/accounts").text().contains("/search"));
});

/// What fits a text, said once more.
fn fits(name: &str, short: &str, code: &str, text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let latin = text.is_ascii() && (code.to_ascii_lowercase().contains(&lower) || initials(name).contains(&lower));
    name.contains(text) || short.contains(text) || latin
}

/// The records of a ledger that a text fits, by the definition.
fn expected(ledger: &Ledger, rows: &[&Stored], text: &str) -> BTreeSet<i64> {
    let title = names::title_fields(ledger).0;
    let value = |row: &Stored, field: &str| row.value(ledger, field).as_text().unwrap_or_default().to_owned();
    let fit = |row: &&&Stored| {
        let code = row.code.clone().unwrap_or_default();
        // Another reading of a surname fits as the usual one does.
        let other = ledger.name == "person" && text.is_ascii() && {
            let lower = text.to_ascii_lowercase();
            surname::readings(&value(row, "name")).split(' ').any(|read| read.contains(&lower))
        };
        let whole = code.starts_with(text) || code.starts_with(&text.to_ascii_uppercase());
        let short = if ledger.name == "unit" { value(row, "short") } else { String::new() };
        whole || other || title.as_ref().is_some_and(|t| fits(&value(row, t), &short, &code, text))
    };
    rows.iter().filter(fit).map(|row| row.record_id).collect()
}

/// Whether more codes begin with a text than are looked at.
fn crowd(whole: &Whole, ledger: &Ledger, text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    let begins = |row: &&Stored| row.code.as_ref().is_some_and(|c| c.starts_with(text) || c.starts_with(&upper));
    whole.rows[&ledger.name].iter().filter(begins).count() > 20_000
}

fn readers(db: &Db) {
    let installation = city(db);
    let mut dice = Dice(29);
    db.read(|tx| {
        let current = installation.current(tx)?;
        let layout = &current.engine.layout;
        let whole = Whole::read(tx, &layout.ledgers);
        let directory = Directory::read(tx)?;
        let titles = Titles::default();
        let (mut asked, mut hits) = (0, 0);
        for n in 0..8 {
            let reach = reader(&installation, tx, &mut dice);
            let parts = reach.person.map(|p| whole.parts(p)).unwrap_or_default();
            let scope = if n == 0 { Scope::All } else { Scope::Within(reach.clone().into()) };
            let around =
                Around { current: &current, directory: &directory, scope: &scope, today: installation.clock.now().day };
            let seen = |ledger: &Ledger| -> Vec<&Stored> {
                let rows = whole.rows[&ledger.name].iter();
                rows.filter(|row| scope == Scope::All || whole.seen(ledger, row, &reach, &parts)).collect()
            };
            for _ in 0..12 {
                let text = word(&whole, &directory, &mut dice);
                let found: BTreeMap<usize, _> = search::records(tx, &around, &titles, &text)?.into_iter().collect();
                for (table, ledger) in layout.ledgers.iter().enumerate().filter(|(_, l)| !l.derived) {
                    let got = match table {
                        PERSON | UNIT => around.search(tx, table, &text)?,
                        _ if table < builtin::COUNT => continue,
                        _ => found.get(&table).cloned().unwrap_or_default(),
                    };
                    let expected = expected(ledger, &seen(ledger), &text);
                    if crowd(&whole, ledger, &text) {
                        assert!(got.total <= expected.len() && got.hits.iter().all(|hit| expected.contains(&hit.id)));
                        continue;
                    }
                    assert_eq!(got.total, expected.len(), "{} {text:?} {reach:?}", ledger.name);
                    let shown = if table < builtin::COUNT { search::SHOWN } else { search::SHOWN_EACH };
                    assert_eq!(got.hits.len(), expected.len().min(shown), "{} {text:?}", ledger.name);
                    assert!(got.hits.iter().all(|hit| expected.contains(&hit.id)), "{} {text:?}", ledger.name);
                    hits += got.total;
                }
                asked += 1;
            }
        }
        assert!(asked == 96 && hits > 500, "{hits} hits");
        Ok(())
    })
    .unwrap();
}

/// Something to look for: a piece of a name, initials, a number, of anything in the city.
fn word(whole: &Whole, directory: &Directory, dice: &mut Dice) -> String {
    let piece = |text: &str, dice: &mut Dice| {
        let letters: Vec<char> = text.chars().collect();
        let from = dice.below(letters.len().max(1));
        let to = from + 1 + dice.below(3);
        letters[from.min(letters.len())..to.min(letters.len())].iter().collect::<String>()
    };
    let entry = |all: &[Entry], dice: &mut Dice| all[dice.below(all.len())].clone();
    let text = match dice.below(6) {
        0 => piece(&entry(&directory.persons, dice).name, dice),
        1 => piece(&entry(&directory.units, dice).name, dice),
        2 => piece(&entry(&directory.persons, dice).initials, dice),
        3 => entry(&directory.persons, dice).code,
        _ => {
            let ledger = &whole.ledgers[dice.below(whole.ledgers.len())];
            let rows = &whole.rows[&ledger.name];
            let row = rows.get(dice.below(rows.len().max(1)));
            let title = names::title_fields(ledger).0;
            let named = row.and_then(|r| r.value(ledger, &title?).as_text().map(str::to_owned));
            match named.filter(|_| dice.below(2) == 0) {
                Some(name) => piece(&name, dice),
                None => row.and_then(|r| r.code.clone()).unwrap_or_default(),
            }
        }
    };
    if text.trim().is_empty() { "发改".into() } else { text }
}

#[test]
fn hits_and_counts_are_those_of_the_scope() {
    dongliang::db::testing::on_sqlite(readers);
}

/// The same in the other dialect.
#[test]
fn hits_and_counts_are_those_of_the_scope_by_postgres() {
    dongliang::db::testing::on_postgres(readers);
}
