//! Every adapter over real reports of real scanners, when the folder with them is there: each file
//! imports with the number of findings its index tells, or the reason for another number stands here.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};

use findings::{FileSource, ImportOptions, import};
use model::{Finding, Place};

/// Scanner in the index, and the format its `.json` is read with.
const SCANS: [(&str, &str); 15] = [
    ("bandit", "bandit"),
    ("betterleaks", "betterleaks"),
    ("cargo-audit", "cargo-audit"),
    ("gitleaks", "gitleaks"),
    ("hadolint", "hadolint"),
    ("opengrep", "semgrep"),
    ("pip-audit", "pip-audit"),
    ("semgrep", "semgrep"),
    ("trivy-config", "trivy"),
    ("trivy-secret", "trivy"),
    ("trivy-vuln", "trivy"),
    ("zizmor", "zizmor"),
    ("cdxgen", "cyclonedx"),
    ("retire", "cyclonedx"),
    ("syft", "cyclonedx"),
];

/// Where our number differs from the index on purpose: file, ours, why.
const DIFFERENT: [(&str, u64, &str); 0] = [];

fn shared() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("PROOFHOUSE_SHARED_DATA").map_or(beside, PathBuf::from);
    if !folder.is_dir() {
        eprintln!("skipped: no folder with shared data");
        return None;
    }
    Some(folder)
}

/// The number a cell of the index starts with: `16`, `8 components, 45 vulns` (then the second).
fn expected(cell: &str) -> Option<u64> {
    let vulns = cell.split(", ").find_map(|part| part.strip_suffix(" vulns"));
    vulns.unwrap_or(cell).trim().parse().ok()
}

fn check(path: &Path, format: Option<&str>, name: &str, wanted: u64, complaints: &mut Vec<String>) {
    let mut all: Vec<Finding> = Vec::new();
    let info = match import(&FileSource(path.to_owned()), format, &ImportOptions::default(), &mut all) {
        Ok(info) => info,
        Err(error) => return complaints.push(format!("{name}: {error}")),
    };
    let wanted = DIFFERENT.iter().find(|(file, ..)| *file == name).map_or(wanted, |(_, ours, _)| *ours);
    if info.findings + info.suppressed != wanted {
        complaints.push(format!(
            "{name}: {} findings, {} suppressed, not {wanted}",
            info.findings, info.suppressed
        ));
    }
    for finding in &all {
        let inside = finding.place.path().is_none_or(|path| {
            !path.is_empty() && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
        });
        let nowhere = matches!(finding.place, Place::Target { .. });
        if !inside || finding.title.is_empty() || (nowhere && !NOWHERE.contains(&name)) {
            complaints.push(format!("{name}: {:?} {:?}", finding.place, finding.title));
        }
    }
    let mut ids: Vec<_> = all.iter().map(|finding| finding.id).collect();
    ids.sort();
    ids.dedup();
    if ids.len() != all.len() {
        complaints.push(format!("{name}: ids are not unique"));
    }
}

/// Files whose findings really are nowhere in the tree: a dangling reference, a binary's function.
const NOWHERE: [&str; 2] = ["cyclonedx/no-severity.json", "sarif/appendix_k3.sarif"];

#[test]
fn scans_import_with_the_counts_of_their_index() {
    let Some(folder) = shared().map(|folder| folder.join("scans")) else { return };
    let index = std::fs::read_to_string(folder.join("index.tsv")).unwrap();
    let (mut complaints, mut files) = (Vec::new(), 0);
    for row in index.lines().skip(1) {
        let cells: Vec<&str> = row.split('\t').collect();
        let (tool, name, Some(wanted)) = (cells[0], cells[3], expected(cells[4])) else { continue };
        let format = if name.ends_with(".sarif") {
            "sarif"
        } else if name.ends_with(".cdx.json") {
            "cyclonedx"
        } else if let Some((_, format)) =
            SCANS.iter().find(|(scanner, _)| *scanner == tool && name.ends_with(".json"))
        {
            if *format == "cyclonedx" { continue } else { format }
        } else {
            continue;
        };
        files += 1;
        check(&folder.join(name), Some(format), name, wanted, &mut complaints);
        check(&folder.join(name), None, name, wanted, &mut complaints);
    }
    assert!(complaints.is_empty() && files > 50, "{files} files\n{}", complaints.join("\n"));
}

/// Reports of other projects: folder, format.
const REPORTS: [(&str, &str); 7] = [
    ("bandit", "bandit"),
    ("cargo_audit", "cargo-audit"),
    ("cyclonedx", "cyclonedx"),
    ("gitleaks", "gitleaks"),
    ("hadolint", "hadolint"),
    ("sarif", "sarif"),
    ("semgrep", "semgrep"),
];

#[test]
fn reports_import_with_the_counts_of_their_index() {
    let Some(folder) = shared().map(|folder| folder.join("reports")) else { return };
    let index = std::fs::read_to_string(folder.join("counts.tsv")).unwrap();
    let (mut complaints, mut files) = (Vec::new(), 0);
    for row in index.lines().skip(1) {
        let cells: Vec<&str> = row.split('\t').collect();
        let Some((_, format)) = REPORTS.iter().find(|(scanner, _)| *scanner == cells[0]) else { continue };
        // CycloneDX in XML is not read; it is refused as what it is.
        if cells[1].ends_with(".xml") {
            let source = FileSource(folder.join(cells[1]));
            let error =
                import(&source, Some(format), &ImportOptions::default(), &mut Vec::new()).unwrap_err();
            assert_eq!(model::UserError::code(&error), "report-wrong-format");
            continue;
        }
        files += 1;
        check(&folder.join(cells[1]), Some(format), cells[1], cells[2].parse().unwrap(), &mut complaints);
    }
    assert!(complaints.is_empty() && files > 15, "{files} files\n{}", complaints.join("\n"));
}
