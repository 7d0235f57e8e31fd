//! Bytes of a report that can be opened as often as needed, and unpacked within bounds.
//!
//! Some formats need a table that stands after the results which refer to it. Instead of keeping
//! the results, the report is opened a second time: memory stays flat whatever the key order.

use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
};

use flate2::read::MultiGzDecoder;
use model::{Sha256, ports::Blobs};

use crate::{ImportError, Limits};

/// A report that can be read from its start as often as needed, with the same bytes each time.
pub trait Source {
    /// Opens it at its first byte.
    ///
    /// # Errors
    /// Any IO error.
    fn open(&self) -> io::Result<Box<dyn Read + '_>>;
}

impl Source for [u8] {
    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(self))
    }
}

impl Source for &[u8] {
    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(*self))
    }
}

impl Source for Vec<u8> {
    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(self.as_slice()))
    }
}

/// A file on disk.
#[derive(Clone, Debug)]
pub struct FileSource(pub PathBuf);

impl Source for FileSource {
    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(File::open(&self.0)?))
    }
}

/// A blob.
pub struct BlobSource<'a> {
    /// The store.
    pub blobs: &'a dyn Blobs,
    /// The report.
    pub hash: Sha256,
}

impl Source for BlobSource<'_> {
    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(self.blobs.open(&self.hash)?))
    }
}

/// Opens the plain text of a report: gzip is unpacked, other packings are refused, every byte is
/// counted against `limits`.
pub(crate) fn open_text<'a>(
    source: &'a dyn Source,
    limits: &Limits,
) -> Result<Box<dyn Read + 'a>, ImportError> {
    open_in(source, limits, false)
}

/// As [`open_text`], also when it is in UTF-16: for formats that people write with office programs.
pub(crate) fn open_encoded<'a>(
    source: &'a dyn Source,
    limits: &Limits,
) -> Result<Box<dyn Read + 'a>, ImportError> {
    open_in(source, limits, true)
}

/// How a text in UTF-16 is named, which only [`open_encoded`] takes.
pub(crate) const UTF_16: &str = "text in UTF-16";

fn open_in<'a>(
    source: &'a dyn Source,
    limits: &Limits,
    encoded: bool,
) -> Result<Box<dyn Read + 'a>, ImportError> {
    let mut raw = source.open().map_err(ImportError::Unreadable)?;
    let mut head = [0; 6];
    let got = read_full(&mut raw, &mut head).map_err(ImportError::Unreadable)?;
    let head = &head[..got];
    if let Some(kind) = foreign_packing(head).filter(|kind| !(encoded && *kind == UTF_16)) {
        return Err(ImportError::Compressed { kind });
    }
    let whole = io::Cursor::new(head.to_vec()).chain(raw);
    let bounded = Bounded { inner: whole, read: 0, limit: limits.bytes };
    if head.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(Unpacked {
            inner: MultiGzDecoder::new(bounded),
            unpacked: 0,
            limit: limits.bytes,
            ratio: limits.ratio,
        }));
    }
    Ok(Box::new(bounded))
}

fn foreign_packing(head: &[u8]) -> Option<&'static str> {
    let kinds: [(&[u8], &str); 7] = [
        (b"PK\x03\x04", "a zip archive"),
        (b"PK\x05\x06", "a zip archive"),
        (b"\x28\xb5\x2f\xfd", "zstd-compressed"),
        (b"\xfd7zXZ\0", "xz-compressed"),
        (b"BZh", "bzip2-compressed"),
        (b"\xff\xfe", UTF_16),
        (b"\xfe\xff", UTF_16),
    ];
    kinds.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, kind)| *kind)
}

fn read_full(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Limits crossed inside a `Read` travel as this error and are turned back by [`read_error`].
#[derive(Debug, thiserror::Error)]
enum Crossed {
    #[error("over {0} bytes")]
    Bytes(u64),
    #[error("over {0} times")]
    Ratio(u64),
}

/// The import error that an IO error of a reader made by [`open_text`] stands for.
pub(crate) fn read_error(error: io::Error) -> ImportError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Crossed>()) {
        Some(Crossed::Bytes(limit)) => ImportError::TooLarge { what: "the report", limit: *limit },
        Some(Crossed::Ratio(ratio)) => ImportError::Bomb { ratio: *ratio },
        None => ImportError::Unreadable(error),
    }
}

struct Bounded<R> {
    inner: R,
    read: u64,
    limit: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(buffer)?;
        self.read += got as u64;
        if self.read > self.limit {
            return Err(io::Error::other(Crossed::Bytes(self.limit)));
        }
        Ok(got)
    }
}

struct Unpacked<R> {
    inner: MultiGzDecoder<Bounded<R>>,
    unpacked: u64,
    limit: u64,
    ratio: u64,
}

/// Below this size no ratio is called a bomb: small repetitive reports pack very well.
const HARMLESS: u64 = 16 << 20;

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(buffer)?;
        self.unpacked += got as u64;
        let packed = self.inner.get_ref().read.max(1);
        if self.unpacked > HARMLESS && self.unpacked / packed > self.ratio {
            return Err(io::Error::other(Crossed::Ratio(self.ratio)));
        }
        if self.unpacked > self.limit {
            return Err(io::Error::other(Crossed::Bytes(self.limit)));
        }
        Ok(got)
    }
}
