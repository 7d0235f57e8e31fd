//! One file per report format, and the registry. To add one: a file here with a type that implements
//! [`Adapter`], its test, and one line in [`ALL`].

mod bandit;
mod betterleaks;
mod cargo_audit;
mod cyclonedx;
mod gitleaks;
mod hadolint;
mod manual_csv;
mod manual_html;
mod manual_json;
mod manual_markdown;
mod pip_audit;
mod sarif;
mod semgrep;
mod shape;
mod trivy;
mod zizmor;

use model::{Coverage, Technique, ToolRef};

pub(crate) use shape::Shape;

use crate::{ImportError, ImportOptions, Source, intake::Intake, json::Scanner, source::open_text};

/// Reads one report format.
pub(crate) trait Adapter: Sync {
    /// Its name, as the pipeline and the command line write it.
    fn name(&self) -> &'static str;

    /// Whether a report of this shape is (probably) of this format. Asked in registry order.
    fn detect(&self, shape: &Shape) -> bool;

    /// Whether a text that is not JSON is (probably) of this format; only its beginning is given.
    fn detect_text(&self, _beginning: &str) -> bool {
        false
    }

    /// Reads the whole report and gives every finding to `intake`.
    ///
    /// # Errors
    /// See [`ImportError`].
    fn read(&self, source: &dyn Source, intake: &mut Intake<'_>) -> Result<Read, ImportError>;
}

/// What an adapter says beside the findings.
pub(crate) struct Read {
    /// The tool as the report names it; version empty when it does not say.
    pub tool: ToolRef,
    /// Family of testing of the tool.
    pub technique: Technique,
    /// What the report says it looked at.
    pub coverage: Coverage,
}

/// The registry. Specific formats come before the general ones.
static ALL: [&dyn Adapter; 15] = [
    &sarif::Sarif,
    &bandit::Bandit,
    &betterleaks::Betterleaks,
    &cargo_audit::CargoAudit,
    &cyclonedx::CycloneDx,
    &gitleaks::Gitleaks,
    &hadolint::Hadolint,
    &pip_audit::PipAudit,
    &trivy::Trivy,
    &zizmor::Zizmor,
    &semgrep::Semgrep,
    &manual_json::ManualJson,
    &manual_html::ManualHtml,
    &manual_markdown::ManualMarkdown,
    &manual_csv::ManualCsv,
];

/// Names of all report formats.
pub fn formats() -> &'static [&'static str] {
    static NAMES: std::sync::LazyLock<Vec<&'static str>> =
        std::sync::LazyLock::new(|| ALL.iter().map(|adapter| adapter.name()).collect());
    &NAMES
}

pub(crate) fn find(name: &str) -> Option<&'static dyn Adapter> {
    ALL.into_iter().find(|adapter| adapter.name() == name)
}

pub(crate) fn recognise(shape: &Shape) -> Option<&'static dyn Adapter> {
    ALL.into_iter().find(|adapter| adapter.detect(shape))
}

pub(crate) fn recognise_text(beginning: &str) -> Option<&'static dyn Adapter> {
    ALL.into_iter().find(|adapter| adapter.detect_text(beginning))
}

/// Opens the text of a JSON report.
fn open<'s>(
    source: &'s dyn Source,
    options: &ImportOptions<'_>,
    format: &'static str,
) -> Result<Scanner<'s>, ImportError> {
    Scanner::new(open_text(source, &options.limits)?, format, &options.limits)
}

/// A tool by name and version.
fn tool(name: &str, version: Option<&str>) -> ToolRef {
    let version = crate::normalise::text::line(version.unwrap_or_default(), 60);
    ToolRef { name: name.to_owned(), version, digest: None }
}

#[cfg(test)]
pub(crate) mod tests {
    //! How every adapter's tests read a report.

    use model::Finding;

    use crate::{ImportOptions, ReportInfo, SourceTree, import};

    pub(crate) fn read(format: &str, report: &str) -> (Vec<Finding>, ReportInfo) {
        read_with(format, report, &ImportOptions::default())
    }

    /// As [`read`], with a source tree where every file has this text.
    pub(crate) fn read_with_source(format: &str, report: &str, text: &str) -> (Vec<Finding>, ReportInfo) {
        struct Same(Vec<u8>);
        impl SourceTree for Same {
            fn read(&self, _: &str) -> Option<Vec<u8>> {
                Some(self.0.clone())
            }
        }
        let tree = Same(text.as_bytes().to_vec());
        read_with(format, report, &ImportOptions { source: Some(&tree), ..ImportOptions::default() })
    }

    pub(crate) fn read_with(
        format: &str,
        report: &str,
        options: &ImportOptions<'_>,
    ) -> (Vec<Finding>, ReportInfo) {
        let mut findings = Vec::new();
        let info = import(&report.as_bytes(), Some(format), options, &mut findings).expect(format);
        (findings, info)
    }

    pub(crate) fn find(findings: &[Finding], rule: &str) -> Finding {
        findings.iter().find(|finding| finding.rule == rule).expect(rule).clone()
    }
}
