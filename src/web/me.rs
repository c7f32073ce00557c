//! 我的个人信息: the notice, the own data, and the own data as a file.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::Context as _;
use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::json;

use super::{
    app::App,
    asked,
    awaited::kept_back,
    columns_value::{self, Shown},
    error::PageError,
    feedback,
    frame::{Ask, Desk, show},
    permissions,
    post::{Posted, Seat, act},
    record_links, remedy_lines, requests, subject, summary, unit_names,
    view::{
        form::Form,
        me::{Line, Me, MyRecord, MyRecords, MyVerdict},
        parts::{Fact, Facts},
        spelling::requirement_code,
        table::Pager,
        url::segment,
        words::{Link, Words},
    },
};
use crate::{
    audit::{self, Kind},
    auth::{Permission, Role, account, grant, session},
    clock::chinese,
    daily,
    day::Day,
    db::Tx,
    directive::model::{FieldType, Ledger},
    exam::score::Given,
    feedback as said,
    installation::Current,
    ledger::{
        Stored,
        query::{self, Query},
        store,
    },
    names::Names,
    personal::{self, file, own, request, sittings, trace},
    questions::bank,
    remedy::{
        Remedy,
        store::{self as store_of_remedies, Filter},
    },
    scope::Scope,
    subjects,
    verdict::{
        store::Stored as StoredVerdict,
        words::{act_words, window_name},
        world::{PERSON, UNIT},
    },
};

/// Verdicts listed at most.
const VERDICTS: usize = 100;

/// `GET /me`.
pub(super) async fn page(State(app): State<App>, ask: Ask) -> Response {
    show(app.clone(), ask, move |desk| {
        asked::keys(desk, &["done"]);
        fill(desk, &app)
    })
    .await
}

fn fill(desk: &mut Desk<'_, '_>, app: &App) -> anyhow::Result<Me> {
    let person = desk.reader()?.person;
    Ok(Me {
        notice: match desk.ask.get("done") {
            Some("request") => "更正申请已提出，15个工作日内答复，答复后在本页查看。".into(),
            Some("feedback") => "意见建议已收到，答复后在本页查看。".into(),
            _ => String::new(),
        },
        feedback: {
            let account = desk.reader()?.account;
            said::of_account(desk.tx, account)?.iter().map(feedback::line).collect()
        },
        correction: correction(desk, person)?,
        requests: {
            let account = desk.reader()?.account;
            let own = request::of_account(desk.tx, account)?;
            requests::lines(desk, &own)?
        },
        own: own_facts(desk, app, person)?,
        verdicts: verdicts(desk, person)?,
        ledgers: lines(desk, person)?,
        person: person.is_some(),
        token: desk.form_token()?,
        told: told(desk)?,
        page: desk.page("/me")?,
    })
}

/// The latest verdict of each demand on the reader, and on each record in which the reader has a part.
fn verdicts(desk: &mut Desk<'_, '_>, person: Option<i64>) -> anyhow::Result<Vec<MyVerdict>> {
    let Some(person) = person else { return Ok(Vec::new()) };
    let current = desk.current.clone();
    let engine = &current.engine;
    let mut all = personal::verdicts::latest(desk.tx, &current, person)?;
    all.truncate(VERDICTS);
    let names = subjects::names(desk.tx, engine, all.iter().map(|(i, v)| (*i, v)))?;
    let line = |(i, v): &(usize, StoredVerdict)| {
        let r = &engine.compiled[*i].requirement;
        let title = format!("{} {}", requirement_code(&r.pillar, &r.id), r.title);
        let on = subjects::title(engine, *i, &subjects::key(v), &names);
        MyVerdict {
            verdict: Link::new(title, subject::href(engine, *i, v, &names)),
            subject: format!("{on}　{}", window_name(&v.window)),
            tag: summary::tag(v.state, v.light, v.late),
        }
    };
    Ok(all.iter().map(line).collect())
}

/// The form for the own entry in the roster.
fn correction(desk: &mut Desk<'_, '_>, person: Option<i64>) -> anyhow::Result<Option<Form>> {
    let Some(person) = person else { return Ok(None) };
    let current = desk.current.clone();
    let row = own::record(desk.tx, &current, person, &current.engine.layout.ledgers[PERSON], person)?;
    row.map(|row| requests::form(desk, "person", &row)).transpose()
}

/// The notice, point by point: who keeps it, what for, who sees it, for how long, what one may ask, and whom.
fn told(desk: &mut Desk<'_, '_>) -> anyhow::Result<Facts> {
    let current = desk.current.clone();
    let directive = &current.engine.package.directive;
    let keeper = desk.page("/me")?.organisation;
    let see = |permission: Permission| {
        let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
        for role in permission.roles() {
            let reach = permissions::reach(role);
            match groups.iter_mut().find(|(r, _)| *r == reach) {
                Some((_, titles)) => titles.push(role.title()),
                None => groups.push((reach, vec![role.title()])),
            }
        }
        let each = groups.iter().map(|(reach, titles)| format!("{}（{reach}）", titles.join("、")));
        each.collect::<Vec<_>>().join("；")
    };
    let named = own::ledgers(&current);
    let laid_down = named.iter().filter(|n| n.ledger.keep.is_some()).count();
    let keep = match laid_down {
        0 => "各台账的保存期限，文件没有规定；规定以前不删除。".to_owned(),
        n if n == named.len() => "见下表。到期的按规定删除。".to_owned(),
        _ => "见下表；没有规定的，规定以前不删除。".to_owned(),
    };
    let attempts = match directive.keep_attempts {
        Some(years) => {
            format!("本人的答卷随导出带走，考试截止后保存{years}年，到期的按规定删除；成绩登记在参加与成绩里。")
        }
        None => "本人的答卷随导出带走；保存期限没有规定，规定以前不删除。".to_owned(),
    };
    let contacts = contacts(desk)?;
    let whom = "本单位的单位管理员，或人事部门";
    let fact = |term: &str, text: String| Fact::new(term, text);
    Ok(Facts(vec![
        fact("处理者", if keeper.is_empty() { "本单位".into() } else { keeper }),
        fact("目的", format!("落实《{}》，登记一次，按条判定；不作其他用途，不对个人打分排名。", directive.title)),
        fact("内容", format!("干部花名册，以及下表{}本台账中涉及您的记录。本人作答的考试和每日一题，提出的更正申请和意见建议。账号另记登录的时间、地址和浏览器。不收家庭情况、生物特征和行踪。", named.len() - 1)),
        fact("依据", "《个人信息保护法》第十三条第二、三项和第三十四条（履行法定职责所必需，不以同意为前提）；各台账所依据的要求见下表。".into()),
        fact("谁能看", format!("台账和记录：{}。名册：{}。导出本人的个人信息记入操作日志。", see(Permission::Ledgers), see(Permission::People))),
        fact("敏感内容", "身份证号、联系电话等加密保存，页面上遮去一部分。".into()),
        fact("保存多久", keep),
        fact("考试答卷", attempts),
        fact("您的权利", "查阅、复制（本页右上角导出）、申请更正和补充，要求说明处理规则；依法应当删除的，可以要求删除。系统只做判定，不对个人自动作出决定。".into()),
        fact("联系", if contacts.is_empty() { format!("{whom}。") } else { format!("{whom}：{}。", contacts.join("、")) }),
    ]))
}

/// Names of those who hold the role of 人事部门.
fn contacts(desk: &mut Desk<'_, '_>) -> anyhow::Result<Vec<String>> {
    let sql = "select distinct a.name from account a join role_grant g on g.account_id = a.row_id \
               where a.disabled_at is null and g.role = $1 and g.withdrawn_at is null and g.starts <= $2 \
               and (g.ends is null or g.ends >= $2) order by a.name limit 3";
    let params = [Role::Personnel.title().into(), desk.now.day.into()];
    desk.tx.rows(sql, &params, |r| Ok(r.text(0)?.to_owned()))
}

/// What the roster has of the reader, sensitive fields masked.
fn own_facts(desk: &mut Desk<'_, '_>, app: &App, person: Option<i64>) -> anyhow::Result<Facts> {
    let Some(person) = person else { return Ok(Facts::default()) };
    let current = desk.current.clone();
    let layout = &current.engine.layout;
    let ledger = &layout.ledgers[PERSON];
    let Some(row) = store::get(desk.tx, ledger, &own::scope(&current, person), person, None)? else {
        return Ok(Facts::default());
    };
    let (names, derived) = (Names::default(), HashMap::new());
    let shown =
        Shown { layout, table: PERSON, names: &names, units: None, keys: &app.installation.keys, derived: &derived };
    let mut facts = Vec::new();
    for (i, field) in ledger.fields.iter().enumerate() {
        let text = shown.text(&row, i);
        if !text.is_empty() && field.ty != FieldType::Derived {
            facts.push(Fact::new(field.title.clone(), text));
        }
    }
    if let Some(unit) = unit_names::of_person(desk, person) {
        facts.insert(facts.len().min(1), Fact::new("现在单位", unit_names::full(desk, unit)?));
    }
    if desk.may(Permission::Ledgers) {
        let href = record_links::record_href(ledger, &columns_value::code(&row));
        facts.push(Fact::new("记录", Words::new().link(columns_value::code(&row), href)));
    }
    Ok(Facts(facts))
}

fn lines(desk: &mut Desk<'_, '_>, person: Option<i64>) -> anyhow::Result<Vec<Line>> {
    let current = desk.current.clone();
    let opens = desk.may(Permission::Requirements);
    let mut lines = Vec::new();
    for named in own::ledgers(&current) {
        let records = match person {
            Some(person) => own::count(desk.tx, &current, named.ledger, person)?,
            None => 0,
        };
        let basis = named.basis.iter().map(|r| {
            let href = if opens { format!("/requirements/{}", segment(&r.id)) } else { String::new() };
            Link::new(requirement_code(&r.pillar, &r.id), href)
        });
        lines.push(Line {
            title: named.ledger.title.clone(),
            roles: named.roles.join("、"),
            basis: basis.collect(),
            keep: own::keep(named.ledger),
            records: (records > 0)
                .then(|| Link::new(format!("{records}条"), format!("/me/records/{}", segment(&named.ledger.name)))),
        });
    }
    Ok(lines)
}

/// `GET /me/records/{ledger}`.
pub(super) async fn records(State(app): State<App>, Path(name): Path<String>, ask: Ask) -> Response {
    show(app.clone(), ask, move |desk| my_records(desk, &app, &name)).await
}

fn my_records(desk: &mut Desk<'_, '_>, app: &App, name: &str) -> anyhow::Result<MyRecords> {
    asked::keys(desk, &["page", "size"]);
    let person = desk.reader()?.person.ok_or(PageError::NotFound)?;
    let current = desk.current.clone();
    let layout = &current.engine.layout;
    let named = own::ledgers(&current).into_iter().find(|n| n.ledger.name == name).ok_or(PageError::NotFound)?;
    let scope = own::scope(&current, person);
    let total = query::count(desk.tx, named.ledger, &scope, &Query::default(), None)?;
    let size = asked::size(desk);
    let total = u64::try_from(total).unwrap_or(0);
    let page = desk.ask.get("page").and_then(|p| p.parse().ok()).unwrap_or(1).clamp(1, total.div_ceil(size).max(1));
    let span = (size as i64, ((page - 1) * size) as i64);
    let rows = query::list(desk.tx, named.ledger, &scope, &Query::default(), span)?;
    let names = Names::load(desk.tx, layout, &columns_value::wanted(layout, named.table, &rows, None))?;
    let derived = HashMap::new();
    let keys = &app.installation.keys;
    let shown = Shown { layout, table: named.table, names: &names, units: None, keys, derived: &derived };
    let opens = desk.may(Permission::Ledgers);
    let pager = Pager { query: desk.ask.url.without("page"), title: named.ledger.title.clone(), total, size, page };
    Ok(MyRecords {
        ledger: named.ledger.title.clone(),
        rows: rows.iter().map(|row| my_record(&shown, named.ledger, row, opens)).collect(),
        pager,
        page: desk.page("/me")?,
    })
}

fn my_record(shown: &Shown<'_>, ledger: &Ledger, row: &Stored, opens: bool) -> MyRecord {
    let code = columns_value::code(row);
    let href = if opens { record_links::record_href(ledger, &code) } else { String::new() };
    let day = ledger.opening().and_then(|name| row.value(ledger, name).as_text()).and_then(Day::parse);
    MyRecord {
        title: Link::new(shown.title(row), href),
        code,
        day: day.map_or_else(String::new, Day::chinese),
        recorded: format!("{}　{}", chinese(row.recorded_at), row.recorded_by),
    }
}

/// `POST /me/export`: everything that is kept about the reader, as a file; an entry of the log.
pub(super) async fn export(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, |seat| {
        let (kind, extension) = match seat.fields.get("format") {
            "docx" => ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
            "json" => ("application/json; charset=utf-8", "json"),
            _ => return Err(PageError::Invalid(vec!["导出的格式应为Word或JSON，请在本页重新选择。".into()]).into()),
        };
        let own = collect(seat)?;
        let bytes = if extension == "docx" { file::docx(&own)? } else { file::json(&own)? };
        let rows: usize = own.sheets.iter().map(|s| s.records.len()).sum();
        let (actor, person) = (seat.actor(), seat.reader.person);
        // Told before the file leaves: what cannot be logged is not handed out.
        seat.db().write(move |tx| {
            let told = json!({ "title": format!("本人的个人信息，.{extension}"), "person": person, "rows": rows });
            audit::note(tx, &actor, Kind::Export, told);
            Ok(())
        })?;
        let title = segment(&format!("个人信息{}.{extension}", seat.now.day));
        let name =
            format!("attachment; filename=\"personal-data-{}.{extension}\"; filename*=UTF-8''{title}", seat.now.day);
        let headers = [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)];
        Ok((StatusCode::OK, headers, bytes).into_response())
    })
    .await
}

fn collect(seat: &Seat) -> anyhow::Result<file::Own> {
    let (installation, reader) = (&seat.app.installation, &seat.reader);
    installation.db.read(|tx| {
        let current = installation.current(tx)?;
        let account = account::get(tx, reader.account)?.context("账号不见了")?;
        let sheets = match reader.person {
            Some(person) => own::sheets(tx, &current, &installation.keys, person)?,
            None => Vec::new(),
        };
        let top = current.organisation.first_unit();
        let names = Names::load(tx, &current.engine.layout, &wanted(top))?;
        let mut told = vec![("登录名".to_owned(), account.login.clone()), ("姓名".to_owned(), account.name.clone())];
        told.extend(grants(tx, &current, account.id)?);
        if let Some((at, from)) = &account.last_login {
            told.push(("最近登录".to_owned(), format!("{} {from}", chinese(*at))));
        }
        // Many people share an identity of the demo: none sees the others.
        let sessions = session::of_account(tx, account.id, super::frame::instant())?;
        for s in sessions.into_iter().filter(|s| !reader.session.demo || s.id == reader.session.id) {
            let words =
                format!("{} 起，最近使用 {}，{} {}", chinese(s.created), chinese(s.seen), s.from.address, s.from.agent);
            told.push(("登录的设备".to_owned(), words));
        }
        let back = kept_back(tx, &seat.app, reader.person)?;
        Ok(file::Own {
            keeper: top.map_or("", |t| names.title(UNIT, t)).to_owned(),
            name: account.name,
            made: chinese(seat.now.instant),
            account: told,
            sheets,
            verdicts: match reader.person {
                Some(person) => personal::verdicts::told(tx, &current, person)?,
                None => Vec::new(),
            },
            remedies: remedies(tx, &current, reader.person)?,
            trace: told_trace(tx, &current, reader.person)?,
            requests: request::of_account(tx, account.id)?.iter().map(|r| told_request(r, seat)).collect(),
            feedback: said::of_account(tx, account.id)?.iter().map(told_feedback).collect(),
            sittings: match reader.person {
                Some(person) => sittings::of(tx, &current, person, installation.watch.now(installation.clock))?,
                None => Vec::new(),
            },
            answers: answers(tx, &back, reader.person)?,
        })
    })
}

/// Deeds in the own copy.
const DEEDS: usize = 10_000;

fn told_trace(tx: &mut Tx<'_>, current: &Current, person: Option<i64>) -> anyhow::Result<Vec<(String, String)>> {
    let Some(person) = person else { return Ok(Vec::new()) };
    let (deeds, _) = trace::of(tx, current, &own::scope(current, person), person, DEEDS)?;
    let told = |d: trace::Deed| {
        let why = if d.why.is_empty() { String::new() } else { format!("；{}", d.why) };
        (format!("{} {}", chinese(d.at), d.by), format!("{}{why}", d.what))
    };
    Ok(deeds.into_iter().map(told).collect())
}

/// The roles given to an account, with unit and time, and who stood in for whom.
fn grants(tx: &mut Tx<'_>, current: &Current, account: i64) -> anyhow::Result<Vec<(String, String)>> {
    let given = grant::of_account(tx, account)?;
    let units: BTreeSet<i64> = given.iter().filter_map(|g| g.unit).collect();
    let names = Names::load(tx, &current.engine.layout, &[(UNIT, units)].into())?;
    let mut told = Vec::new();
    for g in given {
        let unit = g.unit.map_or_else(String::new, |u| format!("（{}）", names.title(UNIT, u)));
        let ends = g.ends.map_or_else(String::new, |d| format!("至{}", d.chinese()));
        let withdrawn = g.withdrawn.map_or_else(String::new, |(at, by)| format!("；{}由{by}收回", chinese(at)));
        let words = format!("{}{unit}，{}起{ends}，{}授予{withdrawn}", g.role.title(), g.starts.chinese(), g.granted.1);
        told.push(("角色".to_owned(), words));
    }
    for s in grant::stand_ins_of(tx, account)? {
        let words = format!("{}由{}代理，{}至{}：{}", s.from.1, s.to.1, s.starts.chinese(), s.ends.chinese(), s.reason);
        told.push(("代理".to_owned(), words));
    }
    Ok(told)
}

/// 改进措施 for which the person is responsible.
fn remedies(tx: &mut Tx<'_>, current: &Current, person: Option<i64>) -> anyhow::Result<Vec<(String, String)>> {
    let Some(person) = person else { return Ok(Vec::new()) };
    let filter = Filter { person: Some(person), ..Filter::default() };
    let found = store_of_remedies::list(tx, &current.engine, &Scope::All, &filter, (0, u64::from(u32::MAX)))?;
    let names = remedy_lines::names(tx, &current.engine, &found, BTreeSet::new())?;
    let told = |m: &Remedy| {
        let due = m.due.map_or_else(String::new, |d| format!("，期限{}", d.chinese()));
        let about = remedy_lines::subject(&current.engine, &names, m);
        let code = remedy_lines::code(&current.engine, m);
        (
            format!("{code} {about}　{}", window_name(&m.window)),
            format!("{}；{}{due}", act_words(&m.act), m.state.title()),
        )
    };
    Ok(found.iter().map(told).collect())
}

/// What the daily question and its 温习 know of a person's answers, with what the question was; not whether they were right
/// as long as any question is still to be sat (`back`).
fn answers(tx: &mut Tx<'_>, back: &BTreeSet<i64>, person: Option<i64>) -> anyhow::Result<Vec<(String, String)>> {
    let (mut told, Some(person)) = (Vec::new(), person) else { return Ok(Vec::new()) };
    for a in daily::own::all(tx, person)? {
        let Some(kept) = bank::version(tx, a.question, a.version)? else { continue };
        let given = Given::read(kept.question.kind, &a.answer);
        let own = super::exam_result::told(&kept.question, &given);
        let right = match a.right {
            // Of a test that was sat the others, and the whole, would tell of the one that is still to be sat.
            _ if !back.is_empty() => "对错在应考的考试截止以后公布",
            true => "答对",
            false => "答错",
        };
        told.push((format!("{}（第{}次）", a.day.chinese(), a.answers), format!("{}；{}，{right}", own.stem, own.own)));
    }
    Ok(told)
}

fn told_feedback(f: &said::Feedback) -> (String, String) {
    let answer =
        f.answer.as_ref().map_or_else(String::new, |(at, by, words)| format!("；{}　{by}：{words}", chinese(*at)));
    (format!("第{}号 {}", f.id, f.given), format!("{}；{}{answer}", f.page, f.text))
}

fn told_request(r: &request::Request, seat: &Seat) -> (String, String) {
    let answer = r.answer.as_ref().map_or_else(String::new, |a| format!("；{}　{}：{}", chinese(a.at), a.by, a.words));
    let state = r.state(seat.now.day).title();
    let proposed = if r.proposed.is_empty() { String::new() } else { format!("；应当是：{}", r.proposed) };
    (format!("第{}号 {}", r.id, chinese(r.asked)), format!("{}{proposed}；{state}{answer}", r.wrong))
}

fn wanted(top: Option<i64>) -> BTreeMap<usize, BTreeSet<i64>> {
    [(UNIT, top.into_iter().collect())].into()
}
