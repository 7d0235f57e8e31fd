//! The rules of a gate: the built-in pack and the project's own files.

use model::{Exit, Hasher, Sha256, UserError};

/// One Rego file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Id: the last component of the Rego package, with dashes, e.g. `findings-threshold`.
    pub id: String,
    /// Rego package without `data.`, e.g. `proofhouse.gate.findings_threshold`.
    pub package: String,
    /// `built-in`, or the path of the user's file.
    pub origin: String,
    /// The file's text.
    pub text: String,
}

impl Rule {
    /// Whether exceptions may be made from it: not when it says `exceptable := false` for all evidence.
    pub fn exceptable(&self) -> bool {
        let code = |line: &str| line.split('#').next().unwrap_or_default().replace([' ', '\t', '\r'], "");
        !self.text.lines().any(|line| code(line) == "exceptable:=false")
    }
}

/// A rule file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// Not Rego.
    #[error("{file}: not a Rego policy: {reason}")]
    Syntax {
        /// The file.
        file: String,
        /// What the parser says, with line and column.
        reason: String,
    },
    /// Defines neither `deny` nor `warn`.
    #[error("{file}: package {package} defines neither `deny` nor `warn`")]
    NoVerdict {
        /// The file.
        file: String,
        /// Its package.
        package: String,
    },
    /// Larger than [`RuleSet::MOST_BYTES`].
    #[error("{file}: larger than {} KiB", RuleSet::MOST_BYTES / 1024)]
    TooLarge {
        /// The file.
        file: String,
    },
    /// Two rules have one id.
    #[error("{file}: the rule id {id} is taken by {other}")]
    Duplicate {
        /// The file.
        file: String,
        /// The id.
        id: String,
        /// Who has it.
        other: String,
    },
    /// The evidence document cannot be handed to the rules.
    #[error("the evidence document is not usable: {0}")]
    Evidence(String),
}

impl UserError for PolicyError {
    fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "policy-syntax",
            Self::NoVerdict { .. } => "policy-no-verdict",
            Self::TooLarge { .. } => "policy-too-large",
            Self::Duplicate { .. } => "policy-duplicate-rule",
            Self::Evidence(_) => "policy-evidence",
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::NoVerdict { .. } => {
                "add `deny contains {\"code\": \"…\", \"message\": \"…\"} if …` (with `import rego.v1`)"
            }
            Self::Duplicate { .. } => "rename the package in the file",
            _ => return None,
        };
        Some(text.to_owned())
    }

    fn exit(&self) -> Exit {
        Exit::Input
    }
}

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        /// Registry of the built-in pack: file name in `rules/` and text.
        const BUILT_IN: &[(&str, &str)] = &[$(($name, include_str!(concat!("../rules/", $name, ".rego")))),*];
    };
}

built_in!(
    "evidence_present",
    "evidence_signed",
    "build_isolated",
    "findings_threshold",
    "no_secrets",
    "tests_passed",
    "requirements_met",
    "source_clean",
    "exceptions_current",
    "technologies",
    "release_review",
    "reviews_current",
);

/// What the parser says without its excerpt of the file: the place, and what is wrong there.
fn one_line(said: &str, file: &str) -> String {
    let place = said.lines().find_map(|line| line.trim().strip_prefix("--> "));
    let place = place.and_then(|place| place.strip_prefix(file)?.strip_prefix(':'));
    let wrong = said.lines().find_map(|line| line.trim().strip_prefix("error: "));
    match (place, wrong) {
        (Some(place), Some(wrong)) => format!("{wrong} at {place}"),
        _ => said.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect(),
    }
}

/// An ordered list of rules with distinct ids.
#[derive(Clone, Debug)]
pub struct RuleSet {
    rules: Vec<Rule>,
}

impl RuleSet {
    /// Largest rule file, in bytes.
    pub const MOST_BYTES: usize = 256 * 1024;

    /// The pack that comes with Proofhouse.
    pub fn built_in() -> Self {
        let rules = BUILT_IN.iter().map(|(name, text)| Rule {
            id: name.replace('_', "-"),
            package: format!("proofhouse.gate.{name}"),
            origin: "built-in".to_owned(),
            text: (*text).to_owned(),
        });
        Self { rules: rules.collect() }
    }

    /// Adds the text of a project's own `.rego` file.
    ///
    /// # Errors
    /// The file is too large, not Rego, decides nothing, or takes the id of another rule.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), PolicyError> {
        if text.len() > Self::MOST_BYTES {
            return Err(PolicyError::TooLarge { file: file.to_owned() });
        }
        let syntax = |e: &dyn std::fmt::Display| PolicyError::Syntax {
            file: file.to_owned(),
            reason: one_line(&e.to_string(), file),
        };
        let mut engine = regorus::Engine::new();
        let package = engine.add_policy(file.to_owned(), text.to_owned()).map_err(|e| syntax(&e))?;
        let package = package.strip_prefix("data.").unwrap_or(&package).to_owned();
        let declares = |name| engine.has_declared_rule_rooted_at(file, name).map_err(|e| syntax(&e));
        if !declares("deny")? && !declares("warn")? {
            return Err(PolicyError::NoVerdict { file: file.to_owned(), package });
        }
        let id = package.rsplit('.').next().unwrap_or(&package).replace('_', "-");
        if let Some(other) = self.rules.iter().find(|rule| rule.id == id) {
            return Err(PolicyError::Duplicate { file: file.to_owned(), id, other: other.origin.clone() });
        }
        self.rules.push(Rule { id, package, origin: file.to_owned(), text: text.to_owned() });
        Ok(())
    }

    /// The rules in order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// SHA-256 over ids, origins and texts, each with its length before it: what decided.
    pub fn digest(&self) -> Sha256 {
        let mut hasher = Hasher::new();
        for part in self.rules.iter().flat_map(|r| [&r.id, &r.origin, &r.text]) {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.finish()
    }
}
