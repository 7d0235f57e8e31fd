//! The gate that every finding passes on its way to the sink: cleaned, bounded, identified, counted.

use model::{
    BySeverity, Confidence, Coverage, Finding, FindingId, Place, Severity, Sha256, Technique,
    identity::{self, Identifier},
};

use crate::{
    Assessment, ImportError, ImportOptions, Sink, SourceTree,
    normalise::{cwe, path, purl, secret, text},
};

/// Lines of code that make up the identity of a finding are taken from at most this many lines.
const MOST_LINES: u32 = 40;

/// Takes findings from an adapter.
pub(crate) struct Intake<'a> {
    pub(crate) options: &'a ImportOptions<'a>,
    sink: &'a mut dyn Sink,
    identifier: Identifier,
    lines: Lines,
    findings: u64,
    suppressed: u64,
    by_severity: BySeverity,
    by_technique: [u64; Technique::ALL.len()],
    /// What a report by people says of itself.
    pub(crate) assessment: Option<Assessment>,
}

/// A place in code as a report gives it.
#[derive(Default)]
pub(crate) struct Spot<'s> {
    pub path: &'s str,
    pub line: Option<u32>,
    pub column: Option<u32>,
    pub end_line: Option<u32>,
    pub symbol: Option<&'s str>,
    /// The code itself, when the report has it.
    pub snippet: Option<&'s str>,
    /// Something else that stays when lines move: a fingerprint of the tool, a resource name.
    pub instead: Option<&'s str>,
}

impl<'a> Intake<'a> {
    pub(crate) fn new(options: &'a ImportOptions<'a>, sink: &'a mut dyn Sink) -> Self {
        Self {
            options,
            sink,
            identifier: Identifier::default(),
            lines: Lines::default(),
            findings: 0,
            suppressed: 0,
            by_severity: BySeverity::default(),
            by_technique: [0; Technique::ALL.len()],
            assessment: None,
        }
    }

    /// A finding to fill in; nowhere in particular so far.
    pub(crate) fn finding(&self, scanner: &str, rule: &str, technique: Technique) -> Finding {
        Finding {
            id: FindingId(Sha256([0; 32])),
            scanner: self.options.tool.as_ref().map_or(scanner, |tool| &tool.name).to_owned(),
            rule: rule.to_owned(),
            technique,
            severity: Severity::Medium,
            confidence: Confidence::Medium,
            title: String::new(),
            message: String::new(),
            cwe: Vec::new(),
            aliases: Vec::new(),
            place: Place::Target { name: self.target() },
            fix: None,
            help: None,
            cvss: None,
        }
    }

    /// Name for findings that are nowhere in particular.
    pub(crate) fn target(&self) -> String {
        self.options.target.clone().unwrap_or_else(|| "source".into())
    }

    /// The path in the repository of a path in the report.
    pub(crate) fn path(&mut self, raw: &str) -> String {
        let clean = path::clean(raw, &self.options.roots);
        match self.options.source {
            Some(tree) => self.lines.locate(tree, clean),
            None => clean,
        }
    }

    /// A place in code. Its context is the snippet, else the lines of the source tree, else what
    /// the adapter offers instead. A path that cleans to nothing is the whole target.
    pub(crate) fn code(&mut self, spot: &Spot<'_>) -> Place {
        let path = self.path(spot.path);
        let symbol = spot.symbol.map(|s| text::line(s, 200)).filter(|s| !s.is_empty());
        if path.is_empty() {
            return Place::Target { name: symbol.unwrap_or_else(|| self.target()) };
        }
        let snippet = spot.snippet.filter(|code| !code.trim().is_empty() && !secret::is_withheld(code));
        let context = match snippet {
            Some(code) => Some(identity::context(code)),
            None => self.context(&path, spot.line, spot.end_line),
        };
        let context = context.or_else(|| spot.instead.map(identity::context));
        let end_line = spot.end_line.filter(|end| spot.line.is_some_and(|line| *end >= line));
        Place::Code { path, line: spot.line, column: spot.column, end_line, symbol, context }
    }

    fn context(&mut self, path: &str, line: Option<u32>, end: Option<u32>) -> Option<Sha256> {
        let (tree, line) = (self.options.source?, line?);
        let end = end.unwrap_or(line).clamp(line, line.saturating_add(MOST_LINES));
        self.lines.text(tree, path, line, end).map(|code| identity::context(&code))
    }

    /// Passes a finding on.
    pub(crate) fn push(&mut self, mut finding: Finding) -> Result<(), ImportError> {
        if self.findings >= self.options.limits.findings {
            return Err(ImportError::TooMany { limit: self.options.limits.findings });
        }
        tidy(&mut finding);
        self.identifier.assign(&mut finding);
        self.findings += 1;
        self.by_severity.add(finding.severity);
        self.by_technique[finding.technique as usize] += 1;
        self.sink.accept(finding).map_err(ImportError::Sink)
    }

    /// Counts a result that the report itself withdraws, with the reason it gives.
    pub(crate) fn suppress(&mut self, coverage: &mut Coverage, what: &str, why: &str) {
        self.suppressed += 1;
        coverage.skip(text::line(what, 300), text::line(why, 300));
    }

    /// The family of most findings; `usual` when there is none, or when it is among the most.
    pub(crate) fn main_technique(&self, usual: Technique) -> Technique {
        let count = |technique: Technique| self.by_technique[technique as usize];
        Technique::ALL.into_iter().fold(usual, |most, t| if count(t) > count(most) { t } else { most })
    }

    /// Whether there are findings, all of this family.
    pub(crate) fn has_only(&self, technique: Technique) -> bool {
        self.findings > 0 && self.by_technique[technique as usize] == self.findings
    }

    pub(crate) fn totals(&self) -> (u64, BySeverity, u64) {
        (self.findings, self.by_severity, self.suppressed)
    }
}

/// Enforces what [`crate`] promises of every finding, whatever the adapter did.
fn tidy(finding: &mut Finding) {
    keep_line(&mut finding.scanner, 100);
    keep_line(&mut finding.rule, 200);
    if finding.rule.is_empty() {
        finding.rule = "unnamed".to_owned();
    }
    if finding.technique == Technique::Secrets || finding.cwe.iter().any(|n| cwe::IS_CREDENTIAL.contains(n)) {
        finding.message = secret::mask_values(&finding.message);
        finding.title = secret::mask_values(&finding.title);
    }
    if !text::is_block(&finding.message, text::MESSAGE) {
        finding.message = text::block(&finding.message, text::MESSAGE);
    }
    keep_line(&mut finding.title, text::TITLE);
    if finding.title.is_empty() {
        finding.title = text::first_sentence(&finding.message).unwrap_or_else(|| finding.rule.clone());
    }
    finding.fix = finding.fix.take().map(|fix| text::block(&fix, 2000)).filter(|fix| !fix.is_empty());
    finding.help = finding.help.take().and_then(|help| text::link(&help));
    finding.cvss = finding.cvss.filter(|score| (0.0..=10.0).contains(score));
    keep_first(&mut finding.cwe, 20);
    finding.aliases.iter_mut().for_each(|alias| *alias = text::line(alias, 100));
    finding.aliases.retain(|alias| !alias.is_empty());
    keep_first(&mut finding.aliases, 50);
    match &mut finding.place {
        Place::Code { path: p, .. } | Place::Secret { path: p, .. } => *p = path::clean(p, &[]),
        Place::Package { purl: p, manifest } => {
            *p = text::line(p, 500);
            *manifest = manifest.take().map(|m| path::clean(&m, &[])).filter(|m| !m.is_empty());
        }
        Place::Route { method, route, parameter } => {
            *method = text::line(method, 20).to_ascii_uppercase();
            *route = text::line(route, 1000);
            *parameter = parameter.take().map(|p| text::line(&p, 200));
        }
        Place::Target { name } => *name = text::line(name, 300),
    }
    if let Place::Package { purl: p, .. } = &mut finding.place
        && let Some(clean) = purl::clean(p)
    {
        *p = clean;
    }
}

fn keep_line(text: &mut String, most: usize) {
    if !text::is_line(text, most) {
        *text = text::line(text, most);
    }
}

/// Drops repetitions and everything after the first `most`, keeping order.
fn keep_first<T: PartialEq + Clone>(all: &mut Vec<T>, most: usize) {
    if all.len() < 2 {
        return;
    }
    let mut kept: Vec<T> = Vec::with_capacity(all.len().min(most));
    for item in all.iter() {
        if kept.len() < most && !kept.contains(item) {
            kept.push(item.clone());
        }
    }
    *all = kept;
}

/// The file last looked into, and where foreign paths were found in the tree. Reports list
/// findings file by file, so one file is enough.
#[derive(Default)]
struct Lines {
    path: String,
    text: Option<Vec<u8>>,
    starts: Vec<usize>,
    located: (String, String),
}

impl Lines {
    /// `path` itself when the tree has it, else its longest tail that the tree has, else `path`.
    fn locate(&mut self, tree: &dyn SourceTree, path: String) -> String {
        if self.located.0 == path {
            return self.located.1.clone();
        }
        let tails = path.match_indices('/').map(|(n, _)| &path[n + 1..]).take(32);
        let found = std::iter::once(path.as_str()).chain(tails).find(|tail| tree.has(tail));
        let found = found.unwrap_or(&path).to_owned();
        self.located = (path, found.clone());
        found
    }

    fn text(&mut self, tree: &dyn SourceTree, path: &str, line: u32, end: u32) -> Option<String> {
        if self.path != path {
            self.path = path.to_owned();
            self.text = tree.read(path);
            let breaks = memchr::memchr_iter(b'\n', self.text.as_deref().unwrap_or_default());
            self.starts = std::iter::once(0).chain(breaks.map(|n| n + 1)).collect();
        }
        let text = self.text.as_deref()?;
        let from = *self.starts.get(line as usize - 1)?;
        let to = self.starts.get(end as usize).copied().unwrap_or(text.len());
        let code = String::from_utf8_lossy(text.get(from..to)?).into_owned();
        (!code.trim().is_empty()).then_some(code)
    }
}
