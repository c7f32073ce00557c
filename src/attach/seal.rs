//! Sealed files: encrypted with a key of their own, which lies beside name and hash in the row, sealed by the ring.

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::{
    db::Tx,
    hex::{hex, unhex},
    ledger::{Cipher, Keys},
};

/// What only the ring opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Secret {
    /// What the file was called.
    pub(super) name: String,
    /// SHA-256 of what was sent, in hex.
    pub(super) sha256: String,
    /// Its key, in hex.
    key: String,
}

impl Secret {
    /// Encrypts a file with a fresh key; gives the bytes and the sealed secret.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub(super) fn seal(keys: &Keys, name: &str, sha256: &str, plain: &[u8]) -> anyhow::Result<(Vec<u8>, String)> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|e| anyhow::anyhow!("取不到随机数：{e}"))?;
        let bytes = own(key, keys.newest().cipher).seal_bytes(plain)?;
        let secret = Secret { name: name.to_owned(), sha256: sha256.to_owned(), key: hex(&key) };
        Ok((bytes, keys.seal(&serde_json::to_string(&secret)?)?))
    }

    /// Reads a sealed secret.
    ///
    /// # Errors
    /// When the keys are not those.
    pub(super) fn open(keys: &Keys, sealed: &str) -> anyhow::Result<Secret> {
        serde_json::from_str(&keys.open(sealed)?).context("附件的密钥读不懂")
    }

    /// The bytes as they were sent.
    ///
    /// # Errors
    /// When they were changed.
    pub(super) fn opened(&self, bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
        let key = unhex(&self.key).and_then(|k| k.try_into().ok()).context("附件的密钥不对")?;
        let ciphers = [Cipher::XChaCha20, Cipher::Sm4];
        let opened = ciphers.into_iter().find_map(|cipher| own(key, cipher).open_bytes(bytes).ok());
        opened.context("加密的附件打不开：内容被改动")
    }
}

fn own(key: [u8; 32], cipher: Cipher) -> Keys {
    Keys::from_bytes(key, [0; 32]).with_cipher(cipher)
}

/// Seals the secrets that an older key of the ring sealed with the newest; gives how many. The files stay as they are.
///
/// # Errors
/// When the store fails.
pub(crate) fn reseal(tx: &mut Tx<'_>, keys: &Keys) -> anyhow::Result<u64> {
    let sql = "select row_id, secret from attachment where secret is not null";
    let mut n = 0;
    for (id, sealed) in tx.rows(sql, &[], |r| Ok((r.i64(0)?, r.text(1)?.to_owned())))? {
        if let Some(anew) = keys.anew(&sealed)? {
            tx.execute("update attachment set secret = $2 where row_id = $1", &[id.into(), anew.into()])?;
            n += 1;
        }
    }
    Ok(n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::day::Day;

    #[test]
    fn a_sealed_file_opens_under_the_ring_alone_and_after_a_rotation_too() {
        for cipher in [Cipher::XChaCha20, Cipher::Sm4] {
            let keys = Keys::from_bytes([1; 32], [2; 32]).with_cipher(cipher);
            let (bytes, secret) = Secret::seal(&keys, "谈话.docx", "ab", b"content").unwrap();
            assert!(!bytes.windows(7).any(|w| w == b"content") && !secret.contains("谈话"));
            let next = keys.next(Cipher::Sm4, Day::parse("2025-01-01").unwrap()).unwrap();
            let anew = next.anew(&secret).unwrap().unwrap();
            let open = Secret::open(&next, &anew).unwrap();
            assert_eq!((open.name.as_str(), open.opened(&bytes).unwrap().as_slice()), ("谈话.docx", &b"content"[..]));
            let mut changed = bytes.clone();
            *changed.last_mut().unwrap() ^= 1;
            assert!(open.opened(&changed).is_err());
            assert!(Secret::open(&Keys::from_bytes([3; 32], [2; 32]), &secret).is_err());
        }
    }
}
