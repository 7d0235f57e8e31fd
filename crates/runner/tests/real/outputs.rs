//! What is accepted as an output of a real step.

use model::UserError;

use crate::{Test, lab::Lab};

pub const TESTS: &[Test] = &[
    ("outputs_folders_links_and_odd_names_come_out_as_they_are", accepted),
    ("outputs_that_are_not_acceptable_are_named_errors", refused),
    ("outputs_are_bounded", bounded),
    ("outputs_behind_a_planted_link_are_never_read", planted),
];

fn accepted() {
    let lab = Lab::new();
    lab.file("in", "input");
    let script =
        "mkdir -p 'o/a b/é' o/empty; echo 1 > 'o/a b/é/-x'; ln -s '../a b' o/a\\ b/l; ln -s o/empty link";
    let outputs = lab.outputs(&lab.sh(script, &["o", "link"]));
    let expected = [("link", "-> o/empty"), ("o/a b/l", "-> ../a b"), ("o/a b/é/-x", "1\n")];
    assert_eq!(outputs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect::<Vec<_>>(), expected);
}

fn refused() {
    let lab = Lab::new();
    lab.file("in", "input");
    for (script, code) in [
        ("true", "output-missing"),
        ("touch o; mv o x", "output-missing"),
        ("ln -s /etc/passwd o", "output-symlink-escapes"),
        ("ln -s ../../etc/passwd o", "output-symlink-escapes"),
        ("mkdir o; ln -s ../../up o/l", "output-symlink-escapes"),
        ("mkfifo o", "output-special-file"),
        ("mkdir o; mkfifo o/pipe", "output-special-file"),
        ("python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"o\")'", "output-special-file"),
        ("mkdir -p o/a/.git; touch o/a/.git/config", "output-git-folder"),
        ("mkdir o; echo 'gitdir: x' > o/.GIT", "output-git-folder"),
        ("mkdir o; ln -s x o/.git", "output-git-folder"),
        ("mkdir o; touch \"o/$(printf 'a\\351')\"", "output-name-not-utf8"),
    ] {
        let (run, seen) = lab.run(&lab.sh(script, &["o"]));
        let failure = run.failure.unwrap_or_else(|| panic!("{script} passed"));
        assert_eq!(failure.code(), code, "{script}: {failure} {}", seen.text());
        assert!(run.result.output_files.is_empty());
    }
}

fn bounded() {
    let lab = Lab::new();
    let mut spec = lab.sh("mkdir o; for i in 1 2 3 4 5; do head -c 1000 /dev/zero > o/$i; done", &["o"]);
    spec.limits.output_entries = 5;
    assert_eq!(lab.failure(&spec), "output-too-many");
    spec.limits.output_entries = 6;
    spec.limits.output_bytes = 4999;
    assert_eq!(lab.failure(&spec), "output-too-large");
    spec.limits.output_bytes = 5000;
    assert!(lab.run(&spec).0.passed());
    let deep = "d=o; for i in $(seq 300); do mkdir $d; cd $d; d=o; done; touch x";
    assert_eq!(lab.failure(&lab.sh(deep, &["o"])), "output-too-deep");
}

fn planted() {
    let lab = Lab::new();
    lab.file("in", "input");
    for script in ["rm -rf out; ln -s /etc out", "rm -rf out; ln -s ../../.. out"] {
        let failure = lab.run(&lab.sh(script, &["out/hostname"])).0.failure.unwrap();
        assert_eq!(failure.code(), "output-symlink-escapes", "{script}");
        assert!(failure.to_string().contains("behind `out`"), "{failure}");
    }
}
