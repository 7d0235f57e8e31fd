//! A whole scan: candidates, files in parallel, one report.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use ast_grep_language::SupportLang;
use globset::{Glob, GlobSet, GlobSetBuilder};
use model::{Coverage, ScanReport, Technique, ToolRef, identity};

use crate::{
    Options, SourceFiles, TOOL,
    engine::{self, Outcome},
    language, registry, source,
};

/// Trees are walked with cursors, but rules nest: room for them.
const STACK: usize = 16 * 1024 * 1024;
const MOST_THREADS: usize = 8;

struct Candidate {
    path: String,
    language: usize,
    parser: SupportLang,
}

/// See [`crate::scan()`].
pub fn scan(files: &dyn SourceFiles, options: &Options) -> ScanReport {
    let mut coverage =
        Coverage { stated: true, rules: Some(registry::infos().len() as u64), ..Coverage::default() };
    let candidates = candidates(files, options, &mut coverage);
    let mut findings = vec![];
    for (candidate, outcome) in candidates.iter().zip(all(files, &candidates)) {
        record(&candidate.path, &outcome, &mut coverage);
        findings.extend(outcome.findings);
    }
    identity::assign_all(&mut findings);
    let tool = ToolRef { name: TOOL.into(), version: env!("CARGO_PKG_VERSION").into(), digest: None };
    ScanReport { tool, technique: Technique::Sast, findings, coverage }
}

fn record(path: &str, outcome: &Outcome, coverage: &mut Coverage) {
    for (line, rule, reason) in &outcome.allowed {
        coverage.skip(format!("{path}:{line}"), format!("{rule} allowed: {reason}"));
    }
    match (&outcome.skipped, &outcome.error) {
        (Some(why), _) => coverage.skip(path, why),
        (None, Some(error)) => coverage.error(error),
        (None, None) => coverage.scanned += 1,
    }
}

/// Files of known languages in the order of their paths, without what the options leave out.
fn candidates(files: &dyn SourceFiles, options: &Options, coverage: &mut Coverage) -> Vec<Candidate> {
    let excluded = globs(&options.exclude, coverage);
    let mut paths = files.paths().unwrap_or_else(|error| {
        coverage.error(format!("cannot list the files: {error}"));
        vec![]
    });
    paths.sort_unstable();
    let mut candidates = vec![];
    for path in paths {
        let Some((language, parser)) = language::of_path(&path) else { continue };
        coverage.seen += 1;
        if excluded.is_match(&path) {
            coverage.skip(path, "excluded");
        } else {
            candidates.push(Candidate { path, language, parser });
        }
    }
    candidates
}

fn globs(texts: &[String], coverage: &mut Coverage) -> GlobSet {
    let mut builder = GlobSetBuilder::new();
    for text in texts {
        match Glob::new(text) {
            Ok(glob) => drop(builder.add(glob)),
            Err(error) => coverage.error(format!("exclude `{text}`: {error}")),
        }
    }
    builder.build().unwrap_or_default()
}

/// Outcomes in the order of the candidates, made by several threads.
fn all(files: &dyn SourceFiles, candidates: &[Candidate]) -> Vec<Outcome> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = vec![];
        while let Some(candidate) = candidates.get(next.fetch_add(1, Ordering::Relaxed)) {
            done.push((candidate.path.clone(), guarded(files, candidate)));
        }
        done
    };
    let threads =
        thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS).min(candidates.len());
    let mut done = thread::scope(|scope| {
        let spawn = |_| thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).ok();
        let workers: Vec<_> = (0..threads).filter_map(spawn).collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).flatten().collect::<Vec<_>>()
    });
    // No thread could be started: this one does the work.
    done.extend(work());
    done.sort_by(|a, b| a.0.cmp(&b.0));
    done.into_iter().map(|(_, outcome)| outcome).collect()
}

/// A parser's bug on one file must not end the scan of the others.
fn guarded(files: &dyn SourceFiles, candidate: &Candidate) -> Outcome {
    catch_unwind(AssertUnwindSafe(|| one(files, candidate))).unwrap_or_else(|_| Outcome {
        error: Some(format!("{}: the scan of this file failed", candidate.path)),
        ..Outcome::default()
    })
}

fn one(files: &dyn SourceFiles, candidate: &Candidate) -> Outcome {
    let skipped = |why: &str| Outcome { skipped: Some(why.to_owned()), ..Outcome::default() };
    let bytes = match files.read(&candidate.path, source::MOST_BYTES) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return skipped("too large"),
        Err(error) => {
            return Outcome { error: Some(format!("{}: {error}", candidate.path)), ..Outcome::default() };
        }
    };
    let text = match source::text(&candidate.path, &bytes) {
        Ok(text) => text,
        Err(why) => return skipped(why),
    };
    let Some(language) = language::all().get(candidate.language) else { return Outcome::default() };
    let rules = registry::of(candidate.language);
    engine::scan(&candidate.path, &text, language, candidate.parser, rules)
}
