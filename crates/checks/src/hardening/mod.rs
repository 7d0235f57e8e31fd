//! Security settings of compilers and linkers, read from the programs that they made.
//!
//! ELF files for x86_64 and aarch64 are examined, whatever their name. `searched` counts all files, `seen` the programs
//! and libraries among them, and archives, which may hold some: nobody looks into those, so that a run that puts out
//! nothing else is not complete. The same bytes are examined once, under the first of their paths.

mod elf;
mod paths;
mod rules;

use std::{
    collections::HashSet,
    io::{self, Read},
};

use model::{Coverage, Digest, ScanReport, Sha256, Technique, identity, predicate::Binary};

pub use elf::{ElfError, Settings, settings};
pub use rules::{RULES, Rule, judge};

/// Name of the tool in reports.
pub const TOOL: &str = "proofhouse-hardening";
/// Largest program that is read, in bytes.
pub const LARGEST_FILE: u64 = 512 << 20;
/// Bytes at the beginning of a file that tell what it is.
const HEAD: u64 = 512;

/// Opens one of the files by its path.
pub type Open<'a> = dyn Fn(&str) -> io::Result<Box<dyn Read>> + 'a;

/// Examines every program among the files at `paths`. What cannot be opened or read to its end is an error of the
/// report.
pub fn scan(paths: &[String], open: &Open<'_>) -> (ScanReport, Vec<Binary>) {
    let mut coverage = Coverage {
        stated: true,
        searched: Some(paths.len() as u64),
        rules: Some(RULES.len() as u64),
        ..Coverage::default()
    };
    let (mut binaries, mut known) = (Vec::new(), HashSet::new());
    for path in paths {
        match one(path, open) {
            Ok(Looked::Nothing) => {}
            Ok(Looked::Skipped(why)) => {
                coverage.seen += 1;
                coverage.skip(path, why);
            }
            Ok(Looked::Binary(binary)) => {
                if known.insert(binary.digest) {
                    coverage.seen += 1;
                    coverage.scanned += 1;
                    binaries.push(*binary);
                }
            }
            Err(why) => {
                coverage.seen += 1;
                coverage.error(format!("{path}: {why}"));
            }
        }
    }
    let mut findings: Vec<_> = binaries.iter().flat_map(judge).collect();
    identity::assign_all(&mut findings);
    (ScanReport { tool: crate::tool(TOOL), technique: Technique::Hardening, findings, coverage }, binaries)
}

/// What came of one file.
enum Looked {
    /// No program.
    Nothing,
    /// It is, or may hold, one that was not examined.
    Skipped(String),
    /// A program.
    Binary(Box<Binary>),
}

fn one(path: &str, open: &Open<'_>) -> Result<Looked, String> {
    let mut file = open(path).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    let read = |error: io::Error| format!("cannot be read: {error}");
    file.by_ref().take(HEAD).read_to_end(&mut bytes).map_err(read)?;
    if let Some(kind) = archive(&bytes) {
        return Ok(Looked::Skipped(format!("{kind}: archives are not looked into")));
    }
    if !bytes.starts_with(b"\x7fELF") {
        return Ok(Looked::Nothing);
    }
    file.take(LARGEST_FILE + 1 - bytes.len() as u64).read_to_end(&mut bytes).map_err(read)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Ok(Looked::Skipped(format!("larger than {LARGEST_FILE} bytes")));
    }
    match settings(&bytes) {
        Ok(settings) => {
            let digest = Digest { hash: Sha256::of(&bytes), size: bytes.len() as u64 };
            Ok(Looked::Binary(Box::new(settings.of(path, digest))))
        }
        Err(ElfError::NotAProgram) => Ok(Looked::Nothing),
        Err(error @ ElfError::Machine(..)) => Ok(Looked::Skipped(error.to_string())),
        Err(error) => Err(error.to_string()),
    }
}

/// What an archive is called, by its first bytes; a Python program in one file begins with the line of its interpreter.
fn archive(head: &[u8]) -> Option<&'static str> {
    const FIRST: [(&[u8], &str); 9] = [
        (b"PK\x03\x04", "a zip archive"),
        (b"\x1f\x8b", "a gzip file"),
        (b"\xfd7zXZ\0", "an xz file"),
        (b"BZh", "a bzip2 file"),
        (b"\x28\xb5\x2f\xfd", "a zstd file"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        (b"!<arch>\ndebian-binary", "a Debian package"),
        (b"\xed\xab\xee\xdb", "an RPM package"),
        (b"hsqs", "a squashfs image"),
    ];
    let found = FIRST.iter().find(|(first, _)| head.starts_with(first)).map(|(_, name)| *name);
    let tar = || (head.get(257..262) == Some(b"ustar")).then_some("a tar archive");
    let runs = || head.starts_with(b"#!") && memchr::memmem::find(head, b"PK\x03\x04").is_some();
    found.or_else(tar).or_else(|| runs().then_some("a zip archive"))
}

#[cfg(test)]
mod tests;
