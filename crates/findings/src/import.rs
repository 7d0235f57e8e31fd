//! The way in: find the adapter, read the report through it, say what was read.

use model::{BySeverity, Coverage, Technique, ToolRef, requirement::Requirements};

use crate::{
    ImportError, Sink, Source, SourceTree,
    adapters::{self, Adapter, Shape},
    intake::Intake,
    json::Scanner,
    manual::{self, Assessment},
    source::{UTF_16, open_text},
};

/// How much of a report is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole text, after unpacking. Default 2 GiB.
    pub bytes: u64,
    /// Levels of nesting. Default 100 (serde_json itself stops at 128).
    pub depth: u32,
    /// Bytes of one value that is held in memory, such as one result. Default 16 MiB.
    pub value: usize,
    /// Bytes of the tables (rules, components, files) that results refer to. Default 32 MiB.
    pub tables: usize,
    /// Findings. Default 1,000,000.
    pub findings: u64,
    /// Bytes unpacked per compressed byte. Default 200.
    pub ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 2 << 30,
            depth: 100,
            value: 16 << 20,
            tables: 32 << 20,
            findings: 1_000_000,
            ratio: 200,
        }
    }
}

/// What the caller knows about the scan.
#[derive(Clone, Default)]
pub struct ImportOptions<'a> {
    /// Limits.
    pub limits: Limits,
    /// The tool as the caller pinned it. Its name and digest replace what the report says; its
    /// version only when it is not empty.
    pub tool: Option<ToolRef>,
    /// The family of testing, when the report is of a format that serves several (SARIF).
    pub technique: Option<Technique>,
    /// Folders that paths in the report may start with and the repository does not know, absolute
    /// or relative to where the scanner ran, e.g. `/build/src` or `checkout/app`.
    pub roots: Vec<String>,
    /// The scanned tree, to find the code of findings that come without it.
    pub source: Option<&'a dyn SourceTree>,
    /// Name of the target for findings that are nowhere in particular. Default `source`.
    pub target: Option<String>,
    /// Names of columns and fields that a report by people uses beside the usual ones, each with the usual
    /// name that it stands for, e.g. `Risk class` for `severity`.
    pub columns: Vec<(String, String)>,
    /// Security requirements of the project: a tag that is the id of one is meant as such. Ids written as
    /// `requirement:ID` are meant in any case.
    pub requirements: Option<&'a Requirements>,
}

/// What was read.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportInfo {
    /// Format name.
    pub format: &'static str,
    /// The tool, as pinned by the caller or as the report says it; version may be empty.
    pub tool: ToolRef,
    /// Family of testing of most findings; of the tool when there is none.
    pub technique: Technique,
    /// What the report says it looked at.
    pub coverage: Coverage,
    /// Findings given to the sink.
    pub findings: u64,
    /// The same by severity.
    pub by_severity: BySeverity,
    /// Results that the report itself marks as suppressed, ignored or not affected; not given to
    /// the sink, listed in `coverage.skipped` up to its bound.
    pub suppressed: u64,
    /// What a report by people says of itself; `None` for a tool's report.
    pub assessment: Option<Assessment>,
}

/// Reads one report. `format` is one of [`crate::formats`]; without it the report's first 64 KiB
/// decide. On an error, what the sink already got is not a whole scan and must be thrown away.
///
/// # Errors
/// See [`ImportError`].
pub fn import(
    source: &dyn Source,
    format: Option<&str>,
    options: &ImportOptions<'_>,
    sink: &mut dyn Sink,
) -> Result<ReportInfo, ImportError> {
    let adapter = match format {
        Some(name) => adapters::find(name).ok_or_else(|| ImportError::UnknownFormat { name: name.into() })?,
        None => recognise(source, &options.limits)?,
    };
    let mut intake = Intake::new(options, sink);
    let read = adapter.read(source, &mut intake)?;
    let mut tool = read.tool;
    if let Some(pinned) = &options.tool {
        tool.name.clone_from(&pinned.name);
        tool.digest = pinned.digest;
        if !pinned.version.is_empty() {
            tool.version.clone_from(&pinned.version);
        }
    }
    let technique = intake.main_technique(read.technique);
    let (findings, by_severity, suppressed) = intake.totals();
    let assessment = intake.assessment.take();
    Ok(ReportInfo {
        format: adapter.name(),
        tool,
        technique: options.technique.unwrap_or(technique),
        coverage: read.coverage,
        findings,
        by_severity,
        suppressed,
        assessment,
    })
}

/// The format that a report's beginning shows, as a name from [`crate::formats`].
///
/// # Errors
/// [`ImportError::Unrecognised`], [`ImportError::Empty`], or what reading yields.
pub fn detect(source: &dyn Source, limits: &Limits) -> Result<&'static str, ImportError> {
    recognise(source, limits).map(|adapter| adapter.name())
}

/// Bytes in which a format shows itself.
const BEGINNING: u64 = 64 << 10;

fn recognise(source: &dyn Source, limits: &Limits) -> Result<&'static dyn Adapter, ImportError> {
    let shape = match open_text(source, limits) {
        Ok(text) => Shape::of(Scanner::new(Box::new(std::io::Read::take(text, BEGINNING)), "JSON", limits)?)?,
        Err(ImportError::Compressed { kind: UTF_16 }) => Shape::default(),
        Err(error) => return Err(error),
    };
    if let Some(adapter) = adapters::recognise(&shape) {
        return Ok(adapter);
    }
    // A report by people is a text. What could be JSON is not one.
    let text =
        if shape.list || !shape.keys.is_empty() { String::new() } else { manual::beginning(source, limits)? };
    adapters::recognise_text(&text).ok_or_else(|| ImportError::Unrecognised { reason: shape.describe() })
}
