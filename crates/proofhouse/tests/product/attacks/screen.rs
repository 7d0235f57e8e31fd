//! The terminal, and what commands do to folders that they are pointed at.

use std::{fs, os::unix::fs::PermissionsExt};

use super::service;
use crate::support::{Answer, Site};

#[test]
fn nothing_that_others_wrote_steers_the_terminal() {
    let site = service("");
    // What a terminal would clear, retitle, hide or turn around; YAML knows how to write it.
    let evil = r#"\e[2J\e]0;title\a\x9b2J\u202etxt"#;
    let text = fs::read_to_string(site.project().join("proofhouse.yaml")).unwrap();
    site.write("proofhouse.yaml", text.replace("run: [/bin/true]", &format!("run: [/bin/true, \"{evil}\"]")));
    site.write("\u{1b}[2J\u{9b}m\u{202e}.sh", "");
    site.commit("Names");
    for arguments in
        [&["plan"][..], &["run"], &["gate", "explain", "production"], &["plan", "--format", "json"]]
    {
        let mut command = site.command(arguments);
        // As if it were a terminal.
        command.env("CLICOLOR_FORCE", "1").env("TERM", "xterm");
        let told = Answer::of(command.output().unwrap()).text();
        assert!(!told.contains(['\u{7}', '\u{9b}', '\u{202e}']), "{arguments:?}: {told:?}");
        assert!(!told.contains("\u{1b}[2J") && !told.contains("\u{1b}]"), "{arguments:?}: {told:?}");
    }
}

#[test]
fn names_of_outputs_forge_no_line() {
    let site = service("");
    let text = fs::read_to_string(site.project().join("proofhouse.yaml")).unwrap();
    let make = r#"run: [/bin/sh, -c, "mkdir -p dist && cp app.sh dist/app && touch \"dist/$(printf 'a\\n  forged')\""]"#;
    let text = text.replace("run: 'mkdir -p dist && cp app.sh dist/app && chmod +x dist/app'", make);
    site.write("proofhouse.yaml", text.replace("outputs: [dist/app]", "outputs: [dist]"));
    site.commit("Names");
    fs::create_dir(site.path().join("out")).unwrap();
    let out = site.path().join("out");
    for arguments in [&["run"][..], &["outputs"], &["outputs", "--to", out.to_str().unwrap()]] {
        let told = site.proofhouse(arguments).expect(0).text();
        assert!(told.contains(r"dist/a\n  forged"), "{arguments:?}: {told}");
        assert!(!told.lines().any(|line| line.starts_with("  forged")), "{arguments:?}: {told}");
    }
}

#[test]
fn the_demo_empties_no_folder_but_its_own() {
    let site = Site::new();
    site.proofhouse(&["ledger", "trust"]).expect(0);
    let deployed = site.home().join("environments/shop/production");
    fs::create_dir_all(&deployed).unwrap();
    // The home of a real installation, as the environment variable names it.
    let refused = site.proofhouse(&["demo", "--no-serve"]).expect(3);
    assert!(refused.err.contains("demo-folder"), "{}", refused.err);
    assert!(deployed.exists(), "what was deployed is gone");
    assert_eq!(fs::metadata(site.home()).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn nothing_of_the_installation_is_a_tool() {
    for tool in [
        "command: HOME/environments/p/e/current/app",
        "command: sh, paths: [HOME/keys]",
        "command: sh, paths: [ABOVE]",
    ] {
        let site = service("");
        let (home, above) = (site.home(), site.path().to_owned());
        fs::create_dir_all(home.join("environments/p/e/current")).unwrap();
        let program = home.join("environments/p/e/current/app");
        let proof = above.join("proof");
        fs::write(&program, format!("#!/bin/sh\ntouch {}\n", proof.display())).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let tool = tool.replace("HOME", home.to_str().unwrap()).replace("ABOVE", above.to_str().unwrap());
        let text = fs::read_to_string(site.project().join("proofhouse.yaml")).unwrap();
        site.write("proofhouse.yaml", format!("{text}tools: {{ thing: {{ {tool} }} }}\n"));
        let refused = site.proofhouse(&["run"]).expect(2);
        assert!(refused.err.contains("tool-in-home"), "{tool}: {}", refused.err);
        assert!(!proof.exists(), "what a project deployed ran outside of the sandbox");
    }
}
