//! The demo of an organisation, played once for all tests that look at it at the same time.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use serde_json::Value;

use crate::support::Site;

/// A played demo; it goes away with the last test that has it.
pub struct Played {
    pub site: Site,
    /// What the demo said at its end.
    pub shown: Value,
}

static PLAYED: Mutex<Weak<Played>> = Mutex::new(Weak::new());

/// The demo, played by whoever asks first. Its environments have fixed ports: there is one at a time.
pub fn played() -> Arc<Played> {
    let mut there = PLAYED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(played) = there.upgrade() {
        return played;
    }
    let site = Site::new();
    let folder = site.path().join("demo");
    let demo = ["demo", "--organisation", "--no-serve", "--quiet", "--format", "json", "--home"];
    let shown = site.proofhouse(&[&demo[..], &[folder.to_str().unwrap()]].concat()).expect(0).json();
    let played = Arc::new(Played { site, shown });
    *there = Arc::downgrade(&played);
    played
}

impl Played {
    pub fn home(&self) -> &str {
        self.shown["home"].as_str().unwrap()
    }

    /// Folder of all projects.
    pub fn projects(&self) -> PathBuf {
        self.shown["folder"].as_str().unwrap().into()
    }

    /// An installation of one's own, as it was when the demo ended, with its projects.
    pub fn copy(&self) -> Site {
        let site = Site::new();
        let copy = |from: &Path, to: &Path| {
            assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
        };
        copy(Path::new(self.home()), &site.home());
        copy(&self.projects(), &site.path().join("projects"));
        site
    }
}
