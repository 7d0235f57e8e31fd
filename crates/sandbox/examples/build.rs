//! A build of C files inside and outside the sandbox, with and without observation.
//!
//! `cargo run --release -p proofhouse-sandbox --example build` prints one JSON object per
//! measurement, `{"name": …, "value_ms": …}`: the fastest of some builds taken in turns (which is
//! the least disturbed by whatever else the machine does), and the ratios `{"name": …,
//! "ratio": …}` to the build outside. Arguments: files (200), rounds (5). Needs `make` and `cc`
//! in `/usr/bin`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sandbox::{Spec, Trace, prepare_work_dir, spawn};

fn main() {
    sandbox::run_if_launcher();
    let mut arguments = std::env::args().skip(1).map(|text| text.parse().expect("a number"));
    let (files, rounds) = (arguments.next().unwrap_or(200), arguments.next().unwrap_or(5));
    let kinds = [None, Some(Trace::Off), Some(Trace::Processes), Some(Trace::Files)];
    let mut taken = vec![Vec::new(); kinds.len()];
    for _ in 0..rounds {
        for (kind, taken) in kinds.iter().zip(&mut taken) {
            let dir = tempfile::tempdir().unwrap();
            let work = dir.path().join("work");
            write_project(&work, files);
            let start = Instant::now();
            match kind {
                None => outside(&work),
                Some(trace) => inside(&work, *trace),
            }
            taken.push(start.elapsed());
        }
    }
    let names = ["outside", "inside", "inside-traced", "inside-files-traced"];
    let fastest: Vec<Duration> = taken.into_iter().filter_map(|times| times.into_iter().min()).collect();
    for (name, value) in names.iter().zip(&fastest) {
        println!(
            "{}",
            serde_json::json!({"name": format!("build-{name}"), "value_ms": value.as_millis() as u64})
        );
    }
    for (name, value) in names.iter().zip(&fastest).skip(1) {
        let ratio = (value.as_secs_f64() / fastest[0].as_secs_f64() * 1000.0).round() / 1000.0;
        println!("{}", serde_json::json!({"name": format!("build-{name}-ratio"), "ratio": ratio}));
    }
}

/// Files with the headers and the optimiser's work of ordinary code.
fn write_project(work: &Path, files: usize) {
    fs::create_dir(work).unwrap();
    let mut objects = String::new();
    for number in 0..files {
        let mut text =
            String::from("#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <math.h>\n");
        for function in 0..3 {
            let _ = writeln!(
                text,
                "double f{number}_{function}(const double *x, int n) {{ double s = {function}; \
                 for (int i = 0; i < n; i++) s += sqrt(x[i]) * (i % 7) + strlen(\"{number}\"); return s; }}"
            );
        }
        fs::write(work.join(format!("f{number}.c")), text).unwrap();
        let _ = write!(objects, " f{number}.o");
    }
    fs::write(work.join("main.c"), "int main(void) { return 0; }\n").unwrap();
    let rules = format!("program: main.o{objects}\n\tcc -o $@ $^ -lm\n%.o: %.c\n\tcc -O1 -c -o $@ $<\n");
    fs::write(work.join("Makefile"), rules).unwrap();
}

fn outside(work: &Path) {
    let mut command = Command::new("/usr/bin/make");
    command.args(["-s", "-j2"]).current_dir(work).env_clear().env("PATH", "/usr/bin:/bin");
    assert!(command.stdin(Stdio::null()).status().unwrap().success());
}

fn inside(work: &Path, trace: Trace) {
    let mut spec = Spec::new(work, ["/usr/bin/make", "-s", "-j2"]).env("PATH", "/usr/bin:/bin");
    spec.trace = trace;
    prepare_work_dir(work, spec.identity).unwrap();
    let outcome = spawn(&spec).unwrap().wait().unwrap();
    assert!(outcome.status.success());
    assert_eq!(outcome.trace.exec.is_empty(), trace == Trace::Off);
}
