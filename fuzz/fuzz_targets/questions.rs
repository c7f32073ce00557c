//! Files of questions in every format: read or refused, and what is read is written and read back alike.
#![no_main]

use dongliang::questions::{self, Format, Question};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for format in [Format::Gift, Format::Aiken, Format::MoodleXml, Format::Workbook] {
        let Ok(read) = questions::read(data, format, None) else { continue };
        let all: Vec<Question> = read.questions.into_iter().map(|p| p.question).collect();
        let back = questions::read(questions::write_gift(&all).as_bytes(), Format::Gift, None);
        let back: Vec<Question> = back.map(|b| b.questions.into_iter().map(|p| p.question).collect()).unwrap_or_default();
        assert_eq!(back, all);
    }
});
