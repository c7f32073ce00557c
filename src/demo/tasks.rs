//! 责任清单: the 45 tasks, each with a post and a person, most of them done in time.

use anyhow::Result;

use super::{
    City, Out,
    people::{Organ, Role, unit},
    record::{Code, Record, Values},
    rng::Rng,
    time::{after, instant, on},
};

/// A task of the list: pillar, requirement, what is to be done, month it is due, days from the due day to the day it was
/// done (`None`: not done).
type Task = (&'static str, &'static str, &'static str, u32, Option<i32>);

/// 市发改委.
const CITY: [Task; 15] = [
    ("保障", "R-34", "成立市领导小组和办公室", 3, Some(-20)),
    ("保障", "R-36", "建立季度调度、半年总结、年度考核制度", 3, Some(-9)),
    ("保障", "R-40", "会同绩效部门明确考核权重", 4, Some(-12)),
    ("学", "R-04", "办好发改大讲堂", 12, Some(-18)),
    ("学", "R-03", "建好每日一题、每周一课、每月一考题库", 3, Some(-6)),
    ("干", "R-08", "组建15个市级重点项目服务专班", 4, Some(6)),
    ("干", "R-07", "明确首席服务员", 3, Some(-3)),
    ("干", "R-10", "制定服务成效考核指标口径", 9, None),
    ("干", "R-11", "清理审批事项，压缩办理时限", 9, Some(-4)),
    ("干", "R-12", "开展企业满意度调查", 12, Some(-10)),
    ("保障", "R-41", "补齐年度考核指标", 12, None),
    ("保障", "R-42", "组织年度考评", 12, Some(-2)),
    ("保障", "R-43", "对连续两年靠后的区县开展约谈", 6, Some(158)),
    ("保障", "R-48", "建设百人专家库", 9, Some(-5)),
    ("保障", "R-46", "落实市级专项经费", 8, Some(-11)),
];
/// 机关党委.
const PARTY: [Task; 9] = [
    ("纪", "R-24", "组织廉政风险拉网式排查", 6, Some(-8)),
    ("纪", "R-24", "汇总风险点清单并签报", 6, Some(-4)),
    ("纪", "R-25", "督促按季评估防控措施", 12, Some(-6)),
    ("纪", "R-26", "安排季度集中廉政教育", 12, Some(-7)),
    ("纪", "R-27", "指导区县以案促改", 11, Some(-3)),
    ("纪", "R-28", "建立干部廉政教育档案", 9, Some(-12)),
    ("纪", "R-29", "检查“三重一大”集体研究情况", 10, Some(-14)),
    ("纪", "R-30", "抽查廉政谈话记录", 11, Some(-5)),
    ("纪", "R-33", "规范新提任干部任前谈话和承诺", 6, Some(-20)),
];
/// 人事部门.
const STAFF: [Task; 9] = [
    ("学", "R-01", "编制年度培训计划", 2, Some(-6)),
    ("学", "R-02", "统一闭卷测试办法", 4, Some(-10)),
    ("学", "R-02", "跟踪测试不达标单位重训", 8, Some(-9)),
    ("干", "R-13", "起草一线锻炼实施方案", 2, Some(-12)),
    ("干", "R-14", "统筹年度一线选派", 12, Some(-11)),
    ("干", "R-15", "协调区县年轻干部挂职岗位", 3, Some(-18)),
    ("干", "R-17", "组织挂职期初、期满测评", 9, Some(-8)),
    ("干", "R-18", "指导各单位结对", 3, Some(-5)),
    ("干", "R-23", "组织业务能力评定", 9, Some(-1)),
];
/// One task of each of the 12 区县: what, month due, days to its end.
const DISTRICT: [Task; 12] = [
    ("干", "R-22", "年轻干部帮带全覆盖", 8, Some(-6)),
    ("学", "R-05", "打造现场教学点", 6, Some(-9)),
    ("干", "R-22", "补齐帮带结对", 12, None),
    ("保障", "R-35", "承接科室拆分后的职责", 6, Some(-11)),
    ("学", "R-02", "试行测试题库共建", 9, Some(-15)),
    ("纪", "R-25", "风险点措施补齐", 7, Some(12)),
    ("保障", "R-44", "落实培训经费", 3, Some(-7)),
    ("纪", "R-29", "补正决策会议记录", 12, Some(9)),
    ("干", "R-07", "每个项目配齐首席服务员", 5, None),
    ("保障", "R-35", "成立工作专班", 4, Some(217)),
    ("保障", "R-44", "报送经费预算", 3, None),
    ("保障", "R-49", "签约长期合作专家", 12, Some(-12)),
];

/// Writes the list; its last twelve stand in the books of the 区县 that owe them.
pub(super) fn write(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    let mut number = 0;
    let mut all: Vec<(u32, &'static str, Task, Code, Code, &'static str)> = Vec::new();
    let bearers = [("市发改委", &CITY[..], 4), ("机关党委", &PARTY[..], 3), ("人事部门", &STAFF[..], 2)];
    for (bearer, tasks, section) in bearers {
        for (n, task) in tasks.iter().enumerate() {
            number += 1;
            // The 市发改委's own are spread over its 科室.
            let section = if bearer == "市发改委" { section + n as u32 % 6 } else { section };
            if organ.no == 0 {
                let head = organ.with(city, Role::Head(section)).code;
                all.push((number, bearer, *task, unit(0, section), head, "科长"));
            }
        }
    }
    for (n, task) in DISTRICT.iter().enumerate() {
        number += 1;
        if organ.no as usize == n + 1 {
            let person = organ.with(city, Role::Deputy(2)).code;
            all.push((number, "区县发改委", *task, organ.code, person, "副局长"));
        }
    }
    for (number, bearer, task, unit, person, post) in all {
        let mut rng = Rng::of(&[city.seed, 110, u64::from(number)]);
        let (pillar, clause, title, month, done) = task;
        let issued = on(2, 14);
        let due = on(month, 28);
        // The person of one task was named only in November.
        let nameless = number == 11;
        let at = city.clock.typed(&mut rng, issued, 2);
        let values: Values = vec![
            ("code", format!("{number:02}").into()),
            ("title", title.into()),
            ("bearer", bearer.into()),
            ("post", post.into()),
            ("person", (!nameless).then_some(person).into()),
            ("issued", issued.into()),
            ("due", due.into()),
            ("pillar", pillar.into()),
            ("clause", clause.into()),
            ("section", unit.into()),
        ];
        let mut record = Record::new(out.code("task", organ.no), Some(unit), at, &organ.desk, values);
        if nameless {
            record = record.then(instant(on(11, 6), 10 * 60), "补填责任人", vec![("person", person.into())]);
        }
        if let Some(days) = done {
            let day = city.clock.open(due.plus(days).max(issued.plus(3)));
            let change: Values = vec![("done", day.into()), ("progress", "已完成".into())];
            record = record.then(after(at, city.clock.typed(&mut rng, day, 1)), "填完成日期", change);
        }
        out.put(record)?;
    }
    Ok(())
}
