//! Any bytes as lock files of any ecosystem: the inventory is sorted, named, and equal each time.

#![no_main]

use checks::{
    MemoryTree, SourceTree,
    sbom::{BomContext, collect, cyclonedx},
};
use libfuzzer_sys::fuzz_target;
use proofhouse_fuzz::files;

fuzz_target!(|input: &[u8]| {
    let tree = MemoryTree::new(files(input));
    let inventory = collect(&tree);
    let coverage = &inventory.coverage;
    assert!(coverage.scanned <= coverage.seen && coverage.seen <= tree.paths().len() as u64);
    let told = (coverage.errors.len() + coverage.skipped.len()) as u64;
    assert!(coverage.seen - coverage.scanned <= told, "a file is neither read nor told: {coverage:?}");
    let key = |n: usize| (&inventory.components[n].purl, &inventory.components[n].manifest);
    for (n, component) in inventory.components.iter().enumerate() {
        assert!(n == 0 || key(n - 1) < key(n), "not sorted or not unique: {:?}", key(n));
        assert!(tree.paths().contains(&component.manifest), "{component:?}");
        assert!(!component.name.is_empty() && !component.version.is_empty(), "{component:?}");
        assert!(!component.purl.contains(|c: char| c.is_whitespace() || c.is_control()), "{component:?}");
        let prefix = format!("pkg:{}/", component.ecosystem.purl_type());
        assert!(component.purl.starts_with(&prefix), "{component:?}");
    }
    let context = BomContext { project: "p".into(), version: None, run: None, timestamp: None };
    let bom = cyclonedx(&inventory, &context);
    assert_eq!(bom, cyclonedx(&collect(&tree), &context));
});
