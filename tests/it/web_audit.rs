//! 操作日志 as a browser gets it.

use std::sync::Arc;

use dongliang::{
    audit::{self, About, By, Filter, Kind, Line},
    auth::Role,
    db::{Db, Value},
    db_test, facts,
    installation::Installation,
    ledger::{NewRow, store},
    scope::{Actor, Scope},
};

use crate::{
    audit::signer,
    visit::{Browser, Got},
    web_lists::office,
};

fn get(office: &Installation, path: &str) -> Got {
    Browser::of(office, Role::Auditor).get(path)
}

/// Corrects the content of a record of guidance, and the phone of a person.
pub(crate) fn corrected(office: &Installation, ledger: &str, field: &str, value: &str) -> i64 {
    let (row, at) = office
        .db
        .read(|tx| {
            let current = office.current(tx)?;
            let layout = &current.engine.layout;
            let definition = &layout.ledgers[layout.index(ledger).unwrap()];
            let row = store::get(tx, definition, &Scope::All, 2, None)?.unwrap();
            let mut values = row.values.clone();
            values[definition.field_index(field).unwrap()] = value.into();
            Ok((NewRow { code: row.code, unit: row.unit, values }, (row.record_id, row.revision)))
        })
        .unwrap();
    facts::correct(office, "安四", ledger, at, row, "写错了").unwrap();
    at.0
}

db_test!(entries_are_read_filtered_and_paged, |db: &Db| {
    let mut office = office(db);
    office.signer = Some(Arc::new(signer()));
    corrected(&office, "guidance", "content", "<b>改过</b>");
    corrected(&office, "person", "phone", "13800000000");
    // The reader's account is an entry as well.
    get(&office, "/audit");
    audit::tend(&office).unwrap();
    let page = get(&office, "/audit");
    assert_eq!(page.status, 200);
    let read = page.read();
    assert!(read.contains("安四　更正“指导记录”"), "{read}");
    assert!(page.text().contains("&#60;b&#62;改过&#60;/b&#62;") && !page.text().contains("<b>改过"), "escaped");
    assert!(read.contains("（加密）") && !read.contains("13800000000"), "a sensitive value is not told");
    assert!(read.contains("原因：写错了") && read.contains("还没有全面核验"));
    let total = audit::verify(db, &crate::audit::against()).unwrap().entries;
    assert!(read.contains(&format!("共{total}条，根")) && read.contains(&format!("，第{total}条。")), "{read}");
    // The whole log is verified behind the pages.
    assert!(audit::look(&office).unwrap().is_clean());
    assert!(get(&office, "/audit").read().contains("校验通过"));
    // Conditions stand in the address.
    let only = get(&office, "/audit?kind=correct&ledger=guidance").read();
    assert!(only.contains("更正“指导记录”") && !only.contains("登记“") && only.contains("事项：更正"));
    assert!(get(&office, "/audit?who=%E5%91%A8%E6%95%8F").read().contains("周敏　登记“"));
    assert!(get(&office, "/audit?from=2030-01-01").read().contains("没有符合条件的日志"));
    assert!(get(&office, "/audit?from=x").read().contains("不是有效日期"));
    assert!(get(&office, "/audit?from=2025-10-02&to=2025-10-01").read().contains("止日应不早于起日"));
    // A link goes to the record.
    assert!(page.text().contains("href=\"/ledgers/guidance/Z2\""));
    // A changed entry is seen at once, and so is what the verification found.
    db.write(|tx| tx.execute("update audit_entry set at = at + 1 where seq = 3", &[])).unwrap();
    assert!(get(&office, "/audit").read().contains("断点：本页有1条日志被改动"));
    assert_eq!(audit::look(&office).unwrap().found, 2, "the entry itself, and its seal");
    assert!(get(&office, "/audit?kind=void").read().contains("2处不符"));
});

db_test!(a_list_goes_on_where_it_stopped_and_shows_no_more_than_the_scope, |db: &Db| {
    let office = office(db);
    for n in 0..60_i64 {
        let actor = Actor { account: None, name: format!("人{}", n % 3), at: n };
        db.write(move |tx| {
            audit::note(tx, &actor, Kind::Login, serde_json::json!({}));
            Ok(())
        })
        .unwrap();
    }
    let page = get(&office, "/audit?kind=login");
    assert_eq!(page.text().matches("<li").count(), get(&office, "/audit").text().matches("<li").count());
    let text = page.text();
    let older = text.split("href=\"").find(|h| h.contains("before=")).unwrap().split('"').next().unwrap();
    let older = get(&office, &older.replace("&amp;", "&").replace("&#38;", "&"));
    assert_eq!(older.text().matches("待编号").count(), 10, "{}", older.read());
    assert!(older.read().contains("回到最新") && !older.read().contains("更早的日志"));
    let (all, own, none) = db
        .read(|tx| {
            let list = |tx: &mut _, scope| audit::list(tx, &scope, &Filter::default(), None, 500);
            let own = list(tx, Scope::units([3].into()))?;
            let none = list(tx, Scope::units([].into()))?;
            let counts = audit::counts(tx, &Scope::units([3].into()), &Filter::default(), &[By::Kind])?;
            assert_eq!(counts[0].iter().map(|(_, n)| *n).sum::<i64>(), own.len() as i64);
            Ok((list(tx, Scope::All)?, own, none))
        })
        .unwrap();
    assert!(none.is_empty() && !own.is_empty() && own.len() < all.len());
    let units = db.read(|tx| {
        let sql = "select count(*) from audit_entry where unit_id = 3";
        tx.one(sql, &[], |r| r.value(0))
    });
    assert_eq!(units.unwrap(), Some(Value::I64(own.len() as i64)));
});

// Whatever is asked for, the entries are those that meet it, the newest first, and so are the counts.
db_test!(every_filter_finds_what_meets_it, |db: &Db| {
    let kinds = [Kind::Login, Kind::Export, Kind::Grant];
    let ledgers = [None, Some("person"), Some("guidance")];
    for n in 0..120_i64 {
        let actor = Actor { account: None, name: format!("人{}", n % 4), at: 1_000 + (n * 7) % 50 };
        let about = About { ledger: ledgers[n as usize % 3].map(str::to_owned), unit: Some(n % 5), ..About::default() };
        let kind = kinds[(n as usize / 4) % 3];
        db.write(move |tx| {
            audit::note_of(tx, &actor, kind, serde_json::json!({}), about);
            Ok(())
        })
        .unwrap();
    }
    let everything = db.read(|tx| audit::list(tx, &Scope::All, &Filter::default(), None, 1_000)).unwrap();
    assert_eq!(everything.len(), 120);
    let texts = |all: &[&str]| all.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
    let actors = [&[][..], &["人1"], &["人1", "人3"], &["无此人"], &["' or 1 = 1 --"]];
    for (a, k, l, times, units) in
        (0..actors.len() * 3 * 3 * 4 * 2).map(|i| (i % 5, i / 5 % 3, i / 15 % 3, i / 45 % 4, i / 180))
    {
        let filter = Filter {
            kinds: kinds[..k].to_vec(),
            actors: texts(actors[a]),
            ledgers: texts(&["person", "guidance"][..l]),
            from: (times > 1).then_some(1_010),
            until: (times % 2 == 1).then_some(1_030),
        };
        let scope = if units == 0 { Scope::All } else { Scope::units([1, 2].into()) };
        let unit = |line: &Line| (everything.iter().rev().position(|e| e.row_id == line.row_id).unwrap() % 5) as i64;
        let meets = |line: &&Line, but: Option<By>| {
            let one_of = |by: By, wanted: Vec<&str>, has: Option<&str>| {
                but == Some(by) || wanted.is_empty() || has.is_some_and(|h| wanted.contains(&h))
            };
            one_of(By::Kind, filter.kinds.iter().map(|k| k.as_str()).collect(), Some(&line.kind))
                && one_of(By::Actor, filter.actors.iter().map(String::as_str).collect(), Some(&line.actor))
                && one_of(By::Ledger, filter.ledgers.iter().map(String::as_str).collect(), line.ledger.as_deref())
                && filter.from.is_none_or(|from| line.at >= from)
                && filter.until.is_none_or(|until| line.at < until)
                && (units == 0 || [1, 2].contains(&unit(line)))
        };
        let wanted: Vec<i64> = everything.iter().filter(|l| meets(l, None)).map(|l| l.row_id).collect();
        let (first, rest, counts) = db
            .read(|tx| {
                let ids = |lines: Vec<Line>| lines.iter().map(|l| l.row_id).collect::<Vec<_>>();
                let first = ids(audit::list(tx, &scope, &filter, None, 7)?);
                let rest = match first.last() {
                    Some(last) => ids(audit::list(tx, &scope, &filter, Some(*last), 1_000)?),
                    None => Vec::new(),
                };
                Ok((first, rest, audit::counts(tx, &scope, &filter, &[By::Kind, By::Actor, By::Ledger])?))
            })
            .unwrap();
        assert_eq!([first, rest].concat(), wanted, "{filter:?}");
        let having = |by: By, has: &dyn Fn(&Line) -> bool| {
            everything.iter().filter(|l| meets(l, Some(by)) && has(l)).count() as i64
        };
        for (name, n) in &counts[0] {
            assert_eq!(*n, having(By::Kind, &|l| l.kind == *name), "{filter:?} {name}");
        }
        for (name, n) in &counts[1] {
            assert_eq!(*n, having(By::Actor, &|l| l.actor == *name), "{filter:?} {name}");
        }
        for (name, n) in &counts[2] {
            assert_eq!(*n, having(By::Ledger, &|l| l.ledger.as_ref() == Some(name)), "{filter:?} {name}");
        }
    }
});
