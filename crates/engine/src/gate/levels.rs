//! SLSA levels and properties of an artifact, each only as far as the evidence goes, with the reasons.
//!
//! What holds for every installation (keys are in a process of their own, steps start from nothing, the cache
//! only answers for the same inputs) is shown by tests, which `docs/slsa-l3.md` names. What differs from
//! build to build is looked at here.

use model::{evidence::BuildFacts, predicate::ExternalParameters};

/// What the level of a build depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    /// Its provenance is signed and in the log.
    pub authentic: bool,
    /// The provenance was signed under a short-lived certificate for exactly such statements.
    pub certified: bool,
    /// Every parameter of the project is in the provenance.
    pub complete: bool,
    /// Build platform that the machine is part of.
    pub platform: Option<String>,
    /// The source is exactly a commit.
    pub commit: bool,
    /// An independent installation made the same bytes.
    pub reproduced: bool,
    /// This installation made the same bytes again.
    pub repeated: bool,
}

/// Levels and properties, for `verifiedLevels`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    /// At most one per track, then properties.
    pub names: Vec<String>,
    /// Why they are not higher, one sentence each; empty when they are the highest.
    pub because: Vec<String>,
}

/// SLSA's name for the same bytes from builders that are operated independently.
const REPRODUCED: &str = "SLSA_BUILD_REPRODUCED";
/// This installation built the same bytes twice. SLSA has no name for that.
const REPEATED: &str = "PROOFHOUSE_BUILD_REPEATED";
/// The source is exactly a commit, seen from the bytes of both. That is no level of the source track, which a
/// source control system has to vouch for.
const COMMIT: &str = "PROOFHOUSE_SOURCE_IS_COMMIT";

/// Whether provenance holds every parameter of the project.
pub fn complete(parameters: &serde_json::Value) -> bool {
    serde_json::from_value::<ExternalParameters>(parameters.clone()).is_ok()
}

/// Levels of a build; without one, that of nothing known.
pub fn levels(build: Option<&BuildFacts>, basis: &Basis) -> Levels {
    let Some(build) = build else {
        return Levels {
            names: vec!["SLSA_BUILD_LEVEL_0".to_owned()],
            because: vec!["there is no provenance".to_owned()],
        };
    };
    let isolated = super::collect::ISOLATED.contains(&build.isolation.as_str());
    let conditions = [
        (2, basis.authentic, "its provenance is not signed, or not in the log"),
        (2, basis.platform.is_some(), "nobody says that the machine is a build platform (`run --platform`)"),
        (3, isolated, "a step ran without isolation"),
        (3, basis.certified, "its provenance is signed with a key and not under a certificate for builds"),
        (3, basis.complete, "its provenance does not tell every parameter"),
    ];
    let unmet = |upto: u8| conditions.iter().any(|(level, met, _)| *level <= upto && !met);
    let level = [3, 2].into_iter().find(|level| !unmet(*level)).unwrap_or(1);
    let mut names = vec![format!("SLSA_BUILD_LEVEL_{level}")];
    let properties = [(basis.reproduced, REPRODUCED), (basis.repeated, REPEATED), (basis.commit, COMMIT)];
    names.extend(properties.iter().filter(|(holds, _)| *holds).map(|(_, name)| (*name).to_owned()));
    let because = conditions.iter().filter(|(_, met, _)| !met);
    let because = because.map(|(level, _, why)| format!("not SLSA Build L{level}: {why}")).collect();
    Levels { names, because }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(isolation: &str) -> BuildFacts {
        BuildFacts {
            isolation: isolation.into(),
            builder: format!("urn:proofhouse:builder:{isolation}"),
            network_allowed: vec![],
            downloaded_from: vec![],
            network_refused: vec![],
            tools: vec![],
        }
    }

    fn best() -> Basis {
        Basis {
            authentic: true,
            certified: true,
            complete: true,
            platform: Some("https://ci.example.org".into()),
            ..Basis::default()
        }
    }

    #[test]
    fn build_level_3_is_said_only_when_every_condition_holds_and_one_that_does_not_is_named() {
        let of = |isolation: &str, basis: Basis| levels(Some(&build(isolation)), &basis);
        for isolation in ["root", "rootless"] {
            assert_eq!(of(isolation, best()).names, ["SLSA_BUILD_LEVEL_3"]);
            assert!(of(isolation, best()).because.is_empty());
        }
        for (isolation, basis, level, why) in [
            ("none", best(), 2, "isolation"),
            ("root", Basis { certified: false, ..best() }, 2, "certificate"),
            ("root", Basis { complete: false, ..best() }, 2, "parameter"),
            ("root", Basis { platform: None, ..best() }, 1, "platform"),
            ("root", Basis { authentic: false, ..best() }, 1, "signed"),
        ] {
            let said = of(isolation, basis);
            assert_eq!(said.names, [format!("SLSA_BUILD_LEVEL_{level}")], "{why}");
            assert!(said.because[0].contains(why), "{said:?}");
        }
        assert_eq!(levels(None, &best()).names, ["SLSA_BUILD_LEVEL_0"]);
    }

    #[test]
    fn only_an_independent_builder_makes_a_build_reproduced_in_the_words_of_slsa() {
        let said = levels(Some(&build("root")), &Basis { repeated: true, ..best() });
        assert_eq!(said.names, ["SLSA_BUILD_LEVEL_3", REPEATED]);
        let said = levels(Some(&build("root")), &Basis { reproduced: true, commit: true, ..best() });
        assert_eq!(said.names, ["SLSA_BUILD_LEVEL_3", REPRODUCED, COMMIT]);
        assert!(!REPEATED.starts_with("SLSA_") && !COMMIT.starts_with("SLSA_"));
    }
}
