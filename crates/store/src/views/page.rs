//! Keyset paging: a page names the place where the next one starts, so rows that arrive in between
//! neither repeat nor hide others.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which page is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageRequest {
    /// `next` of the page before; absent for the first page. Opaque.
    #[serde(default)]
    pub after: Option<String>,
    /// Most items wanted, 1 to 500; 0 means 50.
    #[serde(default)]
    pub limit: u32,
}

impl PageRequest {
    /// The largest page that is given.
    pub const MOST: u32 = 500;

    /// The first page with at most `limit` items.
    pub fn first(limit: u32) -> Self {
        Self { after: None, limit }
    }

    /// The limit that is applied, 1 to [`Self::MOST`].
    pub fn size(&self) -> u32 {
        match self.limit {
            0 => 50,
            limit => limit.min(Self::MOST),
        }
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// `after` of the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
