//! `technologies.yaml` as it is written, with the place of each value; nothing is checked but the keys.

use serde::Deserialize;
use serde_saphyr::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFile {
    pub version: Spanned<String>,
    pub unlisted: Option<Spanned<String>>,
    pub overdue: Option<Spanned<String>>,
    pub quorum: Option<RawQuorum>,
    pub weights: Option<RawWeights>,
    #[serde(default)]
    pub objectives: Vec<Spanned<RawObjective>>,
    pub technologies: Vec<Spanned<RawTechnology>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawQuorum {
    pub roles: Option<Spanned<Vec<Spanned<String>>>>,
    pub valid_days: Option<Spanned<String>>,
    pub unfixed_critical_days: Option<Spanned<String>>,
    pub not_effective: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWeights {
    pub incidents: Option<Spanned<String>>,
    pub response: Option<Spanned<String>>,
    pub maintenance: Option<Spanned<String>>,
    pub licence: Option<Spanned<String>>,
    pub scorecard: Option<Spanned<String>>,
    pub relevance: Option<Spanned<String>>,
    pub ease: Option<Spanned<String>>,
    pub familiarity: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawObjective {
    pub objective: Spanned<String>,
    pub measure: Spanned<String>,
    pub technology: Option<Spanned<String>>,
    pub at_most: Option<Spanned<String>>,
    pub at_least: Option<Spanned<String>>,
    pub due: Spanned<String>,
    pub owner: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawTechnology {
    pub name: Spanned<String>,
    pub quadrant: Spanned<String>,
    pub ring: Spanned<String>,
    #[serde(default, rename = "match")]
    pub matches: Vec<Spanned<RawMatch>>,
    pub product: Option<Spanned<String>>,
    pub owner: Option<Spanned<String>>,
    pub rationale: Option<Spanned<String>>,
    pub evidence: Option<Spanned<String>>,
    #[serde(default)]
    pub alternatives: Vec<Spanned<String>>,
    pub versions: Option<Spanned<String>>,
    pub review_by: Option<Spanned<String>>,
    pub hold_until: Option<Spanned<String>>,
    #[serde(default)]
    pub moves: Vec<Spanned<RawMove>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMatch {
    pub purl: Option<Spanned<String>>,
    pub cpe: Option<Spanned<String>>,
    pub tool: Option<Spanned<String>>,
    #[serde(default)]
    pub client: bool,
    pub version: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMove {
    pub date: Spanned<String>,
    pub ring: Spanned<String>,
    pub reason: Option<Spanned<String>>,
}
