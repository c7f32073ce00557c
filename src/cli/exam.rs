//! `dongliang exam items|calibrate|link`: the statistics of tests, of any table of answers, so that an office can check
//! them with other tools; these need no installation. `exam paper` is in [`super::exam_paper`].

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use super::{
    Outcome, Place,
    exam_paper::{self, Paper},
    misuse,
};
use crate::{
    exam::{
        answers::{self, Answer, Fault, Given, Responses},
        caution::{self, Caution},
        irt::{self, Calibration, Model, link::Line, person::Estimate},
        items::{self, Analysis},
    },
    sheet::{self, Limits},
};

/// Faults that are printed.
const SHOWN: usize = 50;

/// What is asked.
#[derive(Subcommand)]
pub(super) enum Command {
    /// 题目分析：难度、区分度、选项、信度
    Items(Items),
    /// 标定：Rasch（1PL）或双参数（2PL）模型
    Calibrate(Calibrate),
    /// 等值：两份卷按共同的题目放到一个量尺上
    Link(Link),
    /// 组卷：按双向细目表从题库抽题，印出试卷、答题卡和答案
    Paper(Paper),
}

/// Options of `exam items`.
#[derive(Args)]
pub(super) struct Items {
    /// 作答表（.csv 或 .xlsx）：一列一题，一行一人；0、1 或空；可有一列“人数”
    #[arg(value_name = "RESPONSES")]
    file: PathBuf,
    /// 表中是选项字母时的答案，按列的次序，如 A,C,B,D
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// 输出 JSON
    #[arg(long)]
    json: bool,
}

/// Options of `exam calibrate`.
#[derive(Args)]
pub(super) struct Calibrate {
    /// 作答表（.csv 或 .xlsx）：一列一题，一行一人；0、1 或空；可有一列“人数”
    #[arg(value_name = "RESPONSES")]
    file: PathBuf,
    /// 模型
    #[arg(long, value_enum)]
    model: Which,
    /// 同时给出每种作答的能力估计
    #[arg(long)]
    persons: bool,
    /// 输出 JSON
    #[arg(long)]
    json: bool,
}

/// Options of `exam link`.
#[derive(Args)]
pub(super) struct Link {
    /// 基准卷的作答表
    #[arg(value_name = "BASE")]
    base: PathBuf,
    /// 新卷的作答表；列名相同的是共同的题目
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// 模型
    #[arg(long, value_enum)]
    model: Which,
    /// 基准卷的合格线，占满分的比例
    #[arg(long, default_value_t = 0.6, value_name = "SHARE")]
    pass: f64,
    /// 输出 JSON
    #[arg(long)]
    json: bool,
}

/// A model as it is typed.
#[derive(Clone, Copy, ValueEnum)]
enum Which {
    #[value(name = "1pl")]
    OnePl,
    #[value(name = "2pl")]
    TwoPl,
}

impl From<Which> for Model {
    fn from(which: Which) -> Model {
        match which {
            Which::OnePl => Model::Rasch,
            Which::TwoPl => Model::TwoPl,
        }
    }
}

/// Runs it.
pub(super) fn run(place: &Place, command: &Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Items(o) => run_items(o),
        Command::Calibrate(o) => run_calibrate(o),
        Command::Link(o) => run_link(o),
        Command::Paper(o) => exam_paper::run(place, o),
    }
}

/// A table of answers, or what is wrong with it.
fn given(file: &Path) -> anyhow::Result<Given> {
    let shown = file.display();
    let table = sheet::read_path(file, &Limits::default()).map_err(|e| match e {
        sheet::SheetError::Io(e) if e.kind() == std::io::ErrorKind::NotFound => anyhow::anyhow!("没有文件 {shown}"),
        e => anyhow::anyhow!("文件 {shown}：{e}"),
    })?;
    answers::given(&table).map_err(|faults| refusal(file, &faults))
}

fn marked(file: &Path) -> anyhow::Result<Responses> {
    answers::marked(&given(file)?).map_err(|faults| refusal(file, &faults))
}

fn refusal(file: &Path, faults: &[Fault]) -> anyhow::Error {
    let mut lines: Vec<String> = faults.iter().take(SHOWN).map(ToString::to_string).collect();
    if faults.len() > SHOWN {
        lines.push(format!("……共 {} 处，只列前 {SHOWN} 处", faults.len()));
    }
    anyhow::anyhow!("文件 {} 不是作答表，没有计算：\n{}", file.display(), lines.join("\n"))
}

fn json(value: &impl Serialize) -> anyhow::Result<()> {
    say!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}

/// A figure of a table: empty where there is none.
fn figure(x: Option<f64>, digits: usize) -> String {
    x.filter(|x| x.is_finite()).map(|x| format!("{x:.digits$}")).unwrap_or_else(|| "—".into())
}

fn run_items(o: &Items) -> anyhow::Result<Outcome> {
    let given = given(&o.file)?;
    let analysis = match &o.key {
        None => items::analyse(&answers::marked(&given).map_err(|faults| {
            anyhow::anyhow!("{}\n表里是选项字母的，用 --key 写明各题答案，如 --key A,C,B,D", refusal(&o.file, &faults))
        })?),
        Some(key) => items::analyse_options(&given, &key_of(key, given.items.len())?),
    };
    let warnings = caution::of_analysis(&analysis);
    if o.json {
        json(&Warned { figures: &analysis, warnings })?;
    } else {
        print_items(&analysis);
        warn(&warnings);
    }
    Ok(Outcome::Done)
}

/// `A,C,B` or `ACB`.
fn key_of(key: &str, items: usize) -> anyhow::Result<Vec<String>> {
    let parted = key.contains([',', '，']);
    let key: Vec<String> = if parted {
        key.split([',', '，']).map(|k| k.trim().to_owned()).collect()
    } else {
        key.chars().filter(|c| !c.is_whitespace()).map(String::from).collect()
    };
    if key.len() != items || key.iter().any(String::is_empty) {
        return Err(misuse(format!("答案有 {} 个，题目有 {items} 道：请按列的次序每题写一个", key.len())));
    }
    Ok(key)
}

fn print_items(a: &Analysis) {
    say!("题目\t作答\t答对\t难度（答对率）\t区分度\t说明");
    for item in &a.items {
        let mut notes: Vec<String> = item.warnings.iter().map(items::Warning::words).collect();
        if item.trial {
            notes.push("试行：作答不足200".into());
        }
        let (facility, discrimination) = (figure(item.facility, 4), figure(item.discrimination, 4));
        let (name, answered, right) = (&item.name, item.answered, item.right);
        say!("{name}\t{answered}\t{right}\t{facility}\t{discrimination}\t{}", notes.join("；"));
        for option in &item.options {
            let key = if option.key { "（答案）" } else { "" };
            let drawn = figure(option.discrimination, 4);
            say!("　选{}{key}\t{}\t\t{}\t{drawn}", option.option, option.chosen, figure(Some(option.share), 4));
        }
    }
    say!("共 {} 人，其中 {} 人各题都有作答，以下按这些人计", a.persons, a.complete);
    say!("平均分 {}，标准差 {}", figure(a.mean, 4), figure(a.sd, 4));
    let (alpha, error) = (figure(a.alpha, 4), figure(a.alpha_se, 4));
    say!("KR-20（α）{alpha}，标准误 {error}；分数的测量标准误 {}", figure(a.sem, 4));
}

/// Figures, and where they mean little.
#[derive(Serialize)]
struct Warned<T> {
    #[serde(flatten)]
    figures: T,
    warnings: Vec<Caution>,
}

fn warn(warnings: &[Caution]) {
    warnings.iter().for_each(|w| complain!("注意：{}", w.text));
}

/// A calibration, and the abilities if they are asked for.
#[derive(Serialize)]
struct WithPersons<'a> {
    #[serde(flatten)]
    calibration: &'a Calibration,
    #[serde(skip_serializing_if = "Option::is_none")]
    abilities: Option<Vec<Ability>>,
}

#[derive(Serialize)]
struct Ability {
    answers: String,
    persons: u64,
    #[serde(flatten)]
    estimate: Estimate,
}

fn run_calibrate(o: &Calibrate) -> anyhow::Result<Outcome> {
    let responses = marked(&o.file)?;
    let calibration = irt::calibrate(&responses, o.model.into())?;
    let abilities = o.persons.then(|| abilities(&responses, &calibration));
    let warnings = caution::of_calibration(&calibration);
    if o.json {
        json(&Warned { figures: WithPersons { calibration: &calibration, abilities }, warnings })?;
    } else {
        print_calibration(&calibration, abilities.as_deref());
        warn(&warnings);
    }
    Ok(if calibration.converged { Outcome::Done } else { Outcome::No })
}

fn abilities(responses: &Responses, calibration: &Calibration) -> Vec<Ability> {
    let curves = calibration.curves();
    let kept: Vec<usize> =
        (0..responses.items.len()).filter(|j| !calibration.left_out.contains(&responses.items[*j])).collect();
    let sign = |a: &Answer| match a {
        Answer::Wrong => '0',
        Answer::Right => '1',
        Answer::Missing => '-',
    };
    let of = |p: &answers::Pattern| {
        let own: Vec<Answer> = kept.iter().map(|j| p.answers[*j]).collect();
        let answers = p.answers.iter().map(sign).collect();
        Ability { answers, persons: p.persons, estimate: irt::person::estimate(&curves, &own) }
    };
    responses.patterns.iter().map(of).collect()
}

fn print_calibration(c: &Calibration, abilities: Option<&[Ability]>) {
    say!("题目\t作答\t斜率\t标准误\t难度\t标准误\t截距\t标准误\tS-X²\t自由度\tp\t说明");
    for i in &c.items {
        let fit = i.fit.map_or("—\t—\t—".into(), |f| format!("{:.3}\t{}\t{:.3}", f.s_x2, f.df, f.p));
        say!(
            "{}\t{}\t{:.4}\t{}\t{:.4}\t{}\t{:.4}\t{}\t{fit}\t{}",
            i.name,
            i.answered,
            i.slope,
            figure(i.slope_se, 4),
            i.difficulty,
            figure(i.difficulty_se, 4),
            i.intercept,
            figure(i.intercept_se, 4),
            if i.trial { "试行：作答不足200" } else { "" }
        );
    }
    say!("{} 人，{} 种作答", c.persons, c.patterns);
    say!("对数似然 {:.3}，{} 个参数，AIC {:.3}，BIC {:.3}", c.log_likelihood, c.parameters, c.aic, c.bic);
    say!("EM {} 步，牛顿 {} 步", c.em_steps, c.newton_steps);
    for (i, a) in abilities.unwrap_or_default().iter().enumerate() {
        if i == 0 {
            say!("作答\t人数\t能力（EAP）\t标准误\t能力（ML）\t标准误");
        }
        let e = &a.estimate;
        let (ml, ml_se) = (figure(e.ml, 4), figure(e.ml_se, 4));
        say!("{}\t{}\t{:.4}\t{:.4}\t{ml}\t{ml_se}", a.answers, a.persons, e.eap, e.eap_se);
    }
}

/// A link with the pass line.
#[derive(Serialize)]
struct WithLine<'a> {
    #[serde(flatten)]
    link: &'a irt::link::Link,
    line: Option<Line>,
    base_form: Counted<'a>,
    new_form: Counted<'a>,
}

/// What the scores of a form are made of: a question without an estimate is in none of them.
#[derive(Serialize)]
struct Counted<'a> {
    full_marks: usize,
    left_out: &'a [String],
}

impl Counted<'_> {
    fn of(c: &Calibration) -> Counted<'_> {
        Counted { full_marks: c.items.len(), left_out: &c.left_out }
    }
}

fn run_link(o: &Link) -> anyhow::Result<Outcome> {
    if !(o.pass > 0.0 && o.pass < 1.0) {
        return Err(misuse("--pass 应在 0 与 1 之间，如 0.6"));
    }
    let of = |file: &Path| -> anyhow::Result<Calibration> {
        let calibration = irt::calibrate(&marked(file)?, o.model.into())?;
        anyhow::ensure!(calibration.converged, "文件 {} 的标定没有收敛，不能等值", file.display());
        Ok(calibration)
    };
    let (base, new) = (of(&o.base)?, of(&o.new)?);
    let link = irt::link::link(&base, &new)?;
    let line = link.line(&base.curves(), &new.curves(), o.pass * base.items.len() as f64);
    if o.json {
        json(&WithLine { link: &link, line, base_form: Counted::of(&base), new_form: Counted::of(&new) })?;
        return Ok(Outcome::Done);
    }
    say!("题目\t基准卷难度\t新卷难度（已换算）\t差/标准误\t说明");
    for c in &link.common {
        let note =
            if c.moved { "难度有变，等值时没有用；请核对题面是否改过、是否外泄" } else { "" };
        say!("{}\t{:.4}\t{:.4}\t{}\t{note}", c.name, c.base, c.linked, figure(c.z, 2));
    }
    let moved = link.common.iter().filter(|c| c.moved).count();
    say!("共同的题目 {} 道，用于等值的 {} 道", link.common.len(), link.common.len() - moved);
    say!("基准卷能力 = {:.4} × 新卷能力 + {:.4}（Stocking–Lord）", link.scale, link.shift);
    say!(
        "标准误 {:.4}、{:.4}；按均值和标准差为 {:.4}、{:.4}",
        link.scale_se,
        link.shift_se,
        link.mean_sigma.0,
        link.mean_sigma.1
    );
    for (form, c) in [("基准卷", &base), ("新卷", &new)].into_iter().filter(|(_, c)| !c.left_out.is_empty()) {
        let (n, names) = (c.left_out.len(), c.left_out.join("、"));
        say!("{form}有 {n} 道题没有标定（全对、全错或无人作答），不计入下面的满分和合格线：{names}");
    }
    match line {
        Some(l) => say!(
            "合格线：基准卷 {:.2} 分（满分 {}）= 能力 {:.4} = 新卷 {:.2} 分（满分 {}），标准误 {:.2}",
            l.base_score,
            base.items.len(),
            l.theta,
            l.new_score,
            new.items.len(),
            l.new_score_se
        ),
        None => say!("合格线在卷上没有对应的能力"),
    }
    Ok(Outcome::Done)
}
