//! What a monitor remembers of a log between two looks.

use serde::{Deserialize, Serialize};

use crate::{
    json,
    log::{MAX_NOTE, NoteKey, SignedCheckpoint},
};

const MEDIA_TYPE: &str = "application/vnd.proofhouse.monitor+json;version=1";

/// The newest checkpoint that continues all before it, and how far its entries were examined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// The checkpoint.
    pub checkpoint: SignedCheckpoint,
    /// Entries from the first on that were examined; at most those of the checkpoint.
    pub examined: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    media_type: String,
    checkpoint: String,
    examined: u64,
}

impl Memory {
    /// Reads what [`Self::to_json`] wrote; the checkpoint must be signed by one of `keys`.
    ///
    /// # Errors
    /// Why it is not usable, as part of a sentence.
    pub fn parse(bytes: &[u8], keys: &[NoteKey]) -> Result<Self, String> {
        let file: File = json::parse(bytes, 2 * MAX_NOTE).map_err(|problem| problem.to_string())?;
        if file.media_type != MEDIA_TYPE {
            return Err(format!("its media type is `{}`", file.media_type));
        }
        let checkpoint = SignedCheckpoint::parse(&file.checkpoint).map_err(|error| error.to_string())?;
        if !keys.iter().any(|key| checkpoint.verify(key).is_ok()) {
            return Err("its checkpoint is not signed by a key of this log".into());
        }
        match file.examined <= checkpoint.checkpoint.size {
            true => Ok(Self { checkpoint, examined: file.examined }),
            false => Err("more entries are examined than there are".into()),
        }
    }

    /// The file.
    pub fn to_json(&self) -> Vec<u8> {
        let file = File {
            media_type: MEDIA_TYPE.to_owned(),
            checkpoint: self.checkpoint.to_text(),
            examined: self.examined,
        };
        // Strings and numbers only: writing them to memory cannot fail.
        serde_json::to_vec_pretty(&file).unwrap_or_default()
    }
}
