//! 近期节点: what is due, month by month, on the workday calendar.

use dongliang::{auth::Role, db::Db, db_test};

use crate::{
    remedy::{confirm, drafted, say},
    supervise::pressed,
    visit::{Browser, account},
    web_lists::put,
};

db_test!(what_is_due_stands_on_its_day, |db: &Db| {
    let o = &drafted(db);
    say(o, 1, &confirm("2025-10-30")).unwrap();
    pressed(o);
    let mut b = Browser::of(o, Role::Office);
    let page = b.get("/calendar").text();
    for wanted in ["2025年10月", "d-2025-10-24", "d-2025-10-30", "提醒：钱二—孙三", "导师帮带", "d-2025-10-31"]
    {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    assert!(page.contains("还没有2025年的放假和调休安排"), "the small package has no calendar");
    put(o, "workday", "W1", None, &[("day", "2025-10-22".into()), ("works", 0.into())]);
    let page = b.get("/calendar").read();
    assert!(!page.contains("还没有2025年") && page.contains("22日休"), "{page}");
    let next = b.get("/calendar?month=2025-12").text();
    assert!(next.contains("2025年12月") && next.contains("d-2025-12-31"), "{next}");
    assert!(b.get("/calendar?month=2026-01").read().contains("还没有2026年的放假"));
    assert!(b.get("/calendar?month=2025-13").read().contains("没有“2025-13”这个月份"));
    assert!(b.get("/calendar?month=2025").read().contains("没有“2025”这个月份"));
    let list = b.get("/calendar?view=list").read();
    assert!(list.contains("今后90天") && list.contains("10月30日") && list.contains("12月31日"), "{list}");
    assert!(list.contains("钱二") && list.contains("督办〔2025〕1号"), "{list}");
    // Of others' units nothing.
    let mut far = Browser::logged_in(o, account(o, "far", Role::UnitAdmin, Some(4), None));
    let page = far.get("/calendar?view=list").read();
    assert!(!page.contains("钱二") && !page.contains("督办〔"), "{page}");
});

db_test!(a_month_is_whole_however_much_was_due_before, |db: &Db| {
    let o = &drafted(db);
    say(o, 1, &confirm("2025-11-07")).unwrap();
    db.write(|tx| {
        for n in 0..501 {
            let matter = "insert into supervision (unit_id, title, demand, due, state, issued_at, issued_by, year, sequence) \
                          values (2, '早到期', '补', '2025-10-21', 'open', 1, '周敏', 2024, $1)";
            tx.execute(matter, &[n.into()])?;
            let remedy = "insert into remedy (requirement, subject, rest, window_label, act, unit_id, state, drafted_at, due) \
                          values ('R-21', 1, '', $1, 'remind', 3, 'active', 1, '2025-10-21')";
            tx.execute(remedy, &[format!("w{n}").into()])?;
        }
        let late = "insert into supervision (unit_id, title, demand, due, state, issued_at, issued_by, year, sequence) \
                    values (2, '晚到期', '补', '2025-11-06', 'open', 1, '周敏', 2025, 1)";
        tx.execute(late, &[])
    })
    .unwrap();
    let mut b = Browser::of(o, Role::Office);
    let page = b.get("/calendar?month=2025-11").read();
    assert!(page.contains("晚到期") && page.contains("提醒：钱二—孙三") && !page.contains("太多"), "{page}");
    let page = b.get("/calendar").read();
    assert!(page.contains("督办太多，只列先到期的500件") && page.contains("改进措施太多"), "{page}");
});
