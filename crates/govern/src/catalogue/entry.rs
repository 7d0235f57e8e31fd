//! What a catalogue says, as types. Serialised as JSON they are the JSON export, which [`super::parse`]
//! reads again: JSON is YAML.

use jiff::civil::Date;
use model::version::Requirement;
use serde::Serialize;

/// Usual name of the file.
pub const FILE_NAME: &str = "technologies.yaml";

macro_rules! names {
    ($(#[$doc:meta])* $type:ident, $($(#[$of:meta])* $variant:ident = $name:literal, $title:literal;)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $type { $($(#[$of])* $variant),* }

        impl $type {
            /// All of them, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),*];
            /// Their names as in the file, in order.
            pub const NAMES: &[&str] = &[$($name),*];

            /// The name as in the file.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// The name for people.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),* }
            }

            /// By the name as in the file.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }
        }
    };
}

names! {
    /// What kind of thing a technology is; a quarter of the radar.
    Quadrant,
    /// What programs are written in and with.
    LanguagesFrameworks = "languages-frameworks", "Languages and frameworks";
    /// What people and pipelines work with.
    Tools = "tools", "Tools";
    /// What programs run on.
    Platforms = "platforms", "Platforms";
    /// How people work.
    Techniques = "techniques", "Techniques";
}

names! {
    /// What the organisation recommends; from the middle of the radar outwards.
    Ring,
    /// Use it.
    Adopt = "adopt", "Adopt";
    /// Use it where a failure can be borne.
    Trial = "trial", "Trial";
    /// Look at it, ship nothing with it.
    Assess = "assess", "Assess";
    /// Do not begin with it, and leave it.
    Hold = "hold", "Hold";
}

names! {
    /// What follows from something that the catalogue does not want.
    Policy,
    /// Nothing.
    Ignore = "ignore", "ignored";
    /// It is told.
    Warn = "warn", "a warning";
    /// It is stopped.
    Deny = "deny", "denied";
}

/// A catalogue without mistakes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Catalogue {
    /// Version of the format; 1.
    pub version: u8,
    /// What follows from a direct component that no entry is about.
    pub unlisted: Policy,
    /// What follows from using an entry whose review is overdue.
    pub overdue: Policy,
    /// The entries, in file order; names differ.
    pub technologies: Vec<Technology>,
}

/// One technology.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Technology {
    /// Name, unique whatever its case.
    pub name: String,
    /// Quarter of the radar.
    pub quadrant: Quadrant,
    /// What is recommended.
    pub ring: Ring,
    /// What is counted as it; nothing for techniques.
    #[serde(rename = "match", skip_serializing_if = "Vec::is_empty")]
    pub matches: Vec<Match>,
    /// Who answers for the entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Why it is where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rationale: Option<String>,
    /// What to use instead.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<String>,
    /// Versions that may be used; all when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub versions: Option<Requirement>,
    /// Last day of this judgement; afterwards it needs a new look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review_by: Option<Date>,
    /// Last day (UTC) on which `hold` or a version that is not allowed only warns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_until: Option<Date>,
    /// Where it was before, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub moves: Vec<Move>,
}

/// What counts as a technology: a component by its package URL, or a tool by its name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Match {
    /// Pattern of package URLs without version: `pkg:npm/@angular/*`; `*` stops at `/`, `**` does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
    /// Name of a tool of the pipeline, or of a scanner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// Only these versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Requirement>,
}

/// A change of ring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Move {
    /// Day.
    pub date: Date,
    /// The ring from then on.
    pub ring: Ring,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Default for Catalogue {
    fn default() -> Self {
        Self { version: 1, unlisted: Policy::Warn, overdue: Policy::Warn, technologies: vec![] }
    }
}

impl Technology {
    /// An entry that says nothing but where it is.
    pub fn new(name: impl Into<String>, quadrant: Quadrant, ring: Ring) -> Self {
        Self {
            name: name.into(),
            quadrant,
            ring,
            matches: vec![],
            owner: None,
            rationale: None,
            alternatives: vec![],
            versions: None,
            review_by: None,
            hold_until: None,
            moves: vec![],
        }
    }

    /// The ring before the newest move, when there was another.
    pub fn before(&self) -> Option<Ring> {
        self.moves.iter().rev().map(|moved| moved.ring).find(|ring| *ring != self.ring)
    }
}
