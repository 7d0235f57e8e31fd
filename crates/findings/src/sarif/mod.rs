//! SARIF 2.1.0 (OASIS), read as a stream.
//!
//! **Order of keys.** Results refer to tables of their run: rules, base URIs, artifacts, logical
//! locations. Tools write these before or after the results, as they like. The text is read once and
//! results are passed on as they come, until one needs a table that has not been seen yet; from there
//! on results are skipped (skipping costs no parsing) while the tables are collected. Then the text
//! is opened again and the rest is passed on. So nothing is kept but the tables, whatever the order,
//! and the usual order costs one reading.
//!
//! **What is taken.**
//! - Severity: `security-severity` (as CVSS) of result or rule, else `level` of result or rule's
//!   default configuration (`error` high, `warning` medium, `note` low, `none` info), else `rank`,
//!   else `warning` (credentials: high). Zero scores are unrated and do not count; nor does the
//!   level of a rule with the tag `UNKNOWN`, which Trivy writes as `note` for what nobody has rated.
//! - `kind` `pass` and `notApplicable`, and `baselineState` `absent`, are no findings; `informational`
//!   is info; `open` and `review` have low confidence.
//! - Suppressed results (each suppression accepted) are counted, listed and not passed on.
//! - Place: the first location. A web address is a route, a package URL among the properties is a
//!   package, a credential is a secret, everything else is code.
//! - Identity: snippet, else the line of the source tree, else the tool's fingerprints.
//! - Security requirements: tags of rules and results (`requirement:ID`, or an id that the project has). A rule
//!   counts as applied unless it is turned off; a result of kind `pass` says so too. Suppressed results count
//!   neither as found nor as not found.
//! - Coverage: artifacts are the files seen; a run that says it failed, and notifications of level
//!   `error`, make the scan incomplete. A run without artifacts does not state its coverage.

mod message;
mod place;
mod result;
mod rules;
mod tables;
mod tools;
mod types;

use model::{Coverage, Technique, ToolRef};

use self::{
    result::Outcome,
    tables::{Reading, Run},
};
use crate::{
    ImportError, Source, adapters::Read, intake::Intake, json::Scanner, normalise::text, source::open_text,
};

pub(crate) const NAME: &str = "sarif";

/// Reads a log file with any number of runs.
pub(crate) fn read(source: &dyn Source, intake: &mut Intake<'_>) -> Result<Read, ImportError> {
    let limits = intake.options.limits.clone();
    let open = || Scanner::new(open_text(source, &limits)?, NAME, &limits);
    let mut log = Log::default();
    let mut scanner = open()?;
    log.first_reading(&mut scanner, intake)?;
    if log.rest_from.is_some() {
        log.second_reading(&mut open()?, intake)?;
    }
    Ok(log.close(intake))
}

#[derive(Default)]
struct Log {
    runs: Vec<Run>,
    /// Run and result from which on the first reading passed nothing on.
    rest_from: Option<(usize, u64)>,
    coverage: Coverage,
    /// Bytes of all tables so far.
    tables: usize,
}

impl Log {
    fn first_reading(
        &mut self,
        scanner: &mut Scanner<'_>,
        intake: &mut Intake<'_>,
    ) -> Result<(), ImportError> {
        let (mut version, mut runs) = (None::<String>, false);
        scanner.fields(&["version", "runs"], |s, key| match key {
            "version" => s.value().map(|text| version = Some(text)),
            _ => {
                runs = true;
                s.elements(|s| self.first_run(s, intake))
            }
        })?;
        scanner.finish()?;
        match version.as_deref() {
            Some(version) if version.starts_with("2.1.") && runs => Ok(()),
            Some(version) if runs => Err(scanner.wrong(format!("version {version:.20}; 2.1.0 is read"))),
            None if runs => Err(scanner.wrong("`version` is missing")),
            _ => Err(scanner.wrong("`runs` is missing")),
        }
    }

    fn first_run(&mut self, scanner: &mut Scanner<'_>, intake: &mut Intake<'_>) -> Result<(), ImportError> {
        let at = self.runs.len();
        let mut run = Run::default();
        let mut number = 0;
        let (rest_from, coverage) = (&mut self.rest_from, &mut self.coverage);
        let mut reading = Reading {
            coverage,
            size: &mut self.tables,
            limit: intake.options.limits.tables,
            requirements: intake.options.requirements,
        };
        scanner.fields(&tables::FIELDS, |s, key| {
            if key != "results" {
                return run.table(s, key, &mut reading);
            }
            run.saw_results(s, reading.coverage)?;
            s.elements(|s| {
                let this = number;
                number += 1;
                if rest_from.is_some() {
                    return s.skip();
                }
                match result::pass(&s.value()?, &run, false, intake, reading.coverage)? {
                    Outcome::Done => Ok(()),
                    Outcome::NeedsMore => {
                        *rest_from = Some((at, this));
                        Ok(())
                    }
                }
            })
        })?;
        run.end(&mut self.coverage);
        self.runs.push(run);
        Ok(())
    }

    fn second_reading(
        &mut self,
        scanner: &mut Scanner<'_>,
        intake: &mut Intake<'_>,
    ) -> Result<(), ImportError> {
        let Some((first_run, first_result)) = self.rest_from else { return Ok(()) };
        let mut at = 0;
        scanner.fields(&["runs"], |s, _| {
            s.elements(|s| {
                let this = at;
                at += 1;
                let Some(run) = self.runs.get(this).filter(|_| this >= first_run) else { return s.skip() };
                let mut number = 0;
                s.fields(&["results"], |s, _| {
                    s.elements(|s| {
                        number += 1;
                        if this == first_run && number <= first_result {
                            return s.skip();
                        }
                        result::pass(&s.value()?, run, true, intake, &mut self.coverage).map(|_| ())
                    })
                })
            })
        })
    }

    fn close(self, intake: &Intake<'_>) -> Read {
        let first = self.runs.into_iter().next().unwrap_or_default();
        let version = text::line(first.version(), 60);
        let tool = ToolRef { name: first.scanner().to_owned(), version, digest: None };
        let by_tool = tools::technique(&tool.name).unwrap_or(Technique::Sast);
        let technique = intake.options.technique.unwrap_or(by_tool);
        Read { tool, technique, coverage: self.coverage }
    }
}

#[cfg(test)]
mod tests;
