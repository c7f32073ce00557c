//! Standards by date: what a class may cost, what an hour of a lecturer may, and what a day is worth in hours. The directive
//! has none of them; what is not recorded in 费用标准 and 学时折算标准 is not known, and nothing is assumed in its place.

use super::read::{Class, ledger};
use crate::{
    day::Day,
    db::Tx,
    installation::Current,
    ledger::query::{self, Query},
    scope::Scope,
};

/// Standards that are read at most.
const MOST: i64 = 1_000;
/// Days up to which a class costs all of the standard; those after cost 70% (`B.9`).
const FULL_DAYS: i64 = 30;

/// A standard of the ledger 费用标准.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fee {
    /// `综合定额三类`, `讲课费正高`.
    pub item: String,
    /// For a person and day, or for an hour; 分.
    pub amount: i64,
    /// From this day on.
    pub from: Day,
    /// Up to this day.
    pub to: Option<Day>,
    /// Where it is written.
    pub basis: String,
}

/// All standards of fees.
///
/// # Errors
/// When the store cannot be read.
pub fn fees(tx: &mut Tx<'_>, current: &Current) -> anyhow::Result<Vec<Fee>> {
    let Some(ledger) = ledger(current, "fee_standard") else { return Ok(Vec::new()) };
    let rows = query::list(tx, ledger, &Scope::All, &Query::default(), (MOST, 0))?;
    let fee = |row: &crate::ledger::row::Stored| {
        let text = |field: &str| row.value(ledger, field).as_text().unwrap_or_default().to_owned();
        Some(Fee {
            item: text("item"),
            amount: row.value(ledger, "amount").as_i64()?,
            from: Day::parse(&text("starts"))?,
            to: Day::parse(&text("ends")),
            basis: text("basis"),
        })
    };
    Ok(rows.iter().filter_map(fee).collect())
}

/// The standard of an item on a day; of several the one that began last.
pub fn on<'a>(fees: &'a [Fee], item: &str, day: Day) -> Option<&'a Fee> {
    let holds = |f: &&Fee| f.item == item && f.from <= day && f.to.is_none_or(|to| day <= to);
    fees.iter().filter(holds).max_by_key(|f| f.from)
}

/// What a class may cost, 分: standard × persons × days, days beyond the thirtieth at 70%.
pub fn cap(amount: i64, persons: i64, days: i64) -> i64 {
    let (full, more) = (days.clamp(0, FULL_DAYS), (days - FULL_DAYS).max(0));
    amount.saturating_mul(persons).saturating_mul(full * 10 + more * 7) / 10
}

/// A standard of the ledger 学时折算标准.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    /// Who acknowledges hours so.
    pub authority: String,
    /// 每天, 每半天.
    pub basis: String,
    /// Hours, times 10,000.
    pub hours: i64,
    /// From this day on.
    pub from: Day,
    /// Up to this day.
    pub to: Option<Day>,
}

/// All standards of hours.
///
/// # Errors
/// When the store cannot be read.
pub fn hours(tx: &mut Tx<'_>, current: &Current) -> anyhow::Result<Vec<Hours>> {
    let Some(ledger) = ledger(current, "hour_standard") else { return Ok(Vec::new()) };
    let rows = query::list(tx, ledger, &Scope::All, &Query::default(), (MOST, 0))?;
    let one = |row: &crate::ledger::row::Stored| {
        let text = |field: &str| row.value(ledger, field).as_text().unwrap_or_default().to_owned();
        Some(Hours {
            authority: text("authority"),
            basis: text("per"),
            hours: row.value(ledger, "hours").as_i64()?,
            from: Day::parse(&text("starts"))?,
            to: Day::parse(&text("ends")),
        })
    };
    Ok(rows.iter().filter_map(one).collect())
}

/// The hours of a class, times 10,000: as recorded; else its days by the standard of a day, where exactly one authority has
/// one on its first day. With that authority.
pub fn hours_of<'a>(class: &Class, standards: &'a [Hours]) -> Option<(i64, Option<&'a str>)> {
    if let Some(hours) = class.hours {
        return Some((hours, None));
    }
    let holds = |h: &&Hours| h.basis == "每天" && h.from <= class.starts && h.to.is_none_or(|to| class.starts <= to);
    let mut holding = standards.iter().filter(holds);
    match (holding.next(), holding.next()) {
        (Some(one), None) => Some((one.hours * class.days(), Some(&one.authority))),
        _ => None,
    }
}

/// Whether leave is more than a seventh of the hours (`B.1`); both times 10,000.
pub fn too_much_leave(leave: i64, hours: i64) -> bool {
    leave > 0 && leave * 7 > hours
}

#[cfg(test)]
mod tests {
    use super::{super::missing::tests::class, *};

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn a_cap_by_hand() {
        // 550 a person and day; 40 persons for 3 days; 31 days are 30 and 0.7.
        assert_eq!(cap(55_000, 40, 3), 6_600_000);
        assert_eq!(cap(55_000, 1, 31), 55_000 * 30 + 38_500);
        assert_eq!((cap(55_000, 0, 3), cap(i64::MAX, 2, 2)), (0, i64::MAX / 10));
    }

    #[test]
    fn the_standard_of_the_day_counts() {
        let fee = |from: &str, to: Option<&str>, amount| Fee {
            item: "综合定额三类".into(),
            amount,
            from: day(from),
            to: to.map(day),
            basis: String::new(),
        };
        let all = [fee("2017-01-01", Some("2025-06-30"), 45_000), fee("2025-07-01", None, 55_000)];
        let of = |on_day: &str| on(&all, "综合定额三类", day(on_day)).map(|f| f.amount);
        assert_eq!([of("2016-12-31"), of("2025-06-30"), of("2025-07-01")], [None, Some(45_000), Some(55_000)]);
        assert_eq!(on(&all, "讲课费正高", day("2025-07-01")), None);
    }

    #[test]
    fn hours_are_as_recorded_or_by_the_one_standard_of_the_day() {
        let one = |authority: &str| Hours {
            authority: authority.into(),
            basis: "每天".into(),
            hours: 60_000,
            from: day("2025-01-01"),
            to: None,
        };
        assert_eq!(hours_of(&class(), &[]), None);
        assert_eq!(hours_of(&class(), &[one("市委组织部")]), Some((180_000, Some("市委组织部"))));
        assert_eq!(hours_of(&class(), &[one("甲"), one("乙")]), None, "not for us to choose");
        let said = Class { hours: Some(80_000), ..class() };
        assert_eq!(hours_of(&said, &[one("甲")]), Some((80_000, None)));
        assert!(!too_much_leave(30_000, 210_000) && too_much_leave(30_001, 210_000) && !too_much_leave(0, 0));
    }
}
