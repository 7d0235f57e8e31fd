//! Steps: caching, failing, timing out, retrying, much output.

use std::{fs, time::Duration};

use model::UserError;
use runner::{Caching, Cancel, Secret, TraceLevel};

use crate::{
    Test,
    lab::{Lab, Seen, paths_below},
};

pub const TESTS: &[Test] = &[
    ("step_compiles_and_the_second_time_comes_from_the_cache", compiles),
    ("step_runs_again_when_an_input_changes", changed_input),
    ("step_sees_a_fixed_environment_and_fixed_times", environment),
    ("step_result_survives_a_restart_and_a_forged_entry_is_found", forged),
    ("step_runs_again_when_an_output_blob_was_changed", tampered_blob),
    ("step_that_fails_is_not_cached_and_keeps_its_log", failing),
    ("step_is_stopped_at_its_timeout_with_everything_it_started", timeout),
    ("step_is_retried_as_often_as_said", retries),
    ("step_printing_a_gigabyte_is_drained_and_its_log_is_bounded", gigabyte),
    ("step_can_be_cancelled", cancelled),
    ("step_with_a_program_that_is_not_there", no_program),
    ("step_is_observed_and_a_less_observed_result_does_not_count", traced),
];

fn compiles() {
    let lab = Lab::new();
    lab.file("main.c", "#include <stdio.h>\nint main(){puts(\"built\");return 0;}");
    let spec = lab.sh("cc -o out/app main.c && out/app > out/said", &["out/app", "out/said"]);
    let (first, seen) = lab.run(&spec);
    assert!(first.passed() && !first.cached, "{:?} {}", first.failure, seen.text());
    assert!(first.result.output_files[0].is_executable && !first.result.output_files[1].is_executable);
    let (second, seen) = lab.run(&spec);
    assert!(second.cached && second.passed());
    assert_eq!(second.result, first.result);
    assert_eq!(second.evidence, first.evidence);
    assert!(seen.text().is_empty());
    assert_eq!(fs::read_dir(lab.dir.path().join("work")).unwrap().count(), 0, "work folders are gone");
}

fn changed_input() {
    let lab = Lab::new();
    lab.file("in.txt", "one");
    let said = |lab: &Lab| lab.outputs(&lab.sh("cat in.txt in.txt > out", &["out"]))["out"].clone();
    assert_eq!(said(&lab), "oneone");
    lab.file("in.txt", "two");
    assert_eq!(said(&lab), "twotwo");
    lab.file("in.txt", "one");
    assert!(lab.run(&lab.sh("cat in.txt in.txt > out", &["out"])).0.cached);
}

fn environment() {
    let lab = Lab::new();
    lab.file("in", "x");
    let mut spec =
        lab.sh("env | sort > env; stat -c '%Y %a' in > stat; touch $HOME/x $TMPDIR/y", &["env", "stat"]);
    spec.source_date_epoch = 1_700_000_000;
    spec.env.insert("OWN".into(), "a b=c".into());
    let outputs = lab.outputs(&spec);
    let names: Vec<&str> = outputs["env"].lines().filter_map(|line| line.split('=').next()).collect();
    let expected = ["HOME", "LANG", "OWN", "PATH", "PWD", "SOURCE_DATE_EPOCH", "TMPDIR", "TZ"];
    assert_eq!(
        names.into_iter().filter(|name| !matches!(*name, "_" | "SHLVL" | "OLDPWD")).collect::<Vec<_>>(),
        expected
    );
    assert!(outputs["env"].contains("OWN=a b=c\n"));
    assert_eq!(outputs["stat"], "1700000000 644\n");
}

fn forged() {
    let lab = Lab::new();
    let spec = lab.sh("echo true > out", &["out"]);
    assert!(lab.run(&spec).0.passed());
    let lab = lab.restarted();
    assert!(lab.run(&spec).0.cached);
    let cache = lab.dir.path().join("ac");
    let entry = paths_below(&cache).into_iter().find(|path| path.to_string_lossy().len() > 60).unwrap();
    let whole = fs::read(cache.join(&entry)).unwrap();
    for at in [0, 10, 41, whole.len() / 2, whole.len() - 1] {
        let mut forged = whole.clone();
        forged[at] ^= 1;
        fs::write(cache.join(&entry), forged).unwrap();
        let (run, seen) = lab.run(&spec);
        assert!(!run.cached && run.passed(), "byte {at}");
        assert_eq!(*seen.warnings.lock().unwrap(), ["cache-entry-changed"], "byte {at}");
        assert_eq!(lab.texts(&run)["out"], "true\n");
    }
    // Another action's entry, moved to this action's place.
    let other = lab.sh("echo false > out", &["out"]);
    lab.run(&other);
    let foreign =
        paths_below(&cache).into_iter().find(|path| path.to_string_lossy().len() > 60 && *path != entry);
    fs::copy(cache.join(foreign.unwrap()), cache.join(&entry)).unwrap();
    let (run, seen) = lab.run(&spec);
    assert_eq!(*seen.warnings.lock().unwrap(), ["cache-entry-changed"]);
    assert_eq!(lab.texts(&run)["out"], "true\n");
}

fn tampered_blob() {
    let lab = Lab::new();
    let spec = lab.sh("mkdir -p d/e; echo deep > d/e/f; echo flat > g", &["d", "g"]);
    let (first, _) = lab.run(&spec);
    for (text, path) in [("deep\n", "d/e/f"), ("flat\n", "g")] {
        fs::write(lab.cas.path(&model::Sha256::of(text)), "evil\n").unwrap();
        let (run, seen) = lab.run(&spec);
        assert!(!run.cached && run.passed());
        assert_eq!(*seen.warnings.lock().unwrap(), ["cas-blob-changed"]);
        assert_eq!(lab.texts(&run)[path], text);
        assert_eq!(run.result.output_files, first.result.output_files);
    }
}

fn failing() {
    let lab = Lab::new();
    let spec = lab.sh("echo to stdout; echo to stderr >&2; exit 7", &[]);
    for _ in 0..2 {
        let (run, seen) = lab.run(&spec);
        assert_eq!(run.failure.as_ref().and_then(runner::StepFailure::exit_status), Some(7));
        assert!(!run.cached);
        assert!(seen.text().contains("to stdout\n") && seen.text().contains("to stderr\n"));
        let log = lab.cas.get(&run.evidence.log.unwrap(), 1000).unwrap();
        assert_eq!(log, *seen.output.lock().unwrap());
    }
    assert_eq!(lab.failure(&lab.sh("kill -9 $$", &[])), "step-signal");
}

fn timeout() {
    let lab = Lab::new();
    let mut spec = lab.sh("(setsid sleep 1000 & sleep 1000 & wait) & echo started; sleep 1000", &[]);
    spec.timeout = Duration::from_secs(1);
    let (run, seen) = lab.run(&spec);
    assert_eq!(run.failure.unwrap().code(), "step-timeout");
    assert_eq!(seen.text(), "started\n");
}

fn retries() {
    let lab = Lab::new();
    let mut spec = lab.sh("exit 1", &[]);
    spec.retries = 2;
    let (run, seen) = lab.run(&spec);
    assert_eq!((run.evidence.attempts, *seen.retries.lock().unwrap()), (3, 2));
    let (run, _) = lab.run(&lab.sh("true", &[]));
    assert_eq!(run.evidence.attempts, 1);
    let mut missing = lab.sh("true", &["never"]);
    missing.retries = 1;
    let (run, _) = lab.run(&missing);
    assert_eq!((run.failure.unwrap().code(), run.evidence.attempts), ("output-missing", 2));
}

fn gigabyte() {
    let lab = Lab::new();
    let mut spec = lab.sh("head -c 1073741824 /dev/zero; echo done > out", &["out"]);
    spec.limits.log_bytes = 1 << 20;
    let (run, seen) = lab.run(&spec);
    assert!(run.passed(), "{:?}", run.failure);
    assert_eq!((run.evidence.log_bytes, run.evidence.log_dropped), (1 << 30, (1 << 30) - (1 << 20)));
    assert!(*seen.bytes.lock().unwrap() < (1 << 20) + 100);
    assert!(run.evidence.log.unwrap().size < (1 << 20) + 100);
    spec.limits.fail_on_long_log = true;
    spec.caching = Caching::Never;
    assert_eq!(lab.failure(&spec), "step-log-too-long");
}

fn cancelled() {
    let lab = Lab::new();
    let spec = lab.sh("echo started; sleep 1000", &[]);
    let cancel = Cancel::new();
    struct CancelOnOutput(Cancel);
    impl runner::StepObserver for CancelOnOutput {
        fn output(&self, _: runner::Stream, _: &[u8]) {
            self.0.cancel();
        }
    }
    let run = lab.executor.run(&spec, &CancelOnOutput(cancel.clone()), &cancel).unwrap();
    assert_eq!(run.failure.unwrap().code(), "step-cancelled");
    let run = lab.executor.run(&spec, &(), &cancel).unwrap();
    assert_eq!(run.failure.unwrap().code(), "step-cancelled", "also before it began");
}

fn no_program() {
    let lab = Lab::new();
    let mut spec = lab.sh("", &[]);
    spec.argv = vec!["no-such-program".into()];
    let (run, _) = lab.run(&spec);
    assert_eq!(run.failure.unwrap().code(), "sandbox-exec");
    spec.outputs = vec!["../up".into()];
    assert_eq!(lab.try_run(&spec, &Seen::default()).unwrap_err().code(), "output-bad-path");
    spec.outputs.clear();
    spec.secrets = vec![Secret::new("S", "abc")];
    assert_eq!(lab.try_run(&spec, &Seen::default()).unwrap_err().code(), "secret-too-short");
}

fn traced() {
    let lab = Lab::new();
    let mut spec = lab.sh("/usr/bin/printf x > out", &["out"]);
    spec.trace = TraceLevel::None;
    assert!(lab.run(&spec).0.evidence.trace.is_none());
    spec.trace = TraceLevel::Processes;
    let (run, _) = lab.run(&spec);
    assert!(!run.cached, "the cached result has no trace");
    let trace = lab.cas.get(&run.evidence.trace.unwrap(), 1 << 20).unwrap();
    let trace: sandbox::TraceLog = serde_json::from_slice(&trace).unwrap();
    assert!(trace.exec.iter().any(|event| event.path == "/usr/bin/printf"), "{trace:?}");
    assert!(lab.run(&spec).0.cached);
    spec.trace = TraceLevel::None;
    assert!(lab.run(&spec).0.cached, "more evidence than asked for is fine");
}
