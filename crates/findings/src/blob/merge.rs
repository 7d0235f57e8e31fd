//! Sorted streams of records into one, and that one as bytes to read.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    io::{self, Read},
};

use model::{BySeverity, FindingId, Sha256};

use super::chunk::Record;

pub(super) type Records<'r> = Box<dyn Iterator<Item = io::Result<Record>> + 'r>;

/// The next record of a stream, as it is ordered: id, line, number of the stream, severity.
type Head = (FindingId, Vec<u8>, usize, u8);

/// Merges sorted streams. Of records with equal ids only the first stays, which is the smallest
/// line, so that the result does not depend on the order of arrival.
pub(super) struct Merge<'r> {
    streams: Vec<Records<'r>>,
    heads: BinaryHeap<Reverse<Head>>,
    last: Option<FindingId>,
}

impl<'r> Merge<'r> {
    pub(super) fn new(streams: Vec<Records<'r>>) -> io::Result<Self> {
        let count = streams.len();
        let mut merge = Self { streams, heads: BinaryHeap::with_capacity(count), last: None };
        (0..count).try_for_each(|n| merge.advance(n))?;
        Ok(merge)
    }

    fn advance(&mut self, n: usize) -> io::Result<()> {
        if let Some(record) = self.streams[n].next() {
            let record = record?;
            self.heads.push(Reverse((record.id, record.line, n, record.severity as u8)));
        }
        Ok(())
    }

    pub(super) fn next_record(&mut self) -> io::Result<Option<Record>> {
        while let Some(Reverse((id, line, n, severity))) = self.heads.pop() {
            self.advance(n)?;
            if self.last.replace(id) != Some(id) {
                let severity = model::Severity::ALL[usize::from(severity)];
                return Ok(Some(Record { id, severity, line }));
            }
        }
        Ok(None)
    }
}

/// The blob's bytes, counted while they are read.
pub(super) struct Lines<'r> {
    merge: Merge<'r>,
    line: Vec<u8>,
    at: usize,
    pub by_severity: BySeverity,
}

impl<'r> Lines<'r> {
    pub(super) fn new(merge: Merge<'r>) -> Self {
        Self { merge, line: Vec::new(), at: 0, by_severity: BySeverity::default() }
    }
}

impl Read for Lines<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            if self.at == self.line.len() {
                let Some(record) = self.merge.next_record()? else { break };
                self.by_severity.add(record.severity);
                (self.line, self.at) = (record.line, 0);
                self.line.push(b'\n');
            }
            let take = (buffer.len() - filled).min(self.line.len() - self.at);
            buffer[filled..filled + take].copy_from_slice(&self.line[self.at..self.at + take]);
            (filled, self.at) = (filled + take, self.at + take);
        }
        Ok(filled)
    }
}

/// The digest that stands for "no id yet".
pub(super) const NO_ID: FindingId = FindingId(Sha256([0; 32]));
