//! Configurations that nobody should write, and somebody will.

use std::{fs, process::Command};

use crate::{
    kit::{measured, refused},
    support::Site,
};

const GOOD: &str = "version: 1\nproject: c\nsteps:\n  a: { kind: test, run: 'true' }\n";

/// `plan` and `run` refuse the text with `code` in place, within 150 MB, and record nothing.
fn refuse(text: &[u8], code: &str, words: &[&str]) {
    let site = Site::new();
    site.write("proofhouse.yaml", text);
    refuse_in(&site, code, words);
}

fn refuse_in(site: &Site, code: &str, words: &[&str]) {
    for command in ["plan", "run"] {
        let (answer, peak) = measured(&mut site.command(&[command]));
        assert!(peak < 150 << 10, "{command}: {peak} KiB");
        refused(answer, 2, code, words);
    }
    assert!(crate::kit::entries(site).is_empty());
}

#[test]
fn broken() {
    refuse(format!("{GOOD}  b: [unclosed\n").as_bytes(), "config-syntax", &["proofhouse.yaml:", "^"]);
    refuse(b"\xff\xfe\x00", "config-not-utf8", &["proofhouse.yaml:1:1"]);
    refuse(b"", "config-empty", &["proofhouse init"]);
    refuse(GOOD.replace("run:", "ruun:").as_bytes(), "config-unknown-key", &["4:20", "`run`"]);
}

#[test]
fn huge() {
    refuse(format!("{GOOD}{}", "# more\n".repeat(200_000)).as_bytes(), "config-too-large", &[]);
    let site = Site::new();
    site.write("proofhouse.yaml", GOOD);
    let file = fs::OpenOptions::new().write(true).open(site.project().join("proofhouse.yaml")).unwrap();
    file.set_len(3 << 30).unwrap();
    refuse_in(&site, "config-too-large", &[]);
}

#[test]
fn deep() {
    for open in ["[", "{a: "] {
        refuse(
            format!("version: 1\nproject: c\nsteps: {}", open.repeat(100_000)).as_bytes(),
            "config-too-deep",
            &["3:"],
        );
    }
}

#[test]
fn a_key_twice() {
    refuse(format!("{GOOD}project: d\n").as_bytes(), "config-duplicate-key", &["5:1", "2:1", "second time"]);
    refuse(
        format!("{GOOD}  a: {{ kind: build, run: 'false' }}\n").as_bytes(),
        "config-duplicate-key",
        &["5:3"],
    );
}

#[test]
fn multiplying_itself() {
    let mut text = "version: 1\nproject: c\nx0: &x0 [1, 1]\n".to_owned();
    for n in 1..40 {
        let before = n - 1;
        text.push_str(&format!("x{n}: &x{n} [*x{before}, *x{before}, *x{before}, *x{before}]\n"));
    }
    refuse(text.as_bytes(), "config-alias-bomb", &[]);
}

#[test]
fn not_a_file() {
    for make in [
        "mkfifo proofhouse.yaml",
        "ln -s /dev/zero proofhouse.yaml",
        "mkdir proofhouse.yaml",
        "ln -s proofhouse.yaml proofhouse.yaml",
    ] {
        let site = Site::new();
        crate::kit::run(Command::new("sh").args(["-c", make]).current_dir(site.project()));
        refuse_in(&site, "config-not-found", &["proofhouse init"]);
    }
}
