//! Participants of a class chosen many at once `/training/{id}/people`: by unit and kind of post, without typing a name.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};

use super::{
    app::App,
    asked,
    error::PageError,
    frame::{self, Ask, Desk, answer},
    post::{Posted, Seat, act},
    training::href,
    unit_names,
    view::{
        class::{ChosenPerson, People, UnitPeople},
        form::Errors,
        parts::Choice,
        spelling::sound_key,
        table::{Control, FilterForm, Input, Pager},
        url::Query as Url,
        words::{Link, Words},
    },
};
use crate::{
    class::{
        people::{self, Candidate, counting},
        read::{self, Class},
    },
    day::Day,
    db::Tx,
    form::directory::Directory,
    installation::Current,
    once::Used,
    org::builtin::DUTIES,
    scope::Scope,
};

/// Characters of a name that is looked for.
const NAME: usize = 40;
/// Keys of the address that narrow the list.
const KEYS: [&str; 4] = ["unit", "q", "duty", "state"];
/// Only those who are not added yet.
const OPEN: &str = "未加入";

/// The class of an address that the reader sees.
///
/// # Errors
/// [`PageError::NotFound`]; else when the store cannot be read.
pub(super) fn class_of(tx: &mut Tx<'_>, current: &Current, scope: &Scope, id: &str) -> anyhow::Result<Class> {
    Ok(read::find(tx, current, scope, id)?.ok_or(PageError::NotFound)?)
}

/// Who may be added to a class and fits what the address asks for, with what is wrong in that by its key.
struct Look {
    found: Vec<Candidate>,
    wrong: Vec<(&'static str, String)>,
}

fn look(
    tx: &mut Tx<'_>,
    current: &Current,
    directory: &Directory,
    (class, scope): (&Class, &Scope),
    ask: &Ask,
    today: Day,
) -> anyhow::Result<Look> {
    let typed = |key: &str| ask.get(key).unwrap_or_default().trim().to_owned();
    let mut wrong = Vec::new();
    let mut found = people::candidates(tx, current, class, scope, today)?;
    match unit_names::unit_in(tx, scope, &typed("unit"))? {
        Ok(None) => {}
        Ok(Some(unit)) => {
            let owned = current.organisation.owned(unit);
            found.retain(|c| owned.contains(&c.unit));
        }
        Err(why) => wrong.push(("unit", why)),
    }
    let q = typed("q");
    if q.chars().count() > NAME || q.contains(char::is_control) {
        wrong.push(("q", format!("姓名最多{NAME}字，不含控制字符。")));
    } else if !q.is_empty() {
        found.retain(|c| directory.person(c.person).is_some_and(|p| p.fit(&q).is_some()));
    }
    if let Some(duty) = DUTIES.iter().position(|d| *d == typed("duty")) {
        found.retain(|c| usize::try_from(c.duty) == Ok(duty));
    }
    if typed("state") == OPEN {
        found.retain(|c| !c.added);
    }
    let name = |c: &Candidate| directory.person(c.person).map(|p| sound_key(&p.name));
    found.sort_by_cached_key(|c| (c.place.0, c.place.1 != c.place.0, c.place.1, name(c), c.person));
    Ok(Look { found, wrong })
}

/// `GET /training/{id}/people`.
pub(super) async fn page(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| render(desk, &own, &id, &BTreeSet::new(), "")).await
}

/// The page with who was ticked and what is wrong with that.
fn render(
    desk: &mut Desk<'_, '_>,
    app: &App,
    id: &str,
    ticked: &BTreeSet<i64>,
    wrong: &str,
) -> anyhow::Result<Response> {
    asked::keys(desk, &["unit", "q", "duty", "state", "page", "size", "done"]);
    asked::values(desk, "state", "范围", &|v| v.is_empty() || v == OPEN);
    asked::values(desk, "duty", "任职类别", &|v| v.is_empty() || DUTIES.contains(&v));
    let (current, today) = (desk.current.clone(), desk.now.day);
    let scope = frame::writing(desk.reader()?, desk.ask.needs, &current, today).of_roles();
    let class = class_of(desk.tx, &current, &desk.scope.clone(), id)?;
    let directory = app.directory.of(desk.tx)?;
    let ask = desk.ask.clone();
    let look = look(desk.tx, &current, &directory, (&class, &scope), &ask, today)?;
    let free = look.found.iter().filter(|c| !c.added).count();
    let mut of_unit: BTreeMap<i64, usize> = BTreeMap::new();
    look.found.iter().filter(|c| !c.added).for_each(|c| *of_unit.entry(c.unit).or_default() += 1);
    let (size, total) = (asked::size(desk), look.found.len() as u64);
    let page = asked::page(desk, total.div_ceil(size));
    let mut groups: Vec<UnitPeople> = Vec::new();
    for c in look.found.iter().skip(((page - 1) * size) as usize).take(size as usize) {
        if groups.last().is_none_or(|g| g.unit != c.unit) {
            let free = of_unit.get(&c.unit).copied().unwrap_or(0);
            groups.push(UnitPeople { unit: c.unit, title: directory.path(c.unit), free, rows: Vec::new() });
        }
        if let Some(group) = groups.last_mut() {
            group.rows.push(one(c, &directory, ticked));
        }
    }
    let here = href(&class.code);
    let at = asked::without_page(&desk.ask);
    let errors = (!wrong.is_empty()).then(|| Link::new(wrong, "#people"));
    let view = People {
        lead: lead(&class, (total as usize, free), today),
        notice: if ask.get("done") == Some("1") {
            "已加入所选的人；已在班的没有重复加入。"
        } else {
            ""
        },
        errors: Errors(errors.into_iter().collect()),
        filter: filter(&ask, at.clone(), &look.wrong),
        action: desk.ask.url.without("done").href(),
        token: desk.form_token()?,
        groups,
        free,
        none: match KEYS.iter().all(|k| ask.get(k).unwrap_or_default().trim().is_empty()) {
            true => "您能登记的单位在这一天没有在职的人。请核对任职台账，或由参训人员所在单位登记。",
            false => "没有符合条件的人，请换一个条件。",
        },
        pager: Pager { query: at, title: "可选人员".into(), total, size, page },
        class: Link::new(class.title.clone(), here.clone()),
        roster: format!("{here}/roster"),
        page: desk.page("/training")?,
    };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

fn one(c: &Candidate, directory: &Directory, ticked: &BTreeSet<i64>) -> ChosenPerson {
    let entry = directory.person(c.person);
    ChosenPerson {
        id: c.person,
        name: entry.map_or_else(String::new, |p| p.name.clone()),
        code: entry.map_or_else(String::new, |p| p.code.clone()),
        duty: usize::try_from(c.duty).ok().and_then(|d| DUTIES.get(d).copied()).unwrap_or("--"),
        added: c.added,
        ticked: ticked.contains(&c.person),
    }
}

fn lead(class: &Class, (total, free): (usize, usize), today: Day) -> Words {
    let day = counting(class, today);
    let of = if day == class.starts { "开班之日" } else { "今天（还没有开班）" };
    Words::from(format!("按{of}{}的任职列出，符合条件的", day.chinese()))
        .strong(total.to_string())
        .text("人，其中还没有加入的")
        .strong(free.to_string())
        .text("人。勾选后加入；要换条件，请先加入已勾选的。")
}

fn filter(ask: &Ask, query: Url, wrong: &[(&'static str, String)]) -> FilterForm {
    let typed = |key: &str| ask.get(key).unwrap_or_default().to_owned();
    let error = |key: &str| wrong.iter().find(|(k, _)| *k == key).map_or_else(String::new, |(_, why)| why.clone());
    let text = |name: &str, label: &str, example: &str| Control {
        name: name.into(),
        label: label.into(),
        input: Input::Text(typed(name), example.into()),
        error: error(name),
    };
    let pick = |name: &str, label: &str, values: &[&str]| {
        let now = typed(name);
        let all = Choice { value: String::new(), label: "全部".into(), current: now.is_empty() };
        let each = values.iter().map(|v| Choice { value: (*v).into(), label: (*v).into(), current: *v == now });
        let input = Input::Pick(std::iter::once(all).chain(each).collect());
        Control { name: name.into(), label: label.into(), input, error: String::new() }
    };
    let controls = vec![
        text("unit", "单位", "编号或全名"),
        pick("duty", "任职类别", &DUTIES),
        text("q", "姓名", "姓名或拼音首字母"),
        pick("state", "范围", &[OPEN]),
    ];
    FilterForm { query, controls }
}

/// What the form asks for: single persons, whole units, or all that fit.
struct Chosen {
    persons: BTreeSet<i64>,
    units: BTreeSet<i64>,
    all: bool,
}

impl Chosen {
    fn of(seat: &Seat) -> Option<Chosen> {
        let numbers = |key: &str| -> Option<BTreeSet<i64>> {
            let values = seat.fields.pairs().iter().filter(|(k, _)| k == key);
            values.map(|(_, v)| v.parse().ok()).collect()
        };
        Some(Chosen { persons: numbers("p")?, units: numbers("u")?, all: seat.fields.get("all") == "1" })
    }

    fn takes(&self, c: &Candidate) -> bool {
        self.all || self.units.contains(&c.unit) || self.persons.contains(&c.person)
    }
}

/// `POST /training/{id}/people`.
pub(super) async fn add(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let (app, today) = (&seat.app, seat.now.day);
        let chosen = Chosen::of(seat);
        let ticked = chosen.as_ref().map(|c| c.persons.clone()).unwrap_or_default();
        let wrong =
            |why: &str| Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render(desk, app, &id, &ticked, why)));
        let scope = seat.scope.of_roles();
        let (class, found) = seat.db().read(|tx| {
            let current = app.installation.current(tx)?;
            let class = class_of(tx, &current, &frame::scope(Some(&seat.reader), &current, today), &id)?;
            let directory = app.directory.of(tx)?;
            let found = look(tx, &current, &directory, (&class, &scope), &seat.ask, today)?;
            Ok((class, found))
        })?;
        let Some(chosen) = chosen else {
            return wrong("所选的人员或单位无法识别，请刷新页面后重新勾选。");
        };
        if let Some((_, why)) = found.wrong.first() {
            return wrong(&format!("条件有误，没有加入：{why}"));
        }
        let persons: BTreeSet<i64> = found.found.iter().filter(|c| chosen.takes(c)).map(|c| c.person).collect();
        if chosen.persons.iter().any(|p| !persons.contains(p)) {
            return wrong("所选的人里有不在您能登记的单位、或已不符合条件的，没有加入任何人，请核对后重新勾选。");
        }
        if persons.is_empty() {
            return wrong("没有勾选人员。请勾选一个人、一个单位，或全部。");
        }
        let (inst, by, to) = (app.installation.clone(), seat.by(), seat.ask.url.clone());
        let done = seat.write_once("attendance", move |tx| {
            people::add(tx, &inst, &by, &class, &persons).map(|n| i64::try_from(n).unwrap_or(0))
        });
        match done {
            Ok(_) => Ok(seat.to(&to.without("page").with("done", "1").href())),
            Err(e) if e.is::<Used>() => wrong(&format!("{e}。")),
            Err(e) => Err(e),
        }
    })
    .await
}
