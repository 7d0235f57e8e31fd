//! Inclusion and consistency proofs: making them from stored nodes (RFC 6962 section 2.1) and
//! checking them with nothing but hashes (RFC 9162 sections 2.1.3.2 and 2.1.4.2).

use model::Sha256;

use super::{empty_root, node_hash};

/// Where hashes of complete subtrees come from.
pub trait Nodes {
    /// What can go wrong.
    type Error;

    /// Hash of the complete subtree over leaves `index * 2^level .. (index + 1) * 2^level`.
    ///
    /// # Errors
    /// Whatever the store says.
    fn node(&self, level: u32, index: u64) -> Result<Sha256, Self::Error>;
}

/// Largest power of two below `n` (`n` at least 2).
fn split(n: u64) -> u64 {
    1 << (63 - (n - 1).leading_zeros())
}

/// Root over the leaves `start..end`; `start` must be aligned as in a tree of which it is a subtree.
///
/// # Errors
/// Of the store.
pub fn range_hash<N: Nodes>(nodes: &N, start: u64, end: u64) -> Result<Sha256, N::Error> {
    let count = end - start;
    match count {
        0 => Ok(empty_root()),
        _ if count.is_power_of_two() => {
            let level = count.trailing_zeros();
            nodes.node(level, start >> level)
        }
        _ => {
            let middle = start + split(count);
            Ok(node_hash(&range_hash(nodes, start, middle)?, &range_hash(nodes, middle, end)?))
        }
    }
}

/// Proof that leaf `index` is in the tree of `size` leaves (`index < size`), from the leaf upwards.
///
/// # Errors
/// Of the store.
pub fn inclusion<N: Nodes>(nodes: &N, index: u64, size: u64) -> Result<Vec<Sha256>, N::Error> {
    let (mut start, mut end) = (0, size);
    let mut path = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            path.push(range_hash(nodes, middle, end)?);
            end = middle;
        } else {
            path.push(range_hash(nodes, start, middle)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// Proof that the tree of `old` leaves is a beginning of the tree of `new` leaves (`old <= new`).
///
/// # Errors
/// Of the store.
pub fn consistency<N: Nodes>(nodes: &N, old: u64, new: u64) -> Result<Vec<Sha256>, N::Error> {
    if old == 0 || old >= new {
        return Ok(Vec::new());
    }
    let (mut start, mut end) = (0, new);
    let mut path = Vec::new();
    // RFC 6962 SUBPROOF, unrolled: `old` stays inside `start..end`.
    while old != end {
        let middle = start + split(end - start);
        if old <= middle {
            path.push(range_hash(nodes, middle, end)?);
            end = middle;
        } else {
            path.push(range_hash(nodes, start, middle)?);
            start = middle;
        }
    }
    if start != 0 {
        path.push(range_hash(nodes, start, end)?);
    }
    path.reverse();
    Ok(path)
}

/// Whether `path` proves that `leaf` is number `index` of the tree with `size` leaves and `root`.
pub fn verify_inclusion(leaf: &Sha256, index: u64, size: u64, path: &[Sha256], root: &Sha256) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether `path` proves that the tree (`old`, `old_root`) is a beginning of (`new`, `new_root`).
pub fn verify_consistency(old: u64, old_root: &Sha256, new: u64, new_root: &Sha256, path: &[Sha256]) -> bool {
    if old == new {
        return path.is_empty() && old_root == new_root;
    }
    if old == 0 {
        return path.is_empty() && *old_root == empty_root();
    }
    if old > new {
        return false;
    }
    let mut path = path.iter();
    let seed = if old.is_power_of_two() { Some(old_root) } else { path.next() };
    let Some(seed) = seed else { return false };
    let (mut node, mut last) = (old - 1, new - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let (mut old_hash, mut new_hash) = (*seed, *seed);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == *old_root && new_hash == *new_root
}
