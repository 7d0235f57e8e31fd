//! Reports that are not what they should be: one clear error, nothing recorded, nothing left behind.

use std::{
    fs,
    io::{Read, Write},
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::{
    kit::{SARIF, disk_use, entries, files, intact, measured, project, refused},
    support::Site,
};

fn site() -> Site {
    project("  none: { kind: test, run: 'true' }\n")
}

fn report(site: &Site, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = site.path().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

/// The import is refused with `code`; the installation is as it was.
#[track_caller]
fn refuse(site: &Site, path: &std::path::Path, more: &[&str], code: &str, words: &[&str]) {
    let before = (entries(site), files(&site.home().join("blobs")), files(&site.home().join("cache")));
    let answer = site.proofhouse(&[&["import", path.to_str().unwrap()], more].concat());
    refused(answer, 2, code, &[words, &["hint:"]].concat());
    let after = (entries(site), files(&site.home().join("blobs")), files(&site.home().join("cache")));
    assert_eq!(before, after);
}

#[test]
fn truncated() {
    let site = site();
    for at in [1, 60, SARIF.len() / 2, SARIF.len() - 2] {
        refuse(
            &site,
            &report(&site, "cut.sarif", &SARIF[..at]),
            &["--report-format", "sarif"],
            "report-truncated",
            &["line"],
        );
    }
    let packed = gzip(SARIF.as_bytes());
    let cut = report(&site, "cut.sarif.gz", &packed[..packed.len() / 2]);
    let answer = site.proofhouse(&["import", cut.to_str().unwrap()]);
    assert!(answer.code == 2 && answer.err.contains("report-"), "{}", answer.text());
    assert!(entries(&site).is_empty());
}

#[test]
fn empty() {
    let site = site();
    for text in ["", " \n\t \n"] {
        refuse(&site, &report(&site, "empty.sarif", text), &[], "report-empty", &[]);
    }
    assert!(entries(&site).is_empty());
}

#[test]
fn of_another_format() {
    let site = site();
    let good = report(&site, "good.sarif", SARIF);
    refuse(&site, &good, &["--report-format", "bandit"], "report-wrong-format", &["bandit", "results"]);
    refuse(&site, &good, &["--report-format", "sarrif"], "report-unknown-format", &["sarif"]);
    refuse(&site, &report(&site, "x", "{\"something\": 1}"), &[], "report-unrecognised", &["something"]);
    // A web page could be a report by people; this one has nothing of one.
    refuse(
        &site,
        &report(&site, "x", "<html>Not found</html>"),
        &[],
        "report-wrong-format",
        &["manual-html"],
    );
    refuse(&site, &report(&site, "x.zip", b"PK\x03\x04rest"), &[], "report-compressed", &["zip"]);
    refuse(
        &site,
        &report(&site, "x", SARIF.replace("\"runs\"", "\"version\":\"2.1.0\",\"runs\"")),
        &[],
        "report-duplicate-key",
        &["version"],
    );
    refuse(
        &site,
        &report(&site, "x", SARIF.replace("\"see\"", &"[".repeat(10_000))),
        &[],
        "report-too-deep",
        &[],
    );
}

/// `gzip` of what `write` writes, without holding it.
fn gzipped(path: &std::path::Path, write: impl FnOnce(&mut dyn Write)) {
    let file = fs::File::create(path).unwrap();
    let mut child = Command::new("gzip").arg("-1").stdin(Stdio::piped()).stdout(file).spawn().unwrap();
    let mut stdin = std::io::BufWriter::with_capacity(1 << 20, child.stdin.take().unwrap());
    write(&mut stdin);
    stdin.flush().unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    gzipped(&folder.path().join("x"), |out| out.write_all(bytes).unwrap());
    let mut packed = Vec::new();
    fs::File::open(folder.path().join("x")).unwrap().read_to_end(&mut packed).unwrap();
    packed
}

#[test]
fn a_bomb() {
    let site = site();
    // Two gigabytes of blanks inside an otherwise good report: flat in memory, ended by the ratio.
    let bomb = site.path().join("bomb.sarif.gz");
    gzipped(&bomb, |out| {
        let (head, tail) = SARIF.split_at(SARIF.find("\"results\"").unwrap());
        out.write_all(head.as_bytes()).unwrap();
        let blanks = vec![b' '; 1 << 20];
        (0..2048).for_each(|_| out.write_all(&blanks).unwrap());
        out.write_all(tail.as_bytes()).unwrap();
    });
    let (answer, peak) = measured(site.command(&["import"]).arg(&bomb));
    refused(answer, 2, "report-bomb", &["hint:"]);
    assert!(peak < 150 << 10, "{peak} KiB");
    assert!(entries(&site).is_empty());
}

#[test]
fn of_ten_million_results() {
    let site = site();
    let path = site.path().join("many.sarif.gz");
    gzipped(&path, |out| {
        let head =
            r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"looker","version":"1"}},"results":[{}"#;
        out.write_all(head.as_bytes()).unwrap();
        let mut thousand = String::new();
        for block in 0..10_000 {
            thousand.clear();
            for n in 0..1000 {
                // Texts that do not pack too well, or the report would be taken for a bomb first.
                let text = (block * 1000 + n) * 2_654_435_761_u64;
                thousand.push_str(&format!(",{{\"ruleId\":\"r{n}\",\"message\":{{\"text\":\"{text:x}\"}}}}"));
            }
            out.write_all(thousand.as_bytes()).unwrap();
        }
        out.write_all(b"]}]}").unwrap();
    });
    site.proofhouse(&["ledger", "show"]).expect(0);
    let kept = disk_use(&site.home());
    let peak = |most: &str| {
        let (answer, peak) = measured(site.command(&["import", "--most", most]).arg(&path));
        refused(answer, 2, "report-too-many-findings", &[most, "hint:"]);
        peak
    };
    // Both are past the point from where findings are kept on disk.
    let (few, many) = (peak("60000"), peak("180000"));
    assert!(few < 150 << 10 && many < few + (8 << 10), "{few} KiB for 60000, {many} KiB for 180000");
    assert!(entries(&site).is_empty());
    assert!(disk_use(&site.home()) < kept + (1 << 20), "nothing of it stays");
    intact(&site);
}
