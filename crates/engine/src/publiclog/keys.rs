//! Keys as people give them: a line of text, or a file.

use std::{fs, path::Path};

use attest::{
    PublicKey, Trust,
    log::{NoteKey, VerifierKey, WitnessKey, monitor::Expected},
};
use model::{Exit, Problem, Timestamp, problem::erase};

use super::files;
use crate::home::cannot;

/// Largest file of keys that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// Keys of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogKeys {
    /// All of them; what was seen before may be signed by one that has ended.
    pub all: Vec<NoteKey>,
    /// Those that may sign now.
    pub now: Vec<NoteKey>,
}

/// Keys of logs from a note verifier key, a file of them, or a trust file.
///
/// # Errors
/// `log-key-malformed`, or the file cannot be read.
pub fn log_keys(given: &str, now: Timestamp) -> Result<LogKeys, Problem> {
    if let Ok(key) = given.parse::<VerifierKey>() {
        let key = key.log().ok_or_else(|| malformed(given, "it is the key of a witness"))?;
        return Ok(LogKeys { all: vec![key.clone()], now: vec![key] });
    }
    let text = text(given)?;
    if !text.trim_start().starts_with('{') {
        let keys = note_keys(&text, given)?;
        return Ok(LogKeys { all: keys.clone(), now: keys });
    }
    let trust = Trust::parse(text.as_bytes()).map_err(|error| erase(&error))?;
    let usable = |only_now: bool| {
        let logs = trust.logs.iter().filter(|log| !only_now || log.valid_at(now));
        logs.filter_map(|log| log.note_key()).collect()
    };
    Ok(LogKeys { all: usable(false), now: usable(true) })
}

/// Keys of logs, one note verifier key a line; empty lines and those that begin with `#` are comments.
///
/// # Errors
/// `log-key-malformed` with the line.
pub fn note_keys(text: &str, file: &str) -> Result<Vec<NoteKey>, Problem> {
    let keys: Vec<_> =
        lines(text).map(|(number, line)| log_key(line, file, number)).collect::<Result<_, _>>()?;
    match keys.is_empty() {
        true => Err(malformed(file, "there is no key in it")),
        false => Ok(keys),
    }
}

fn log_key(line: &str, file: &str, number: usize) -> Result<NoteKey, Problem> {
    let place = format!("{file}, line {number}");
    let key: VerifierKey = line.parse().map_err(|error| malformed(&place, &format!("{error}")))?;
    key.log().ok_or_else(|| malformed(&place, "it is the key of a witness"))
}

/// Keys of witnesses: each a note verifier key of type 4, or a file of such lines.
///
/// # Errors
/// `log-key-malformed`, or the file cannot be read.
pub fn witness_keys(given: &[String]) -> Result<Vec<WitnessKey>, Problem> {
    let mut keys = Vec::new();
    for given in given {
        if let Ok(key) = given.parse::<VerifierKey>() {
            keys.push(key.witness().ok_or_else(|| malformed(given, "it is the key of a log"))?);
            continue;
        }
        for (number, line) in lines(&text(given)?) {
            let place = format!("{given}, line {number}");
            let key: VerifierKey = line.parse().map_err(|error| malformed(&place, &format!("{error}")))?;
            keys.push(key.witness().ok_or_else(|| malformed(&place, "it is the key of a log"))?);
        }
    }
    Ok(keys)
}

/// Adds to `expected` who may sign entries: each 64 hex digits, a PEM file, or a trust file.
///
/// # Errors
/// `log-key-malformed`, or the file cannot be read.
pub fn expect_keys(expected: &mut Expected, given: &[String]) -> Result<(), Problem> {
    for given in given {
        if let Ok(fingerprint) = given.parse() {
            expected.keys.push(fingerprint);
            continue;
        }
        let text = text(given)?;
        if text.trim_start().starts_with('{') {
            expected.trusts.push(Trust::parse(text.as_bytes()).map_err(|error| erase(&error))?);
        } else {
            let key = PublicKey::from_text(&text).map_err(|error| malformed(given, &error.to_string()))?;
            expected.keys.push(key.fingerprint());
        }
    }
    Ok(())
}

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = (1..).zip(text.lines().map(str::trim));
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

fn text(path: &str) -> Result<String, Problem> {
    let path = Path::new(path);
    if !fs::metadata(path).is_ok_and(|meta| meta.is_file()) {
        return Err(malformed(&path.display().to_string(), "it is neither a key nor a file"));
    }
    let bytes =
        files::read(path, MAX_FILE).map_err(|error| cannot(path, "read", &error))?.unwrap_or_default();
    if bytes.len() as u64 > MAX_FILE {
        return Err(malformed(&path.display().to_string(), "it is larger than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| malformed(&path.display().to_string(), "it is not text"))
}

fn malformed(place: &str, why: &str) -> Problem {
    Problem::new("log-key-malformed", Exit::Input, format!("{place}: {why}"))
        .with_hint("`proofhouse ledger trust --log-key` prints the key of a log, `proofhouse witness key` makes one of a witness")
}
