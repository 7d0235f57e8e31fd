//! A source that is not its commit never passes for it, whatever the repository tells git; and one that is,
//! does.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::PathBuf,
    process::Command,
};

use super::service;
use crate::support::Site;

#[track_caller]
fn dirty(site: &Site) -> bool {
    let run = site.proofhouse(&["run", "--format", "json"]).expect(0).json();
    run["dirty"].as_bool().unwrap()
}

/// What git answers.
fn git(site: &Site, arguments: &[&str]) -> String {
    let answer = Command::new("git").current_dir(site.project()).args(arguments).output().unwrap();
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    String::from_utf8(answer.stdout).unwrap().trim().to_owned()
}

/// Changes the application, without changing its size.
fn change(site: &Site) {
    let text = fs::read_to_string(site.project().join("app.sh")).unwrap();
    site.write("app.sh", text.replace("exec", "eval"));
}

/// The file of an object that is not in a pack.
fn object(site: &Site, id: &str) -> PathBuf {
    site.project().join(".git/objects").join(&id[..2]).join(&id[2..])
}

/// Leaves the evil commit's files where HEAD is the good one.
fn evil_over_good(site: &Site) -> [String; 2] {
    let good = git(site, &["rev-parse", "HEAD"]);
    change(site);
    site.commit("Evil");
    let evil = git(site, &["rev-parse", "HEAD"]);
    site.git(&["reset", "--quiet", "--soft", &good]);
    [good, evil]
}

#[test]
fn another_commit_in_place_of_this_one_is_not_it() {
    let site = service("");
    let [good, evil] = evil_over_good(&site);
    site.git(&["replace", &good, &evil]);
    assert!(dirty(&site), "git replace");

    // Another tree under the name of this one's.
    let site = service("");
    let [good, evil] =
        evil_over_good(&site).map(|commit| git(&site, &["rev-parse", &format!("{commit}^{{tree}}")]));
    fs::remove_file(object(&site, &good)).unwrap();
    fs::copy(object(&site, &evil), object(&site, &good)).unwrap();
    let refused = site.proofhouse(&["run"]).expect(3);
    assert!(refused.err.contains("git-object-wrong"), "{}", refused.err);
}

#[test]
fn files_that_lie_elsewhere_are_not_those_that_are_built() {
    let site = service("");
    let copy = site.path().join("copy");
    fs::create_dir(&copy).unwrap();
    for name in ["app.sh", "proofhouse.yaml"] {
        fs::copy(site.project().join(name), copy.join(name)).unwrap();
    }
    site.git(&["config", "core.worktree", copy.to_str().unwrap()]);
    change(&site);
    let refused = site.proofhouse(&["run"]).expect(2);
    assert!(refused.err.contains("git-worktree-elsewhere"), "{}", refused.err);
}

#[test]
fn no_setting_of_the_repository_hides_a_change() {
    let site = service("");
    site.git(&["config", "status.showUntrackedFiles", "no"]);
    site.write("more.sh", "exit 1\n");
    assert!(dirty(&site), "status.showUntrackedFiles");

    let site = service("");
    site.write("app.sh", "#!/bin/sh\necho '$Id$'\n");
    site.commit("Ident");
    site.write(".git/info/attributes", "app.sh ident\n");
    site.write("app.sh", "#!/bin/sh\necho '$Id: '; eval evil; echo ' $'\n");
    assert!(dirty(&site), "ident");

    let site = service("");
    site.write(".git/info/attributes", "app.sh working-tree-encoding=UTF-16LE\n");
    let text = fs::read_to_string(site.project().join("app.sh")).unwrap();
    site.write("app.sh", text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>());
    assert!(dirty(&site), "working-tree-encoding");

    let site = service("");
    site.write("app.sh", "#!/bin/sh\n# \\\r\nexec evil\n");
    site.commit("Line ends");
    site.git(&["config", "core.autocrlf", "true"]);
    site.write("app.sh", "#!/bin/sh\n# \\\nexec evil\n");
    let other = git(&site, &["hash-object", "-w", "--no-filters", "app.sh"]);
    site.git(&["update-index", "--cacheinfo", &format!("100644,{other},app.sh")]);
    assert!(dirty(&site), "core.autocrlf");

    let site = service("");
    symlink("app.sh", site.project().join("link")).unwrap();
    site.commit("Link");
    site.git(&["config", "core.symlinks", "false"]);
    fs::remove_file(site.project().join("link")).unwrap();
    site.write("link", "app.sh");
    assert!(dirty(&site), "core.symlinks");

    let site = service("");
    site.git(&["config", "core.fileMode", "false"]);
    fs::set_permissions(site.project().join("app.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(dirty(&site), "core.fileMode");
}

#[test]
fn an_index_that_was_written_by_hand_hides_no_change() {
    let bytes = |hex: &str| -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    };
    let site = service("");
    let good = bytes(&git(&site, &["rev-parse", "HEAD:app.sh"]));
    change(&site);
    // Long before the index: git looks again at what is as new as that.
    let app = fs::File::options().write(true).open(site.project().join("app.sh")).unwrap();
    app.set_modified(std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000))
        .unwrap();
    site.git(&["add", "app.sh"]);
    let evil = bytes(&git(&site, &["rev-parse", ":app.sh"]));
    // What git remembers of the changed file, beside the content that it had; and no sum over it.
    let mut index = fs::read(site.project().join(".git/index")).unwrap();
    let at = index.windows(20).position(|found| found == evil).unwrap();
    index[at..at + 20].copy_from_slice(&good);
    let sum = index.len() - 20;
    index[sum..].fill(0);
    site.write(".git/index", index);
    assert_eq!(git(&site, &["status", "--porcelain"]), "", "git sees no change");
    assert!(dirty(&site));
}

#[test]
fn line_ends_of_a_checkout_and_files_of_lfs_are_no_change() {
    let site = service("");
    site.write(".gitattributes", "*.bat text eol=crlf\n*.bin filter=lfs -text\n");
    site.write("run.bat", "@echo off\r\nexit\r\n");
    // What `git lfs` commits for a file of these bytes.
    let digest = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 6\n");
    site.write("data.bin", pointer);
    site.git(&["config", "filter.lfs.clean", "cat"]);
    site.commit("Files that are not as they are stored");
    assert!(!dirty(&site), "a pointer that was not fetched");
    site.write("data.bin", "hello\n");
    assert!(!dirty(&site), "its file");
    assert!(!dirty(&site), "its file, not read again");
    site.write("data.bin", "jello\n");
    assert!(dirty(&site), "another file");
    site.write("data.bin", "hello\n");
    site.write("run.bat", "@echo off\nexit\r\n");
    assert!(dirty(&site), "line ends that no checkout writes");
}

#[test]
fn a_commit_is_itself_with_any_digest_in_any_folder_and_with_submodules() {
    let site = service("");
    let (app, config) = (site.project().join("app.sh"), site.project().join("proofhouse.yaml"));
    fs::create_dir_all(site.project().join("deep/part")).unwrap();
    fs::rename(app, site.project().join("deep/part/app.sh")).unwrap();
    fs::rename(config, site.project().join("deep/part/proofhouse.yaml")).unwrap();
    fs::remove_dir_all(site.project().join(".git")).unwrap();
    site.git(&["init", "--quiet", "--initial-branch=main", "--object-format=sha256"]);
    site.write("elsewhere", "1");
    let module = "deep/part/module";
    site.git(&["init", "--quiet", "--object-format=sha256", module]);
    site.git(&["-C", module, "commit", "--quiet", "--allow-empty", "-m", "One"]);
    site.commit("A part");
    let part_is_dirty = || {
        let run = site.proofhouse(&["-C", "deep/part", "run", "--format", "json"]).expect(0).json();
        run["dirty"].as_bool().unwrap()
    };
    assert!(!part_is_dirty());
    site.write("elsewhere", "2");
    assert!(!part_is_dirty(), "not of this project");
    site.git(&["-C", module, "commit", "--quiet", "--allow-empty", "-m", "Two"]);
    assert!(part_is_dirty(), "the submodule is at another commit");
    site.git(&["-C", module, "reset", "--quiet", "--hard", "HEAD~"]);
    assert!(!part_is_dirty());
    fs::remove_file(site.project().join("deep/part/app.sh")).unwrap();
    site.write("deep/part/app.sh", "#!/bin/sh\n");
    assert!(part_is_dirty());
}
