//! From advisory feeds to findings: small feeds made here, and the real ones when they are at hand.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::{fs, io::Write, path::Path, path::PathBuf};

use checks::{
    FolderTree, MemoryTree,
    osv::{FeedError, Index, IndexDir, KNOWN_EXPLOITED, import, scan},
    sbom::collect,
};
use model::{Finding, Place, ScanReport, Severity, Timestamp, UserError};
use serde_json::{Value, json};

fn now() -> Timestamp {
    "2026-11-01T00:00:00Z".parse().unwrap()
}

fn shared() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let path = std::env::var_os("PROOFHOUSE_SHARED_DATA").map_or(default, PathBuf::from);
    if path.is_dir() {
        return Some(path);
    }
    println!("the shared data folder is not here: nothing to test");
    None
}

fn advisory(id: &str, aliases: &[&str], package: &str, fixed: &str) -> Value {
    json!({
        "id": id, "modified": "2026-01-02T03:04:05Z", "aliases": aliases, "summary": format!("{package} is broken"),
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        "database_specific": {"cwe_ids": ["CWE-79"]},
        "affected": [{
            "package": {"ecosystem": "npm", "name": package},
            "ranges": [
                {"type": "GIT", "repo": "x", "events": [{"introduced": "0"}]},
                {"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": fixed}]},
            ],
        }],
    })
}

fn zip_of(path: &Path, files: &[(&str, Vec<u8>)]) {
    let mut zip = zip::ZipWriter::new(fs::File::create(path).unwrap());
    for (name, bytes) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
}

fn npm_lock(packages: &[(&str, &str)]) -> MemoryTree {
    let entry =
        |(name, version): &(&str, &str)| (format!("node_modules/{name}"), json!({ "version": version }));
    let packages: serde_json::Map<String, Value> = packages.iter().map(entry).collect();
    let lock = json!({ "lockfileVersion": 3, "packages": packages }).to_string();
    MemoryTree::new([("package-lock.json", lock)])
}

fn matched(tree: &MemoryTree, dir: &IndexDir) -> ScanReport {
    scan(&collect(tree), &Index::open(dir).unwrap(), now())
}

#[test]
fn an_osv_zip_is_imported_and_matched_with_aliases_joined() {
    let folder = tempfile::tempdir().unwrap();
    let dir = IndexDir::new(folder.path().join("feeds"));
    let feed = folder.path().join("all.zip");
    let mut withdrawn = advisory("GHSA-4", &[], "left", "9.0.0");
    withdrawn["withdrawn"] = json!("2026-01-03T00:00:00Z");
    let files = [
        ("GHSA-1.json", advisory("GHSA-1", &["CVE-2026-1"], "left", "1.2.0")),
        ("X-2.json", advisory("X-2", &["CVE-2026-1"], "left", "1.3.0")),
        ("GHSA-3.json", advisory("GHSA-3", &["CVE-2026-3"], "left", "1.0.0")),
        ("GHSA-4.json", withdrawn),
        ("../evil.json", advisory("EVIL", &[], "left", "9.0.0")),
    ];
    let mut files: Vec<_> = files.into_iter().map(|(n, v)| (n, v.to_string().into_bytes())).collect();
    files.push(("broken.json", b"{".to_vec()));
    zip_of(&feed, &files);
    let report = import(&feed, "osv-npm", &dir, now()).unwrap();
    assert_eq!((report.advisories, report.packages, report.withdrawn, report.rejected), (3, 1, 1, 1));

    let kev = json!({"catalogVersion": "1", "dateReleased": "2026-02-01T00:00:00Z", "vulnerabilities": [{"cveID": "CVE-2026-1"}]});
    let kev_file = folder.path().join("kev.json");
    fs::write(&kev_file, kev.to_string()).unwrap();
    assert_eq!(import(&kev_file, "kev", &dir, now()).unwrap().exploited, 1);

    let report = matched(&npm_lock(&[("left", "1.1.0"), ("right", "1.0.0")]), &dir);
    assert!(report.coverage.is_complete(), "{:?}", report.coverage);
    assert_eq!(report.coverage.data_as_of, Some("2026-01-02T03:04:05Z".parse().unwrap()));
    let [finding]: [Finding; 1] = report.findings.try_into().unwrap();
    assert_eq!(
        (finding.rule.as_str(), finding.severity, finding.cvss),
        ("GHSA-1", Severity::Critical, Some(9.8))
    );
    assert_eq!(finding.aliases, ["CVE-2026-1", "GHSA-1", "X-2"]);
    assert_eq!((finding.fix.as_deref(), finding.cwe.as_slice()), (Some("1.3.0"), [79].as_slice()));
    assert!(finding.message.contains(KNOWN_EXPLOITED));
    let place =
        Place::Package { purl: "pkg:npm/left@1.1.0".into(), manifest: Some("package-lock.json".into()) };
    assert_eq!(finding.place, place);
}

#[test]
fn missing_data_and_unread_lock_files_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let dir = IndexDir::new(folder.path().join("feeds"));
    let report = matched(&npm_lock(&[("left", "1.1.0")]), &dir);
    assert!(!report.coverage.is_complete());
    assert!(report.coverage.errors[0].contains("no advisory data for npm: proofhouse feeds import"));
    let report = matched(&MemoryTree::new([("Cargo.lock", "nonsense")]), &dir);
    assert!(report.coverage.errors[0].starts_with("Cargo.lock: "));
    let nothing = matched(&MemoryTree::default(), &dir);
    assert!(!nothing.coverage.is_complete(), "an empty tree was not searched");
    let unlocked = MemoryTree::new([("package.json", r#"{"dependencies": {"left": "^1"}}"#)]);
    let unlocked = matched(&unlocked, &dir).coverage;
    assert!(!unlocked.is_complete(), "what it is made of is not known: {unlocked:?}");
    let unpinned = matched(&MemoryTree::new([("requirements.txt", "flask\n")]), &dir).coverage;
    assert!(!unpinned.is_complete(), "no version could be looked up: {unpinned:?}");
}

#[test]
fn an_advisory_of_very_many_versions_is_refused_and_comparing_has_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let dir = IndexDir::new(folder.path().join("index"));
    let file = |name: &str, versions: usize, events: usize| {
        let mut advisory = advisory(name, &[], "left", "1.0.0");
        let listed: Vec<String> = (0..versions).map(|n| format!("9.{n}.0")).collect();
        let events: Vec<Value> =
            (0..events).rev().map(|n| json!({"introduced": format!("8.{n}.0")})).collect();
        advisory["affected"][0]["versions"] = json!(listed);
        advisory["affected"][0]["ranges"] = json!([{"type": "SEMVER", "events": events}]);
        let path = folder.path().join(format!("{name}.json"));
        fs::write(&path, advisory.to_string()).unwrap();
        path
    };
    for (versions, events) in [(200_000, 1), (0, 200_000)] {
        let error = import(&file("huge", versions, events), "npm", &dir, now()).unwrap_err();
        assert!(error.hint().unwrap().contains("huge names more than 20000 versions"), "{:?}", error.hint());
    }
    import(&file("large", 10_000, 9_000), "npm", &dir, now()).unwrap();
    let entry =
        |n: usize| (format!("node_modules/a{n}/node_modules/left"), json!({ "version": format!("1.{n}.0") }));
    let packages: serde_json::Map<String, Value> = (0..3_000).map(entry).collect();
    let lock = json!({ "lockfileVersion": 3, "packages": packages }).to_string();
    let report = matched(&MemoryTree::new([("package-lock.json", lock)]), &dir);
    let unchecked = report.coverage.errors.iter().filter(|e| e.contains("too many versions to compare"));
    assert!(unchecked.count() > 0 && !report.coverage.is_complete(), "what was not compared is told");
}

#[test]
fn a_tree_that_is_made_of_nothing_else_is_searched_and_complete() {
    let folder = tempfile::tempdir().unwrap();
    let dir = IndexDir::new(folder.path().join("feeds"));
    let plain = MemoryTree::new([("package.json", r#"{"name": "plain"}"#), ("index.js", "")]);
    let coverage = matched(&plain, &dir).coverage;
    assert!(coverage.is_complete() && coverage.nothing_of_its_kind(), "{coverage:?}");
    assert_eq!(coverage.searched, Some(2));
}

#[test]
fn a_damaged_index_is_told_with_the_command_that_mends_it() {
    let folder = tempfile::tempdir().unwrap();
    let dir = IndexDir::new(folder.path().join("feeds"));
    let feed = folder.path().join("a.json");
    fs::write(&feed, advisory("GHSA-1", &[], "left", "1.2.0").to_string()).unwrap();
    import(&feed, "small", &dir, now()).unwrap();
    let file = dir.file("small");
    let good = fs::read(&file).unwrap();
    let tree = npm_lock(&[("left", "1.1.0")]);
    assert_eq!(matched(&tree, &dir).findings.len(), 1);

    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x20;
        fs::write(&file, &bad).unwrap();
        let told = match Index::open(&dir) {
            Err(error) => {
                assert_eq!(error.code(), "feed-index-damaged");
                assert!(error.hint().unwrap().contains("feeds import PATH --name small"));
                true
            }
            Ok(index) => scan(&collect(&tree), &index, now()).coverage.errors.len() == 1,
        };
        // The first eight bytes are a mark for people and tools; nothing is read by them.
        assert!(told || at < 8, "byte {at}");
    }
    for length in 0..good.len() {
        fs::write(&file, &good[..length]).unwrap();
        assert!(matches!(Index::open(&dir), Err(FeedError::Damaged { .. })), "cut to {length}");
    }
}

#[test]
fn bombs_and_nonsense_are_refused_and_the_old_index_stays() {
    let folder = tempfile::tempdir().unwrap();
    let dir = IndexDir::new(folder.path().join("feeds"));
    let good = folder.path().join("a.json");
    fs::write(&good, advisory("GHSA-1", &[], "left", "1.2.0").to_string()).unwrap();
    import(&good, "small", &dir, now()).unwrap();
    let before = fs::read(dir.file("small")).unwrap();

    let bomb = folder.path().join("bomb.tar.gz");
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(
        fs::File::create(&bomb).unwrap(),
        flate2::Compression::best(),
    ));
    let zeros = vec![b' '; 20 << 20];
    for n in 0..6 {
        let mut header = tar::Header::new_ustar();
        header.set_size(zeros.len() as u64);
        header.set_cksum();
        tar.append_data(&mut header, format!("{n}.json"), zeros.as_slice()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap();
    let error = import(&bomb, "small", &dir, now()).unwrap_err();
    assert_eq!(error.code(), "feed-archive");
    assert!(error.to_string().contains("bomb"), "{error}");

    let zip_bomb = folder.path().join("bomb.zip");
    zip_of(
        &zip_bomb,
        &[("0.json", zeros.clone()), ("1.json", zeros.clone()), ("2.json", zeros.clone()), ("3.json", zeros)],
    );
    assert_eq!(import(&zip_bomb, "small", &dir, now()).unwrap_err().code(), "feed-archive");

    let nonsense = folder.path().join("b.json");
    fs::write(&nonsense, "{\"a\": 1}").unwrap();
    let error = import(&nonsense, "small", &dir, now()).unwrap_err();
    assert_eq!(error.code(), "feed-empty");
    assert!(error.hint().unwrap().contains("b.json"));
    assert_eq!(import(&good, "../x", &dir, now()).unwrap_err().code(), "feed-name");
    assert_eq!(import(Path::new("/does/not/exist"), "x", &dir, now()).unwrap_err().code(), "feed-io");
    assert_eq!(fs::read(dir.file("small")).unwrap(), before);
}

#[test]
fn the_real_feeds_match_the_seeded_project() {
    let Some(shared) = shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let dir = IndexDir::new(folder.path());
    for (file, feed) in [("rustsec.tar.gz", "rustsec"), ("pypa.tar.gz", "pypa"), ("kev.json.gz", "kev")] {
        let report = import(&shared.join("feeds").join(file), feed, &dir, now()).unwrap();
        let size = fs::metadata(&report.file).unwrap().len();
        println!(
            "{feed}: {} advisories, {} packages, {} withdrawn, {} not matched, {} exploited, {} rejected {:?}, newest {:?}, {size} bytes",
            report.advisories,
            report.packages,
            report.withdrawn,
            report.not_matched,
            report.exploited,
            report.rejected,
            report.rejected_first.first(),
            report.newest
        );
        assert_eq!(report.rejected, 0, "{:?}", report.rejected_first);
    }
    let polyglot = shared.join("scans/_inputs/polyglot");
    let inventory = collect(&FolderTree::walk(&polyglot).unwrap());
    let report = scan(&inventory, &Index::open(&dir).unwrap(), now());
    let purls: std::collections::BTreeSet<&str> = report
        .findings
        .iter()
        .map(|f| match &f.place {
            Place::Package { purl, .. } => purl.as_str(),
            _ => "",
        })
        .collect();
    println!("{} findings in {} components: {purls:?}", report.findings.len(), inventory.components.len());
    println!("errors {:?}", report.coverage.errors);
    for name in ["flask", "jinja2", "pyyaml", "requests", "urllib3", "django", "pillow", "cryptography"] {
        assert!(purls.iter().any(|p| p.starts_with(&format!("pkg:pypi/{name}@"))), "{name}");
    }
    assert!(purls.iter().any(|p| p.starts_with("pkg:cargo/time@")));
    assert!(report.coverage.errors.iter().any(|e| e.contains("no advisory data for npm")));
    let ids: std::collections::HashSet<_> = report.findings.iter().map(|f| f.id).collect();
    assert_eq!(ids.len(), report.findings.len(), "identities are unique");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    /// A whole feed, damaged anywhere: an error or fewer advisories, never a panic.
    #[test]
    fn damaged_archives_never_panic(at: usize, junk in proptest::collection::vec(proptest::prelude::any::<u8>(), 1..9), cut: bool) {
        let folder = tempfile::tempdir().unwrap();
        let dir = IndexDir::new(folder.path().join("feeds"));
        let zip = folder.path().join("all.zip");
        zip_of(&zip, &[("a.json", advisory("A-1", &[], "left", "1.0.0").to_string().into_bytes())]);
        let tar = folder.path().join("all.tar.gz");
        let mut builder = tar::Builder::new(flate2::write::GzEncoder::new(fs::File::create(&tar).unwrap(), flate2::Compression::fast()));
        let yaml = b"id: A-1\nmodified: '2026-01-01T00:00:00Z'\n";
        let mut header = tar::Header::new_ustar();
        header.set_size(yaml.len() as u64);
        header.set_cksum();
        builder.append_data(&mut header, "a.yaml", yaml.as_slice()).unwrap();
        builder.into_inner().unwrap().finish().unwrap();
        for path in [zip, tar] {
            let mut bytes = fs::read(&path).unwrap();
            let at = at % bytes.len();
            match cut {
                true => bytes.truncate(at),
                false => drop(bytes.splice(at..(at + junk.len()).min(bytes.len()), junk.iter().copied())),
            }
            fs::write(&path, bytes).unwrap();
            let _ = import(&path, "damaged", &dir, now());
        }
    }

    #[test]
    fn arbitrary_advisories_never_panic(text in "[ -~\n]{0,120}", introduced in ".{0,12}", fixed in "[0-9a-z.*-]{0,10}") {
        let folder = tempfile::tempdir().unwrap();
        let dir = IndexDir::new(folder.path().join("feeds"));
        let mut odd = advisory("A-1", &[], "left", &fixed);
        odd["affected"][0]["ranges"][1]["events"][0] = json!({ "introduced": introduced });
        for (name, content) in [("a.json", odd.to_string()), ("b.yaml", text.clone()), ("c.md", format!("```toml\n{text}\n```"))] {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            let _ = import(&path, "odd", &dir, now());
        }
        let _ = matched(&npm_lock(&[("left", "1.0.0")]), &dir);
    }
}
