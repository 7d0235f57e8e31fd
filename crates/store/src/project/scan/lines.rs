//! Reading a findings blob: one JSON finding per line, any number of lines, bounded memory.

use std::{
    collections::HashSet,
    io::{self, BufRead, BufReader, Read},
};

use model::{Finding, FindingId};
use tokio::sync::mpsc::Sender;

use super::finding::{COLUMNS, Rows};
use crate::db::{Insert, Value};

/// Longest line. A finding is a few hundred bytes; the longest text of one is a message.
const LONGEST_LINE: u64 = 1 << 20;

/// Why the blob could not be used.
pub(super) enum Failure {
    /// It could not be read, or its content does not match its digest.
    Io(io::Error),
    /// A line is not a finding.
    Line(String),
}

/// Reads all lines, sends their rows in batches and returns their number. Findings that repeat an
/// identity inside a batch are sent once (PostgreSQL refuses to touch a row twice in one command).
pub(super) fn read(
    reader: Box<dyn Read + Send>,
    rows: Rows,
    send: &Sender<Vec<Value>>,
) -> Result<u64, Failure> {
    let mut reader = BufReader::with_capacity(256 * 1024, reader);
    match read_lines(&mut reader, &rows, send) {
        // A line that makes no sense may be a changed byte: the digest at the end tells.
        Err(Failure::Line(text)) => {
            io::copy(&mut reader, &mut io::sink()).map_err(Failure::Io)?;
            Err(Failure::Line(text))
        }
        other => other,
    }
}

fn read_lines(reader: &mut impl BufRead, rows: &Rows, send: &Sender<Vec<Value>>) -> Result<u64, Failure> {
    let most = Insert::batch(COLUMNS.len());
    let mut batch = Vec::new();
    let mut seen: HashSet<FindingId> = HashSet::with_capacity(most);
    let mut line = Vec::new();
    let mut count = 0;
    loop {
        line.clear();
        let n = reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(Failure::Io)?;
        if n == 0 {
            break;
        }
        count += 1;
        let finding = parse(&line).map_err(|what| Failure::Line(format!("findings line {count}: {what}")))?;
        if seen.insert(finding.id) {
            rows.push(finding, &mut batch);
        }
        if seen.len() == most {
            seen.clear();
            // Nobody listens when the projection has failed; the rest is then not needed.
            if send.blocking_send(std::mem::take(&mut batch)).is_err() {
                return Ok(count);
            }
        }
    }
    let _ = send.blocking_send(batch);
    Ok(count)
}

fn parse(line: &[u8]) -> Result<Finding, String> {
    let complete = line.last() == Some(&b'\n') || (line.len() as u64) < LONGEST_LINE;
    if !complete {
        return Err(format!("longer than {LONGEST_LINE} bytes"));
    }
    serde_json::from_slice(line).map_err(|error| error.to_string())
}
