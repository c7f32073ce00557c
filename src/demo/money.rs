//! 经费: budgets, spending, the three checks of paid classes.

use anyhow::Result;

use super::{
    City, Out,
    activity::Held,
    people::Organ,
    profile::Level,
    record::{Cell, Code, Record, Values},
    rng::Rng,
    system::{self, CLASSES},
    time::{after, on, ymd},
};

/// A budget on its way.
#[derive(Clone, Copy)]
struct Budget {
    code: Code,
    typed: i64,
}

/// Writes the organ's budgets and spending, and the checks of the city's paid classes.
pub(super) fn write(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    if organ.no == 0 {
        for i in (0..CLASSES.len()).filter(|i| CLASSES[*i].funded) {
            checks(city, organ, out, &system::class_held(city, i))?;
        }
        standards(city, organ, out)?;
    }
    // No budget of 苇泊县 has been reported.
    if organ.no == 11 {
        return Ok(());
    }
    let heads = organ.members(on(1, 1)).count() as i64;
    let each = match organ.profile.money {
        Level::Good => 5300,
        Level::Uneven => 4400,
        Level::Poor => 3100,
    };
    let mut rng = Rng::of(&[city.seed, 90, u64::from(organ.no)]);
    let mut lines = vec![("培训经费", heads * each, on(1, 17)), ("其他", heads * 900, on(1, 17))];
    if organ.no == 0 {
        lines.push(("市级专项", 1_800_000, on(1, 20)));
        lines.push(("市级专项", 1_200_000, on(8, 15)));
    }
    let mut budgets = Vec::new();
    for (n, (line, yuan, approved)) in lines.into_iter().enumerate() {
        let code = out.code("budget", organ.no);
        let typed = city.clock.typed(&mut rng, approved, 4);
        let values: Values = vec![
            ("year", "2025".into()),
            ("line", line.into()),
            ("amount", Cell::Fen(yuan * 100)),
            ("approved", approved.into()),
            ("number", format!("财预〔2025〕{}号", 20 + organ.no * 4 + n as u32).into()),
            ("headcount", if line == "培训经费" { Cell::Int(heads + 2) } else { Cell::Empty }),
        ];
        let mut record = Record::new(code, Some(organ.code), typed, &organ.desk, values);
        if organ.no == 7 && n == 0 {
            // Typed with a nought too few, then with the headcount of last year, then right.
            record.revisions[0].change = match record.revisions[0].change.clone() {
                super::Change::Values(mut v) => {
                    v.iter_mut().filter(|f| f.0 == "amount").for_each(|f| f.1 = Cell::Fen(yuan * 10));
                    super::Change::Values(v)
                }
                void => void,
            };
            let change: Values = vec![("amount", Cell::Fen(yuan * 100))];
            record = record.then(city.clock.typed(&mut rng, on(2, 11), 1), "金额少填一位", change);
            let change: Values = vec![("headcount", Cell::Int(heads))];
            record = record.then(city.clock.typed(&mut rng, on(3, 5), 1), "核定人数更正", change);
        }
        out.put(record)?;
        budgets.push(Budget { code, typed });
    }
    spend(city, organ, out, &mut rng, &budgets)
}

/// What a person's day and a lecturer's hour may cost by the city's made-up rules, and what a day is worth in hours.
fn standards(city: &City, organ: &Organ, out: &mut Out<'_>) -> Result<()> {
    const FEES: [(&str, i64); 4] =
        [("综合定额二类", 450), ("综合定额三类", 380), ("讲课费副高", 500), ("讲课费正高", 1_000)];
    let mut rng = Rng::of(&[city.seed, 92]);
    let at = city.clock.typed(&mut rng, on(1, 6), 1);
    for (item, yuan) in FEES {
        let values: Values = vec![
            ("item", item.into()),
            ("amount", Cell::Fen(yuan * 100)),
            ("starts", ymd(2024, 1, 1).into()),
            ("basis", "云财行〔2023〕61号".into()),
        ];
        out.add(organ, "fee_standard", organ.code, at, values)?;
    }
    let values: Values = vec![
        ("authority", "市委组织部".into()),
        ("per", "每天".into()),
        ("hours", super::whole(6)),
        ("starts", ymd(2024, 1, 1).into()),
        ("basis", "云组通〔2023〕88号".into()),
    ];
    out.add(organ, "hour_standard", organ.code, at, values)
}

/// Some vouchers each month, from February.
fn spend(city: &City, organ: &Organ, out: &mut Out<'_>, rng: &mut Rng, budgets: &[Budget]) -> Result<()> {
    const PURPOSES: [&str; 5] = ["师资费", "场地费", "资料费", "交通费", "伙食费"];
    for n in 0..44_u32 {
        let month = 2 + n / 4;
        let Some(day) = city.clock.within(rng, on(month, 5), on(month, 27)) else { continue };
        let budget = budgets[if n % 4 == 3 { 1 } else { 0 }];
        let values: Values = vec![
            ("budget", budget.code.into()),
            ("amount", Cell::Fen(rng.between(8, 90) * 10_000)),
            ("day", day.into()),
            ("purpose", rng.pick(&PURPOSES).into()),
            ("voucher", format!("{month:02}-{:03}", n + 1).into()),
        ];
        let at = after(budget.typed, city.clock.typed(rng, day, 3));
        out.add(organ, "spending", organ.code, at, values)?;
    }
    Ok(())
}

/// 事前, 事中 and 事后 of a paid class. Where money is handled unevenly nobody looked in while it ran; where badly, not
/// before it began either.
pub(super) fn checks(city: &City, organ: &Organ, out: &mut Out<'_>, held: &Held) -> Result<()> {
    let mut rng = Rng::of(&[city.seed, 91, u64::from(held.code.organ), u64::from(held.code.seq)]);
    let stages = [
        ("事前", city.clock.open(held.starts.plus(-12)), "预算测算合理，同意"),
        ("事中", held.ends, "按预算执行"),
        ("事后", city.clock.later(held.ends, rng.between(20, 55)), "决算合规，绩效良好"),
    ];
    let skipped = match organ.profile.money {
        Level::Good => 0,
        Level::Uneven => 1,
        Level::Poor => 2,
    };
    for (n, (stage, day, opinion)) in stages.into_iter().enumerate() {
        if (skipped == 1 && n == 1) || (skipped == 2 && n < 2) || day > ymd(2026, 4, 30) {
            continue;
        }
        let values: Values = vec![
            ("activity", held.code.into()),
            ("stage", stage.into()),
            ("day", day.into()),
            ("opinion", opinion.into()),
        ];
        let at = after(held.typed, city.clock.typed(&mut rng, day, 2));
        out.add(organ, "fund_check", held.unit, at, values)?;
    }
    Ok(())
}
