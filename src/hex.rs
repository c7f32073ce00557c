//! Bytes as hexadecimal digits, in small letters alone, so that nothing is spelled in two ways.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// What a digit is worth; 255 for what is none.
static VALUES: [u8; 256] = {
    let mut values = [255; 256];
    let mut n = 0;
    while n < 16 {
        values[DIGITS[n] as usize] = n as u8;
        n += 1;
    }
    values
};

/// The digits of bytes.
pub fn hex(bytes: &[u8]) -> String {
    let mut digits = vec![0; 2 * bytes.len()];
    write(bytes, &mut digits);
    String::from_utf8(digits).unwrap_or_default()
}

/// The bytes of digits; `None` for anything else.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let mut bytes = vec![0; digits.len() / 2];
    (digits.len().is_multiple_of(2) && read(digits, &mut bytes)).then_some(bytes)
}

/// Writes the digits of bytes where there is room for two each.
#[inline]
pub(crate) fn write(bytes: &[u8], digits: &mut [u8]) {
    for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
}

/// Reads the bytes of digits, two each; false where one is none.
#[inline]
pub(crate) fn read(digits: &[u8], bytes: &mut [u8]) -> bool {
    let mut wrong = 0;
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let (high, low) = (VALUES[usize::from(pair[0])], VALUES[usize::from(pair[1])]);
        wrong |= high | low;
        *byte = high << 4 | low & 15;
    }
    wrong < 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_and_nothing_else_is_read() {
        let all: Vec<u8> = (0..=255).collect();
        let digits = hex(&all);
        assert!(digits.starts_with("000102") && digits.ends_with("fdfeff") && digits.len() == 512);
        assert_eq!(unhex(&digits), Some(all));
        assert_eq!((hex(&[]), unhex("")), (String::new(), Some(vec![])));
        for bad in ["0", "0g", "0A", " 0", "é", "0x", "００"] {
            assert_eq!(unhex(bad), None, "{bad}");
        }
    }
}
