//! Sensitive fields: encrypted with XChaCha20-Poly1305, or SM4-GCM (RFC 8998) where `init --cipher sm4` said so, under a
//! random nonce, found again by a keyed blind index.
//!
//! The keys lie in a file outside the database, mode 0600. Whoever has the database alone can read nothing, and whoever
//! has neither key cannot test a guess against the index.

use std::{
    fmt::Write as _,
    io::Write as _,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use aes_gcm::{AesGcm, aead::consts::U12};
use anyhow::{Context, bail, ensure};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305,
    aead::{Aead, Nonce},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use sm4::Sm4;
use unicode_normalization::UnicodeNormalization;

use crate::{audit::Seal, db::Tx};

/// The cipher of the sensitive fields, chosen when the installation is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cipher {
    /// XChaCha20-Poly1305.
    XChaCha20,
    /// SM4-GCM, where rules ask for the national algorithms.
    Sm4,
}

type Sm4Gcm = AesGcm<Sm4, U12>;

impl Cipher {
    /// Marks cipher text of this form.
    fn prefix(self) -> &'static str {
        match self {
            Cipher::XChaCha20 => "v1:",
            Cipher::Sm4 => "s1:",
        }
    }

    /// Bytes of a nonce. 96 random bits are enough for 2³² values under one key.
    fn nonce(self) -> usize {
        match self {
            Cipher::XChaCha20 => 24,
            Cipher::Sm4 => 12,
        }
    }

    /// What a key file of this cipher begins with.
    fn mark(self) -> &'static str {
        match self {
            Cipher::XChaCha20 => "",
            Cipher::Sm4 => "sm4 ",
        }
    }
}

/// The keys of an installation.
#[derive(Clone)]
pub struct Keys {
    cipher: Cipher,
    encryption: [u8; 32],
    index: [u8; 32],
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

impl Keys {
    /// Keys from their bytes; for tests and for what lives in memory only.
    pub fn from_bytes(encryption: [u8; 32], index: [u8; 32]) -> Keys {
        Keys { cipher: Cipher::XChaCha20, encryption, index }
    }

    /// The same keys under another cipher.
    pub fn with_cipher(self, cipher: Cipher) -> Keys {
        Keys { cipher, ..self }
    }

    /// New random keys, written to a file that must not exist yet and that only its owner may read.
    pub fn create(path: &Path, cipher: Cipher) -> anyhow::Result<Keys> {
        let mut bytes = [0; 64];
        fill_random(&mut bytes)?;
        let write = || -> std::io::Result<()> {
            let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
            file.write_all(cipher.mark().as_bytes())?;
            file.write_all(hex(&bytes).as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()
        };
        write().with_context(|| format!("密钥文件 {} 写不进去", path.display()))?;
        Ok(Keys::from_slice(&bytes)?.with_cipher(cipher))
    }

    /// Reads the key file; refuses one that others could read.
    pub fn load(path: &Path) -> anyhow::Result<Keys> {
        let shown = path.display();
        let mode = std::fs::metadata(path).with_context(|| format!("密钥文件 {shown} 打不开"))?.permissions().mode();
        ensure!(mode & 0o077 == 0, "密钥文件 {shown} 别人也能读：请执行 chmod 600 {shown}");
        let text = std::fs::read_to_string(path).with_context(|| format!("密钥文件 {shown} 打不开"))?;
        Keys::parse(&text).with_context(|| format!("密钥文件 {shown} 不能用"))
    }

    /// Keys from the text of a key file.
    pub fn parse(text: &str) -> anyhow::Result<Keys> {
        let (cipher, digits) = match text.strip_prefix(Cipher::Sm4.mark()) {
            Some(digits) => (Cipher::Sm4, digits),
            None => (Cipher::XChaCha20, text),
        };
        let bytes = unhex(digits.trim()).filter(|b| b.len() == 64);
        Ok(Keys::from_slice(&bytes.context("密钥的内容不对，应为 128 个十六进制字符")?)?.with_cipher(cipher))
    }

    fn from_slice(bytes: &[u8]) -> anyhow::Result<Keys> {
        let (encryption, index) = bytes.split_at(32);
        Ok(Keys::from_bytes(encryption.try_into()?, index.try_into()?))
    }

    /// Remembers in the database, at the first call, which keys belong to it, and refuses all others afterwards.
    pub fn bind(&self, tx: &mut Tx<'_>) -> anyhow::Result<()> {
        let mine = self.blind_index("dongliang key check");
        let known = tx.one("select value from meta where key = 'key_check'", &[], |r| Ok(r.text(0)?.to_owned()))?;
        match known {
            Some(known) => {
                ensure!(known == mine, "密钥文件与数据库不配套：请找回建库时的密钥文件，否则加密的内容打不开")
            }
            None => {
                tx.execute("insert into meta (key, value) values ('key_check', $1)", &[mine.into()])?;
            }
        }
        Ok(())
    }

    /// A keyed digest (hex HMAC-SHA256) that nobody without the keys can make. Each purpose has a key of its own, so that
    /// no blind index is ever one of these.
    pub fn digest(&self, purpose: &str, text: &str) -> String {
        let mac = |key: &[u8], text: &str| -> [u8; 32] {
            let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
            mac.update(text.as_bytes());
            mac.finalize().into_bytes().into()
        };
        // No indexed text holds U+0000: the store refuses it.
        let own = mac(&self.index, &format!("\0{purpose}"));
        hex(&mac(&own, text))
    }

    /// Encrypts a text. What is already cipher text under these keys stays as it is, so that a correction can carry a
    /// sensitive value over without opening it.
    pub fn seal(&self, plain: &str) -> anyhow::Result<String> {
        if plain.starts_with(self.cipher.prefix()) && self.open(plain).is_ok() {
            return Ok(plain.to_owned());
        }
        let mut nonce = vec![0; self.cipher.nonce()];
        fill_random(&mut nonce)?;
        self.seal_under(&nonce, plain)
    }

    fn seal_under(&self, nonce: &[u8], plain: &str) -> anyhow::Result<String> {
        let body = match self.cipher {
            Cipher::XChaCha20 => {
                let nonce = Nonce::<XChaCha20Poly1305>::try_from(nonce)?;
                self.xchacha().encrypt(&nonce, plain.as_bytes())
            }
            Cipher::Sm4 => self.sm4().encrypt(&Nonce::<Sm4Gcm>::try_from(nonce)?, plain.as_bytes()),
        };
        let Ok(body) = body else { bail!("加密失败") };
        Ok(format!("{}{}{}", self.cipher.prefix(), hex(nonce), hex(&body)))
    }

    fn xchacha(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.encryption.into())
    }

    /// SM4 has keys of 128 bits: the first half.
    fn sm4(&self) -> Sm4Gcm {
        let (key, _) = self.encryption.split_first_chunk::<16>().expect("32 bytes hold 16");
        Sm4Gcm::new(&(*key).into())
    }

    /// Decrypts what [`Keys::seal`] made.
    pub fn open(&self, sealed: &str) -> anyhow::Result<String> {
        let wrong = "加密的内容打不开：密钥不对或内容被改动";
        let n = self.cipher.nonce();
        let bytes = sealed.strip_prefix(self.cipher.prefix()).and_then(unhex).filter(|b| b.len() > n).context(wrong)?;
        let (nonce, body) = bytes.split_at(n);
        let plain = match self.cipher {
            Cipher::XChaCha20 => self.xchacha().decrypt(&Nonce::<XChaCha20Poly1305>::try_from(nonce)?, body),
            Cipher::Sm4 => self.sm4().decrypt(&Nonce::<Sm4Gcm>::try_from(nonce)?, body),
        };
        match plain {
            Ok(plain) => Ok(String::from_utf8(plain)?),
            Err(_) => bail!(wrong),
        }
    }

    /// The seal of the audit log's entries.
    pub fn audit_seal(&self) -> Seal {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.index).expect("HMAC takes a key of any length");
        mac.update(b"dongliang audit seal");
        Seal::new(&mac.finalize().into_bytes().into())
    }

    /// The blind index of a text (hex HMAC-SHA256): equal for equal texts, whatever their width, case and spaces.
    /// Cipher text under these keys is indexed by what it holds.
    pub fn blind_index(&self, text: &str) -> String {
        let opened = text.starts_with(self.cipher.prefix()).then(|| self.open(text).ok()).flatten();
        let text = opened.as_deref().unwrap_or(text);
        let plain: String = text.nfkc().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect();
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.index).expect("HMAC takes a key of any length");
        mac.update(plain.as_bytes());
        hex(&mac.finalize().into_bytes())
    }
}

fn fill_random(bytes: &mut [u8]) -> anyhow::Result<()> {
    getrandom::fill(bytes).map_err(|e| anyhow::anyhow!("取不到随机数：{e}"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, b| {
        let _ = write!(text, "{b:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| (b as char).to_digit(16).map(|d| d as u8);
    let bytes = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    bytes.collect()
}

#[cfg(test)]
mod tests {
    use std::array::from_fn;

    use super::*;
    use crate::db::testing::TempDir;

    fn keys() -> Keys {
        Keys::from_bytes(from_fn(|i| 0x80 + i as u8), from_fn(|i| i as u8))
    }

    /// Key, nonce, text and cipher text of draft-irtf-cfrg-xchacha A.3.1; the tag without associated data and the
    /// HMAC were calculated with another implementation.
    #[test]
    fn known_vectors() {
        let plain = "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
                     sunscreen would be it.";
        let sealed = keys().seal_under(&from_fn::<u8, 24, _>(|i| 0x40 + i as u8), plain).unwrap();
        let body = "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae\
                    64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9\
                    664c97637da9768812f615c68b13b52e";
        let nonce: String = (0x40..0x58).map(|b| format!("{b:02x}")).collect();
        assert_eq!(sealed, format!("v1:{nonce}{body}f7e62efbf45089db18f9c8a3f0e41e5f"));
        assert_eq!(keys().open(&sealed).unwrap(), plain);
        let index = "a66755453b106dcea0cfa264214ae59ff1e8b067f3e5f3aa8085e1d8757880eb";
        assert_eq!(keys().blind_index("11010519491231002X"), index);
        assert_eq!(keys().blind_index(" １１０１０５ 19491231 002x"), index);
    }

    /// Key, nonce and text of RFC 8998 A.1, with its associated data; and the first bytes of the same without.
    #[test]
    fn sm4_gcm_is_that_of_the_standard() {
        use aes_gcm::aead::Payload;
        let bytes = |text: &str| unhex(text).unwrap();
        let key: [u8; 16] = bytes("0123456789abcdeffedcba9876543210").try_into().unwrap();
        let nonce = bytes("00001234567800000000abcd");
        let plain = bytes(
            "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddddeeeeeeeeeeeeeeeeffffffffffffffff\
             eeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa",
        );
        let aad = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let cipher = Sm4Gcm::new(&key.into());
        let sealed = cipher.encrypt(&nonce[..].try_into().unwrap(), Payload { msg: &plain, aad: &aad }).unwrap();
        let body = "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15\
                    a56834cbcf98c397b4024a2691233b8d";
        assert_eq!(hex(&sealed), format!("{body}83de3541e4c2b58177e065a9bf7b62ec"));
        // The keys of an installation use it so.
        let mut encryption = [0; 32];
        encryption[..16].copy_from_slice(&key);
        let keys = Keys::from_bytes(encryption, [1; 32]).with_cipher(Cipher::Sm4);
        let text = "栋梁";
        let sealed = keys.seal_under(&nonce, text).unwrap();
        let own = cipher.encrypt(&nonce[..].try_into().unwrap(), text.as_bytes()).unwrap();
        assert_eq!(sealed, format!("s1:{}{}", hex(&nonce), hex(&own)));
        assert_eq!(keys.open(&sealed).unwrap(), text);
        assert_eq!(keys.seal(&sealed).unwrap(), sealed);
        assert_eq!(keys.blind_index(&sealed), keys.blind_index(text));
        assert!(Keys::from_bytes(encryption, [1; 32]).open(&sealed).is_err(), "a cipher opens its own alone");
        assert!(keys.open(&sealed.replace("s1:0", "s1:1")).is_err());
    }

    #[test]
    fn sealed_text_shows_nothing_and_opens_only_whole_and_with_its_keys() {
        let plain = "11010519491231002X";
        let (a, b) = (keys().seal(plain).unwrap(), keys().seal(plain).unwrap());
        assert_ne!(a, b, "a nonce was used twice");
        assert!(!a.contains(plain) && !a.contains(&hex(plain.as_bytes())));
        assert_eq!(keys().open(&a).unwrap(), plain);
        assert_eq!(keys().seal(&a).unwrap(), a);
        assert_eq!(keys().blind_index(&a), keys().blind_index(plain));
        let other = Keys::from_bytes([1; 32], [2; 32]);
        assert!(other.open(&a).is_err());
        assert_ne!(other.blind_index(plain), keys().blind_index(plain));
        for cut in [&a[..a.len() - 2], &a[..10], "", "v1:", plain, "v1:zz"] {
            assert!(keys().open(cut).is_err(), "{cut}");
        }
        let mut changed = a.into_bytes();
        let last = changed.last_mut().unwrap();
        *last = if *last == b'0' { b'1' } else { b'0' };
        assert!(keys().open(&String::from_utf8(changed).unwrap()).is_err());
    }

    #[test]
    fn the_key_file_is_private_and_never_overwritten() {
        let dir = TempDir::new();
        let file = dir.0.join("key");
        let made = Keys::create(&file, Cipher::XChaCha20).unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let loaded = Keys::load(&file).unwrap();
        assert_eq!(loaded.open(&made.seal("秘").unwrap()).unwrap(), "秘");
        assert!(Keys::create(&file, Cipher::XChaCha20).is_err());
        let national = dir.0.join("sm4");
        let made_so = Keys::create(&national, Cipher::Sm4).unwrap();
        let sealed = Keys::load(&national).unwrap().seal("秘").unwrap();
        assert!(sealed.starts_with("s1:") && made_so.open(&sealed).unwrap() == "秘");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(Keys::load(&file).unwrap_err().to_string().contains("chmod 600"));
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&file, "abc").unwrap();
        assert!(Keys::load(&file).is_err());
        assert!(Keys::load(&dir.0.join("none")).is_err());
    }
}
