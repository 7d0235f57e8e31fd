//! A configuration rule and what it finds.

use model::{Confidence, Finding, FindingId, Place, Severity, Sha256, Technique, identity};

use super::TOOL;

/// Most characters kept of the name of what a hit is in.
const LONGEST_NAME: usize = 500;
/// Most lines of a hit that its identity looks at.
const MOST_LINES: usize = 500;

/// One rule: one entry, explained and tested by its own examples.
#[derive(Debug)]
pub struct Rule {
    /// Stable id, `<kind>-<what>`.
    pub id: &'static str,
    /// What is wrong, one line.
    pub title: &'static str,
    /// CWE number.
    pub cwe: u32,
    /// How bad.
    pub severity: Severity,
    /// Why it matters.
    pub why: &'static str,
    /// What to do.
    pub fix: &'static str,
    /// A file in which the rule finds something.
    pub vulnerable: &'static str,
    /// The same file, mended.
    pub safe: &'static str,
}

/// A place where a rule applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// First line, from 1.
    pub line: u32,
    /// Last line.
    pub end_line: u32,
    /// Stage, job, service or resource it is in.
    pub symbol: Option<String>,
    /// The value that is wrong, when it helps and is no credential.
    pub detail: Option<String>,
}

impl Hit {
    /// A hit on one line.
    pub fn at(line: u32, symbol: Option<&str>) -> Self {
        Self { line, end_line: line, symbol: symbol.map(short), detail: None }
    }

    /// Adds the value that is wrong.
    pub fn with(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

/// The beginning of a name: every hit has its own copy.
pub(super) fn short(name: &str) -> String {
    name.chars().take(LONGEST_NAME).collect()
}

impl Rule {
    /// The finding of a hit in the file at `path`, which has these lines.
    pub(crate) fn finding(&self, path: &str, lines: &[&str], hit: Hit) -> Finding {
        let (first, last) = (hit.line.max(1) as usize, hit.end_line.max(hit.line) as usize);
        let last = last.min(first + MOST_LINES).min(lines.len());
        let lines = lines.get(first - 1..last).unwrap_or_default();
        let detail = hit.detail.map(|d| format!(" ({})", d.chars().take(120).collect::<String>()));
        Finding {
            id: FindingId(Sha256([0; 32])),
            scanner: TOOL.to_owned(),
            rule: self.id.to_owned(),
            technique: Technique::Config,
            severity: self.severity,
            confidence: Confidence::High,
            title: format!("{}{}", self.title, detail.unwrap_or_default()),
            message: self.why.to_owned(),
            cwe: vec![self.cwe],
            aliases: Vec::new(),
            place: Place::Code {
                path: path.to_owned(),
                line: Some(hit.line),
                column: None,
                end_line: Some(hit.end_line.max(hit.line)),
                symbol: hit.symbol,
                context: Some(identity::context(&lines.join("\n"))),
            },
            fix: Some(self.fix.to_owned()),
            help: None,
            cvss: None,
        }
    }
}

/// The rule of a table with this id. Each caller names a rule of its own table; the test over all
/// examples shows that the name exists.
pub fn named(rules: &'static [Rule], id: &str) -> Option<&'static Rule> {
    rules.iter().find(|rule| rule.id == id)
}

/// Collects hits by rule id.
pub struct Hits {
    rules: &'static [Rule],
    /// What was found.
    pub found: Vec<(&'static Rule, Hit)>,
}

impl Hits {
    /// An empty collection for a table.
    pub fn new(rules: &'static [Rule]) -> Self {
        Self { rules, found: Vec::new() }
    }

    /// Adds a hit of a rule of the table.
    pub fn add(&mut self, id: &str, hit: Hit) {
        self.found.extend(named(self.rules, id).map(|rule| (rule, hit)));
    }

    /// Adds a hit when `condition` holds.
    pub fn when(&mut self, condition: bool, id: &str, hit: impl FnOnce() -> Hit) {
        if condition {
            self.add(id, hit());
        }
    }
}
