//! Calendars: by a secret link for programs that cannot log in, and the same for who is logged in; the links on the own
//! account.

use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};

use super::{
    account::{Left, refuse, render},
    app::App,
    asked,
    error::PageError,
    frame::{Ask, Desk, answer},
    post::{Posted, act},
    unit_names,
    view::account::{Feed as Shown, Feeds},
};
use crate::{
    auth::{Permission, Reader, Role},
    clock::chinese,
    feed::{self, Of, events, ics},
    scope::Scope,
};

/// `GET /feeds/{file}`: the secret and `.ics`.
pub(super) async fn secret(State(app): State<App>, Path(file): Path<String>, ask: Ask) -> Response {
    answer(app, ask, move |desk| {
        let secret = file.strip_suffix(".ics").filter(|s| s.len() == 64).ok_or(PageError::NotFound)?;
        let (current, day) = (desk.current.clone(), desk.now.day);
        match feed::opened(desk.tx, &current, secret, day)? {
            Some(Of::Person(person)) => own_calendar(desk, person),
            Some(Of::Unit(unit, scope)) => unit_calendar(desk, &scope, unit),
            None => Err(PageError::NotFound.into()),
        }
    })
    .await
}

/// `GET /me/calendar.ics`.
pub(super) async fn own(State(app): State<App>, ask: Ask) -> Response {
    answer(app, ask, |desk| {
        asked::keys(desk, &[]);
        let person = desk.reader()?.person.ok_or(PageError::NotFound)?;
        own_calendar(desk, person)
    })
    .await
}

/// `GET /training/calendar.ics?unit=…`: of the first unit of the reader's roles, or of one by its number.
pub(super) async fn of_unit(State(app): State<App>, ask: Ask) -> Response {
    answer(app, ask, |desk| {
        asked::keys(desk, &["unit"]);
        let scope = desk.scope.of_roles();
        let typed = desk.ask.get("unit").unwrap_or_default().to_owned();
        let unit = match unit_names::unit_in(desk.tx, &scope, &typed)? {
            Ok(Some(unit)) => Some(unit),
            Ok(None) => home(desk)?,
            Err(_) => None,
        };
        unit_calendar(desk, &scope, unit.ok_or(PageError::NotFound)?)
    })
    .await
}

fn own_calendar(desk: &mut Desk<'_, '_>, person: i64) -> anyhow::Result<Response> {
    let (current, today) = (desk.current.clone(), desk.now.day);
    let events = events::own(desk.tx, &current, person, today)?;
    Ok(file("我的日程", &events, desk.now.instant))
}

fn unit_calendar(desk: &mut Desk<'_, '_>, scope: &Scope, unit: i64) -> anyhow::Result<Response> {
    let (current, today) = (desk.current.clone(), desk.now.day);
    let name = unit_names::full(desk, unit)?;
    let events = events::of_unit(desk.tx, &current, scope, unit, today)?;
    Ok(file(&format!("{name}日程"), &events, desk.now.instant))
}

fn file(name: &str, events: &[events::Event], at: i64) -> Response {
    let text = ics::written(name, events, "dongliang", at);
    let headers = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"calendar.ics\""),
        (header::CACHE_CONTROL, "private, no-store"),
    ];
    (headers, text).into_response()
}

/// The units of whose calendar the reader may have a link: those for which he holds a role; the city's first for who holds
/// one for the whole.
fn units(reader: &Reader, desk: &Desk<'_, '_>) -> Vec<i64> {
    let top = desk.current.organisation.first_unit();
    let sees = |role: Role| Permission::Ledgers.of(role) && role != Role::Cadre;
    let mut units: Vec<i64> = reader.held.iter().filter(|h| sees(h.role)).filter_map(|h| h.unit.or(top)).collect();
    units.sort_unstable();
    units.dedup();
    units
}

pub(super) fn home(desk: &mut Desk<'_, '_>) -> anyhow::Result<Option<i64>> {
    let reader = desk.reader()?.clone();
    Ok(units(&reader, desk).first().copied())
}

/// The links on the own account; `None` for who has no calendar.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn section(desk: &mut Desk<'_, '_>, reader: &Reader, left: &Left) -> anyhow::Result<Option<Feeds>> {
    // Many people share an identity of the demo.
    if reader.session.demo || reader.pending.is_some() {
        return Ok(None);
    }
    let made = feed::of_account(desk.tx, reader.account)?;
    let of = |unit: Option<i64>| made.iter().find(|f| f.unit == unit);
    let line = |name: String, unit: Option<i64>, made: Option<&feed::Feed>| Shown {
        name,
        unit: unit.unwrap_or(0),
        id: made.map_or(0, |f| f.id),
        made: made.map_or_else(String::new, |f| chinese(f.made)),
    };
    let mut lines = Vec::new();
    if reader.person.is_some() {
        lines.push(line("我的日程".into(), None, of(None)));
    }
    let mut shown = units(reader, desk);
    // A link whose role has ended can still be withdrawn.
    shown.extend(made.iter().filter_map(|f| f.unit));
    shown.sort_unstable();
    shown.dedup();
    for unit in shown {
        lines.push(line(format!("{}日程", unit_names::full(desk, unit)?), Some(unit), of(Some(unit))));
    }
    Ok((!lines.is_empty()).then(|| Feeds { lines, address: left.address.clone() }))
}

/// `POST /account/feeds`: makes a link, or renews it; its address is shown this once.
pub(super) async fn make(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, |seat| {
        let unit: i64 = seat.fields.get("unit").parse().unwrap_or(-1);
        let allowed = seat.db().read(|tx| {
            let current = seat.app.installation.current(tx)?;
            let scope = crate::auth::reader::scope_of_account(
                tx,
                seat.reader.account,
                &current,
                seat.now.day,
                Some(Permission::Ledgers),
            )?;
            Ok(match unit {
                0 => seat.reader.person.is_some(),
                unit => scope.is_some_and(|s| s.of_roles().has_unit(unit)),
            })
        })?;
        if seat.reader.session.demo || !allowed {
            return Ok(refuse(seat, &Left { notice: "不能生成这个日历的链接。".into(), ..Left::default() }));
        }
        let (actor, account) = (seat.keeper(), seat.reader.account);
        let secret = seat.db().write(move |tx| feed::make(tx, &actor, account, (unit != 0).then_some(unit)))?;
        let left = Left { address: format!("/feeds/{secret}.ics"), ..Left::default() };
        Ok(seat.show(StatusCode::OK, |desk| render(desk, &left)))
    })
    .await
}

/// `POST /account/feeds/withdraw`.
pub(super) async fn withdraw(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, |seat| {
        let (account, actor, id) = (seat.reader.account, seat.keeper(), seat.fields.get("id").parse().unwrap_or(0));
        seat.db().write(move |tx| feed::withdraw(tx, &actor, account, id))?;
        Ok(seat.to("/account?done=feed"))
    })
    .await
}
