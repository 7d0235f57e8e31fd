//! From real lock files to components and CycloneDX.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use checks::{
    FolderTree, MemoryTree,
    sbom::{BomContext, Component, Inventory, collect, cyclonedx},
};

fn locks(folder: &str) -> Inventory {
    let root = format!("{}/tests/locks/{folder}", env!("CARGO_MANIFEST_DIR"));
    collect(&FolderTree::walk(root).unwrap())
}

fn named<'a>(inventory: &'a Inventory, name: &str) -> &'a Component {
    inventory.components.iter().find(|c| c.name == name).unwrap_or_else(|| panic!("{name}: {inventory:#?}"))
}

/// name, version, direct, development, number of hashes, names of dependencies
type Facts<'a> = (&'a str, &'a str, Option<bool>, bool, usize, Vec<String>);

fn facts<'a>(inventory: &'a Inventory, name: &str) -> Facts<'a> {
    let c = named(inventory, name);
    let below =
        c.depends_on.iter().map(|p| p.rsplit('/').next().unwrap().split('@').next().unwrap().to_owned());
    (&c.name, &c.version, c.direct, c.dev, c.hashes.len(), below.collect())
}

#[test]
fn cargo_lock_knows_its_own_packages_and_the_graph() {
    let inventory = locks("cargo");
    assert!(inventory.coverage.is_complete(), "{:?}", inventory.coverage);
    assert!(named(&inventory, "sample").local);
    assert_eq!(facts(&inventory, "itoa").2, Some(true));
    assert_eq!(facts(&inventory, "memchr").2, Some(false));
    assert!(facts(&inventory, "serde_json").5.contains(&"memchr".to_owned()));
    assert_eq!(named(&inventory, "itoa").hashes[0].algorithm, "SHA-256");
}

#[test]
fn all_javascript_lock_files_name_the_same_components() {
    let folders = ["npm-v1", "npm-v2", "npm-v3", "yarn-classic", "yarn-berry", "pnpm-5", "pnpm-6", "pnpm-9"];
    let purls = |folder: &str| -> Vec<String> {
        let inventory = locks(folder);
        assert_eq!(inventory.coverage.errors, [] as [String; 0], "{folder}");
        let mut purls: Vec<_> =
            inventory.components.into_iter().filter(|c| !c.local).map(|c| c.purl).collect();
        purls.dedup();
        purls
    };
    let reference = purls("npm-v3");
    assert!(reference.contains(&"pkg:npm/%40isaacs/cliui@8.0.2".to_owned()));
    assert!(reference.iter().any(|p| p.starts_with("pkg:npm/string-width@4")), "the package behind an alias");
    for folder in folders {
        assert_eq!(purls(folder), reference, "{folder}");
    }
}

#[test]
fn npm_and_pnpm_know_direct_development_and_dependencies() {
    for folder in ["npm-v2", "npm-v3", "pnpm-5", "pnpm-6", "pnpm-9"] {
        let inventory = locks(folder);
        assert_eq!(facts(&inventory, "ms"), ("ms", "2.1.2", Some(true), false, 1, vec![]), "{folder}");
        assert_eq!(
            facts(&inventory, "is-number"),
            ("is-number", "7.0.0", Some(true), true, 1, vec![]),
            "{folder}"
        );
        let cliui = facts(&inventory, "@isaacs/cliui");
        assert_eq!((cliui.2, cliui.5.len()), (Some(true), 6), "{folder} {:?}", cliui.5);
        assert_eq!(facts(&inventory, "emoji-regex").2, Some(false), "{folder}");
    }
}

#[test]
fn python_lock_files_agree() {
    for folder in ["poetry", "uv", "pdm", "pipfile"] {
        let inventory = locks(folder);
        assert!(inventory.coverage.is_complete(), "{folder} {:?}", inventory.coverage);
        assert!(named(&inventory, "iniconfig").dev, "{folder}");
        let jinja = inventory.components.iter().find(|c| c.purl == "pkg:pypi/jinja2@3.1.4").expect(folder);
        assert!(!jinja.dev, "{folder}");
        if folder != "pipfile" {
            assert_eq!(jinja.depends_on, ["pkg:pypi/markupsafe@3.0.4"], "{folder}");
        }
    }
    let uv = locks("uv");
    assert_eq!((facts(&uv, "jinja2").2, facts(&uv, "markupsafe").2), (Some(true), Some(false)));
    let compiled = locks("pip-compile");
    assert_eq!(facts(&compiled, "jinja2").4, 2);
    assert!(facts(&compiled, "markupsafe").4 > 50);
}

#[test]
fn requirements_follow_includes_and_tell_what_is_not_pinned() {
    let tree = MemoryTree::new([
        (
            "requirements.txt",
            "-r base/more.txt\nflask==0.12.2 ; python_version > '3'\nrequests>=2\ngit+https://x/y\n-r ../out.txt\nDjango[argon2]==2.2 # why\n",
        ),
        ("base/more.txt", "-r ../requirements.txt\n-e .\nPyYAML==5.1 \\\n  --hash=sha256:00\n"),
    ]);
    let inventory = collect(&tree);
    let all: Vec<_> = inventory.components.iter().map(|c| (c.purl.as_str(), c.manifest.as_str())).collect();
    assert_eq!(
        all,
        [
            ("pkg:pypi/django@2.2", "requirements.txt"),
            ("pkg:pypi/flask@0.12.2", "requirements.txt"),
            ("pkg:pypi/pyyaml@5.1", "base/more.txt"),
        ]
    );
    let told: Vec<_> = inventory.coverage.skipped.iter().map(|s| format!("{} {}", s.what, s.why)).collect();
    assert!(told.contains(&"requirements.txt: requests>=2 not pinned".to_owned()), "{told:?}");
    assert!(told.iter().any(|t| t.contains("outside the tree")), "{told:?}");
    let missing = collect(&MemoryTree::new([("requirements.txt", "-r gone.txt\n")]));
    assert_eq!(missing.coverage.errors.len(), 1);
}

#[test]
fn go_maven_gradle_ruby_and_php() {
    let go = locks("go");
    assert_eq!(
        facts(&go, "github.com/BurntSushi/toml"),
        ("github.com/BurntSushi/toml", "v1.4.0", Some(true), false, 1, vec![])
    );
    assert_eq!(facts(&go, "golang.org/x/text").1, "v0.14.0");
    assert_eq!(go.coverage.skipped[0].what, "go.mod: example.test/local");

    let maven = locks("maven");
    assert_eq!(facts(&maven, "com.fasterxml.jackson.core:jackson-databind").1, "2.9.10.1");
    assert!(named(&maven, "junit:junit").dev);
    assert_eq!(maven.components.len(), 2);
    assert!(maven.coverage.skipped.iter().any(|s| s.what.contains("spring-core")));
    assert!(maven.coverage.skipped.iter().any(|s| s.what.contains("test.example:other")));

    let gradle = locks("gradle");
    assert_eq!(
        (named(&gradle, "com.google.guava:guava").dev, named(&gradle, "junit:junit").dev),
        (false, true)
    );

    let gem = locks("gem");
    assert_eq!(facts(&gem, "nokogiri"), ("nokogiri", "1.16.0", Some(true), false, 0, vec!["racc".into()]));
    assert!(named(&gem, "engine").local);

    let php = locks("composer");
    assert_eq!(facts(&php, "monolog/monolog").5, ["log"]);
    assert!(named(&php, "phpunit/phpunit").dev);
    assert_eq!(php.coverage.skipped[0].what, "composer.lock: acme/branch");
}

#[test]
fn a_broken_lock_file_is_an_error_with_its_place() {
    let tree = MemoryTree::new([
        ("Cargo.lock", "version = 4\n[[package]]\nname = \n"),
        ("a/package-lock.json", "{\n \"packages\": [}"),
        ("b/yarn.lock", "  version \"1\"\n"),
        ("c/pnpm-lock.yaml", "lockfileVersion: '12.0'\n"),
        ("d/pom.xml", "<project><dependencies></project>"),
        ("e/go.mod", "module x\nrequire a\n"),
        ("f/poetry.lock", "\u{0}"),
        ("package.json", r#"{"dependencies": {"left": "^1"}}"#),
    ]);
    let coverage = collect(&tree).coverage;
    assert_eq!((coverage.seen, coverage.scanned, coverage.errors.len()), (7, 0, 8), "{coverage:#?}");
    let with_line =
        ["Cargo.lock", "a/package-lock.json", "b/yarn.lock", "d/pom.xml", "e/go.mod", "f/poetry.lock"];
    for path in with_line {
        let error = coverage.errors.iter().find(|e| e.starts_with(path)).unwrap();
        assert!(error.contains("line "), "{error}");
    }
    assert!(coverage.errors[7].starts_with("package.json names packages"), "{coverage:#?}");
}

#[test]
fn cyclonedx_is_sorted_deterministic_and_complete() {
    let inventory = locks("");
    let context = BomContext {
        project: "sample".into(),
        version: Some("1".into()),
        run: Some("r1".into()),
        timestamp: None,
    };
    let bom = cyclonedx(&inventory, &context);
    assert_eq!(bom, cyclonedx(&inventory, &context));
    assert_eq!((bom["bomFormat"].as_str(), bom["specVersion"].as_str()), (Some("CycloneDX"), Some("1.6")));
    assert!(bom["serialNumber"].as_str().unwrap().starts_with("urn:uuid:"));
    assert_eq!(bom["metadata"]["properties"][0]["value"], "sample");
    assert_eq!(bom["metadata"]["properties"][1]["value"], "r1");

    let components = bom["components"].as_array().unwrap();
    let refs: Vec<&str> = components.iter().map(|c| c["bom-ref"].as_str().unwrap()).collect();
    assert!(refs.is_sorted_by(|a, b| a < b), "sorted and unique");
    let cliui = components.iter().find(|c| c["purl"] == "pkg:npm/%40isaacs/cliui@8.0.2").unwrap();
    assert_eq!((cliui["group"].as_str(), cliui["name"].as_str()), (Some("@isaacs"), Some("cliui")));
    assert_eq!(cliui["hashes"][0]["alg"], "SHA-512");
    let manifests =
        cliui["properties"].as_array().unwrap().iter().filter(|p| p["name"] == "proofhouse:manifest");
    assert_eq!(manifests.count(), 8);

    for dependency in bom["dependencies"].as_array().unwrap().iter().skip(1) {
        for below in dependency["dependsOn"].as_array().unwrap() {
            assert!(refs.binary_search(&below.as_str().unwrap()).is_ok(), "{below}");
        }
    }
    let other = cyclonedx(&inventory, &BomContext { run: Some("r2".into()), ..context });
    assert_ne!(bom["serialNumber"], other["serialNumber"]);
}

/// `N` versions of one package, each of which depends on the name: as many edges as pairs.
fn every_version_depends_on_the_name(entry: &dyn Fn(usize) -> String) -> String {
    (0..5_000).map(entry).collect()
}

#[test]
fn a_small_lock_file_cannot_ask_for_a_large_graph() {
    let package = |n: usize| format!("[[package]]\nname = \"a\"\nversion = \"1.{n}\"\n");
    let uv = |n| package(n) + "dependencies = [{ name = \"a\" }]\n";
    let pdm = |n| package(n) + "dependencies = [\"a\"]\n";
    let poetry = |n| package(n) + "[package.dependencies]\na = \"*\"\n";
    let files: [(&str, &dyn Fn(usize) -> String); 3] =
        [("uv.lock", &uv), ("pdm.lock", &pdm), ("poetry.lock", &poetry)];
    for (file, entry) in files {
        let inventory = collect(&MemoryTree::new([(file, every_version_depends_on_the_name(entry))]));
        assert_eq!(inventory.components.len(), 5_000, "{file}");
        let edges: usize = inventory.components.iter().map(|c| c.depends_on.len()).sum();
        assert!(edges <= 1_000_000, "{file}: {edges}");
        assert!(inventory.coverage.skipped[0].why.contains("too many"), "{file}: {:?}", inventory.coverage);
    }
}

#[test]
fn a_long_version_is_not_copied_for_every_short_name() {
    let long = "1".repeat(1 << 20);
    let other =
        |n: usize| format!("[[package]]\nname = \"b{n}\"\nversion = \"1.0.0\"\ndependencies = [\"a\"]\n");
    let text: String = (0..2_000).map(other).collect();
    let text = format!("version = 4\n[[package]]\nname = \"a\"\nversion = \"{long}\"\n{text}");
    let inventory = collect(&MemoryTree::new([("Cargo.lock", text)]));
    let bytes: usize = inventory.components.iter().flat_map(|c| &c.depends_on).map(String::len).sum();
    assert!(bytes <= 256 << 20, "{bytes}");
    assert_eq!(inventory.components.len(), 2_001);
}

#[test]
fn a_uv_dependency_that_says_its_version_has_one_edge() {
    let text = r#"
version = 1
[[package]]
name = "app"
version = "0.1.0"
source = { virtual = "." }
dependencies = [{ name = "numpy", version = "1.26.4", marker = "python_version < '3.13'" }]
[package.dev-dependencies]
dev = [{ name = "numpy", version = "2.1.0" }]
[[package]]
name = "numpy"
version = "1.26.4"
[[package]]
name = "numpy"
version = "2.1.0"
"#;
    let inventory = collect(&MemoryTree::new([("uv.lock", text)]));
    let dev: Vec<bool> = inventory.components.iter().map(|c| c.dev).collect();
    assert_eq!(dev, [false, false, true], "only the version that development asks for is development's");
}
