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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{LocalBlobs, project::scan::Stream};

    /// Reads bytes as a findings blob; the number of lines and rows, or what was wrong.
    fn run(bytes: Vec<u8>) -> Result<(u64, usize), String> {
        let folder = tempfile::tempdir().unwrap();
        let ledger = testkit::Ledger::new(LocalBlobs::open(folder.path()).unwrap());
        let scan = ledger.scan_predicate(ledger.findings_blob(&[]), true);
        let rows = Rows::new(&Stream { id: 0, scan: 0, at: Value::from(0_u64) }, &scan);
        let (send, mut receive) = tokio::sync::mpsc::channel(64);
        let count = read(Box::new(io::Cursor::new(bytes)), rows, &send).map_err(|failure| match failure {
            Failure::Io(error) => error.to_string(),
            Failure::Line(what) => what,
        })?;
        drop(send);
        let rows = std::iter::from_fn(|| receive.blocking_recv()).map(|batch| batch.len()).sum::<usize>();
        Ok((count, rows / COLUMNS.len()))
    }

    fn lines() -> Vec<u8> {
        let mut bytes = Vec::new();
        for n in 0..3 {
            serde_json::to_writer(&mut bytes, &testkit::finding("B1", &format!("{n}.py"), "x")).unwrap();
            bytes.push(b'\n');
        }
        bytes
    }

    #[test]
    fn lines_are_bounded_and_equal_identities_in_a_batch_are_one_row() {
        assert_eq!(run(lines()), Ok((3, 1)));
        assert_eq!(run(Vec::new()), Ok((0, 0)));
        let endless = vec![b'['; 3 << 20];
        assert!(run(endless).unwrap_err().contains("longer than"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = run(bytes);
        }

        #[test]
        fn a_changed_byte_is_an_error_or_another_finding(at: prop::sample::Index, to: u8) {
            let mut bytes = lines();
            let at = at.index(bytes.len());
            bytes[at] = to;
            if let Ok((lines, rows)) = run(bytes) {
                prop_assert!(lines <= 4 && rows as u64 <= lines);
            }
        }
    }
}
