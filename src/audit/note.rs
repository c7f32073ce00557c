//! Signed notes: the text of a checkpoint and its Ed25519 signature, in the formats of C2SP (`signed-note`,
//! `tlog-checkpoint`), which the tools of transparency logs read.

use std::{
    io::Write as _,
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use anyhow::{Context as _, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use ring::signature::{self, Ed25519KeyPair, KeyPair as _};

use super::tree::Hash;

/// Ed25519 in a signed note.
const ED25519: u8 = 1;

/// Signs checkpoints. The key lies in the data directory, outside the database.
pub struct Signer {
    pair: Ed25519KeyPair,
    verifier: Verifier,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.verifier)
    }
}

impl Signer {
    /// From a seed; for tests and for what lives in memory only.
    ///
    /// # Errors
    /// Never with the library as it is.
    pub fn from_seed(seed: &[u8; 32]) -> anyhow::Result<Signer> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok().context("签名密钥不能用")?;
        let key = pair.public_key().as_ref().try_into()?;
        Ok(Signer { pair, verifier: Verifier::new(key) })
    }

    /// A new key, written to a file that must not exist yet and that only its owner may read.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn create(path: &Path) -> anyhow::Result<Signer> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|e| anyhow::anyhow!("取不到随机数：{e}"))?;
        let write = || -> std::io::Result<()> {
            let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
            writeln!(file, "{}", Hash(seed))?;
            file.sync_all()
        };
        write().with_context(|| format!("签名密钥文件 {} 写不进去", path.display()))?;
        Signer::from_seed(&seed)
    }

    /// Reads the key file; refuses one that others could read.
    ///
    /// # Errors
    /// When there is none, others may read it, or it holds no key.
    pub fn load(path: &Path) -> anyhow::Result<Signer> {
        let shown = path.display();
        let open = || format!("签名密钥文件 {shown} 打不开");
        let mode = std::fs::metadata(path).with_context(open)?.permissions().mode();
        ensure!(mode & 0o077 == 0, "签名密钥文件 {shown} 别人也能读：请执行 chmod 600 {shown}");
        let text = std::fs::read_to_string(path).with_context(open)?;
        let seed = Hash::parse(text.trim());
        let seed = seed.with_context(|| format!("签名密钥文件 {shown} 的内容不对，应为 64 个十六进制字符"))?;
        Signer::from_seed(&seed.0)
    }

    /// Who can check its signatures.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The signed checkpoint of a tree.
    pub fn sign(&self, size: u64, root: &Hash) -> String {
        let text = format!("{}\n{size}\n{}\n", self.verifier.name, BASE64.encode(root.0));
        let mut signed = self.verifier.id().to_vec();
        signed.extend_from_slice(self.pair.sign(text.as_bytes()).as_ref());
        format!("{text}\n— {} {}\n", self.verifier.name, BASE64.encode(signed))
    }
}

/// Checks the signatures of one key; written as a `vkey`: `name+id+key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    key: [u8; 32],
}

impl Verifier {
    /// A log is named after its key, so that no two have one name.
    fn new(key: [u8; 32]) -> Verifier {
        Verifier { name: format!("dongliang/{}", &Hash::of(&key).to_string()[..16]), key }
    }

    /// The first four bytes of a hash of name and key.
    fn id(&self) -> [u8; 4] {
        let hash = Hash::of(&[self.name.as_bytes(), b"\n", &[ED25519], &self.key].concat());
        [hash.0[0], hash.0[1], hash.0[2], hash.0[3]]
    }

    /// Reads a `vkey`.
    pub fn parse(text: &str) -> Option<Verifier> {
        let mut parts = text.trim().splitn(3, '+');
        let (name, id, key) = (parts.next()?, parts.next()?, parts.next()?);
        let key = BASE64.decode(key).ok()?;
        let verifier = Verifier { name: name.to_owned(), key: key.strip_prefix(&[ED25519])?.try_into().ok()? };
        let own = u32::from_be_bytes(verifier.id());
        (id.len() == 8 && u32::from_str_radix(id, 16).ok()? == own).then_some(verifier)
    }

    /// Whether the note is signed by this key.
    pub fn signed(&self, note: &str) -> bool {
        let Some((text, signatures)) = note.split_once("\n\n") else { return false };
        let text = format!("{text}\n");
        let head = format!("— {} ", self.name);
        signatures.lines().filter_map(|line| BASE64.decode(line.strip_prefix(&head)?).ok()).any(|bytes| {
            let Some(signature) = bytes.strip_prefix(&self.id()) else { return false };
            let key = signature::UnparsedPublicKey::new(&signature::ED25519, self.key);
            key.verify(text.as_bytes(), signature).is_ok()
        })
    }
}

impl std::fmt::Display for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let id = u32::from_be_bytes(self.id());
        write!(f, "{}+{id:08x}+{}", self.name, BASE64.encode([&[ED25519][..], &self.key].concat()))
    }
}

/// What a checkpoint's text says: name of the log, size and root.
pub(super) fn read(note: &str) -> Option<(&str, u64, Hash)> {
    let mut lines = note.split('\n');
    let (name, size, root) = (lines.next()?, lines.next()?, lines.next()?);
    let number = size.parse::<u64>().ok().filter(|n| n.to_string() == size)?;
    Some((name, number, Hash(BASE64.decode(root).ok()?.try_into().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Key and signature of the seed by another implementation of Ed25519 (RFC 8032, test 1).
    #[test]
    fn the_key_of_a_seed_is_that_of_the_standard() {
        let seed = Hash::parse("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").unwrap();
        let key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        assert_eq!(Hash(Signer::from_seed(&seed.0).unwrap().verifier.key).to_string(), key);
    }

    #[test]
    fn a_note_reads_back_and_no_change_goes_unseen() {
        let signer = Signer::from_seed(&[3; 32]).unwrap();
        let note = signer.sign(7, &Hash::of(b"x"));
        let verifier = signer.verifier().clone();
        assert_eq!(read(&note), Some((verifier.name.as_str(), 7, Hash::of(b"x"))));
        assert!(verifier.signed(&note));
        assert_eq!(Verifier::parse(&verifier.to_string()), Some(verifier.clone()));
        assert!(!verifier.signed(&note.replace("\n7\n", "\n8\n")));
        assert!(!verifier.signed(&note.replace("\n\n", "\nmore\n\n")));
        assert!(!Signer::from_seed(&[4; 32]).unwrap().verifier().signed(&note));
        assert!(!verifier.signed("") && read("a\n07\nb\n").is_none());
        assert_eq!(Verifier::parse(&verifier.to_string().replace("+0", "+1").replace('/', "-")), None);
    }
}
