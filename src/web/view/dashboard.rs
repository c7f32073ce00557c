//! 工作总览 `/`: are we on plan, and who is not?

use askama::Template;

use super::chart::Chart;
use super::page::Page;
use super::parts::{Notices, Span};
use super::remedy::Lines;
use super::tag::{Light, State, Tag};
use super::words::{Link, Words};

/// The overview. From the verdicts as judged on the day asked: those of the city give the five counts, those of
/// the units the table.
#[derive(Clone, Debug, Template)]
#[template(path = "dashboard.html")]
pub struct Dashboard {
    /// Frame.
    pub page: Page,
    /// The reader sees the whole city; else what stands here is of the units in scope, and what the city bears itself and
    /// its trend are left out.
    pub whole: bool,
    /// Of a unit shown the reader sees some of its 科室 alone.
    pub part: bool,
    /// What is looked at: `2025年，截至10月20日`.
    pub period: String,
    /// Light of the whole: the rule of a unit's light over all unit verdicts; none without data.
    pub light: Light,
    /// Numbers of the conclusion.
    pub summary: Summary,
    /// Where to begin while nothing is judged, each with a line about it.
    pub start: Vec<(Link, &'static str)>,
    /// 主要短板, one sentence; empty for none.
    pub weak: Words,
    /// Demands by state, as judged for the city.
    pub counts: Counts,
    /// Heads of the columns of the table: the pillars with their clauses.
    pub pillars: Vec<PillarHead>,
    /// Units in the order shown: those with 落后项 (红灯, 黄灯, 绿灯), then the others, by name within each
    /// ([`super::spelling::sound_key`]).
    pub units: Vec<UnitRow>,
    /// 需要您决定: drafts that the reader may confirm, at most six, and how many there are.
    pub decide: (Lines, u64),
    /// 请关注: what is wrong in several places, at most six.
    pub attention: Notices,
    /// 市级直接承担: demands on the city itself that are behind or without data.
    pub city: Notices,
    /// How many demands the city bears itself.
    pub city_total: u32,
    /// Windows that end soon, at most six.
    pub soon: Vec<Milestone>,
    /// Share of met demands by month; no ranks.
    pub trend: Chart,
    /// Which quarter.
    pub span: Span,
}

/// The numbers of the conclusion. From the unit verdicts: neither 不适用 nor 数据不足 are counted.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Unit verdicts judged; 0 is an empty span.
    pub judged: u32,
    /// Share met or on plan: `92.4%`.
    pub on_plan: String,
    /// The rest: `7.6`, percentage points.
    pub behind: String,
    /// Units by light.
    pub green: u32,
    /// Units by light.
    pub yellow: u32,
    /// Units by light.
    pub red: u32,
    /// Names of the units with 红灯, at most three are said.
    pub red_units: Vec<String>,
    /// Sentence for an empty span: `2025年第三季度尚未开始统计，首次汇总时间：2025年7月31日。`
    pub empty: String,
}

/// Demands by state.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// All that are judged.
    pub total: u32,
    /// 达标.
    pub pass: u32,
    /// 进行中.
    pub open: u32,
    /// Of these with 黄灯.
    pub open_yellow: u32,
    /// Of these with 红灯.
    pub open_red: u32,
    /// 未达标.
    pub fail: u32,
    /// 数据不足.
    pub unknown: u32,
    /// 不适用.
    pub na: u32,
}

/// A pillar over its clause columns.
#[derive(Clone, Debug)]
pub struct PillarHead {
    /// 学, 干, 纪, 保障.
    pub title: String,
    /// Clauses, four characters each; shown in two lines.
    pub clauses: Vec<String>,
}

/// A unit's line.
#[derive(Clone, Debug)]
pub struct UnitRow {
    /// Short name, leading to the unit.
    pub unit: Link,
    /// 落后项 ÷ 应判项: below 10% green, 10 to 30% yellow, more red.
    pub light: Light,
    /// Only some of its 科室 are counted: those that the reader sees.
    pub part: bool,
    /// 落后项.
    pub behind: u32,
    /// 应判项.
    pub judged: u32,
    /// One for each clause column.
    pub cells: Vec<Cell>,
}

/// What a unit has under one clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nothing of the clause applies to the unit.
    Na,
    /// Nothing behind.
    Clear,
    /// So many behind, the worst light, and where they are listed.
    Behind {
        /// 落后项.
        count: u32,
        /// Red or yellow.
        light: Light,
        /// The unit's page at the pillar.
        href: String,
    },
    /// Nothing behind, but so many without data.
    Unknown {
        /// 数据不足项.
        count: u32,
        /// The unit's page at the pillar.
        href: String,
    },
}

/// A day on which something ends.
#[derive(Clone, Debug)]
pub struct Milestone {
    /// `7月7日`
    pub day: String,
    /// ISO.
    pub iso: String,
    /// What ends, leading to the requirement.
    pub title: Link,
    /// `干-21`
    pub code: String,
}

impl Dashboard {
    /// The conclusion as one sentence of at most five bold numbers.
    pub fn conclusion(&self) -> Words {
        let s = &self.summary;
        if s.judged == 0 {
            let empty = if s.empty.is_empty() { "本期尚无数据。" } else { &s.empty };
            return Words::from(empty);
        }
        let verdict = match self.light {
            Light::Red => "明显落后于计划",
            Light::Yellow => "略落后于计划",
            Light::Green | Light::None => "按计划推进",
        };
        let units = s.green + s.yellow + s.red;
        let words = Words::from("总体")
            .strong(verdict)
            .text(format!("：{}项次判定中达标或按计划的占", s.judged))
            .strong(&s.on_plan)
            .text(format!("，落后{}个百分点；{units}个单位中绿灯{}个、黄灯{}个、", s.behind, s.green, s.yellow));
        match s.red_units.as_slice() {
            [] => words.text("无红灯。"),
            names if names.len() <= 3 => words.strong(format!("红灯{}个（{}）", s.red, names.join("、"))).text("。"),
            names => words.strong(format!("红灯{}个（{}等）", s.red, names[..3].join("、"))).text("。"),
        }
    }

    /// A count of demands, which leads to them; of a past quarter there is no such list.
    fn state(&self, n: &u32, state: &str) -> Words {
        match self.span.is_past() {
            true => Words::from(n.to_string()),
            false => {
                let href = super::url::Query::new("/requirements").with("state", state).href();
                Words::new().link(n.to_string(), href)
            }
        }
    }

    /// Whether column `i` begins a pillar.
    fn begins(&self, i: &usize) -> bool {
        let mut at = 0;
        self.pillars.iter().any(|p| {
            let begin = at == *i;
            at += p.clauses.len();
            begin
        })
    }

    /// Name of column `i`: `干，导师帮带`.
    fn clause(&self, i: &usize) -> &str {
        self.pillars.iter().flat_map(|p| &p.clauses).nth(*i).map_or("", String::as_str)
    }

    /// Demands on the city that are neither behind nor without data.
    fn city_rest(&self) -> usize {
        (self.city_total as usize).saturating_sub(self.city.0.len())
    }
}

impl PillarHead {
    /// A clause in two lines of two characters.
    fn halves(clause: &str) -> (String, String) {
        let half = clause.chars().count().div_ceil(2);
        (clause.chars().take(half).collect(), clause.chars().skip(half).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dashboard(summary: Summary, light: Light) -> Dashboard {
        Dashboard {
            page: Page::default(),
            period: String::new(),
            light,
            summary,
            start: Vec::new(),
            weak: Words::new(),
            counts: Counts::default(),
            pillars: vec![
                PillarHead { title: "学".into(), clauses: vec!["培训测试".into(), "学习教学".into()] },
                PillarHead { title: "干".into(), clauses: vec!["项目服务".into()] },
            ],
            units: Vec::new(),
            decide: (Lines::default(), 0),
            attention: Notices::default(),
            city: Notices::default(),
            city_total: 0,
            soon: Vec::new(),
            whole: true,
            part: false,
            trend: Chart::default(),
            span: Span::default(),
        }
    }

    #[test]
    fn an_empty_span_says_so() {
        assert_eq!(dashboard(Summary::default(), Light::None).conclusion().to_string(), "本期尚无数据。");
    }

    #[test]
    fn the_conclusion_names_at_most_three_red_units() {
        let red_units: Vec<String> = ["甲县", "乙县", "丙县", "丁县"].map(String::from).into();
        let summary = Summary {
            judged: 9,
            on_plan: "50.0%".into(),
            behind: "50.0".into(),
            red: 4,
            red_units,
            ..Summary::default()
        };
        let html = dashboard(summary, Light::Red).conclusion().to_string();
        assert!(html.contains("<strong>红灯4个（甲县、乙县、丙县等）</strong>"), "{html}");
        assert!(html.contains("<strong>明显落后于计划</strong>"), "{html}");
    }

    #[test]
    fn columns_know_their_pillar() {
        let page = dashboard(Summary::default(), Light::None);
        assert_eq!([0, 1, 2].map(|i| page.begins(&i)), [true, false, true]);
        assert_eq!(PillarHead::halves("培训测试"), ("培训".into(), "测试".into()));
    }
}
