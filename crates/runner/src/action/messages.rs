//! The messages of the Remote Execution API v2 that content addressing needs, hand-written for `prost`.
//!
//! Field numbers are those of `build/bazel/remote/execution/v2/remote_execution.proto`; the tests
//! in `mod.rs` compare encodings with bytes made by the official generated code. Fields that we
//! never set are left out: an absent field has no bytes, so digests are the same.

use model::Sha256;
use prost::Message;

/// Hash as lower-case hex, and size in bytes.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Digest {
    /// 64 hex digits of SHA-256.
    #[prost(string, tag = "1")]
    pub hash: String,
    /// Size of the blob in bytes.
    #[prost(int64, tag = "2")]
    pub size_bytes: i64,
}

impl From<model::Digest> for Digest {
    fn from(digest: model::Digest) -> Self {
        Self { hash: digest.hash.hex(), size_bytes: i64::try_from(digest.size).unwrap_or(i64::MAX) }
    }
}

impl Digest {
    /// The typed digest; `None` when the hash is not SHA-256 hex or the size is negative.
    pub fn typed(&self) -> Option<model::Digest> {
        let canonical = self.hash.len() == 64 && !self.hash.bytes().any(|b| b.is_ascii_uppercase());
        let hash: Sha256 = canonical.then(|| self.hash.parse().ok()).flatten()?;
        Some(model::Digest { hash, size: u64::try_from(self.size_bytes).ok()? })
    }
}

/// A name and a value: `Command.EnvironmentVariable`, `Platform.Property` and `NodeProperty` alike.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Message)]
pub struct NameValue {
    /// Name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Value.
    #[prost(string, tag = "2")]
    pub value: String,
}

/// Requirements on the machine that runs an action, sorted by name, then value.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Platform {
    /// Properties; a name may occur several times.
    #[prost(message, repeated, tag = "1")]
    pub properties: Vec<NameValue>,
}

/// What to execute.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Command {
    /// Program and arguments.
    #[prost(string, repeated, tag = "1")]
    pub arguments: Vec<String>,
    /// Environment, sorted by name.
    #[prost(message, repeated, tag = "2")]
    pub environment_variables: Vec<NameValue>,
    /// Superseded by `output_paths`; kept so that foreign messages keep their digest.
    #[prost(string, repeated, tag = "3")]
    pub output_files: Vec<String>,
    /// Superseded by `output_paths`.
    #[prost(string, repeated, tag = "4")]
    pub output_directories: Vec<String>,
    /// Also in [`Action::platform`]; older servers look here.
    #[prost(message, optional, tag = "5")]
    pub platform: Option<Platform>,
    /// Relative to the input root; empty for the root itself.
    #[prost(string, tag = "6")]
    pub working_directory: String,
    /// Declared outputs, files or directories, sorted, without duplicates.
    #[prost(string, repeated, tag = "7")]
    pub output_paths: Vec<String>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Duration {
    /// Whole seconds.
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    /// Nanoseconds, 0 to 999,999,999.
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

/// A command on an input tree: the unit of caching.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Action {
    /// Digest of the encoded [`Command`].
    #[prost(message, optional, tag = "1")]
    pub command_digest: Option<Digest>,
    /// Digest of the encoded root [`Directory`].
    #[prost(message, optional, tag = "2")]
    pub input_root_digest: Option<Digest>,
    /// Longest execution.
    #[prost(message, optional, tag = "6")]
    pub timeout: Option<Duration>,
    /// The result must not be cached.
    #[prost(bool, tag = "7")]
    pub do_not_cache: bool,
    /// Keeps caches apart.
    #[prost(bytes = "vec", tag = "9")]
    pub salt: Vec<u8>,
    /// Requirements.
    #[prost(message, optional, tag = "10")]
    pub platform: Option<Platform>,
}

/// A folder: files, folders and links, each sorted by name (UTF-8 bytes).
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Directory {
    /// Files.
    #[prost(message, repeated, tag = "1")]
    pub files: Vec<FileNode>,
    /// Sub-folders.
    #[prost(message, repeated, tag = "2")]
    pub directories: Vec<DirectoryNode>,
    /// Symbolic links.
    #[prost(message, repeated, tag = "3")]
    pub symlinks: Vec<SymlinkNode>,
}

/// A file of a [`Directory`].
#[derive(Clone, PartialEq, Eq, Message)]
pub struct FileNode {
    /// One path segment.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Content.
    #[prost(message, optional, tag = "2")]
    pub digest: Option<Digest>,
    /// Executable by its owner.
    #[prost(bool, tag = "4")]
    pub is_executable: bool,
}

/// A sub-folder of a [`Directory`].
#[derive(Clone, PartialEq, Eq, Message)]
pub struct DirectoryNode {
    /// One path segment.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Digest of the encoded sub-[`Directory`].
    #[prost(message, optional, tag = "2")]
    pub digest: Option<Digest>,
}

/// A symbolic link of a [`Directory`], or (as `OutputSymlink`) of an [`ActionResult`].
#[derive(Clone, PartialEq, Eq, Message)]
pub struct SymlinkNode {
    /// One path segment; in an [`ActionResult`] the whole path.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Where it points to.
    #[prost(string, tag = "2")]
    pub target: String,
}

/// A whole folder in one message.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Tree {
    /// The folder itself.
    #[prost(message, optional, tag = "1")]
    pub root: Option<Directory>,
    /// Every folder below it, each once, found by its digest.
    #[prost(message, repeated, tag = "2")]
    pub children: Vec<Directory>,
}

/// A file that an action made.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct OutputFile {
    /// Path relative to the working directory.
    #[prost(string, tag = "1")]
    pub path: String,
    /// Content.
    #[prost(message, optional, tag = "2")]
    pub digest: Option<Digest>,
    /// Executable by its owner.
    #[prost(bool, tag = "4")]
    pub is_executable: bool,
}

/// A folder that an action made.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct OutputDirectory {
    /// Path relative to the working directory.
    #[prost(string, tag = "1")]
    pub path: String,
    /// Digest of the encoded [`Tree`].
    #[prost(message, optional, tag = "3")]
    pub tree_digest: Option<Digest>,
    /// Digest of the encoded root [`Directory`] of that tree.
    #[prost(message, optional, tag = "5")]
    pub root_directory_digest: Option<Digest>,
}

/// When and where an action ran.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct ExecutedActionMetadata {
    /// Name of the worker; here the isolation mode.
    #[prost(string, tag = "1")]
    pub worker: String,
    /// Start of the command (`google.protobuf.Timestamp` has the shape of a duration).
    #[prost(message, optional, tag = "7")]
    pub execution_start_timestamp: Option<Duration>,
    /// End of the command.
    #[prost(message, optional, tag = "8")]
    pub execution_completed_timestamp: Option<Duration>,
}

/// What an action gave.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct ActionResult {
    /// Files, sorted by path.
    #[prost(message, repeated, tag = "2")]
    pub output_files: Vec<OutputFile>,
    /// Folders, sorted by path.
    #[prost(message, repeated, tag = "3")]
    pub output_directories: Vec<OutputDirectory>,
    /// Exit status of the command.
    #[prost(int32, tag = "4")]
    pub exit_code: i32,
    /// Standard output; here the whole log, both streams as they came.
    #[prost(message, optional, tag = "6")]
    pub stdout_digest: Option<Digest>,
    /// Standard error, when it is kept apart.
    #[prost(message, optional, tag = "8")]
    pub stderr_digest: Option<Digest>,
    /// When and where.
    #[prost(message, optional, tag = "9")]
    pub execution_metadata: Option<ExecutedActionMetadata>,
    /// Links, sorted by path.
    #[prost(message, repeated, tag = "12")]
    pub output_symlinks: Vec<SymlinkNode>,
}

impl Directory {
    /// Sorts the three lists by name, as canonical form asks.
    pub fn sort(&mut self) {
        self.files.sort_by(|a, b| a.name.cmp(&b.name));
        self.directories.sort_by(|a, b| a.name.cmp(&b.name));
        self.symlinks.sort_by(|a, b| a.name.cmp(&b.name));
    }
}

/// Encodes a message and takes the digest of its bytes.
pub fn encode(message: &impl Message) -> (model::Digest, Vec<u8>) {
    let bytes = message.encode_to_vec();
    (model::Digest::of(&bytes), bytes)
}
