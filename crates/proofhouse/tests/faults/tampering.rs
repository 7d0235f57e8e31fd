//! What is stored is changed behind our back: each change is noticed and named.

use std::{fs, path::PathBuf, process::Command};

use crate::{
    kit::{Tiny, files, flip, intact, project},
    support::{Answer, Site},
};

/// A flipped bit in the first file below `folder` is told by `ledger verify` with `word` and the
/// file's name, or the number of the entry.
fn stored(folder: &str, word: &str) {
    let tiny = Tiny::new();
    tiny.site.proofhouse(&["run"]).expect(0);
    let all = files(&tiny.site.home().join(folder));
    let path = all.iter().find(|path| fs::metadata(path).unwrap().len() > 0).unwrap();
    let before = flip(path);
    let told = tiny.site.proofhouse(&["ledger", "verify"]).expect(4).text();
    assert!(told.contains(word) && told.contains("damaged"), "{told}");
    if folder == "blobs" {
        let digest = path.to_string_lossy().replace('/', "");
        let digest = &digest[digest.len() - 64..];
        assert!(told.contains(&digest[..12]), "{told}");
    }
    fs::write(path, before).unwrap();
    intact(&tiny.site);
}

#[test]
fn a_blob() {
    stored("blobs", "blob");
}

#[test]
fn a_tile() {
    stored("ledger/tile", "tile");
}

#[test]
fn a_checkpoint() {
    let tiny = Tiny::new();
    tiny.site.proofhouse(&["run"]).expect(0);
    let path = tiny.site.home().join("ledger/checkpoint");
    let before = flip(&path);
    for command in [&["ledger", "verify"][..], &["run"]] {
        let told = tiny.site.proofhouse(command).expect(4).text();
        assert!(told.contains("checkpoint"), "{told}");
    }
    fs::write(&path, before).unwrap();
    intact(&tiny.site);
}

#[test]
fn a_statement_in_the_journal() {
    stored("ledger/journal", "record");
}

#[test]
fn a_ledger_that_was_rolled_back() {
    let tiny = Tiny::new();
    tiny.site.proofhouse(&["run"]).expect(0);
    let (ledger, copy) = (tiny.site.home().join("ledger"), tiny.site.path().join("ledger-before"));
    crate::kit::run(Command::new("cp").arg("-a").arg(&ledger).arg(&copy));
    tiny.site.proofhouse(&["run"]).expect(0);
    fs::remove_dir_all(&ledger).unwrap();
    fs::rename(&copy, &ledger).unwrap();
    let told = tiny.site.proofhouse(&["run"]).expect(4).err;
    assert!(told.contains("database-ahead") && told.contains("ledger"), "{told}");
}

/// Where the runner's cache keeps content.
fn content(site: &Site, hash: &str) -> PathBuf {
    site.home().join("cache/cas").join(&hash[..2]).join(&hash[2..])
}

fn built(answer: Answer) -> (bool, String) {
    let run = answer.expect(0).json();
    let step = &run["steps"][0];
    let hash = step["outputs"][0]["digest"]["hash"].as_str().unwrap();
    (step["cached"].as_bool().unwrap(), hash.to_owned())
}

#[test]
fn an_entry_of_the_action_cache() {
    let site = project("  make: { kind: build, run: echo made > out, outputs: [out] }\n");
    let (_, hash) = built(site.proofhouse(&["run", "--format", "json"]));
    let entry = files(&site.home().join("cache/actions")).remove(0);
    flip(&entry);
    let again = site.proofhouse(&["run", "--format", "json"]);
    assert!(
        again.err.contains("cache-entry-changed") && again.err.contains(entry.to_str().unwrap()),
        "{}",
        again.err
    );
    assert_eq!(built(again), (false, hash.clone()), "it is built again");
    assert_eq!(built(site.proofhouse(&["run", "--format", "json"])), (true, hash));
    intact(&site);
}

#[test]
fn a_cached_output() {
    let site = project("  make: { kind: build, run: echo made > out, outputs: [out] }\n");
    let (_, hash) = built(site.proofhouse(&["run", "--format", "json"]));
    flip(&content(&site, &hash));
    let again = site.proofhouse(&["run", "--format", "json"]);
    assert!(again.err.contains("cas-blob-changed") && again.err.contains(&hash[..12]), "{}", again.err);
    assert_eq!(built(again), (false, hash), "it is built again");
    intact(&site);
}

#[test]
fn a_cached_source_file() {
    let site = project("  make: { kind: build, run: cat in > out, outputs: [out], cache: false }\n");
    site.write("in", "precious");
    site.commit("Input");
    let (_, hash) = built(site.proofhouse(&["run", "--format", "json"]));
    flip(&content(&site, &hash));
    let again = site.proofhouse(&["run", "--format", "json"]);
    assert!(again.err.contains("cas-blob-changed") && again.err.contains(&hash[..12]), "{}", again.err);
    assert_eq!(built(again).1, hash, "the right bytes are built, from the project's own file");
}

#[test]
fn kept_results_of_the_checks() {
    let site = Site::new();
    site.write("proofhouse.yaml", "version: 1\nproject: kept\nsteps:\n  none: { kind: test, run: 'true' }\n");
    site.write("weak.py", "def find(db, name):\n    return db.execute(f\"select * from book where name = '{name}'\").fetchall()\n");
    site.commit("Weak");
    let findings = |site: &Site| {
        site.proofhouse(&["findings", "--format", "json", "--status", "new,existing"])
            .expect(0)
            .json()
            .as_array()
            .unwrap()
            .len()
    };
    site.proofhouse(&["run"]).expect(0);
    let before = findings(&site);
    assert!(before > 0);
    for command in ["run", "scan"] {
        let kept = files(&site.home().join("cache/checks")).remove(0);
        let text = fs::read_to_string(&kept).unwrap();
        // Somebody wants the findings gone.
        fs::write(&kept, text.replace("\"critical\"", "\"info\"").replace("\"high\"", "\"info\"")).unwrap();
        let again = site.proofhouse(&[command]);
        assert!(
            again.err.contains("cache-entry-changed") && again.err.contains(kept.to_str().unwrap()),
            "{}",
            again.text()
        );
        assert_eq!(findings(&site), before);
    }
}

#[test]
fn a_tool() {
    // Not below /tmp: a step has a /tmp of its own.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (bin, lib) = (folder.path().join("bin"), folder.path().join("lib"));
    fs::create_dir_all(&bin).unwrap();
    fs::create_dir_all(&lib).unwrap();
    let program = bin.join("speak");
    fs::write(&program, "#!/bin/sh\n[ \"$1\" = --version ] && { echo speak 1.2.3; exit; }\ncat \"${0%/bin/speak}/lib/words\"\n").unwrap();
    crate::kit::run(Command::new("chmod").args(["-R", "a+rX,u+w"]).arg(folder.path()));
    crate::kit::run(Command::new("chmod").arg("a+x").arg(&program));
    fs::write(lib.join("words"), "hello\n").unwrap();
    let site = Site::new();
    site.write(
        "proofhouse.yaml",
        format!(
            "version: 1\nproject: tools\n{}tools:\n  speak: {{ provider: host, command: {}, paths: [{}] }}\n\
             steps:\n  use: {{ kind: build, run: speak > out, tools: [speak], outputs: [out] }}\n",
            crate::kit::NO_CHECKS,
            program.display(),
            lib.display()
        ),
    );
    site.commit("Tool");
    let (_, hash) = built(site.proofhouse(&["run", "--format", "json"]));
    let before = crate::kit::entries(&site);

    // Same size, same times: only the content differs.
    let times = fs::metadata(lib.join("words")).unwrap().modified().unwrap();
    fs::write(lib.join("words"), "HELLO\n").unwrap();
    fs::File::options().write(true).open(lib.join("words")).unwrap().set_modified(times).unwrap();
    let stopped = site.proofhouse(&["run"]).expect(4).err;
    assert!(
        stopped.contains("tool-changed")
            && stopped.contains("lib/words")
            && stopped.contains("--update-lock"),
        "{stopped}"
    );
    assert_eq!(crate::kit::entries(&site), before, "nothing was run or recorded");

    fs::write(lib.join("words"), "hello\n").unwrap();
    assert_eq!(built(site.proofhouse(&["run", "--format", "json"])).1, hash);
    fs::remove_file(&program).unwrap();
    let gone = site.proofhouse(&["run"]).expect(3).err;
    assert!(gone.contains("tool-not-found") && gone.contains("speak"), "{gone}");
}
