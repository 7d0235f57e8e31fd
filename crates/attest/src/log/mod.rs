//! The mathematics and text forms of the transparency log; no IO.
//!
//! RFC 6962 Merkle trees, C2SP tlog-tiles (hash tiles of height 8, entry bundles), C2SP signed notes
//! and checkpoints, cosignatures and what witnesses decide, the Rekor v2 `hashedrekord` that is each
//! leaf, and what a [`monitor`] concludes from a log's public files.

mod checkpoint;
mod continuation;
mod cosignature;
mod edge;
mod entry;
mod merkle;
pub mod monitor;
mod note;
mod proof;
mod tile;
mod vkey;
mod witness;

pub use checkpoint::{Checkpoint, SignedCheckpoint};
pub use continuation::{Continuation, ContinuationError};
pub use cosignature::{MAX_COSIGNATURES, WitnessKey, cosigned_message, parse_cosignatures};
pub(crate) use edge::complete;
pub use edge::{Edge, FullTile};
pub use entry::{EntryError, LeafVerifier, LogEntry};
pub use merkle::{empty_root, leaf_hash, node_hash};
pub(crate) use note::is_key_name;
pub use note::{MAX_NOTE, Note, NoteError, NoteKey, NoteSignature};
pub use proof::{Nodes, consistency, inclusion, range_hash, verify_consistency, verify_inclusion};
pub use tile::{BundleError, TILE_WIDTH, TileId, pack_entry, unpack_entries};
pub use vkey::{BadVerifierKey, VerifierKey};
pub use witness::{AddCheckpoint, MAX_PROOF, MAX_REQUEST, WitnessRefusal};
