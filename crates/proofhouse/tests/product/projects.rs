//! Plain projects, as people have them: no lock files, no Dockerfile, no configuration by hand. What is
//! missing because there is nothing of it passes a gate; what is missing although it should be there
//! does not.

use std::fs;

use crate::support::{Site, free_port};

/// Adds an environment for a file that the steps of `init` make.
fn deployable(site: &Site, artifact: &str) {
    let config = fs::read_to_string(site.project().join("proofhouse.yaml")).unwrap();
    let environment = format!(
        "\nenvironments:\n  staging:\n    driver: host\n    artifact: {artifact}\n    \
         run: [python3, -m, http.server, \"{{port}}\"]\n    port: {}\n",
        free_port()
    );
    site.write("proofhouse.yaml", config + &environment);
}

/// A package of one module, committed, as `init` leaves it.
fn plain(files: &[(&str, &str)]) -> Site {
    let site = Site::new();
    files.iter().for_each(|(path, text)| site.write(path, text));
    site.proofhouse(&["init"]).expect(0);
    deployable(&site, "dist/source.zip");
    site.commit("Plain");
    site.proofhouse(&["run"]).expect(0);
    site
}

const SETUP: (&str, &str) =
    ("setup.py", "from setuptools import setup\nsetup(name='plain', version='1', py_modules=['plain'])\n");
const MODULE: (&str, &str) = ("plain.py", "def double(n):\n    return 2 * n\n");

#[test]
fn a_plain_project_passes_the_usual_gate_and_the_gate_says_that_there_was_nothing_to_scan() {
    let site = plain(&[SETUP, MODULE]);
    let told = site.proofhouse(&["gate", "explain", "staging"]).expect(0).out;
    assert!(told.contains("sca scan: 3 files searched, none is of its kind"), "{told}");
}

#[test]
fn packages_without_a_lock_file_do_not_pass_and_the_gate_names_the_manifest() {
    let site = plain(&[SETUP, MODULE, ("tool/package.json", r#"{"dependencies": {"left": "^1"}}"#)]);
    let told = site.proofhouse(&["gate", "explain", "staging"]).expect(1).out;
    assert!(
        told.contains("evidence-incomplete") && told.contains("tool/package.json names packages"),
        "{told}"
    );
}

#[test]
fn a_lock_file_that_is_kept_from_the_checks_is_not_an_absent_one() {
    let site = plain(&[SETUP, MODULE, ("requirements-dev.txt", "")]);
    let config = fs::read_to_string(site.project().join("proofhouse.yaml")).unwrap();
    site.write("proofhouse.yaml", format!("{config}\nscans: {{ exclude: [\"requirements*.txt\"] }}\n"));
    site.commit("Hide it");
    site.proofhouse(&["run"]).expect(0);
    let told = site.proofhouse(&["gate", "explain", "staging"]).expect(1).out;
    assert!(told.contains("requirements-dev.txt: left out by `scans.exclude`"), "{told}");
}

#[test]
fn code_in_languages_that_no_check_knows_is_not_a_tree_without_code() {
    let site = Site::new();
    site.write("main.zig", "pub fn main() void {}\n");
    site.proofhouse(&["init"]).expect(0);
    deployable(&site, "dist/source.tar.gz");
    site.commit("Zig");
    site.proofhouse(&["run"]).expect(0);
    let told = site.proofhouse(&["gate", "explain", "staging"]).expect(1).out;
    assert!(told.contains("sast scan: incomplete (no file is in a language it knows"), "{told}");
}

#[test]
fn files_of_an_output_folder_are_fetched_verified_and_deployable() {
    let site = Site::new();
    site.write(
        "proofhouse.yaml",
        "version: 1\nproject: folders\nsteps:\n  pack:\n    kind: package\n    run: |\n      mkdir -p dist/more\n      \
         echo one > dist/one.txt\n      echo two > dist/more/two.txt\n    outputs: [dist]\n",
    );
    deployable(&site, "dist/more/two.txt");
    site.commit("Folders");
    site.proofhouse(&["run"]).expect(0);
    let to = site.path().join("out");
    let listed = site.proofhouse(&["outputs", "--to", to.to_str().unwrap()]).expect(0).out;
    assert_eq!(listed.lines().count(), 2, "{listed}");
    let file = to.join("dist/more/two.txt");
    assert_eq!(fs::read_to_string(&file).unwrap(), "two\n");
    assert!(site.proofhouse(&["verify", file.to_str().unwrap()]).expect(0).out.contains("dist/more/two.txt"));
    site.proofhouse(&["outputs", "--to", to.to_str().unwrap()]).expect(0);
    fs::write(&file, "changed\n").unwrap();
    site.proofhouse(&["verify", file.to_str().unwrap()]).expect(1);
    let refused = site.proofhouse(&["outputs", "--to", to.to_str().unwrap()]).expect(2);
    assert!(refused.err.contains("output-exists"), "{}", refused.err);

    let config = fs::read_to_string(site.project().join("proofhouse.yaml")).unwrap();
    site.write("proofhouse.yaml", config.replace("artifact: dist/more/two.txt", "artifact: dist"));
    site.proofhouse(&["run"]).expect(0);
    let told = site.proofhouse(&["gate", "explain", "staging"]).expect(2).err;
    assert!(told.contains("artifact-is-directory") && told.contains("artifact: dist/more/two.txt"), "{told}");
}

#[test]
fn the_compiler_of_this_machine_links_programs_in_the_sandbox() {
    let site = Site::new();
    site.write("hello.c", "#include <stdio.h>\nint main(void) { return puts(\"hello\") < 0; }\n");
    site.write(
        "proofhouse.yaml",
        "version: 1\nproject: hello\ntools:\n  cc: { command: cc }\nsteps:\n  build:\n    kind: build\n    \
         tools: [cc]\n    run: cc -O2 -o hello hello.c && ./hello\n    outputs: [hello]\n",
    );
    site.commit("Hello");
    let run = site.proofhouse(&["run"]).expect(0);
    assert!(run.err.contains("build | hello"), "{}", run.err);
}
