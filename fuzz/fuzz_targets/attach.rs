//! A file to be attached: told what it is, or refused in words, whatever it holds; and nothing of it is unpacked.
#![no_main]

use std::io::Cursor;

use dongliang::attach;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for name in ["a.pdf", "a.docx", "a.zip", "a.txt", "a"] {
        match attach::told(&mut Cursor::new(data), name).unwrap() {
            Ok(kind) => assert!(kind.endings().iter().any(|ending| name.ends_with(ending))),
            Err(why) => assert!(why.contains(name)),
        }
    }
});
