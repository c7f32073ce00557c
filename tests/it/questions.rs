//! Files of questions: whole formats read, broken ones told line by line with the good questions kept, and what is
//! written is read back as it was.

use std::{path::Path, time::Instant};

use dongliang::questions::{self, Answer, Difficulty, Encoding, Format, Kind, Markup, Number, Question, Read, Weight};
use proptest::prelude::*;

fn gift(text: &str) -> Read {
    questions::read(text.as_bytes(), Format::Gift, None).unwrap()
}

fn refused(read: &Read) -> Vec<(u32, &str)> {
    read.refused.iter().map(|r| (r.line, r.reason.as_str())).collect()
}

fn weights(q: &Question) -> Vec<String> {
    q.answers.iter().map(|a| a.weight.to_string()).collect()
}

#[test]
fn the_whole_of_gift() {
    let read = gift(
        "\
// a remark
$CATEGORY: $course$/top/要求/学

// 出处：二（一）三
// 难度：中
::现场教学::[html]<p>每季度至少\\: 几次？</p> {
  =一次#对，二（一）三
  ~两次 # 多了
  ~%50%三次
  ####见第二部分
}

Who's buried in Grant\\'s \\{tomb\\}? {=no one =%50%nobody#almost}

土专家{~%50%甲 ~%50%乙 ~%-100%丙}授课

会议可以临时动议{FALSE#不可以#是的}

培训合格率不低于{#80:0.5}%

金额{#=1822:0#exact =%50%1820..1824}

写一写{}

T or F {T}
",
    );
    assert!(read.refused.is_empty(), "{:?}", read.refused);
    let q: Vec<&Question> = read.questions.iter().map(|p| &p.question).collect();
    assert_eq!(read.questions.iter().map(|p| p.line).collect::<Vec<_>>(), [6, 13, 15, 17, 19, 21, 23, 25]);
    let kinds: Vec<Kind> = q.iter().map(|q| q.kind).collect();
    use Kind::{Fill, Multiple, Short, Single, TrueFalse};
    assert_eq!(kinds, [Single, Fill, Multiple, TrueFalse, Fill, Fill, Short, TrueFalse]);
    let first = q[0];
    assert_eq!((first.title.as_str(), first.markup), ("现场教学", Markup::Html));
    assert_eq!(first.stem, "<p>每季度至少: 几次？</p>");
    assert_eq!((first.topic.as_str(), first.source.as_str()), ("要求/学", "二（一）三"));
    assert_eq!((first.difficulty, first.feedback.as_str()), (Some(Difficulty::Medium), "见第二部分"));
    assert_eq!(weights(first), ["100", "0", "50"]);
    assert_eq!(first.answers[1].feedback, "多了");
    assert_eq!(q[1].stem, "Who's buried in Grant\\'s {tomb}?");
    assert_eq!(q[1].earned("NOBODY").to_string(), "50");
    assert_eq!((q[2].stem.as_str(), weights(q[2])), ("土专家_____授课", vec!["50".into(), "50".into(), "-100".into()]));
    assert_eq!((weights(q[3]), q[3].answers[0].feedback.as_str()), (vec!["0".to_owned(), "100".into()], "不可以"));
    assert_eq!(q[4].earned("80.5"), Weight::FULL);
    assert_eq!(q[5].earned("1823").to_string(), "50");
    assert!(q[1].source.is_empty() && q[1].difficulty.is_none() && q[1].topic == "要求/学");
}

/// Each fault at its line, and the questions between them are kept.
#[test]
fn a_broken_file_gives_its_good_questions() {
    let read = gift(
        "\
好的{=一 ~二}

没有结尾{=一 ~二

好的之二{T}

两处{=一}和{=二}

匹配{=甲 -> 一 =乙 -> 二}

只是说明。
第二行 }

::没有结尾的题名 {=一 ~二}

单选{=一 =二 ~三}

多选{~%50%一 ~%30%二}

没有答案{~一 ~二}

选项{=一 ~一}

[html]格式{=一 ~[markdown]二}

百分{~%150%一 ~二}

数{#十}

好的之三{=是}",
    );
    let stems: Vec<&str> = read.questions.iter().map(|p| p.question.stem.as_str()).collect();
    assert_eq!(stems, ["好的", "好的之二", "好的之三"]);
    let found = refused(&read);
    let wanted = [
        (3, "没有配对的 }"),
        (7, "两处答案部分"),
        (9, "匹配题"),
        (12, "有 } 而没有 {"),
        (14, "题名以 ::"),
        (16, "有2个正确答案"),
        (18, "合计应为100%"),
        (20, "没有标出正确答案"),
        (22, "选项A与选项B相同"),
        (24, "格式 [markdown] 与题干的格式 [html] 不同"),
        (26, "“%150%”不是"),
        (28, "“十”不是数值答案"),
    ];
    assert_eq!(found.len(), wanted.len(), "{found:?}");
    for ((line, reason), (at, says)) in found.iter().zip(wanted) {
        assert!(*line == at && reason.contains(says), "{line} {reason}, not {at} {says}");
    }
}

#[test]
fn encodings_are_told_or_asked_for() {
    let text = "全市发改系统每季度现场教学不少于几次？{=一次 ~两次 ~三次}\n\n由谁组织？{=区县发改委 ~市发改委}\n";
    let gb = encoding_rs::GB18030.encode(text).0.into_owned();
    let read = questions::read(&gb, Format::Gift, None).unwrap();
    assert_eq!((read.encoding, read.questions.len()), (Some(Encoding::Gb18030), 2));
    assert_eq!(read.questions, gift(text).questions);
    let marked = questions::read(format!("\u{feff}{text}").as_bytes(), Format::Gift, None).unwrap();
    assert_eq!(marked.questions, gift(text).questions);
    let short = questions::read(b"caf\xe9 {=b ~c}", Format::Gift, None);
    assert!(short.unwrap_err().to_string().contains("--encoding"));
    let said = questions::read(b"caf\xe9 {=b ~c}", Format::Gift, Some(Encoding::Windows1252)).unwrap();
    assert_eq!(said.questions[0].question.stem, "café");
}

#[test]
fn aiken_and_its_faults() {
    let text = "\
每季度至少几次？
A. 一次
B) 两次
ANSWER: A

选两个
Ａ、甲
Ｂ．乙
C. 丙
答案：AC

没有这个字母
A. 甲
B. 乙
ANSWER: D

中间有字
A. 甲
什么
B. 乙
ANSWER: A

没有结尾
A. 甲
";
    let read = questions::read(text.as_bytes(), Format::Aiken, None).unwrap();
    let kinds: Vec<_> = read.questions.iter().map(|p| (p.line, p.question.kind)).collect();
    assert_eq!(kinds, [(1, Kind::Single), (6, Kind::Multiple)]);
    assert_eq!(weights(&read.questions[1].question), ["50", "-100", "50"]);
    let lines: Vec<u32> = read.refused.iter().map(|r| r.line).collect();
    assert_eq!(lines, [12, 19, 23], "{:?}", read.refused);
    assert_eq!(Format::guess(Path::new("a.txt"), text.as_bytes()), Format::Aiken);
}

/// A question without its ANSWER ends where the next one begins, with a blank line between them or none.
#[test]
fn aiken_without_an_answer_does_not_swallow_the_next() {
    let text = "\
没有答案
A. 甲
B. 乙

好的
接着写
A. 丙
B. 丁
ANSWER: B
又没有答案
A. 甲
中间有字
B. 乙
好的之二
A. 丙
B. 丁
C. 戊
ANSWER: C

再没有答案
A. 甲
B. 乙
";
    let read = questions::read(text.as_bytes(), Format::Aiken, None).unwrap();
    let good: Vec<_> =
        read.questions.iter().map(|p| (p.line, p.question.stem.as_str(), p.question.answers.len())).collect();
    assert_eq!(good, [(5, "好的\n接着写", 2), (14, "好的之二", 3)]);
    let lines: Vec<u32> = read.refused.iter().map(|r| r.line).collect();
    assert_eq!(lines, [1, 10, 20], "{:?}", read.refused);
    assert!(read.refused.iter().all(|r| r.reason.contains("没有 ANSWER:")), "{:?}", read.refused);
}

const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

#[test]
fn moodle_xml_with_a_picture() {
    let xml = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<quiz>
<question type="category"><category><text>$course$/top/学</text></category></question>
<question type="multichoice"><name><text>图</text></name>
 <questiontext format="html"><text><![CDATA[<p>看图 <img src="@@PLUGINFILE@@/%E5%9B%BE%201.png"></p>]]></text>
 <file name="图 1.png" path="/" encoding="base64">{PIXEL}</file></questiontext>
 <generalfeedback format="html"><text>A &amp; B</text></generalfeedback>
 <single>false</single>
 <answer fraction="33.3333333"><text>甲</text></answer><answer fraction="33.3333333"><text>乙</text></answer>
 <answer fraction="33.3333333"><text>丙</text><feedback><text>好</text></feedback></answer>
 <answer fraction="-100"><text>丁</text></answer>
 <tags><tag><text>出处：二（一）三</text></tag><tag><text>难度：难</text></tag></tags>
</question>
<question type="truefalse"><questiontext format="plain_text"><text>对吗</text></questiontext>
 <answer fraction="100"><text>false</text></answer><answer fraction="0"><text>true</text></answer></question>
<question type="numerical"><questiontext format="plain_text"><text>多少</text></questiontext>
 <answer fraction="100"><text>80</text><tolerance>0.5</tolerance></answer></question>
<question type="matching"><questiontext><text>x</text></questiontext></question>
<question type="essay"><questiontext format="html"><text>&lt;img src="http://x/y.png"&gt;</text></questiontext></question>
<question type="essay"><questiontext format="plain_text"><text>写</text></questiontext></question>
"#
    );
    let whole = questions::read(format!("{xml}</quiz>").as_bytes(), Format::MoodleXml, None).unwrap();
    let kinds: Vec<Kind> = whole.questions.iter().map(|p| p.question.kind).collect();
    assert_eq!(kinds, [Kind::Multiple, Kind::TrueFalse, Kind::Fill, Kind::Short]);
    let q = &whole.questions[0].question;
    assert_eq!((q.images.len(), q.topic.as_str(), q.source.as_str()), (1, "学", "二（一）三"));
    assert!(q.stem.contains(&format!("@@PLUGINFILE@@/{}", q.images[0].name)), "{}", q.stem);
    assert_eq!((q.feedback.as_str(), q.difficulty), ("A & B", Some(Difficulty::Hard)));
    let found = refused(&whole);
    assert!(found[0].0 == 18 && found[0].1.contains("匹配题"), "{found:?}");
    assert!(found[1].0 == 19 && found[1].1.contains("图片在文件之外"), "{found:?}");
    // Cut in the middle: what was whole is kept, and the cut is told.
    let cut = questions::read(xml.as_bytes(), Format::MoodleXml, None).unwrap();
    assert_eq!(cut.questions, whole.questions);
    assert!(cut.refused.iter().any(|r| r.reason.contains("没有结束")), "{:?}", cut.refused);
    // The picture travels in GIFT.
    let back = gift(&questions::write_gift(std::slice::from_ref(q)));
    assert_eq!(back.questions.iter().map(|p| &p.question).collect::<Vec<_>>(), [q]);
    // It does not fit into a sheet, and that is said.
    let (_, left_out) = questions::write_workbook(std::slice::from_ref(q)).unwrap();
    assert_eq!(left_out, [0]);
}

#[test]
fn pictures_by_type_and_size() {
    let with = |data: &str| gift(&format!("[html]<img src\\=\"data\\:image/png;base64,{data}\"> {{T}}"));
    let good = with(&PIXEL.replace('=', "\\="));
    assert_eq!(good.questions[0].question.images.len(), 1, "{:?}", good.refused);
    let other = with("aGVsbG8gd29ybGQh");
    assert!(other.refused[0].reason.contains("不是 PNG、JPEG 或 GIF"), "{:?}", other.refused);
    let svg = gift("[html]<img src\\=\"data\\:image/svg+xml,<svg/>\"> {T}");
    assert_eq!(svg.questions.len(), 0);
    let large = with(&"iVBORw0KGgoA".repeat(130_000));
    assert!(large.refused[0].reason.contains("超过"), "{:?}", large.refused[0].reason);
}

#[test]
fn a_sheet_and_its_faults() {
    let template = questions::read(&questions::write_workbook(&[]).unwrap().0, Format::Workbook, None).unwrap();
    assert_eq!((template.questions.len(), template.refused.len()), (0, 0));
    let csv = "\
区发改委题库,,,,,,
题型,题目,选项A,选项B,选项C,正确答案,出处
单选,一题,甲,乙,丙,Ｂ,一
多选题,二题,甲,乙,丙,A、C,一
判断,三题,,,,√,一
填空题,四题,,,,一次|1次|#1,一
填空题,五题,,,,#79..81,一
简答,六题,,,,要点,一
选择,七题,甲,乙,,A,一
单选,八题,甲,乙,,D,一
单选,九题,甲,,丙,A,一
";
    let read = questions::read(csv.as_bytes(), Format::Workbook, None).unwrap();
    let kinds: Vec<_> = read.questions.iter().map(|p| (p.line, p.question.kind)).collect();
    use Kind::{Fill, Multiple, Short, Single, TrueFalse};
    assert_eq!(kinds, [(3, Single), (4, Multiple), (5, TrueFalse), (7, Fill), (8, Short)]);
    assert_eq!(weights(&read.questions[1].question), ["50", "-100", "50"]);
    assert_eq!(read.questions[3].question.earned("80.2"), Weight::FULL);
    assert_eq!(read.questions[4].question.feedback, "要点");
    let found = refused(&read);
    assert_eq!(found[0], (6, "填空题的文字答案和数值答案不能混用"));
    assert!(found[1].0 == 9 && found[1].1.starts_with("A列：题型“选择”应为"), "{found:?}");
    assert!(found[2].0 == 10 && found[2].1.starts_with("F列：答案“D”"), "{found:?}");
    assert_eq!(found[3], (11, "选项B是空的"));
    assert!(questions::read(b"a,b\n1,2\n", Format::Workbook, None).unwrap_err().to_string().contains("没有找到表头"));
}

#[test]
fn a_thousand_questions_take_a_tenth_of_a_second() {
    let mut text = String::new();
    for i in 0..1000 {
        text.push_str(&format!("// 出处：二（一）三\n::题{i}::第{i}题：每季度至少组织几次现场教学？{{\n\t=一次#见二（一）三\n\t~两次\n\t~三次\n\t~四次\n\t####各区县发改委\n}}\n\n"));
    }
    let begun = Instant::now();
    let read = gift(&text);
    let took = begun.elapsed();
    assert_eq!(read.questions.len(), 1000);
    // Unoptimised and beside other tests it takes longer; the bench measures the release build.
    assert!(took.as_secs() < 5, "{took:?}");
}

/// Any text that an office may type, the signs of the formats first.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[~=#{}:\\\\%/$|\\[\\]<>*.,-]{1,4}",
        "[一-龥ａ-ｚA-Za-z0-9 ]{1,8}",
        Just("->".to_owned()),
        Just("\n".to_owned()),
        Just("\n\n".to_owned()),
        Just("[html]".to_owned()),
        Just("####".to_owned()),
        Just("// 出处：x".to_owned()),
        Just("$CATEGORY: x".to_owned()),
        Just("\\n".to_owned()),
        Just("%50%".to_owned()),
    ];
    prop::collection::vec(piece, 1..5)
        .prop_map(|p| p.concat().trim().to_owned())
        .prop_filter("empty", |t| !t.is_empty())
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), text().prop_map(|t| t.split_whitespace().collect::<Vec<_>>().join(" "))]
}

fn told() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), text()]
}

fn weight() -> impl Strategy<Value = Weight> {
    prop_oneof![Just(Weight::NONE), (-100_i32..100).prop_map(|p| Weight::parse(&p.to_string()).unwrap())]
}

fn answers(kind: Kind) -> BoxedStrategy<Vec<Answer>> {
    let of = |(text, weight, feedback): (String, Weight, String)| Answer { feedback, ..Answer::new(text, weight) };
    let some = prop::collection::vec((text(), weight(), told()).prop_map(of), 2..6);
    let number = (-1_000_000_i64..1_000_000)
        .prop_map(|n| Number::parse(&format!("{}.{:03}", n / 1000, n.abs() % 1000)).unwrap());
    match kind {
        Kind::Short => Just(Vec::new()).boxed(),
        Kind::TrueFalse => (any::<bool>(), told(), told())
            .prop_map(|(right, a, b)| {
                let w = |on| if on { Weight::FULL } else { Weight::NONE };
                let answer = |text, on, feedback| Answer { feedback, ..Answer::new(text, w(on)) };
                vec![answer("对", right, a), answer("错", !right, b)]
            })
            .boxed(),
        Kind::Single | Kind::Fill => {
            let texts = some.prop_map(|mut all| {
                all[0].weight = Weight::FULL;
                all
            });
            if kind == Kind::Single {
                return texts.boxed();
            }
            let numbers = prop::collection::vec((number, weight(), told()), 1..4).prop_map(|all| {
                let of = |(i, (n, w, feedback)): (usize, (Number, Weight, String))| Answer {
                    range: Some(n.around(Number::parse("0.25").unwrap())),
                    feedback,
                    ..Answer::new("", if i == 0 { Weight::FULL } else { w })
                };
                all.into_iter().enumerate().map(of).collect()
            });
            prop_oneof![texts, numbers].boxed()
        }
        Kind::Multiple => (some, any::<bool>())
            .prop_map(|(mut all, one)| {
                let n = if one { 1 } else { 2 };
                all.iter_mut().for_each(|a| a.weight = a.weight.min(Weight::NONE));
                all.iter_mut().take(n).for_each(|a| a.weight = Weight::share(n));
                all
            })
            .boxed(),
    }
}

fn question() -> impl Strategy<Value = Question> {
    let kind = prop::sample::select(Kind::ALL.to_vec());
    let markup = prop::sample::select(vec![Markup::Plain, Markup::Html, Markup::Markdown]);
    let difficulty = prop::option::of(prop::sample::select(Difficulty::ALL.to_vec()));
    kind.prop_flat_map(move |kind| {
        (answers(kind), text(), name(), told(), name(), name(), difficulty.clone(), markup.clone()).prop_map(
            move |(answers, stem, title, feedback, topic, source, difficulty, markup)| {
                let q = Question::new(kind, stem, answers);
                Question { title, feedback, topic, source, difficulty, markup, ..q }.tidy()
            },
        )
    })
    .prop_filter("a whole question", |q| q.check().is_ok() && !q.stem.contains("![") && !q.stem.contains("@@"))
}

fn stable(read: Read) -> Vec<Question> {
    assert!(read.refused.is_empty(), "{:?}", read.refused);
    read.questions.into_iter().map(|p| p.question).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn gift_comes_back(all in prop::collection::vec(question(), 1..5)) {
        let written = questions::write_gift(&all);
        prop_assert_eq!(stable(gift(&written)), all, "{}", written);
    }

    #[test]
    fn anything_is_read_or_refused(text in "[~=#{}:\\\\%/$\\[\\]a\n 一TF.-]{0,120}") {
        for format in [Format::Gift, Format::Aiken, Format::MoodleXml] {
            let read = questions::read(text.as_bytes(), format, None).unwrap();
            prop_assert!(read.questions.iter().all(|p| p.question.check().is_ok() && p.line > 0));
            // What was read once is written and read alike.
            let all: Vec<Question> = read.questions.into_iter().map(|p| p.question).collect();
            prop_assert_eq!(stable(gift(&questions::write_gift(&all))), all);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_sheet_comes_back(all in prop::collection::vec(question(), 1..5)) {
        let (bytes, left_out) = questions::write_workbook(&all).unwrap();
        prop_assert!(left_out.is_empty());
        prop_assert_eq!(stable(questions::read(&bytes, Format::Workbook, None).unwrap()), all);
    }
}
