//! Every format has a sample, and no input makes a parser panic.

use super::*;
use crate::tree::MemoryTree;

fn sample(name: &str) -> Vec<(&'static str, &'static str)> {
    macro_rules! lock {
        ($folder:literal, $file:literal) => {
            ($file, include_str!(concat!("../../../tests/locks/", $folder, "/", $file)))
        };
    }
    match name {
        "cargo" => vec![lock!("cargo", "Cargo.lock")],
        "npm" => vec![lock!("npm-v1", "package-lock.json"), lock!("npm-v3", "package-lock.json")],
        "yarn" => vec![lock!("yarn-classic", "yarn.lock"), lock!("yarn-berry", "yarn.lock")],
        "pnpm" => vec![lock!("pnpm-5", "pnpm-lock.yaml"), lock!("pnpm-9", "pnpm-lock.yaml")],
        "requirements" => vec![lock!("pip-compile", "requirements.txt")],
        "poetry" => vec![lock!("poetry", "poetry.lock")],
        "uv" => vec![lock!("uv", "uv.lock")],
        "pdm" => vec![lock!("pdm", "pdm.lock")],
        "pipfile" => vec![lock!("pipfile", "Pipfile.lock")],
        "go" => vec![lock!("go", "go.mod")],
        "maven" => vec![lock!("maven", "pom.xml")],
        "gradle" => vec![lock!("gradle", "gradle.lockfile")],
        "gem" => vec![lock!("gem", "Gemfile.lock")],
        "composer" => vec![lock!("composer", "composer.lock")],
        other => panic!("{other} has no sample"),
    }
}

#[test]
fn every_format_reads_its_sample() {
    for format in FORMATS {
        for (path, text) in sample(format.name) {
            assert_eq!(of(path).unwrap().name, format.name);
            let parsed = read(format, path, &MemoryTree::new([(path, text)])).unwrap();
            assert!(!parsed.components.is_empty(), "{}", format.name);
        }
    }
}

#[test]
fn a_go_module_that_needs_nothing_is_read_completely() {
    let format = of("go.mod").unwrap();
    let parsed = read(format, "go.mod", &MemoryTree::new([("go.mod", "module example.com/a\n")])).unwrap();
    assert!(parsed.components.is_empty() && parsed.skipped.is_empty());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
        for format in FORMATS {
            let path = sample(format.name)[0].0;
            let _ = read(format, path, &MemoryTree::new([(path, bytes.clone())]));
        }
    }

    #[test]
    fn mutated_samples_never_panic(at: usize, remove in 0_usize..40, junk in "[ -~\n]{0,8}") {
        for format in FORMATS {
            for (path, text) in sample(format.name) {
                let mut bytes = text.as_bytes().to_vec();
                let at = at % bytes.len();
                let end = (at + remove).min(bytes.len());
                bytes.splice(at..end, junk.bytes());
                let _ = read(format, path, &MemoryTree::new([(path, bytes)]));
            }
        }
    }
}
