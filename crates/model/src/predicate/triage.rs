//! What people decided about a finding: is it real, whose is it, what was said.

use serde::{Deserialize, Serialize};

use crate::{By, FindingId, Predicate, Sha256, Timestamp};

/// A judgement of a finding by a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TriageState {
    /// The scanner is wrong.
    FalsePositive,
    /// It is real and will be dealt with.
    Confirmed,
    /// It is real and stays. A gate lets it pass only by an exception.
    WontFix,
    /// The weakness is there and cannot be reached or used here.
    NotAffected,
    /// The same as another finding of the project.
    DuplicateOf,
    /// An earlier judgement is taken back.
    None,
}

impl TriageState {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::FalsePositive,
        Self::Confirmed,
        Self::WontFix,
        Self::NotAffected,
        Self::DuplicateOf,
        Self::None,
    ];

    /// Whether it says that the finding is no risk here.
    pub fn is_no_risk(self) -> bool {
        matches!(self, Self::FalsePositive | Self::NotAffected)
    }

    /// Kebab-case name, as in JSON.
    pub fn name(self) -> &'static str {
        ["false-positive", "confirmed", "wont-fix", "not-affected", "duplicate-of", "none"][self as usize]
    }

    /// The state with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// One act of triage. Whatever is absent stays as it was. Subject: the finding, by its identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Triage {
    /// Project.
    pub project: String,
    /// The finding.
    pub finding: FindingId,
    /// The judgement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<TriageState>,
    /// The finding that it repeats; set exactly for [`TriageState::DuplicateOf`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<FindingId>,
    /// Why; with a judgement, at least [`Triage::SHORTEST_REASON`] characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the finding was when it was judged ([`crate::identity::substance`]); a judgement of something else, or
    /// that does not say, changes no gate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Sha256>,
    /// Who deals with it from now on; empty: nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// A remark, plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Who did it.
    pub by: By,
    /// When.
    pub at: Timestamp,
}

impl Triage {
    /// Characters that a reason has at least.
    pub const SHORTEST_REASON: usize = 10;
    /// Characters that a reason or comment has at most.
    pub const LONGEST_TEXT: usize = 10_000;
    /// Characters that a name has at most.
    pub const LONGEST_NAME: usize = 200;

    /// What is wrong with it, as one sentence; `None` when it can be recorded and believed.
    pub fn mistake(&self) -> Option<String> {
        let long = |text: &Option<String>, most| text.as_ref().is_some_and(|t| t.chars().count() > most);
        let reason = self.reason.as_deref().map_or(0, |reason| reason.trim().chars().count());
        if self.state.is_none() && self.assignee.is_none() && self.comment.is_none() {
            return Some("it says nothing: neither a judgement nor a person nor a comment".into());
        }
        if self.state.is_some() && reason < Self::SHORTEST_REASON {
            return Some(format!("the reason must have at least {} characters", Self::SHORTEST_REASON));
        }
        if (self.state == Some(TriageState::DuplicateOf)) != self.duplicate_of.is_some() {
            return Some("a duplicate names the finding that it repeats, and nothing else does".into());
        }
        if self.duplicate_of == Some(self.finding) {
            return Some("a finding is not a duplicate of itself".into());
        }
        if self.comment.as_ref().is_some_and(|text| text.trim().is_empty()) {
            return Some("the comment is empty".into());
        }
        if long(&self.reason, Self::LONGEST_TEXT) || long(&self.comment, Self::LONGEST_TEXT) {
            return Some(format!("a text is longer than {} characters", Self::LONGEST_TEXT));
        }
        let name = self.assignee.as_deref().unwrap_or("");
        if long(&self.assignee, Self::LONGEST_NAME) || name.chars().any(char::is_control) {
            return Some("the assignee is not a name".into());
        }
        None
    }
}

impl Predicate for Triage {
    const TYPE: &'static str = "urn:proofhouse:predicate:triage:v1";
}
