//! Given an organisation with addresses and a mail server, when things wait for people, then each gets one letter, of
//! each thing one a day; and the server sends them by itself.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{awareness::Server, serving::Serving, support::Site};

fn me() -> String {
    String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap().trim().to_owned()
}

/// A project with two weaknesses, and an organisation whose mail goes to `port`.
fn site(port: u16) -> Site {
    let site = Site::new();
    site.write("proofhouse.yaml", "version: 1\nproject: shop\nsteps:\n  a: { kind: test, run: 'true' }\n");
    site.write("app.py", "import os, pickle\n\ndef a(x):\n    return os.system('ls ' + x)\n\ndef b(x):\n    return pickle.loads(x)\n");
    site.commit("Shop");
    site.proofhouse(&["scan"]);
    let text = format!(
        "version: 1\nname: Example\nteams:\n  till: {{ members: [{0}], projects: [shop], mail: till@shop.example }}\n\
         roles:\n  - {{ role: admin, scope: organisation, people: [{0}] }}\n  - {{ role: manager, scope: 'project:shop', people: [{0}] }}\n  \
         - {{ role: security, scope: 'team:till', people: [sid] }}\n  \
         - {{ role: security, scope: 'project:other', people: [olga] }}\n\
         people: {{ {0}: {{ mail: owner@shop.example }}, sid: {{ mail: sid@shop.example }}, olga: {{ mail: olga@shop.example }} }}\n\
         mail: {{ server: '127.0.0.1:{port}', tls: none, from: proofhouse@shop.example }}\n",
        me()
    );
    site.write("organisation.yaml", text);
    let file = site.project().join("organisation.yaml");
    site.proofhouse(&["organisation", "apply", file.to_str().unwrap()]).expect(0);
    site
}

fn accept(site: &Site, n: usize) {
    let findings = site.proofhouse(&["findings", "--technique", "sast", "--format", "json"]).expect(0).json();
    let id = findings[n]["id"].as_str().unwrap_or_else(|| panic!("{findings}")).to_owned();
    let arguments =
        ["gate", "except", &id[..12], "--reason", "mended with the next release", "--until", "10d"];
    site.proofhouse(&arguments).expect(0);
}

fn send(site: &Site, code: i32) -> Value {
    site.proofhouse(&["remind", "--send", "--format", "json"]).expect(code).json()
}

fn to<'a>(all: &'a [String], address: &str) -> Vec<&'a String> {
    all.iter().filter(|mail| mail.contains(&format!("X-RcptTo: {address}"))).collect()
}

#[test]
fn everybody_gets_what_waits_for_them_and_of_each_thing_one_letter_a_day() {
    let port = crate::support::free_port();
    let site = site(port);
    // Nothing waits, and nothing is sent.
    assert_eq!(send(&site, 0)["sent"], serde_json::json!([]));
    accept(&site, 0);
    let told = site.proofhouse(&["remind"]).expect(0).out;
    assert!(
        told.contains("sid@shop.example") && told.contains("the accepted risk") && !told.contains("olga"),
        "{told}"
    );

    // Nobody answers at the server's address: that is recorded, and tried again the next time.
    let refused = site.proofhouse(&["remind", "--send"]).expect(3).err;
    assert!(refused.contains("mail-not-sent"), "{refused}");
    let server = Server::at(&site, "mails", port);
    let first = send(&site, 0);
    assert_eq!(first["sent"].as_array().unwrap().len(), 2, "{first}");
    let mails = server.received();
    assert_eq!(
        (to(&mails, "owner@shop.example").len(), to(&mails, "sid@shop.example").len(), mails.len()),
        (1, 1, 2)
    );
    assert!(mails[0].contains("Subject: 1 thing waits for you"), "{}", mails[0]);
    let entry = site
        .proofhouse(&["ledger", "show", &first["sent"][0]["entry"].to_string(), "--format", "json"])
        .expect(0)
        .out;
    assert!(entry.contains("risk:") && !entry.contains("@shop.example"), "{entry}");

    // Again on the same day: nothing. Something new: that alone.
    assert_eq!(send(&site, 0)["sent"][0]["items"], 0);
    accept(&site, 1);
    assert_eq!(send(&site, 0)["sent"][0]["items"], 1);
    assert_eq!(server.received().len(), 4);

    // The digest needs no settings either.
    site.proofhouse(&["digest", "--team", "till", "--send"]).expect(0);
    assert_eq!(to(&server.received(), "till@shop.example").len(), 1);
    site.proofhouse(&["ledger", "verify"]).expect(0);
    site.proofhouse(&["ledger", "rebuild"]).expect(0);
    assert_eq!(send(&site, 0)["sent"][0]["items"], 0, "the ledger remembers");
}

#[test]
fn the_server_sends_reminders_and_the_weeks_digest_by_itself_and_only_once() {
    let port = crate::support::free_port();
    let site = site(port);
    accept(&site, 0);
    let server = Server::at(&site, "mails", port);
    for _ in 0..2 {
        let _serving = Serving::start(&site);
        let begun = Instant::now();
        while server.received().len() < 3 && begun.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(50));
        }
        let mails = server.received();
        assert_eq!(mails.len(), 3, "{mails:?}");
        assert_eq!(to(&mails, "till@shop.example").len(), 1);
    }
    // A command asked right after it finds everything sent.
    assert_eq!(send(&site, 0)["sent"][0]["items"], 0);
    assert_eq!(server.received().len(), 3);
}

#[test]
fn without_a_server_or_with_a_password_that_is_none_nothing_is_sent() {
    let site = Site::new();
    site.write("proofhouse.yaml", "version: 1\nproject: shop\nsteps:\n  a: { kind: test, run: 'true' }\n");
    site.commit("Shop");
    assert!(site.proofhouse(&["remind", "--send"]).expect(2).err.contains("mail-unconfigured"));
    let smtp = ["remind", "--send", "--smtp", "127.0.0.1:9", "--from", "a@shop.example", "--smtp-user", "a"];
    let file = site.path().join("lines");
    std::fs::write(&file, "one\ntwo\n").unwrap();
    let told = site.proofhouse(&[&smtp[..], &["--smtp-password-file", file.to_str().unwrap()]].concat());
    assert!(told.expect(2).err.contains("mail-password"));
}
