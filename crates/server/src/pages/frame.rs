//! What every page has: the navigation and the moment "now".

use model::Timestamp;

use crate::{
    html::{self, Markup},
    state::App,
};

/// Navigation and time of a page.
pub(crate) struct Frame {
    here: &'static str,
    pub(crate) now: Timestamp,
}

impl Frame {
    /// `here` is the address of the navigation entry that the page belongs to.
    pub(crate) fn new(app: &App, here: &'static str) -> Self {
        Self { here, now: app.clock.now() }
    }

    /// For pages that tell no times.
    pub(crate) fn without_time() -> Self {
        Self { here: "", now: Timestamp::UNIX_EPOCH }
    }

    pub(crate) fn navigation(&self) -> [(&'static str, &'static str); 6] {
        [
            ("Projects", "/"),
            ("Runs", "/runs"),
            ("Findings", "/findings"),
            ("Deployments", "/deployments"),
            ("Ledger", "/ledger"),
            ("SBOMs", "/sboms"),
        ]
    }

    pub(crate) fn is_here(&self, address: &str) -> bool {
        self.here == address
    }

    pub(crate) fn time(&self, at: &Timestamp) -> Markup {
        html::time(&self.now, at)
    }
}
