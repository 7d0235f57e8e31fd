//! One scanner's result about one place, and the identity that lets it be followed over time.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Sha256;

/// How bad a finding is. Orders from least to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing, not a weakness.
    Info,
    /// CVSS 0.1 to 3.9.
    Low,
    /// CVSS 4.0 to 6.9.
    Medium,
    /// CVSS 7.0 to 8.9.
    High,
    /// CVSS 9.0 to 10.
    Critical,
}

impl Severity {
    /// All, from least to worst.
    pub const ALL: [Self; 5] = [Self::Info, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The CVSS qualitative rating scale (CVSS v3.1 section 5).
    pub fn from_cvss(score: f64) -> Self {
        match score {
            s if s >= 9.0 => Self::Critical,
            s if s >= 7.0 => Self::High,
            s if s >= 4.0 => Self::Medium,
            s if s > 0.0 => Self::Low,
            _ => Self::Info,
        }
    }

    /// Lower-case name, as in JSON.
    pub fn name(self) -> &'static str {
        ["info", "low", "medium", "high", "critical"][self as usize]
    }

    /// The severity with this lower-case name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.name() == name)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How sure the scanner is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A guess.
    Low,
    /// A pattern that is usually right; also when the scanner does not say.
    #[default]
    Medium,
    /// Confirmed or exact.
    High,
}

/// The family of testing that a scan belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Technique {
    /// Static analysis of source code.
    Sast,
    /// Search for credentials.
    Secrets,
    /// Known vulnerabilities in components (software composition analysis).
    Sca,
    /// Configuration: Dockerfiles, infrastructure as code, CI pipelines.
    Config,
    /// Security settings of compilers and linkers, as programs show them.
    Hardening,
    /// Dynamic testing of a running deployment.
    Dast,
    /// Interactive testing from inside a running application.
    Iast,
    /// A person.
    Manual,
}

impl Technique {
    /// All techniques.
    pub const ALL: [Self; 8] = [
        Self::Sast,
        Self::Secrets,
        Self::Sca,
        Self::Config,
        Self::Hardening,
        Self::Dast,
        Self::Iast,
        Self::Manual,
    ];

    /// Lower-case name, as in JSON.
    pub fn name(self) -> &'static str {
        ["sast", "secrets", "sca", "config", "hardening", "dast", "iast", "manual"][self as usize]
    }

    /// The technique with this lower-case name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|technique| technique.name() == name)
    }
}

impl fmt::Display for Technique {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Where a finding is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Place {
    /// A place in a file of the source tree.
    Code {
        /// Path relative to the repository root, `/` between components.
        path: String,
        /// First line, from 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<u32>,
        /// First column, from 1, in characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        column: Option<u32>,
        /// Last line, from 1, inclusive.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end_line: Option<u32>,
        /// Enclosing function or class path, where the scanner or parser knows it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        symbol: Option<String>,
        /// Digest of the normalised code at the place (white space folded); see `findings::identity`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        context: Option<Sha256>,
    },
    /// A component that the source or artifact contains.
    Package {
        /// Package URL (ECMA-427), with version.
        purl: String,
        /// The lock file or SBOM that names it, where known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        manifest: Option<String>,
    },
    /// A credential in a file.
    Secret {
        /// Path relative to the repository root.
        path: String,
        /// First line, from 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        line: Option<u32>,
        /// Digest of the credential itself. The credential is never stored.
        fingerprint: Sha256,
    },
    /// A route of a running application.
    Route {
        /// HTTP method, upper case.
        method: String,
        /// Path or route template, without host and query, e.g. `/items/{id}`.
        route: String,
        /// Parameter, header or cookie that carries it, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parameter: Option<String>,
    },
    /// The whole target: a host, an image, a repository.
    Target {
        /// Name of the target.
        name: String,
    },
}

impl Place {
    /// The file it is in, when it is in one.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Code { path, .. } | Self::Secret { path, .. } => Some(path),
            Self::Package { manifest, .. } => manifest.as_deref(),
            _ => None,
        }
    }

    /// The line it is at, from 1, when it has one.
    pub fn line(&self) -> Option<u32> {
        match self {
            Self::Code { line, .. } | Self::Secret { line, .. } => *line,
            _ => None,
        }
    }

    /// One line for people: `src/app.py:12`, `pkg:pypi/django@2.2`, `GET /items/{id} (q)`.
    pub fn label(&self) -> String {
        match self {
            Self::Code { path, line, .. } | Self::Secret { path, line, .. } => match line {
                Some(line) => format!("{path}:{line}"),
                None => path.clone(),
            },
            Self::Package { purl, .. } => purl.clone(),
            Self::Route { method, route, parameter: Some(p) } => format!("{method} {route} ({p})"),
            Self::Route { method, route, parameter: None } => format!("{method} {route}"),
            Self::Target { name } => name.clone(),
        }
    }
}

/// Identity of a finding: stable while lines move, titles are reworded and severities re-rated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FindingId(pub Sha256);

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One result of one scanner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Identity, by `findings::identity`.
    pub id: FindingId,
    /// Scanner name, e.g. `bandit`.
    pub scanner: String,
    /// The scanner's own rule id, e.g. `B608`.
    pub rule: String,
    /// Family of testing.
    pub technique: Technique,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    #[serde(default)]
    pub confidence: Confidence,
    /// One short line.
    pub title: String,
    /// What is wrong, as the scanner says it. Plain text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// CWE numbers, most specific first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cwe: Vec<u32>,
    /// CVE, GHSA, RUSTSEC, PYSEC … ids of the same vulnerability.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Where.
    pub place: Place,
    /// How to fix it: an instruction or the fixed version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// A page that explains the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// CVSS base score, 0.0 to 10.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cvss: Option<f64>,
}
