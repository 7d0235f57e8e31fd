//! Given a project that compiles programs, when it ran, then the settings of its compiler are signed evidence, weak ones
//! are findings, and the control holds; what nobody looked into is told, and no gate takes one check for another.

use serde_json::{Value, json};

use crate::support::Site;

const SOURCE: &str = "#include <stdio.h>\n#include <string.h>\nint main(int argc, char **argv) {\n    char name[32];\n    \
    strcpy(name, argc > 1 ? argv[1] : \"nobody\");\n    printf(\"%s %d\\n\", name, argc);\n    return 0;\n}\n";
const HARD: &str = "-O2, -U_FORTIFY_SOURCE, -D_FORTIFY_SOURCE=2, -fstack-protector-strong, -fPIE, -pie, \"-Wl,-z,relro,-z,now\"";
const WEAK: &str =
    "-O2, -U_FORTIFY_SOURCE, -fno-stack-protector, -fno-pie, -no-pie, \"-Wl,-z,norelro,-z,lazy\"";

/// A project of one step that compiles the program with these flags into a folder, and what comes after.
fn site(flags: &str, more: &str) -> Site {
    let site = Site::new();
    site.write("main.c", SOURCE);
    write(&site, flags, more);
    site
}

fn write(site: &Site, flags: &str, more: &str) {
    let config = format!(
        "version: 1\nproject: label\ntools:\n  cc: {{ provider: host, command: cc }}\n  sh: {{ provider: host, command: sh }}\n\
         steps:\n  build:\n    kind: build\n    run: [sh, -c, 'mkdir -p out/bin && exec cc \"$@\" -o out/bin/label main.c', \
         sh, {flags}]\n    inputs: [main.c]\n    outputs: [out]\n    tools: [cc, sh]\n{more}"
    );
    site.write("proofhouse.yaml", config);
    site.commit("Label");
}

fn found(site: &Site) -> Vec<(String, String)> {
    let arguments = ["findings", "--technique", "hardening", "--format", "json"];
    let all = site.proofhouse(&arguments).expect(0).json();
    let text =
        |one: &Value, key: &str| one[key].as_str().unwrap().trim_start_matches("hardening-").to_owned();
    let all = all.as_array().unwrap();
    assert!(all.iter().all(|one| one["placeLabel"] == "out/bin/label"), "{all:?}");
    let mut found: Vec<_> = all.iter().map(|one| (text(one, "rule"), text(one, "severity"))).collect();
    found.sort();
    found
}

/// What the control's rule says: status, and why.
fn control(site: &Site) -> (String, String) {
    let report = site.proofhouse(&["controls", "--format", "json"]).expect(0).json();
    let rule = &report["rules"]["hardening-checked"];
    (rule["status"].as_str().unwrap().to_owned(), rule["missing"][0]["why"].to_string())
}

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(rule, severity)| ((*rule).to_owned(), (*severity).to_owned())).collect()
}

#[test]
fn weak_settings_are_findings_and_a_hardened_build_fixes_them() {
    let site = site(WEAK, "");
    let told = site.proofhouse(&["run"]).expect(0).err;
    assert!(told.contains("proofhouse-hardening 1 of 1 examined: 2 medium, 2 low"), "{told}");
    let weak = [
        ("no-relro", "medium"),
        ("no-stack-protector", "low"),
        ("not-fortified", "low"),
        ("not-position-independent", "medium"),
    ];
    assert_eq!(found(&site), pairs(&weak));
    assert_eq!(control(&site).0, "met", "it was checked; what was found is another matter");

    write(&site, &format!("{HARD}, -z, execstack"), "");
    site.proofhouse(&["run"]).expect(0);
    assert_eq!(found(&site), pairs(&[("executable-stack", "high")]));

    write(&site, HARD, "");
    let told = site.proofhouse(&["run"]).expect(0).err;
    assert!(told.contains("proofhouse-hardening 1 of 1 examined: nothing found"), "{told}");
    assert_eq!(found(&site), []);
    assert_eq!(control(&site).0, "met");

    // The settings themselves are signed, with the digest of the program: the control names the entry.
    let report = site.proofhouse(&["controls", "--format", "json"]).expect(0).json();
    let index = report["rules"]["hardening-checked"]["evidence"][0]["index"].to_string();
    let entry = site.proofhouse(&["ledger", "show", &index]).expect(0).json();
    let binary = &entry["statement"]["predicate"]["binaries"][0];
    let program =
        entry["statement"]["subject"].as_array().unwrap().iter().find(|s| s["name"] == "out/bin/label");
    assert_eq!(binary["digest"]["hash"], program.unwrap()["digest"]["sha256"], "{entry}");
    for (key, value) in [
        ("path", json!("out/bin/label")),
        ("kind", json!("executable")),
        ("language", json!("c")),
        ("positionIndependent", json!(true)),
        ("relro", json!("full")),
        ("executableStack", json!(false)),
        ("stackProtector", json!(true)),
        ("fortified", json!(true)),
    ] {
        assert_eq!(binary[key], value, "{key}: {binary}");
    }
    site.proofhouse(&["ledger", "verify"]).expect(0);
}

#[test]
fn what_was_not_looked_into_is_told_and_scripts_are_not_concerned() {
    let site = Site::new();
    site.write("app.sh", "echo label\n");
    let config = |run: &str, output: &str| {
        format!(
            "version: 1\nproject: label\nsteps:\n  build:\n    kind: build\n    run: [{run}]\n    inputs: [app.sh]\n    \
             outputs: [{output}]\n"
        )
    };
    site.write("proofhouse.yaml", config("cp, app.sh, label.sh", "label.sh"));
    site.commit("Script");
    let told = site.proofhouse(&["run"]).expect(0).err;
    assert!(told.contains("proofhouse-hardening 1 file searched, none is of its kind"), "{told}");
    assert_eq!(control(&site).0, "no-data");

    site.write("proofhouse.yaml", config("tar, -czf, label.tar.gz, app.sh", "label.tar.gz"));
    site.commit("Archive");
    let told = site.proofhouse(&["run"]).expect(0).err;
    assert!(told.contains("proofhouse-hardening 1 file searched, none is of its kind"), "{told}");
    assert_eq!(control(&site).0, "no-data", "there is no program in it");

    site.write("app.sh", "BZh91AY&SY");
    site.write("proofhouse.yaml", config("cp, app.sh, label.bz2", "label.bz2"));
    site.commit("Archive that nothing here opens");
    let told = site.proofhouse(&["run"]).expect(0).err;
    assert!(told.contains("proofhouse-hardening 0 of 1 examined"), "{told}");
    let (status, why) = control(&site);
    assert!(status == "not-met" && why.contains("not looked into"), "{status}: {why}");
}

#[test]
fn a_program_that_was_not_made_this_time_keeps_its_findings() {
    let other = "  other:\n    kind: build\n    run: [cp, main.c, other.c]\n    inputs: [main.c]\n    outputs: [other.c]\n";
    let site = site(WEAK, other);
    site.proofhouse(&["run"]).expect(0);
    assert_eq!((found(&site).len(), control(&site).0.as_str()), (4, "met"));
    let told = site.proofhouse(&["run", "other"]).expect(0).err;
    assert!(told.contains("the step build made nothing in this run"), "{told}");
    assert_eq!((found(&site).len(), control(&site).0.as_str()), (4, "not-met"));
}

#[test]
fn a_gate_takes_no_check_of_programs_for_a_scan_of_the_configuration() {
    let environment = |expect: &str| {
        format!(
            "  lint:\n    kind: scan\n    run: [cp, lint.sarif, found.sarif]\n    inputs: [lint.sarif]\n    \
             report: {{ format: sarif, path: found.sarif }}\nscans: {{ sast: false, sca: false, config: false }}\n\
             gate:\n  expect: [provenance, \"scan:{expect}\"]\nenvironments:\n  staging:\n    driver: host\n    \
             artifact: out/bin/label\n    run: [\"{{artifact}}\"]\n    port: {}\n",
            crate::support::free_port()
        )
    };
    let site = site(WEAK, "");
    let rules = json!([{ "id": "R1" }]);
    let run = json!({ "tool": { "driver": { "name": "lint", "rules": rules } }, "results": [],
        "artifacts": [{ "location": { "uri": "main.c" } }] });
    site.write("lint.sarif", json!({ "version": "2.1.0", "runs": [run] }).to_string());
    write(&site, WEAK, &environment("config"));
    site.proofhouse(&["run"]).expect(0);
    let told = site.proofhouse(&["gate", "explain", "staging"]).expect(1).out;
    assert!(told.contains("config scan: expected, but there is none"), "{told}");

    write(&site, WEAK, &environment("hardening"));
    site.proofhouse(&["run"]).expect(0);
    let told = site.proofhouse(&["gate", "explain", "staging"]).expect(0).out;
    assert!(told.contains("expected: hardening scan"), "{told}");
    assert!(told.contains("hardening-not-position-independent"), "weak settings are told: {told}");
}
