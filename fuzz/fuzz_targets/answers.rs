//! A table of answers: read or refused, and its analysis gives no figure that is not a number.
#![no_main]

use dongliang::{
    exam::{answers, irt, items},
    sheet::{Limits, csv_text},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(table) = csv_text::table(data, &Limits::default()) else { return };
    let Ok(given) = answers::given(&table) else { return };
    let Ok(responses) = answers::marked(&given) else { return };
    let analysis = items::analyse(&responses);
    assert!(analysis.items.iter().all(|i| i.discrimination.is_none_or(|d| d.abs() <= 1.0)));
    if responses.items.len() <= 8
        && let Ok(c) = irt::calibrate(&responses, irt::Model::Rasch)
    {
        assert!(!c.converged || c.items.iter().all(|i| i.slope.is_finite() && i.intercept.is_finite()));
    }
});
