//! What the 安全管理员 posts: new accounts, roles, disabling, one-time passwords.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    account::Left,
    accounts::{render_new, render_one},
    app::App,
    error::PageError,
    frame::Ask,
    post::{Posted, Seat, act},
    unit_names,
    wrongs::{Wrong, Wrongs},
};
use crate::{
    auth::{
        Organisation, Role,
        account::{self, Refused, display_name, login_name},
        grant::{self, Wanted},
        lockout::{self, Against},
        password, session,
    },
    day::Day,
    sso::{identity::is_subject, link, setting},
};

/// Role, unit and time as they were typed.
fn wanted(seat: &Seat) -> anyhow::Result<Result<Wanted, Wrongs>> {
    let role = Role::parse(seat.fields.get("role")).ok_or_else(|| ("role", "请选择角色。".into()));
    let unit = record(seat, "unit")?.map_err(|text| ("unit", text));
    let day = seat.now.day;
    let starts = Day::parse(seat.fields.get("starts")).ok_or_else(|| ("starts", format!("请填写起日，如{day}。")));
    let ends = match seat.fields.get("ends") {
        "" => Ok(None),
        typed => Day::parse(typed)
            .map(Some)
            .ok_or_else(|| ("ends", format!("止日不是有效日期，请按{day}的样子填写，或留空。"))),
    };
    let mut wrongs = Wrongs::default();
    let (role, unit) = (wrongs.take(role), wrongs.take(unit));
    Ok(match (role, unit, wrongs.take(starts), wrongs.take(ends)) {
        (Some(role), Some(unit), Some(starts), Some(ends)) => Ok(Wanted { role, unit, starts, ends }),
        _ => Err(wrongs),
    })
}

/// Refuses a role to who holds no post on which it could hang: it would open nothing. One that begins later may wait for its
/// post.
fn in_post(seat: &Seat, person: Option<i64>, wanted: Wanted) -> anyhow::Result<Result<(), Wrong>> {
    let day = seat.now.day;
    let Some(person) = person.filter(|_| wanted.starts <= day) else { return Ok(Ok(())) };
    let current = seat.db().read(|tx| seat.app.installation.current(tx))?;
    let has = Organisation::of(&current, day).is_some_and(|o| o.has_post(person, wanted.unit, wanted.starts));
    Ok(match wanted.unit {
        _ if has => Ok(()),
        Some(_) => Err(("unit", "此人在该单位没有任职，授予后不起作用。请先登记任职，或改选单位。".into())),
        None => Err(("role", "此人没有在任的职务，授予后不起作用。请先登记任职。".into())),
    })
}

/// The unit or person that was typed.
fn record(seat: &Seat, field: &str) -> anyhow::Result<Result<Option<i64>, String>> {
    seat.db().read(|tx| unit_names::meant(tx, field, seat.fields.get(field), &|_| true))
}

/// Everything typed, for the page that is shown again.
fn typed(seat: &Seat, form: &str) -> Vec<(String, String)> {
    ["login", "name", "person", "role", "unit", "starts", "ends"]
        .map(|f| (format!("{form}-{f}"), seat.fields.get(f).chars().take(200).collect()))
        .into()
}

/// The account of the address; nobody changes the own one here.
fn other(seat: &Seat, id: &str) -> anyhow::Result<i64> {
    let id: i64 = id.parse().map_err(|_| PageError::NotFound)?;
    seat.db().read(|tx| account::get(tx, id))?.ok_or(PageError::NotFound)?;
    if id == seat.reader.account {
        return Err(PageError::Refused("不能处置自己的账号，请由另一名安全管理员办理。".into()).into());
    }
    Ok(id)
}

/// What a refused rule says; other errors go on.
fn refused<T>(done: anyhow::Result<T>) -> anyhow::Result<Result<T, String>> {
    match done {
        Ok(done) => Ok(Ok(done)),
        Err(e) => e.downcast::<Refused>().map(|Refused(text)| Err(text)),
    }
}

/// `POST /accounts/new`.
pub(super) async fn create(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, |seat| {
        let wrong = |wrongs: Wrongs| {
            let left = wrongs.left("new", typed(seat, "new"));
            Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render_new(desk, &left)))
        };
        let mut wrongs = Wrongs::default();
        let login = wrongs.take(login_name(seat.fields.get("login")).map_err(|Refused(text)| ("login", text)));
        let name = wrongs.take(display_name(seat.fields.get("name")).map_err(|Refused(text)| ("name", text)));
        let person = wrongs.take(record(seat, "person")?.map_err(|text| ("person", text)));
        let wanted = wrongs.take_all(wanted(seat)?);
        if let (Some(person), Some(wanted)) = (person, wanted) {
            wrongs.take(in_post(seat, person, wanted)?);
        }
        let (Some(login), Some(name), Some(person), Some(wanted), true) =
            (login, name, person, wanted, wrongs.is_empty())
        else {
            return wrong(wrongs);
        };
        let shown = password::one_time()?;
        let (hash, actor) = (password::hash(&shown)?, seat.keeper());
        let made = seat.db().write(move |tx| {
            let id = account::create(tx, &actor, (&login, &name), person, Some(&hash))?;
            match refused(grant::give(tx, &actor, id, wanted))? {
                Ok(_) => {
                    account::tell(tx, &actor, id, &format!("建立账号，授予{}", wanted.role.title()))?;
                    Ok(id)
                }
                Err(text) => Err(NoRole(text).into()),
            }
        });
        match made {
            Ok(id) => {
                let left = Left { notice: "账号已建立。".into(), ..Left::default() };
                Ok(seat.show(StatusCode::OK, |desk| render_one(desk, id, &left, &shown)))
            }
            Err(e) => match e.downcast::<NoRole>() {
                Ok(NoRole(text)) => wrong(("role", text).into()),
                Err(e) => match refused::<()>(Err(e))? {
                    Err(text) => wrong(("login", text).into()),
                    Ok(()) => Ok(seat.to("/accounts")),
                },
            },
        }
    })
    .await
}

/// The role, not the account, was refused.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct NoRole(String);

/// `POST /accounts/{id}/grants`.
pub(super) async fn give(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let id = other(seat, &id)?;
        let wrong = |wrongs: Wrongs| {
            let left = wrongs.left("give", typed(seat, "give"));
            Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render_one(desk, id, &left, "")))
        };
        let wanted = match wanted(seat)? {
            Ok(wanted) => wanted,
            Err(wrongs) => return wrong(wrongs),
        };
        let person = seat.db().read(|tx| account::get(tx, id))?.and_then(|a| a.person);
        if let Err(why) = in_post(seat, person, wanted)? {
            return wrong(why.into());
        }
        let actor = seat.keeper();
        match refused(seat.db().write(move |tx| grant::give(tx, &actor, id, wanted)))? {
            Ok(_) => Ok(seat.to(&format!("/accounts/{id}?done=given"))),
            Err(text) => wrong(("role", text).into()),
        }
    })
    .await
}

/// `POST /accounts/{id}/grants/withdraw`.
pub(super) async fn withdraw(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let id = other(seat, &id)?;
        let (actor, grant) = (seat.keeper(), seat.fields.get("grant").parse().unwrap_or(0));
        let own = seat.db().read(|tx| grant::of_account(tx, id))?.iter().any(|g| g.id == grant);
        if !own {
            return Err(PageError::Refused("这个账号没有这个角色，没有收回。请重新打开账号页面再试。".into()).into());
        }
        // Withdrawn twice at once is withdrawn.
        let _ = refused(seat.db().write(move |tx| grant::withdraw(tx, &actor, id, grant)))?;
        Ok(seat.to(&format!("/accounts/{id}?done=withdrawn")))
    })
    .await
}

/// `POST /accounts/{id}/state`: disables or enables.
pub(super) async fn set_state(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let id = other(seat, &id)?;
        let disabled = match seat.fields.get("state") {
            "disabled" => true,
            "enabled" => false,
            _ => return Err(PageError::Refused("没有指明停用还是启用，账号没有改动。".into()).into()),
        };
        let actor = seat.keeper();
        seat.db().write(move |tx| account::set_disabled(tx, &actor, id, disabled))?;
        Ok(seat.to(&format!("/accounts/{id}?done={}", if disabled { "disabled" } else { "enabled" })))
    })
    .await
}

/// `POST /accounts/{id}/reset`: a one-time password, shown once.
pub(super) async fn reset(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let id = other(seat, &id)?;
        let shown = password::one_time()?;
        let (hash, actor, factor) = (password::hash(&shown)?, seat.keeper(), seat.fields.get("factor") == "drop");
        seat.db().write(move |tx| account::reset(tx, &actor, id, &hash, factor))?;
        let notice = "口令已重设，该账号的登录已全部退出。".to_owned();
        let left = Left { notice, ..Left::default() };
        Ok(seat.show(StatusCode::OK, |desk| render_one(desk, id, &left, &shown)))
    })
    .await
}

/// `POST /accounts/{id}/unlock`.
pub(super) async fn unlock(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let id = other(seat, &id)?;
        let actor = seat.keeper();
        seat.db().write(move |tx| match account::get(tx, id)? {
            Some(account) => {
                account::tell(tx, &actor, id, "解除登录暂停")?;
                lockout::unlock(tx, &Against::Name(account.login))
            }
            None => Ok(false),
        })?;
        Ok(seat.to(&format!("/accounts/{id}?done=unlocked")))
    })
    .await
}

/// `POST /accounts/{id}/sso`: links with a subject of the provider.
pub(super) async fn link(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let id = other(seat, &id)?;
        let subject = seat.fields.get("subject").to_owned();
        let wrong = |text: String| {
            let typed = vec![("link-subject".to_owned(), subject.chars().take(255).collect())];
            let left = Left { typed, ..Left::wrong("link-subject", text) };
            Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render_one(desk, id, &left, "")))
        };
        if !is_subject(&subject) {
            return wrong("请填写对方系统里此人的身份标识，为1至255个英文字符。".into());
        }
        let (actor, subject) = (seat.keeper(), subject.clone());
        let done = refused(seat.db().write(move |tx| {
            let setting = setting::load(tx)?.ok_or(PageError::NotFound)?;
            link::link(tx, &actor, id, &setting.issuer, &subject)?;
            session::close_all(tx, id, None, actor.at)
        }))?;
        match done {
            Ok(()) => Ok(seat.to(&format!("/accounts/{id}?done=linked"))),
            Err(text) => wrong(text),
        }
    })
    .await
}

/// `POST /accounts/{id}/sso/remove`.
pub(super) async fn unlink(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let id = other(seat, &id)?;
        let actor = seat.keeper();
        seat.db().write(move |tx| {
            let setting = setting::load(tx)?.ok_or(PageError::NotFound)?;
            link::unlink(tx, &actor, id, &setting.issuer)?;
            session::close_all(tx, id, None, actor.at)
        })?;
        Ok(seat.to(&format!("/accounts/{id}?done=unlinked")))
    })
    .await
}
