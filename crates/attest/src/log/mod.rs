//! The mathematics and text forms of the transparency log; no IO.
//!
//! RFC 6962 Merkle trees, C2SP tlog-tiles (hash tiles of height 8, entry bundles), C2SP signed notes
//! and checkpoints, and the Rekor v2 `hashedrekord` that is each leaf.

mod checkpoint;
mod edge;
mod entry;
mod merkle;
mod note;
mod proof;
mod tile;

pub use checkpoint::{Checkpoint, SignedCheckpoint};
pub(crate) use edge::complete;
pub use edge::{Edge, FullTile};
pub use entry::{EntryError, LeafVerifier, LogEntry};
pub use merkle::{empty_root, leaf_hash, node_hash};
pub(crate) use note::is_key_name;
pub use note::{MAX_NOTE, Note, NoteError, NoteKey, NoteSignature};
pub use proof::{Nodes, consistency, inclusion, range_hash, verify_consistency, verify_inclusion};
pub use tile::{BundleError, TILE_WIDTH, TileId, pack_entry, unpack_entries};
