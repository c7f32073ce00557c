//! The rules of a test as they are typed: of a new one, and of a draft that is put right.

use super::{
    asked,
    post::Seat,
    view::form::Field,
    wrongs::{Wrong, Wrongs},
};
use crate::{
    auth::account::plain_text,
    clock::{minute, parse_instant},
    exam::test::{Rules, TITLE},
    sheet::norm,
};

/// What they are called in the form.
pub(super) const FIELDS: [&str; 6] = ["title", "opens", "closes", "minutes", "attempts", "review"];

/// The fields of rules as they stand.
pub(super) fn fields(rules: &Rules) -> Vec<Field> {
    let review = if rules.review == rules.closes { String::new() } else { minute(rules.review) };
    let attempts = [1, 2, 3].map(|n| (n.to_string(), format!("{n}次")));
    vec![
        Field::text("title", "名称", &rules.title).hint(&format!("最多{TITLE}字。")).required(),
        Field::moment("opens", "开放时间", &minute(rules.opens)).required(),
        Field::moment("closes", "截止时间", &minute(rules.closes)).hint("到时间一律收卷，另有延长的除外。").required(),
        Field::text("minutes", "时长（分钟）", &rules.minutes.to_string()).hint("从各人点“开始考试”算起。").required(),
        Field::choice("attempts", "次数", &rules.attempts.to_string(), attempts.into()).hint("多次的取最好成绩。"),
        Field::moment("review", "错题公布时间", &review).hint("不早于截止时间；不填即截止时。"),
    ]
}

/// The rules as typed, of a test of a class (record id, `None` for none) and a unit (`None` where the role has none); or all
/// that is wrong.
///
/// # Errors
/// [`Wrongs`], by the names of the fields.
pub(super) fn read(seat: &Seat, activity: Option<i64>, unit: Option<i64>) -> Result<Rules, Wrongs> {
    let unit = unit.ok_or_else(|| ("title", "您的角色没有所属单位，不能组织考试。".into()));
    let moment = |field: &'static str, name: &str| match seat.fields.get(field) {
        "" => Err((field, format!("{name}：请填写。"))),
        text => parse_instant(text).ok_or_else(|| (field, format!("{name}不是有效的时间，请写成 2025-11-30T09:00。"))),
    };
    let whole = |field: &'static str, name: &str| {
        let text = &*norm::plain(seat.fields.get(field));
        text.parse::<i64>().map_err(|_| (field, format!("{name}应为整数，现为“{}”。", asked::echo(text))))
    };
    let mut wrongs = Wrongs::default();
    let (title, unit) = (wrongs.take(title(seat)), wrongs.take(unit));
    let (opens, closes) = (wrongs.take(moment("opens", "开放时间")), wrongs.take(moment("closes", "截止时间")));
    let (minutes, attempts) = (wrongs.take(whole("minutes", "时长")), wrongs.take(whole("attempts", "次数")));
    let review = match seat.fields.get("review") {
        "" => closes,
        _ => wrongs.take(moment("review", "错题公布时间")),
    };
    let (Some(title), Some(unit), Some(opens), Some(closes), Some(minutes), Some(attempts), Some(review)) =
        (title, unit, opens, closes, minutes, attempts, review)
    else {
        return Err(wrongs);
    };
    let rules = Rules { title, activity, unit, opens, closes, minutes, attempts, review };
    rules.faults().into_iter().for_each(|wrong| wrongs.add(wrong));
    let inst = &seat.app.installation;
    if wrongs.is_empty() && rules.closes <= inst.watch.now(inst.clock) {
        wrongs.add(("closes", "截止时间：窗口已结束，没有人还能作答，请改为以后的时间。".into()));
    }
    if wrongs.is_empty() { Ok(rules) } else { Err(wrongs) }
}

fn title(seat: &Seat) -> Result<String, Wrong> {
    let title = seat.fields.get("title");
    match plain_text(title) {
        _ if title.trim().is_empty() => Err(("title", "名称：请填写。".into())),
        _ if title.contains(char::is_control) => Err(("title", "名称：请写在一行里。".into())),
        Err(why) => Err(("title", format!("名称：{why}"))),
        Ok(_) => Ok(title.to_owned()),
    }
}
