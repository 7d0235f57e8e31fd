//! The tree of weaknesses (CWE): direct parents; see the head of `cwe_parents.txt`.

use std::{collections::HashMap, sync::LazyLock};

static PARENTS: LazyLock<HashMap<u32, Vec<u32>>> = LazyLock::new(|| {
    let lines = include_str!("cwe_parents.txt").lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| {
            let mut numbers = line.split(' ').filter_map(|number| number.parse().ok());
            Some((numbers.next()?, numbers.collect()))
        })
        .collect()
});

/// The weaknesses that `cwe` is a direct kind of.
pub fn parents(cwe: u32) -> &'static [u32] {
    PARENTS.get(&cwe).map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_are_known_and_pillars_are_not_parents() {
        assert_eq!(parents(78), [77]);
        assert_eq!(parents(564), [89]);
        assert_eq!(parents(1), [0_u32; 0]);
        assert!(PARENTS.values().flatten().all(|parent| *parent != 707));
    }
}
