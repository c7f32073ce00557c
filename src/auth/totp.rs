//! Time-based one-time codes (RFC 6238: SHA-1, 30 seconds, 6 digits), which every authenticator understands.

use hmac::{Hmac, KeyInit as _, Mac as _};
use qrcodegen::{QrCode, QrCodeEcc};
use sha1::Sha1;
use subtle::ConstantTimeEq as _;

use super::{policy::SECOND, token};

/// Seconds of a step.
const STEP: i64 = 30;
/// Steps before and after the present one that are taken too: clocks differ, and people type slowly.
const DRIFT: i64 = 1;

/// A new secret: 160 random bits.
///
/// # Errors
/// When the system has no randomness.
pub fn secret() -> anyhow::Result<Vec<u8>> {
    Ok(token::random::<20>()?.to_vec())
}

/// The step in which an instant (µs) lies.
pub fn step(at: i64) -> i64 {
    at.div_euclid(STEP * SECOND)
}

/// The code of a step.
pub fn code(secret: &[u8], step: i64) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(&step.to_be_bytes());
    let bytes = mac.finalize().into_bytes();
    let from = usize::from(bytes[19] & 15);
    let number = bytes[from..from + 4].iter().fold(0_u32, |n, b| n << 8 | u32::from(*b)) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// The step whose code was given at an instant, if it is later than the last one used: no code is good twice.
pub fn accept(secret: &[u8], given: &str, at: i64, used: i64) -> Option<i64> {
    let now = step(at);
    (now - DRIFT..=now + DRIFT)
        .filter(|s| *s > used && bool::from(code(secret, *s).as_bytes().ct_eq(given.as_bytes())))
        .max()
}

/// What an authenticator scans.
pub fn address(secret: &[u8], login: &str, issuer: &str) -> String {
    let (issuer, secret) = (percent(issuer), token::base32(secret));
    format!("otpauth://totp/{issuer}:{}?secret={secret}&issuer={issuer}", percent(login))
}

/// Percent-encoded, all but letters, digits and `-_.~`.
fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

/// The picture of a text as the address of an image: SVG without script or style.
///
/// # Errors
/// When the text is too long for a picture.
pub fn picture(text: &str) -> anyhow::Result<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium)?;
    let size = code.size();
    let mut path = String::new();
    for y in 0..size {
        for x in (0..size).filter(|x| code.get_module(*x, y)) {
            path.push_str(&format!("M{} {}h1v1h-1z", x + 4, y + 4));
        }
    }
    let all = size + 8;
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {all} {all}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{all}v{all}h-{all}z\"/><path d=\"{path}\"/></svg>"
    );
    Ok(format!("data:image/svg+xml,{}", percent(&svg)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, SHA-1; the last six of its eight digits.
    #[test]
    fn known_vectors() {
        let secret = b"12345678901234567890";
        for (second, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(secret, step(second * SECOND)), expected, "{second}");
        }
    }

    #[test]
    fn a_code_is_good_once_and_not_for_long() {
        let secret = secret().unwrap();
        let at = 2_000_000_000 * SECOND;
        let now = step(at);
        let given = code(&secret, now);
        assert_eq!(accept(&secret, &given, at, 0), Some(now));
        assert_eq!(accept(&secret, &given, at, now), None, "used");
        assert_eq!(accept(&secret, &given, at + 30 * SECOND, 0), Some(now));
        assert_eq!(accept(&secret, &given, at + 90 * SECOND, 0), None, "old");
        assert_eq!(accept(&secret, &given[1..], at, 0), None);
        assert_eq!(accept(&secret, "", at, 0), None);
    }

    #[test]
    fn the_picture_is_plain() {
        let text = address(&[7; 20], "zhou<min>", "云岭市");
        assert!(text.starts_with("otpauth://totp/%E4%BA%91") && text.contains("zhou%3Cmin%3E?secret=A4DQO"), "{text}");
        let picture = picture(&text).unwrap();
        assert!(picture.starts_with("data:image/svg+xml,%3Csvg") && !picture.contains('<'));
    }
}
