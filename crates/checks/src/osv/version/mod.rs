//! The order of versions, per ecosystem.

mod composer;
mod gem;
mod maven;
mod semantic;

use std::{cmp::Ordering, str::FromStr};

use crate::sbom::Ecosystem;

/// Longest version text that is compared.
const LONGEST: usize = 256;

/// How `a` and `b` are ordered by their ecosystem's rules; `None` when one is not a version there.
pub fn compare(ecosystem: Ecosystem, a: &str, b: &str) -> Option<Ordering> {
    if a.len() > LONGEST || b.len() > LONGEST {
        return None;
    }
    match ecosystem {
        Ecosystem::Cargo | Ecosystem::Npm | Ecosystem::Golang => semantic::compare(a, b),
        Ecosystem::Pypi => {
            let version = |text: &str| pep440_rs::Version::from_str(text.trim()).ok();
            Some(version(a)?.cmp(&version(b)?))
        }
        Ecosystem::Maven => Some(maven::compare(a, b)),
        Ecosystem::Gem => gem::compare(a, b),
        Ecosystem::Composer => composer::compare(a, b),
    }
}

/// Compares decimal numbers of any length.
fn numbers(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ecosystem_has_its_own_order() {
        use Ecosystem::*;
        let ascending: &[(Ecosystem, &[&str])] = &[
            (
                Cargo,
                &["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0", "1.0.1", "1.10"],
            ),
            (Golang, &["v0.0.0-20190101000000-abcdefabcdef", "v0.1.0", "1.2.3", "v1.2.4+incompatible"]),
            (Pypi, &["1.0.dev1", "1.0a1", "1.0rc1", "1.0", "1.0.post1", "1.1", "1!0.1"]),
            (Gem, &["1.0.0.pre", "1.0.0.rc1", "1.0", "1.0.1", "1.0.10"]),
            (Composer, &["1.0-dev", "v1.0.0-alpha1", "1.0.0-beta2", "1.0.0-RC1", "1.0", "1.0.0-p1", "1.0.1"]),
            (
                Maven,
                &[
                    "1-alpha",
                    "1-beta",
                    "1-milestone",
                    "1-rc",
                    "1-SNAPSHOT",
                    "1",
                    "1-sp",
                    "1-foo2",
                    "1-foo10",
                    "1-1",
                    "1.1",
                ],
            ),
        ];
        for (ecosystem, versions) in ascending {
            for (n, a) in versions.iter().enumerate() {
                for (m, b) in versions.iter().enumerate() {
                    assert_eq!(compare(*ecosystem, a, b), Some(n.cmp(&m)), "{ecosystem:?} {a} {b}");
                }
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn the_order_is_antisymmetric_and_never_panics(a in "[0-9a-zA-Z.+_-]{0,16}", b in "[0-9a-zA-Z.+_-]{0,16}") {
            for ecosystem in Ecosystem::ALL {
                let (there, back) = (compare(ecosystem, &a, &b), compare(ecosystem, &b, &a));
                proptest::prop_assert_eq!(there, back.map(Ordering::reverse), "{:?} {} {}", ecosystem, a, b);
            }
        }

        #[test]
        fn any_text_can_be_compared(a in ".{0,20}", b in ".{0,20}") {
            for ecosystem in Ecosystem::ALL {
                let _ = compare(ecosystem, &a, &b);
            }
        }
    }
}
