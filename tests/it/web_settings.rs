//! 设置: what another value would change is told before it is laid down, and is what then happens.

use std::collections::BTreeMap;

use dongliang::{
    auth::Role,
    db::Db,
    db_test,
    figures::{self, Picture},
    installation::{Installation, setting},
    ledger::query::{self, Query},
    preview,
    scope::Scope,
    verdict::{light::Light, rejudge},
};

use crate::{
    scope::city,
    visit::{Browser, Got, account},
    web_lists::office,
};

const LIGHTS: &str = "/settings/light/thresholds";
const RULED: [(&str, &str); 4] =
    [("from", "2025-10-20"), ("by", "领导小组第二次会议"), ("on", "2025-10-15"), ("reason", "按会议纪要")];

fn rows(o: &Installation, name: &str) -> usize {
    o.db.read(|tx| {
        let current = o.current(tx)?;
        let layout = &current.engine.layout;
        let ledger = &layout.ledgers[layout.index(name).unwrap()];
        Ok(query::count(tx, ledger, &Scope::All, &Query::default(), None)? as usize)
    })
    .unwrap()
}

fn send(b: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Got {
    let mut all: Vec<(&str, &str)> =
        RULED.iter().copied().filter(|(k, _)| fields.iter().all(|(f, _)| f != k)).collect();
    all.extend(fields);
    b.submit(path, path, &all)
}

/// The fields of the form that confirms, as the page has them.
fn confirmed(b: &mut Browser, path: &str, page: &Got) -> Got {
    let text = page.text();
    let form = text.split("<form").find(|f| f.contains(r#"name="sure""#)).expect("the page asks to confirm").to_owned();
    let plain = |t: &str| {
        t.replace("&#34;", "\"").replace("&#39;", "'").replace("&#60;", "<").replace("&#62;", ">").replace("&#38;", "&")
    };
    let fields: Vec<(String, String)> = form
        .split("<input type=\"hidden\" name=\"")
        .skip(1)
        .map(|piece| {
            let (name, rest) = piece.split_once("\" value=\"").unwrap();
            (name.to_owned(), plain(rest.split('"').next().unwrap()))
        })
        .collect();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    b.post(path, &fields)
}

db_test!(thresholds_are_laid_down_in_two_steps, |db: &Db| {
    let o = &office(db);
    let mut b = Browser::of(o, Role::Office);
    let page = b.get("/settings").read();
    assert!(page.contains("落后不足10个百分点绿灯，10至30个百分点黄灯，超过30个百分点红灯"), "{page}");
    for (fields, told) in [
        (&[("yellow", "0"), ("red", "30")][..], "黄灯起点：“0”不是1至100的整数"),
        (&[("yellow", "一"), ("red", "30")], "黄灯起点：“一”不是1至100的整数"),
        (&[("yellow", "40"), ("red", "30")], "红灯起点：应不小于黄灯起点40"),
        (&[("yellow", "10"), ("red", "30")], "与现行的一样"),
        (&[("yellow", "20"), ("red", "30"), ("from", "2025-10-19")], "起用日期：应在2025年10月20日到"),
        (&[("yellow", "20"), ("red", "30"), ("from", "明天")], "起用日期：“明天”不是有效日期"),
        (&[("yellow", "20"), ("red", "30"), ("on", "2025-10-21")], "裁定日期：应不晚于今天"),
        (&[("yellow", "20"), ("red", "30"), ("by", "")], "裁定人：请填写"),
        (&[("yellow", "20"), ("red", "30"), ("reason", "")], "理由和依据：请填写"),
        (&[("yellow", "20"), ("red", "30"), ("reason", "a\u{202e}b")], "控制字符"),
    ] {
        let got = send(&mut b, LIGHTS, fields);
        assert!(got.status == 422 && got.read().contains(told), "{told}: {}", got.read());
        assert!(got.text().contains(&format!(r#"value="{}""#, fields[1].1)), "what was typed stays");
    }
    let shown = send(&mut b, LIGHTS, &[("yellow", "20"), ("red", "30")]);
    let text = shown.read();
    assert!(shown.status == 200 && text.contains("亮黄灯的起点（百分点）由10改为20，自2025年10月20日起"), "{text}");
    assert!(text.contains("领导小组第二次会议2025年10月15日裁定：按会议纪要") && text.contains("个单位中"), "{text}");
    assert_eq!(rows(o, "setting"), 0, "nothing is written before it is confirmed");
    // Confirmed twice by one form it is laid down once.
    assert_eq!(confirmed(&mut b, LIGHTS, &shown).led(), (303, "/settings?done=1"));
    confirmed(&mut b, LIGHTS, &shown);
    assert_eq!(rows(o, "setting"), 1);
    let page = b.get("/settings").read();
    assert!(
        page.contains("落后不足20个百分点绿灯") && page.contains("领导小组第二次会议2025年10月15日裁定：按会议纪要"),
        "{page}"
    );
    assert!(b.get("/help/lights").read().contains("落后不足20个百分点"));
    // Both at once are one entry of the log.
    let shown = send(&mut b, LIGHTS, &[("yellow", "15"), ("red", "25")]);
    assert_eq!(confirmed(&mut b, LIGHTS, &shown).status, 303);
    assert_eq!(rows(o, "setting"), 3);
    let told: String =
        o.db.read(|tx| {
            tx.one("select payload from audit_entry order by row_id desc limit 1", &[], |r| Ok(r.text(0)?.to_owned()))
        })
        .unwrap()
        .unwrap();
    assert!(told.contains("由20改为15") && told.contains("由30改为25"), "{told}");
    // A preview of what no longer holds is not confirmed.
    let old = send(&mut b, LIGHTS, &[("yellow", "5"), ("red", "25")]);
    let other = send(&mut b, LIGHTS, &[("yellow", "6"), ("red", "25")]);
    assert_eq!(confirmed(&mut b, LIGHTS, &other).status, 303);
    let refused = confirmed(&mut b, LIGHTS, &old);
    assert!(refused.status == 422 && refused.read().contains("在此期间变了"), "{}", refused.read());
});

db_test!(only_who_reaches_the_whole_city_lays_something_down, |db: &Db| {
    let o = &office(db);
    let id = account(o, "district-office", Role::Office, Some(2), None);
    let mut b = Browser::logged_in(o, id);
    assert!(b.get("/settings").status == 200 && !b.get("/settings").text().contains(LIGHTS));
    assert_eq!(b.get(LIGHTS).status, 409);
    let token = b.get("/account").token();
    let mut fields = vec![("form", token.as_str()), ("yellow", "20"), ("red", "30")];
    fields.extend(RULED);
    let got = b.post(LIGHTS, &fields);
    assert!(got.status == 409 && !got.read().contains("个单位中"), "{}", got.read());
    assert_eq!(rows(o, "setting"), 0);
    for path in [
        "/settings/light/other",
        "/settings/value/nothing",
        "/settings/slot/nothing",
        "/settings/x/y",
        "/settings/value/yellow_from",
    ] {
        assert_eq!(Browser::of(o, Role::Office).get(path).status, 404, "{path}");
    }
});

/// Light, 落后项 and 应判项 of each unit, as the pages have them.
fn stands(o: &Installation) -> BTreeMap<i64, (Light, u32, u32)> {
    o.db.read(|tx| {
        let current = o.current(tx)?;
        let picture = Picture::now(tx, &current, &Scope::All, o.clock.now().day)?;
        let all = figures::overview(tx, &picture, &Scope::All)?;
        Ok(all.units.iter().map(|u| (u.organ.id, (u.light, u.behind, u.judged))).collect())
    })
    .unwrap()
}

fn comes_true(db: &Db) {
    let o = &city(db);
    let mut b = Browser::of(o, Role::Office);
    let mut relit = 0;
    for (path, fields, given) in [
        (LIGHTS, &[("yellow", "2"), ("red", "5")][..], &[("yellow_from", "2"), ("red_from", "5")][..]),
        ("/settings/value/talk_kinds", &[("value", "")], &[("talk_kinds", "")]),
        ("/settings/value/alert_days", &[("value", "5")], &[("alert_days", "5")]),
    ] {
        let before = stands(o);
        let trial =
            o.db.read(|tx| {
                preview::trial(tx, o, |g| {
                    for (name, value) in given {
                        g.settings.insert((*name).to_owned(), setting(value));
                    }
                })
            })
            .unwrap();
        relit += trial.relit();
        let shown = send(&mut b, path, fields);
        let said = format!("{}个单位中{}个的亮灯会变；{}个判定会变", trial.all, trial.relit(), trial.changed());
        assert!(shown.read().contains(&said), "{path}: {said}: {}", shown.read());
        assert!(shown.text().len() < 60_000);
        assert_eq!(stands(o), before, "a preview changes nothing");
        assert_eq!(confirmed(&mut b, path, &shown).status, 303);
        rejudge::run(o, None, &mut |_, _| {}).unwrap();
        let mut expected = before;
        for (organ, was, is) in &trial.units {
            assert_eq!(expected[&organ.id], (was.light, was.behind, was.judged), "{path} {}", organ.name);
            expected.insert(organ.id, (is.light, is.behind, is.judged));
        }
        assert_eq!(stands(o), expected, "{path}");
    }
    assert!(relit > 0, "there was something to tell");
    let page = b.get("/settings");
    assert!(page.text().len() < 60_000, "{} bytes", page.text().len());
    // A slot is filled with a name, as long as one is left.
    let path = "/settings/slot/%E5%B8%AE%E5%B8%A6%E5%86%85%E5%AE%B9";
    let shown = send(&mut b, path, &[("name", "调查研究")]);
    assert!(shown.read().contains("名目“帮带内容”第4个定为“调查研究”"), "{}", shown.read());
    assert_eq!(confirmed(&mut b, path, &shown).status, 303);
    assert!(send(&mut b, path, &[("name", "调查研究")]).read().contains("已在名目里"));
    let page = b.get("/settings").read();
    assert!(page.contains("应有8个，已定4个") && page.contains("原文点名"), "{page}");
    for (value, told) in [("一些", "没有“一些”这一项，可填："), ("例行、例行2", "没有“例行2”这一项")]
    {
        let got = send(&mut b, "/settings/value/talk_kinds", &[("value", value)]);
        assert!(got.status == 422 && got.read().contains(told), "{}", got.read());
    }
}

#[test]
fn what_a_preview_says_comes_true() {
    dongliang::db::testing::on_sqlite(comes_true);
}

/// The same in the other dialect.
#[test]
fn what_a_preview_says_comes_true_on_postgres() {
    dongliang::db::testing::on_postgres(comes_true);
}

db_test!(the_office_records_how_it_rules_and_what_is_judged_goes_by_the_package, |db: &Db| {
    let o = &city(db);
    let mut b = Browser::of(o, Role::Office);
    let ruling = o.db.read(|tx| Ok(o.current(tx)?.engine.package.directive.rulings[0].clone())).unwrap();
    let path = format!("/settings/ruling/{}", ruling.id);
    assert!(b.get("/settings").text().contains(&path));
    let page = b.get(&path).read();
    assert!(page.contains(&ruling.question) && page.contains(&ruling.chosen), "{page}");
    for (value, told) in [("", "采用：请选择一种理解"), ("随便", "采用：请选择一种理解")] {
        let got = send(&mut b, &path, &[("value", value)]);
        assert!(got.status == 422 && got.read().contains(told), "{}", got.read());
    }
    // The same reading as that by which is judged.
    let shown = send(&mut b, &path, &[("value", &ruling.chosen)]);
    assert!(shown.read().contains("不改变任何判定"), "{}", shown.read());
    assert_eq!(confirmed(&mut b, &path, &shown).led().1, "/settings?done=1");
    let page = b.get("/settings").read();
    assert!(
        page.contains("本单位裁定采用：") && page.contains("领导小组第二次会议2025年10月15日裁定：按会议纪要"),
        "{page}"
    );
    assert!(!page.contains("与判定所用的不同"));
    // Another one is shown as another, and changes nothing that is judged.
    let other = ruling.readings.iter().find(|r| **r != ruling.chosen).unwrap();
    let shown = send(&mut b, &path, &[("value", other)]);
    assert!(shown.read().contains("不改变任何判定"), "{}", shown.read());
    confirmed(&mut b, &path, &shown);
    let page = b.get("/settings").read();
    assert!(page.contains("与判定所用的不同") && page.contains("须另出一版文件要求"), "{page}");
    let of = o.db.read(|tx| {
        let current = o.current(tx)?;
        let all = &current.engine.package.requirements;
        Ok(all.iter().find(|r| r.ruling.contains(&ruling.id)).map(|r| r.id.clone()))
    });
    if let Some(id) = of.unwrap() {
        let page = b.get(&format!("/requirements/{id}")).read();
        assert!(page.contains("与判定所用的不同"), "{page}");
    }
    assert_eq!(b.get("/settings/ruling/Q999").status, 404);
    assert_eq!(Browser::of(o, Role::Personnel).get(&path).status, 403);
});
