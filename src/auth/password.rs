//! Passwords: Argon2id at rest, and what may be chosen.
//!
//! Hashing takes some 20 ms and 19 MiB on purpose. It never runs inside a transaction, and one at a time, so that a
//! flood of logins costs time and not the machine's memory.

use std::{
    collections::HashSet,
    sync::{LazyLock, Mutex, PoisonError},
};

use argon2::{Algorithm, Argon2, Params, Version};
use subtle::ConstantTimeEq as _;
use unicode_normalization::UnicodeNormalization as _;

use super::{
    policy::{PASSWORD_LEAST, PASSWORD_MOST},
    token::{random, spelled},
};
use crate::{
    form::directory::pinyin,
    hex::{hex, unhex},
};

/// OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane.
const MEMORY: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT: usize = 16;
const LENGTH: usize = 32;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// What is kept of a password: algorithm, cost, salt and hash, apart by `$`.
///
/// # Errors
/// When the system has no randomness.
pub fn hash(password: &str) -> anyhow::Result<String> {
    let salt = random::<SALT>()?;
    let out = derive(password, &salt, (MEMORY, PASSES, LANES))?;
    Ok(format!("argon2id${MEMORY}${PASSES}${LANES}${}${}", hex(&salt), hex(&out)))
}

/// Whether a password is the one kept. `None` (no such account, or one without a password) costs the same time.
pub fn verify(password: &str, kept: Option<&str>) -> bool {
    static NOBODY: LazyLock<String> =
        LazyLock::new(|| format!("argon2id${MEMORY}${PASSES}${LANES}${}${}", "00".repeat(SALT), "00".repeat(LENGTH)));
    // Longer ones cannot be anybody's; what is hashed for them is not told apart by its time.
    let short: String = password.chars().take(PASSWORD_MOST).collect();
    let same = kept_parts(kept.unwrap_or(&NOBODY)).is_some_and(|(cost, salt, expected)| {
        derive(&short, &salt, cost).is_ok_and(|out| bool::from(out.as_slice().ct_eq(&expected)))
    });
    same && kept.is_some() && short.len() == password.len()
}

type Cost = (u32, u32, u32);

fn kept_parts(kept: &str) -> Option<(Cost, Vec<u8>, Vec<u8>)> {
    let parts: Vec<&str> = kept.split('$').collect();
    let ["argon2id", memory, passes, lanes, salt, out] = parts[..] else { return None };
    Some(((memory.parse().ok()?, passes.parse().ok()?, lanes.parse().ok()?), unhex(salt)?, unhex(out)?))
}

fn derive(password: &str, salt: &[u8], (memory, passes, lanes): Cost) -> anyhow::Result<[u8; LENGTH]> {
    let refused = |e: argon2::Error| anyhow::anyhow!("口令不能加密保存：{e}");
    let params = Params::new(memory, passes, lanes, Some(LENGTH)).map_err(refused)?;
    let mut out = [0; LENGTH];
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.as_bytes(), salt, &mut out)
        .map_err(refused)?;
    Ok(out)
}

/// A one-time password to hand out: 80 random bits, `ABCD-EFGH-…`.
///
/// # Errors
/// When the system has no randomness.
pub fn one_time() -> anyhow::Result<String> {
    spelled(4)
}

/// Why a password cannot be chosen, in words; `own` is what others may know of the person and the office: login name, names,
/// phone, 身份证号, birthday.
///
/// # Errors
/// The reason, to be shown beside the field.
pub fn check(password: &str, own: &[String]) -> Result<(), String> {
    let length = password.chars().count();
    if length < PASSWORD_LEAST {
        return Err(format!("口令至少{PASSWORD_LEAST}个字符，现在是{length}个。可以用几个不相干的词连成一句。"));
    }
    if length > PASSWORD_MOST {
        return Err(format!("口令最多{PASSWORD_MOST}个字符，现在是{length}个。"));
    }
    let plain = folded(password);
    if is_common(&plain) {
        return Err("这个口令太常见，容易被猜中，请换一个。".into());
    }
    if own.iter().any(|own| is_of(own, &plain)) {
        return Err("口令里有本人的姓名、账号、电话、身份证号、生日或本单位的名称，请换一个。".into());
    }
    if steps(&plain) < STEPS {
        return Err("口令里多是键盘上相邻、连续或重复的字符，容易被猜中，请换一个。".into());
    }
    Ok(())
}

/// Whether a password is made of something that others may know.
fn is_of(own: &str, plain: &str) -> bool {
    if own_words(own).iter().any(|word| plain.contains(word)) {
        return true;
    }
    // Marks between or around the letters hide nothing: `z.h.o.u-min!!`.
    let bare = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let (word, all) = (bare(&folded(own)), bare(plain));
    let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).collect::<String>();
    let sound = pinyin(own);
    if sound.len() >= SOUND && all.contains(&sound) {
        return true;
    }
    !word.is_empty()
        && (word.len() >= 4 && all.contains(&word) || letters(&all) == letters(&word) && !letters(&word).is_empty())
}

/// Letters of a name's sound from which on it is looked for: `liming`, not `li`.
const SOUND: usize = 5;

/// Runs of figures and letters, and rows and columns of the keyboard, each to be read either way.
const RUNS: [&str; 16] = [
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "`1234567890-=",
    "~!@#$%^&*()_+",
    "qwertyuiop[]\\",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "1qaz",
    "2wsx",
    "3edc",
    "4rfv",
    "5tgb",
    "6yhn",
    "7ujm",
    "8ik,",
    "9ol.",
];

/// Fewer steps than these are soon tried.
const STEPS: usize = 7;

/// How many things somebody has to know to type a text: a run is one, however long.
fn steps(plain: &str) -> usize {
    let chars: Vec<char> = plain.chars().collect();
    let beside = |a: char, b: char, back: bool| {
        let (a, b) = if back { (b, a) } else { (a, b) };
        RUNS.iter().any(|run| run.chars().zip(run.chars().skip(1)).any(|pair| pair == (a, b)))
    };
    let (mut at, mut steps) = (0, 0);
    while at < chars.len() {
        let goes = |ok: &dyn Fn(char, char) -> bool| {
            chars[at..].windows(2).take_while(|pair| ok(pair[0], pair[1])).count() + 1
        };
        let long = goes(&|a, b| a == b).max(goes(&|a, b| beside(a, b, false))).max(goes(&|a, b| beside(a, b, true)));
        at += if long >= 3 { long } else { 1 };
        steps += 1;
    }
    steps
}

/// Small letters of full width and none.
fn folded(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).collect()
}

/// Well-known, well-known with figures and marks around it, or a short piece over and over.
fn is_common(plain: &str) -> bool {
    static LIST: LazyLock<HashSet<&str>> =
        LazyLock::new(|| include_str!("../../assets/common-passwords.txt").lines().collect());
    let known = |word: &str| LIST.contains(word);
    let letters: String = plain
        .chars()
        .map(|c| match c {
            '0' => 'o',
            '1' | '!' => 'i',
            '3' => 'e',
            '4' | '@' => 'a',
            '5' | '$' => 's',
            '7' => 't',
            c => c,
        })
        .collect();
    let core = |text: &str| text.trim_matches(|c: char| !c.is_alphabetic()).to_owned();
    known(plain)
        || known(&letters)
        || known(&core(plain))
        || known(&core(&letters))
        || known(&core(plain.trim_end_matches(|c: char| !c.is_alphabetic())))
        || repeats(plain)
}

/// One piece of at most a third of the length, over and over.
fn repeats(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    (1..=chars.len() / 3).any(|n| chars.iter().zip(&chars[n..]).all(|(a, b)| a == b))
}

/// Pieces of the person's own data that must not stand in a password. Words of less than four letters occur by chance;
/// two Chinese characters do not.
fn own_words(own: &str) -> Vec<String> {
    let plain = folded(own);
    let digits: String = plain.chars().filter(char::is_ascii_digit).collect();
    let mut words: Vec<String> =
        plain.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).filter(|w| w.len() >= 4).collect();
    // A birthday as 19950101, 950101; the last six of a number.
    if digits.len() == 8 {
        words.push(digits[2..].to_owned());
    }
    if digits.len() >= 8 {
        words.push(digits[digits.len() - 6..].to_owned());
        words.push(digits);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_password_however_it_is_written() {
        let own = ["江采薇".to_owned(), "云溪县发改委".to_owned(), "李明".to_owned()];
        for bad in ["jiangcaiwei2026", "JiangCaiWei#77!", "yunxixianfagaiwei9", "Liming-1984-ok"] {
            assert!(check(bad, &own).is_err(), "{bad}");
        }
        assert!(check("雨后竹林 morning-tea 17", &own).is_ok());
    }

    #[test]
    fn only_the_same_password_is_verified_and_no_two_hashes_are_equal() {
        let password = "雨后竹林 morning-tea 17";
        let (a, b) = (hash(password).unwrap(), hash(password).unwrap());
        assert_ne!(a, b);
        assert!(verify(password, Some(&a)) && verify(password, Some(&b)));
        assert!(!verify("雨后竹林 morning-tea 18", Some(&a)) && !verify(" 雨后竹林 morning-tea 17", Some(&a)));
        assert!(!verify(password, None) && !verify("", None) && !verify(password, Some("")));
        let longest = "字".repeat(PASSWORD_MOST);
        let kept = hash(&longest).unwrap();
        assert!(verify(&longest, Some(&kept)) && !verify(&format!("{longest}字"), Some(&kept)));
    }

    #[test]
    fn the_kept_cost_is_read_not_assumed() {
        let (salt, cost) = ([9_u8; SALT], (8, 1, 1));
        let out = derive("a password", &salt, cost).unwrap();
        let kept = format!("argon2id$8$1$1${}${}", hex(&salt), hex(&out));
        assert!(verify("a password", Some(&kept)));
        assert!(!verify("a password", Some(&kept.replace("$8$", "$16$"))));
    }

    #[test]
    fn common_and_own_passwords_are_refused_and_others_not() {
        let office = ["云岭市发改委", "yunlingshifagaiwei"].map(str::to_owned);
        let own = ["zhoumin".to_owned(), "周敏".into(), "13912342716".into(), "1995-01-02".into()];
        let own: Vec<String> = own.into_iter().chain(office).collect();
        for refused in [
            "short",
            "password1234",
            "Password2025!",
            "P@ssw0rd2026",
            "123456789012",
            "qwertyuiop123",
            "1qaz2wsx3edc4rfv",
            "zhongguo123456",
            "aaaaaaaaaaaaa",
            "abcabcabcabc",
            "202501202501",
            "１２３４５６７８９０１２",
            "woaini520131452",
            "fagaiwei2025!",
            "my zhoumin 77 x",
            "春风周敏十里长街桥头人",
            "tel13912342716",
            "x 342716 brown",
            "born19950102abc",
            "950102 long enough",
            "云岭市发改委2025!!",
            "yunlingshifagaiwei9",
            "!!z.h.o.u-m-i-n!!",
            "zhoumin********",
            "z-h-o-u-2025-m-i-n",
            "qwertyuiop[]",
            "1qaz2wsx4rfv",
            "abcdefghijkl",
            "poiuytrewq98",
            "!@#$%^&*()_+",
            "asdfghjkl;'1",
            "abcd1234efgh",
            "zxcvbnm,./12",
            "111222333444",
        ] {
            assert!(check(refused, &own).is_err(), "{refused}");
        }
        for fine in [
            "correct horse battery",
            "雨后竹林里的一盏旧灯笼啊",
            "7d Kx;pQ-91mm",
            "blue kettle 480 stairs",
            "qwerty lamp 12 sun",
        ] {
            assert_eq!(check(fine, &own), Ok(()), "{fine}");
        }
        assert!(check(&"长".repeat(129), &[]).is_err());
        assert!(check(&one_time().unwrap(), &own).is_ok());
    }
}
