//! The database is changed, or goes away; the ledger is the truth, and the next command catches up.

use std::process::{Command, Stdio};

use testkit::{Stoppable, postgres};

use crate::{
    kit::{SARIF, Tiny, entries_of, eventually},
    support::{Answer, Site},
};

/// A command with a database of its own.
fn with(site: &Site, url: &str, arguments: &[&str]) -> Answer {
    Answer::of(site.command(arguments).env("PROOFHOUSE_DATABASE", url).output().unwrap())
}

/// What somebody changes, and the table that is told.
const CHANGES: [(&str, &str); 3] = [
    ("UPDATE findings SET severity = 0", "findings"),
    ("DELETE FROM steps", "steps"),
    ("UPDATE statements SET envelope = 'ff'", "statements"),
];

/// Each change is told with its table, and a rebuild undoes it.
fn rows(tiny: &Tiny, url: &str, change: impl Fn(&str)) {
    let report = tiny.site.path().join("report.sarif");
    std::fs::write(&report, SARIF.replace("note", "error")).unwrap();
    with(&tiny.site, url, &["run"]).expect(0);
    with(&tiny.site, url, &["import", report.to_str().unwrap()]).expect(0);
    for (sql, table) in CHANGES {
        change(sql);
        let told = with(&tiny.site, url, &["ledger", "verify"]).expect(4).out;
        assert!(told.contains("differs") && told.contains(table), "{sql}: {told}");
        with(&tiny.site, url, &["ledger", "rebuild"]).expect(0);
        with(&tiny.site, url, &["ledger", "verify"]).expect(0);
    }
}

#[test]
fn a_row_in_sqlite() {
    let tiny = Tiny::new();
    let path = tiny.site.path().join("other.sqlite");
    rows(&tiny, &format!("sqlite:{}", path.display()), |sql| {
        let python =
            "import sqlite3,sys; db=sqlite3.connect(sys.argv[1]); db.execute(sys.argv[2]); db.commit()";
        crate::kit::run(Command::new("python3").args(["-c", python]).arg(&path).arg(sql));
    });
}

#[test]
fn a_row_in_postgres() {
    let (tiny, url) = (Tiny::new(), postgres().database());
    rows(&tiny, &url, |sql| postgres().sql(&url, sql));
}

fn shown(site: &Site, url: &str) -> Vec<(u64, String, String)> {
    entries_of(&with(site, url, &["ledger", "show", "--most", "1000", "--format", "json"]).expect(0).out)
}

#[test]
fn postgres_down_between_commands() {
    let (tiny, mut server) = (Tiny::new(), Stoppable::start());
    let url = server.url();
    with(&tiny.site, &url, &["run"]).expect(0);
    let before = shown(&tiny.site, &url);
    server.down();
    for command in ["run", "findings"] {
        let told = with(&tiny.site, &url, &[command]).expect(3).err;
        assert!(told.contains("database-unreachable") && told.contains("hint:"), "{told}");
    }
    server.up();
    assert_eq!(shown(&tiny.site, &url), before);
    with(&tiny.site, &url, &["run"]).expect(0);
    with(&tiny.site, &url, &["ledger", "verify"]).expect(0);
}

#[test]
fn postgres_down_during_a_run() {
    let (tiny, mut server) = (Tiny::new(), Stoppable::start());
    let url = server.url();
    let config = std::fs::read_to_string(tiny.site.project().join("proofhouse.yaml")).unwrap();
    tiny.site.write("proofhouse.yaml", config.replace("run: cat app.pl", "run: sleep 3; cat app.pl"));
    tiny.site.commit("Slow");
    let mut command = tiny.site.command(&["run"]);
    command.env("PROOFHOUSE_DATABASE", &url).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let begun = || std::fs::read_dir(tiny.site.home().join("runs")).ok()?.flatten().next().map(drop);
    assert!(eventually(begun).is_some());
    server.down();
    let told = Answer::of(child.wait_with_output().unwrap()).expect(0);
    assert!(told.err.contains("warning[database-unreachable]"), "{}", told.err);
    assert!(told.err.contains("signed and recorded"), "{}", told.err);
    with(&tiny.site, &url, &["findings"]).expect(3);
    server.up();
    // All of it was in the ledger; this command brings the database up to it.
    let kinds: Vec<_> = shown(&tiny.site, &url).into_iter().map(|(_, _, kind)| kind).collect();
    assert_eq!(
        kinds.iter().filter(|kind| kind.ends_with("run:v1") || kind.contains("/run/")).count(),
        2,
        "{kinds:?}"
    );
    with(&tiny.site, &url, &["deploy", "staging"]).expect(0);
    with(&tiny.site, &url, &["ledger", "verify"]).expect(0);
}

#[test]
fn a_database_that_is_none() {
    let tiny = Tiny::new();
    let path = tiny.site.path().join("garbage.sqlite");
    std::fs::write(&path, vec![7; 10_000]).unwrap();
    let told = with(&tiny.site, &format!("sqlite:{}", path.display()), &["run"]).expect(4).err;
    assert!(told.contains("database-damaged") && told.contains("hint:"), "{told}");
    for url in ["mysql://root@127.0.0.1/x", "sqlite:", "nonsense"] {
        let told = with(&tiny.site, url, &["run"]).expect(2).err;
        assert!(told.contains("database-url") && !told.contains("root@"), "{told}");
    }
}
