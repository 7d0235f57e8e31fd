//! Content-addressed files in a local folder: `ab/cdef…`, named by SHA-256.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use model::{Digest, Sha256, ports::Blobs};

mod reader;
mod writer;

use reader::Checked;

/// A folder of blobs. Cheap to clone; several processes may use one folder.
#[derive(Clone, Debug)]
pub struct LocalBlobs {
    root: PathBuf,
}

impl LocalBlobs {
    /// Opens the folder, making it (0700) when it is not there, and removes temporary files that a
    /// process which no longer lives left behind.
    ///
    /// # Errors
    /// Any IO error.
    pub fn open(root: impl Into<PathBuf>) -> io::Result<Self> {
        let root = root.into();
        writer::make_folder(&root)?;
        writer::make_folder(&root.join(writer::TEMPORARY))?;
        writer::remove_leftovers(&root.join(writer::TEMPORARY))?;
        Ok(Self { root })
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The file that holds (or would hold) this blob.
    pub fn path(&self, hash: &Sha256) -> PathBuf {
        let hex = hash.hex();
        self.root.join(&hex[..2]).join(&hex[2..])
    }

    /// Whether the blob is there. Its content is not read.
    pub fn contains(&self, hash: &Sha256) -> bool {
        self.path(hash).is_file()
    }
}

impl Blobs for LocalBlobs {
    fn put(&self, bytes: &[u8]) -> io::Result<Digest> {
        self.put_from(&mut &bytes[..])
    }

    fn put_from(&self, source: &mut dyn io::Read) -> io::Result<Digest> {
        writer::put(self, source)
    }

    fn get(&self, hash: &Sha256) -> io::Result<Vec<u8>> {
        let bytes = fs::read(self.path(hash)).map_err(|error| reader::name(error, hash))?;
        if Sha256::of(&bytes) == *hash { Ok(bytes) } else { Err(reader::changed(hash)) }
    }

    fn open(&self, hash: &Sha256) -> io::Result<Box<dyn io::Read + Send>> {
        let file = fs::File::open(self.path(hash)).map_err(|error| reader::name(error, hash))?;
        Ok(Box::new(Checked::new(file, *hash)))
    }

    fn remove(&self, hash: &Sha256) -> io::Result<bool> {
        match fs::remove_file(self.path(hash)) {
            Ok(()) => {
                let parent = self.path(hash).parent().unwrap_or(&self.root).to_owned();
                fs::File::open(parent)?.sync_all().map(|()| true)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(reader::name(error, hash)),
        }
    }
}
