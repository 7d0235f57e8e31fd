//! One environment: where an artifact runs, how it is checked, and how strict its gate is.

use std::{collections::BTreeMap, time::Duration};

use model::{
    Role, Severity,
    evidence::{GateSettings, ReleaseReviewSettings},
};
use serde::Serialize;

use super::Position;

/// A place where an artifact may be deployed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Environment {
    /// Name.
    pub name: String,
    /// How it is reached: a driver of the `deploy` crate; `host`.
    pub driver: String,
    /// Declared output of a step, or a file in a folder that is one.
    pub artifact: String,
    /// Where releases live; `None`: the engine chooses.
    pub root: Option<String>,
    /// Program and arguments, with placeholders; see [`Environment::command`].
    pub run: Vec<String>,
    /// TCP port on 127.0.0.1 that it serves.
    pub port: u16,
    /// Environment variables, with placeholders.
    pub env: BTreeMap<String, String>,
    /// Operating-system user it runs as.
    pub user: Option<String>,
    /// How to see that it works.
    pub health: Health,
    /// Dynamic checks after activation.
    pub dast: Dast,
    /// How strict its gate is.
    pub gate: DeployGate,
    /// Releases kept for roll-back.
    pub keep: u32,
    /// Where it is declared.
    pub at: Position,
}

/// A health check: `GET path` on the port until it answers `status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    /// Path, starting with `/`.
    pub path: String,
    /// Expected HTTP status.
    pub status: u16,
    /// How long to keep asking.
    #[serde(serialize_with = "crate::scalar::serialize_duration")]
    pub timeout: Duration,
    /// Pause between questions.
    #[serde(serialize_with = "crate::scalar::serialize_duration")]
    pub interval: Duration,
}

impl Default for Health {
    fn default() -> Self {
        let (timeout, interval) = (Duration::from_secs(30), Duration::from_millis(500));
        Self { path: "/".into(), status: 200, timeout, interval }
    }
}

/// Dynamic checks of the deployed address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Dast {
    /// Whether they run.
    pub enabled: bool,
    /// OpenAPI description in the source tree that declares routes.
    pub openapi: Option<String>,
    /// A finding at or above this severity reverses the deployment; `None`: never.
    pub reverse_at: Option<Severity>,
    /// Most requests sent.
    pub max_requests: u32,
    /// Longest time spent.
    #[serde(serialize_with = "crate::scalar::serialize_duration")]
    pub max_time: Duration,
}

impl Default for Dast {
    fn default() -> Self {
        Self {
            enabled: true,
            openapi: None,
            reverse_at: Some(Severity::Critical),
            max_requests: 400,
            max_time: Duration::from_secs(60),
        }
    }
}

/// How strict the gate of an environment is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct DeployGate {
    /// Findings at or above deny; `None`: never.
    pub block: Option<Severity>,
    /// Findings at or above warn; `None`: never.
    pub warn: Option<Severity>,
    /// Secrets found deny.
    pub block_secrets: bool,
    /// A source that differs from its commit denies.
    pub require_clean_source: bool,
    /// Network destinations may be allowed during the build.
    pub allow_build_network: bool,
    /// Milestone whose security requirements must be met; `None`: none.
    pub requirements: Option<String>,
    /// Review of the release that people must have signed; `None`: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release_review: Option<ReleaseReviewGate>,
    /// No periodic review may be overdue.
    pub reviews_current: bool,
    /// Of the roles that may accept risks, those whose exceptions and waivers count here; empty: all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accepting: Vec<Role>,
    /// Findings that were judged to be no risk here do not count.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub honour_triage: bool,
}

/// Who must have signed the review of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReleaseReviewGate {
    /// Roles, each signed for by another person; sorted, at least one.
    pub roles: Vec<Role>,
    /// Oldest review that counts.
    pub within: Duration,
}

impl Default for DeployGate {
    fn default() -> Self {
        Self {
            block: Some(Severity::High),
            warn: Some(Severity::Medium),
            block_secrets: true,
            require_clean_source: true,
            allow_build_network: false,
            requirements: None,
            release_review: None,
            reviews_current: false,
            accepting: vec![],
            honour_triage: false,
        }
    }
}

impl From<DeployGate> for GateSettings {
    fn from(gate: DeployGate) -> Self {
        let DeployGate {
            block,
            warn,
            block_secrets,
            require_clean_source,
            allow_build_network,
            requirements,
            release_review,
            reviews_current,
            accepting,
            honour_triage,
        } = gate;
        let release_review = release_review.map(|review| ReleaseReviewSettings {
            roles: review.roles,
            within_seconds: review.within.as_secs(),
        });
        Self {
            block,
            warn,
            block_secrets,
            require_clean_source,
            allow_build_network,
            requirements,
            release_review,
            reviews_current,
            accepting: (!accepting.is_empty()).then_some(accepting),
            honour_triage,
        }
    }
}

/// What the placeholders of [`Environment::run`] and [`Environment::env`] stand for.
#[derive(Clone, Copy, Debug)]
pub struct Placeholders<'a> {
    /// `{artifact}`: absolute path of the activated artifact.
    pub artifact: &'a str,
    /// `{port}`: TCP port to listen on.
    pub port: u16,
    /// `{release}`: absolute path of the release directory.
    pub release: &'a str,
    /// `{data}`: absolute path of a directory that outlives releases.
    pub data: &'a str,
}

const NAMES: [&str; 4] = ["artifact", "port", "release", "data"];

impl Environment {
    /// The argument vector with placeholders replaced.
    pub fn command(&self, values: Placeholders<'_>) -> Vec<String> {
        self.run.iter().map(|word| values.expand(word)).collect()
    }

    /// The environment variables with placeholders replaced.
    pub fn variables(&self, values: Placeholders<'_>) -> BTreeMap<String, String> {
        self.env.iter().map(|(name, value)| (name.clone(), values.expand(value))).collect()
    }
}

impl Placeholders<'_> {
    fn expand(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Name("artifact") => out.push_str(self.artifact),
                Piece::Name("port") => out.push_str(&self.port.to_string()),
                Piece::Name("release") => out.push_str(self.release),
                Piece::Name("data") => out.push_str(self.data),
                // Refused by validation; kept as written should one get here.
                Piece::Name(other) => out.extend(["{", other, "}"]),
            }
        }
        out
    }
}

/// Names that may stand in braces.
pub fn placeholder_names() -> &'static [&'static str] {
    &NAMES
}

/// A name in braces that stands for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadPlaceholder(pub String);

/// Checks the placeholders of one word.
pub(crate) fn check_placeholders(text: &str) -> Result<(), BadPlaceholder> {
    let unknown = pieces(text).find_map(|piece| match piece {
        Piece::Name(name) if !NAMES.contains(&name) => Some(name.to_owned()),
        _ => None,
    });
    unknown.map_or(Ok(()), |name| Err(BadPlaceholder(name)))
}

enum Piece<'a> {
    Text(&'a str),
    Name(&'a str),
}

/// Splits at `{name}`, name being lower-case letters and `-`. `{{` and `}}` are literal braces; any
/// other brace is itself, so JSON arguments need no escaping.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, next) = first_piece(rest);
        rest = next;
        Some(piece)
    })
}

fn first_piece(text: &str) -> (Piece<'_>, &str) {
    if text.starts_with("{{") || text.starts_with("}}") {
        return (Piece::Text(&text[..1]), &text[2..]);
    }
    if let Some(after) = text.strip_prefix('{')
        && let Some((name, rest)) = after.split_once('}')
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    {
        return (Piece::Name(name), rest);
    }
    let next = text.char_indices().skip(1).find(|(_, c)| matches!(c, '{' | '}'));
    let (head, rest) = text.split_at(next.map_or(text.len(), |(at, _)| at));
    (Piece::Text(head), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: Placeholders<'static> =
        Placeholders { artifact: "/r/app", port: 80, release: "/r", data: "/d" };

    #[test]
    fn names_in_braces_are_replaced_and_other_braces_stay() {
        assert_eq!(VALUES.expand("--bind=127.0.0.1:{port}"), "--bind=127.0.0.1:80");
        assert_eq!(VALUES.expand(r#"{"db": "{data}/x"}"#), r#"{"db": "/d/x"}"#);
        assert_eq!(VALUES.expand("{{port}}"), "{port}");
        assert_eq!(VALUES.expand("a}b{c"), "a}b{c");
    }

    #[test]
    fn an_unknown_name_is_refused() {
        assert_eq!(check_placeholders("{prot}"), Err(BadPlaceholder("prot".into())));
        assert_eq!(check_placeholders("{{prot}} {port} { x }"), Ok(()));
    }
}
