//! What `init` writes is valid by the parser and by the schema, and runs as it is: every step of a
//! small project of each kind is executed here, in a fresh copy, with only its needs laid over it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use pipeline::{
    Config, Known, PlannedStep,
    init::{FirstFile, Project},
};
use serde_json::Value;

const KNOWN: Known<'static> = Known {
    report_formats: &["sarif"],
    providers: &["host"],
    registries: &["cargo", "npm", "pypi", "go", "maven"],
};

type Files<'a> = &'a [(&'a str, &'a str)];

fn written(files: Files<'_>) -> FirstFile {
    let paths: Vec<String> = files.iter().map(|(path, _)| (*path).to_owned()).collect();
    let texts: BTreeMap<&str, &str> = files.iter().copied().collect();
    let read = |path: &str| texts.get(path).map(|text| (*text).to_owned());
    pipeline::init::init(&Project { folder: "My Project", files: &paths, read: &read })
}

fn parsed(text: &str) -> Config {
    let config = pipeline::parse(text, "proofhouse.yaml", &KNOWN);
    let config = config.unwrap_or_else(|all| panic!("{}\n{text}", all.render(false)));
    assert_schema(text);
    config
}

fn assert_schema(text: &str) {
    let value: Value = serde_saphyr::from_str(text).unwrap();
    let schema = jsonschema::draft202012::new(&pipeline::schema(&KNOWN)).unwrap();
    let errors: Vec<String> =
        schema.iter_errors(&value).map(|e| format!("{} {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{text}");
}

/// Runs every step that needs no network, in the order of the plan; gives the files of all outputs.
fn run(files: Files<'_>, config: &Config) -> Vec<String> {
    let store = tempfile::tempdir().unwrap();
    let mut made = vec![];
    for step in pipeline::plan(config).steps {
        assert!(step.network.is_empty(), "{} wants {:?}", step.name, step.network);
        let work = tempfile::tempdir().unwrap();
        for (path, text) in files {
            fs::create_dir_all(work.path().join(path).parent().unwrap()).unwrap();
            fs::write(work.path().join(path), text).unwrap();
        }
        for need in &step.needs {
            copy(&store.path().join(need), work.path());
        }
        execute(&step, work.path());
        for output in &step.outputs {
            assert!(work.path().join(output).exists(), "{} made no {output}", step.name);
            let target = store.path().join(&step.name).join(output);
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::rename(work.path().join(output), &target).unwrap();
            list(&target, store.path(), &mut made);
        }
    }
    made
}

fn execute(step: &PlannedStep, work: &Path) {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(&step.argv[0]);
    command.args(&step.argv[1..]).current_dir(work).envs(&step.env).env("HOME", home.path());
    // The proxies of rustup and pyenv look below HOME; the sandbox is given the real programs.
    for (name, folder) in [("RUSTUP_HOME", ".rustup"), ("PYENV_ROOT", ".pyenv")] {
        if let Some(home) = std::env::var_os("HOME").filter(|_| std::env::var_os(name).is_none()) {
            command.env(name, Path::new(&home).join(folder));
        }
    }
    command.env_remove("CARGO_TARGET_DIR").env_remove("RUSTUP_TOOLCHAIN");
    let output = command.output().unwrap();
    let text =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}: {text}", step.name);
}

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status().unwrap();
    assert!(status.success());
}

fn list(path: &Path, root: &Path, made: &mut Vec<String>) {
    if path.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| list(&entry.unwrap().path(), root, made));
    } else {
        made.push(path.strip_prefix(root).unwrap().display().to_string());
    }
}

/// Says so when a program is missing; the text is checked in any case.
fn have(program: &str) -> bool {
    let have = Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if !have {
        println!("{program} is not installed here; what was written was checked but not run");
    }
    have
}

#[test]
fn a_python_package_without_dependencies() {
    let files = [
        (
            "pyproject.toml",
            "[project]\nname = \"Adder\"\nversion = \"1.0\"\n[build-system]\nrequires = [\"setuptools\"]\n",
        ),
        ("src/adder.py", "def add(a, b):\n    return a + b\n"),
        (
            "tests/test_adder.py",
            "import unittest\nfrom adder import add\n\nclass T(unittest.TestCase):\n    def test_add(self):\n        self.assertEqual(add(1, 2), 3)\n",
        ),
    ];
    let first = written(&files);
    assert_eq!(first.ecosystems, ["python"]);
    let config = parsed(&first.text);
    assert_eq!(config.project, "adder");
    if have("python3") {
        assert_eq!(run(&files, &config), ["package/dist/source.zip"]);
    }
    insta::assert_snapshot!(first.text);
}

#[test]
fn a_python_service_with_dependencies() {
    let files = [
        ("requirements.txt", "flask==3.0.0\n"),
        ("app.py", "import flask\n"),
        ("tests/test_app.py", "import pytest\n"),
        ("Dockerfile", "FROM scratch\n"),
    ];
    let first = written(&files);
    assert_eq!(first.ecosystems, ["python", "dockerfile"]);
    let config = parsed(&first.text);
    let networks: Vec<String> =
        config.steps.iter().flat_map(|s| &s.network).map(ToString::to_string).collect();
    assert_eq!(networks, ["registry:pypi"]);
    insta::assert_snapshot!(first.text);
}

#[test]
fn a_rust_program_and_a_rust_library() {
    let program = [
        ("Cargo.toml", "[package]\nname = \"hello-world\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"),
        ("src/main.rs", "fn main() { println!(\"hello\"); }\n#[test]\nfn one() {}\n"),
        ("src/bin/other.rs", "fn main() {}\n"),
    ];
    let library = [
        ("Cargo.toml", "[package]\nname = \"hello-lib\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"),
        ("src/lib.rs", "/// One.\npub fn one() -> u8 { 1 }\n"),
    ];
    let (program_file, library_file) = (written(&program), written(&library));
    let (program_config, library_config) = (parsed(&program_file.text), parsed(&library_file.text));
    if have("cargo") && have("cc") {
        let made = run(&program, &program_config);
        assert_eq!(made, ["build/target/release/hello-world", "build/target/release/other"]);
        assert_eq!(run(&library, &library_config), ["build/target/release/libhello_lib.rlib"]);
    }
    insta::assert_snapshot!(program_file.text);
}

#[test]
fn a_rust_crate_with_dependencies_downloads_in_one_step() {
    let first = written(&[
        (
            "Cargo.toml",
            "[package]\nname = \"x\"\nversion = \"0.1.0\"\n[dependencies]\nserde = \"1\"\naxum = \"0.8\"\n",
        ),
        ("src/main.rs", "fn main() {}\n"),
    ]);
    parsed(&first.text);
    insta::assert_snapshot!(first.text);
}

#[test]
fn a_node_package() {
    let files = [
        (
            "package.json",
            r#"{"name": "@me/adder", "version": "1.0.0", "main": "index.js", "scripts": {"test": "node test.js"}}"#,
        ),
        ("index.js", "module.exports = (a, b) => a + b;\n"),
        ("test.js", "require('assert').equal(require('./index.js')(1, 2), 3);\n"),
    ];
    let first = written(&files);
    let config = parsed(&first.text);
    assert_eq!(config.project, "adder");
    if have("node") && have("npm") {
        assert_eq!(run(&files, &config), ["package/dist/me-adder-1.0.0.tgz"]);
    }
    let locked = written(&[
        (
            "package.json",
            r#"{"name": "x", "dependencies": {"express": "4"}, "scripts": {"start": "node server.js", "test": "x"}}"#,
        ),
        ("package-lock.json", "{}"),
        ("server.js", ""),
        ("test/a.js", ""),
        ("dist/old.js", ""),
    ]);
    parsed(&locked.text);
    insta::assert_snapshot!(locked.text);
}

#[test]
fn go_maven_gradle_and_nothing_known() {
    let go = written(&[
        ("go.mod", "module example.org/tool\n\ngo 1.21\n\nrequire example.org/x v1.0.0\n"),
        ("main.go", "package main\n\nfunc main() {}\n"),
        ("main_test.go", "package main\n"),
    ]);
    let maven = written(&[
        (
            "pom.xml",
            "<project><parent><artifactId>p</artifactId></parent><artifactId>app</artifactId></project>",
        ),
        ("src/main/java/A.java", "class A {}"),
    ]);
    assert_eq!(parsed(&maven.text).project, "app");
    let gradle =
        written(&[("build.gradle.kts", ""), ("app/build.gradle", ""), ("app/src/main/java/A.java", "")]);
    let texts = [go.text, maven.text, gradle.text];
    texts.iter().for_each(|text| drop(parsed(text)));
    insta::assert_snapshot!(texts.join("\n────\n"));

    let files = [("readme.txt", "hello\n"), ("Dockerfile", "FROM scratch\n")];
    let config = parsed(&written(&files).text);
    assert_eq!(config.project, "my-project");
    assert_eq!(run(&files, &config), ["package/dist/source.tar.gz"]);
}

#[test]
fn several_ecosystems_keep_their_steps_apart() {
    let first = written(&[
        ("package.json", r#"{"name": "both"}"#),
        ("Cargo.toml", "[package]\nname = \"both\"\nversion = \"0.1.0\"\n"),
        ("src/lib.rs", ""),
    ]);
    let config = parsed(&first.text);
    let names: Vec<&str> = config.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["rust-build", "rust-test", "node-package"]);
}

#[test]
fn a_project_only_in_a_folder_below_is_named() {
    let first = written(&[
        ("docs/readme.md", ""),
        ("svc/Cargo.toml", "[package]\nname = \"svc\"\nversion = \"0.1.0\"\n"),
        ("node_modules/left/package.json", "{}"),
    ]);
    parsed(&first.text);
    let [missed] = first.missed.as_slice() else { panic!("{:?}", first.missed) };
    assert!(missed.contains("svc/Cargo.toml") && missed.contains("`cd svc`"), "{missed}");
    assert!(!missed.contains("node_modules") && first.text.contains(missed.as_str()));
    assert_eq!(written(&[("readme.md", "")]).missed, [""; 0]);
}

#[test]
fn a_broken_manifest_is_named() {
    for (file, text) in [("package.json", "{ \"name\": "), ("Cargo.toml", "[package\nname = 1")] {
        let first = written(&[(file, text), ("web/package.json", "{}")]);
        parsed(&first.text);
        let [missed] = first.missed.as_slice() else { panic!("{:?}", first.missed) };
        assert!(missed.starts_with(&format!("{file} cannot be read: ")), "{missed}");
        assert!(first.ecosystems.is_empty() && first.text.contains(missed.as_str()));
    }
}

#[test]
fn the_bundled_example_fits_parser_and_schema() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/bookshelf/proofhouse.yaml");
    parsed(&fs::read_to_string(path).unwrap());
}

#[test]
fn the_schema_refuses_what_the_parser_refuses() {
    let schema = jsonschema::draft202012::new(&pipeline::schema(&KNOWN)).unwrap();
    let wrong = [
        "version: 1\nproject: A\nsteps: { a: { kind: test, run: x } }",
        "version: 1\nproject: a\nsteps: { a: { kind: tset, run: x } }",
        "version: 1\nproject: a\nsteps: { a: { kind: test, run: x, timeout: 1x } }",
        "version: 1\nproject: a\nsteps: { a: { kind: test, run: x, extra: 1 } }",
        "version: 1\nproject: a\nsteps: { a: { kind: test } }",
        "version: 2\nproject: a\nsteps: { a: { kind: test, run: x } }",
        "version: 1\nproject: a\nsteps: {}",
        "version: 1\nproject: 123\nsteps: { a: { kind: test, run: x } }",
        "version: 1\nproject: 1.5e3\nsteps: { a: { kind: test, run: x } }",
        "version: 1\nproject: true\nsteps: { a: { kind: test, run: x } }",
        "version: 1\nproject: a\nsteps: { a: { kind: test, run: x, needs: [1] } }",
        "version: 1\nproject: a\nsteps: { a: { kind: test, run: x, report: { format: x, path: r } } }",
        "version: 1\nproject: a\ntools: { t: { command: t, provider: hots } }\nsteps: { a: { kind: test, run: x } }",
    ];
    for text in wrong {
        assert!(pipeline::parse(text, "p", &KNOWN).is_err(), "{text}");
        assert!(!schema.is_valid(&serde_saphyr::from_str::<Value>(text).unwrap()), "{text}");
    }
}

#[test]
fn what_is_a_number_to_yaml_may_be_a_script_or_a_quoted_name() {
    parsed("version: 1\nproject: '123'\nsteps: { a: { kind: test, run: true, env: { A: 1 } } }");
}

proptest::proptest! {
    #[test]
    fn strange_projects_still_give_a_valid_file(
        names in proptest::collection::vec("[a-zA-Z0-9 ./'\"{}:#-]{1,12}", 0..6),
        manifest in ".{0,80}",
        name in "[^\\\\\"\\x00-\\x1f\\x7f]{1,20}",
    ) {
        let mut files: Vec<(&str, String)> = names.iter().map(|name| (name.as_str(), manifest.clone())).collect();
        for file in ["Cargo.toml", "pyproject.toml", "package.json", "go.mod", "pom.xml", "PKG-INFO"] {
            files.push((file, manifest.clone()));
        }
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        parsed(&written(&files).text);
        let toml = format!("[package]\nname = {0:?}\n[project]\nname = {0:?}\ndependencies = [{0:?}]\n", name);
        let json = serde_json::json!({"name": name, "dependencies": {name.clone(): name}}).to_string();
        parsed(&written(&[("Cargo.toml", &toml), ("src/main.rs", "")]).text);
        parsed(&written(&[("pyproject.toml", &toml)]).text);
        parsed(&written(&[("package.json", &json)]).text);
    }
}
