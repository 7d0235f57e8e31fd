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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::log::{Edge, leaf_hash};

    /// A tree in memory, straight from the definition in RFC 6962.
    struct Tree(Vec<Sha256>);

    impl Tree {
        fn of(size: u64) -> Self {
            Self((0..size).map(|n| leaf_hash(&n.to_be_bytes())).collect())
        }

        fn root(&self, size: u64) -> Sha256 {
            root(&self.0[..size as usize])
        }
    }

    fn root(leaves: &[Sha256]) -> Sha256 {
        match leaves {
            [] => empty_root(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(split(leaves.len() as u64) as usize);
                node_hash(&root(left), &root(right))
            }
        }
    }

    impl Nodes for Tree {
        type Error = std::convert::Infallible;

        fn node(&self, level: u32, index: u64) -> Result<Sha256, Self::Error> {
            let start = (index << level) as usize;
            Ok(root(&self.0[start..start + (1 << level)]))
        }
    }

    #[test]
    fn the_published_roots_of_rfc_6962_implementations_hold() {
        let leaves: [&[u8]; 8] = [
            b"",
            &[0],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
        ];
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut edge = Edge::default();
        for (leaf, expected) in leaves.iter().zip(roots) {
            edge.push(leaf_hash(leaf), |_| {});
            assert_eq!(edge.root().hex(), expected);
        }
    }

    #[test]
    fn every_inclusion_proof_of_trees_up_to_300_holds_and_only_there() {
        let tree = Tree::of(301);
        for size in (1..40).chain([63, 64, 65, 127, 128, 129, 255, 256, 257, 299, 300]) {
            let root = tree.root(size);
            for index in 0..size {
                let Ok(path) = inclusion(&tree, index, size);
                let leaf = &tree.0[index as usize];
                assert!(verify_inclusion(leaf, index, size, &path, &root), "{index} of {size}");
                assert!(!verify_inclusion(&tree.0[300], index, size, &path, &root));
                assert!(!verify_inclusion(leaf, index + 1, size, &path, &root));
                assert!(!verify_inclusion(leaf, index, size, &path, &tree.root(size + 1)));
            }
        }
    }

    #[test]
    fn the_edge_has_the_root_of_the_definition_at_every_size_to_700() {
        let tree = Tree::of(700);
        let (mut edge, mut full) = (Edge::default(), Vec::new());
        for size in 1..=700 {
            edge.push(tree.0[size as usize - 1], |tile| full.push(tile));
            assert_eq!(edge.root(), tree.root(size), "size {size}");
        }
        assert_eq!(full.len(), 2);
        assert_eq!((full[1].level, full[1].index, full[1].hashes[0]), (0, 1, tree.0[256]));
    }

    proptest! {
        #[test]
        fn consistency_holds_for_all_sizes_and_for_nothing_else(old in 0u64..=300, more in 0u64..=300, flip in 0usize..2000) {
            let new = (old + more).min(300);
            let tree = Tree::of(300);
            let Ok(mut path) = consistency(&tree, old, new);
            prop_assert!(verify_consistency(old, &tree.root(old), new, &tree.root(new), &path));
            if old > 0 && old < new {
                prop_assert!(!verify_consistency(old, &Sha256::of("another past"), new, &tree.root(new), &path));
                prop_assert!(!verify_consistency(new, &tree.root(new), old, &tree.root(old), &path));
                let count = path.len();
                path[flip % count].0[flip % 32] ^= 1;
                prop_assert!(!verify_consistency(old, &tree.root(old), new, &tree.root(new), &path));
            }
        }

        #[test]
        fn arbitrary_paths_never_verify(index: u64, size: u64, path: Vec<[u8; 32]>) {
            let path: Vec<_> = path.into_iter().map(Sha256).collect();
            let (leaf, root) = (Sha256::of("leaf"), Sha256::of("root"));
            prop_assert!(!verify_inclusion(&leaf, index, size, &path, &root));
            prop_assert!(index == size || !verify_consistency(index, &leaf, size, &root, &path));
        }
    }
}
