//! What is written on printed sheets read back in: checked row by row, shown, entered, counted, undone, closed.

use std::io::Cursor;

use dongliang::{
    audit,
    auth::Role,
    db::Db,
    db_test,
    exam::{
        paper::{Asked, Chosen, Form, forms},
        printed,
        score::written,
        sheets::{self, Against, Answer, Known, ON_PAPER, Read},
        test::{self, State},
    },
    installation::Installation,
    jobs,
    questions::{self, Kind, Question, Weight},
    sheet::{self, Limits, RawCell, Row, Table},
};
use proptest::prelude::*;

use crate::{
    audit::against,
    incremental::Office,
    sitting::{answer_all, begin, hand_in, last, nine, published, right, sitter},
    visit::{Browser, account, with_directory},
};

fn table(text: &str) -> Table {
    sheet::read(Cursor::new(text.as_bytes().to_vec()), &Limits::default()).unwrap()
}

/// Six questions: 单选 of four options, 多选 of five, 判断, 填空, 单选, 简答 of ten marks.
fn chosen() -> Vec<Chosen> {
    let answers = |n: usize, right: &[usize]| {
        let weight = |i: usize| if right.contains(&i) { Weight::FULL } else { Weight::NONE };
        (0..n).map(|i| questions::Answer::new(format!("选{i}"), weight(i))).collect()
    };
    let truth = vec![questions::Answer::new("对", Weight::NONE), questions::Answer::new("错", Weight::FULL)];
    let all = [
        (Kind::Single, answers(4, &[2])),
        (Kind::Single, answers(4, &[0])),
        (Kind::Multiple, answers(5, &[1, 3])),
        (Kind::TrueFalse, truth),
        (Kind::Fill, vec![questions::Answer::new("GDP", Weight::FULL)]),
        (Kind::Short, vec![]),
    ];
    let one = |(i, (kind, answers)): (usize, (Kind, Vec<questions::Answer>))| Chosen {
        number: i as i64 + 1,
        version: 1,
        question: Question::new(kind, format!("第{i}问"), answers),
        marks: if kind == Kind::Short { 100 } else { 20 },
    };
    all.into_iter().enumerate().map(one).collect()
}

fn known(n: i64, name: &str, barred: &str) -> Known {
    Known { person: n, code: format!("P{n}"), name: name.into(), barred: barred.into() }
}

fn listed() -> Vec<Known> {
    vec![known(1, "周敏", ""), known(2, "李明", ""), known(3, "李明", ""), known(4, "孙三", "这个人已在电脑上作答")]
}

const HEAD: &str = "人员编号,姓名,卷别,1,2,3,4,5,6,总分\n";

fn read(paper: &[Chosen], forms: &[Form], text: &str) -> Result<Read, Vec<String>> {
    let listed = listed();
    let against = Against { paper, forms, listed: &listed };
    sheets::read(&table(text), against).map_err(|f| f.iter().map(ToString::to_string).collect())
}

#[test]
fn heads_that_cannot_be_read_are_told_where() {
    let paper = chosen();
    let forms = forms(&paper, 2, 4);
    for (head, told) in [
        ("甲,乙\n1,2\n", "没有找到表头"),
        ("人员编号,卷别,1,2,3,4,5,总分\n", "缺少第6题的列"),
        ("人员编号,卷别\n", "缺少各题的列，也没有“总分”列"),
        ("卷别,总分\n", "缺少“人员编号”或“姓名”列"),
        ("姓名,总分\n", "缺少“卷别”列"),
        ("人员编号,卷别,1,2,3,4,5,6,7\n", "第1行I列：试卷只有6题，没有第7题"),
        ("人员编号,卷别,1,2,2,3,4,5,6\n", "第1行E列：列名“2”重复"),
        ("人员编号,卷别,学历,总分\n", "第1行C列：不认识列名“学历”"),
    ] {
        let faults = read(&paper, &forms, head).unwrap_err();
        assert!(faults.iter().any(|f| f.contains(told)), "{told}: {faults:?}");
    }
    // Above the head, other words for it, brackets behind it, columns that are nobody's matter.
    let other = "五月考试,,,\n编号（必填）,姓 名,单位,卷,得分\nP1,周敏,局,Ｂ卷,7.5\n";
    let sheet = &read(&paper, &forms, other).unwrap().sheets[0];
    assert_eq!((sheet.person, sheet.letter, sheet.total, sheet.row), (1, 'B', Some(75_000), 3));
}

#[test]
fn every_wrong_cell_is_told_by_row_and_column() {
    let paper = chosen();
    let forms = forms(&paper, 2, 4);
    let good = "A,A,AB,对,GDP,3";
    for (row, told) in [
        (format!("P9,,A,{good},"), "第2行A列：应考名单上没有“P9”"),
        (format!(",王五,A,{good},"), "第2行B列：应考名单上没有“王五”"),
        (format!(",李明,A,{good},"), "第2行B列：应考名单上叫“李明”的有2人，请填人员编号"),
        (format!(",,A,{good},"), "第2行B列：没有写是谁的答卷"),
        (format!("P1,李明,A,{good},"), "第2行A列：编号P1是周敏，不是“李明”"),
        (format!("P4,,A,{good},"), "第2行A列：这个人已在电脑上作答"),
        (format!("P1,,C,{good},"), "第2行C列：卷别“C”应为印过的A、B之一"),
        (format!("P1,,,{good},"), "第2行C列：卷别“”应为"),
        ("P1,,A,E,A,AB,对,GDP,3,".into(), "第2行D列：没有选项“E”，应为A至D"),
        ("P1,,A,A,AB,AB,对,GDP,3,".into(), "第2行E列：单选题只能填一个选项"),
        ("P1,,A,A,A,AF,对,GDP,3,".into(), "第2行F列：没有选项“F”，应为A至E"),
        ("P1,,A,A,A,、,对,GDP,3,".into(), "第2行F列：没有写选项"),
        ("P1,,A,A,A,AB,也许,GDP,3,".into(), "第2行G列：判断题“也许”应填对或错"),
        ("P1,,A,A,A,AB,对,GDP,10.1,".into(), "第2行I列：得分“10.1”应在0至10之间"),
        ("P1,,A,A,A,AB,对,GDP,3.25,".into(), "第2行I列：得分“3.25”应在0至10之间，至多一位小数"),
        ("P1,,A,A,A,AB,对,GDP,好,".into(), "第2行I列：得分“好”"),
        ("P1,,A,A,A,AB,对,GDP,,".into(), "第2行I列：简答题请填得分，没有作答的填0"),
        (format!("P1,,A,A,A,AB,对,{},3,", "长".repeat(501)), "第2行H列：答案最多500字"),
        (format!("P1,,A,{good},9"), "第2行J列：各题已经填写，总分由系统计算"),
        ("P1,,A,,,,,,,20.1".into(), "第2行J列：总分“20.1”应在0至20之间"),
        ("P1,,A,,,,,,,-1".into(), "第2行J列：总分“-1”应在"),
    ] {
        let read = read(&paper, &forms, &format!("{HEAD}{row}\n")).unwrap();
        let faults: Vec<String> = read.refused.iter().map(ToString::to_string).collect();
        assert!(read.sheets.is_empty() && faults.len() == 1 && faults[0].starts_with(told), "{told}: {faults:?}");
    }
    // All that is wrong in a row at once; a good row beside it, one that is twice, and one of somebody who handed in nothing.
    let text = format!("{HEAD}P9,,A,E,AB,F,x,,,\nP1,,a,{good},\nP1,周敏,B,{good},\nP2,李明,A,,,,,,,\n,,,,,,,,,\n");
    let read = read(&paper, &forms, &text).unwrap();
    assert_eq!((read.sheets.len(), read.refused_rows(), read.blank), (1, 2, 1));
    assert_eq!(read.refused.iter().filter(|f| f.row == 2).count(), 5, "{:?}", read.refused);
    assert_eq!(read.refused.last().unwrap().to_string(), "第4行A列：这个人的答卷在第3行已经填过，一人只能有一份");
    // What a workbook holds besides text.
    let cells = [RawCell::Text("P1".into()), RawCell::Empty, RawCell::Text("A".into())];
    let row = |rest: [RawCell; 6]| Row { number: 2, cells: cells.iter().cloned().chain(rest).collect() };
    let of = |row: Row| {
        let mut all = table(HEAD);
        all.rows.push(row);
        let listed = listed();
        sheets::read(&all, Against { paper: &paper, forms: &forms, listed: &listed }).unwrap()
    };
    let text = |t: &str| RawCell::Text(t.into());
    let good = of(row([text("b"), text("Ｃ"), text("a、c"), RawCell::Bool(false), text("x"), RawCell::Number(2.5)]));
    assert_eq!(good.sheets[0].answers.last().unwrap().marks, Some(25_000));
    assert_eq!(good.sheets[0].answers[3].answer, "1", "FALSE is 错");
    let bad = of(row([text("b"), RawCell::Error("#N/A".into()), text("a"), RawCell::Empty, text("x"), text("1")]));
    assert_eq!(bad.refused[0].to_string(), "第2行E列：单元格里是公式错误，请改为填写的内容");
}

/// What somebody writes under a number, who means these options of the question or this text.
fn on_sheet(asked: &Asked, places: &[usize]) -> String {
    let shown = |p: &usize| asked.options.iter().position(|o| o == p).unwrap();
    places.iter().map(|p| char::from(b'A' + shown(p) as u8)).collect()
}

proptest! {
    /// Whatever the form, an answer comes back to the question that it was given to.
    #[test]
    fn answers_find_their_questions(seed in any::<u64>(), form in 0_usize..8, meant in prop::collection::vec(0_usize..4, 2), several in prop::collection::btree_set(0_usize..5, 1..5), yes in any::<bool>(), marks in 0_u32..101) {
        let paper = chosen();
        let all = forms(&paper, 8, seed);
        let mut wanted = Vec::new();
        let mut cells = Vec::new();
        for asked in &all[form].asked {
            let question = asked.question;
            let several: Vec<usize> = several.iter().copied().collect();
            let answer = match question {
                0 | 1 => { cells.push(on_sheet(asked, &[meant[question]])); meant[question].to_string() }
                2 => { cells.push(on_sheet(asked, &several)); several.iter().map(usize::to_string).collect::<Vec<_>>().join(",") }
                3 => { cells.push(if yes { "√" } else { "×" }.into()); if yes { "0" } else { "1" }.into() }
                4 => { cells.push("gdp".into()); "gdp".into() }
                _ => { cells.push(format!("{}.{}", marks / 10, marks % 10)); ON_PAPER.into() }
            };
            let given = (question == 5).then_some(i64::from(marks) * 1_000);
            if question < 5 || marks > 0 {
                wanted.push(Answer { question, answer, marks: given });
            }
        }
        let text = format!("{HEAD}P1,,{},{},\n", all[form].letter, cells.join(","));
        let got = read(&paper, &all, &text).unwrap();
        prop_assert_eq!(&got.refused, &vec![]);
        prop_assert_eq!(&got.sheets[0].answers, &wanted);
    }

    /// Whatever stands in the cells, what is taken are options that there are and marks that a question has.
    #[test]
    fn no_cell_trips_it(rows in prop::collection::vec(prop::collection::vec("[P1-4A-F对错√×0-9.\u{ff21}\u{202e}，、 -]{0,4}|.{0,6}", 0..11), 0..6), seed in any::<u64>()) {
        let paper = chosen();
        let all = forms(&paper, 2, seed);
        let mut whole = table(HEAD);
        for (number, cells) in (2..).zip(rows) {
            whole.rows.push(Row { number, cells: cells.into_iter().map(RawCell::Text).collect() });
        }
        let listed = listed();
        let read = sheets::read(&whole, Against { paper: &paper, forms: &all, listed: &listed }).unwrap();
        for sheet in read.sheets {
            prop_assert!(sheet.total.is_none_or(|t| (0..=200_000).contains(&t)));
            for a in sheet.answers {
                let marks = i64::from(paper[a.question].marks) * 1_000;
                prop_assert!(a.marks.is_none_or(|m| (0..=marks).contains(&m)));
            }
        }
    }
}

/// The row of a sheet whose answers `by` gives for each place of the paper.
fn row(form: &Form, code: &str, by: &dyn Fn(usize, &Asked) -> String) -> String {
    let cells: Vec<String> = form.asked.iter().map(|a| by(a.question, a)).collect();
    format!("{code},,{},{},\r\n", form.letter, cells.join(","))
}

fn send(b: &mut Browser, text: &str) -> crate::visit::Got {
    b.send_files("/tests/1/sheets", "/tests/1/sheets", &[], &[("file", "三楼教室.csv", text.as_bytes())])
}

fn attempts(db: &Db) -> i64 {
    db.read(|tx| tx.one("select count(*) from attempt", &[], |r| r.i64(0))).unwrap().unwrap()
}

fn clean(db: &Db) {
    audit::sequence(db).unwrap();
    let report = audit::verify(db, &against()).unwrap();
    assert!(report.is_clean(), "{:#?}", report.findings);
}

/// Codes of persons 3 to 5 as the table to fill in has them, and its head.
fn template(b: &mut Browser) -> (Vec<String>, String) {
    let text = b.get("/tests/1/sheets/template?format=csv").text();
    let text = text.trim_start_matches('\u{feff}');
    let mut lines = text.lines();
    let head = lines.next().unwrap().to_owned();
    (lines.map(|l| l.split(',').next().unwrap().to_owned()).collect(), head)
}

db_test!(sheets_are_shown_then_entered_counted_and_the_test_waits_for_them, |db: &Db| {
    let o = &Office::open(db, "2025-06-30");
    o.found();
    let sat = published(o, true);
    let (inst, _dir): (Installation, _) = with_directory(&o.installation);
    let mut b = Browser::of(&inst, Role::Office);
    // One sits at a computer.
    begin(o, &sat, sitter(6), nine() + 1).unwrap();
    answer_all(o, &sat, sitter(6), &|place| if place == 4 { vec![] } else { right(place) });
    hand_in(o, &sat, sitter(6), nine() + 2).unwrap();
    assert!(b.get("/tests/1/sheets").read().contains("没有打印过试卷"));
    assert!(send(&mut b, "人员编号,卷别,总分\n").status == 409, "nothing was printed");
    assert_eq!(b.get("/tests/1/sheets/template").status, 409);
    assert_eq!(b.submit("/tests/1", "/tests/1/print", &[("forms", "2")]).status, 200);

    // Printed, so it waits, though its time is long over.
    jobs::run_waiting(&o.installation).unwrap();
    let state = || db.read(|tx| test::get(tx, 1)).unwrap().unwrap().state;
    assert_eq!(state(), State::Open);
    assert!(b.get("/tests/1").read().contains("后点“录入完毕”，考试才结束"));

    // Nobody is absent before the sheets are in.
    let text = b.get("/tests/1").read();
    assert!(text.contains("没有答卷"), "{text}");
    let mut me = Browser::logged_in(&inst, account(&inst, "three", Role::Cadre, None, Some(3)));
    assert!(me.get("/exams").read().contains("待录入") && me.get("/exams/1").read().contains("您的纸面答卷录入后"));

    let (codes, head) = template(&mut b);
    assert_eq!(codes.len(), 3, "neither who is excused nor who has sat: {codes:?}");
    assert!(
        head.starts_with("人员编号,姓名,卷别,1（单选题）") && head.ends_with("5（简答题得分，20分）,总分"),
        "{head}"
    );
    let book = b.get("/tests/1/sheets/template?format=xlsx").body;
    let read = sheet::read(Cursor::new(book), &Limits::default()).unwrap();
    let texts: Vec<String> = read.rows[0].cells.iter().map(RawCell::text).collect();
    assert_eq!((texts.join(","), read.rows.len(), read.sheet.as_str()), (head.clone(), 4, "答卷"));
    assert_eq!(b.get("/tests/1/sheets/template?format=doc").status, 400);

    let forms = db.read(|tx| printed::of_test(tx, 1)).unwrap();
    let option = |asked: &Asked, text: &str| {
        let answers = &sat.paper[asked.question].question.answers;
        on_sheet(asked, &[answers.iter().position(|a| a.text == text).unwrap()])
    };
    let all_right = |question: usize, asked: &Asked| match question {
        0 => option(asked, "对的"),
        1 => option(asked, "乙") + &option(asked, "甲"),
        2 => "√".into(),
        3 => "ｇｄｐ".into(),
        _ => "15".into(),
    };
    let some = |question: usize, asked: &Asked| match question {
        0 => option(asked, "半对"),
        1 => option(asked, "甲"),
        2 => "错".into(),
        3 => String::new(),
        _ => "0".into(),
    };
    let good = format!(
        "{head}\r\n{}{}{},,B,,,,,,70.5\r\n",
        row(&forms[0], &codes[0], &all_right),
        row(&forms[1], &codes[1], &some),
        codes[2]
    );
    // One row is wrong: the rest can be taken.
    let sat_code = "不在名单";
    let mixed = format!("{good}{sat_code},,A,,,,,,50\r\n");
    let got = send(&mut b, &mixed);
    assert_eq!(got.led(), (303, "/tests/1/sheets/1"), "{}", got.read());
    let page = b.get("/tests/1/sheets/1").read();
    for words in ["填写的共4份，可录入3份，1行有误", "A卷1份", "B卷2份", "应考名单上没有“不在名单”", "只有总分的1份"]
    {
        assert!(page.replace('\n', "").contains(words), "{words}: {page}");
    }
    assert_eq!(attempts(db), 1, "nothing before it is confirmed");
    assert_eq!(Browser::of(&inst, Role::Personnel).get("/tests/1/sheets/1").status, 404, "it is its sender's alone");
    let done = b.submit("/tests/1/sheets/1", "/tests/1/sheets/1", &[("do", "take")]);
    assert_eq!(done.led(), (303, "/tests/1/sheets?done=take&n=3"));
    let scores: Vec<String> = [3, 4, 5].map(|p| written(last(o, &sat, p).score.unwrap())).into();
    assert_eq!(scores, ["95", "20", "70.5"]);
    let three = last(o, &sat, 3);
    assert_eq!((three.asked, three.ended), (forms[0].asked.clone(), Some(sat.test.rules.closes)));
    assert!(three.entered_by.is_some() && last(o, &sat, 6).entered_by.is_none());
    clean(db);
    let text = b.get("/tests/1").read();
    assert_eq!(text.matches("已交卷（纸面）").count(), 3, "{text}");
    assert!(b.get("/tests/1/sheets").read().contains("已录入纸面答卷3份，在电脑上作答1人，还差0人"));
    // The analysis is of those whose answers are known: 3, 4 and 6, of whom two have the first one right.
    assert!(text.contains("66.7%") && !text.contains("50.0%"), "{text}");
    assert!(text.contains("1份只有总分，未计入题目分析"), "{text}");
    assert_eq!(b.get("/tests/1/sheets/1").status, 404, "settled");
    // A double click is told the same; what is entered is not given up.
    let again = b.submit("/tests/1/sheets", "/tests/1/sheets/1", &[("do", "take")]);
    assert_eq!((again.led(), attempts(db)), ((303, "/tests/1/sheets?done=take&n=3"), 4));
    let drop = b.submit("/tests/1/sheets", "/tests/1/sheets/1", &[("do", "drop")]);
    assert!(drop.status == 409 && drop.read().contains("已经录入，不能放弃"), "{}", drop.read());
    // The same file once more: each row says that it is in.
    assert_eq!(send(&mut b, &good).status, 303);
    let page = b.get("/tests/1/sheets/2").read();
    assert_eq!(page.matches("这个人的答卷已经录入（三楼教室.csv）").count(), 3, "{page}");
    assert!(!b.get("/tests/1/sheets/2").text().contains(r#"value="take""#));
    assert_eq!(b.submit("/tests/1/sheets/2", "/tests/1/sheets/2", &[("do", "drop")]).led().0, 303);
    let gone = b.submit("/tests/1/sheets", "/tests/1/sheets/2", &[("do", "drop")]);
    assert_eq!(gone.led(), (303, "/tests/1/sheets?done=dropped"));
    let gone = b.submit("/tests/1/sheets", "/tests/1/sheets/2", &[("do", "take")]);
    assert!(gone.status == 409 && gone.read().contains("没有录入答卷"), "{}", gone.read());

    // A question that is taken out: whose answers are known is scored again, who has all marks alone is not.
    let out = b.submit("/tests/1", "/tests/1/withdraw", &[("place", "1"), ("reason", "题干有歧义"), ("sure", "1")]);
    assert_eq!(out.led().0, 303);
    let scores: Vec<String> = [3, 4, 5].map(|p| written(last(o, &sat, p).score.unwrap())).into();
    assert_eq!(scores, ["95", "30", "70.5"]);

    // Undone as a whole, with a reason, and in once more.
    let undo = |b: &mut Browser, reason: &str| {
        b.submit("/tests/1/sheets", "/tests/1/sheets/undo", &[("file", "1"), ("reason", reason)])
    };
    let got = undo(&mut b, "");
    assert!(got.status == 422 && got.read().contains("理由：请填写"));
    assert_eq!(undo(&mut b, "卷别填反<b>").led(), (303, "/tests/1/sheets?done=undo&n=3"));
    assert_eq!(attempts(db), 1);
    clean(db);
    let page = b.get("/tests/1/sheets").text();
    assert!(
        page.contains("：卷别填反&#60;b&#62;") && page.contains("已撤回") && !page.contains("/sheets/undo"),
        "{page}"
    );
    let token = b.get("/tests").token();
    let again = [("form", token.as_str()), ("file", "1"), ("reason", "又")];
    assert_eq!(b.post("/tests/1/sheets/undo", &again).status, 409, "once");
    let again = send(&mut b, &good).led().1.to_owned();
    assert_eq!(b.submit(&again, &again, &[("do", "take")]).led(), (303, "/tests/1/sheets?done=take&n=3"));
    assert_eq!(attempts(db), 4);

    // All are in: said once, then it is closed like any other and the results are the class's.
    let end = |b: &mut Browser, sure: &str| b.submit("/tests/1/sheets", "/tests/1/sheets/end", &[("sure", sure)]);
    assert_eq!(end(&mut b, "").status, 422);
    assert_eq!(end(&mut b, "yes").led(), (303, "/tests/1/sheets?done=end"));
    jobs::run_waiting(&o.installation).unwrap();
    assert_eq!(state(), State::Closed);
    let sql = "select \"sat\", \"score\" from l_attendance where voided_at is null order by \"person\"";
    let rows = db.read(|tx| tx.rows(sql, &[], |r| Ok((r.text(0)?.to_owned(), r.opt_i64(1)?)))).unwrap();
    let sat_it = |score: i64| ("已考".to_owned(), Some(score));
    let wanted = [sat_it(950_000), sat_it(300_000), sat_it(705_000), sat_it(800_000), ("因故免考".into(), None)];
    assert_eq!(rows, wanted);
    o.agree("after the sheets");
    clean(db);
    // It is over: nothing comes in or goes.
    assert!(b.get("/tests/1/sheets").read().contains("不能再录入或撤回答卷"));
    assert_eq!(send(&mut b, &good).status, 409);
    let token = b.get("/tests").token();
    let late = [("form", token.as_str()), ("file", again.rsplit('/').next().unwrap()), ("reason", "又")];
    assert_eq!(b.post("/tests/1/sheets/undo", &late).status, 409);
    assert_eq!(attempts(db), 4);
    // Each sees how it was sat.
    let mut me = Browser::logged_in(&inst, account(&inst, "three", Role::Cadre, None, Some(3)));
    let page = me.get("/exams/1/result").read();
    assert!(page.contains("纸面作答，由") && page.contains("成绩95分"), "{page}");
    let mut five = Browser::logged_in(&inst, account(&inst, "five", Role::Cadre, None, Some(5)));
    assert!(five.get("/exams/1/result").read().contains("只录入了总分"));
});

db_test!(what_changed_since_the_check_is_not_entered, |db: &Db| {
    let o = &Office::open(db, "2025-06-30");
    o.found();
    let sat = published(o, false);
    let (inst, _dir): (Installation, _) = with_directory(&o.installation);
    let mut b = Browser::of(&inst, Role::Office);
    assert_eq!(b.submit("/tests/1", "/tests/1/print", &[("forms", "1")]).status, 200);
    let (codes, head) = template(&mut b);
    let text = format!("{head}\n{},,A,,,,,,80\n{},,A,,,,,,60\n", codes[0], codes[1]);
    assert_eq!(send(&mut b, &text).led(), (303, "/tests/1/sheets/1"));
    // Meanwhile the second one sits after all: none of the file comes in.
    begin(o, &sat, sitter(4), nine() + 1).unwrap();
    let got = b.submit("/tests/1/sheets/1", "/tests/1/sheets/1", &[("do", "take")]);
    assert!(got.status == 409 && got.read().contains("第3行的人在上传后已经作答"), "{}", got.read());
    assert_eq!(attempts(db), 1);
    assert_eq!(b.get("/tests/1/sheets/1").status, 200, "it still waits");
    clean(db);
    // What is no table at all, and what is empty.
    for (name, bytes, told) in [
        ("空.csv", format!("{head}\n").into_bytes(), "表里没有填写的答卷"),
        ("图.xlsx", b"\x89PNG\r\n\x1a\n0000".to_vec(), "提交未成功"),
        ("旧.csv", "甲,乙\n1,2\n".into(), "没有找到表头"),
    ] {
        let got = b.send_files("/tests/1/sheets", "/tests/1/sheets", &[], &[("file", name, &bytes)]);
        assert!(got.status == 422 && got.read().contains(told), "{name}: {}", got.read());
    }
    let got = b.send_files("/tests/1/sheets", "/tests/1/sheets", &[], &[]);
    assert!(got.status == 422 && got.read().contains("请选择要上传的文件"));
});
