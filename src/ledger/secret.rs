//! Sensitive fields: encrypted with XChaCha20-Poly1305, or SM4-GCM (RFC 8998) where `--cipher sm4` said so, under a
//! random nonce, found again by a keyed blind index.
//!
//! The keys are a ring of numbered keys in a file outside the database (`key_file`), mode 0600. The newest key is the one
//! that encrypts and indexes; the others only open what was encrypted before. Whoever has the database alone can read
//! nothing, and whoever has neither key cannot test a guess against the index. What binds the installation itself (the
//! seal of the log, the check of the key file, digests) hangs on the root, which is the first key's and never changes.

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

use crate::{
    audit::Seal,
    day::Day,
    db::Tx,
    hex::{hex, unhex},
};

/// Number of the key under which the whole database is encrypted and indexed; absent: 1.
pub(crate) const KEY_NUMBER: &str = "key_number";

/// The cipher of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cipher {
    /// XChaCha20-Poly1305.
    XChaCha20,
    /// SM4-GCM, where rules ask for the national algorithms.
    Sm4,
}

type Sm4Gcm = AesGcm<Sm4, U12>;

impl Cipher {
    /// The letter with which its cipher texts begin.
    fn letter(self) -> char {
        match self {
            Cipher::XChaCha20 => 'v',
            Cipher::Sm4 => 's',
        }
    }

    /// Bytes of a nonce. 96 random bits are enough for 2³² values under one key.
    fn nonce(self) -> usize {
        match self {
            Cipher::XChaCha20 => 24,
            Cipher::Sm4 => 12,
        }
    }

    /// The word of the key file.
    pub fn word(self) -> &'static str {
        match self {
            Cipher::XChaCha20 => "xchacha20",
            Cipher::Sm4 => "sm4",
        }
    }
}

/// One key of the ring.
#[derive(Clone)]
pub struct Key {
    /// Its number, from 1; cipher texts bear it.
    pub number: u32,
    /// What it encrypts with.
    pub cipher: Cipher,
    /// The day on which it was made; `None` where that was not noted.
    pub made: Option<Day>,
    /// The day from which no value in the database needs it: it is kept for older backups.
    pub unused: Option<Day>,
    pub(super) encryption: [u8; 32],
    pub(super) index: [u8; 32],
}

impl Key {
    /// What its cipher texts begin with.
    pub(crate) fn prefix(&self) -> String {
        format!("{}{}:", self.cipher.letter(), self.number)
    }

    fn seal_under(&self, nonce: &[u8], plain: &str) -> anyhow::Result<String> {
        let Some(body) = self.encrypted(nonce, plain.as_bytes()) else { bail!("加密失败") };
        Ok(format!("{}{}{}", self.prefix(), hex(nonce), hex(&body)))
    }

    /// What a cipher text without its prefix holds.
    fn open(&self, digits: &str) -> Option<String> {
        let n = self.cipher.nonce();
        let bytes = unhex(digits).filter(|b| b.len() > n)?;
        let (nonce, body) = bytes.split_at(n);
        String::from_utf8(self.decrypted(nonce, body)?).ok()
    }

    fn encrypted(&self, nonce: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
        let body = match self.cipher {
            Cipher::XChaCha20 => self.xchacha().encrypt(&Nonce::<XChaCha20Poly1305>::try_from(nonce).ok()?, plain),
            Cipher::Sm4 => self.sm4().encrypt(&Nonce::<Sm4Gcm>::try_from(nonce).ok()?, plain),
        };
        body.ok()
    }

    fn decrypted(&self, nonce: &[u8], body: &[u8]) -> Option<Vec<u8>> {
        let plain = match self.cipher {
            Cipher::XChaCha20 => self.xchacha().decrypt(&Nonce::<XChaCha20Poly1305>::try_from(nonce).ok()?, body),
            Cipher::Sm4 => self.sm4().decrypt(&Nonce::<Sm4Gcm>::try_from(nonce).ok()?, body),
        };
        plain.ok()
    }

    fn xchacha(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.encryption.into())
    }

    /// SM4 has keys of 128 bits: the first half.
    fn sm4(&self) -> Sm4Gcm {
        let (key, _) = self.encryption.split_first_chunk::<16>().expect("32 bytes hold 16");
        Sm4Gcm::new(&(*key).into())
    }
}

/// The keys of an installation.
#[derive(Clone)]
pub struct Keys {
    /// The first key's, also after that was dropped.
    pub(super) root: [u8; 32],
    /// By number; never empty.
    pub(super) ring: Vec<Key>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

impl Keys {
    /// Keys from their bytes; for tests and for what lives in memory only.
    pub fn from_bytes(encryption: [u8; 32], index: [u8; 32]) -> Keys {
        let first = Key { number: 1, cipher: Cipher::XChaCha20, made: None, unused: None, encryption, index };
        Keys { root: index, ring: vec![first] }
    }

    /// The same keys, the newest under another cipher.
    pub fn with_cipher(mut self, cipher: Cipher) -> Keys {
        if let Some(newest) = self.ring.last_mut() {
            newest.cipher = cipher;
        }
        self
    }

    /// Fresh keys of a new installation.
    pub(super) fn fresh(cipher: Cipher, made: Day) -> anyhow::Result<Keys> {
        let (mut encryption, mut index) = ([0; 32], [0; 32]);
        fill_random(&mut encryption)?;
        fill_random(&mut index)?;
        let mut keys = Keys::from_bytes(encryption, index).with_cipher(cipher);
        keys.ring[0].made = Some(made);
        Ok(keys)
    }

    /// The ring with one more key, random, which encrypts from then on.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn next(&self, cipher: Cipher, made: Day) -> anyhow::Result<Keys> {
        let Keys { mut ring, .. } = Keys::fresh(cipher, made)?;
        ring[0].number = self.number() + 1;
        Ok(Keys { root: self.root, ring: [self.ring.clone(), ring].concat() })
    }

    /// The ring without a key; the newest stays.
    pub fn without(&self, number: u32) -> Keys {
        let newest = self.number();
        let ring = self.ring.iter().filter(|k| k.number != number || k.number == newest).cloned().collect();
        Keys { root: self.root, ring }
    }

    /// The ring with those older keys that are not among these noted as unused from a day on.
    pub fn unused_but(&self, used: &[u32], day: Day) -> Keys {
        let (mut keys, newest) = (self.clone(), self.number());
        for key in keys.ring.iter_mut().filter(|k| k.number != newest) {
            key.unused = if used.contains(&key.number) { None } else { key.unused.or(Some(day)) };
        }
        keys
    }

    /// All keys, the oldest first.
    pub fn ring(&self) -> &[Key] {
        &self.ring
    }

    /// The key that encrypts.
    pub fn newest(&self) -> &Key {
        self.ring.last().expect("a ring is never empty")
    }

    /// The number of the key that encrypts.
    pub fn number(&self) -> u32 {
        self.newest().number
    }

    /// Remembers in the database, at the first call, which keys belong to it, and refuses all others afterwards.
    ///
    /// # Errors
    /// When they are those of another database, or the store fails.
    pub fn bind(&self, tx: &mut Tx<'_>) -> anyhow::Result<()> {
        if tx.one("select value from meta where key = 'key_check'", &[], |r| Ok(r.text(0)?.to_owned()))?.is_none() {
            tx.execute("insert into meta (key, value) values ('key_check', $1)", &[self.check().into()])?;
        }
        self.fit(tx).map(|_| ())
    }

    /// Refuses the keys of another database, and a ring that lacks the database's key. Gives the number of that: if it is
    /// not the newest, a change of keys is under way.
    ///
    /// # Errors
    /// As said, or when the store cannot be read.
    pub fn fit(&self, tx: &mut Tx<'_>) -> anyhow::Result<u32> {
        let mut meta =
            |key: &str| tx.one("select value from meta where key = $1", &[key.into()], |r| Ok(r.text(0)?.to_owned()));
        let known = meta("key_check")?.is_none_or(|known| known == self.check());
        ensure!(known, "密钥文件与数据库不配套：请找回建库时的密钥文件，否则加密的内容打不开");
        let number: u32 =
            meta(KEY_NUMBER)?.map_or(Some(1), |n| n.parse().ok()).context("数据库里的密钥编号读不出来")?;
        ensure!(
            self.ring.iter().any(|k| k.number == number),
            "密钥文件里没有第 {number} 把密钥，而数据库是用它加密的：请用更换密钥以后的密钥文件"
        );
        Ok(number)
    }

    fn check(&self) -> String {
        index_under(&self.root, "dongliang key check")
    }

    /// A keyed digest (hex HMAC-SHA256) that nobody without the keys can make. Each purpose has a key of its own, so that
    /// no blind index is ever one of these.
    pub fn digest(&self, purpose: &str, text: &str) -> String {
        // No indexed text holds U+0000: the store refuses it.
        let own = mac(&self.root, &format!("\0{purpose}"));
        hex(&mac(&own, text))
    }

    /// Encrypts a text under the newest key. What is already cipher text under it stays as it is, so that a correction
    /// can carry a sensitive value over without opening it; what an older key encrypted is encrypted anew.
    pub fn seal(&self, plain: &str) -> anyhow::Result<String> {
        let opened = self.opened(plain);
        if opened.as_ref().is_some_and(|(number, _)| *number == self.number()) {
            return Ok(plain.to_owned());
        }
        let plain = opened.as_ref().map_or(plain, |(_, opened)| opened);
        let newest = self.newest();
        let mut nonce = vec![0; newest.cipher.nonce()];
        fill_random(&mut nonce)?;
        newest.seal_under(&nonce, plain)
    }

    /// Decrypts what [`Keys::seal`] made, with whichever key.
    pub fn open(&self, sealed: &str) -> anyhow::Result<String> {
        self.opened(sealed).map(|(_, plain)| plain).context("加密的内容打不开：密钥不对或内容被改动")
    }

    /// What a cipher text holds and the number of its key; `None` for any other text.
    pub(crate) fn opened(&self, sealed: &str) -> Option<(u32, String)> {
        if !sealed.starts_with(['v', 's']) {
            return None;
        }
        self.ring.iter().rev().find_map(|key| {
            let plain = key.open(sealed.strip_prefix(&key.prefix())?)?;
            Some((key.number, plain))
        })
    }

    /// A cipher text of an older key, under the newest; `None` for everything else.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub(crate) fn anew(&self, sealed: &str) -> anyhow::Result<Option<String>> {
        let older = self.opened(sealed).filter(|(number, _)| *number != self.number());
        older.map(|(_, plain)| self.seal(&plain)).transpose()
    }

    /// Encrypts the bytes of a file under the newest key.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn seal_bytes(&self, plain: &[u8]) -> anyhow::Result<Vec<u8>> {
        let key = self.newest();
        let mut nonce = vec![0; key.cipher.nonce()];
        fill_random(&mut nonce)?;
        let Some(body) = key.encrypted(&nonce, plain) else { bail!("加密失败") };
        Ok([key.prefix().as_bytes(), &nonce, &body].concat())
    }

    /// Decrypts what [`Keys::seal_bytes`] made, with whichever key.
    ///
    /// # Errors
    /// When the keys are not those, or it was changed.
    pub fn open_bytes(&self, sealed: &[u8]) -> anyhow::Result<Vec<u8>> {
        let opened = self.ring.iter().rev().find_map(|key| {
            let (nonce, body) = sealed.strip_prefix(key.prefix().as_bytes())?.split_at_checked(key.cipher.nonce())?;
            key.decrypted(nonce, body)
        });
        opened.context("加密的文件打不开：密钥不对或内容被改动")
    }

    /// The seal of the audit log's entries.
    pub fn audit_seal(&self) -> Seal {
        Seal::new(&mac(&self.root, "dongliang audit seal"))
    }

    /// The blind index of a text under the newest key (hex HMAC-SHA256): equal for equal texts, whatever their width,
    /// case and spaces. Cipher text under these keys is indexed by what it holds.
    pub fn blind_index(&self, text: &str) -> String {
        let opened = self.opened(text);
        index_under(&self.newest().index, opened.as_ref().map_or(text, |(_, plain)| plain))
    }
}

fn index_under(key: &[u8; 32], text: &str) -> String {
    let plain: String = text.nfkc().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect();
    hex(&mac(key, &plain))
}

fn mac(key: &[u8], text: &str) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

fn fill_random(bytes: &mut [u8]) -> anyhow::Result<()> {
    getrandom::fill(bytes).map_err(|e| anyhow::anyhow!("取不到随机数：{e}"))
}

#[cfg(test)]
mod tests {
    use std::array::from_fn;

    use super::*;

    fn keys() -> Keys {
        Keys::from_bytes(from_fn(|i| 0x80 + i as u8), from_fn(|i| i as u8))
    }

    /// Key, nonce, text and cipher text of draft-irtf-cfrg-xchacha A.3.1; the tag without associated data and the
    /// HMAC were calculated with another implementation.
    #[test]
    fn known_vectors() {
        let plain = "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
                     sunscreen would be it.";
        let sealed = keys().newest().seal_under(&from_fn::<u8, 24, _>(|i| 0x40 + i as u8), plain).unwrap();
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
        let sealed = keys.newest().seal_under(&nonce, text).unwrap();
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
    fn a_ring_opens_what_its_older_keys_sealed_and_seals_with_the_newest() {
        let day = Day::parse("2026-11-29").unwrap();
        let first = keys();
        let second = first.next(Cipher::Sm4, day).unwrap();
        let third = second.next(Cipher::XChaCha20, day).unwrap();
        let [a, b, c] = [&first, &second, &third].map(|k| k.seal("13912345678").unwrap());
        assert!(a.starts_with("v1:") && b.starts_with("s2:") && c.starts_with("v3:"));
        for sealed in [&a, &b, &c] {
            assert_eq!(third.open(sealed).unwrap(), "13912345678");
            assert_eq!(third.blind_index(sealed), third.blind_index("13912345678"));
        }
        assert!(first.open(&b).is_err(), "an older ring does not open newer texts");
        assert_ne!(first.blind_index("13912345678"), second.blind_index("13912345678"));
        let again = third.seal(&a).unwrap();
        assert!(again.starts_with("v3:") && third.open(&again).unwrap() == "13912345678");
        assert_eq!(third.seal(&again).unwrap(), again);
        // Digests and seals hang on the root, even when the first key is gone.
        let later = third.without(1);
        assert!(later.open(&a).is_err() && later.open(&b).is_ok());
        assert_eq!(later.digest("x", "y"), first.digest("x", "y"));
        assert_eq!(later.without(3).number(), 3, "the newest is never dropped");
        let noted = third.unused_but(&[2], day);
        assert_eq!(noted.ring().iter().map(|k| k.unused).collect::<Vec<_>>(), [Some(day), None, None]);
        // A text of another form is none of theirs.
        for text in ["v01:00", "v4:00", "v:00", "V1:00", "中v1:"] {
            assert!(third.open(text).is_err(), "{text}");
        }
    }
}
