//! Hashes of the Merkle tree (RFC 6962 section 2.1).

use model::{Hasher, Sha256};

/// Hash of a leaf: SHA-256 of `0x00` and the entry.
pub fn leaf_hash(entry: &[u8]) -> Sha256 {
    let mut hasher = Hasher::new();
    hasher.update(&[0]);
    hasher.update(entry);
    hasher.finish()
}

/// Hash of an inner node: SHA-256 of `0x01` and both children.
pub fn node_hash(left: &Sha256, right: &Sha256) -> Sha256 {
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(left.as_bytes());
    bytes[33..].copy_from_slice(right.as_bytes());
    Sha256::of(bytes)
}

/// Root of the tree without leaves: SHA-256 of nothing.
pub fn empty_root() -> Sha256 {
    Sha256::of("")
}
