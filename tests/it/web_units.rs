//! 单位进展: the figures of the overview and of the papers, unit by unit, and nothing of units that are not in scope.

use dongliang::{
    auth::Role,
    db::Db,
    db_test,
    figures::{self, Picture},
    scope::Scope,
};

use crate::{
    scope::city,
    visit::{Browser, account, encoded},
};

fn progress(db: &Db) {
    let o = &city(db);
    let all =
        o.db.read(|tx| {
            let current = o.current(tx)?;
            let picture = Picture::now(tx, &current, &Scope::All, o.clock.now().day)?;
            figures::overview(tx, &picture, &Scope::All)
        })
        .unwrap();
    let mut b = Browser::of(o, Role::Leaders);
    let page = b.get("/units");
    assert!(page.status == 200 && page.text().len() < 60_000);
    let text = page.text();
    for u in &all.units {
        let row =
            text.split(&format!(">{}</a></th>", u.organ.name)).nth(1).unwrap_or_else(|| panic!("{}", u.organ.name));
        let figures = format!(">{} / {}<", u.behind, u.judged);
        assert!(row.split("</tr>").next().unwrap_or_default().contains(&figures), "{}: {figures}: {row}", u.organ.name);
        let own = b.get(&format!("/units/{}/progress", encoded(&u.organ.code)));
        assert_eq!(own.status, 200);
        assert!(own.read().contains(&format!("应判{}项中落后{}项", u.judged, u.behind)), "{}", own.read());
    }
    // Of several deadlines the last is not said to be that of all.
    for u in &all.units {
        let own = o.db.read(|tx| {
            let current = o.current(tx)?;
            let picture = Picture::now(tx, &current, &Scope::All, o.clock.now().day)?;
            figures::unit(tx, &picture, u.organ.id, true, 1)
        });
        for d in own.unwrap().demands.iter().filter(|d| d.single.is_none() && d.item.windows.len() > 1) {
            assert!(!d.why.text().contains("截至"), "{}", d.why.text());
        }
    }
    // A past quarter says what its paper says, and may stand beside the present.
    let past = b.get("/units?period=2025Q2");
    assert!(past.read().contains("2025年第二季度，截至6月30日"), "{}", past.read());
    let both = b.get("/units?compare=2025Q2").read();
    assert!(both.contains("2025年第二季度") && both.contains("对比2025年第三季度"), "{both}");
    assert!(b.get("/units?compare=x").read().contains("没有可以对比的期间“x”"));
    assert!(b.get("/units?level=%E5%8C%BA%E5%8E%BF&foo=1").read().contains("地址中的“foo”不是这一页的条件"));
    // Of another unit nothing is told.
    let [one, other] = [&all.units[0].organ, &all.units[1].organ];
    let mut own = Browser::logged_in(o, account(o, "unit-admin", Role::UnitAdmin, Some(one.id), None));
    let page = own.get("/units").read();
    assert!(page.contains(&one.name) && !page.contains(&other.name), "{page}");
    // Who sees the whole of it sees the same figures, and no word of a part.
    let (figures, told) = (format!("{} / {}", all.units[0].behind, all.units[0].judged), "只含您能看到的部分");
    assert!(page.contains(&figures) && page.contains("同期通报相同") && !page.contains(told), "{figures}: {page}");
    for path in ["/".to_owned(), format!("/units/{}", encoded(&one.code))] {
        assert!(!own.get(&path).read().contains(told), "{path}");
    }
    assert_eq!(own.get(&format!("/units/{}/progress", encoded(&one.code))).status, 200);
    assert_eq!(own.get(&format!("/units/{}/progress", encoded(&other.code))).status, 404);
}

#[test]
fn the_units_stand_as_on_the_overview() {
    dongliang::db::testing::on_sqlite(progress);
}

/// The same in the other dialect.
#[test]
fn the_units_stand_as_on_the_overview_on_postgres() {
    dongliang::db::testing::on_postgres(progress);
}

/// The statement is read by who cannot log in, too.
#[test]
fn everybody_reads_how_the_pages_can_be_used() {
    dongliang::db::testing::on_sqlite(|db| {
        let o = &crate::web_lists::office(db);
        let page = Browser::new(o).get("/help/a11y");
        assert!(page.status == 200 && page.read().contains("还没有请视障人员"), "{}", page.read());
        assert!(!page.text().contains("/feedback/new") && page.text().contains("/help/a11y"));
    });
}

db_test!(who_sees_a_part_of_a_unit_is_told_so, |db: &Db| {
    let o = &crate::remedy::drafted(db);
    let told = "只含您能看到的部分";
    let mut clerk = Browser::logged_in(o, account(o, "clerk", Role::Clerk, Some(3), None));
    for path in ["/", "/units", "/units/U1", "/units/U1/progress"] {
        let page = clerk.get(path).read();
        assert!(page.contains(told) && page.contains("单位的亮灯以通报为准"), "{path}: {page}");
        assert!(!page.contains("同期通报相同") && !page.contains("和通报相同"), "{path}: {page}");
    }
    assert!(clerk.get("/units/U1").read().contains("本页只含您能看到的部分（办公室），"));
    let mut b = Browser::of(o, Role::Office);
    for path in ["/", "/units", "/units/U1", "/units/U1/progress"] {
        assert!(!b.get(path).read().contains(told), "{path}");
    }
    assert!(b.get("/units").read().contains("数字与工作总览和同期通报相同"));
    assert!(!clerk.get("/units/U1-1").read().contains(told), "the whole of the section");
});
