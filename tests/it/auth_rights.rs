//! Who may do what: every route for every role, what a grant reaches, and what the pages show of it.

use std::collections::BTreeSet;

use dongliang::{
    auth::{self, Organisation, Role},
    day::Day,
    db::{Db, Value},
    db_test, facts,
    ledger::NewRow,
    scope::Scope,
    web::{self, Needs},
};

use crate::{
    visit::{Browser, account},
    web_lists::{office, put},
};

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// An address of the route.
fn address(path: &str) -> String {
    let filled = path
        .replace("/verdicts/{requirement}/{subject}/{window}", "/verdicts/R-21/J1/2025-02")
        .replace("/requirements/{id}", "/requirements/R-21")
        .replace("/units/{id}", "/units/U1")
        .replace("/accounts/{id}", "/accounts/1")
        .replace("/records/{ledger}", "/records/guidance")
        .replace("/ledgers/{name}/{id}/doubt", "/ledgers/guidance/Z1/doubt")
        .replace("/ledgers/{name}/{id}/open", "/ledgers/person/P2/open")
        .replace("/files/{file}", "/files/1")
        .replace("/ledgers/{name}/{id}/", "/ledgers/guidance/Z1/")
        .replace("/ledgers/{name}/export", "/ledgers/guidance/export?format=csv")
        .replace("/ledgers/{name}", "/ledgers/guidance")
        .replace("/q/{n}", "/q/1")
        .replace("{number}", "1")
        .replace("/settings/{kind}/{name}", "/settings/light/thresholds")
        .replace("/{id}", "/Z1")
        .replace("{file}", "none.css")
        .replace("/people/export", "/people/export?format=csv");
    assert!(!filled.contains('{'), "{path} has no example here");
    filled
}

db_test!(every_route_answers_every_role_as_declared, |db: &Db| {
    let o = &office(db);
    let routes = web::routes();
    assert!(routes.len() > 30);
    // Who is nobody's part in anything has nothing to record.
    account(o, "test-cadre", Role::Cadre, None, Some(2));
    for role in Role::ALL {
        let mut b = Browser::of(o, role);
        let form = b.get("/account").token();
        for (method, path, needs) in routes.iter().filter(|r| r.1 != "/logout") {
            let at = address(path);
            let allowed = match needs {
                Needs::May(permission) => permission.of(role),
                Needs::Nothing | Needs::OwnAccount | Needs::LogIn => true,
            };
            let got = if *method == "GET" { b.get(&at) } else { b.post(&at, &[("form", "stale")]) };
            let said = if got.status == 403 { got.read() } else { String::new() };
            if *method == "POST" && allowed && *path != "/login/demo" {
                assert!(said.contains("页面已过期"), "{role:?} {path}: {} {said}", got.status);
                continue;
            }
            assert_eq!(said.contains("没有权限查看这个页面"), !allowed, "{role:?} {method} {path}: {}", got.status);
            if !allowed && *method == "POST" {
                assert_eq!(b.post(&at, &[("form", &form)]).status, 403, "{role:?} {path} with a good token");
            }
        }
    }
    let mut nobody = Browser::new(o);
    for (method, path, needs) in &routes {
        let at = address(path);
        let got = if *method == "GET" { nobody.get(&at) } else { nobody.post(&at, &[("form", "x")]) };
        let to_login = got.status == 303 && got.led().1.starts_with("/login");
        assert_eq!(to_login, *needs != Needs::Nothing, "{method} {path}: {:?}", got.led());
    }
    assert_eq!(nobody.get("/no-such-page").led().0, 303, "what is there is not told to strangers");
});

db_test!(a_missing_permission_hides_the_entry_and_says_whom_to_ask, |db: &Db| {
    let o = &office(db);
    account(o, "an-officer", Role::Security, None, None);
    let mut cadre = Browser::of(o, Role::Cadre);
    let page = cadre.get("/requirements").text();
    assert!(page.contains("全部台账") && !page.contains(r#"href="/people""#) && !page.contains("/accounts"), "{page}");
    let refused = cadre.get("/people/export?format=csv");
    let text = refused.read();
    assert_eq!(refused.status, 403);
    assert!(
        text.contains("导出人员名册")
            && text.contains("请向安全管理员（an-officer）申请角色。")
            && text.contains("人事部门"),
        "{text}"
    );
    let mut officer = Browser::of(o, Role::Security);
    let page = officer.get("/accounts").text();
    assert!(page.contains("账号与角色") && !page.contains("全部台账") && !page.contains(r#"href="/requirements""#));
    // The roster is not to be had as a ledger by those who may not export it.
    assert_eq!(Browser::of(o, Role::Clerk).get("/ledgers/person/export?format=csv").status, 403);
    assert_eq!(Browser::of(o, Role::Office).get("/ledgers/person/export?format=csv").status, 200);
});

db_test!(what_a_grant_reaches, |db: &Db| {
    let o = &office(db);
    let reach = |login: &str, role: Role, unit: Option<i64>, on: &str| {
        let id = account(o, login, role, unit, None);
        o.db.read(|tx| {
            let (current, on) = (o.current(tx)?, day(on));
            let organisation = Organisation::of(&current, on).unwrap();
            let held = auth::reader::held(tx, id, Some(&organisation), o.clock.now().day)?;
            let session = auth::session::Session {
                id: 1,
                account: id,
                created: 0,
                seen: 0,
                ends: 0,
                from: auth::session::From::default(),
                demo: false,
            };
            let (login, name) = (String::new(), String::new());
            let reader = auth::Reader { account: id, login, name, person: None, held, session, pending: None };
            let scope = auth::scope_of(&reader, &organisation);
            Ok(match scope {
                Scope::All => None,
                Scope::Within(reach) => Some((reach.units.clone(), reach.organs.clone())),
            })
        })
        .unwrap()
    };
    let set = |ids: &[i64]| ids.iter().copied().collect::<BTreeSet<i64>>();
    // Of 2, which owns 2, 3 and 4, all units are reached only together with 4.
    let units = |ids: &[i64]| {
        let organs: Vec<i64> =
            [1, 2].into_iter().filter(|o| ids.contains(o) && (*o == 1 || ids.contains(&4))).collect();
        Some((set(ids), set(&organs)))
    };
    // 1 the city, 2 a district below it, 3 its 办公室, 4 its 旧科, closed on 2025-05-15.
    assert_eq!(reach("a", Role::Office, None, "2025-10-20"), None);
    assert_eq!(reach("b", Role::UnitAdmin, Some(1), "2025-10-20"), units(&[1, 2, 3]));
    assert_eq!(reach("c", Role::UnitAdmin, Some(2), "2025-10-20"), units(&[2, 3]));
    assert_eq!(reach("d", Role::Clerk, Some(3), "2025-10-20"), units(&[3]));
    assert_eq!(reach("c", Role::UnitAdmin, Some(2), "2025-05-15"), units(&[2, 3, 4]), "still open on its last day");
    assert_eq!(reach("e", Role::Cadre, None, "2025-10-20"), units(&[]));
    for role in Role::ADMINISTRATORS {
        assert_eq!(reach(&format!("{role:?}"), role, None, "2025-10-20"), units(&[]));
    }
    let heir: [(&str, Value); 3] = [("successor", 3.into()), ("kind", "合并".into()), ("day", "2025-05-16".into())];
    put(o, "succession", "C1", Some(4), &heir);
    assert_eq!(reach("d", Role::Clerk, Some(3), "2025-10-20"), units(&[3, 4]), "the closed unit that it succeeds");
    assert_eq!(reach("c", Role::UnitAdmin, Some(2), "2025-10-20"), units(&[2, 3, 4]));
});

db_test!(pages_show_what_the_roles_reach, |db: &Db| {
    let o = &office(db);
    let sees = |login: &str, role: Role, unit: Option<i64>, person: Option<i64>| {
        let mut b = Browser::logged_in(o, account(o, login, role, unit, person));
        let page = b.get("/ledgers/guidance").read();
        let n = page.split("条指导记录").next().unwrap();
        n.chars().rev().take_while(char::is_ascii_digit).collect::<String>()
    };
    // Two pairs of the 办公室 with two records each; 孙三 (3) is mentee of the one, 安四 (4) has no part in any.
    assert_eq!(sees("all", Role::Office, None, None), "4");
    assert_eq!(sees("unit", Role::UnitAdmin, Some(2), None), "4");
    assert_eq!(sees("clerk", Role::Clerk, Some(3), None), "4");
    assert_eq!(sees("own", Role::Cadre, None, Some(3)), "2");
    assert_eq!(sees("none", Role::Cadre, None, Some(4)), "0");
    assert_eq!(sees("old", Role::Clerk, Some(4), None), "0");
});

db_test!(what_a_grant_reaches_is_remembered_for_no_other_grant_nor_chart, |db: &Db| {
    let o = &office(db);
    let id = account(o, "admin", Role::UnitAdmin, Some(2), None);
    let mut b = Browser::logged_in(o, id);
    let mut sees = || b.get("/ledgers/guidance").read();
    assert!(sees().contains("4条指导记录") && sees().contains("4条指导记录"), "{}", sees());
    let set = |sql: &'static str| o.db.write(move |tx| tx.execute(sql, &[id.into()])).unwrap();
    // The session goes on, as where a grant ends with its day.
    set("update role_grant set unit_id = 4 where account_id = $1");
    assert!(sees().contains("0条指导记录"), "{}", sees());
    set("update role_grant set unit_id = 2 where account_id = $1");
    assert!(sees().contains("4条指导记录"), "{}", sees());
    set("update role_grant set withdrawn_at = 1, withdrawn_by = '测试' where account_id = $1");
    assert!(sees().contains("没有权限"), "{}", sees());
    set("update role_grant set withdrawn_at = null, withdrawn_by = null where account_id = $1");
    // The 办公室 (3) goes to the city (1): the chart is another at once.
    let sql = "select revision, name, level, \"from\" from l_unit where record_id = 3 and voided_at is null";
    let text = |r: &dongliang::db::Row<'_>, i| anyhow::Ok(Value::from(r.text(i)?));
    let read = o.db.read(|tx| tx.one(sql, &[], |r| Ok((r.i64(0)?, [text(r, 1)?, text(r, 2)?, text(r, 3)?]))));
    let (revision, [name, level, from]) = read.unwrap().unwrap();
    let ledgers = dongliang::org::builtin::ledgers();
    let unit = ledgers.iter().find(|l| l.name == "unit").unwrap();
    let mut values = vec![Value::Null; unit.fields.len()];
    for (field, value) in [("name", name), ("level", level), ("from", from), ("parent", 1.into())] {
        values[unit.field_index(field).unwrap()] = value;
    }
    let row = NewRow { code: Some("U1-1".into()), unit: None, values };
    facts::correct(o, "周敏", "unit", (3, revision), row, "改隶").unwrap();
    assert!(sees().contains("0条指导记录"), "{}", sees());
});

db_test!(a_change_of_roles_ends_the_sessions, |db: &Db| {
    let o = &office(db);
    let id = account(o, "clerk", Role::Clerk, Some(3), Some(3));
    let mut b = Browser::logged_in(o, id);
    let mut officer = Browser::of(o, Role::Security);
    let page = format!("/accounts/{id}");
    let give = |officer: &mut Browser, fields: &[(&str, &str)]| {
        officer.submit(&page, &format!("/accounts/{id}/grants"), fields)
    };
    for (role, unit, starts, ends, told) in [
        ("", "", "2025-10-20", "", "请选择角色"),
        ("皇帝", "", "2025-10-20", "", "请选择角色"),
        ("单位管理员", "", "2025-10-20", "", "须指明单位"),
        ("单位管理员", "U9", "2025-10-20", "", "没有编号或全名为“U9”的单位"),
        ("单位管理员", "U1", "昨天", "", "请填写起日"),
        ("单位管理员", "U1", "2025-10-20", "2025-02-30", "止日不是有效日期"),
        ("单位管理员", "U1", "2025-10-20", "2025-10-19", "止日应不早于起日"),
        ("科室填报", "U1-1", "2025-10-20", "", "不必重复授予"),
        ("系统管理员", "", "2025-10-20", "", "专门的账号"),
    ] {
        let got = give(&mut officer, &[("role", role), ("unit", unit), ("starts", starts), ("ends", ends)]);
        assert!(got.status == 422 && got.read().contains(told), "{told}: {}", got.read());
    }
    assert_eq!(b.get("/ledgers").status, 200);
    let fields = [("role", "单位管理员"), ("unit", "柳溪县发改局"), ("starts", "2025-10-20"), ("ends", "")];
    assert_eq!(give(&mut officer, &fields).led(), (303, format!("{page}?done=given").as_str()));
    assert_eq!(b.get("/ledgers").status, 303, "has to log in again");
    let mut b = Browser::logged_in(o, id);
    assert!(b.get("/account").read().contains("单位管理员（柳溪县发改局）"));
    // Grants of others, such as the officer's own, are not withdrawn from here.
    for grant in ["1", "2", "3", "x"] {
        officer.submit(&page, &format!("/accounts/{id}/grants/withdraw"), &[("grant", grant)]);
    }
    let mut b = Browser::logged_in(o, id);
    assert_eq!((b.get("/ledgers").status, b.get("/account").status), (403, 200));
    assert_eq!(officer.get("/accounts").status, 200);
    // Nobody gives himself a role.
    let own = account(o, "test-security", Role::Security, None, None);
    let fields = [("role", "安全管理员"), ("starts", "2025-10-20")];
    let form = officer.get(&page).token();
    for path in ["grants", "grants/withdraw", "state", "reset", "unlock"] {
        let mut all = vec![("form", form.as_str())];
        all.extend(fields);
        assert_eq!(officer.post(&format!("/accounts/{own}/{path}"), &all).status, 409, "{path}");
    }
});
