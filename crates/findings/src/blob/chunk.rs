//! Findings in memory, sorted, and their form in a temporary file.

use std::io::{self, BufWriter, Read, Seek, Write};

use model::{Finding, FindingId, Severity, Sha256};

/// Bytes before a record's line: id, severity, length.
pub(super) const HEAD: usize = 32 + 1 + 4;

/// One finding as it is sorted and merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub id: FindingId,
    pub severity: Severity,
    /// JSON without line break.
    pub line: Vec<u8>,
}

/// Findings not yet spilled: lines one behind the other, and an index to sort.
#[derive(Default)]
pub(super) struct Chunk {
    bytes: Vec<u8>,
    index: Vec<(FindingId, Severity, usize, usize)>,
}

impl Chunk {
    pub(super) fn push(&mut self, finding: &Finding) -> io::Result<()> {
        let start = self.bytes.len();
        serde_json::to_writer(&mut self.bytes, finding)?;
        let length = self.bytes.len() - start;
        if length > super::LONGEST_LINE {
            self.bytes.truncate(start);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a finding is too long for one line"));
        }
        self.index.push((finding.id, finding.severity, start, length));
        Ok(())
    }

    /// Bytes held.
    pub(super) fn size(&self) -> usize {
        self.bytes.len() + self.index.len() * size_of::<(FindingId, Severity, usize, usize)>()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Writes all records in order to `file`, rewinds it and empties the chunk.
    pub(super) fn spill(&mut self, mut file: std::fs::File) -> io::Result<std::fs::File> {
        self.sort();
        let mut out = BufWriter::with_capacity(256 << 10, &mut file);
        for (id, severity, start, length) in self.index.drain(..) {
            write_record(&mut out, id, severity, &self.bytes[start..start + length])?;
        }
        out.flush()?;
        drop(out);
        self.bytes.clear();
        file.rewind()?;
        Ok(file)
    }

    /// All records in order.
    pub(super) fn into_records(mut self) -> impl Iterator<Item = io::Result<Record>> {
        self.sort();
        let Self { bytes, index } = self;
        index.into_iter().map(move |(id, severity, start, length)| {
            Ok(Record { id, severity, line: bytes[start..start + length].to_vec() })
        })
    }

    fn sort(&mut self) {
        let bytes = &self.bytes;
        self.index.sort_unstable_by(|a, b| {
            let line = |x: &(FindingId, Severity, usize, usize)| &bytes[x.2..x.2 + x.3];
            a.0.cmp(&b.0).then_with(|| line(a).cmp(line(b)))
        });
    }
}

pub(super) fn write_record(
    out: &mut dyn Write,
    id: FindingId,
    severity: Severity,
    line: &[u8],
) -> io::Result<()> {
    out.write_all(id.0.as_bytes())?;
    out.write_all(&[severity as u8])?;
    let length = u32::try_from(line.len()).map_err(io::Error::other)?;
    out.write_all(&length.to_be_bytes())?;
    out.write_all(line)
}

/// Records of a temporary file written by this process.
pub(super) struct Spilled<R>(pub R);

impl<R: Read> Iterator for Spilled<R> {
    type Item = io::Result<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        read_record(&mut self.0).transpose()
    }
}

fn read_record(file: &mut impl Read) -> io::Result<Option<Record>> {
    let mut head = [0; HEAD];
    match file.read(&mut head[..1])? {
        0 => return Ok(None),
        _ => file.read_exact(&mut head[1..])?,
    }
    let mut id = [0; 32];
    id.copy_from_slice(&head[..32]);
    let severity = Severity::ALL.get(usize::from(head[32])).copied();
    let severity =
        severity.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "temporary file changed"))?;
    let length = u32::from_be_bytes([head[33], head[34], head[35], head[36]]) as usize;
    if length > super::LONGEST_LINE {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "temporary file changed"));
    }
    let mut line = vec![0; length];
    file.read_exact(&mut line)?;
    Ok(Some(Record { id: FindingId(Sha256(id)), severity, line }))
}
