//! Secrets: given, masked, never cached, never kept.

use std::fs;

use model::UserError;
use runner::{Caching, Secret};

use crate::{
    Test,
    lab::{Lab, paths_below},
};

pub const TESTS: &[Test] = &[
    ("secrets_reach_the_step_and_nothing_else", reach),
    ("secrets_that_are_printed_are_masked_and_fail_the_step", printed),
    ("secrets_in_an_output_fail_the_step_and_are_not_stored", in_output),
];

const VALUE: &str = "s3cr3t-value-of-the-token";

fn reach() {
    let lab = Lab::new();
    let script = "/usr/bin/env test \"$TOKEN\" != x; printf %s \"$TOKEN\" | wc -c > length";
    let mut spec = lab.sh(script, &["length"]);
    spec.secrets = vec![Secret::new("TOKEN", VALUE)];
    assert_eq!(lab.outputs(&spec)["length"].trim(), VALUE.len().to_string());
    assert!(!lab.run(&spec).0.cached, "not cached unless asked for");
    spec.caching = Caching::Always;
    lab.run(&spec);
    assert!(lab.run(&spec).0.cached);
    nowhere(&lab);
}

fn printed() {
    let lab = Lab::new();
    for script in [
        "echo \"a $TOKEN b\"",
        "printf %.10s \"$TOKEN\"; sleep 0.2; printf %s \"$TOKEN\" | tail -c +11",
        "printf %s \"user:$TOKEN\" | base64 -w0",
        "printf %s \"$TOKEN\" | od -An -tx1 | tr -d ' \\n' >&2",
    ] {
        let mut spec = lab.sh(script, &[]);
        spec.secrets = vec![Secret::new("OTHER", "not printed at all"), Secret::new("TOKEN", VALUE)];
        let (run, seen) = lab.run(&spec);
        let failure = run.failure.unwrap();
        assert_eq!(failure.code(), "secret-leaked", "{script}: {}", seen.text());
        assert!(failure.to_string().contains("TOKEN") && !failure.to_string().contains("OTHER"));
        assert!(seen.text().contains("***"), "{}", seen.text());
        nowhere(&lab);
    }
}

fn in_output() {
    let lab = Lab::new();
    let mut spec = lab.sh("mkdir o; head -c 300000 /dev/zero > o/f; echo \"$TOKEN\" >> o/f", &["o"]);
    spec.secrets = vec![Secret::new("TOKEN", VALUE)];
    let failure = lab.run(&spec).0.failure.unwrap();
    assert_eq!(failure.code(), "output-contains-secret");
    assert!(failure.to_string().contains("o/f"));
    nowhere(&lab);
}

/// No file of the installation holds the secret.
fn nowhere(lab: &Lab) {
    for path in paths_below(lab.dir.path()) {
        let bytes = fs::read(lab.dir.path().join(&path)).unwrap_or_default();
        assert!(!bytes.windows(VALUE.len()).any(|window| window == VALUE.as_bytes()), "{path:?}");
    }
}
