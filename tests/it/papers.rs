//! Papers: drawn, written in, issued under numbers without a gap, frozen, and told apart from what changes afterwards.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use dongliang::{
    auth::Role,
    clock::Clock,
    day::Day,
    db::{Db, Value, testing::TempDir},
    db_test, document, facts,
    figures::Period,
    installation::Installation,
    ledger::Keys,
    paper::{self, Content, Kind, Stamp, Wanted, digest, file, issue, store},
    scope::{Actor, Scope},
};

use crate::{
    visit::{Browser, account, now},
    web_lists::{office, put},
};

fn actor(name: &str) -> Actor {
    Actor { account: None, name: name.into(), at: now() }
}

fn wanted(kind: Kind, unit: Option<i64>) -> Wanted {
    Wanted { kind, period: Period::parse("2025Q2"), unit, requirements: Vec::new() }
}

fn drawn(o: &Installation, wanted: &Wanted) -> Content {
    o.db.read(|tx| paper::draw(tx, o, &Scope::All, wanted)).unwrap().unwrap()
}

/// The small office with a data directory.
fn place(db: &Db, dir: &TempDir) -> Installation {
    let mut o = office(db);
    o.directory = Some(Arc::from(dir.0.as_path()));
    o
}

fn drafted(o: &Installation, wanted: &Wanted) -> i64 {
    let (wanted, content) = (wanted.clone(), drawn(o, wanted));
    o.db.write(move |tx| store::add(tx, &actor("周敏"), &wanted, &content)).unwrap()
}

fn issued(o: &Installation, id: i64, prefix: &str) -> anyhow::Result<store::Issued> {
    issue::issue(o, &actor("周敏"), (id, 1), (prefix, Day::parse("2025-07-10").unwrap()))
}

/// One more record of guidance for the first pair in June: it changes what is told of the second quarter.
fn guided(o: &Installation, code: &str, day: &str) -> i64 {
    let filled: [(&str, Value); 4] =
        [("pair", 1.into()), ("day", day.into()), ("content", "一同看项目".into()), ("confirmed", day.into())];
    put(o, "guidance", code, None, &filled)
}

db_test!(every_kind_is_drawn_and_gives_the_same_bytes_again, |db: &Db| {
    let o = &office(db);
    for kind in Kind::ALL {
        let unit = kind.of_unit().then_some(2);
        let (one, two) = (drawn(o, &wanted(kind, unit)), drawn(o, &wanted(kind, unit)));
        assert_eq!(one, two, "{kind:?}");
        assert!(!one.figures.is_empty() && !one.title().is_empty(), "{kind:?}");
        let bytes = |c: &Content| document::docx(&paper::document(c, &Stamp::default())).unwrap();
        assert!(bytes(&one) == bytes(&two), "{kind:?}");
        let sheets = |c: &Content| document::xlsx::xlsx(&paper::sheets(c, &Stamp::default())).unwrap();
        // A draft is marked as one, in either file.
        assert!(format!("{:?}", paper::document(&one, &Stamp::default())).contains("草稿"), "{kind:?}");
        assert!(paper::sheets(&one, &Stamp::default()).iter().all(|s| s.subtitle.contains("草稿")), "{kind:?}");
        let stamp = Stamp {
            number: "云发改干建〔2025〕1号".into(), day: "2025年10月20日".into(), ..Stamp::default()
        };
        assert!(!format!("{:?}", paper::document(&one, &stamp)).contains("草稿"), "{kind:?}");
        assert!(!paper::sheets(&one, &stamp).iter().any(|s| s.subtitle.contains("草稿")), "{kind:?}");
        assert!(sheets(&one) == sheets(&two), "{kind:?}");
        let again: Content = serde_json::from_str(&serde_json::to_string(&one).unwrap()).unwrap();
        assert_eq!(again, one, "{kind:?} comes back as it was kept");
    }
    let refused = |wanted: &Wanted| o.db.read(|tx| paper::draw(tx, o, &Scope::All, wanted)).unwrap().unwrap_err();
    let later = Wanted { period: Period::parse("2031Q1"), ..wanted(Kind::Quarterly, None) };
    assert!(refused(&later).contains("还没有开始"));
    let before = Wanted { period: Period::parse("2024Q4"), ..wanted(Kind::Quarterly, None) };
    assert!(refused(&before).contains("没有任何判定"));
    assert!(refused(&wanted(Kind::UnitFile, Some(3))).contains("科室"), "a section has none");
    let order = |id: &str| Wanted { requirements: vec![id.into()], ..wanted(Kind::Order, Some(2)) };
    assert!(refused(&order("R-99")).contains("没有正在判定的要求“R-99”"));
});

db_test!(the_paper_says_what_the_page_says, |db: &Db| {
    let o = &office(db);
    let content = drawn(o, &wanted(Kind::Quarterly, None));
    let mut b = Browser::of(o, Role::Office);
    let page = b.get("/?period=2025Q2").read();
    let text = |key: &str| content.figures.iter().find(|f| f.key == key).map(|f| f.text.clone()).unwrap();
    assert!(
        page.contains(&format!("{}项次判定中达标或按计划的占{}", text("all/judged"), text("all/on_plan"))),
        "{page}"
    );
    for state in ["pass", "fail", "unknown", "na"] {
        let word = [("pass", "达标"), ("fail", "未达标"), ("unknown", "数据不足"), ("na", "不适用")];
        let word = word.iter().find(|(s, _)| *s == state).unwrap().1;
        assert!(page.contains(&format!("{word}{}项", text(&format!("all/states/{state}")))), "{state}: {page}");
    }
    let unit = b.get("/units/U1?period=2025Q2").read();
    let file = drawn(o, &wanted(Kind::UnitFile, Some(2)));
    for f in file.figures.iter().filter(|f| ["/value", "/target"].iter().any(|end| f.key.ends_with(end))) {
        assert!(unit.contains(&f.text), "{}: {}", f.key, f.text);
    }
});

db_test!(an_order_is_issued_with_its_day_and_waits_for_the_units_reply, |db: &Db| {
    let dir = TempDir::new();
    let o = &place(db, &dir);
    let order = wanted(Kind::Order, Some(2));
    let id = drafted(o, &order);
    let why = issued(o, id, "云发改督").unwrap_err().to_string();
    assert!(why.contains("还没有写明办理期限"), "{why}");
    let due = |text: &'static str| {
        let (order, mut content) = (order.clone(), drawn(o, &order));
        content.write("due", text);
        let id = o.db.write(move |tx| store::add(tx, &actor("周敏"), &order, &content)).unwrap();
        issued(o, id, "云发改督")
    };
    assert!(due("尽快").unwrap_err().to_string().contains("“尽快”不是日期"));
    assert!(due("2025年10月1日").unwrap_err().to_string().contains("已经到了"));
    assert_eq!(due("2025年11月10日").unwrap().number.to_string(), "云发改督〔2025〕1号");
    let mut unit = Browser::of(o, Role::UnitAdmin);
    let waits = unit.get("/todo").read();
    assert!(waits.contains("督办单云发改督〔2025〕1号") && waits.contains("2025年11月10日前（含当日）回复"), "{waits}");
    let got = unit.submit("/supervise/1", "/supervise/1/reply", &[("text", "已补记")]);
    assert_eq!(got.status, 303, "{}", got.read());
});

db_test!(numbers_have_no_gap_however_many_issue_at_once, |db: &Db| {
    let dir = TempDir::new();
    let o = &place(db, &dir);
    let ids: Vec<i64> = (0..8).map(|_| drafted(o, &wanted(Kind::UnitFile, Some(2)))).collect();
    let how: Vec<store::Issued> = std::thread::scope(|s| {
        let hands: Vec<_> = ids.iter().map(|id| s.spawn(move || issued(o, *id, "云发改").unwrap())).collect();
        hands.into_iter().map(|h| h.join().unwrap()).collect()
    });
    let numbers: BTreeSet<i64> = how.iter().map(|i| i.number.sequence).collect();
    assert_eq!(numbers, (1..=8).collect());
    for i in &how {
        assert_eq!(file::read(&dir.0, &i.file).unwrap().len() as i64, i.bytes);
    }
    // Another prefix and another year count for themselves; one that is issued is not issued again.
    let id = drafted(o, &wanted(Kind::UnitFile, Some(2)));
    assert_eq!(issued(o, id, "云发改督").unwrap().number.to_string(), "云发改督〔2025〕1号");
    assert!(issued(o, id, "云发改").unwrap_err().to_string().contains("已由周敏印发"));
    let id = drafted(o, &wanted(Kind::UnitFile, Some(2)));
    let on = |day: &str| issue::issue(o, &actor("周敏"), (id, 1), ("云发改", Day::parse(day).unwrap()));
    assert!(on("2025-10-21").unwrap_err().to_string().contains("不能晚于今天"));
    let next = on("2024-12-31").unwrap();
    assert_eq!((next.number.year, next.number.sequence), (2024, 1));
});

db_test!(what_is_refused_is_neither_signed_nor_written, |db: &Db| {
    let dir = TempDir::new();
    let mut o = place(db, &dir);
    o.signer = Some(Arc::new(crate::audit::signer()));
    let o = &o;
    let left = || {
        let files = std::fs::read_dir(dir.0.join(file::DIRECTORY)).map_or(0, Iterator::count);
        let sql = "select count(*) from audit_checkpoint";
        (files, o.db.read(|tx| tx.one(sql, &[], |r| r.i64(0))).unwrap().unwrap())
    };
    let id = drafted(o, &wanted(Kind::UnitFile, Some(2)));
    let stale = issue::issue(o, &actor("周敏"), (id, 7), ("云发改", Day::parse("2025-07-10").unwrap()));
    assert!(stale.unwrap_err().to_string().contains("别人改过") && left() == (0, 0));
    issued(o, id, "云发改").unwrap();
    let once = left();
    assert!(once.0 == 1 && once.1 >= 1, "{once:?}");
    assert!(issued(o, id, "云发改").unwrap_err().to_string().contains("已由周敏印发"));
    let dropped = drafted(o, &wanted(Kind::UnitFile, Some(2)));
    o.db.write(move |tx| store::drop(tx, &actor("周敏"), (dropped, 1))).unwrap();
    assert!(issued(o, dropped, "云发改").unwrap_err().to_string().contains("不用了"));
    assert!(issued(o, 99, "云发改").is_err());
    // Of a quarter that runs nothing is issued: its figures still change.
    for kind in [Kind::Quarterly, Kind::Order] {
        let wanted = Wanted { period: Period::parse("2025Q4"), ..wanted(kind, kind.of_unit().then_some(2)) };
        let whole = drawn(o, &self::wanted(Kind::UnitFile, Some(2)));
        let content = Content { period: "2025Q4".into(), ..whole };
        let id = o.db.write(move |tx| store::add(tx, &actor("周敏"), &wanted, &content)).unwrap();
        let why = issued(o, id, "云发改").unwrap_err().to_string();
        assert!(why.contains("2025年第四季度到2025年12月31日才结束"), "{why}");
        assert_eq!(why.contains("“当前”"), kind == Kind::Order, "{why}");
    }
    assert_eq!(left(), once);
});

db_test!(a_change_of_the_evidence_is_red_and_stops_the_issue, |db: &Db| {
    let dir = TempDir::new();
    let o = &place(db, &dir);
    let mut b = Browser::of(o, Role::Office);
    let fields = [("kind", "quarterly"), ("period", "2025Q2"), ("unit", ""), ("requirements", "")];
    let got = b.submit("/papers", "/papers", &fields);
    assert_eq!(got.led(), (303, "/papers/1?done=drafted"), "{}", got.read());
    let page = b.get("/papers/1");
    assert!(page.status == 200 && !page.text().contains("class=\"late\""), "{}", page.text());
    assert!(page.text().len() < 60 * 1024);
    let annex = b.get("/papers/1?part=annex");
    assert!(annex.status == 200 && annex.text().contains("/units/U1?period=2025Q2#r-21"), "{}", annex.read());
    let version =
        |page: &str| page.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    // The words are written by people; what they post for a figure is not looked at.
    let words = [
        ("version", "1"),
        ("title", "关于第二季度\n情况的通报"),
        ("to", "各单位"),
        ("next", "请抓紧。"),
        ("all/judged", "999"),
    ];
    assert_eq!(b.submit("/papers/1", "/papers/1", &words).led().0, 303);
    let saved = o.db.read(|tx| store::get(tx, 1)).unwrap().unwrap();
    assert_eq!((saved.content.title(), saved.version), ("关于第二季度情况的通报".into(), 2));
    assert_eq!(saved.digest, digest(&drawn(o, &saved.wanted).figures));
    // Who looks at an older version is told, and keeps what was typed.
    let stale = [("version", "1"), ("title", "另一个标题"), ("to", "各单位")];
    let got = b.submit("/papers/1", "/papers/1", &stale);
    assert!(
        got.status == 422 && got.read().contains("别人改过") && got.text().contains("另一个标题"),
        "{}",
        got.read()
    );
    // The evidence changes.
    let one = guided(o, "Z9", "2025-06-10");
    let two = guided(o, "Z10", "2025-06-12");
    let page = b.get("/papers/1");
    assert!(page.text().contains("class=\"late\"") && page.read().contains("数字有变化"), "{}", page.read());
    let issue = [("version", "2"), ("prefix", "云发改"), ("on", "2025-10-20")];
    let got = b.submit("/papers/1", "/papers/1/issue", &issue);
    assert!(got.status == 422 && got.read().contains("请先重新取数"), "{}", got.read());
    assert_eq!(b.submit("/papers/1", "/papers/1/redraw", &[("version", "2")]).led().1, "/papers/1?done=redrawn");
    let page = b.get("/papers/1");
    assert!(!page.text().contains("class=\"late\"") && page.read().contains("请抓紧。"));
    assert_eq!(version(&page.text()), "3");
    for (prefix, on, told) in [
        ("", "2025-10-20", "发文机关代字"),
        ("云〔发", "2025-10-20", "不带括号"),
        ("云发改", "明天", "成文日期"),
        ("云发改", "2025-10-21", "成文日期不能晚于今天"),
    ] {
        let got = b.submit("/papers/1", "/papers/1/issue", &[("version", "3"), ("prefix", prefix), ("on", on)]);
        assert!(got.status == 422 && got.read().contains(told), "{told}");
    }
    let got = b.submit("/papers/1", "/papers/1/issue", &[("version", "3"), ("prefix", "云发改"), ("on", "2025-10-20")]);
    assert_eq!(got.led().1, "/papers/1?done=issued", "{}", got.read());
    let page = b.get("/papers/1");
    assert!(
        page.read().contains("云发改〔2025〕1号") && !page.text().contains("name=\"version\""),
        "nothing can be changed"
    );
    // Whose form is gone meanwhile is told, with what was typed.
    for (what, typed) in
        [("/issue", [("prefix", "云发改二"), ("on", "2025-10-20")]), ("", [("title", "另一题"), ("to", "各位")])]
    {
        let fields: Vec<(&str, &str)> = [("version", "3")].into_iter().chain(typed).collect();
        let got = b.submit("/papers", &format!("/papers/1{what}"), &fields);
        let read = got.read();
        assert!(
            got.status == 409
                && read.contains("印发，文号云发改〔2025〕1号")
                && read.contains(&format!("您填写的：{}", typed[0].1)),
            "{read}"
        );
    }
    let bytes = b.get("/papers/1/file?format=docx").body;
    // Later changes are told; the file is what it was.
    for id in [one, two] {
        facts::void(o, "周敏", "guidance", (id, 1), "登记有误").unwrap();
    }
    let page = b.get("/papers/1");
    assert!(page.read().contains("已印发的文件不变") && page.text().contains("class=\"late\""), "{}", page.read());
    assert!(b.get("/papers/1/file?format=docx").body == bytes);
    assert_eq!(b.submit("/papers", "/papers/1", &[("version", "4"), ("title", "改"), ("to", "改")]).status, 409);
});

db_test!(a_paper_is_seen_by_those_who_see_what_it_is_about, |db: &Db| {
    let o = &office(db);
    let (city, unit) = (drafted(o, &wanted(Kind::Quarterly, None)), drafted(o, &wanted(Kind::UnitFile, Some(2))));
    let mut own = Browser::of(o, Role::UnitAdmin);
    assert_eq!(own.get(&format!("/papers/{city}")).status, 404);
    assert_eq!(own.get(&format!("/papers/{city}/file")).status, 404);
    assert_eq!(own.get(&format!("/papers/{unit}")).status, 200);
    let list = own.get("/papers").text();
    assert!(list.contains(&format!("/papers/{unit}\"")) && !list.contains(&format!("/papers/{city}\"")));
    assert!(!list.contains("季度通报"), "nor is it offered to draft one");
    for (kind, unit, told) in [
        ("quarterly", "", "负责全市"),
        ("unit_file", "U0", "没有找到“U0”"),
        ("unit_file", "", "须选定单位"),
        ("x", "", "请选择"),
    ] {
        let fields = [("kind", kind), ("period", "2025Q2"), ("unit", unit)];
        let got = own.submit("/papers", "/papers", &fields);
        assert!(got.status == 422 && got.read().contains(told), "{told}: {}", got.read());
    }
    let token = own_token(&mut own);
    let got = own.post(&format!("/papers/{city}"), &[("form", token.as_str()), ("version", "1"), ("title", "x")]);
    assert_eq!(got.status, 404);
    // Only the office issues; an auditor only reads.
    let page = own.get(&format!("/papers/{unit}")).text();
    assert!(page.contains("/redraw\"") && !page.contains("/issue\""));
    let mut auditor = Browser::of(o, Role::Auditor);
    let page = auditor.get(&format!("/papers/{city}")).text();
    assert!(!page.contains("/redraw\"") && !page.contains("name=\"version\""));
    // Dropped, it is gone.
    let mut office = Browser::of(o, Role::Office);
    let got = office.submit(&format!("/papers/{city}"), &format!("/papers/{city}/drop"), &[("version", "1")]);
    assert_eq!(got.led().1, "/papers?done=dropped");
    assert_eq!(office.get(&format!("/papers/{city}")).status, 404);
    // A clerk is one of those to whom what is issued is addressed; at drafts he does not work, not even at his unit's.
    let mut clerk = Browser::logged_in(o, account(o, "someone", Role::Clerk, Some(2), None));
    let list = clerk.get("/papers").text();
    assert!(!list.contains(&format!("/papers/{unit}\"")) && !list.contains("action=\"/papers\""));
    assert_eq!(clerk.get(&format!("/papers/{unit}")).status, 404);
    assert_eq!(clerk.get(&format!("/papers/{unit}/file?format=docx")).status, 404);
    let cadre = account(o, "cadre", Role::Cadre, None, Some(2));
    assert_eq!(Browser::logged_in(o, cadre).get("/papers").status, 403);
});

db_test!(what_is_issued_about_the_whole_is_read_by_all_and_a_draft_is_not, |db: &Db| {
    let dir = TempDir::new();
    let o = &place(db, &dir);
    let [one, _] = [("G1", "2025-06-05"), ("G2", "2025-06-12")].map(|(code, day)| guided(o, code, day));
    let (paper, table, draft) = (
        drafted(o, &wanted(Kind::Quarterly, None)),
        drafted(o, &wanted(Kind::States, None)),
        drafted(o, &wanted(Kind::Quarterly, None)),
    );
    let mut own = Browser::of(o, Role::UnitAdmin);
    assert_eq!(own.get(&format!("/papers/{paper}")).status, 404, "not before it is issued");
    let how = issued(o, paper, "云发改干建").unwrap();
    issued(o, table, "云发改干建").unwrap();
    let list = own.get("/papers").read();
    assert!(list.contains(&how.number.to_string()) && !list.contains("取数"), "{list}");
    for id in [paper, table] {
        let page = own.get(&format!("/papers/{id}"));
        assert!(page.status == 200 && page.read().contains("云岭市发改委"), "{}", page.read());
        // The own figures lead to where they are explained, those of others and of the whole do not.
        let text = page.text();
        let main = &text[text.find("<main").unwrap()..];
        assert!(!main.contains("/units/U0") && !main.contains("href=\"/?period"), "{main}");
        let led = if main.contains("/units/U1") || main.contains("/verdicts/") {
            "您范围内的数字可点开"
        } else {
            "数字由系统取得"
        };
        assert!(main.contains(led), "{led}: {main}");
        for format in ["docx", "xlsx"] {
            let file = own.get(&format!("/papers/{id}/file?format={format}"));
            assert!(file.status == 200 && !file.body.is_empty());
        }
    }
    let mut office = Browser::of(o, Role::Office);
    let file = format!("/papers/{paper}/file?format=docx");
    assert!(own.get(&file).body == office.get(&file).body, "the very same file");
    // What the records of others say since is theirs.
    facts::void(o, "周敏", "guidance", (one, 1), "登记有误").unwrap();
    assert!(office.get(&format!("/papers/{paper}")).read().contains("已印发的文件不变"));
    assert!(!own.get(&format!("/papers/{paper}")).read().contains("已印发的文件不变"));
    assert_eq!(own.get(&format!("/papers/{draft}")).status, 404);
    assert_eq!(own.get(&format!("/papers/{draft}/file?format=docx")).status, 404);
    let mut clerk = Browser::logged_in(o, account(o, "someone", Role::Clerk, Some(2), None));
    let list = clerk.get("/papers").read();
    assert!(list.contains(&how.number.to_string()) && !list.contains("取数"), "{list}");
    assert_eq!(clerk.get(&format!("/papers/{paper}")).status, 200);
    // Of a 科室 no figure is told: none leads on, and none is said to.
    let mut section = Browser::logged_in(o, account(o, "section", Role::Clerk, Some(3), None));
    let page = section.get(&format!("/papers/{paper}")).read();
    assert!(page.contains("数字由系统取得，不能手改") && !page.contains("可点开"), "{page}");
    assert!(office.get(&format!("/papers/{paper}")).read().contains("数字都可点开看来由"));
    assert!(clerk.get(&file).body == office.get(&file).body);
    assert_eq!(clerk.get(&format!("/papers/{draft}")).status, 404);
    let found = clerk.get("/search?q=%E9%80%9A%E6%8A%A5").read();
    assert!(found.contains(&how.number.to_string()) && !found.contains("草稿"), "{found}");
    let found = own.get("/search?q=%E9%80%9A%E6%8A%A5").read();
    assert!(found.contains(&how.number.to_string()) && !found.contains("草稿"), "{found}");
});

fn own_token(b: &mut Browser) -> String {
    b.get("/account").token()
}

/// Opens what the killed process and its parent work on.
fn open(dir: &Path) -> Installation {
    let db = Db::open(&format!("sqlite:{}", dir.join("test.db").display())).unwrap();
    let clock = Clock::Standing(Day::parse("2025-10-20").unwrap());
    let mut o = Installation::new(db, Keys::from_bytes([7; 32], [9; 32]), clock).unwrap();
    o.directory = Some(Arc::from(dir));
    o
}

/// The killed process: this test, started by the one below with a directory.
#[test]
fn child() {
    let Ok(dir) = std::env::var("DONGLIANG_TEST_PAPERS") else { return };
    let o = &open(Path::new(&dir));
    std::thread::scope(|s| {
        for _ in 0..3 {
            s.spawn(|| {
                loop {
                    let id = drafted(o, &wanted(Kind::UnitFile, Some(2)));
                    let how = issued(o, id, "云发改").unwrap();
                    let line = format!("issued {} {}.\n", how.number.sequence, how.file);
                    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
                }
            });
        }
    });
}

#[test]
fn what_a_killed_process_issued_is_there_whole() {
    let dir = TempDir::new();
    drop(office(&Db::open(&format!("sqlite:{}", dir.0.join("test.db").display())).unwrap()));
    let mut told = 0;
    for round in 1..4 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "papers::child", "--nocapture"])
            .env("DONGLIANG_TEST_PAPERS", &dir.0)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut heard: Vec<(i64, String)> = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
            let Some(rest) = line.split("issued ").nth(1).and_then(|r| r.strip_suffix('.')) else { continue };
            let (sequence, name) = rest.split_once(' ').unwrap();
            heard.push((sequence.parse().unwrap(), name.to_owned()));
            if heard.len() == 2 + round {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        told += heard.len();
        let o = open(&dir.0);
        let sql = "select sequence, file from paper where sequence is not null order by sequence";
        let kept: Vec<(i64, String)> =
            o.db.read(|tx| tx.rows(sql, &[], |r| Ok((r.i64(0)?, r.text(1)?.to_owned())))).unwrap();
        assert!(heard.iter().all(|h| kept.contains(h)), "what was told is there");
        assert!(kept.len() >= told);
        let numbers: Vec<i64> = kept.iter().map(|k| k.0).collect();
        assert_eq!(numbers, (1..=numbers.len() as i64).collect::<Vec<_>>(), "without a gap");
        for (_, name) in &kept {
            file::read(&dir.0, name).unwrap();
        }
        // A draft that was killed before its number is a draft, and can be issued.
        let sql = "select row_id from paper where sequence is null order by row_id limit 1";
        if let Some(id) = o.db.read(|tx| tx.one(sql, &[], |r| r.i64(0))).unwrap() {
            issued(&o, id, "云发改").unwrap();
            told += 1;
        }
    }
}

db_test!(a_paper_is_asked_for_by_pickers, |db: &Db| {
    let dir = TempDir::new();
    let o = &place(db, &dir);
    let mut b = Browser::of(o, Role::Office);
    let form = b.get("/papers").text();
    assert!(
        form.contains(r#"name="requirements" value="R-21""#) && form.contains(r#"name="find" value="unit""#),
        "{form}"
    );
    // 查找 keeps what was chosen and drafts nothing.
    let looked = [
        ("kind", "order"),
        ("period", "2025Q2"),
        ("unit", "柳溪"),
        ("requirements", "R-21"),
        ("requirements", "R-30"),
        ("find", "unit"),
    ];
    let got = b.submit("/papers", "/papers", &looked);
    let text = got.text();
    assert!(got.status == 200 && text.contains(r#"name="i.unit" value="2""#), "{text}");
    for id in ["R-21", "R-30"] {
        assert!(text.contains(&format!(r#"name="requirements" value="{id}" checked"#)), "{id}: {text}");
    }
    let picked = [("kind", "unit_file"), ("period", "2025Q2"), ("unit", ""), ("i.unit", "2")];
    assert_eq!(b.submit("/papers", "/papers", &picked).led(), (303, "/papers/1?done=drafted"));
    // A 科室 has no such paper: it is said at the unit.
    let section = [("kind", "order"), ("period", "2025Q2"), ("unit", ""), ("i.unit", "3")];
    let text = b.submit("/papers", "/papers", &section).text();
    assert!(text.contains("它是科室：请选市级或区县单位") && text.contains("href=\"#np-unit\""), "{text}");
    let other = [("kind", "unit_file"), ("period", "2025Q2"), ("unit", ""), ("i.unit", "1")];
    let mut own = Browser::of(o, Role::UnitAdmin);
    let got = own.submit("/papers", "/papers", &other);
    assert!(got.status == 422 && got.read().contains("选定的记录已不在"), "not within: {}", got.read());
});
