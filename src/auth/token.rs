//! Random secrets, what is stored of them, and the token in a form.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::hex::{hex, unhex};

/// 32 letters that are not mistaken for one another, also those of base32 (RFC 4648).
const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Random bytes of the operating system.
///
/// # Errors
/// When it has none.
pub fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| anyhow::anyhow!("取不到随机数：{e}"))?;
    Ok(bytes)
}

/// A new token: 256 random bits in hex.
///
/// # Errors
/// As [`random`].
pub fn token() -> anyhow::Result<String> {
    Ok(hex(&random::<32>()?))
}

/// What is kept of a token: whoever reads the database cannot use it.
pub fn kept(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

/// Random letters in groups of four apart by `-`, five bits each: recovery codes and one-time passwords.
///
/// # Errors
/// As [`random`].
pub fn spelled(groups: usize) -> anyhow::Result<String> {
    let bytes = (0..groups).map(|_| random::<4>()).collect::<anyhow::Result<Vec<_>>>()?;
    Ok(spelled_of(bytes.as_flattened()))
}

/// Bytes that nobody guesses in the same letters: always the same for them.
pub fn spelled_of(bytes: &[u8]) -> String {
    let letter = |b: &u8| char::from(LETTERS[usize::from(b & 31)]);
    bytes.chunks(4).map(|four| four.iter().map(letter).collect::<String>()).collect::<Vec<_>>().join("-")
}

/// Letters of a code that was read aloud or typed without its `-`, in groups of four again.
pub fn grouped(letters: &str) -> String {
    let letters: Vec<char> = letters.chars().collect();
    letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// Base32 without padding, as authenticators take a secret.
pub fn base32(bytes: &[u8]) -> String {
    let mut out = String::new();
    let (mut held, mut bits) = (0_u32, 0);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(char::from(LETTERS[(held >> bits & 31) as usize]));
        }
    }
    if bits > 0 {
        out.push(char::from(LETTERS[(held << (5 - bits) & 31) as usize]));
    }
    out
}

/// A fresh form token of a session: a random pad and the session's own value under it, so that no two pages hold the
/// same bytes and a compressed page gives nothing away by its length.
///
/// # Errors
/// As [`random`].
pub fn form_token(session: &str) -> anyhow::Result<String> {
    let pad = random::<32>()?;
    let under: Vec<u8> = own(session).iter().zip(pad).map(|(a, b)| a ^ b).collect();
    Ok(format!("{}{}", hex(&pad), hex(&under)))
}

/// Whether a form token belongs to the session.
pub fn is_form_token(session: &str, given: &str) -> bool {
    let Some(bytes) = unhex(given).filter(|b| b.len() == 64) else { return false };
    let (pad, under) = bytes.split_at(32);
    let value: Vec<u8> = pad.iter().zip(under).map(|(a, b)| a ^ b).collect();
    value.ct_eq(&own(session)[..]).into()
}

/// What only the holder of the session's token, and the server while it answers him, can make.
fn own(session: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(session.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(b"form");
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_and_never_the_same() {
        let (a, b) = (token().unwrap(), token().unwrap());
        assert_eq!(a.len(), 64);
        assert_ne!(a, b);
        assert_ne!(kept(&a), a);
        assert_eq!(spelled(6).unwrap().len(), 29);
    }

    /// RFC 4648, section 10.
    #[test]
    fn base32_as_in_the_standard() {
        for (plain, coded) in [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foob", "MZXW6YQ"), ("foobar", "MZXW6YTBOI")] {
            assert_eq!(base32(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn a_form_token_is_good_for_its_session_alone() {
        let (mine, other) = (token().unwrap(), token().unwrap());
        let (a, b) = (form_token(&mine).unwrap(), form_token(&mine).unwrap());
        assert_ne!(a, b);
        assert!(is_form_token(&mine, &a) && is_form_token(&mine, &b));
        assert!(!is_form_token(&other, &a));
        for wrong in ["", "00", &a[1..], &a[2..], &format!("{a}00"), &"0".repeat(128), &"中".repeat(43)] {
            assert!(!is_form_token(&mine, wrong), "{wrong}");
        }
    }
}
