//! Files inside archives, looked at as they come out: nothing is unpacked to disk, so that names lead nowhere.
//!
//! Bounds: entries, bytes that come out in all, and bytes of a zip archive, whose table is at its end.

use std::io::{self, Cursor, Read};

use flate2::read::MultiGzDecoder;

/// Most entries of one archive.
const MOST_ENTRIES: usize = 200_000;
/// Most bytes that may come out of one.
const MOST_BYTES: u64 = 2 << 30;
/// Largest zip archive, in bytes.
const LARGEST_ZIP: u64 = 256 << 20;
/// Bytes at the beginning of a file that tell what it is.
pub(super) const HEAD: u64 = 512;

/// What an archive is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Zip,
    Gzip,
    Tar,
    /// One that nothing here opens.
    Closed(&'static str),
}

/// A Python program in one file begins with the line of its interpreter.
pub(super) fn kind(head: &[u8]) -> Option<Kind> {
    const FIRST: [(&[u8], Kind); 10] = [
        (b"PK\x03\x04", Kind::Zip),
        (b"PK\x05\x06", Kind::Zip),
        (b"\x1f\x8b", Kind::Gzip),
        (b"\xfd7zXZ\0", Kind::Closed("an xz file")),
        (b"BZh", Kind::Closed("a bzip2 file")),
        (b"\x28\xb5\x2f\xfd", Kind::Closed("a zstd file")),
        (b"7z\xbc\xaf\x27\x1c", Kind::Closed("a 7z archive")),
        (b"!<arch>\ndebian-binary", Kind::Closed("a Debian package")),
        (b"\xed\xab\xee\xdb", Kind::Closed("an RPM package")),
        (b"hsqs", Kind::Closed("a squashfs image")),
    ];
    let found = FIRST.iter().find(|(first, _)| head.starts_with(first)).map(|(_, kind)| *kind);
    let tar = || is_tar(head).then_some(Kind::Tar);
    let runs = || head.starts_with(b"#!") && memchr::memmem::find(head, b"PK\x03\x04").is_some();
    found.or_else(tar).or_else(|| runs().then_some(Kind::Zip))
}

fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

/// Gives each file of the archive to `visit`, with its name.
///
/// # Errors
/// It is damaged, encrypted, or beyond the bounds.
pub(super) fn each(
    kind: Kind,
    file: &mut dyn Read,
    visit: &mut dyn FnMut(&str, &mut dyn Read),
) -> io::Result<()> {
    let mut left = MOST_BYTES;
    match kind {
        Kind::Closed(what) => Err(io::Error::other(format!("{what} is not looked into"))),
        Kind::Tar => tar(Bounded { inner: file, left: &mut left }, visit),
        Kind::Zip => zip(file, &mut left, visit),
        Kind::Gzip => {
            let mut inside = Bounded { inner: MultiGzDecoder::new(file), left: &mut left };
            let mut head = Vec::new();
            inside.by_ref().take(HEAD).read_to_end(&mut head)?;
            let packed = is_tar(&head);
            let mut whole = Cursor::new(head).chain(inside);
            match packed {
                true => tar(whole, visit),
                false => {
                    visit("unpacked", &mut whole);
                    Ok(())
                }
            }
        }
    }
}

fn tar(file: impl Read, visit: &mut dyn FnMut(&str, &mut dyn Read)) -> io::Result<()> {
    let mut archive = tar::Archive::new(file);
    for (n, entry) in archive.entries()?.enumerate() {
        let mut entry = entry?;
        few(n)?;
        if entry.header().entry_type().is_file() {
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            visit(&name, &mut entry);
        }
    }
    Ok(())
}

fn zip(file: &mut dyn Read, left: &mut u64, visit: &mut dyn FnMut(&str, &mut dyn Read)) -> io::Result<()> {
    let mut bytes = Vec::new();
    file.take(LARGEST_ZIP + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST_ZIP {
        return Err(io::Error::other(format!("larger than {LARGEST_ZIP} bytes")));
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(io::Error::other)?;
    for n in 0..archive.len() {
        few(n)?;
        let entry = archive.by_index(n).map_err(io::Error::other)?;
        if entry.is_file() {
            let name = entry.name().map_err(io::Error::other)?.into_owned();
            visit(&name, &mut Bounded { inner: entry, left });
        }
    }
    Ok(())
}

fn few(n: usize) -> io::Result<()> {
    match n < MOST_ENTRIES {
        true => Ok(()),
        false => Err(io::Error::other(format!("it has more than {MOST_ENTRIES} entries"))),
    }
}

/// Fails once more has come out of the archive than may.
struct Bounded<'l, R> {
    inner: R,
    left: &'l mut u64,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        *self.left = self.left.checked_sub(n as u64).ok_or_else(|| {
            io::Error::other(format!("more than {MOST_BYTES} bytes come out of it (an archive bomb?)"))
        })?;
        Ok(n)
    }
}
