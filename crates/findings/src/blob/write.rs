//! Writing: a sink for findings in any order, finished into a blob.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Seek, Write},
    path::{Path, PathBuf},
};

use model::{Finding, ports::Blobs, predicate::FindingsBlob};

use super::{
    chunk::{Chunk, Spilled, write_record},
    merge::{Lines, Merge, NO_ID, Records},
};
use crate::Sink;

/// Bytes of findings held before they are spilled.
const CHUNK: usize = 16 << 20;
/// Most temporary files open; beyond, they are merged into one.
const MOST_FILES: usize = 64;

/// Collects findings in any order, with bounded memory.
pub struct BlobWriter {
    folder: PathBuf,
    chunk: Chunk,
    files: Vec<File>,
    limit: usize,
}

impl BlobWriter {
    /// Spills to temporary files without name in `folder`.
    pub fn new(folder: impl AsRef<Path>) -> Self {
        Self { folder: folder.as_ref().to_owned(), chunk: Chunk::default(), files: Vec::new(), limit: CHUNK }
    }

    /// Writes the blob. Findings with the same id are one.
    ///
    /// # Errors
    /// Any IO error of the temporary files or of `blobs`.
    pub fn finish(mut self, blobs: &dyn Blobs) -> io::Result<FindingsBlob> {
        let files = std::mem::take(&mut self.files);
        let mut streams: Vec<Records<'_>> = files.into_iter().map(records).collect();
        streams.push(Box::new(std::mem::take(&mut self.chunk).into_records()));
        let mut lines = Lines::new(Merge::new(streams)?);
        let digest = blobs.put_from(&mut lines)?;
        Ok(FindingsBlob { digest, count: lines.by_severity.total(), by_severity: lines.by_severity })
    }

    fn spill(&mut self) -> io::Result<()> {
        let file = self.chunk.spill(tempfile::tempfile_in(&self.folder)?)?;
        self.files.push(file);
        if self.files.len() < MOST_FILES {
            return Ok(());
        }
        let mut merge = Merge::new(self.files.drain(..).map(records).collect())?;
        let mut file = tempfile::tempfile_in(&self.folder)?;
        let mut out = BufWriter::with_capacity(256 << 10, &mut file);
        while let Some(record) = merge.next_record()? {
            write_record(&mut out, record.id, record.severity, &record.line)?;
        }
        out.flush()?;
        drop(out);
        file.rewind()?;
        self.files.push(file);
        Ok(())
    }
}

fn records<'r>(file: File) -> Records<'r> {
    Box::new(Spilled(BufReader::with_capacity(64 << 10, file)))
}

impl Sink for BlobWriter {
    fn accept(&mut self, finding: Finding) -> io::Result<()> {
        if finding.id == NO_ID {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a finding without identity"));
        }
        self.chunk.push(&finding)?;
        if self.chunk.size() >= self.limit && !self.chunk.is_empty() {
            self.spill()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, io::Read, sync::Mutex};

    use model::{Digest, Sha256};

    use super::*;
    use crate::{BlobReader, adapters::tests::read};

    #[derive(Default)]
    struct Memory(Mutex<HashMap<Sha256, Vec<u8>>>);

    impl Blobs for Memory {
        fn put(&self, bytes: &[u8]) -> io::Result<Digest> {
            let digest = Digest::of(bytes);
            self.0.lock().unwrap().insert(digest.hash, bytes.to_vec());
            Ok(digest)
        }

        fn put_from(&self, source: &mut dyn Read) -> io::Result<Digest> {
            let mut bytes = Vec::new();
            source.read_to_end(&mut bytes)?;
            self.put(&bytes)
        }

        fn get(&self, hash: &Sha256) -> io::Result<Vec<u8>> {
            self.0.lock().unwrap().get(hash).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
        }

        fn open(&self, hash: &Sha256) -> io::Result<Box<dyn Read + Send>> {
            Ok(Box::new(io::Cursor::new(self.get(hash)?)))
        }

        fn remove(&self, hash: &Sha256) -> io::Result<bool> {
            Ok(self.0.lock().unwrap().remove(hash).is_some())
        }
    }

    fn findings(count: usize) -> Vec<Finding> {
        let (all, _) = read("hadolint", include_str!("../../tests/data/hadolint.json"));
        let numbered = (0..count).map(|n| {
            let mut finding = all[n % all.len()].clone();
            finding.id = model::FindingId(Sha256::of(n.to_be_bytes()));
            finding
        });
        numbered.collect()
    }

    #[test]
    fn spilled_and_merged_findings_are_the_same_bytes_as_sorted_in_memory() {
        let (folder, blobs) = (tempfile::tempdir().unwrap(), Memory::default());
        let all = findings(3000);
        let write = |limit: usize, all: &mut dyn Iterator<Item = &Finding>| {
            let mut writer = BlobWriter { limit, ..BlobWriter::new(folder.path()) };
            all.for_each(|finding| writer.accept(finding.clone()).unwrap());
            writer.finish(&blobs).unwrap()
        };
        let whole = write(CHUNK, &mut all.iter());
        // Small chunks in reverse order, everything twice: over 64 files, so these are merged too.
        let spilled = write(4000, &mut all.iter().rev().chain(&all));
        assert_eq!(spilled, whole);
        assert_eq!((whole.count, whole.by_severity.total()), (3000, 3000));
        let mut sorted = all;
        sorted.sort_by_key(|finding| finding.id);
        let back: Vec<Finding> =
            BlobReader::new(blobs.open(&whole.digest.hash).unwrap()).collect::<Result<_, _>>().unwrap();
        assert_eq!(back, sorted);
        assert_eq!(folder.path().read_dir().unwrap().count(), 0, "temporary files have no name");
    }
}
