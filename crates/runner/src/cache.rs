//! The action cache: which result an action had.
//!
//! One file per action, `ac/ab/cdef…`, named by the Action digest and authenticated with a key that
//! only the runner's user can read, so that an entry changed or invented by anybody else is found.
//! What an entry refers to is re-hashed before it is used. Only successful actions are kept.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::SystemTime,
};

use aws_lc_rs::{
    hmac,
    rand::{SecureRandom, SystemRandom},
};
use model::{Digest, Exit, UserError};
use prost::Message;

use crate::{
    action::{
        ActionResult,
        messages::{self, Tree},
    },
    cas::{Cas, CasError, PrunePolicy, Pruned, sweep_temporary},
    evidence::StepEvidence,
    tree::{Entry, Folder},
};

/// First bytes of an entry; another format has another magic.
const MAGIC: &[u8; 8] = b"PHACTN1\n";
/// Largest entry that is read.
const MAX_BYTES: u64 = 64 << 20;
const TAG: usize = 32;

/// Why an entry cannot be used. None of these stops a run: the action is run again.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The entry is not what the runner wrote.
    #[error("the cached result of action {} was changed on disk ({})", .action.hash.short(), .path.display())]
    EntryChanged {
        /// The action.
        action: Digest,
        /// The file.
        path: PathBuf,
    },
    /// What the entry refers to is gone or changed.
    #[error("the cached result of action {} cannot be used: {source}", .action.hash.short())]
    Content {
        /// The action.
        action: Digest,
        /// The blob.
        source: CasError,
    },
    /// The key file is not a key.
    #[error("the cache key {} is not {TAG} bytes", .0.display())]
    BadKey(PathBuf),
    /// The operating system refused.
    #[error("cannot {what} {}: {source}", .path.display())]
    Io {
        /// `read`, `write`, …
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl UserError for CacheError {
    fn code(&self) -> &'static str {
        match self {
            Self::EntryChanged { .. } => "cache-entry-changed",
            Self::Content { source, .. } => source.code(),
            Self::BadKey(_) => "cache-key-bad",
            Self::Io { .. } => "cache-io",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::BadKey(path) => {
                Some(format!("remove {}; cached results are then made anew", path.display()))
            }
            _ => None,
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::EntryChanged { .. } => Exit::Integrity,
            Self::Content { source, .. } => source.exit(),
            Self::BadKey(_) | Self::Io { .. } => Exit::Environment,
        }
    }
}

fn io_error(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> CacheError {
    let path = path.to_owned();
    move |source| CacheError::Io { what, path, source }
}

/// A result with what is known about how it came to be.
#[derive(Clone, Debug, PartialEq)]
pub struct CachedAction {
    /// Outputs and exit status.
    pub result: ActionResult,
    /// How it ran.
    pub evidence: StepEvidence,
}

#[derive(Clone, PartialEq, Message)]
struct EntryBody {
    #[prost(message, optional, tag = "1")]
    action: Option<messages::Digest>,
    #[prost(message, optional, tag = "2")]
    result: Option<ActionResult>,
    #[prost(bytes = "vec", tag = "3")]
    evidence: Vec<u8>,
}

/// A folder of action results.
#[derive(Debug)]
pub struct ActionCache {
    root: PathBuf,
    key: hmac::Key,
}

impl ActionCache {
    /// Opens the folder, making it and its key on first use.
    ///
    /// # Errors
    /// [`CacheError::BadKey`], [`CacheError::Io`].
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, CacheError> {
        let root = root.into();
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(root.join("tmp"))
            .map_err(io_error("create", &root))?;
        sweep_temporary(&root.join("tmp"), SystemTime::now());
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key_bytes(&root)?);
        Ok(Self { root, key })
    }

    fn path(&self, action: &Digest) -> PathBuf {
        let hex = action.hash.hex();
        self.root.join(&hex[..2]).join(&hex[2..])
    }

    /// The result of `action`, with everything it refers to verified, or `None`.
    ///
    /// # Errors
    /// [`CacheError::EntryChanged`], [`CacheError::Content`]: the entry was removed, run the action.
    pub fn get(&self, cas: &Cas, action: &Digest) -> Result<Option<CachedAction>, CacheError> {
        let path = self.path(action);
        let mut bytes = Vec::new();
        match File::open(&path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(io_error("read", &path))?,
        };
        let Some(cached) = self.parse(action, &bytes) else {
            let _ = fs::remove_file(&path);
            return Err(CacheError::EntryChanged { action: *action, path });
        };
        if let Err(source) = verify_content(cas, &cached) {
            let _ = fs::remove_file(&path);
            return Err(CacheError::Content { action: *action, source });
        }
        if let Ok(file) = File::options().write(true).open(&path) {
            let _ = file.set_modified(SystemTime::now());
        }
        Ok(Some(cached))
    }

    fn parse(&self, action: &Digest, bytes: &[u8]) -> Option<CachedAction> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (tag, body) = rest.split_at_checked(TAG)?;
        hmac::verify(&self.key, body, tag).ok()?;
        let body = EntryBody::decode(body).ok()?;
        if body.action?.typed()? != *action {
            return None;
        }
        Some(CachedAction { result: body.result?, evidence: serde_json::from_slice(&body.evidence).ok()? })
    }

    /// Remembers a result that passed by the step's own rule; the caller judges.
    ///
    /// # Errors
    /// [`CacheError::Io`]; nothing is half-written.
    pub fn put(&self, action: &Digest, cached: &CachedAction) -> Result<(), CacheError> {
        let path = self.path(action);
        let evidence = serde_json::to_vec(&cached.evidence)
            .map_err(|error| io_error("encode", &path)(io::Error::other(error)))?;
        let body =
            EntryBody { action: Some((*action).into()), result: Some(cached.result.clone()), evidence }
                .encode_to_vec();
        let tag = hmac::sign(&self.key, &body);
        let temporary = self.root.join("tmp").join(format!("{}-{}", std::process::id(), action.hash.hex()));
        let folder = path.parent().unwrap_or(&self.root);
        let written = fs::create_dir_all(folder)
            .and_then(|()| File::create(&temporary))
            .and_then(|mut file| file.write_all(&[MAGIC, tag.as_ref(), &body].concat()))
            .and_then(|()| fs::rename(&temporary, &path));
        written.map_err(|error| {
            let _ = fs::remove_file(&temporary);
            io_error("write", &path)(error)
        })
    }

    /// Removes entries by age and size, least recently used first.
    ///
    /// # Errors
    /// [`CasError::Io`] when the folder cannot be listed.
    pub fn prune(&self, policy: &PrunePolicy, now: SystemTime) -> Result<Pruned, CasError> {
        crate::cas::prune_folder(&self.root, policy, now)
    }
}

/// Reads the key, or makes one so that two processes starting at once agree on it.
fn key_bytes(root: &Path) -> Result<Vec<u8>, CacheError> {
    let path = root.join("key");
    if !path.exists() {
        let mut fresh = [0; TAG];
        SystemRandom::new()
            .fill(&mut fresh)
            .map_err(|_| io_error("make", &path)(io::Error::other("no random numbers")))?;
        let temporary = root.join("tmp").join(format!("key-{}", std::process::id()));
        let _ = fs::remove_file(&temporary);
        File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&temporary)
            .and_then(|mut file| file.write_all(&fresh))
            .map_err(io_error("write", &temporary))?;
        // A hard link fails when the other process was first; its key then counts.
        let linked = fs::hard_link(&temporary, &path);
        let _ = fs::remove_file(&temporary);
        match linked {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(io_error("write", &path)(error));
            }
            _ => {}
        }
    }
    let mut bytes = Vec::new();
    File::open(&path)
        .and_then(|file| file.take(1024).read_to_end(&mut bytes))
        .map_err(io_error("read", &path))?;
    if bytes.len() == TAG { Ok(bytes) } else { Err(CacheError::BadKey(path)) }
}

/// Re-hashes every blob that a result and its evidence refer to.
fn verify_content(cas: &Cas, cached: &CachedAction) -> Result<(), CasError> {
    let typed = |digest: &Option<messages::Digest>| {
        digest.as_ref().and_then(|digest| digest.typed()).ok_or_else(|| CasError::Malformed {
            digest: Digest::of(b"").hash,
            why: "an output has no digest".to_owned(),
        })
    };
    for file in &cached.result.output_files {
        cas.verify(&typed(&file.digest)?)?;
    }
    for directory in &cached.result.output_directories {
        let digest = typed(&directory.tree_digest)?;
        let folder = Folder::from_tree(&digest, cas.get_message::<Tree>(&digest)?)?;
        // The folder's own messages may have been pruned; later steps load them.
        folder.store(cas)?;
        let mut failed = None;
        folder.walk(&mut |_, entry| {
            if let Entry::File { digest, .. } = entry
                && failed.is_none()
            {
                failed = cas.verify(digest).err();
            }
        });
        if let Some(error) = failed {
            return Err(error);
        }
    }
    for digest in [&cached.evidence.log, &cached.evidence.trace].into_iter().flatten() {
        cas.verify(digest)?;
    }
    Ok(())
}
