//! What every page has: the navigation and the moment "now".

use std::sync::Arc;

use govern::organisation::Permission;
use model::Timestamp;

use crate::{
    access::{Principal, who::CURRENT},
    html::{self, Markup},
    state::App,
};

/// Navigation and time of a page.
pub(crate) struct Frame {
    here: &'static str,
    who: Option<Arc<Principal>>,
    pub(crate) now: Timestamp,
}

impl Frame {
    /// `here` is the address of the navigation entry that the page belongs to.
    pub(crate) fn new(app: &App, here: &'static str) -> Self {
        Self { here, who: current(), now: app.clock.now() }
    }

    /// For pages that tell no times.
    pub(crate) fn without_time() -> Self {
        Self { here: "", who: current(), now: Timestamp::UNIX_EPOCH }
    }

    /// What whoever asks has a use for: what people look at daily first, the rest folded under "More".
    pub(crate) fn navigation(&self) -> Vec<(&'static str, &'static str)> {
        let mut all = vec![
            ("Projects", "/"),
            ("Portfolio", "/portfolio"),
            ("Findings", "/findings"),
            ("Runs", "/runs"),
            ("Deployments", "/deployments"),
            ("Technologies", "/technologies"),
        ];
        if self.sees_everything() {
            all.push(("Reviews", "/reviews"));
        }
        all.extend([("Controls", "/controls"), ("Ledger", "/ledger")]);
        all
    }

    /// What stands under "More".
    pub(crate) fn more(&self) -> Vec<(&'static str, &'static str)> {
        let mut all = vec![
            ("Release reviews", "/reviews/releases"),
            ("Guidance", "/guidance"),
            ("Digest", "/digest"),
            ("SBOMs", "/sboms"),
        ];
        if self.who.as_ref().is_some_and(|who| who.rights.may(Permission::People, None)) {
            all.push(("People", "/people"));
        }
        all
    }

    fn sees_everything(&self) -> bool {
        self.who.as_ref().is_some_and(|who| who.rights.may(Permission::View, None))
    }

    /// Whether the page is one of those under "More".
    pub(crate) fn is_in_more(&self) -> bool {
        self.more().iter().any(|(_, address)| self.is_here(address))
    }

    /// Name of whoever asks.
    pub(crate) fn name(&self) -> &str {
        self.who.as_ref().map_or("", |who| &who.name)
    }

    pub(crate) fn is_here(&self, address: &str) -> bool {
        self.here == address
    }

    pub(crate) fn time(&self, at: &Timestamp) -> Markup {
        html::time(&self.now, at)
    }
}

fn current() -> Option<Arc<Principal>> {
    CURRENT.try_with(Arc::clone).ok()
}
