//! One test `/tests/{id}`: its list, the pass rates of the organs, its questions, and what may be done.

use std::collections::BTreeSet;

use axum::{
    extract::{Path, State},
    response::{Html, IntoResponse as _, Response},
};

use super::{
    account::Left,
    app::App,
    asked,
    awaited::kept_back,
    error::PageError,
    exams,
    frame::{Ask, Desk, answer},
    live,
    test_list::names,
    test_near, test_print, test_rules, test_sheets,
    view::{
        form::{Errors, Field, Form},
        parts::{Fact, Facts},
        table::Pager,
        test::{OneTest, Person, Question, Rate},
        words::{Link, Words},
    },
};
use crate::{
    auth::Permission,
    clock::chinese,
    exam::{
        analysis,
        attempt::Sat,
        close::{self, Outcome, line_of},
        entered,
        items::Analysis,
        key, marking,
        paper::{Chosen, marks},
        printed, resit,
        roll::{self, MOST_EXTRA},
        score::written,
        test::{self, State as Stands, Test},
    },
    names::Names,
    questions::Kind,
    retention::attempts::may_be_gone,
    spelling::sound_key,
    verdict::world::{PERSON, UNIT},
};

/// Characters of a question in the list.
const STEM: usize = 60;
/// What is said of a test whose attempts have been deleted by their rule.
const GONE: &str = "已结束。答卷已过保存期限，已按规定删除；成绩以班次的参加与成绩为准。";
/// Most characters of a reason.
pub(super) const REASON: usize = 200;

/// `GET /tests/{id}`.
pub(super) async fn page(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| {
        asked::keys(desk, &["done", "n", "page", "size"]);
        render(desk, &own, &id, &Left::default())
    })
    .await
}

/// `GET /tests/{id}/events`: what the program does with a test that is over.
pub(super) async fn events(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    let mine = app.clone();
    answer(app, ask, move |desk| {
        let scope = desk.scope.clone();
        let test = found(desk.tx, &scope, &id)?.id;
        Ok(live::told(&mine, move |tx, app| settling(tx, app, test)))
    })
    .await
}

/// What the program does with a test that is over; `None` where nothing is left for it to do.
fn settling(tx: &mut crate::db::Tx<'_>, app: &App, test: i64) -> anyhow::Result<Option<String>> {
    let now = app.installation.watch.now(app.installation.clock);
    if !close::is_settling(tx, test, now)? {
        return Ok(None);
    }
    Ok(Some(match app.installation.settling.of(test) {
        Some((stage, 0, _)) => stage.into(),
        Some((stage, step, _)) => format!("{stage}：第{step}步"),
        None => "已收卷，即将结算成绩".into(),
    }))
}

/// The test of an address, if its unit is within the scope.
///
/// # Errors
/// [`PageError::NotFound`]; else when the store cannot be read.
pub(super) fn found(tx: &mut crate::db::Tx<'_>, scope: &crate::scope::Scope, id: &str) -> anyhow::Result<Test> {
    let id: i64 = id.parse().map_err(|_| PageError::NotFound)?;
    let test = test::get(tx, id)?.filter(|t| scope.has_unit(t.rules.unit));
    Ok(test.ok_or(PageError::NotFound)?)
}

pub(super) fn render(desk: &mut Desk<'_, '_>, app: &App, id: &str, left: &Left) -> anyhow::Result<Response> {
    let scope = desk.scope.clone();
    let test = found(desk.tx, &scope, id)?;
    let now = app.installation.watch.now(app.installation.clock);
    let sat = match test.state {
        Stands::Draft => None,
        _ => exams::sat(desk.tx, app, test.id)?,
    };
    let outcomes = if sat.is_some() { close::outcomes(desk.tx, test.id)? } else { Vec::new() };
    let line = line_of(&test, &desk.current);
    let mut wanted = outcomes.iter().map(|o| o.listed.person).collect::<BTreeSet<i64>>();
    let organs: BTreeSet<i64> = outcomes.iter().filter_map(|o| o.listed.organ).collect();
    let layout = desk.current.clone();
    let of =
        Names::load(desk.tx, &layout.engine.layout, &[(PERSON, std::mem::take(&mut wanted)), (UNIT, organs)].into())?;
    let (size, total) = (asked::size(desk), outcomes.len() as u64);
    let page = asked::page(desk, u64::div_ceil(total, size));
    let waits = entered::waits(desk.tx, test.id)?;
    let mut listed: Vec<Person> = outcomes.iter().map(|o| person(&test, line, o, &of, (now, waits))).collect();
    listed.sort_by_cached_key(|p| (sound_key(&p.organ), sound_key(&p.name), p.code.clone()));
    let listed = listed.into_iter().skip(((page - 1) * size) as usize).take(size as usize).collect();
    let (mut questions, alpha, (marking, marked)) = match &sat {
        Some(sat) => {
            let analysis = analysis::of_test(desk.tx, sat)?;
            let out = test::withdrawn(desk.tx, test.id)?;
            (questions(&sat.paper, Some(&analysis), &out), alpha(&analysis), marking(desk, sat)?)
        }
        None => (questions(&test::paper(desk.tx, &test.items)?, None, &[]), String::new(), (None, None)),
    };
    if let Some(sat) = &sat {
        keys(desk, app, sat, &mut questions)?;
    }
    let printed = printed::of_test(desk.tx, test.id)?;
    let first = resit::first_of(desk.tx, &test)?;
    let near = first.as_ref().map(|first| resit::listed(desk.tx, &layout, first)).transpose()?;
    let mut forms = forms(&test, !outcomes.is_empty(), near.map(|near| near.len()));
    forms.extend(test_print::form(&test, printed.len()).map(|form| ("打印试卷", form)));
    for (_, form) in &mut forms {
        form.token = desk.form_token()?;
        left.fill(form);
    }
    let errors = Errors(forms.iter().flat_map(|(_, form)| Errors::of(form).0).collect());
    let class = names(desk, std::slice::from_ref(&test))?;
    let gone =
        may_be_gone(&desk.current, test.rules.closes, desk.now.day) && outcomes.iter().all(|o| o.score.is_none());
    let view = OneTest {
        errors,
        notice: notice(desk, outcomes.iter().any(|o| o.on_paper)),
        doing: settling(desk.tx, app, test.id)?.unwrap_or_default(),
        events: format!("/tests/{}/events", test.id),
        title: test.rules.title.clone(),
        state: test.state.title(),
        next: match test_sheets::waiting(&test, waits, now) {
            _ if gone => Words::from(GONE),
            Some(waits) => waits,
            None => next(&test, &outcomes, now),
        },
        ways: marked
            .into_iter()
            .chain((!printed.is_empty()).then(|| Link::new("录入答卷", format!("/tests/{}/sheets", test.id))))
            .collect(),
        facts: facts(desk, &test, &class, &printed::letters(&printed))?,
        near: test_near::words(desk, &test, &outcomes, gone)?,
        // Of a second sitting the list is no unit's.
        rates: line
            .filter(|_| !gone && first.is_none())
            .map_or_else(Vec::new, |line| rates(&outcomes, line, &of, now >= test.rules.closes)),
        line: line.map_or_else(String::new, written),
        listed,
        pager: Pager {
            query: asked::without_page(&desk.ask).without("done").without("n"),
            title: "应考人员".into(),
            total,
            size,
            page,
        },
        questions,
        alpha,
        left_out: left_out(desk, test.id)?,
        marking,
        forms,
        page: desk.page("/tests")?,
    };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

/// What was done.
fn notice(desk: &Desk<'_, '_>, on_paper: bool) -> String {
    let totals = if on_paper { "只录了总分的纸面答卷不重新计分。" } else { "" };
    match desk.ask.get("done") {
        Some("make") => "草稿已保存。确定应考名单并发布后，应考人员在“我的考试”里看到。".into(),
        Some("make-list") => {
            "草稿已保存，试卷按“指定题目”组成，双向细目表没有改动，没有使用。确定应考名单并发布后，应考人员在“我的考试”里看到。".into()
        }
        Some("rules") => "考试安排已修改。".into(),
        Some("publish") => "已发布，试卷和应考名单不再改变。".into(),
        Some("published") => "这场考试此前已经发布，没有重复发布；试卷和应考名单以页面上的为准。".into(),
        Some("roll") => "已调整。".into(),
        Some("withdraw") => format!("已作废，所有人按得到该题满分计分；已交卷的已重新计分，原成绩保留。{totals}"),
        Some("key") => {
            let n = asked::echo(desk.ask.get("n").unwrap_or_default());
            format!("已更正答案并重新计分，{n}份答卷的成绩改变，原成绩保留。{totals}")
        }
        _ => String::new(),
    }
}

fn next(test: &Test, outcomes: &[Outcome], now: i64) -> Words {
    let due = outcomes.iter().filter(|o| o.listed.excused.is_none()).count();
    let done = outcomes.iter().filter(|o| o.score.is_some()).count();
    let unmarked: usize = outcomes.iter().map(|o| o.unmarked).sum();
    let runs = outcomes.iter().map(|o| o.open).sum::<usize>() - unmarked;
    match test.state {
        Stands::Draft => Words::from("草稿，只有组织单位能看到。发布后试卷和应考名单不再改变。"),
        Stands::Open if now < test.rules.opens => Words::from("已发布，").strong(test.window()).text("开放。"),
        Stands::Open => {
            let mut words = Words::from("应考").strong(due.to_string()).text("人，已出成绩").strong(done.to_string());
            words = words.text("人");
            for (what, n) in [("已交卷待评阅", unmarked), ("作答中", runs)] {
                if n > 0 {
                    words = words.text("，").text(what).strong(n.to_string()).text("份");
                }
            }
            let then = if test.rules.activity.is_some() { "，成绩登记到班次。" } else { "。" };
            words.text("。全部收卷、评阅后自动结束").text(then)
        }
        Stands::Closed => {
            let words = Words::from("已结束：应考")
                .strong(due.to_string())
                .text("人，已考")
                .strong(done.to_string())
                .text("人。");
            if test.rules.activity.is_some() {
                words.text("成绩已登记到班次，合格率按学-02判定。")
            } else {
                words
            }
        }
    }
}

fn facts(desk: &mut Desk<'_, '_>, test: &Test, names: &Names, printed: &str) -> anyhow::Result<Facts> {
    let mut facts = vec![Fact::new("组织单位", names.title(UNIT, test.rules.unit))];
    if let Some((table, id)) = desk.current.engine.layout.index("activity").zip(test.rules.activity) {
        let class = Words::new().link(names.title(table, id), format!("/ledgers/activity/{}", names.code(table, id)));
        facts.push(Fact::new("班次", class));
    }
    facts.extend([
        Fact::new("开放时间", test.window()),
        Fact::new("时长", format!("{}分钟", test.rules.minutes)),
        Fact::new("次数", format!("{}次", test.rules.attempts)),
        Fact::new("试卷", format!("{}题，满分{}分", test.items.len(), test.full())),
        Fact::new("错题公布", format!("{}起", chinese(test.reviewed_from()))),
        Fact::new("拟制人", test.made_by.as_str()),
    ]);
    if test.state != Stands::Draft && test.origin.first.is_none() {
        let n = roll::left_out(desk.tx, &desk.current, test)?;
        let told = format!("{n}名参训人员不在应考名单上（名单在发布时定下）：不能参加这场考试，也不计入合格率。");
        facts.extend((n > 0).then(|| Fact::new("名单之外", told)));
    }
    if !printed.is_empty() {
        facts.push(Fact::new("纸面试卷", format!("{printed}卷")));
    }
    if let Some(first) = test.origin.first
        && let Some(first) = test::get(desk.tx, first)?
    {
        let common = key::shared(desk.tx, &test.items, &first.items)?;
        let words = Words::new();
        let words = match desk.scope.has_unit(first.rules.unit) {
            true => words.link(first.rules.title.clone(), format!("/tests/{}", first.id)),
            false => words.text(first.rules.title.clone()),
        };
        facts.push(Fact::new("第一卷", words.text(format!("，共同题{common}道"))));
        let note = match test.line_note.as_str() {
            "" => "两卷每题都满200人作答时，结束后据共同题折算；否则按同一分数线试行。",
            note => note,
        };
        facts.push(Fact::new("合格线", note.to_owned()));
    }
    Ok(Facts(facts))
}

fn person(test: &Test, line: Option<i64>, o: &Outcome, names: &Names, (now, waits): (i64, bool)) -> Person {
    let state = match (&o.listed.excused, o.score, o.open) {
        (Some(why), ..) => format!("免考：{why}"),
        (None, _, open) if open > o.unmarked => "作答中".into(),
        (None, _, 1..) => "已交卷，待评阅".into(),
        (None, Some(_), 0) if o.on_paper => "已交卷（纸面）".into(),
        (None, Some(_), 0) => "已交卷".into(),
        (None, None, 0) if waits && now >= test.rules.closes => "没有答卷".into(),
        (None, None, 0) if test.state == Stands::Closed || now >= test.rules.closes => "缺考".into(),
        (None, None, 0) => "未开始".into(),
    };
    let near = o.score.zip(line).is_some_and(|((score, _), line)| close::borderline(test, score, line));
    let state = if near { format!("{state}，临界") } else { state };
    let extra = if o.listed.extra > 0 { format!("（延长{}分钟）", o.listed.extra) } else { String::new() };
    let earlier = o.earlier.map_or_else(String::new, |e| format!("（原{}）", written(e)));
    Person {
        name: names.title(PERSON, o.listed.person).to_owned(),
        code: names.code(PERSON, o.listed.person),
        organ: o.listed.organ.map_or("--", |u| names.title(UNIT, u)).to_owned(),
        state: state + &extra,
        score: o.score.map_or_else(|| "--".into(), |(score, _)| written(score) + &earlier),
    }
}

/// By organ; no rate while people still sit, since everybody to come would count as missing.
fn rates(outcomes: &[Outcome], line: i64, names: &Names, over: bool) -> Vec<Rate> {
    let waits = |organ: &Option<i64>| outcomes.iter().any(|o| o.listed.organ == *organ && o.open > 0);
    let mut all: Vec<Rate> = close::rates(outcomes, line)
        .iter()
        .map(|(organ, r)| {
            let rate = r.of_all().filter(|_| over && !waits(organ));
            let percent = |r: crate::ratio::Ratio| {
                let tenths = r.num() * 1_000 / r.den();
                format!("{}.{}%", tenths / 10, tenths % 10)
            };
            Rate {
                organ: organ.map_or("未定单位", |u| names.title(UNIT, u)).to_owned(),
                listed: r.listed,
                sat: r.sat,
                passed: r.passed,
                rate: rate.map_or_else(|| "--".into(), percent),
            }
        })
        .collect();
    all.sort_by(|a, b| a.organ.cmp(&b.organ));
    all
}

fn questions(paper: &[Chosen], analysis: Option<&Analysis>, out: &[(usize, String)]) -> Vec<Question> {
    let one = |(place, c): (usize, &Chosen)| {
        let item = analysis.and_then(|a| a.items.get(place)).filter(|i| i.answered > 0);
        let withdrawn = out.iter().find(|(p, _)| *p == place);
        let mut warnings: Vec<String> = withdrawn.map(|(_, why)| why.clone()).into_iter().collect();
        warnings.extend(item.iter().flat_map(|i| &i.warnings).map(crate::exam::items::Warning::words));
        Question {
            place: place + 1,
            number: format!("第{}号题第{}版", c.number, c.version),
            kind: c.question.kind.title(),
            stem: c.question.brief(STEM),
            marks: format!("{}分", marks(c.marks)),
            facility: item.and_then(|i| i.facility).map_or_else(String::new, |f| format!("{:.1}%", f * 100.0)),
            discrimination: item.and_then(|i| i.discrimination).map_or_else(String::new, |d| format!("{d:.2}")),
            warnings,
            out: withdrawn.is_some(),
            key: None,
        }
    };
    paper.iter().enumerate().map(one).collect()
}

/// How keys were corrected, and where they are; why, and where, not to who is still to sit a test with the question.
fn keys(desk: &mut Desk<'_, '_>, app: &App, sat: &Sat, questions: &mut [Question]) -> anyhow::Result<()> {
    let person = desk.reader()?.person;
    let back = kept_back(desk.tx, app, person)?;
    for (place, c) in key::of_paper(desk.tx, &sat.paper)? {
        let why = if back.contains(&c.number) { String::new() } else { format!("：{}", c.reason) };
        let told = format!("答案已由{}于{}更正，按第{}版计分{why}。", c.who, chinese(c.at), c.by);
        questions[place].warnings.insert(0, told);
    }
    let may = desk.may(Permission::Questions);
    for (q, chosen) in questions.iter_mut().zip(&sat.paper) {
        let has = may && !q.out && chosen.question.kind != Kind::Short && !back.contains(&chosen.number);
        q.key = has.then(|| Link::new("更正答案", format!("/tests/{}/key?place={}", sat.test.id, q.place)));
    }
    Ok(())
}

/// How many sheets the analysis leaves out.
fn left_out(desk: &mut Desk<'_, '_>, test: i64) -> anyhow::Result<String> {
    Ok(match analysis::left_out(desk.tx, test)? {
        0 => String::new(),
        n => format!("{n}份只有总分，未计入题目分析。"),
    })
}

fn alpha(a: &Analysis) -> String {
    match (a.alpha, a.alpha_se) {
        (Some(alpha), Some(error)) => format!("{alpha:.2}（标准误{error:.2}）"),
        (Some(alpha), None) => format!("{alpha:.2}"),
        _ => String::new(),
    }
}

/// The marking desk: for what waits, else to look at the marks once more.
fn marking(desk: &mut Desk<'_, '_>, sat: &Sat) -> anyhow::Result<(Option<Link>, Option<Link>)> {
    let (mut waits, mut done) = (0, 0);
    for (place, _) in sat.paper.iter().enumerate().filter(|(_, c)| c.question.kind == Kind::Short) {
        waits += marking::to_mark(desk.tx, None, (sat.test.id, place), 0)?.1;
        done += marking::marked(desk.tx, None, (sat.test.id, place), (0, 0))?.1;
    }
    let link = |text: String| Link::new(text, format!("/tests/{}/marking", sat.test.id));
    Ok(match (waits, done) {
        (0, 0) => (None, None),
        (0, _) => (None, Some(link("复核评分".into()))),
        (waits, _) => (Some(link(format!("评阅（{waits}份答案）"))), None),
    })
}

fn forms(test: &Test, listed: bool, near: Option<usize>) -> Vec<(&'static str, Form)> {
    let form = |id: &str, what: &str, fields: Vec<Field>, button: &str, primary: bool| Form {
        id: id.into(),
        action: format!("/tests/{}/{what}", test.id),
        fields,
        button: button.into(),
        primary,
        ..Form::default()
    };
    let mut forms = Vec::new();
    if test.state == Stands::Draft {
        let class = ("class".to_owned(), "班次的参训人员".to_owned());
        let unit = ("unit".to_owned(), "本单位在职干部（含内设机构）".to_owned());
        let (usual, choices) = match (near, test.rules.activity) {
            (Some(n), _) => ("near", vec![("near".to_owned(), format!("第一场临界、未合格的{n}人"))]),
            (None, Some(_)) => ("class", vec![class, unit]),
            (None, None) => ("unit", vec![unit]),
        };
        let from = Field::choice("from", "应考名单", usual, choices)
            .hint("发布时定下，以后不增不减；班次里登记为因故免考的不列入应考。");
        forms.push(("发布", form("pu", "publish", vec![from], "发布", true)));
        forms.push(("修改安排", form("ch", "rules", test_rules::fields(&test.rules), "保存安排", false)));
        forms.push(("删除草稿", form("dr", "drop", Vec::new(), "删除", false)));
    }
    if test.state == Stands::Open && listed {
        let lift = vec![(String::new(), "不变".to_owned()), ("1".to_owned(), "取消免考".to_owned())];
        let fields = vec![
            Field::text("person", "人员", "").hint("编号或全名；开始作答后不能再调整。").required(),
            Field::text("extra", "延长（分钟）", "").hint(&format!("0至{MOST_EXTRA}；不填不改。")),
            Field::choice("lift", "已登记的免考", "", lift).hint("取消后列入应考。"),
            Field::text("excused", "免考原因", "").hint(&format!("填写即为因故免考，不列入应考；最多{REASON}字。")),
        ];
        forms.push(("调整应考", form("ro", "roll", fields, "保存", false)));
    }
    if test.state != Stands::Draft {
        let fields = vec![
            Field::text("place", "第几题", "").hint("左边试卷里的题号。").required(),
            Field::text("reason", "理由", "").hint(&format!("最多{REASON}字，记入操作日志。")).required(),
        ];
        forms.push(("作废试题", form("wi", "withdraw", fields, "查看影响", false)));
    }
    forms
}
