//! What a catalogue says, as types. Serialised as JSON they are the JSON export, which [`super::parse`]
//! reads again: JSON is YAML.

use jiff::civil::Date;
use model::{Role, Sha256, version::Requirement};
use serde::Serialize;

pub use super::settings::{Goal, Objective, Weights};

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

names! {
    /// What an objective counts.
    Measure,
    /// Projects that use one technology.
    ProjectsUsing = "projects-using", "projects using it";
    /// Projects that use anything on hold.
    ProjectsOnHold = "projects-on-hold", "projects using something on hold";
    /// Components that projects ask for themselves and that are in no entry.
    Unlisted = "unlisted", "components in no entry";
    /// Entries that are in use and not effective.
    NotEffective = "not-effective", "entries in use that are not effective";
    /// Entries in use that are effective, in percent; all of them when none is in use.
    EffectivePercent = "effective-percent", "percent of the entries in use that are effective";
    /// Entries whose review is overdue.
    ReviewsOverdue = "reviews-overdue", "entries with an overdue review";
}

impl Measure {
    /// Whether it is about one technology.
    pub fn is_of_one(self) -> bool {
        self == Self::ProjectsUsing
    }
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
    /// Who must sign an entry; without one, entries count as they are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quorum: Option<Quorum>,
    /// What each criterion weighs in an evaluation.
    #[serde(skip_serializing_if = "Weights::are_usual")]
    pub weights: Weights,
    /// What is to be reached, and until when.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub objectives: Vec<Objective>,
    /// The entries, in file order; names differ.
    pub technologies: Vec<Technology>,
}

/// Who must sign an entry before it is effective, and for how long it then is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Quorum {
    /// Roles that must agree, each by another person; a role that is named twice takes two people.
    pub roles: Vec<Role>,
    /// Days after which a signed entry needs new signatures.
    pub valid_days: u16,
    /// Days that a critical vulnerability may be without a fixed release before entries are looked at again.
    pub unfixed_critical_days: u16,
    /// What follows from using an entry that is not effective.
    pub not_effective: Policy,
}

impl Default for Quorum {
    fn default() -> Self {
        Self {
            roles: vec![Role::Architect, Role::Security, Role::Developer],
            valid_days: 365,
            unfixed_critical_days: 30,
            not_effective: Policy::Warn,
        }
    }
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
    /// Id of the product in endoflife data, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Who answers for the entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Why it is where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rationale: Option<String>,
    /// SHA-256 of the evaluation that the judgement stands on, a blob.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Sha256>,
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

/// What counts as a technology: a component by its package URL or CPE name, or a tool by its name.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Match {
    /// Pattern of package URLs without version: `pkg:npm/@angular/*`; `*` stops at `/`, `**` does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
    /// CPE 2.3 name down to the product, `cpe:2.3:a:postgresql:postgresql`; `*` stands for any part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpe: Option<String>,
    /// Name of a tool of the pipeline, or of a scanner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// It is a client of the technology: whoever has it uses the technology, but its versions, licences and
    /// advisories are its own.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub client: bool,
    /// Only these versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Requirement>,
}

impl Match {
    /// Whether what matches is a release of the technology itself: not a client of it, nor a package of the
    /// ecosystem that a language stands for.
    pub fn is_itself(&self) -> bool {
        !self.client && !self.purl.as_deref().is_some_and(super::identify::is_ecosystem)
    }
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
        Self {
            version: 1,
            unlisted: Policy::Warn,
            overdue: Policy::Warn,
            quorum: None,
            weights: Weights::default(),
            objectives: vec![],
            technologies: vec![],
        }
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
            product: None,
            owner: None,
            rationale: None,
            evidence: None,
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
