//! Walking the journal from record to record without the index, also past broken ones.

use std::{fs::File, io, os::unix::fs::FileExt};

use crate::ledger::{
    LedgerError,
    journal::{Found, Journal, Position},
    record::{MARK, Record},
};

/// Most records that are told to be missing one by one when no checkpoint says how many there are: a
/// damaged or forged number could be any.
const MOST_MISSING: u64 = 1 << 20;

/// A record, or the place where one should be.
pub struct Row {
    pub place: Position,
    pub record: Option<Record>,
}

impl Row {
    /// What to call it.
    pub fn name(&self, index: u64) -> String {
        format!("record {index} (journal/{:020}.seg, byte {})", self.place.segment, self.place.offset)
    }
}

/// The walk.
pub struct Scan<'a> {
    journal: &'a Journal,
    segments: Vec<u64>,
    place: Position,
    /// Number of the record expected next.
    next: u64,
    /// Records before this number must be there.
    covered: Option<u64>,
    /// A good record found beyond a broken stretch.
    ahead: Option<(Record, Position, Position)>,
    /// Beyond the broken stretch there is none.
    exhausted: bool,
}

impl<'a> Scan<'a> {
    pub fn new(journal: &'a Journal, covered: Option<u64>) -> Result<Self, LedgerError> {
        let segments = journal.segments()?;
        let place = Position::default();
        Ok(Self { journal, segments, place, next: 0, covered, ahead: None, exhausted: false })
    }

    /// Up to `most` rows in order; fewer only at the end.
    pub fn take(&mut self, most: usize) -> Result<Vec<Row>, LedgerError> {
        let mut rows = Vec::new();
        while rows.len() < most {
            let Some(row) = self.row()? else { break };
            rows.push(row);
            self.next += 1;
        }
        Ok(rows)
    }

    fn row(&mut self) -> Result<Option<Row>, LedgerError> {
        if self.ahead.is_none() && !self.exhausted {
            match self.journal.read(self.place)? {
                Found::Record(record, next) if record.index == self.next => {
                    let place = std::mem::replace(&mut self.place, next);
                    return Ok(Some(Row { place, record: Some(record) }));
                }
                Found::End if !self.segments.iter().any(|start| *start > self.place.segment) => {
                    return Ok(None);
                }
                Found::End => {
                    let next = self.segments.iter().find(|start| **start > self.place.segment);
                    self.place = Position { segment: next.copied().unwrap_or(0), offset: 0 };
                    return self.row();
                }
                // Records are missing before this one, e.g. a whole segment.
                Found::Record(record, next) if self.may_be(record.index) => {
                    self.ahead = Some((record, self.place, next));
                }
                Found::Record(..) | Found::Broken => {
                    self.ahead = self.search()?;
                    self.exhausted = self.ahead.is_none();
                }
            }
        }
        match self.ahead.take() {
            Some((record, place, next)) if record.index == self.next => {
                self.place = next;
                Ok(Some(Row { place, record: Some(record) }))
            }
            // A broken one before the next good one, or before the end of what must be there.
            ahead if ahead.is_some() || self.covered.is_some_and(|covered| self.next < covered) => {
                self.ahead = ahead;
                Ok(Some(Row { place: self.place, record: None }))
            }
            _ => Ok(None),
        }
    }

    /// Whether a record of this number can be what comes, or come after some that are missing.
    fn may_be(&self, index: u64) -> bool {
        let end = self.covered.unwrap_or(self.next.saturating_add(MOST_MISSING));
        (self.next..end).contains(&index)
    }

    /// The next good record with a number that is still expected, after the broken place.
    fn search(&self) -> Result<Option<(Record, Position, Position)>, LedgerError> {
        let mut from = self.place.offset + 1;
        for segment in self.segments.iter().copied().filter(|start| *start >= self.place.segment) {
            while let Some(offset) = find_magic(self.journal, segment, from)? {
                let place = Position { segment, offset };
                match self.journal.read(place)? {
                    Found::Record(record, next) if self.may_be(record.index) => {
                        return Ok(Some((record, place, next)));
                    }
                    _ => from = offset + 1,
                }
            }
            from = 0;
        }
        Ok(None)
    }
}

/// Offset of the next record mark at or after `from`.
fn find_magic(journal: &Journal, segment: u64, mut from: u64) -> Result<Option<u64>, LedgerError> {
    let path = journal.path(segment);
    let mut search = || -> io::Result<Option<u64>> {
        let file = File::open(&path)?;
        let mut buffer = vec![0; 64 << 10];
        loop {
            let count = file.read_at(&mut buffer, from)?;
            if count < MARK.len() {
                return Ok(None);
            }
            if let Some(at) = buffer[..count].windows(MARK.len()).position(|window| window == MARK) {
                return Ok(Some(from + at as u64));
            }
            from += (count - MARK.len() + 1) as u64;
        }
    };
    search().map_err(|error| LedgerError::io(&path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forged_number_does_not_make_the_walk_endless() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::new(dir.path());
        journal.create().unwrap();
        let mut bytes = Vec::new();
        for index in [0, 1 << 56, 2] {
            let (leaf, envelope) = (vec![1], vec![2]);
            let record = Record {
                index,
                logged_at: model::Timestamp::UNIX_EPOCH,
                leaf,
                stamp: vec![],
                envelope,
                removed: None,
            };
            record.encode(&mut bytes);
        }
        journal.write(Position::default(), &bytes).unwrap();
        for covered in [None, Some(3), Some(5)] {
            let rows = Scan::new(&journal, covered).unwrap().take(9).unwrap();
            let good: Vec<_> = rows.iter().map(|row| row.record.is_some()).collect();
            assert_eq!(good, [true, false, true], "{covered:?}");
        }
    }
}
