//! The question bank on both databases, and its commands.

use std::fs;

use dongliang::{
    db::Db,
    db_test,
    questions::{
        Answer, Kind, Question, Weight,
        bank::{self, Like, NotTaken},
    },
    scope::Actor,
};
use serde_json::Value as Json;

use super::cli::{fresh, run};

fn actor() -> Actor {
    Actor { account: None, name: "张三".into(), at: 1_760_000_000_000_000 }
}

fn q(stem: &str) -> Question {
    let answers = vec![Answer::new("一次", Weight::FULL), Answer::new("两次", Weight::NONE)];
    Question {
        source: "二（一）三".into(), topic: "学/现场教学".into(), ..Question::new(Kind::Single, stem, answers)
    }
}

fn refused<T: std::fmt::Debug>(result: anyhow::Result<T>) -> NotTaken {
    result.unwrap_err().downcast().unwrap()
}

db_test!(versions_are_kept_and_nothing_changes, |db: &Db| {
    let all = vec![q("每季度至少几次现场教学？"), q("每月至少几次谈话？"), q("每季度至少 几次现场教学?")];
    let numbers = db.write(move |tx| bank::add(tx, &actor(), &all, "题.gift")).unwrap();
    assert_eq!(numbers, [1, 2]);
    let mended = Question { feedback: "各区县发改委".into(), ..q("每季度至少几次现场教学？") };
    let sent = mended.clone();
    assert_eq!(db.write(move |tx| bank::revise(tx, &actor(), 1, &sent)).unwrap(), 2);
    let sent = mended.clone();
    assert_eq!(refused(db.write(move |tx| bank::revise(tx, &actor(), 1, &sent))), NotTaken::Same(1));
    let versions = db.read(|tx| bank::versions(tx, 1)).unwrap();
    assert_eq!(versions.iter().map(|v| v.version).collect::<Vec<_>>(), [1, 2]);
    assert_eq!((&versions[0].question, &versions[1].question), (&q("每季度至少几次现场教学？"), &mended));
    let now = db.read(|tx| bank::current(tx, Some("学"))).unwrap();
    assert_eq!(now.iter().map(|k| (k.number, k.version)).collect::<Vec<_>>(), [(1, 2), (2, 1)]);
    assert!(db.read(|tx| bank::current(tx, Some("学/现场"))).unwrap().is_empty());

    assert_eq!(refused(db.write(|tx| bank::retire(tx, &actor(), 2, " "))), NotTaken::Reason);
    db.write(|tx| bank::retire(tx, &actor(), 2, "条款已改")).unwrap();
    assert_eq!(refused(db.write(|tx| bank::retire(tx, &actor(), 2, "再次"))), NotTaken::Retired(2));
    assert_eq!(refused(db.write(|tx| bank::revise(tx, &actor(), 9, &q("无"))).map(|_| ())), NotTaken::Unknown(9));
    assert_eq!(db.read(|tx| bank::current(tx, None)).unwrap().len(), 1);

    // Of a file with a question that is none nothing comes in.
    let broken = vec![q("新的一题？"), Question { stem: String::new(), ..q("又一题？") }];
    let unsound = NotTaken::Unsound("没有题干".into());
    assert_eq!(refused(db.write(move |tx| bank::add(tx, &actor(), &broken, "题.gift"))), unsound);
    assert_eq!(db.read(|tx| bank::current(tx, None)).unwrap().len(), 1);
    // A number is never given twice.
    assert_eq!(db.write(|tx| bank::add(tx, &actor(), &[q("新的一题？")], "题.gift")).unwrap(), [3]);
    let kinds = "select kind, count(*) from audit_entry group by kind";
    let entries = db.read(|tx| tx.rows(kinds, &[], |r| Ok((r.text(0)?.to_owned(), r.i64(1)?)))).unwrap();
    assert_eq!(entries, [("question".to_owned(), 4)]);
});

db_test!(what_a_file_would_bring, |db: &Db| {
    let long = "各区县发改委每季度至少组织几次现场教学，并与本地重大项目相结合？";
    let first = q(long);
    db.write(move |tx| bank::add(tx, &actor(), &[first], "一.gift")).unwrap();
    let known = q(&long.replace('，', ","));
    let close = q(&long.replace("至少", "至少应"));
    let other = q("导师每月至少与结对干部谈几次话？");
    let plan = db.read(|tx| bank::plan(tx, &[&known, &close, &other, &other])).unwrap();
    assert_eq!((plan.fresh.as_slice(), plan.known.as_slice()), (&[1, 2][..], &[(0, Some(1)), (3, None)][..]));
    assert_eq!(plan.near.iter().map(|n| (n.0, n.1)).collect::<Vec<_>>(), [(1, Like::Kept(1))]);
    // A retired one is known still.
    db.write(|tx| bank::retire(tx, &actor(), 1, "条款已改")).unwrap();
    assert_eq!(db.read(|tx| bank::plan(tx, &[&known])).unwrap().known, [(0, Some(1))]);
});

#[test]
fn the_commands() {
    let (dir, data) = fresh();
    let file = dir.path().join("题.gift");
    let good = "// 出处：二（一）三\n::甲::每季度至少几次？{=一次 ~两次}\n\n// 出处：二（一）三\n可以临时动议吗{F}\n\n";
    fs::write(&file, format!("{good}没有出处{{T}}\n\n没有结尾{{=一 ~二\n")).unwrap();
    let path = file.to_str().unwrap();
    let json = |args: &[&str], code: i32| -> Json {
        let ran = run(&data, args);
        assert_eq!(ran.code, code, "{args:?} {}{}", ran.out, ran.err);
        serde_json::from_str(&ran.out).unwrap()
    };
    let dry = json(&["questions", "import", path, "--dry-run", "--json"], 1);
    assert_eq!((dry["questions"]["single"].as_i64(), dry["questions"]["true_false"].as_i64()), (Some(1), Some(2)));
    assert_eq!(dry["refused"].as_array().unwrap().len(), 1);
    assert_eq!(dry["refused"][0]["line"].as_i64(), Some(9));
    assert_eq!(dry["without_source"], serde_json::json!([7]));
    assert!(dry["imported"].as_array().unwrap().is_empty());
    // Nothing is written while a question is wrong, unless it was said.
    let ran = run(&data, &["questions", "import", path]);
    assert!(ran.code == 1 && ran.out.contains("没有写入"), "{}", ran.out);
    assert!(ran.out.contains("1 题没有出处条款（第一题在第 7 行）"), "{}", ran.out);
    let some = json(&["questions", "import", path, "--skip-bad", "--json"], 1);
    assert_eq!(some["imported"].as_array().unwrap().len(), 3);
    let again = json(&["questions", "import", path, "--skip-bad", "--json", "--source", "二（一）三"], 1);
    assert_eq!((again["known"].as_array().unwrap().len(), again["imported"].as_array().unwrap().len()), (3, 0));
    fs::write(&file, good).unwrap();
    let ran = run(&data, &["questions", "import", path]);
    assert!(ran.code == 0 && ran.out.contains("没有可导入的题"), "{}", ran.out);
    assert!(ran.out.contains("重复：第 2 行已在题库，是第 1 号题"), "{}", ran.out);

    fs::write(&file, "// 出处：二（一）三\n每季度至少几次现场教学？{=一次 ~两次}\n").unwrap();
    let ran = run(&data, &["questions", "revise", "1", path]);
    assert!(ran.code == 0 && ran.out.contains("第 1 号题现为第 2 版"), "{}{}", ran.out, ran.err);
    // What its own messages ask for can be given.
    let old = dir.path().join("旧.gift");
    fs::write(&old, b"\xd7\xee\xba\xf3{=\xd2\xbb ~\xb6\xfe}").unwrap();
    let old = old.to_str().unwrap();
    let ran = run(&data, &["questions", "revise", "1", old, "--encoding", "gb18030"]);
    assert!(ran.code == 0 && ran.out.contains("第 1 号题现为第 3 版"), "{}{}", ran.out, ran.err);
    assert!(run(&data, &["questions", "list"]).out.contains("1\t3\t单选题\t\t\t待补"));
    let ran = run(&data, &["questions", "revise", "1", old, "--encoding", "gb18030", "--source", "二（一）三"]);
    assert!(ran.code == 0 && ran.out.contains("第 1 号题现为第 4 版"), "{}{}", ran.out, ran.err);
    let ran = run(&data, &["questions", "retire", "2", "--reason", "条款已改"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let ran = run(&data, &["questions", "retire", "2", "--reason", "条款已改"]);
    assert!(ran.code == 1 && ran.err.contains("第2号题已经停用"), "{}", ran.err);
    let listed = run(&data, &["questions", "list"]).out;
    assert!(listed.contains("1\t4\t单选题") && listed.contains("共 2 道"), "{listed}");

    for name in ["出.gift", "出.xlsx"] {
        let out = dir.path().join(name);
        let ran = run(&data, &["questions", "export", "-o", out.to_str().unwrap()]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let (_dir, other) = fresh();
        let back = run(&other, &["questions", "import", out.to_str().unwrap()]);
        assert!(back.code == 0 && back.out.contains("已导入 2 题，题号 1 至 2"), "{}{}", back.out, back.err);
    }
    let template = dir.path().join("模板.xlsx");
    assert_eq!(run(&data, &["questions", "export", "--template", "-o", template.to_str().unwrap()]).code, 0);
    assert!(template.exists());
    let verified = run(&data, &["audit", "verify"]);
    assert_eq!(verified.code, 0, "{}{}", verified.out, verified.err);
    let odd = dir.path().join("法.gift");
    fs::write(&odd, b"caf\xe9 {=b ~c}").unwrap();
    let ran = run(&data, &["questions", "import", odd.to_str().unwrap()]);
    assert!(ran.code == 3 && ran.err.contains("--encoding"), "{}", ran.err);
}

/// What was read is new, known or refused, in text and in JSON; near ones are among the new.
#[test]
fn the_numbers_of_an_import_add_up() {
    let (dir, data) = fresh();
    let file = dir.path().join("题.gift");
    let path = file.to_str().unwrap();
    let long = "各区县发改委每季度至少组织几次现场教学，并与本地重大项目相结合？";
    fs::write(&file, format!("{long}{{=一次 ~两次}}\n")).unwrap();
    assert_eq!(run(&data, &["questions", "import", path]).code, 0);
    let near = long.replace("至少", "至少应");
    fs::write(
        &file,
        format!(
            "{long}{{=一次 ~两次}}\n\n{near}{{=一次 ~两次}}\n\n{near}{{=一次 ~两次}}\n\n可以吗{{F}}\n\n没有结尾{{=一\n"
        ),
    )
    .unwrap();
    let ran = run(&data, &["questions", "import", path, "--dry-run"]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(ran.out.contains("共 5 题：可导入 2 题，重复 2 题，有误 1 题"), "{}", ran.out);
    assert!(ran.out.contains("可导入的：单选题 1 题，判断题 1 题"), "{}", ran.out);
    assert!(ran.out.contains("可导入的当中 1 题与别的题相近"), "{}", ran.out);
    assert!(ran.out.contains("可导入的当中 2 题没有出处条款"), "{}", ran.out);
    let ran = run(&data, &["questions", "import", path, "--skip-bad", "--json"]);
    let json: Json = serde_json::from_str(&ran.out).unwrap();
    let counted = |key: &str| json[key].as_array().unwrap().len();
    assert_eq!((json["read"].as_i64(), json["new"].as_i64()), (Some(5), Some(2)));
    assert_eq!((counted("known"), counted("refused"), counted("near"), counted("imported")), (2, 1, 1, 2));
    assert_eq!(json["questions"], serde_json::json!({ "single": 1, "true_false": 1 }));
    assert_eq!(ran.code, 1);
}

#[test]
fn a_file_without_a_question_is_told() {
    let (dir, data) = fresh();
    for (name, text, told) in [
        ("空.gift", "", "是空的"),
        ("空.csv", "", "是空的"),
        ("空.xml", "<quiz></quiz>", "里没有题目"),
        ("注.gift", "// 只有注释\n", "里没有题目"),
    ] {
        let file = dir.path().join(name);
        fs::write(&file, text).unwrap();
        let ran = run(&data, &["questions", "import", file.to_str().unwrap()]);
        assert!(
            ran.code == 1 && ran.err.contains(told) && ran.err.contains(name),
            "{} {}{}",
            ran.code,
            ran.out,
            ran.err
        );
        let ran = run(&data, &["questions", "import", file.to_str().unwrap(), "--json"]);
        let json: Json = serde_json::from_str(&ran.out).unwrap();
        assert!(ran.code == 1 && json["read"] == 0 && ran.err.contains(told), "{}{}", ran.out, ran.err);
    }
}
