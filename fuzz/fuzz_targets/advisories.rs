//! Any bytes as an advisory feed: what is imported can be found again, and matched to components.

#![no_main]

use std::{fs, sync::LazyLock};

use checks::{
    osv::{Index, IndexDir, import, scan},
    sbom::{Component, Ecosystem, Inventory},
};
use libfuzzer_sys::fuzz_target;
use model::Timestamp;
use proofhouse_fuzz::named;
use tempfile::TempDir;

/// How a feed may be packed; the name decides which reader takes it.
const NAMES: [&str; 7] = ["a.json", "a.yaml", "a.md", "a.zip", "a.tar", "a.tar.gz", "a.json.gz"];

static FOLDER: LazyLock<TempDir> = LazyLock::new(proofhouse_fuzz::scratch);

fuzz_target!(|input: &[u8]| {
    let Some((name, content)) = named(input) else { return };
    let name = NAMES.into_iter().find(|known| *known == name).unwrap_or(NAMES[0]);
    let (feed, dir) = (FOLDER.path().join(name), IndexDir::new(FOLDER.path().join("index")));
    fs::write(&feed, content).expect("writing");
    let _ = fs::remove_file(dir.file("fuzz"));
    let Ok(report) = import(&feed, "fuzz", &dir, Timestamp::UNIX_EPOCH) else {
        assert!(!dir.file("fuzz").exists(), "a failed import left an index");
        return;
    };
    let index = Index::open(&dir).expect("what was written can be opened");
    let meta = index.feeds().next().expect("the feed is there");
    assert_eq!(meta.exploited.len() as u64, report.exploited);
    let products = index.products().expect("what was written can be read");
    assert_eq!(products.len() as u64, report.products);
    let found = scan(&inventory(), &index, Timestamp::UNIX_EPOCH);
    for finding in &found.findings {
        assert!(!finding.rule.is_empty() && finding.aliases.contains(&finding.rule), "{finding:?}");
        assert!(finding.cvss.is_none_or(|score| (0.0..=10.0).contains(&score)), "{finding:?}");
    }
});

/// Packages as the seeds name them.
fn inventory() -> Inventory {
    let versions = ["0.9", "1.0.0", "1.2.3-rc.1", "2.0"];
    let named = |ecosystem| if ecosystem == Ecosystem::Maven { "g:left" } else { "left" };
    let all =
        Ecosystem::ALL.into_iter().flat_map(|e| versions.map(|v| Component::new(e, named(e), v, "lock")));
    Inventory { components: all.collect(), ..Inventory::default() }
}
