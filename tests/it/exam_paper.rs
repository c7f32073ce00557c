//! Papers from a blueprint: what is chosen, how forms differ, what is printed.

use std::{collections::BTreeSet, fs, io::Read as _};

use dongliang::{
    exam::{
        paper::{self, Chosen, Wanted},
        print,
    },
    questions::{Answer, Difficulty, Kind, Markup, Question, Weight, bank::Kept},
    sheet::{Limits, csv_text},
};
use proptest::prelude::*;
use serde_json::Value as Json;

use super::cli::{fresh, run};

fn kept(number: i64, kind: Kind, topic: &str, difficulty: Option<Difficulty>) -> Kept {
    let answers = match kind {
        Kind::Short => Vec::new(),
        Kind::TrueFalse => vec![Answer::new("对", Weight::FULL), Answer::new("错", Weight::NONE)],
        Kind::Fill => vec![Answer::new("一次", Weight::FULL)],
        _ => (0..4).map(|i| Answer::new(format!("选{i}"), if i == 1 { Weight::FULL } else { Weight::NONE })).collect(),
    };
    let question = Question::new(kind, format!("第{number}题"), answers);
    let question = Question { topic: topic.into(), difficulty, source: "二（一）三".into(), ..question };
    Kept { number, version: 1, question, retired: None }
}

fn wanted(topic: Option<&str>, kind: Option<Kind>, count: usize) -> Wanted {
    Wanted { row: 2, topic: topic.map(str::to_owned), kind, difficulty: None, count, marks: 20 }
}

fn numbers(chosen: &[Chosen]) -> Vec<i64> {
    chosen.iter().map(|c| c.number).collect()
}

#[test]
fn a_blueprint_and_its_faults() {
    let read = |text: &str| {
        let table = csv_text::table(text.as_bytes(), &Limits::default()).unwrap();
        paper::blueprint(&table).map_err(|f| f.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    let good = read("题型,难度,主题,题数,每题分值\n单选,易,学,10,2\n,,,5,0.5\n").unwrap();
    assert_eq!(good[0].kind.zip(good[0].difficulty), Some((Kind::Single, Difficulty::Easy)));
    assert_eq!((good[0].topic.as_deref(), good[0].count, good[0].marks), (Some("学"), 10, 20));
    assert_eq!((good[1].kind, good[1].topic.as_deref(), good[1].marks), (None, None, 5));
    let bad = read("题型,难度,题数,每题分值\n选择,很难,零,一\n").unwrap_err();
    assert_eq!(bad.len(), 4);
    assert!(bad[0].starts_with("第2行A列：题型“选择”"), "{bad:?}");
    assert!(read("主题\n学\n").unwrap_err()[0].contains("没有找到表头"));
    assert!(read("题数,每题分值\n200,1\n200,1\n").unwrap_err()[0].contains("共400道题"));
}

/// Rows that overlap: the general row must not take what the narrow one needs.
#[test]
fn a_paper_is_found_whenever_there_is_one() {
    let bank: Vec<Kept> = (1..=3)
        .map(|n| kept(n, Kind::Single, "学/现场", None))
        .chain((4..=6).map(|n| kept(n, Kind::Single, "干", None)))
        .collect();
    for seed in 0..50 {
        let all = [wanted(None, None, 3), wanted(Some("学"), None, 3)];
        let chosen = paper::choose(&all, &bank, seed).unwrap();
        assert_eq!(numbers(&chosen).into_iter().collect::<BTreeSet<_>>().len(), 6);
    }
    let few = paper::choose(&[wanted(Some("学"), None, 4)], &bank, 1).unwrap_err();
    assert_eq!(few[0].to_string(), "第2行：题库里符合的题有3道，要4道。请减少题数、放宽条件，或先补充题库");
    let twice = paper::choose(&[wanted(Some("学"), None, 2), wanted(Some("学/现场"), None, 2)], &bank, 1).unwrap_err();
    assert!(twice[0].to_string().contains("合起来还差1道"), "{twice:?}");
    // 学 is no topic of 学习.
    assert!(paper::choose(&[wanted(Some("学/现"), None, 1)], &bank, 1).is_err());
}

#[test]
fn forms_follow_from_the_seed() {
    let bank: Vec<Kept> =
        (1..=40).map(|n| kept(n, if n % 2 == 0 { Kind::Single } else { Kind::TrueFalse }, "学", None)).collect();
    let all = [wanted(None, Some(Kind::TrueFalse), 10), wanted(None, Some(Kind::Single), 10)];
    let chosen = paper::choose(&all, &bank, 7).unwrap();
    assert_eq!(numbers(&chosen), numbers(&paper::choose(&all, &bank, 7).unwrap()));
    assert_ne!(numbers(&chosen), numbers(&paper::choose(&all, &bank, 8).unwrap()));
    // 单选 before 判断, whatever the order of the rows.
    assert!(chosen[..10].iter().all(|c| c.question.kind == Kind::Single));
    let forms = paper::forms(&chosen, 2, 7);
    assert_eq!(forms, paper::forms(&chosen, 2, 7));
    assert_ne!(forms[0].asked, forms[1].asked);
    for form in &forms {
        let mut seen: Vec<usize> = form.asked.iter().map(|a| a.question).collect();
        assert!(seen[..10].iter().all(|i| *i < 10));
        seen.sort_unstable();
        assert_eq!(seen, (0..20).collect::<Vec<_>>());
        for asked in &form.asked {
            let q = &chosen[asked.question].question;
            let letter = print::answer(q, asked);
            if q.kind == Kind::Single {
                let place = (letter.as_bytes()[0] - b'A') as usize;
                assert_eq!(q.answers[asked.options[place]].weight, Weight::FULL);
            } else {
                assert_eq!((letter.as_str(), asked.options.as_slice()), ("对", &[0, 1][..]));
            }
        }
    }
}

/// 以上都对 stays last, and options that name others by their letters stay where they are.
#[test]
fn some_options_keep_their_place() {
    let with = |texts: [&str; 4]| {
        let answers =
            texts.iter().enumerate().map(|(i, t)| Answer::new(*t, if i == 0 { Weight::FULL } else { Weight::NONE }));
        let question = Question::new(Kind::Single, "问", answers.collect());
        vec![Chosen { number: 1, version: 1, question, marks: 10 }]
    };
    let orders = |chosen: &[Chosen]| -> BTreeSet<Vec<usize>> {
        (0..100).map(|seed| paper::forms(chosen, 1, seed)[0].asked[0].options.clone()).collect()
    };
    let mut html = with(["<p>甲</p>", "<p>乙</p>", "<p>丙</p>", "<p>以上都对</p>"]);
    html[0].question.markup = Markup::Html;
    for chosen in [with(["甲", "乙", "丙", "以上都对"]), html] {
        let last = orders(&chosen);
        assert!(last.len() == 6 && last.iter().all(|o| o[3] == 3), "{last:?}");
    }
    assert_eq!(orders(&with(["甲", "乙", "A和B", "丙"])).len(), 1);
    assert_eq!(orders(&with(["甲", "乙", "AB都对", "丙"])).len(), 1);
    assert_eq!(orders(&with(["GDP增速", "CPI", "PPI", "BOT模式"])).len(), 24);
}

proptest! {
    #[test]
    fn no_question_twice_and_each_as_it_was_wanted(counts in prop::collection::vec((0_usize..3, 0_usize..3, 1_usize..6), 1..5), seed in any::<u64>()) {
        let topics = [None, Some("学"), Some("干")];
        let kinds = [None, Some(Kind::Single), Some(Kind::Fill)];
        let bank: Vec<Kept> = (0..24).map(|n| kept(n, if n % 2 == 0 { Kind::Single } else { Kind::Fill }, if n % 3 == 0 { "学" } else { "干" }, None)).collect();
        let all: Vec<Wanted> = counts.iter().map(|(t, k, n)| wanted(topics[*t], kinds[*k], *n)).collect();
        if let Ok(chosen) = paper::choose(&all, &bank, seed) {
            let distinct: BTreeSet<i64> = numbers(&chosen).into_iter().collect();
            prop_assert_eq!(distinct.len(), chosen.len());
            prop_assert_eq!(chosen.len(), all.iter().map(|w| w.count).sum::<usize>());
        }
    }
}

fn words(file: &std::path::Path) -> String {
    let mut zip = zip::ZipArchive::new(fs::File::open(file).unwrap()).unwrap();
    let mut xml = String::new();
    zip.by_name("word/document.xml").unwrap().read_to_string(&mut xml).unwrap();
    xml
}

#[test]
fn the_command_prints_forms() {
    let (dir, data) = fresh();
    let path = |name: &str| dir.path().join(name);
    let mut gift = String::from("$CATEGORY: 学\n\n");
    for i in 0..12 {
        gift.push_str(&format!("// 出处：二（一）三\n第{i}题{{=是 ~否 ~或}}\n\n// 出处：二（一）三\n判断{i}{{T}}\n\n"));
    }
    fs::write(path("题.gift"), gift).unwrap();
    assert_eq!(run(&data, &["questions", "import", path("题.gift").to_str().unwrap()]).code, 0);
    fs::write(path("细目.csv"), "主题,题型,题数,每题分值\n学,单选,10,2\n学,判断,10,1.5\n").unwrap();
    let args = |out: &str, more: &[&str]| -> Vec<String> {
        let base = [
            "exam",
            "paper",
            path("细目.csv").to_str().unwrap(),
            "--title",
            "季度测试",
            "--minutes",
            "60",
            "-o",
            path(out).to_str().unwrap(),
        ]
        .map(str::to_owned);
        base.into_iter().chain(more.iter().map(|s| (*s).to_owned())).collect()
    };
    let ran = |args: &[String]| run(&data, &args.iter().map(String::as_str).collect::<Vec<_>>());
    let done = ran(&args("卷", &["--forms", "2", "--seed", "5"]));
    assert!(done.code == 0 && done.out.contains("20 道题，满分 35 分，2 份卷"), "{}{}", done.out, done.err);
    for name in ["试卷A", "试卷B", "答题卡A", "答案B"] {
        assert!(words(&path("卷").join(format!("{name}.docx"))).contains("季度测试"), "{name}");
    }
    let paper = words(&path("卷/试卷A.docx"));
    assert!(paper.contains("一、单选题（共10题，每题2分，共20分）") && paper.contains("满分35分，时间60分钟，闭卷"));
    assert!(!paper.contains("答案") && words(&path("卷/答案A.docx")).contains("号题第1版，二（一）三"));
    let made: Json = serde_json::from_slice(&fs::read(path("卷/组卷.json")).unwrap()).unwrap();
    assert_eq!(made["forms"][1]["key"].as_array().unwrap().len(), 20);
    ran(&args("卷二", &["--forms", "2", "--seed", "5"]));
    assert_eq!(fs::read(path("卷/组卷.json")).unwrap(), fs::read(path("卷二/组卷.json")).unwrap());
    // What has no clause is asked of nobody, and the paper says so.
    fs::write(path("又.gift"), "又一题{T}\n").unwrap();
    assert_eq!(run(&data, &["questions", "import", path("又.gift").to_str().unwrap()]).code, 0);
    fs::write(path("多.csv"), "题型,题数,每题分值\n判断,13,1\n").unwrap();
    let more = path("多.csv");
    let none = path("无");
    let args13 = ["exam", "paper", more.to_str().unwrap(), "--title", "多", "-o", none.to_str().unwrap()];
    let short = run(&data, &args13);
    assert!(short.code == 1 && short.out.contains("有12道，要13道"), "{}{}", short.out, short.err);
    assert!(short.out.contains("另有1道没有出处条款"), "{}", short.out);
    // Without a seed each paper is another one, and says by which seed; what is there is not written over.
    let seed = |out: &str| {
        let done = ran(&args(out, &[]));
        assert_eq!(done.code, 0, "{}", done.err);
        let made: Json = serde_json::from_slice(&fs::read(path(out).join("组卷.json")).unwrap()).unwrap();
        assert!(done.out.contains(&format!("种子 {}，", made["seed"])), "{}", done.out);
        made["seed"].as_u64().unwrap()
    };
    assert_ne!(seed("随机一"), seed("随机二"));
    let again = ran(&args("卷", &["--seed", "6"]));
    assert!(again.code == 2 && again.err.contains("里已有文件"), "{}", again.err);
    fs::write(path("细目.csv"), "题型,题数,每题分值\n单选,13,2\n").unwrap();
    let short = ran(&args("卷三", &[]));
    assert!(short.code == 1 && short.out.contains("第2行：题库里符合的题有12道，要13道"), "{}{}", short.out, short.err);
    assert!(!path("卷三").exists());
}
