//! The demo's question bank and three tests: one that is over, sat by the commission of the city, one that can be sat now by
//! everybody, and one on paper whose sheets are being entered ([`super::printed`]).

use anyhow::Context as _;

use super::{remedy::Hand, rng::Rng};
use crate::{
    clock::start_of_day,
    exam::{
        attempt::{self, Said, Sitter},
        close,
        paper::{Wanted, choose},
        roll::{self, Listed},
        score::takes_options,
        test::{self, MINUTE, Rules},
    },
    installation::Installation,
    questions::{Answer, Difficulty, Kind, Question, Weight, bank},
    scope::Actor,
    verdict::world::UNIT,
};

/// A single choice: what is asked, the right option, the others, the clause, how hard.
type Single = (&'static str, &'static str, [&'static str; 3], &'static str, Difficulty);
/// A statement, whether it is true, the clause.
type Statement = (&'static str, bool, &'static str);

const SINGLES: [Single; 12] = [
    (
        "训后闭卷测试，单位合格率低于多少的应当重新组织培训？",
        "80%",
        ["60%", "85%", "90%"],
        "二（一）二",
        Difficulty::Easy,
    ),
    ("重点项目服务专班由几名干部组成？", "3至5名", ["1至2名", "5至8名", "10名以上"], "二（二）一", Difficulty::Easy),
    ("各区县发改委每季度开展现场教学不少于几次？", "1次", ["2次", "3次", "4次"], "二（一）三", Difficulty::Easy),
    ("导师每月指导帮带对象不少于几次？", "2次", ["1次", "3次", "4次"], "二（二）三", Difficulty::Easy),
    ("每年选派到一线锻炼的干部不低于干部总数的多少？", "20%", ["10%", "15%", "30%"], "二（二）二", Difficulty::Medium),
    ("年轻干部挂职锻炼期限不少于多长时间？", "1年", ["3个月", "半年", "2年"], "二（二）二", Difficulty::Easy),
    ("科室负责人与普通干部谈话，每年不少于几次？", "4次", ["1次", "2次", "3次"], "二（三）三", Difficulty::Medium),
    ("廉政风险点防控措施多长时间评估一次？", "每季度", ["每月", "每半年", "每年"], "二（三）一", Difficulty::Medium),
    (
        "区县年度绩效考核中，干部队伍建设的权重不低于多少？",
        "20%",
        ["10%", "15%", "25%"],
        "三（一）三",
        Difficulty::Medium,
    ),
    ("人均培训经费每年不低于多少？", "5000元", ["3000元", "8000元", "10000元"], "三（二）一", Difficulty::Medium),
    ("专家库专家不少于多少名？", "100名", ["50名", "80名", "200名"], "三（二）二", Difficulty::Hard),
    ("年度考评连续几年处于后三位的，约谈主要负责人？", "2年", ["1年", "3年", "5年"], "三（一）三", Difficulty::Hard),
];

const STATEMENTS: [Statement; 8] = [
    ("新提任干部到任前，任前廉政谈话和廉政承诺缺一不可。", true, "二（三）三"),
    ("“三重一大”事项可以由主要负责人个人决定后再补会议记录。", false, "二（三）三"),
    ("一名帮带对象同一时间只有一位在帮导师。", true, "二（二）三"),
    ("缺考的人不计入应考人数。", false, "二（一）二"),
    ("每个重点项目有一套方案，由一个专班一抓到底。", true, "二（二）一"),
    ("每日一题的答题情况应当逐人通报。", false, "二（一）三"),
    ("责任清单的每项任务都要落实到岗位和个人。", true, "三（一）二"),
    ("期满报告和能力测评完成一项即可。", false, "二（二）二"),
];

/// A question that is answered with several options: right ones, wrong ones, the clause.
const SEVERAL: [(&str, [&str; 2], [&str; 2], &str); 3] = [
    ("集中廉政教育的固定内容有哪些？", ["中央八项规定精神学习", "警示教育片"], ["公文写作", "项目评审"], "二（三）二"),
    ("帮带内容中已经写明的有哪些？", ["政策解读", "公文写作"], ["驾驶技能", "外语考级"], "二（二）三"),
    ("锻炼期满应当完成哪些事项？", ["提交实践报告", "进行能力测评"], ["缴纳费用", "更换单位"], "二（二）二"),
];

fn questions() -> Vec<Question> {
    let of = |kind, topic: &str, stem: &str, answers, source: &str, difficulty| Question {
        topic: topic.into(),
        source: source.into(),
        difficulty: Some(difficulty),
        ..Question::new(kind, stem, answers)
    };
    let mut all = Vec::new();
    for (stem, right, wrong, source, difficulty) in SINGLES {
        let mut answers = vec![Answer::new(right, Weight::FULL)];
        answers.extend(wrong.map(|w| Answer::new(w, Weight::NONE)));
        all.push(of(Kind::Single, "建设高素质干部队伍/数字", stem, answers, source, difficulty));
    }
    for (stem, right, source) in STATEMENTS {
        let weight = |is: bool| if is == right { Weight::FULL } else { Weight::NONE };
        let answers = vec![Answer::new("对", weight(true)), Answer::new("错", weight(false))];
        all.push(of(Kind::TrueFalse, "建设高素质干部队伍/规则", stem, answers, source, Difficulty::Medium));
    }
    for (stem, right, wrong, source) in SEVERAL {
        let mut answers: Vec<Answer> = right.iter().map(|t| Answer::new(*t, Weight::share(2))).collect();
        answers.extend(wrong.iter().map(|t| Answer::new(*t, Weight::FULL.negative())));
        all.push(of(Kind::Multiple, "建设高素质干部队伍/规则", stem, answers, source, Difficulty::Medium));
    }
    all
}

/// 12 × 4 + 8 × 5 + 3 × 4 marks.
pub(super) fn blueprint() -> Vec<Wanted> {
    let row = |kind, count, marks| Wanted { row: 1, topic: None, kind: Some(kind), difficulty: None, count, marks };
    vec![row(Kind::Single, 12, 40), row(Kind::TrueFalse, 8, 50), row(Kind::Multiple, 3, 40)]
}

/// Fills the bank, and arranges two tests around the demo's day.
///
/// # Errors
/// When the store fails.
pub fn tests(installation: &Installation, seed: u64) -> anyhow::Result<()> {
    let inst = installation.clone();
    let today = installation.clock.now().day;
    let morning = |day: crate::day::Day| start_of_day(day) + 9 * 60 * MINUTE;
    let over = installation.db.write(move |tx| {
        let hand = Hand::of(tx, "personnel")?;
        let actor = |at| Actor { name: hand.name.clone(), account: hand.account, at };
        bank::add(tx, &actor(morning(today.plus(-40))), &questions(), "应知应会题库.gift")?;
        let kept = bank::current(tx, None)?;
        let chosen = choose(&blueprint(), &kept, seed).map_err(|f| anyhow::anyhow!("{f:?}"))?;
        let items = test::items(&chosen);
        let current = inst.current_in_write(tx)?;
        let units = current.organisation.table(UNIT).context("the city has units")?;
        let city = current.organisation.first_unit().context("the city has a first organ")?;
        let owned = current.organisation.owned(city);
        let keeper =
            tx.one("select person_id from account where login = 'personnel'", &[], |r| r.opt_i64(0))?.flatten();
        let arrange = |tx: &mut crate::db::Tx<'_>, title: &str, from: crate::day::Day, days: i32, units| {
            let (opens, closes) = (morning(from), morning(from.plus(days)) + 9 * 60 * MINUTE);
            let rules = Rules {
                title: title.into(),
                activity: None,
                unit: city,
                opens,
                closes,
                minutes: 40,
                attempts: 1,
                review: closes,
            };
            let id = test::make(tx, &actor(opens - 24 * 60 * MINUTE), &rules, &items)?;
            let mut listed = roll::of_units(&current, units, from);
            // Who chose the questions does not sit what is still to come: he may look at them meanwhile.
            let knows = |l: &&mut Listed| days > 0 && keeper == Some(l.person);
            listed.iter_mut().filter(knows).for_each(|l| l.excused = Some("参与命题".into()));
            test::publish(tx, &actor(opens - 20 * 60 * MINUTE), id, &listed, opens - 20 * 60 * MINUTE)?;
            anyhow::Ok(id)
        };
        let over = arrange(tx, "应知应会测试（上月）", today.plus(-30), 0, &owned)?;
        let everybody = units.ids.iter().copied().collect();
        // It opens with the day, whatever the hour.
        arrange(tx, "应知应会测试", today.plus(-1), 2, &everybody)?;
        Ok(over)
    })?;
    sit(installation, over, seed)?;
    super::printed::test(installation, seed)
}

/// Those on the list answer; a few do not come.
fn sit(installation: &Installation, id: i64, seed: u64) -> anyhow::Result<()> {
    let sat = installation.db.read(|tx| close::sat(tx, id))?.context("the test was published")?;
    let listed = installation.db.read(|tx| roll::of_test(tx, id))?;
    for (n, one) in listed.into_iter().enumerate() {
        let mut rng = Rng::of(&[seed, 900, n as u64]);
        if rng.chance(60) {
            continue;
        }
        let (sat, of) = (sat.clone(), Sitter { person: one.person, seat: 0 });
        let begun = sat.test.rules.opens + rng.between(1, 300) * MINUTE;
        // Who knows more is right more often, of every question.
        let knows = rng.between(450, 980) as u64;
        installation.db.write(move |tx| {
            let attempt = attempt::begin(tx, &sat, of, seed ^ n as u64, begun)?;
            for (place, asked) in attempt.asked.iter().enumerate() {
                let question = &sat.paper[asked.question].question;
                let right = rng.chance(knows);
                let wanted = |place: &&usize| (question.answers[**place].weight.parts() > 0) == right;
                let letter = |place: &usize| {
                    let shown = asked.options.iter().position(|o| o == place).unwrap_or_default();
                    char::from(b'A' + shown as u8).to_string()
                };
                let mut values: Vec<String> = asked.options.iter().filter(wanted).map(letter).collect();
                if question.kind != Kind::Multiple {
                    values.truncate(1);
                }
                if !takes_options(question.kind) {
                    values.clear();
                }
                let said = Said { place: place + 1, values, flagged: false, sequence: 1 };
                attempt::save(tx, &sat, of, &said, begun + (place as i64 + 1) * MINUTE)?;
            }
            let done = begun + rng.between(24, 39) * MINUTE;
            let actor = Actor { name: "演示".into(), account: None, at: done };
            attempt::hand_in(tx, &actor, &sat, of, done)
        })?;
    }
    close::patrol(installation).map(|_| ())
}
