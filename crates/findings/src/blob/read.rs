//! Reading: one finding at a time, each line bounded, order checked.

use std::io::{BufRead, BufReader, Read};

use model::{Finding, FindingId};

use super::{BlobError, LONGEST_LINE};

/// Iterates over the findings of a blob. After the first error it ends.
pub struct BlobReader<R> {
    reader: BufReader<R>,
    line: Vec<u8>,
    number: u64,
    last: Option<FindingId>,
    failed: bool,
}

impl<R: Read> BlobReader<R> {
    /// Reads what `Blobs::open` gives.
    pub fn new(reader: R) -> Self {
        let reader = BufReader::with_capacity(128 << 10, reader);
        Self { reader, line: Vec::new(), number: 0, last: None, failed: false }
    }

    fn read(&mut self) -> Result<Option<Finding>, BlobError> {
        self.line.clear();
        self.number += 1;
        let mut bounded = (&mut self.reader).take(LONGEST_LINE as u64 + 1);
        bounded.read_until(b'\n', &mut self.line).map_err(BlobError::Unreadable)?;
        if self.line.is_empty() {
            return Ok(None);
        }
        if self.line.pop() != Some(b'\n') {
            return Err(self.damaged("it has no end"));
        }
        let finding: Finding =
            serde_json::from_slice(&self.line).map_err(|error| self.damaged(error.to_string()))?;
        if self.last.replace(finding.id).is_some_and(|last| last >= finding.id) {
            return Err(self.damaged("it is out of order"));
        }
        Ok(Some(finding))
    }

    fn damaged(&self, reason: impl Into<String>) -> BlobError {
        BlobError::Damaged { line: self.number, reason: reason.into() }
    }
}

impl<R: Read> Iterator for BlobReader<R> {
    type Item = Result<Finding, BlobError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.read().transpose();
        self.failed = matches!(next, Some(Err(_)));
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::tests::read;

    #[test]
    fn damage_is_an_error_with_its_line() {
        let (mut findings, _) = read("hadolint", include_str!("../../tests/data/hadolint.json"));
        findings.sort_by_key(|finding| finding.id);
        let lines: Vec<String> = findings.iter().map(|f| serde_json::to_string(f).unwrap() + "\n").collect();
        let check = |text: String| BlobReader::new(text.as_bytes()).find_map(Result::err);
        assert!(check(lines.concat()).is_none());
        for broken in [
            format!("{}{}", lines[0], &lines[1][..20]),
            format!("{}{}", lines[1], lines[0]),
            format!("{}{}", lines[0], lines[0]),
            format!("{}{}\n", lines[0], "x".repeat(LONGEST_LINE)),
        ] {
            assert!(matches!(check(broken), Some(BlobError::Damaged { line: 2, .. })));
        }
    }
}
