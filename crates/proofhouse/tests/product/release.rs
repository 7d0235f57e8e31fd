//! A whole release in one file: exported here, verified by a stranger, taken into another installation; and
//! every way in which such a file can lie.

use std::{fs, path::Path};

use serde_json::Value;

use crate::support::Site;

const CONFIG: &str = "version: 1\nproject: shop\nscans: { sast: false, sca: false, config: false, sbom: false }\n\
steps:\n  build:\n    kind: build\n    run: mkdir dist; cat a.txt > dist/one; cat a.txt a.txt > dist/two\n    \
inputs: [a.txt]\n    outputs: [dist]\n";

/// An installation with one run, its release file and its trust file; the run.
fn exported() -> (Site, String) {
    let site = Site::new();
    site.write("proofhouse.yaml", CONFIG);
    site.write("a.txt", "content\n");
    site.commit("Shop");
    let run = site.proofhouse(&["run", "--format", "json"]).expect(0).json();
    let run = run["run"].as_str().unwrap().to_owned();
    fs::write(site.path().join("trust.json"), site.proofhouse(&["trust", "file"]).expect(0).out).unwrap();
    site.proofhouse(&["release", "export", &run, "--to", "../release.tar"]).expect(0);
    (site, run)
}

/// An installation that knows nothing of the first but two files.
fn stranger(site: &Site) -> Site {
    let other = Site::new();
    for name in ["release.tar", "trust.json"] {
        fs::copy(site.path().join(name), other.path().join(name)).unwrap();
    }
    other
}

const VERIFY: [&str; 5] = ["release", "verify", "../release.tar", "--trust", "../trust.json"];
const IMPORT: [&str; 7] =
    ["release", "import", "../release.tar", "--trust", "../trust.json", "--to", "../in/shop"];

#[test]
fn a_stranger_verifies_a_release_and_takes_it_in() {
    let (site, run) = exported();
    let other = stranger(&site);
    let told = other.proofhouse(&VERIFY).expect(0);
    assert!(told.out.contains("the whole release is verified"), "{}", told.out);
    assert!(told.out.contains("dist/two") && told.out.contains("built by"), "{}", told.out);
    assert!(!other.home().join("ledger").exists(), "verifying needs no installation");
    let report = other.proofhouse(&[&VERIFY[..], &["--format", "json"]].concat()).expect(0).json();
    assert_eq!((&report["ok"], &report["run"]), (&Value::Bool(true), &Value::from(run.as_str())));
    assert_eq!(report["artifacts"].as_array().unwrap().len(), 2);

    let imported = other.proofhouse(&[&IMPORT[..], &["--format", "json"]].concat()).expect(0).json();
    assert_eq!(fs::read(other.path().join("in/shop/dist/two")).unwrap(), b"content\ncontent\n");
    let index = imported["imported"].as_u64().unwrap().to_string();
    let record = other.proofhouse(&["ledger", "show", &index]).expect(0).json();
    let predicate = &record["statement"]["predicate"];
    assert_eq!(predicate["run"], run.as_str());
    assert_eq!(predicate["log"], report["log"]);
    other.proofhouse(&["ledger", "verify"]).expect(0);
    // What it says it keeps is there: the evidence verifies the artifact also from the blob.
    let evidence = predicate["evidence"].as_str().unwrap();
    let blob = other.home().join("blobs").join(&evidence[..2]).join(&evidence[2..]);
    let verify =
        ["verify", "../in/shop/dist/one", "--bundle", blob.to_str().unwrap(), "--trust", "../trust.json"];
    other.proofhouse(&verify).expect(0);
    // A folder that is in use is not written to.
    let again = other.proofhouse(&IMPORT).expect(2);
    assert!(again.err.contains("folder-not-empty"), "{}", again.err);
}

#[test]
fn a_release_without_blobs_still_verifies_and_an_artifact_names_its_run() {
    let (site, run) = exported();
    site.proofhouse(&["outputs", "--to", "../out"]).expect(0);
    let arguments = ["release", "export", "../out/dist/one", "--without-blobs", "--to", "../small.tar"];
    let told = site.proofhouse(&[&arguments[..], &["--format", "json"]].concat()).expect(0).json();
    assert_eq!((told["artifacts"].as_u64(), told["blobs"].as_u64()), (Some(2), Some(2)));
    let verify = ["release", "verify", "../small.tar", "--trust", "../trust.json", "--format", "json"];
    let report = site.proofhouse(&verify).expect(0).json();
    assert_eq!((&report["run"], &report["complete"]), (&Value::from(run), &Value::Bool(false)));
    let unknown = site.proofhouse(&["release", "export", "proofhouse.yaml", "--to", "../x.tar"]).expect(1);
    assert!(unknown.err.contains("artifact-unknown") && !site.path().join("x.tar").exists());
}

/// Members of an archive: header and content.
fn members(bytes: &[u8]) -> Vec<(tar::Header, Vec<u8>)> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while let Some((head, after)) = rest.split_at_checked(512).filter(|(head, _)| head[0] != 0) {
        let header = tar::Header::from_byte_slice(head).clone();
        let size = header.entry_size().unwrap() as usize;
        out.push((header, after[..size].to_vec()));
        rest = &after[size.next_multiple_of(512)..];
    }
    out
}

fn archive(members: &[(tar::Header, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (header, content) in members {
        out.extend(header.as_bytes());
        out.extend(content);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.extend([0; 1024]);
    out
}

fn member(name: &str, kind: tar::EntryType, content: &[u8]) -> (tar::Header, Vec<u8>) {
    let mut header = tar::Header::new_ustar();
    let field = &mut header.as_old_mut().name;
    field[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    for set in [tar::Header::set_uid, tar::Header::set_gid, tar::Header::set_mtime] {
        set(&mut header, 0);
    }
    header.set_cksum();
    (header, content.to_vec())
}

fn resized(header: &tar::Header, size: u64) -> tar::Header {
    let mut header = header.clone();
    header.set_size(size);
    header.set_cksum();
    header
}

/// Every file below a folder, with its content.
fn all(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut out = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type().unwrap().is_dir() {
            true => out.extend(all(&entry.path())),
            false => out.push((entry.path(), fs::read(entry.path()).unwrap())),
        }
    }
    out.sort();
    out
}

#[test]
fn every_lie_about_a_release_is_refused_with_its_own_code_and_nothing_is_kept() {
    use tar::EntryType as E;
    let (site, _) = exported();
    let other = stranger(&site);
    let good = fs::read(site.path().join("release.tar")).unwrap();
    let parts = members(&good);
    assert_eq!(archive(&parts), good, "the test writes the one form too");
    let blob = parts.iter().position(|(head, _)| head.path_bytes().starts_with(b"blobs/")).unwrap();
    let evidence = parts.iter().position(|(head, _)| &*head.path_bytes() == b"evidence.jsonl").unwrap();
    let hex = "0123456789abcdef".repeat(4);
    type Parts = Vec<(tar::Header, Vec<u8>)>;
    let with = |change: &dyn Fn(&mut Parts)| {
        let mut parts = parts.clone();
        change(&mut parts);
        archive(&parts)
    };
    let insert = |at: usize, kind: E, name: &str| {
        let (name, content) = (name.to_owned(), if kind == E::Regular { &b"evil"[..] } else { b"" });
        with(&|parts| parts.insert(at, member(&name, kind, content)))
    };
    // Another installation's release: good in itself, of people whom this trust file does not know.
    let (foreign, _) = exported();
    let foreign = fs::read(foreign.path().join("release.tar")).unwrap();
    let attacks: Vec<(&str, &str, Vec<u8>)> = vec![
        ("nothing", "release-truncated", vec![]),
        ("no archive", "release-manifest", b"{}".repeat(512)),
        ("half", "release-truncated", good[..good.len() / 2].to_vec()),
        ("without its last block", "release-truncated", good[..good.len() - 512].to_vec()),
        ("more after the end", "release-trailing", [&good[..], b"\0"].concat()),
        ("path traversal", "release-member-name", insert(1, E::Regular, "../../etc/cron.d/x")),
        ("absolute", "release-member-name", insert(1, E::Regular, "/etc/passwd")),
        ("twin letters", "release-member-name", insert(1, E::Regular, "evid\u{435}nce.jsonl")),
        ("upper case", "release-member-name", insert(1, E::Regular, "Evidence.jsonl")),
        ("symbolic link", "release-member-kind", insert(1, E::Symlink, "blobs")),
        ("hard link", "release-member-kind", insert(1, E::Link, "evidence.jsonl")),
        ("folder", "release-member-kind", insert(1, E::Directory, "blobs/")),
        ("device", "release-member-kind", insert(1, E::Char, "null")),
        ("sparse", "release-member-kind", insert(1, E::GNUSparse, "trust.json")),
        ("long name", "release-member-kind", insert(1, E::GNULongName, "././@LongLink")),
        ("extended header", "release-member-kind", insert(1, E::XHeader, "PaxHeaders/x")),
        ("added", "release-member-added", insert(1, E::Regular, &format!("blobs/{hex}"))),
        (
            "added at the end",
            "release-member-added",
            insert(parts.len(), E::Regular, &format!("blobs/{hex}")),
        ),
        ("missing", "release-member-missing", with(&|parts| drop(parts.remove(blob)))),
        ("last one missing", "release-member-missing", with(&|parts| drop(parts.pop()))),
        ("twice", "release-member-twice", with(&|parts| parts.insert(blob + 1, parts[blob].clone()))),
        ("manifest twice", "release-member-twice", with(&|parts| parts.insert(1, parts[0].clone()))),
        ("reordered", "release-member-missing", with(&|parts| parts.swap(blob, blob + 1))),
        ("changed", "release-member-changed", with(&|parts| parts[blob].1[0] ^= 1)),
        ("changed evidence", "release-member-changed", with(&|parts| parts[evidence].1[9] ^= 1)),
        (
            "longer",
            "release-member-size",
            with(&|parts| {
                let size = parts[blob].1.len() as u64;
                parts[blob].0 = resized(&parts[blob].0, size + 1);
                parts[blob].1.push(0);
            }),
        ),
        (
            "a huge size",
            "release-member-size",
            with(&|parts| parts[blob].0 = resized(&parts[blob].0, 1 << 62)),
        ),
        ("a huge manifest", "release-manifest", with(&|parts| parts[0].0 = resized(&parts[0].0, 1 << 40))),
        (
            "an owner",
            "release-header",
            with(&|parts| {
                parts[blob].0.set_uid(1000);
                parts[blob].0.set_cksum();
            }),
        ),
        ("a message in the padding", "release-header", {
            let mut bytes = good.clone();
            let end = 512 + parts[0].1.len();
            assert!(!end.is_multiple_of(512));
            bytes[end] = b'!';
            bytes
        }),
        ("a manifest that nobody signed", "verify-bad-signature", {
            // Rename one artifact in the statement.
            with(&|parts| {
                let mut bundle: Value = serde_json::from_slice(&parts[0].1).unwrap();
                let payload = decoded(&bundle["dsseEnvelope"]["payload"]);
                let changed = String::from_utf8(payload).unwrap().replace("dist/one", "dist/uno");
                bundle["dsseEnvelope"]["payload"] = encoded(changed.as_bytes()).into();
                parts[0].1 = serde_json::to_vec(&bundle).unwrap();
                parts[0].0 = resized(&parts[0].0, parts[0].1.len() as u64);
            })
        }),
        ("an artifact outside the folder", "release-artifact-name", {
            with(&|parts| {
                let mut bundle: Value = serde_json::from_slice(&parts[0].1).unwrap();
                let payload = decoded(&bundle["dsseEnvelope"]["payload"]);
                let changed = String::from_utf8(payload).unwrap().replace("dist/one", "../../one");
                bundle["dsseEnvelope"]["payload"] = encoded(changed.as_bytes()).into();
                parts[0].1 = serde_json::to_vec(&bundle).unwrap();
                parts[0].0 = resized(&parts[0].0, parts[0].1.len() as u64);
            })
        }),
        ("some statement instead of a manifest", "release-manifest", {
            with(&|parts| {
                let line = parts[evidence].1.split(|byte| *byte == b'\n').next().unwrap().to_vec();
                parts[0].0 = resized(&parts[0].0, line.len() as u64);
                parts[0].1 = line;
            })
        }),
        ("of somebody else", "bundle-timestamp-authority", foreign),
    ];
    other.proofhouse(&["ledger", "verify"]).expect(0);
    let before = (all(&other.home().join("ledger")), all(&other.home().join("blobs")));
    for (what, code, bytes) in attacks {
        fs::write(other.path().join("release.tar"), bytes).unwrap();
        let refused = other.proofhouse(&VERIFY).expect(1);
        assert!(refused.err.contains(&format!("[{code}]")), "{what}: {}", refused.text());
        let refused = other.proofhouse(&IMPORT).expect(1);
        assert!(refused.err.contains(&format!("[{code}]")), "{what}: {}", refused.text());
        assert!(!other.path().join("in").exists(), "{what}");
        let after = (all(&other.home().join("ledger")), all(&other.home().join("blobs")));
        assert!(before == after, "{what}: something was kept");
    }
}

fn decoded(text: &Value) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(text.as_str().unwrap()).unwrap()
}

fn encoded(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
