//! Guidance for a finding, the week's digest by a real mail server, and requirements from what was fixed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::support::{Site, free_port};

const APP: &str = "import sqlite3\n\ndef find(db, name):\n    return db.execute(\"SELECT * FROM users WHERE name = '%s'\" % name)\n";

/// A project whose only source file has an SQL injection, once scanned.
fn site() -> Site {
    let site = Site::new();
    site.write("proofhouse.yaml", "version: 1\nproject: shop\nsteps:\n  a: { kind: test, run: 'true' }\n");
    site.write("app.py", APP);
    site.commit("Shop");
    site.proofhouse(&["scan"]).expect(1);
    site
}

fn fix(site: &Site) {
    site.write("app.py", APP.replace("'%s'\" % name", "?\", (name,)"));
    site.commit("Binds parameters");
    site.proofhouse(&["scan"]).expect(0);
}

#[test]
fn guidance_is_for_the_weakness_the_finding_and_its_language() {
    let site = site();
    let told = site.proofhouse(&["guidance", "cwe-564", "--language", "java"]).expect(0).out;
    assert!(told.contains("CWE-89 SQL injection") && told.contains("prepareStatement"), "{told}");
    assert!(!told.contains("cursor") && !told.contains("$1"), "only one example: {told}");
    let none = site.proofhouse(&["guidance", "CWE-999999"]).expect(2).err;
    assert!(none.contains("weakness-unknown"), "{none}");
    let listed = site.proofhouse(&["guidance", "--format", "json"]).expect(0).json();
    assert!(listed.as_array().unwrap().len() >= 40);

    let findings = site.proofhouse(&["findings", "--technique", "sast", "--format", "json"]).expect(0).json();
    let id = findings[0]["id"].as_str().unwrap_or_else(|| panic!("{findings}"));
    let told = site.proofhouse(&["guidance", "--finding", &id[..12]]).expect(0).out;
    assert!(told.contains("python, before") && !told.contains("java, before"), "{told}");
    let causes = site.proofhouse(&["guidance", "--here", "--format", "json"]).expect(0).json();
    assert_eq!((&causes["causes"][0]["cwe"], &causes["causes"][0]["open"]), (&89.into(), &1.into()));
}

#[test]
fn what_was_fixed_is_proposed_as_a_requirement_and_written_when_asked() {
    let site = site();
    fix(&site);
    let proposed = site.proofhouse(&["requirements", "suggest"]).expect(0);
    assert!(
        proposed.out.contains("FIX-CWE-89-") && proposed.out.contains("abuse-case"),
        "{}",
        proposed.text()
    );
    site.proofhouse(&["requirements", "suggest", "--write"]).expect(0);
    assert!(
        fs::read_to_string(site.project().join("security-requirements.yaml"))
            .unwrap()
            .contains("FIX-CWE-89-")
    );
    let again = site.proofhouse(&["requirements", "suggest", "--format", "json"]).expect(0).json();
    assert_eq!(again, serde_json::json!([]));
}

/// A mail server that keeps what it gets in a folder; stopped at the end.
pub struct Server {
    child: Child,
    pub port: u16,
    folder: PathBuf,
}

impl Server {
    pub fn start(site: &Site, name: &str, more: &[&str]) -> Self {
        Self::listen(site, name, free_port(), more)
    }

    /// At a port that others were told of.
    pub fn at(site: &Site, name: &str, port: u16) -> Self {
        Self::listen(site, name, port, &[])
    }

    fn listen(site: &Site, name: &str, port: u16, more: &[&str]) -> Self {
        let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let home = || PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache");
        let program = base.unwrap_or_else(home).join("proofhouse/peers/bin/aiosmtpd");
        let folder = site.path().join(name);
        let listen = format!("127.0.0.1:{port}");
        let child = Command::new(&program)
            .args(["-n", "-l", &listen])
            .args(more)
            .args(["-c", "aiosmtpd.handlers.Mailbox", folder.to_str().unwrap()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|e| panic!("{}: {e}; `cargo xtask test` installs it", program.display()));
        let mut server = Self { child, port, folder };
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert_eq!(server.child.try_wait().unwrap(), None, "the mail server ended");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        server
    }

    pub fn received(&self) -> Vec<String> {
        let files = fs::read_dir(self.folder.join("new")).into_iter().flatten().flatten();
        files.map(|file| fs::read_to_string(file.path()).unwrap()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An authority, and a server's certificate and key for 127.0.0.1 under it.
fn certificates(folder: &Path) -> [String; 3] {
    let make = |arguments: &str| {
        let made = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    };
    make(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=root -days 2 -keyout ca.key -out ca.pem",
    );
    make(
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=mail -keyout mail.key -out mail.csr",
    );
    fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1\n").unwrap();
    make(
        "x509 -req -in mail.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out mail.pem",
    );
    ["ca.pem", "mail.pem", "mail.key"].map(|name| folder.join(name).to_str().unwrap().to_owned())
}

#[test]
fn the_weeks_digest_is_printed_and_sent_and_its_sending_is_in_the_ledger() {
    let site = site();
    let digest = |more: &[&str]| site.proofhouse(&[&["digest", "--since", "1d"], more].concat());
    let text = digest(&[]).expect(0).out;
    assert!(text.contains("first time that CWE-89 was found"), "{text}");
    assert!(digest(&["--form", "html"]).expect(0).out.starts_with("<!DOCTYPE html>"));
    assert_eq!(digest(&["--format", "json"]).expect(0).json()["learned"][0]["kind"], "first-seen");
    assert!(site.proofhouse(&["digest", "--since", "2999-01-01"]).expect(2).err.contains("since-unusable"));
    assert!(digest(&["--project", "shopp"]).expect(2).err.contains("project-unknown"));
    fix(&site);
    assert!(digest(&["--team", "till"]).expect(2).err.contains("team-unknown"));
    let me = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
    let organisation = format!(
        "version: 1\nname: Example\nteams:\n  till: {{ members: [{0}], projects: ['sho*'], mail: till@shop.example }}\n\
         roles:\n  - {{ role: admin, scope: organisation, people: [{0}] }}\n",
        me.trim()
    );
    site.write("organisation.yaml", organisation);
    let file = site.project().join("organisation.yaml");
    site.proofhouse(&["organisation", "apply", file.to_str().unwrap()]).expect(0);
    let text = digest(&["--team", "till"]).expect(0).out;
    assert!(text.contains("team till") && text.contains("first time that one of CWE-89 was fixed"), "{text}");

    let plain = Server::start(&site, "plain", &[]);
    let smtp = format!("127.0.0.1:{}", plain.port);
    let to = [
        "--send",
        "--smtp",
        &smtp,
        "--from",
        "Proofhouse <proofhouse@shop.example>",
        "--to",
        "ann@shop.example",
        "--to",
        "Bob <bob@shop.example>",
    ];
    let sent = digest(&[&to[..], &["--smtp-tls", "none", "--format", "json"]].concat()).expect(0).json();
    let [mail] = plain.received().try_into().unwrap();
    assert!(mail.contains("X-RcptTo: ann@shop.example, bob@shop.example"), "{mail}");
    assert!(
        mail.contains("Subject: Security of shop: 1 new, 1 fixed") && mail.contains("text/html"),
        "{mail}"
    );
    let index = sent["entry"].to_string();
    let entry = site.proofhouse(&["ledger", "show", &index, "--format", "json"]).expect(0).text();
    assert!(
        entry.contains("notification:v1")
            && entry.contains("\"delivered\":true") | entry.contains("\"delivered\": true"),
        "{entry}"
    );
    assert!(!entry.contains("ann@shop.example"), "addresses do not stand in the ledger: {entry}");

    let team =
        ["--team", "till", "--send", "--smtp", &smtp, "--smtp-tls", "none", "--from", "a@shop.example"];
    digest(&team).expect(0);
    let to_team = |mail: &String| mail.contains("X-RcptTo: till@shop.example");
    assert_eq!(plain.received().iter().filter(|mail| to_team(mail)).count(), 1);

    // A server without TLS gets nothing, and that is recorded too.
    let refused = digest(&to).expect(3).err;
    assert!(refused.contains("mail-not-sent") && refused.contains("recorded as ledger entry"), "{refused}");
    assert_eq!(plain.received().len(), 2);

    // With TLS only a certificate that the platform believes in counts.
    let [authority, certificate, key] = certificates(site.path());
    let secure = Server::start(&site, "secure", &["--tlscert", &certificate, "--tlskey", &key]);
    let smtp = format!("127.0.0.1:{}", secure.port);
    let to = ["digest", "--send", "--smtp", &smtp, "--from", "a@shop.example", "--to", "b@shop.example"];
    site.proofhouse(&to).expect(3);
    let believing = site.command(&to).env("SSL_CERT_FILE", &authority).output().unwrap();
    assert!(believing.status.success(), "{}", String::from_utf8_lossy(&believing.stderr));
    assert_eq!(secure.received().len(), 1);
    site.proofhouse(&["ledger", "verify"]).expect(0);
    let bad =
        site.proofhouse(&["digest", "--send", "--smtp", &smtp, "--from", "nobody", "--to", "b@shop.example"]);
    assert!(bad.expect(2).err.contains("mail-address"));
}
