//! 临界 on the page of a closed test: what it means, and the second sitting where the office gives one.

use super::{
    frame::Desk,
    view::{url::Query as Url, words::Words},
};
use crate::{
    auth::Permission,
    exam::{
        SETTLED,
        close::Outcome,
        resit,
        test::{State as Stands, Test},
    },
    names::Names,
};

/// What 临界 means here, and what the office gives for it; empty where it cannot be told.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn words(desk: &mut Desk<'_, '_>, test: &Test, outcomes: &[Outcome], gone: bool) -> anyhow::Result<Words> {
    let Some(error) = test.error.filter(|_| test.state == Stands::Closed) else { return Ok(Words::new()) };
    let sat = outcomes.iter().filter(|o| o.score.is_some()).count() as u64;
    let trial = if sat < SETTLED { "；不足200人，为试行" } else { "" };
    let tenths = (error + 500) / 1_000;
    let words = Words::from(format!(
        "临界：与合格线相差不超过成绩的一个标准误（{}.{}分{trial}），仅供参考，不改变合格与否。",
        tenths / 10,
        tenths % 10
    ));
    let current = desk.current.clone();
    if gone || test.rules.activity.is_none() || resit::first_of(desk.tx, test)?.is_some() {
        return Ok(words);
    }
    if let Some(second) = resit::of_test(desk.tx, test)? {
        let title = second.rules.title.clone();
        return Ok(words.text("按裁定给予的补考：").link(title, format!("/tests/{}", second.id)).text("。"));
    }
    let may = resit::listed(desk.tx, &current, test)?.len();
    if may == 0 || !resit::is_given(&current) {
        return Ok(words);
    }
    let words = words.text("按裁定给临界未合格的").strong(may.to_string()).text("人一次补考");
    let code = class_code(desk, test)?;
    Ok(match code.filter(|_| desk.may(Permission::ArrangeTests)) {
        Some(code) => {
            words.text("：").link("拟制补考", Url::new("/tests/new").with("activity", code).href()).text("。")
        }
        None => words.text("。"),
    })
}

/// The code of the test's class.
fn class_code(desk: &mut Desk<'_, '_>, test: &Test) -> anyhow::Result<Option<String>> {
    let layout = &desk.current.engine.layout;
    let Some((table, class)) = layout.index("activity").zip(test.rules.activity) else { return Ok(None) };
    let names = Names::load(desk.tx, layout, &[(table, [class].into())].into())?;
    Ok(Some(names.code(table, class)))
}
