//! Merkle trees of RFC 6962, section 2.1: SHA-256, leaves begin with 0, inner nodes with 1.
//!
//! A log keeps the roots of its perfect subtrees ([`Frontier`]), so that a further leaf and the root of all cost
//! O(log n). Proofs are made from all leaves.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::hex;

/// A SHA-256 hash, written in hexadecimal digits.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Of bytes as they are; a leaf's begin with a zero byte.
    pub fn of(bytes: &[u8]) -> Hash {
        Hash(Sha256::digest(bytes).into())
    }

    /// Of two subtrees.
    pub fn node(left: &Hash, right: &Hash) -> Hash {
        let mut bytes = [1; 65];
        bytes[1..33].copy_from_slice(&left.0);
        bytes[33..].copy_from_slice(&right.0);
        Hash::of(&bytes)
    }

    /// The first eight digits, as a number.
    pub(super) fn print(&self) -> u32 {
        self.0.first_chunk().map_or(0, |b| u32::from_be_bytes(*b))
    }

    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Hash> {
        let digits: &[u8; 64] = text.as_bytes().try_into().ok()?;
        let mut bytes = [0; 32];
        hex::read(digits, &mut bytes).then_some(Hash(bytes))
    }

    /// The 64 digits.
    pub(super) fn digits(&self) -> [u8; 64] {
        let mut digits = [0; 64];
        hex::write(&self.0, &mut digits);
        digits
    }

    /// Digits as text.
    pub(super) fn as_str(digits: &[u8; 64]) -> &str {
        std::str::from_utf8(digits).unwrap_or_default()
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Hash::as_str(&self.digits()))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A tree of which only the roots of the perfect subtrees are known, the largest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    roots: Vec<Hash>,
}

impl Frontier {
    /// Adds a leaf by its hash.
    pub fn push(&mut self, leaf: Hash) {
        let mut root = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.roots.pop() {
                root = Hash::node(&left, &root);
            }
        }
        self.roots.push(root);
        self.size += 1;
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Root of all leaves; of none, the hash of nothing.
    pub fn root(&self) -> Hash {
        let mut roots = self.roots.iter().rev();
        let Some(last) = roots.next() else { return Hash::of(&[]) };
        roots.fold(*last, |right, left| Hash::node(left, &right))
    }

    /// Reads what `Display` writes.
    pub fn parse(text: &str) -> Option<Frontier> {
        let mut words = text.split(' ');
        let size: u64 = words.next()?.parse().ok()?;
        let roots = words.map(Hash::parse).collect::<Option<Vec<_>>>()?;
        (roots.len() == size.count_ones() as usize).then_some(Frontier { size, roots })
    }
}

impl fmt::Display for Frontier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.size)?;
        self.roots.iter().try_for_each(|root| write!(f, " {root}"))
    }
}

/// Root of a list of leaves.
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::of(&[]),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            Hash::node(&root(left), &root(right))
        }
    }
}

/// The hashes beside the way from a leaf (from 0) to the root, the lowest first; none for a leaf that is not there.
pub fn inclusion(leaves: &[Hash], leaf: usize) -> Vec<Hash> {
    if leaf >= leaves.len() || leaves.len() == 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut path, beside) = match leaf.checked_sub(left.len()) {
        None => (inclusion(left, leaf), root(right)),
        Some(leaf) => (inclusion(right, leaf), root(left)),
    };
    path.push(beside);
    path
}

/// Whether a path of [`inclusion`] leads from a leaf (from 0) to the root of a tree of `size` leaves (RFC 9162, 2.1.3.2).
pub fn included(leaf: Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, leaf);
    for beside in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = Hash::node(beside, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = Hash::node(&hash, beside);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// The largest power of two below `n`, for `n` above 1.
fn split(n: usize) -> usize {
    1 << (n - 1).ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Leaves and roots of certificate-transparency's reference tests for RFC 6962.
    #[test]
    fn reference_vectors() {
        let inputs: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let leaves: Vec<Hash> = inputs.iter().map(|data| Hash::of(&[&[0][..], data].concat())).collect();
        let mut log = Frontier::default();
        for (n, expected) in roots.iter().enumerate() {
            assert_eq!(log.root().to_string(), *expected, "{n} leaves");
            assert_eq!(root(&leaves[..n]), log.root());
            assert_eq!(Frontier::parse(&log.to_string()), Some(log.clone()));
            if let Some(leaf) = leaves.get(n) {
                log.push(*leaf);
            }
        }
        let path = inclusion(&leaves, 5);
        let expected = [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ];
        assert_eq!(path.iter().map(Hash::to_string).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_path_leads_from_its_leaf_and_from_no_other() {
        let leaves: Vec<Hash> = (0..70u8).map(|n| Hash::of(&[0, n])).collect();
        for size in 1..=leaves.len() {
            let of = &leaves[..size];
            let top = root(of);
            for leaf in 0..size {
                let path = inclusion(of, leaf);
                let leads = |hash, index: usize, path: &[Hash]| included(hash, index as u64, size as u64, path, &top);
                assert!(leads(of[leaf], leaf, &path));
                assert!(!leads(Hash::of(&[0, 99]), leaf, &path));
                assert!(size == 1 || !leads(of[leaf], (leaf + 1) % size, &path));
                assert!(!leads(of[leaf], leaf, &[&path[..], &[top]].concat()));
            }
        }
    }
}
