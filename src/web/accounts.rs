//! 账号与角色: the list, a new account, one account. What is posted there is in `accounts_change`.

use axum::{
    extract::{Path, State},
    response::{Html, IntoResponse, Response},
};

use super::{
    account::Left,
    app::App,
    asked,
    error::PageError,
    frame::{Ask, Desk, answer, instant},
    unit_names,
    view::{
        accounts::{Accounts, Grant, NewAccount, OneAccount, Row},
        form::{Errors, Field, Form},
        parts::{Fact, Facts},
        table::Pager,
        words::Link,
    },
};
use crate::{
    auth::{
        Organisation, Role,
        account::{self, Account},
        grant, lockout, reader, session,
    },
    clock::chinese,
    day::Day,
    sso::{link, setting},
};

/// Sizes of a page of the list.
const SIZES: [u64; 3] = [20, 50, 100];

/// `GET /accounts`.
pub(super) async fn list(State(app): State<App>, ask: Ask) -> Response {
    answer(app, ask, |desk| {
        let query: String = desk.ask.get("q").unwrap_or_default().trim().chars().filter(|c| !c.is_control()).collect();
        let number = |key: &str| desk.ask.get(key).and_then(|n| n.parse::<u64>().ok());
        let size = number("size").filter(|n| SIZES.contains(n)).unwrap_or(SIZES[0]);
        let list = |desk: &mut Desk<'_, '_>, skip, limit| account::search(desk.tx, &query, skip, limit);
        let (found, page, total) = asked::rows(desk, size, list)?;
        let rows = found.iter().map(|a| row(desk, a)).collect::<anyhow::Result<Vec<Row>>>()?;
        let pager = Pager { query: desk.ask.url.without("page"), title: "账号".into(), total, size, page };
        let summary = format!("{total}个账号");
        let view = Accounts { query, summary, rows, pager, page: desk.page("/accounts")? };
        Ok(Html(askama::Template::render(&view)?).into_response())
    })
    .await
}

fn row(desk: &mut Desk<'_, '_>, account: &Account) -> anyhow::Result<Row> {
    let current = desk.current.clone();
    let organisation = Organisation::of(&current, desk.now.day);
    let held = reader::held(desk.tx, account.id, organisation.as_ref(), desk.now.day)?;
    let mut roles: Vec<&str> = held.iter().map(|h| h.role.title()).collect();
    roles.dedup();
    Ok(Row {
        login: Link::new(account.login.clone(), format!("/accounts/{}", account.id)),
        name: account.name.clone(),
        roles: roles.join("、"),
        state: state(desk, account)?,
        factor: account.totp_confirmed,
        last: account.last_login.as_ref().map_or_else(String::new, |(at, _)| chinese(*at)),
    })
}

fn state(desk: &mut Desk<'_, '_>, account: &Account) -> anyhow::Result<&'static str> {
    Ok(match account {
        a if a.disabled.is_some() => "已停用",
        a if lockout::waits(desk.tx, &a.login, instant())?.is_some() => "暂停登录",
        a if a.must_change => "待首次登录",
        _ => "正常",
    })
}

/// `GET /accounts/new`.
pub(super) async fn blank(State(app): State<App>, ask: Ask) -> Response {
    answer(app, ask, |desk| render_new(desk, &Left::default())).await
}

/// The page for a new account, with what a form has left.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn render_new(desk: &mut Desk<'_, '_>, left: &Left) -> anyhow::Result<Response> {
    let mut form = Form {
        id: "new".into(),
        action: "/accounts/new".into(),
        token: desk.form_token()?,
        fields: [
            Field::text("login", "登录名", "").hint("3至32个小写字母、数字、点、横线或下划线。").required(),
            Field::text("name", "姓名或名称", "").required(),
            Field::text("person", "人员", "")
                .hint("人员编号或姓名；角色随任职终止。在花名册上的都填写，管理员也填：一个人的几个账号由此认出。"),
        ]
        .into_iter()
        .chain(grant_fields(desk.now.day))
        .collect(),
        button: "建立账号".into(),
        primary: true,
        cancel: Some(Link::new("取消", "/accounts")),
        ..Form::default()
    };
    left.fill(&mut form);
    let view = NewAccount { errors: Errors::of(&form), form, page: desk.page("/accounts")? };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

/// Role, unit and time.
fn grant_fields(today: Day) -> [Field; 4] {
    let roles = Role::ALL.iter().map(|r| (r.title().to_owned(), r.title().to_owned()));
    let roles = [(String::new(), "请选择".to_owned())].into_iter().chain(roles).collect();
    [
        Field::choice("role", "角色", "", roles).required(),
        Field::text("unit", "单位", "")
            .hint("单位编号或全名；单位管理员和科室填报必填，其他不填为全市，管理员和干部不填。"),
        Field::day("starts", "起日", &today.to_string()).required(),
        Field::day("ends", "止日", "").hint("含当日；不填为长期。"),
    ]
}

/// `GET /accounts/{id}`.
pub(super) async fn one(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    answer(app, ask, move |desk| {
        let notice = match desk.ask.get("done") {
            Some("given") => "角色已授予，该账号须重新登录。",
            Some("withdrawn") => "角色已收回，该账号须重新登录。",
            Some("disabled") => "账号已停用，其登录已全部退出。",
            Some("enabled") => "账号已启用。",
            Some("linked") => "单点登录已绑定，其登录已全部退出。",
            Some("unlinked") => "单点登录已解除绑定，其登录已全部退出。",
            Some("unlocked") => "已解除暂停，现在可以登录。",
            _ => "",
        };
        let id = id.parse().map_err(|_| PageError::NotFound)?;
        render_one(desk, id, &Left { notice: notice.into(), ..Left::default() }, "")
    })
    .await
}

/// The page of an account, with what a form has left and a password that is shown once.
///
/// # Errors
/// When there is no such account, or the store cannot be read.
pub(super) fn render_one(desk: &mut Desk<'_, '_>, id: i64, left: &Left, password: &str) -> anyhow::Result<Response> {
    let account = account::get(desk.tx, id)?.ok_or(PageError::NotFound)?;
    let token = desk.form_token()?;
    let own = desk.reader()?.account == id;
    let mut give = (!own && account.disabled.is_none()).then(|| Form {
        id: "give".into(),
        action: format!("/accounts/{id}/grants"),
        token: token.clone(),
        fields: grant_fields(desk.now.day).into(),
        button: "授予".into(),
        ..Form::default()
    });
    give.iter_mut().for_each(|f| left.fill(f));
    let mut acts = if own { Vec::new() } else { acts(desk, &account, &token)? };
    acts.iter_mut().for_each(|f| left.fill(f));
    let wrong = left.wrong.iter().map(|(id, text)| Link::new(text.clone(), format!("#{id}"))).collect();
    let view = OneAccount {
        errors: Errors(wrong),
        notice: left.notice.clone(),
        password: password.to_owned(),
        title: format!("{}（{}）", account.name, account.login),
        facts: facts(desk, &account, own)?,
        withdraw: [format!("/accounts/{id}/grants/withdraw"), token],
        grants: grants(desk, &account, own)?,
        give,
        acts,
        page: desk.page("/accounts")?,
    };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

fn facts(desk: &mut Desk<'_, '_>, account: &Account, own: bool) -> anyhow::Result<Facts> {
    let mut facts = vec![Fact::new("登录名", account.login.clone()), Fact::new("姓名", account.name.clone())];
    if let Some(person) = account.person {
        facts.push(Fact::new("人员", unit_names::person(desk, person)?));
    }
    let namesakes = grant::namesakes(desk.tx, account.id)?;
    if !namesakes.is_empty() {
        facts.push(Fact::new("请核对", grant::namesakes_words(&namesakes)));
    }
    let disabled = account.disabled.as_ref().map(|(at, by)| format!("，{}由{by}停用", chinese(*at)));
    facts.push(Fact::new("状态", format!("{}{}", state(desk, account)?, disabled.unwrap_or_default())));
    if let Some(set) = setting::load(desk.tx)? {
        let link = link::of_account(desk.tx, &set.issuer, account.id)?;
        let words = link
            .map_or("没有绑定".to_owned(), |l| format!("{}，{}由{}绑定", l.subject, chinese(l.made.0), l.made.1));
        facts.push(Fact::new("单点登录", words));
    }
    facts.push(Fact::new("动态码", if account.totp_confirmed { "已启用" } else { "没有启用" }));
    let last = account.last_login.as_ref().map_or("--".to_owned(), |(at, from)| format!("{}　{from}", chinese(*at)));
    facts.push(Fact::new("最近登录", last));
    let sessions = session::of_account(desk.tx, account.id, instant())?.len();
    facts.push(Fact::new("正在登录", format!("{sessions}处")));
    if own {
        facts.push(Fact::new("说明", "这是您自己的账号，角色和停用请由另一名安全管理员办理。"));
    }
    Ok(Facts(facts))
}

fn grants(desk: &mut Desk<'_, '_>, account: &Account, own: bool) -> anyhow::Result<Vec<Grant>> {
    let (current, today) = (desk.current.clone(), desk.now.day);
    let organisation = Organisation::of(&current, today);
    let mut grants = Vec::new();
    for g in grant::of_account(desk.tx, account.id)? {
        let in_post =
            account.person.is_none_or(|p| organisation.as_ref().is_some_and(|o| o.has_post(p, g.unit, g.starts)));
        let ended = g.ends.is_some_and(|e| e < today);
        let unit = match g.unit {
            Some(unit) => unit_names::full(desk, unit)?,
            None if g.role.takes_unit() => "全市".into(),
            None => String::new(),
        };
        grants.push(Grant {
            id: g.id,
            role: g.role.title(),
            unit,
            span: match g.ends {
                Some(ends) => format!("{}至{}", g.starts.chinese(), ends.chinese()),
                None => format!("{}起", g.starts.chinese()),
            },
            given: format!("{}　{}", g.granted.1, chinese(g.granted.0)),
            state: match () {
                () if g.withdrawn.is_some() => "已收回",
                () if ended => "已到期",
                () if g.starts > today => "待生效",
                () if !in_post => "随任职终止",
                () => "有效",
            },
            open: !own && g.withdrawn.is_none() && !ended,
        });
    }
    Ok(grants)
}

fn acts(desk: &mut Desk<'_, '_>, account: &Account, token: &str) -> anyhow::Result<Vec<Form>> {
    let form = |id: &str, path: &str, hidden: &[(&str, &str)], button: &str| Form {
        id: id.into(),
        action: format!("/accounts/{}/{path}", account.id),
        token: token.into(),
        hidden: hidden.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        button: button.into(),
        ..Form::default()
    };
    let mut acts = Vec::new();
    if account.disabled.is_some() {
        acts.push(form("state", "state", &[("state", "enabled")], "启用账号"));
        return Ok(acts);
    }
    if lockout::waits(desk.tx, &account.login, instant())?.is_some() {
        acts.push(form("unlock", "unlock", &[], "解除暂停"));
    }
    let factor = vec![("keep".to_owned(), "保留动态码".to_owned()), ("drop".to_owned(), "同时取消动态码".to_owned())];
    let factor = Field::choice("factor", "动态码", "keep", factor).hint("本人手机丢失、当面核实身份后，才可取消。");
    acts.extend(sso_act(desk, account, form)?);
    acts.push(Form { fields: vec![factor], ..form("reset", "reset", &[], "重设一次性口令") });
    acts.push(form("state", "state", &[("state", "disabled")], "停用账号"));
    Ok(acts)
}

/// To link the account with a subject, or to take the link away; administrators come in by password alone.
fn sso_act(
    desk: &mut Desk<'_, '_>,
    account: &Account,
    form: impl Fn(&str, &str, &[(&str, &str)], &str) -> Form,
) -> anyhow::Result<Option<Form>> {
    let Some(set) = setting::load(desk.tx)? else { return Ok(None) };
    if link::is_administrators(desk.tx, account.id)? {
        return Ok(None);
    }
    if link::of_account(desk.tx, &set.issuer, account.id)?.is_some() {
        return Ok(Some(form("unlink", "sso/remove", &[], "解除单点登录绑定")));
    }
    let subject = Field::text("subject", "单点登录身份", "")
        .hint("对方系统里此人的身份标识（sub），由单点登录系统的管理单位提供；请核对是本人的。")
        .required();
    Ok(Some(Form { fields: vec![subject], ..form("link", "sso", &[], "绑定单点登录") }))
}
