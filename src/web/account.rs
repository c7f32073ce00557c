//! 我的账号: the own data, password and sessions.

use anyhow::Context as _;
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};

use super::{
    account_factor, account_sso, account_stand_in,
    app::App,
    cookie,
    error::PageError,
    feed,
    frame::{Ask, Desk, answer, instant},
    post::{Posted, Seat, act},
    unit_names,
    view::{
        account::{Account, Factor, Session},
        form::{Errors, Field, Form},
        parts::{Fact, Facts},
        record_form::Pick,
        words::{Link, Words},
    },
};
use crate::{
    auth::{
        Pending, account, grant,
        login::{self, Again},
        password,
        policy::MINUTE,
        session,
    },
    clock::chinese,
};

/// What a form that was posted leaves on the page.
#[derive(Clone, Debug, Default)]
pub(super) struct Left {
    /// Fields that are wrong: id on the page and what is wrong.
    pub(super) wrong: Vec<(String, String)>,
    /// Values that were typed, by id on the page.
    pub(super) typed: Vec<(String, String)>,
    /// What was done.
    pub(super) notice: String,
    /// Picture and secret, once.
    pub(super) picture: Option<(String, String)>,
    /// Recovery codes, once.
    pub(super) codes: Vec<String>,
    /// Where the provider of single sign-on is, once the password was right.
    pub(super) away: String,
    /// The address of a calendar, once.
    pub(super) address: String,
    /// What pickers have found, by id on the page.
    pub(super) picks: Vec<(String, Pick)>,
}

impl Left {
    /// One wrong field.
    pub(super) fn wrong(field: &str, text: impl Into<String>) -> Left {
        Left { wrong: vec![(field.into(), text.into())], ..Left::default() }
    }

    /// Whether what is wrong stands on the page. Where its form is not there any more, for somebody else was faster, it is told
    /// on a page of its own.
    ///
    /// # Errors
    /// [`PageError::RefusedTyped`], with what was typed.
    pub(super) fn shown(&self, errors: &Errors) -> Result<(), PageError> {
        let lost = self.wrong.iter().find(|(_, text)| errors.0.iter().all(|shown| shown.text != *text));
        let typed = self.typed.iter().filter(|(_, text)| !text.trim().is_empty());
        let typed = || typed.map(|(_, text)| format!("您填写的：{text}")).collect();
        lost.map_or(Ok(()), |(_, text)| Err(PageError::RefusedTyped(text.clone(), typed())))
    }

    /// Puts what was typed and what is wrong into a form.
    pub(super) fn fill(&self, form: &mut Form) {
        for field in &mut form.fields {
            let id = format!("{}-{}", form.id, field.name);
            let of = |list: &[(String, String)]| list.iter().find(|(f, _)| *f == id).map(|(_, text)| text.clone());
            field.error = of(&self.wrong).unwrap_or_default();
            if let Some(typed) = of(&self.typed).filter(|_| field.kind != "password") {
                field.value = typed;
            }
            if let Some((_, pick)) = self.picks.iter().find(|(f, _)| *f == id) {
                field.pick = Some(pick.clone());
            }
        }
    }
}

/// `GET /account`.
pub(super) async fn page(State(app): State<App>, ask: Ask) -> Response {
    answer(app, ask, |desk| {
        let notice = match desk.ask.get("done") {
            Some("password") => "口令已修改，其他设备上的登录已退出。",
            Some("sessions") => "已退出。",
            Some("factor") => "动态码已取消。",
            Some("stand-in") => "代理已登记，到期自动结束。",
            Some("withdrawn") => "代理已收回。",
            Some("feed") => "日历订阅链接已停用，原链接打不开了。",
            Some("sso") => "单点登录已绑定，以后在登录页点“单点登录”。其他设备上的登录已退出。",
            Some("no-sso") => "单点登录已解除绑定，其他设备上的登录已退出。",
            _ => "",
        };
        render(desk, &Left { notice: notice.into(), ..Left::default() })
    })
    .await
}

/// The page, with what a form has left.
pub(super) fn render(desk: &mut Desk<'_, '_>, left: &Left) -> anyhow::Result<Response> {
    let reader = desk.reader()?.clone();
    let account = account::get(desk.tx, reader.account)?.context("账号不见了")?;
    let token = desk.form_token()?;
    let notice = match reader.pending {
        _ if !left.notice.is_empty() => left.notice.clone(),
        Some(Pending::Password) => "这是一次性口令，请先改成自己的口令，然后才能使用其他功能。".into(),
        Some(Pending::Factor) => "您的角色登录时须用动态码，请先启用，然后才能使用其他功能。".into(),
        None => String::new(),
    };
    let mut password = (!reader.session.demo).then(|| password_form(&token));
    password.iter_mut().for_each(|f| left.fill(f));
    let mut factor = if reader.session.demo {
        Factor { words: "演示身份不用口令和动态码。".into(), ..Factor::default() }
    } else {
        account_factor::section(desk, &account, &token, left)?
    };
    factor.forms.iter_mut().for_each(|f| left.fill(f));
    let mut sso = account_sso::section(desk, &reader, &token, left)?;
    sso.iter_mut().flat_map(|s| &mut s.forms).for_each(|f| left.fill(f));
    let mut stand_in = account_stand_in::form(desk, &reader, &token)?;
    stand_in.iter_mut().for_each(|f| left.fill(f));
    let wrong = left.wrong.iter().map(|(id, text)| Link::new(text.clone(), format!("#{id}"))).collect();
    let view = Account {
        errors: Errors(wrong),
        notice,
        facts: facts(desk, &account)?,
        password,
        factor,
        sso,
        sessions: sessions(desk, &reader)?,
        token,
        stand_ins: account_stand_in::list(desk, reader.account)?,
        stand_in,
        feeds: feed::section(desk, &reader, left)?,
        page: desk.page("/account")?,
    };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

fn facts(desk: &mut Desk<'_, '_>, account: &account::Account) -> anyhow::Result<Facts> {
    let reader = desk.reader()?.clone();
    let mut facts = vec![Fact::new("登录名", account.login.clone()), Fact::new("姓名", account.name.clone())];
    if let Some(person) = account.person {
        facts.push(Fact::new("人员", unit_names::person(desk, person)?));
    }
    let mut roles = Words::new();
    for held in &reader.held {
        let unit = match held.unit {
            Some(unit) => format!("（{}）", unit_names::full(desk, unit)?),
            None if held.role.takes_unit() => "（全市）".into(),
            None => String::new(),
        };
        let instead = held.instead_of.as_ref().map_or_else(String::new, |name| format!("，代{name}"));
        let apart = if roles.is_empty() { "" } else { "；" };
        roles = roles.text(format!("{apart}{}{unit}{instead}", held.role.title()));
    }
    facts.push(Fact::new("角色", if roles.is_empty() { Words::from("没有角色，请向安全管理员申请。") } else { roles }));
    let ended = grant::of_account(desk.tx, account.id)?
        .into_iter()
        .filter(|g| g.holds(desk.now.day))
        .filter(|g| !reader.held.iter().any(|h| h.instead_of.is_none() && h.role == g.role && h.unit == g.unit))
        .map(|g| g.role.title())
        .collect::<Vec<_>>();
    if !ended.is_empty() {
        facts.push(Fact::new("随任职终止", format!("{}：本人已不在该单位任职。", ended.join("、"))));
    }
    let last = account.last_login.as_ref().map_or("--".to_owned(), |(at, from)| format!("{}　{from}", chinese(*at)));
    facts.push(Fact::new("最近登录", last));
    Ok(Facts(facts))
}

fn sessions(desk: &mut Desk<'_, '_>, reader: &crate::auth::Reader) -> anyhow::Result<Vec<Session>> {
    // Many people share an identity of the demo: none sees the others.
    let all = session::of_account(desk.tx, reader.account, instant())?;
    let shown = all.into_iter().filter(|s| !reader.session.demo || s.id == reader.session.id);
    Ok(shown
        .map(|s| Session {
            id: s.id,
            own: s.id == reader.session.id,
            address: if s.from.address.is_empty() { "本机".into() } else { s.from.address },
            agent: s.from.agent,
            times: [chinese(s.created), chinese(s.seen)],
        })
        .collect())
}

fn password_form(token: &str) -> Form {
    Form {
        id: "pw".into(),
        action: "/account/password".into(),
        token: token.into(),
        fields: vec![
            Field::password("current", "现在的口令", "current-password"),
            Field::password("new", "新口令", "new-password")
                .hint("12至128个字符，任何字符都可以；不要用常见的口令和本人的姓名、电话、生日。"),
            Field::password("again", "再输一遍新口令", "new-password"),
        ],
        button: "修改口令".into(),
        ..Form::default()
    }
}

/// `POST /account/password`.
pub(super) async fn change_password(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, |seat| {
        let (inst, id) = (&seat.app.installation, seat.reader.account);
        let (current, new) = (seat.fields.raw("current"), seat.fields.raw("new"));
        let wrong = |field: &str, text: String| Ok(refuse(seat, &Left::wrong(field, text)));
        if seat.reader.session.demo {
            return wrong("pw-current", "演示身份没有口令。".into());
        }
        if new != seat.fields.raw("again") {
            return wrong("pw-again", "两遍输入的新口令不一样，请重新输入。".into());
        }
        let own = seat.db().read(|tx| match account::get(tx, id)? {
            Some(account) => account::own_data(tx, &inst.keys, &account),
            None => Ok(Vec::new()),
        })?;
        if let Err(text) = password::check(new, &own) {
            return wrong("pw-new", text);
        }
        if new == current {
            return wrong("pw-new", "新口令与现在的口令相同，请换一个。".into());
        }
        if let Err(text) = owner(seat, current)? {
            return wrong("pw-current", text);
        }
        let (hash, session, now) = (password::hash(new)?, seat.reader.session.id, instant());
        let actor = seat.keeper();
        let token = seat.db().write(move |tx| {
            account::set_password(tx, &actor, id, &hash)?;
            session::close_all(tx, id, Some(session), now)?;
            session::renew(tx, session)
        })?;
        Ok(seat.with_token(&token, seat.to("/account?done=password")))
    })
    .await
}

/// Whether the password is that of the reader's account.
///
/// # Errors
/// In the inner result, what to tell; in the outer, when the store cannot be read.
pub(super) fn owner(seat: &Seat, password: &str) -> anyhow::Result<Result<Box<account::Account>, String>> {
    let now = instant();
    Ok(match login::again(seat.db(), seat.reader.account, password, now)? {
        Again::Right(account) => Ok(account),
        Again::Wrong { left } => Err(format!("口令不正确，还可尝试{left}次。")),
        Again::Wait { until } => Err(format!("多次输错，请在{}分钟后再试。", ((until - now) + MINUTE - 1) / MINUTE)),
    })
}

/// The page again, with what is wrong.
pub(super) fn refuse(seat: &Seat, left: &Left) -> Response {
    seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render(desk, left))
}

/// `POST /account/sessions`: ends one session, or all others.
pub(super) async fn close_sessions(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, |seat| {
        let (account, own) = (seat.reader.account, seat.reader.session.id);
        let others = seat.fields.get("others") == "1" && !seat.reader.session.demo;
        let id = seat.fields.get("id").parse().ok();
        let (name, address) = (seat.reader.name.clone(), seat.ask.from.address.clone());
        seat.db().write(move |tx| {
            let what = if others { "退出其他设备" } else { "退出" };
            login::tell(tx, (account, name), what, &address, instant());
            match (others, id) {
                (true, _) => session::close_all(tx, account, Some(own), instant()),
                (false, Some(id)) => session::close(tx, account, id, instant()).map(|_| ()),
                (false, None) => Ok(()),
            }
        })?;
        if !others && id == Some(own) {
            let mut response = seat.to("/login");
            response.headers_mut().append(header::SET_COOKIE, cookie::SESSION.clear(seat.app.transport));
            return Ok(response);
        }
        Ok(seat.to("/account?done=sessions"))
    })
    .await
}
