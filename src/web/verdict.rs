//! 判定 `/verdicts/{requirement}/{subject}/{window}`.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    extract::{self, Path},
    response::Response,
};

use super::{
    absent,
    app::App,
    asked,
    dashboard::named,
    error::PageError,
    frame::{Ask, Desk, show},
    hidden, record_links, remedy_lines, summary, supervise,
    verdict_needs::Ways,
    view::{
        parts::{Event, Fact, Facts, Timeline},
        remedy::Lines,
        supervise as view_supervise,
        tag::{State, Tag},
        url::{Query, segment},
        verdict::{self as view, Moment, RecordGroup, RecordRow, Records, Sum, Term, Typed, Verdict},
        words::{Link, Words},
    },
};
use crate::{
    auth::Permission,
    clock,
    day::Day,
    db::Tx,
    directive::setting_title,
    installation::Installation,
    names::Names,
    remedy, subjects,
    verdict::{
        engine::{Engine, Question},
        eval::Fate,
        explain::{self, Explanation, Looked},
        judge, sight,
        window::is_label,
        words::{self, Context, fate, lead, needs, sums, window_name},
        world::UNIT,
    },
};

/// Rows listed of each fate.
const SHOWN: usize = 50;

/// Days ahead of today that may be asked about.
const FURTHEST: i32 = 800;
/// Rows listed that merely lie outside the window.
const OUTSIDE: usize = 10;

/// The moment that is asked about.
struct Asked {
    as_of: Day,
    known_at: Option<i64>,
    moment: Moment,
}

/// `GET /verdicts/{requirement}/{subject}/{window}`.
pub(super) async fn page(
    extract::State(app): extract::State<App>,
    Path((id, subject, window)): Path<(String, String, String)>,
    ask: Ask,
) -> Response {
    let own = app.clone();
    show(app, ask, move |desk| render(desk, &own.installation, &id, &subject, &window)).await
}

/// Fills the page.
fn render(
    desk: &mut Desk<'_, '_>,
    installation: &Installation,
    id: &str,
    subject: &str,
    window: &str,
) -> anyhow::Result<Verdict> {
    asked::keys(desk, &["as_of", "known_at"]);
    let asked = asked(desk);
    let at = installation.at(desk.tx, asked.as_of, asked.known_at, Some(window))?;
    let engine = &at.engine;
    let i = engine.position(id).ok_or(PageError::NotFound)?;
    let key = subjects::find(desk.tx, engine, i, subject)?.ok_or(PageError::NotFound)?;
    let q = Question { as_of: asked.as_of, known_at: asked.known_at, ..Question::default() };
    let mut shared = at.organisation.clone();
    let mut found = explain::explain(desk.tx, engine, i, &key, window, &q, &mut shared)?;
    let unit = match &found {
        Some(e) => e.verdict.unit,
        // Not there at that moment: seen by who sees it now.
        None => hidden::unit_now(desk, engine, i, &key)?,
    };
    if !sight::sees(desk.tx, engine, &desk.scope, i, &key, unit)? {
        return Err(PageError::NotFound.into());
    }
    let hidden = found.as_mut().map_or(Ok(0), |e| hidden::hide(desk, engine, e))?;
    let names = names(desk.tx, engine, i, &key, found.as_ref())?;
    let about = About { engine, i, key: &key, subject, names: &names, hidden };
    match found {
        Some(e) => about.page(desk, &e, asked),
        None if !is_label(window) => Err(PageError::NotFound.into()),
        None => about.absent(desk, window, asked),
    }
}

/// What the form asked for; what cannot be read stays as typed beside its error, and today is shown.
fn asked(desk: &Desk<'_, '_>) -> Asked {
    let ask = &desk.ask;
    let field = |key: &str, error: &str, ok: bool| Typed {
        value: ask.get(key).unwrap_or_default().to_owned(),
        error: if ok { String::new() } else { error.to_owned() },
    };
    let near = |d: &Day| *d <= desk.now.day.plus(FURTHEST);
    let as_of = ask.get("as_of").map(|t| Day::parse(t).filter(near));
    let known_at = ask.get("known_at").map(clock::parse_instant);
    let mut day = field("as_of", "不是日期，或者太远。请写成 2025-10-20，最多到两年以后。", as_of != Some(None));
    if day.value.is_empty() {
        day.value = desk.now.day.to_string();
    }
    let mut path = ask.url.clone();
    path.pairs.clear();
    Asked {
        as_of: as_of.flatten().unwrap_or(desk.now.day),
        known_at: known_at.flatten(),
        moment: Moment {
            path: path.href(),
            as_of: day,
            known_at: field("known_at", "不是时刻。请写成 2025-10-20T18:00。", known_at != Some(None)),
            note: if as_of.flatten().is_some_and(|d| d > desk.now.day) {
                "所问之日还没有到：这是按现有的记录和安排推看，不是结论。".into()
            } else {
                "按某日看，用那一天的组织架构和达标线；按某时看，只用那时已经录入的记录。".into()
            },
        },
    }
}

fn names(tx: &mut Tx<'_>, engine: &Engine, i: usize, key: &[i64], e: Option<&Explanation>) -> anyhow::Result<Names> {
    let mut wanted: BTreeMap<usize, BTreeSet<i64>> = BTreeMap::new();
    for (table, id) in subjects::records(engine, i, key) {
        wanted.entry(table).or_default().insert(id);
    }
    if let Some(e) = e {
        wanted.entry(UNIT).or_default().extend(e.verdict.unit.into_iter().chain(e.verdict.organ));
        for part in &e.parts {
            for row in groups(&part.rows).into_iter().flat_map(|(_, rows)| rows.into_iter().take(SHOWN)) {
                wanted.entry(row.table).or_default().insert(row.record);
            }
        }
    }
    Names::load(tx, &engine.layout, &wanted)
}

/// Rows that count, then rows that do not; what merely lies outside the window comes last.
fn groups(rows: &[Looked]) -> Vec<(&'static str, Vec<&Looked>)> {
    let pick = |wanted: &dyn Fn(&Fate) -> bool| rows.iter().filter(|r| wanted(&r.trace.fate)).collect::<Vec<_>>();
    vec![
        ("计入", pick(&|f| matches!(f, Fate::Counted | Fate::Short(_)))),
        ("说不清", pick(&|f| matches!(f, Fate::Unclear(_)))),
        ("未计入", pick(&|f| matches!(f, Fate::Fails(_) | Fate::Superseded | Fate::Future))),
        ("期间以外", pick(&|f| matches!(f, Fate::Outside))),
    ]
}

/// The verdict's subject with its names.
struct About<'a> {
    engine: &'a Engine,
    i: usize,
    key: &'a [i64],
    subject: &'a str,
    names: &'a Names,
    /// Rows that were looked at and belong to others.
    hidden: usize,
}

impl About<'_> {
    fn title(&self) -> String {
        subjects::title(self.engine, self.i, self.key, self.names)
    }

    fn requirement(&self) -> (String, Link) {
        let (code, title) = named(self.engine, self.i);
        (code.clone(), Link::new(format!("{code} {}", title.text), title.href))
    }

    fn page(&self, desk: &mut Desk<'_, '_>, e: &Explanation, asked: Asked) -> anyhow::Result<Verdict> {
        let v = &e.verdict;
        let ctx = Context::of(self.engine, self.i);
        let (code, requirement) = self.requirement();
        let today = asked.as_of;
        let mends = needs(ctx, e);
        let (engine, key, subject, names) = (self.engine, self.key, self.subject, self.names);
        let ways = Ways { engine, i: self.i, key, subject, names, e };
        let now = asked.known_at.is_none() && today == desk.now.day;
        let unit = v.unit.map(|u| {
            let href = format!("/units/{}", segment(&self.names.code(UNIT, u)));
            Link::new(self.names.title(UNIT, u).to_owned(), href)
        });
        let shut = explain::shown(v.window.shut);
        Ok(Verdict {
            page: desk.page("/requirements")?,
            requirement,
            code,
            subject: self.title(),
            window: window_name(&v.window.label),
            unit,
            tag: summary::tag(v.state, v.light, v.late),
            lead: Words::from(lead(ctx, e)),
            lead_note: Words::from(words::when(ctx)),
            sums: self.sums(e),
            rule: self.rule(v),
            records: self.records(&doubted(desk, self.engine, e)?, e),
            needs: ways.needs(desk, mends.list, now)?,
            needs_none: match shut.filter(|d| *d < today && mends.none.is_empty()) {
                Some(shut) => format!("已于{}截止。", shut.chinese()),
                None => mends.none,
            },
            last_day: shut.map_or(String::new(), |d| format!("截止{}", d.chinese())),
            overdue: shut.is_some_and(|d| d < today) && v.state == judge::State::Fail,
            remedies: self.remedies(desk, &v.window.label)?,
            matters: self.matters(desk, &v.window.label)?,
            press: self.press(desk, v),
            history: self.history(desk, e)?,
            proofs: self.proofs(desk, &asked),
            moment: asked.moment,
            previous: self.neighbour(&desk.ask, e, -1),
            next: self.neighbour(&desk.ask, e, 1),
        })
    }

    /// No such verdict at this moment.
    fn absent(&self, desk: &mut Desk<'_, '_>, window: &str, asked: Asked) -> anyhow::Result<Verdict> {
        let (code, requirement) = self.requirement();
        let moment = absent::Moment { as_of: asked.as_of, known_at: asked.known_at, today: desk.now.day };
        let why = absent::why(desk, self.engine, (self.i, self.key), window, &moment, self.names)?;
        Ok(Verdict {
            page: desk.page("/requirements")?,
            requirement,
            code,
            subject: self.title(),
            window: window_name(window),
            unit: None,
            tag: Tag::of(State::Absent),
            lead: Words::from(format!("按所选的日期和时刻，没有这个判定：{why}。")),
            lead_note: Words::new(),
            sums: Vec::new(),
            rule: Facts(self.facts()),
            records: Records::default(),
            needs: Vec::new(),
            needs_none: String::new(),
            last_day: String::new(),
            overdue: false,
            remedies: self.remedies(desk, window)?,
            matters: self.matters(desk, window)?,
            press: None,
            history: Timeline::default(),
            proofs: self.proofs(desk, &asked),
            moment: asked.moment,
            previous: None,
            next: None,
        })
    }

    fn remedies(&self, desk: &mut Desk<'_, '_>, window: &str) -> anyhow::Result<Lines> {
        if !desk.may(Permission::Remedies) {
            return Ok(Lines::default());
        }
        let id = &self.engine.compiled[self.i].requirement.id;
        let found = remedy::store::of_verdict(desk.tx, id, self.key, window)?;
        Ok(Lines(remedy_lines::lines(desk, &found)?))
    }

    fn matters(&self, desk: &mut Desk<'_, '_>, window: &str) -> anyhow::Result<Vec<view_supervise::Line>> {
        if !desk.may(Permission::Remedies) {
            return Ok(Vec::new());
        }
        let id = &self.engine.compiled[self.i].requirement.id;
        let scope = desk.scope.clone();
        let found = crate::supervise::of_verdict(desk.tx, &scope, id, self.key, window)?;
        supervise::lines(desk, &found)
    }

    fn press(&self, desk: &Desk<'_, '_>, v: &judge::Verdict) -> Option<Link> {
        let unit = v.unit.filter(|_| supervise::presses(v.state, v.light))?;
        desk.opens(Permission::Supervise).filter(|scope| scope.has_unit(unit))?;
        let id = self.engine.compiled[self.i].requirement.id.clone();
        let form = Query::new("/supervise/new").with("requirement", id).with("subject", self.subject);
        Some(Link::new("签发督办", form.with("window", v.window.label.to_string()).href()))
    }

    fn sums(&self, e: &Explanation) -> Vec<Sum> {
        let ctx = Context::of(self.engine, self.i);
        let several = e.parts.len() > 1;
        let sum = |(n, s): (usize, words::Sum)| {
            let part = &e.verdict.parts[n];
            Sum {
                part: s.part.filter(|_| several).map(|name| (name, summary::tag(part.state, part.light, false))),
                terms: s.terms.into_iter().map(|t| Term::new(&t.sign, &t.label, t.value)).collect(),
                outcome: (!s.outcome.is_empty()).then(|| (summary::lamp(part.light), s.outcome)),
            }
        };
        sums(ctx, e).into_iter().enumerate().map(sum).collect()
    }

    /// The clause, and the rule in words.
    fn facts(&self) -> Vec<Fact> {
        let ctx = Context::of(self.engine, self.i);
        let clause = Fact::new("条款", ctx.requirement.clause.clone());
        let layout = &self.engine.layout;
        let own = subjects::records(self.engine, self.i, self.key);
        let own = own.iter().filter(|(table, _)| *table != UNIT);
        let own = own.map(|(table, id)| record_links::to(layout, self.names, *table, *id));
        let own = own.enumerate().fold(Words::new(), |words, (n, link)| {
            words.text(if n > 0 { "、" } else { "" }).link(link.text, link.href)
        });
        let own = (!own.is_empty()).then(|| Fact::new("本条对象", own));
        let rule = words::facts(ctx).into_iter().map(|f| Fact::new(f.term, f.text));
        own.into_iter().chain([clause]).chain(rule).collect()
    }

    fn rule(&self, v: &judge::Verdict) -> Facts {
        let mut facts = self.facts();
        if !v.unset.is_empty() {
            let unset: Vec<&str> = v.unset.iter().map(|name| setting_title(name)).collect();
            facts.push(Fact::new("待定", format!("设定“{}”还没有定，所以说不清。", unset.join("”“"))));
        }
        Facts(facts)
    }

    fn records(&self, doubted: &BTreeSet<(usize, i64)>, e: &Explanation) -> Records {
        let ctx = Context::of(self.engine, self.i);
        let mut all: Vec<RecordGroup> = Vec::new();
        let (mut counted, mut total) = (0, 0);
        let mut ledger = None;
        for (n, part) in e.parts.iter().enumerate() {
            for (title, rows) in groups(&part.rows) {
                total += rows.len();
                counted += if title == "计入" { rows.len() } else { 0 };
                if rows.is_empty() {
                    continue;
                }
                ledger = ledger.or(rows.first().map(|r| r.table));
                let name = if e.parts.len() > 1 { format!("第{}项{title}", n + 1) } else { title.to_owned() };
                let limit = if title == "期间以外" { OUTSIDE } else { SHOWN };
                let note = if rows.len() > limit {
                    format!("{}条，只列前{limit}条", rows.len())
                } else {
                    format!("{}条", rows.len())
                };
                let shown = rows
                    .iter()
                    .take(limit)
                    .map(|r| RecordRow {
                        doubted: doubted.contains(&(r.table, r.record)),
                        ..self.row(ctx, r, n, part, e)
                    })
                    .collect();
                all.push(RecordGroup { title: name, note, rows: shown });
            }
        }
        let link = ledger.map(|t| &self.engine.layout.ledgers[t]).filter(|l| !l.derived);
        let there: BTreeSet<(usize, i64)> = e.parts.iter().flat_map(|p| &p.rows).map(|r| (r.table, r.record)).collect();
        let mut title = match e.parts.len() {
            0 | 1 => format!("记录{total}条：计入{counted}条，未计入{}条", total - counted),
            parts => format!("记录{}条，按{parts}项分列", there.len()),
        };
        if self.hidden > 0 {
            title.push_str(&format!("；另有{}条不在您的范围内，不列出", self.hidden));
        }
        Records {
            title,
            heads: ["记录", "日期", "台账"].map(String::from).into(),
            last_head: "是否计入及原因".into(),
            groups: all,
            all: link.map(|l| Link::new(format!("全部{}", l.title), format!("/ledgers/{}", l.name))),
            none: "没有看到任何记录。".into(),
        }
    }

    fn row(
        &self,
        ctx: Context<'_>,
        row: &Looked,
        n: usize,
        part: &explain::PartExplanation,
        e: &Explanation,
    ) -> RecordRow {
        let ledger = &self.engine.layout.ledgers[row.table];
        let code = self.names.code(row.table, row.record);
        let title = match self.names.title(row.table, row.record) {
            "" => code.clone(),
            title => title.to_owned(),
        };
        let told = fate(ctx, &ctx.requirement.parts[n], row, &part.frame, &e.verdict.window);
        RecordRow {
            doubted: false,
            title: Link::new(title, format!("/ledgers/{}/{}", ledger.name, segment(&code))),
            cells: vec![row.day.map_or_else(|| "--".into(), Day::chinese), ledger.title.clone()],
            outcome: told.outcome.into(),
            reason: Words::from(told.reason),
        }
    }

    /// Who recorded and voided the rows that were looked at, newest first.
    fn history(&self, desk: &mut Desk<'_, '_>, e: &Explanation) -> anyhow::Result<Timeline> {
        let mut events: Vec<(i64, Event)> = Vec::new();
        let mut seen = BTreeSet::new();
        let rows = e.parts.iter().flat_map(|p| &p.rows).filter(|r| r.trace.fate != Fate::Outside);
        for row in rows.filter(|r| seen.insert((r.table, r.record))).take(SHOWN) {
            let ledger = &self.engine.layout.ledgers[row.table];
            if ledger.derived {
                continue;
            }
            let title = self.names.title(row.table, row.record).to_owned();
            let href = format!("/ledgers/{}/{}", ledger.name, segment(&self.names.code(row.table, row.record)));
            for r in crate::ledger::store::history(desk.tx, ledger, &desk.scope, row.record)? {
                let word = if r.revision == 1 { "登记" } else { "更正" };
                events.push((
                    r.recorded_at,
                    event(r.recorded_at, &r.recorded_by, word, &ledger.title, &title, &href, ""),
                ));
                if let (Some(at), Some(by), true) = (r.voided_at, &r.voided_by, r.revision >= 1) {
                    let reason = r.void_reason.clone().unwrap_or_default();
                    events.push((at, event(at, by, "作废旧行", &ledger.title, &title, &href, &reason)));
                }
            }
        }
        events.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        events.truncate(20);
        Ok(Timeline(events.into_iter().map(|(_, e)| e).collect()))
    }

    fn proofs(&self, desk: &Desk<'_, '_>, asked: &Asked) -> Facts {
        let package = &self.engine.package;
        let known =
            asked.known_at.map_or_else(|| "全部已录入的".to_owned(), |at| format!("截至{}", clock::chinese(at)));
        Facts(vec![
            Fact::new("要求版本", package.hash.chars().take(12).collect::<String>()),
            Fact::new("组织架构", format!("{}的", asked.as_of.chinese())),
            Fact::new("所用记录", known),
            Fact::new("本页判于", clock::chinese(desk.now.instant)),
        ])
    }

    fn neighbour(&self, ask: &Ask, e: &Explanation, step: isize) -> Option<Link> {
        let at = e.windows.iter().position(|w| *w == e.verdict.window.label)?;
        let label = e.windows.get(at.checked_add_signed(step)?)?;
        let id = &self.engine.compiled[self.i].requirement.id;
        let mut url = ask.url.clone();
        url.path = view::href(id, self.subject, label);
        Some(Link::new(window_name(label), url.href()))
    }
}

/// Records that the page shows and that somebody doubts.
fn doubted(desk: &mut Desk<'_, '_>, engine: &Engine, e: &Explanation) -> anyhow::Result<BTreeSet<(usize, i64)>> {
    let mut shown: BTreeMap<usize, BTreeSet<i64>> = BTreeMap::new();
    for row in e.parts.iter().flat_map(|p| &p.rows) {
        shown.entry(row.table).or_default().insert(row.record);
    }
    let mut found = BTreeSet::new();
    for (table, ids) in shown {
        let name = &engine.layout.ledgers[table].name;
        found.extend(crate::doubt::doubted(desk.tx, name, &ids)?.into_iter().map(|id| (table, id)));
    }
    Ok(found)
}

fn event(at: i64, by: &str, word: &str, ledger: &str, title: &str, href: &str, reason: &str) -> Event {
    Event {
        at: clock::chinese(at),
        iso: clock::iso(at).chars().take(16).collect(),
        key: word == "登记",
        words: Words::from(format!("{by}{word}{ledger}")).link(title, href),
        note: if reason.is_empty() { String::new() } else { format!("原因：{reason}") },
        ..Event::default()
    }
}
