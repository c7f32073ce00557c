//! From when to when a role is held: dates, posts it hangs on, stand-ins, and the three administrators apart.

use dongliang::{
    auth::{
        self, Role,
        account::{self, Refused},
        grant::{self, Wanted},
    },
    day::Day,
    db::{Db, Value},
    db_test, facts,
    installation::Installation,
    ledger::NewRow,
    scope::Actor,
};

use crate::{
    auth_login::person,
    visit::{Browser, account, now},
    web_lists::{office, put},
};

fn actor() -> Actor {
    Actor { account: None, name: "测试".into(), at: now() }
}

db_test!(the_three_administrators_are_apart, |db: &Db| {
    let o = &office(db);
    let today = o.clock.now().day;
    let give = |id: i64, role: Role, starts: Day, ends: Option<Day>| {
        let done = o.db.write(move |tx| grant::give(tx, &actor(), id, Wanted { role, unit: None, starts, ends }));
        done.map_err(|e| e.downcast::<Refused>().unwrap().0)
    };
    for (n, role) in Role::ADMINISTRATORS.into_iter().enumerate() {
        let id = account(o, &format!("admin{n}"), role, None, None);
        for other in Role::ALL.into_iter().filter(|r| *r != role && !r.needs_unit()) {
            let text = give(id, other, today, None).unwrap_err();
            assert!(text.contains(role.title()), "{text}");
        }
        // Nor later, nor for a time, nor again.
        assert!(give(id, Role::Cadre, today.plus(100), Some(today.plus(101))).is_err());
        assert!(give(id, role, today, None).unwrap_err().contains("不必重复"));
    }
    let office_worker = account(o, "worker", Role::Office, None, Some(2));
    assert!(give(office_worker, Role::System, today, None).is_err());
    give(office_worker, Role::Cadre, today, None).unwrap();
    // Two at once: one of them is refused.
    let id = o.db.write(|tx| auth::account::create(tx, &actor(), ("two", "two"), None, None)).unwrap();
    let results: Vec<bool> = std::thread::scope(|s| {
        let give = &give;
        let hands = [Role::System, Role::Security].map(|role| s.spawn(move || give(id, role, today, None).is_ok()));
        hands.into_iter().map(|h| h.join().unwrap()).collect()
    });
    assert_eq!(results.iter().filter(|ok| **ok).count(), 1);
    for (role, unit, told) in
        [(Role::UnitAdmin, None, "须指明单位"), (Role::Cadre, Some(2), "不分单位"), (Role::System, Some(2), "不分单位")]
    {
        let wanted = Wanted { role, unit, starts: today, ends: None };
        let done = o.db.write(move |tx| grant::give(tx, &actor(), office_worker, wanted));
        assert!(done.unwrap_err().to_string().contains(told));
    }
});

db_test!(one_person_is_not_two_of_the_three, |db: &Db| {
    let o = &office(db);
    let today = o.clock.now().day;
    let make = |login: &'static str, name: &'static str, person: Option<i64>| {
        o.db.write(move |tx| account::create(tx, &actor(), (login, name), person, None)).unwrap()
    };
    let give = |id: i64, role: Role, unit: Option<i64>| {
        let wanted = Wanted { role, unit, starts: today, ends: None };
        let done = o.db.write(move |tx| grant::give(tx, &actor(), id, wanted));
        done.map_err(|e| e.downcast::<Refused>().unwrap().0)
    };
    let (first, second) = (make("sunsan", "孙三", Some(3)), make("sunsan.sec", "孙三", Some(3)));
    let business = give(first, Role::Clerk, Some(3)).unwrap();
    for role in Role::ADMINISTRATORS {
        let told = give(second, role, None).unwrap_err();
        assert!(told.contains("另一个账号 sunsan 有角色“科室填报”") && told.contains("三个人"), "{told}");
    }
    // Two accounts of one person may share what is no administrator's.
    give(second, Role::Cadre, None).unwrap();
    o.db.write(move |tx| grant::withdraw(tx, &actor(), first, business)).unwrap();
    let third = make("sunsan.sys", "孙三", Some(3));
    assert!(give(third, Role::System, None).is_err(), "the second account is a cadre's");
    o.db.write(move |tx| tx.execute("update role_grant set withdrawn_at = 1 where account_id = $1", &[second.into()]))
        .unwrap();
    give(third, Role::System, None).unwrap();
    // The other way round, even while the administrator's account is disabled.
    o.db.write(move |tx| account::set_disabled(tx, &actor(), third, true)).unwrap();
    for (role, unit) in [(Role::Clerk, Some(3)), (Role::Office, None), (Role::Security, None)] {
        let told = give(first, role, unit).unwrap_err();
        assert!(told.contains("另一个账号 sunsan.sys 有角色“系统管理员”"), "{told}");
    }
    // Nor does it come by standing in.
    o.db.write(move |tx| account::set_disabled(tx, &actor(), third, false)).unwrap();
    let away = person(o, "zhoumin", Role::Office);
    let named = o.db.write(move |tx| {
        let day = |text| Day::parse(text).unwrap();
        grant::name_stand_in(
            tx,
            &actor(),
            (away, "sunsan"),
            (day("2025-10-20"), day("2025-10-24")),
            "年休假",
            day("2025-10-20"),
        )
    });
    assert!(named.unwrap_err().to_string().contains("没有可以代理的账号"));
    // What only a name tells, people must look at.
    let officer = &mut Browser::of(o, Role::Security);
    let alike = make("sunsan2", "孙三", None);
    let page = officer.get(&format!("/accounts/{alike}")).read();
    assert!(page.contains("另有同名账号sunsan.sys"), "{page}");
    assert!(!officer.get(&format!("/accounts/{away}")).read().contains("同名账号"));
});

db_test!(what_ends_with_a_post_is_given_to_a_person, |db: &Db| {
    let o = &office(db);
    let id = o.db.write(|tx| account::create(tx, &actor(), ("unit", "办公室"), None, None)).unwrap();
    let mut officer = Browser::of(o, Role::Security);
    for (role, unit) in [("科室填报", "U1-1"), ("单位管理员", "U1"), ("干部", "")] {
        let fields = [("role", role), ("unit", unit), ("starts", "2025-10-20"), ("ends", "")];
        let got = officer.submit(&format!("/accounts/{id}"), &format!("/accounts/{id}/grants"), &fields);
        assert!(got.status == 422 && got.read().contains("须授予花名册上的人"), "{role}: {}", got.read());
    }
    let held = o.db.read(|tx| grant::of_account(tx, id)).unwrap();
    assert!(held.is_empty());
});

db_test!(a_grant_holds_from_its_first_to_its_last_day, |db: &Db| {
    let o = &office(db);
    let mut b = Browser::of(o, Role::Office);
    for (starts, ends, status) in [
        ("2025-10-20", None, 200),
        ("2025-10-21", None, 403),
        ("2025-10-01", Some("2025-10-20"), 200),
        ("2025-10-01", Some("2025-10-19"), 403),
    ] {
        o.db.write(move |tx| tx.execute("update role_grant set starts = $1, ends = $2", &[starts.into(), ends.into()]))
            .unwrap();
        assert_eq!(b.get("/").status, status, "{starts} {ends:?}");
    }
});

/// Ends a person's post on a day.
fn leaves(o: &Installation, person: i64, last: &'static str) {
    let (record, mut values) =
        o.db.read(|tx| {
            let sql = "select record_id, \"duty\", \"title\", \"from\" from l_post where \"person\" = $1";
            tx.one(sql, &[person.into()], |r| {
                let text = |i| anyhow::Ok(Value::from(r.text(i)?));
                Ok((r.i64(0)?, vec![person.into(), text(1)?, text(2)?, Value::Null, text(3)?, Value::Null]))
            })
        })
        .unwrap()
        .unwrap();
    values[5] = last.into();
    let row = NewRow { code: None, unit: Some(3), values };
    facts::correct(o, "周敏", "post", (record, 1), row, "调离").unwrap();
}

db_test!(a_grant_of_a_person_ends_with_the_post, |db: &Db| {
    let o = &office(db);
    // 孙三 of the 办公室 (3) in 柳溪县发改局 (2).
    let mut there = Browser::logged_in(o, account(o, "sun", Role::Clerk, Some(3), Some(3)));
    let mut above = Browser::logged_in(o, account(o, "sun2", Role::UnitAdmin, Some(2), Some(3)));
    let mut city = Browser::logged_in(o, account(o, "sun3", Role::Office, None, Some(3)));
    let mut elsewhere = Browser::logged_in(o, account(o, "an", Role::Clerk, Some(3), Some(4)));
    let mut nobody = Browser::logged_in(o, account(o, "unit", Role::Clerk, Some(3), None));
    assert_eq!([&mut there, &mut above, &mut city].map(|b| b.get("/ledgers").status), [200; 3]);
    assert_eq!(elsewhere.get("/ledgers").status, 403, "安四 works in the city");
    o.db.write(|tx| tx.execute("update role_grant set starts = '2025-10-01'", &[])).unwrap();
    leaves(o, 3, "2025-10-18");
    assert_eq!([&mut there, &mut above, &mut city].map(|b| b.get("/ledgers").status), [403; 3]);
    assert!(there.get("/account").read().contains("本人已不在该单位任职"));
    assert_eq!(nobody.get("/ledgers").status, 200, "an account of the unit hangs on no person");
    // Another post brings none of them back, not even one of the same unit after a gap.
    let again = |unit: i64, from: &str| {
        let duty = dongliang::org::builtin::DUTIES[3];
        put(
            o,
            "post",
            &format!("{unit}-again"),
            Some(unit),
            &[("person", 3.into()), ("duty", duty.into()), ("from", from.into())],
        );
    };
    again(1, "2025-10-20");
    again(3, "2025-10-20");
    assert_eq!([&mut there, &mut above, &mut city].map(|b| b.get("/ledgers").status), [403; 3]);
});

db_test!(a_transfer_ends_what_hung_on_the_post_before, |db: &Db| {
    let o = &office(db);
    let city = account(o, "sun", Role::Office, None, Some(3));
    let near = account(o, "sun2", Role::UnitAdmin, Some(2), Some(3));
    o.db.write(|tx| tx.execute("update role_grant set starts = '2025-10-01'", &[])).unwrap();
    leaves(o, 3, "2025-10-10");
    // Without a gap, in another unit of the same district.
    let filled =
        [("person", 3.into()), ("duty", dongliang::org::builtin::DUTIES[3].into()), ("from", "2025-10-11".into())];
    put(o, "post", "again", Some(2), &filled);
    assert_eq!(Browser::logged_in(o, city).get("/ledgers").status, 403, "given to who was in the 办公室");
    assert_eq!(Browser::logged_in(o, near).get("/ledgers").status, 200, "given for the district");
});

db_test!(a_role_that_would_hang_on_no_post_is_refused, |db: &Db| {
    let o = &office(db);
    // 安四 works in the city.
    let id = account(o, "an", Role::Cadre, None, Some(4));
    let (mut officer, page) = (Browser::of(o, Role::Security), format!("/accounts/{id}"));
    let mut give = |unit: &str, starts: &str| {
        let fields = [("role", "科室填报"), ("unit", unit), ("starts", starts), ("ends", "")];
        officer.submit(&page, &format!("{page}/grants"), &fields)
    };
    let refused = give("U1-1", "2025-10-20");
    assert!(refused.status == 422 && refused.read().contains("此人在该单位没有任职"), "{}", refused.read());
    assert_eq!(give("U1-1", "2025-11-01").status, 303, "the post may come until then");
    assert_eq!(give("U0", "2025-10-20").status, 303);
});

db_test!(a_stand_in_for_later_ends_nobodys_session, |db: &Db| {
    let o = &office(db);
    let (clerk, other) = (account(o, "clerk", Role::Office, None, None), account(o, "other", Role::Cadre, None, None));
    let (mut own, mut b) = (Browser::logged_in(o, clerk), Browser::logged_in(o, other));
    let mut name = |starts: &str, ends: &str| {
        let fields = [("to", "other"), ("starts", starts), ("ends", ends), ("reason", "年休假")];
        assert_eq!(own.submit("/account", "/account/stand-ins", &fields).status, 303);
    };
    name("2025-11-03", "2025-11-07");
    assert_eq!(b.get("/account").status, 200);
    name("2025-10-20", "2025-10-24");
    assert_eq!(b.get("/account").status, 303, "has other rights now, under a new token");
});

db_test!(a_stand_in_has_the_roles_for_the_time_and_no_longer, |db: &Db| {
    let o = &office(db);
    let clerk = account(o, "clerk", Role::Office, None, None);
    let other = account(o, "other", Role::Cadre, None, None);
    let mut b = Browser::logged_in(o, other);
    let mut own = Browser::logged_in(o, clerk);
    assert_eq!(b.get("/people").status, 403);
    let name = |own: &mut Browser, to: &str, starts: &str, ends: &str, reason: &str| {
        let fields = [("to", to), ("starts", starts), ("ends", ends), ("reason", reason)];
        own.submit("/account", "/account/stand-ins", &fields)
    };
    account(o, "root", Role::System, None, None);
    for (to, starts, ends, reason, told) in [
        ("nobody", "2025-10-20", "2025-10-24", "年休假", "没有可以代理的账号"),
        ("root", "2025-10-20", "2025-10-24", "年休假", "没有可以代理的账号"),
        ("clerk", "2025-10-20", "2025-10-24", "年休假", "不能由自己代理自己"),
        ("other", "2025-10-19", "2025-10-24", "年休假", "起日应为2025年10月20日或以后"),
        ("other", "2025-10-24", "2025-10-20", "年休假", "止日应不早于起日"),
        ("other", "2025-10-20", "2026-10-20", "年休假", "最长半年"),
        ("other", "2025-10-20", "", "年休假", "请填写止日"),
        ("other", "2025-10-20", "2025-10-24", "", "请填写事由"),
        ("other", "2025-10-20", "2025-10-24", "年\u{202e}休", "控制字符"),
    ] {
        let got = name(&mut own, to, starts, ends, reason);
        assert!(got.status == 422 && got.read().contains(told), "{told}: {}", got.read());
        assert!(got.text().contains(&format!(r#"value="{to}""#)), "what was typed stays");
    }
    assert_eq!(name(&mut own, "other", "2025-10-20", "2025-10-24", "年休假").status, 303);
    assert_eq!(name(&mut own, "other", "2025-10-22", "2025-10-26", "年休假").status, 422, "already");
    // Other rights, another token: whoever acts instead logs in anew.
    assert_eq!(b.get("/people").led(), (303, "/login?next=%2Fpeople"));
    let mut b = Browser::logged_in(o, other);
    assert_eq!(b.get("/people").status, 200);
    assert!(b.get("/account").read().contains("领导小组办公室（全市），代clerk"));
    // Not handed on further, and not beyond what the clerk still has.
    let third = account(o, "third", Role::Cadre, None, None);
    assert!(!b.get("/account").text().contains("请人代理"));
    assert_eq!(Browser::logged_in(o, third).get("/people").status, 403);
    o.db.write(|tx| tx.execute("update stand_in set ends = '2025-10-19'", &[])).unwrap();
    assert_eq!(b.get("/people").status, 403, "over");
    o.db.write(|tx| tx.execute("update stand_in set ends = '2025-10-24'", &[])).unwrap();
    assert_eq!(b.get("/people").status, 200);
    // Another's stand-in is not withdrawn by who stands in.
    b.submit("/account", "/account/stand-ins/withdraw", &[("id", "1")]);
    assert_eq!(b.get("/people").status, 200);
    own.submit("/account", "/account/stand-ins/withdraw", &[("id", "1")]);
    assert_eq!(b.get("/people").status, 303, "withdrawn: the session has ended");
    assert_eq!(Browser::logged_in(o, other).get("/people").status, 403);
});
