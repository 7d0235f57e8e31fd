//! Security settings of compilers and linkers, read from the programs that they made.
//!
//! ELF files for x86_64 and aarch64 are examined, whatever their name, also those in zip and tar archives and in files
//! of gzip. `searched` counts all files, `seen` the programs and libraries among them, and what may hold some and was
//! not looked into (archives of other kinds, archives in archives): a run that puts out nothing else is not complete. The
//! same bytes are examined once, under the first of their paths.

mod archive;
mod elf;
mod paths;
mod rules;

use std::{
    collections::HashSet,
    io::{self, Read},
};

use model::{Coverage, Digest, ScanReport, Sha256, Technique, identity, predicate::Binary};

use archive::{HEAD, Kind};
pub use elf::{ElfError, Settings, settings};
pub use rules::{RULES, Rule, judge};

/// Name of the tool in reports.
pub const TOOL: &str = "proofhouse-hardening";
/// Largest program that is read, in bytes.
pub const LARGEST_FILE: u64 = 512 << 20;

/// Opens one of the files by its path.
pub type Open<'a> = dyn Fn(&str) -> io::Result<Box<dyn Read>> + 'a;

/// Examines every program among the files at `paths`. What cannot be opened or read to its end is an error of the
/// report.
pub fn scan(paths: &[String], open: &Open<'_>) -> (ScanReport, Vec<Binary>) {
    let coverage = Coverage {
        stated: true,
        searched: Some(paths.len() as u64),
        rules: Some(RULES.len() as u64),
        ..Coverage::default()
    };
    let mut look = Look { coverage, binaries: Vec::new(), known: HashSet::new() };
    for path in paths {
        match open(path) {
            Ok(mut file) => look.file(path, &mut file, false),
            Err(error) => look.failed(path, &error.to_string()),
        }
    }
    let Look { coverage, binaries, .. } = look;
    let mut findings: Vec<_> = binaries.iter().flat_map(judge).collect();
    identity::assign_all(&mut findings);
    (ScanReport { tool: crate::tool(TOOL), technique: Technique::Hardening, findings, coverage }, binaries)
}

/// What was seen so far.
struct Look {
    coverage: Coverage,
    binaries: Vec<Binary>,
    known: HashSet<Digest>,
}

impl Look {
    fn failed(&mut self, path: &str, why: &str) {
        self.coverage.seen += 1;
        self.coverage.error(format!("{path}: {why}"));
    }

    fn skipped(&mut self, path: &str, why: String) {
        self.coverage.seen += 1;
        self.coverage.skip(path, why);
    }

    /// One file; `packed`: out of an archive.
    fn file(&mut self, path: &str, file: &mut dyn Read, packed: bool) {
        let mut bytes = Vec::new();
        if let Err(error) = file.take(HEAD).read_to_end(&mut bytes) {
            return self.failed(path, &format!("cannot be read: {error}"));
        }
        match archive::kind(&bytes) {
            Some(Kind::Closed(kind)) => self.skipped(path, format!("{kind}, which is not looked into")),
            Some(_) if packed => self.skipped(path, "an archive in an archive".to_owned()),
            Some(kind) => {
                let mut whole = io::Cursor::new(bytes).chain(file);
                let inside = archive::each(kind, &mut whole, &mut |name, entry| {
                    self.file(&format!("{path}!/{}", shown(name)), entry, true);
                });
                if let Err(error) = inside {
                    self.failed(path, &error.to_string());
                }
            }
            None if bytes.starts_with(b"\x7fELF") => self.program(path, bytes, file),
            None => {}
        }
    }

    fn program(&mut self, path: &str, mut bytes: Vec<u8>, file: &mut dyn Read) {
        if let Err(error) = file.take(LARGEST_FILE + 1 - bytes.len() as u64).read_to_end(&mut bytes) {
            return self.failed(path, &format!("cannot be read: {error}"));
        }
        if bytes.len() as u64 > LARGEST_FILE {
            return self.skipped(path, format!("larger than {LARGEST_FILE} bytes"));
        }
        match settings(&bytes) {
            Ok(settings) => {
                let digest = Digest { hash: Sha256::of(&bytes), size: bytes.len() as u64 };
                if self.known.insert(digest) {
                    self.coverage.seen += 1;
                    self.coverage.scanned += 1;
                    self.binaries.push(settings.of(path, digest));
                }
            }
            Err(ElfError::NotAProgram) => {}
            Err(error @ ElfError::Machine(..)) => self.skipped(path, error.to_string()),
            Err(error) => self.failed(path, &error.to_string()),
        }
    }
}

/// A name out of an archive, as it can be shown.
fn shown(name: &str) -> String {
    name.trim_start_matches("./").chars().filter(|c| !c.is_control()).take(300).collect()
}

#[cfg(test)]
mod tests;
