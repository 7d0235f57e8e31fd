//! The one form of the archive: headers, padding, end.

use std::io::{self, Read, Write};

use model::predicate::ReleaseMember;

/// Bytes of a header, and what content is filled up to.
pub const BLOCK: usize = 512;

/// The header of a member: a regular file that everybody may read, of nobody, of no time.
///
/// # Errors
/// The name is longer than 100 bytes.
pub fn header(name: &str, size: u64) -> io::Result<[u8; BLOCK]> {
    let mut header = tar::Header::new_ustar();
    header.set_path(name)?;
    header.set_size(size);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    Ok(*header.as_bytes())
}

/// Zeros between the end of a content of `size` bytes and the next block.
pub fn padding(size: u64) -> usize {
    (BLOCK - (size % BLOCK as u64) as usize) % BLOCK
}

/// Writes a release file.
pub struct Writer<W> {
    out: W,
}

impl<W: Write> Writer<W> {
    /// Begins with the manifest's bundle.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn begin(out: W, manifest: &[u8]) -> io::Result<Self> {
        let mut writer = Self { out };
        writer.put(super::MANIFEST, manifest.len() as u64, &mut &*manifest)?;
        Ok(writer)
    }

    /// Adds the next member of the manifest.
    ///
    /// # Errors
    /// Those of `out` and `content`; `InvalidData` when the content has another length.
    pub fn member(&mut self, member: &ReleaseMember, content: &mut dyn Read) -> io::Result<()> {
        self.put(&member.name, member.size, content)
    }

    fn put(&mut self, name: &str, size: u64, content: &mut dyn Read) -> io::Result<()> {
        self.out.write_all(&header(name, size)?)?;
        let copied = io::copy(&mut content.take(size), &mut self.out)?;
        // Read to its end, so that a reader that checks its content does.
        if copied != size || content.read(&mut [0; 1])? != 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("{name} has another length")));
        }
        self.out.write_all(&[0; BLOCK][..padding(size)])
    }

    /// Ends the file.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn end(mut self) -> io::Result<W> {
        self.out.write_all(&[0; 2 * BLOCK])?;
        self.out.flush()?;
        Ok(self.out)
    }
}
