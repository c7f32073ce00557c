//! Classical item analysis: facility, corrected discrimination, distractors, KR-20 with its errors, warnings.
//!
//! Formulas in `docs/EXAM.md`. An empty answer is not a wrong one: it is left out of the question's own figures.

use serde::Serialize;

use super::{
    SETTLED,
    answers::{Answer, Given, Responses, option, options_of},
};

/// A test.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Analysis {
    /// All persons.
    pub persons: u64,
    /// Persons who have an answer to every question; the figures of the whole test are theirs.
    pub complete: u64,
    /// Mean of their raw scores: right answers, or marks ([`by_marks`]).
    pub mean: Option<f64>,
    /// Standard deviation of these, divisor n − 1.
    pub sd: Option<f64>,
    /// Cronbach's alpha; of right and wrong it is KR-20.
    pub alpha: Option<f64>,
    /// Its standard error (Duhachek and Iacobucci 2004).
    pub alpha_se: Option<f64>,
    /// Standard error of measurement of a raw score: sd · √(1 − alpha).
    pub sem: Option<f64>,
    /// One a question.
    pub items: Vec<Item>,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Item {
    /// Its name.
    pub name: String,
    /// Persons who answered.
    pub answered: u64,
    /// Of these, how many were right.
    pub right: u64,
    /// right ÷ answered; where parts of the marks are given ([`by_shares`]) the mean share of the marks.
    pub facility: Option<f64>,
    /// Correlation of being right with the share of the other questions that are right.
    pub discrimination: Option<f64>,
    /// Fewer than [`SETTLED`] answers: the figures are a trial.
    pub trial: bool,
    /// What was chosen, where options are given.
    pub options: Vec<Choice>,
    /// What somebody should look at.
    pub warnings: Vec<Warning>,
}

/// An option of a question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Choice {
    /// Its letter.
    pub option: String,
    /// True for the one that is marked right.
    pub key: bool,
    /// Persons who chose it.
    pub chosen: u64,
    /// chosen ÷ answered.
    pub share: f64,
    /// Correlation of choosing it with the share of the other questions that are right.
    pub discrimination: Option<f64>,
}

/// Something to look at; a person decides what it means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "warning")]
pub enum Warning {
    /// Who knows more is right less often.
    Negative,
    /// The key may be wrong: who knows more chooses another option, which is named, if options are given.
    Key {
        /// That option.
        option: Option<String>,
    },
    /// All were right, or all wrong: nothing is measured.
    Constant,
}

impl Warning {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            Warning::Negative => "区分度为负：总体答得好的人反而更常答错".into(),
            Warning::Key { option: Some(option) } => format!("疑似答案有误：总体答得好的人多选{option}"),
            Warning::Key { option: None } => "疑似答案有误：区分度明显为负".into(),
            Warning::Constant => "全对或全错：这道题区分不出水平".into(),
        }
    }
}

/// Analyses answers that are marked.
pub fn analyse(responses: &Responses) -> Analysis {
    let rest = Rest::of(responses);
    let items = (0..responses.items.len()).map(|j| item(responses, &rest, j)).collect();
    let whole = Whole::of(responses);
    Analysis {
        persons: responses.persons(),
        complete: whole.n,
        mean: whole.mean(),
        sd: whole.variance().map(f64::sqrt),
        alpha: whole.alpha(),
        alpha_se: whole.alpha_se(),
        sem: whole.sem(),
        items,
    }
}

/// The figures of single questions where an answer may earn a part of the marks: facility is the mean share of the marks,
/// discrimination the correlation of that share with the mean share of the person's other answered questions. Of answers
/// that are right or wrong alone they are those of [`analyse`].
pub fn by_shares(items: &mut [Item], rows: &[Vec<Option<f64>>]) {
    let whole: Vec<(f64, usize)> =
        rows.iter().map(|row| row.iter().flatten().fold((0.0, 0), |(sum, n), share| (sum + share, n + 1))).collect();
    for (j, item) in items.iter_mut().enumerate() {
        let (mut moments, mut sum, mut extreme) = (Moments::default(), 0.0, [true, true]);
        let mut answered = 0_u64;
        for (row, (total, n)) in rows.iter().zip(&whole) {
            let Some(own) = row.get(j).copied().flatten() else { continue };
            (answered, sum) = (answered + 1, sum + own);
            extreme = [extreme[0] && own <= 0.0, extreme[1] && own >= 1.0];
            if *n > 1 {
                moments.add(own, (total - own) / (n - 1) as f64, 1.0);
            }
        }
        item.answered = answered;
        item.facility = (answered > 0).then(|| sum / answered as f64);
        item.discrimination = moments.correlation();
        item.trial = answered < SETTLED;
        item.warnings = warnings(answered, extreme.contains(&true), item.discrimination);
    }
}

/// The figures of the whole test by the marks that each question earned, those of persons with every answer: of a paper whose
/// questions have different marks, or give parts of them, these are what the score is made of.
pub fn by_marks(analysis: &mut Analysis, rows: &[Vec<Option<f64>>]) {
    let whole = Whole::of_marks(analysis.items.len(), rows);
    (analysis.complete, analysis.mean, analysis.sd) = (whole.n, whole.mean(), whole.variance().map(f64::sqrt));
    (analysis.alpha, analysis.alpha_se, analysis.sem) = (whole.alpha(), whole.alpha_se(), whole.sem());
}

/// The same of options against a key, with what each option drew.
pub fn analyse_options(given: &Given, key: &[String]) -> Analysis {
    let marked = super::answers::keyed(given, key);
    let mut analysis = analyse(&marked);
    // One a row: who chose what, with the share of the other questions that are right.
    let scores: Vec<(u64, u64)> = given
        .rows
        .iter()
        .map(|(cells, _)| {
            let pairs = cells.iter().zip(key).filter(|(c, _)| !c.is_empty());
            pairs.fold((0, 0), |(right, all), (c, k)| (right + u64::from(same(c, k)), all + 1))
        })
        .collect();
    for (j, item) in analysis.items.iter_mut().enumerate() {
        for (option, chosen) in options_of(given, j) {
            let mut moments = Moments::default();
            for ((cells, persons), (right, all)) in given.rows.iter().zip(&scores) {
                if !cells[j].is_empty() && *all > 1 {
                    let own = u64::from(same(&cells[j], &key[j]));
                    let x = f64::from(u8::from(same(&cells[j], &option)));
                    moments.add(x, (right - own) as f64 / (all - 1) as f64, *persons as f64);
                }
            }
            let is_key = same(&option, &key[j]);
            let share = chosen as f64 / item.answered.max(1) as f64;
            item.options.push(Choice { option, key: is_key, chosen, share, discrimination: moments.correlation() });
        }
        suspect_key(item);
    }
    analysis
}

fn same(a: &str, b: &str) -> bool {
    option(a) == option(b)
}

/// A distractor that draws who knows more, and clearly better than the key does, says more than a sign. Without one the
/// sign stands.
fn suspect_key(item: &mut Item) {
    let of_key = item.options.iter().find(|o| o.key).and_then(|o| o.discrimination).unwrap_or(0.0);
    let others = item.options.iter().filter(|o| !o.key);
    let best = others.filter_map(|o| Some((o.discrimination?, o))).max_by(|a, b| a.0.total_cmp(&b.0));
    if let Some((drawn, choice)) = best
        && drawn > 2.0 * error(item.answered)
        && drawn > of_key
    {
        item.warnings.retain(|w| !matches!(w, Warning::Key { .. }));
        item.warnings.push(Warning::Key { option: Some(choice.option.clone()) });
    }
}

fn item(responses: &Responses, rest: &Rest, j: usize) -> Item {
    let (mut answered, mut right) = (0, 0);
    let mut moments = Moments::default();
    for (pattern, (sum, all)) in responses.patterns.iter().zip(&rest.0) {
        let x = match pattern.answers[j] {
            Answer::Missing => continue,
            Answer::Right => 1,
            Answer::Wrong => 0,
        };
        answered += pattern.persons;
        right += x * pattern.persons;
        if *all > 1 {
            moments.add(x as f64, (sum - x) as f64 / (all - 1) as f64, pattern.persons as f64);
        }
    }
    let discrimination = moments.correlation();
    let warnings = warnings(answered, right == 0 || right == answered, discrimination);
    Item {
        name: responses.items[j].clone(),
        answered,
        right,
        facility: (answered > 0).then(|| right as f64 / answered as f64),
        discrimination,
        trial: answered < SETTLED,
        options: Vec::new(),
        warnings,
    }
}

/// What to look at; `extreme`: all had all marks, or none any.
fn warnings(answered: u64, extreme: bool, discrimination: Option<f64>) -> Vec<Warning> {
    let below = |limit: f64| discrimination.is_some_and(|d| d < limit);
    [
        (answered > 0 && extreme, Warning::Constant),
        (below(0.0), Warning::Negative),
        (below(-2.0 * error(answered)), Warning::Key { option: None }),
    ]
    .into_iter()
    .filter_map(|(holds, warning)| holds.then_some(warning))
    .collect()
}

/// Standard error of a correlation that is in truth zero.
fn error(n: u64) -> f64 {
    1.0 / ((n.max(2) - 1) as f64).sqrt()
}

/// Of each pattern: right answers, and answers.
struct Rest(Vec<(u64, u64)>);

impl Rest {
    fn of(responses: &Responses) -> Rest {
        let count = |answers: &[Answer], a: Answer| answers.iter().filter(|x| **x == a).count() as u64;
        let of = |answers: &[Answer]| {
            (count(answers, Answer::Right), answers.len() as u64 - count(answers, Answer::Missing))
        };
        Rest(responses.patterns.iter().map(|p| of(&p.answers)).collect())
    }
}

/// Weighted sums of two variables, kept as means and centred sums so that nothing cancels.
#[derive(Default)]
struct Moments {
    n: f64,
    mean: (f64, f64),
    xx: f64,
    yy: f64,
    xy: f64,
}

impl Moments {
    fn add(&mut self, x: f64, y: f64, w: f64) {
        self.n += w;
        let (dx, dy) = (x - self.mean.0, y - self.mean.1);
        self.mean.0 += dx * w / self.n;
        self.mean.1 += dy * w / self.n;
        self.xx += w * dx * (x - self.mean.0);
        self.yy += w * dy * (y - self.mean.1);
        self.xy += w * dx * (y - self.mean.1);
    }

    /// Pearson's; none where one of them does not vary.
    fn correlation(&self) -> Option<f64> {
        let tiny = 1e-12 * self.n;
        let r = self.xy / (self.xx * self.yy).sqrt();
        // What is rounding alone has no sign.
        (self.xx > tiny && self.yy > tiny).then(|| if r.abs() < 1e-12 { 0.0 } else { r.clamp(-1.0, 1.0) })
    }
}

/// Covariances of the questions over persons with every answer.
struct Whole {
    n: u64,
    k: usize,
    mean: f64,
    /// Row by row, divisor n − 1; empty where that cannot be said.
    cov: Vec<f64>,
}

impl Whole {
    fn of(responses: &Responses) -> Whole {
        let k = responses.items.len();
        let whole = || responses.patterns.iter().filter(|p| !p.answers.contains(&Answer::Missing));
        let n: u64 = whole().map(|p| p.persons).sum();
        let mut both = vec![0_u64; k * k];
        for pattern in whole() {
            let right: Vec<usize> = (0..k).filter(|j| pattern.answers[*j] == Answer::Right).collect();
            for i in &right {
                for j in &right {
                    both[i * k + j] += pattern.persons;
                }
            }
        }
        let mean = |j: usize| both[j * k + j] as f64 / n.max(1) as f64;
        let mut cov = Vec::new();
        if n > 1 && k > 1 {
            let centred = |c: usize| both[c] as f64 - n as f64 * mean(c / k) * mean(c % k);
            cov = (0..k * k).map(|c| centred(c) / (n - 1) as f64).collect();
        }
        Whole { n, k, mean: (0..k).map(mean).sum(), cov }
    }

    fn of_marks(k: usize, rows: &[Vec<Option<f64>>]) -> Whole {
        let whole: Vec<Vec<f64>> = rows.iter().filter_map(|row| row.iter().copied().collect()).collect();
        let n = whole.len() as f64;
        let means: Vec<f64> = (0..k).map(|j| whole.iter().map(|row| row[j]).sum::<f64>() / n.max(1.0)).collect();
        let mut cov = Vec::new();
        if whole.len() > 1 && k > 1 {
            let both =
                |i: usize, j: usize| -> f64 { whole.iter().map(|row| (row[i] - means[i]) * (row[j] - means[j])).sum() };
            cov = (0..k * k).map(|c| both(c / k, c % k) / (n - 1.0)).collect();
        }
        Whole { n: whole.len() as u64, k, mean: means.iter().sum(), cov }
    }

    /// Standard error of measurement.
    fn sem(&self) -> Option<f64> {
        self.variance().zip(self.alpha()).map(|(v, a)| (v * (1.0 - a).max(0.0)).sqrt())
    }

    fn mean(&self) -> Option<f64> {
        (self.n > 0).then_some(self.mean)
    }

    /// Of the raw score.
    fn variance(&self) -> Option<f64> {
        (!self.cov.is_empty()).then(|| self.cov.iter().sum()).filter(|v| *v > 1e-12)
    }

    fn trace(&self) -> f64 {
        (0..self.k).map(|j| self.cov[j * self.k + j]).sum()
    }

    fn alpha(&self) -> Option<f64> {
        let k = self.k as f64;
        self.variance().map(|v| k / (k - 1.0) * (1.0 - self.trace() / v))
    }

    fn alpha_se(&self) -> Option<f64> {
        let sum = self.variance()?;
        let (k, trace) = (self.k as f64, self.trace());
        let squares: f64 = self.cov.iter().map(|c| c * c).sum();
        let rows: f64 = self.cov.chunks(self.k).map(|row| row.iter().sum::<f64>().powi(2)).sum();
        let q =
            2.0 * k * k / ((k - 1.0).powi(2) * sum.powi(3)) * (sum * (squares + trace * trace) - 2.0 * trace * rows);
        Some((q.max(0.0) / self.n as f64).sqrt())
    }
}
