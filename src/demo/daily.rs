//! The demo's 每日一题 and 每周一课: the last days as they were published, and four weeks ahead.

use anyhow::Context as _;

use super::{remedy::Hand, rng::Rng};
use crate::{
    clock::start_of_day,
    daily::{
        own,
        plan::{self, Kind},
        release,
    },
    day::Day,
    exam::{roll, score::Given},
    installation::Installation,
    questions::{Answer, Difficulty, Question, Weight, bank},
    scope::Actor,
};

/// Past days.
const BACK: i32 = 14;
/// Days ahead.
const AHEAD: i32 = 28;

/// A statement, whether it is true, why, the clause.
type Statement = (&'static str, bool, &'static str, &'static str);

/// Questions for every day; none of them stands in a test.
const STATEMENTS: [Statement; 24] = [
    ("一个项目的服务专班可以只有2名干部。", false, "每个专班3至5名。", "二（二）一"),
    ("一个项目只有一套现行的服务方案。", true, "一个项目、一套方案、一抓到底。", "二（二）一"),
    ("更换首席服务员不用交接。", false, "人换事不断，应有交接记录。", "二（二）一"),
    ("审批时限压缩率按工作日计算。", true, "（基准工作日－实际工作日）÷基准工作日。", "二（二）一"),
    ("企业满意度的目标是90%。", false, "目标是95%以上。", "二（二）一"),
    ("挂职锻炼期满，实践报告和能力测评都要有。", true, "两项都完成才算期满考核完成。", "二（二）二"),
    ("挂职满半年就算期满。", false, "不少于1年。", "二（二）二"),
    ("导师每月指导不少于2次，并留有记录。", true, "没有记录的不计。", "二（二）三"),
    ("一名年轻干部可以同时有两位在帮导师。", false, "一对一帮带。", "二（二）三"),
    ("全系统在帮的帮带对子不少于50对。", true, "按同一时间在帮的对子数算。", "二（二）三"),
    ("廉政风险点的防控措施每半年评估一次即可。", false, "每季度评估一次。", "二（三）一"),
    ("新出现的风险点应当及时预警。", true, "预警后有处置措施。", "二（三）一"),
    ("以案促改专题活动每年不少于2次。", true, "依据本地违规案例剖析整改。", "二（三）二"),
    ("廉政教育档案只为领导干部建立。", false, "每名干部都有，是提拔的重要依据。", "二（三）二"),
    ("主要负责同志与班子成员每年谈话不少于2次。", true, "逐人计算。", "二（三）三"),
    ("分管领导与分管科室负责人每年谈话1次就够了。", false, "不少于3次。", "二（三）三"),
    ("集体研究“三重一大”事项，主要负责人最后发言。", true, "末位表态。", "二（三）三"),
    ("不同意见可以不写进会议记录。", false, "不同意见应如实记录。", "二（三）三"),
    ("到任以后再补签廉政承诺书也可以。", false, "任前谈话、任前承诺，缺一不可。", "二（三）三"),
    ("责任清单共45项任务。", true, "每项都到岗、到人。", "三（一）二"),
    ("领导小组每季度听取一次汇报。", true, "研究解决突出问题。", "三（一）一"),
    ("专项经费只要年底审计，不用事前预算。", false, "事前预算、事中监控、事后审计三项都要有。", "三（二）一"),
    ("每个区县长期合作的专家不少于5名。", true, "以协议期为准。", "三（二）二"),
    ("大讲堂只能在会议室讲授，不能到现场。", false, "讲授与实地调研结合。", "二（一）三"),
];

fn questions() -> Vec<Question> {
    let one = |(stem, right, why, source): &Statement| {
        let weight = |is: bool| if is == *right { Weight::FULL } else { Weight::NONE };
        let answers = vec![Answer::new("对", weight(true)), Answer::new("错", weight(false))];
        let topic = match () {
            () if source.starts_with("二（一）") => "学",
            () if source.starts_with("二（二）") => "干",
            () if source.starts_with("二（三）") => "纪",
            () => "保障",
        };
        Question {
            topic: format!("每日一题/{topic}"),
            source: (*source).into(),
            feedback: (*why).into(),
            difficulty: Some(Difficulty::Easy),
            ..Question::new(crate::questions::Kind::TrueFalse, *stem, answers)
        }
    };
    STATEMENTS.iter().map(one).collect()
}

const LESSON: &str = "一、谁来帮带。业务骨干与年轻干部一对一结对，一名年轻干部同一时间只有一位在帮导师。\n\
二、帮带什么。结合岗位选定内容，政策解读、项目评审、公文写作都可以，贵在跟着真事学。\n\
三、怎样算数。每月指导不少于两次，当次记下日期、内容和要点；帮带对象确认后才算。\n\
四、常见的问题。月底集中补记、只写“已指导”、同一段文字反复使用，都说明指导没有落到事上。";

/// Plans and publishes around the demo's day; some cadres answer.
///
/// # Errors
/// When the store fails.
pub fn releases(installation: &Installation, seed: u64) -> anyhow::Result<()> {
    let today = installation.clock.now().day;
    let (inst, actor) = (installation.clone(), actor(installation)?);
    let days = installation.db.write(move |tx| {
        bank::add(tx, &actor(today.plus(-40)), &questions(), "每日一题.xlsx")?;
        let workdays = inst.current_in_write(tx)?.engine.workdays.clone();
        let told = |tx: &mut crate::db::Tx<'_>, kind: Kind, day: Day| {
            let sql = "select 1 from l_publication where voided_at is null and \"kind\" = $1 and \"day\" = $2";
            anyhow::Ok(tx.one(sql, &[kind.title().into(), day.to_string().into()], |r| r.i64(0))?.is_some())
        };
        let mut days = Vec::new();
        for day in (1..=BACK).rev().map(|n| today.plus(-n)).filter(|d| workdays.is_workday(*d)) {
            if told(tx, Kind::Daily, day)? {
                plan::draft(tx, &actor(day.plus(-1)), &workdays, day, (day, day), "")?;
                days.push(day);
            }
        }
        let mut lesson = None;
        for day in (1..=BACK).map(|n| today.plus(-n)) {
            if lesson.is_none() && told(tx, Kind::Weekly, day)? {
                let words = ("帮带怎样落到实处", LESSON, "每日一题/干");
                plan::lesson(tx, &actor(day.plus(-1)), day, day, words)?;
                lesson = Some(day);
            }
        }
        // Few questions last for few weeks.
        plan::draft(tx, &actor(today), &workdays, today, (today, today.plus(AHEAD)), "")?;
        days.extend(lesson.filter(|l| !days.contains(l)));
        days.sort_unstable();
        Ok(days)
    });
    // A bank that has nothing to ask leaves the plan empty.
    let days = match days {
        Err(e) if e.is::<crate::auth::account::Refused>() => Vec::new(),
        other => other?,
    };
    for day in &days {
        release::on(installation, *day)?;
    }
    answers(installation, seed, &days)?;
    release::patrol(installation).map(|_| ())
}

/// Half of the city's own cadres and of the first district's have answered now and then.
fn answers(installation: &Installation, seed: u64, days: &[Day]) -> anyhow::Result<()> {
    let (inst, days) = (installation.clone(), days.to_vec());
    installation.db.write(move |tx| {
        let current = inst.current_in_write(tx)?;
        let city = current.organisation.first_unit().context("the city has a first organ")?;
        let owned = current.organisation.owned(city);
        let today = inst.clock.now().day;
        let mut rng = Rng::of(&[seed, 901]);
        for person in roll::of_units(&current, &owned, today).into_iter().map(|l| l.person) {
            for day in &days {
                if !rng.chance(450) {
                    continue;
                }
                let asked = plan::between(tx, *day, *day)?.into_iter().find(|r| r.kind == Kind::Daily);
                let Some(kept) =
                    asked.and_then(|r| Some(bank::version(tx, r.question?, r.version?))).transpose()?.flatten()
                else {
                    continue;
                };
                let right = rng.chance(700);
                let places = kept.question.answers.iter().enumerate();
                let mut chosen: Vec<usize> =
                    places.filter(|(_, a)| (a.weight.parts() > 0) == right).map(|(i, _)| i).collect();
                chosen.truncate(if kept.question.kind == crate::questions::Kind::Multiple { chosen.len() } else { 1 });
                let count = own::one(tx, person, kept.number)?.map_or(0, |a| a.answers);
                own::answer(tx, person, &kept, &Given::Chosen(chosen), (count, *day))?;
            }
        }
        Ok(())
    })
}

/// Who plans, at noon of a day.
fn actor(installation: &Installation) -> anyhow::Result<impl Fn(Day) -> Actor + Send + 'static> {
    let hand = installation.db.read(|tx| Hand::of(tx, "personnel"))?;
    Ok(move |day| Actor { name: hand.name.clone(), account: hand.account, at: start_of_day(day) + 12 * 3_600_000_000 })
}
