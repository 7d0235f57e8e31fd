//! The table of faults, kept in step with the tests that make it true.

use std::{collections::BTreeSet, fmt::Write, fs, path::Path, process::Command};

/// Fault, what is done, what the user sees, what is guaranteed, test.
type Row = [&'static str; 5];

#[test]
fn the_table_lists_every_test() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--list", "--format", "terse"])
        .output()
        .unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    let tests: BTreeSet<&str> = listed.lines().filter_map(|line| line.strip_suffix(": test")).collect();
    let tests: BTreeSet<&str> = tests.into_iter().filter(|name| !name.starts_with("evidence::")).collect();
    let rows: BTreeSet<&str> = ROWS.iter().map(|row| row[4]).collect();
    assert_eq!(rows, tests, "a row of the table for each test, and a test for each row");
    assert_eq!(rows.len(), ROWS.len(), "no test twice");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/evidence/faults.md");
    if std::env::var_os("PROOFHOUSE_WRITE_EVIDENCE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        return fs::write(path, render()).unwrap();
    }
    let committed = fs::read_to_string(path).unwrap_or_default();
    assert_eq!(committed, render(), "run this test with PROOFHOUSE_WRITE_EVIDENCE=1");
}

fn render() -> String {
    let mut text = format!(
        "# Bad input and faults\n\n\
         {} faults, each made for real and looked at by a test that drives the binary. `code` is what\n\
         stands in brackets after `error` or `warning`, or at the end of a note; the number is the exit\n\
         status (see [exit-codes.md](../exit-codes.md)). Run them with\n\
         `cargo test -p proofhouse --test faults` (as root; PostgreSQL, Perl, Python 3 and git installed);\n\
         this table is written by the same command with `PROOFHOUSE_WRITE_EVIDENCE=1`.\n\n\
         | fault | what is done to it | what the user sees | what is guaranteed | test |\n|---|---|---|---|---|\n",
        ROWS.len()
    );
    for [fault, done, seen, guaranteed, test] in ROWS {
        let _ = writeln!(text, "| {fault} | {done} | {seen} | {guaranteed} | `{test}` |");
    }
    text
}

const ROWS: &[Row] = &[
    [
        "configuration that is broken",
        "no YAML, not UTF-8, empty, an unknown key",
        "`config-syntax`, `config-not-utf8`, `config-empty`, `config-unknown-key` with line, column and what was expected; 2",
        "nothing is recorded; under 150 MB of memory",
        "config::broken",
    ],
    [
        "huge configuration",
        "1.4 MB of comments; a sparse file of 3 GB",
        "`config-too-large`; 2",
        "not read further than its limit",
        "config::huge",
    ],
    [
        "deep configuration",
        "100,000 nested lists or maps",
        "`config-too-deep` with the place; 2",
        "no stack overflow",
        "config::deep",
    ],
    [
        "duplicate key in the configuration",
        "a key, a step given twice",
        "`config-duplicate-key` with both places; 2",
        "neither of the two is used",
        "config::a_key_twice",
    ],
    [
        "configuration that multiplies itself",
        "40 aliases of four aliases each",
        "`config-alias-bomb`; 2",
        "under 150 MB of memory",
        "config::multiplying_itself",
    ],
    [
        "configuration that is no file",
        "a pipe, a device, a folder, a link to itself",
        "`config-not-found`; 2",
        "the command does not wait",
        "config::not_a_file",
    ],
    [
        "links out of the tree",
        "absolute, climbing, climbing through a folder",
        "`snapshot-symlink-escapes` with name and target; 2",
        "nothing outside is read; links that stay inside work",
        "repository::links_out_of_the_tree",
    ],
    [
        "submodules",
        "a repository in the repository",
        "a note that it is not part of the source",
        "what the commit's tree does not pin is not built",
        "repository::submodules",
    ],
    [
        "file names that are not UTF-8",
        "bytes and escape sequences in a name",
        "`snapshot-name-not-utf8`, name escaped; 2",
        "the terminal is not steered; odd but valid names work",
        "repository::names_that_are_not_text",
    ],
    [
        "a file of 2 GB",
        "a sparse file in the source",
        "the run passes",
        "not held in memory (under 32 MB more than without), read once",
        "repository::a_file_of_two_gigabytes",
    ],
    [
        "a step that never ends",
        "sleeps or spins, ignoring signals",
        "`the command was stopped after its timeout`; 1",
        "no process of it is left",
        "steps::never_ending",
    ],
    [
        "a step that prints 1 GB",
        "1 GiB on stdout, limit of 1 MiB",
        "the log ends with how much was left out",
        "log, disk and memory stay bounded",
        "steps::printing_a_gigabyte",
    ],
    [
        "a step that forks without end",
        "a fork bomb, limit of 50 processes",
        "timeout; 1",
        "the machine goes on; no process of it is left",
        "steps::forking_without_end",
    ],
    [
        "a step that leaves daemons",
        "processes in sessions of their own that ignore signals",
        "the step passes",
        "no process of it is left",
        "steps::leaving_daemons",
    ],
    [
        "a step that fills its work folder",
        "one big file, many files, files in deep folders; limit of 20 MiB",
        "`wrote more than the … bytes of disk it may use`; 1",
        "ended or failed at the limit; the folder is removed",
        "steps::filling_its_folder",
    ],
    [
        "a step that fills /tmp",
        "50 MB in /tmp or /dev/shm, limit of 20 MiB",
        "the command's own error; 1",
        "the host's /tmp is not touched",
        "steps::filling_tmp",
    ],
    [
        "a step that eats memory",
        "allocates until it cannot, limit of 64 MiB",
        "the step failed; 1",
        "the machine goes on",
        "steps::eating_memory",
    ],
    [
        "truncated report",
        "cut at four places; a cut gzip",
        "`report-truncated` with the place; 2",
        "nothing is recorded or kept",
        "reports::truncated",
    ],
    [
        "empty report",
        "no byte, only blanks",
        "`report-empty`; 2",
        "nothing is recorded: an empty report is not a clean one",
        "reports::empty",
    ],
    [
        "report of another format",
        "a wrong or unknown format, JSON of something else, HTML, a zip, a key twice, 10,000 levels",
        "`report-wrong-format`, `report-unknown-format`, `report-unrecognised`, `report-compressed`, `report-duplicate-key`, `report-too-deep`; 2",
        "nothing is recorded or kept",
        "reports::of_another_format",
    ],
    [
        "report that is a bomb",
        "gzip of 2 GB of blanks",
        "`report-bomb`; 2",
        "under 150 MB of memory",
        "reports::a_bomb",
    ],
    [
        "report of 10 million results",
        "a generated stream",
        "`report-too-many-findings`; 2",
        "memory does not grow with the number; nothing is recorded or kept",
        "reports::of_ten_million_results",
    ],
    [
        "changed evidence blob",
        "one bit",
        "`ledger verify` names the blob; 4",
        "undone, all is intact again",
        "tampering::a_blob",
    ],
    [
        "changed tile",
        "one bit",
        "`ledger verify` names the tile; 4",
        "undone, all is intact again",
        "tampering::a_tile",
    ],
    [
        "changed checkpoint",
        "one bit",
        "`ledger verify` and `run` name the checkpoint; 4",
        "nothing is appended to it",
        "tampering::a_checkpoint",
    ],
    [
        "changed statement",
        "one bit of the journal",
        "`ledger verify` names the record; 4",
        "undone, all is intact again",
        "tampering::a_statement_in_the_journal",
    ],
    [
        "ledger rolled back",
        "an older copy is put in its place",
        "`database-ahead`; 4",
        "nothing is appended to it",
        "tampering::a_ledger_that_was_rolled_back",
    ],
    [
        "changed entry of the action cache",
        "one bit",
        "a note with `cache-entry-changed` and the file",
        "the step is run again; the result is right",
        "tampering::an_entry_of_the_action_cache",
    ],
    [
        "changed cached output",
        "one bit",
        "a note with `cas-blob-changed` and the digest",
        "the step is run again; the result is right",
        "tampering::a_cached_output",
    ],
    [
        "changed cached source file",
        "one bit",
        "a note with `cas-blob-changed` and the digest",
        "taken from the project again; the result is right",
        "tampering::a_cached_source_file",
    ],
    [
        "changed kept results of checks",
        "severities lowered",
        "a note with `cache-entry-changed` and the file",
        "the checks are run again; the findings stay",
        "tampering::kept_results_of_the_checks",
    ],
    [
        "changed tool",
        "a file of its tree, same size and time; then removed",
        "`tool-changed` with the file; 4. `tool-not-found`; 3",
        "no step is run, nothing is recorded",
        "tampering::a_tool",
    ],
    [
        "changed row in SQLite",
        "rows of three tables changed or deleted",
        "`ledger verify` names table and row; 4",
        "`ledger rebuild` makes them anew",
        "databases::a_row_in_sqlite",
    ],
    ["changed row in PostgreSQL", "the same", "the same", "the same", "databases::a_row_in_postgres"],
    [
        "PostgreSQL stopped between commands",
        "server stopped, started again",
        "`database-unreachable`; 3",
        "nothing is lost; the next command goes on",
        "databases::postgres_down_between_commands",
    ],
    [
        "PostgreSQL stopped during a run",
        "server stopped while a step runs",
        "the run is recorded, with the warning `database-unreachable`; 0",
        "all statements are in the ledger; the next command catches up",
        "databases::postgres_down_during_a_run",
    ],
    [
        "a database that is none",
        "garbage in its file; unknown URLs",
        "`database-damaged`; 4. `database-url`; 2",
        "no password is shown",
        "databases::a_database_that_is_none",
    ],
    [
        "disk full during a run",
        "0 to 512 KiB left in the home",
        "codes ending in `disk-full`; 3",
        "nothing half-written or lost; works with room again",
        "fullness::during_a_run",
    ],
    [
        "disk full during a step",
        "a step's output has no room",
        "`disk-full`; 3",
        "not judged as a failed step but recorded as an interrupted run",
        "fullness::during_a_step",
    ],
    [
        "disk full during an import",
        "0 to 512 KiB left in the home",
        "codes ending in `disk-full`; 3",
        "nothing half-written or lost; works with room again",
        "fullness::during_an_import",
    ],
    [
        "disk full during a deployment",
        "0 to 512 KiB left in the home",
        "codes ending in `disk-full`; 3",
        "nothing half-written or lost; the active release runs on",
        "fullness::during_a_deployment",
    ],
    [
        "disk full on the target",
        "0 or 8 KiB left in the environment's folder",
        "`deploy-disk-full`; 3",
        "the active release runs on; works with room again",
        "fullness::on_the_target",
    ],
    [
        "`kill -9` of `run`",
        "100 random moments, of the group or of the main process alone",
        "the next command says that the run was interrupted",
        "nothing acknowledged is lost, every run has an end, `ledger verify` is intact, no process is left",
        "killing::runs",
    ],
    [
        "`kill -9` of `import`",
        "the same",
        "an index that was printed is there",
        "all or nothing; nothing acknowledged is lost, intact, no process left",
        "killing::imports",
    ],
    [
        "`kill -9` of `deploy`",
        "the same, two releases in turn",
        "the next deployment says what it recovered",
        "the old or the new release runs, never nothing; nothing acknowledged is lost, intact",
        "killing::deployments",
    ],
    [
        "several runs at once",
        "three, three times",
        "all pass",
        "each is recorded from beginning to end; none is taken for dead",
        "together::two_runs",
    ],
    [
        "two deployments at once",
        "a second while the first waits for its application",
        "`deploy-busy`; 3",
        "the first one ends as if alone",
        "together::two_deployments",
    ],
    [
        "run during an import",
        "two runs beside an import of 5,000 findings",
        "all pass",
        "all are recorded",
        "together::a_run_during_an_import",
    ],
    [
        "clock going back",
        "by a day and by a year between statements",
        "the warning `clock-behind`",
        "times in the ledger never decrease; it verifies",
        "clock::back_by_a_year",
    ],
    [
        "clock behind the ledger",
        "the last entry is a day ahead",
        "the warning `clock-behind`; 0",
        "runs, deployments and a rebuild work",
        "clock::behind_the_ledger",
    ],
    [
        "import of the wrong thing",
        "a folder, devices, a pipe, a socket, nothing, its own database, noise",
        "`not-a-file`, `file-not-found`, `report-unrecognised`; 2",
        "does not wait or read without end; nothing is recorded",
        "misdirected::an_import",
    ],
    [
        "verification of the wrong thing",
        "a folder, a device, a pipe, nothing, noise",
        "`not-a-file`, `file-not-found`, `bundle-malformed`; 2. `artifact-unknown`; 1",
        "the same",
        "misdirected::a_verification",
    ],
    [
        "feeds that are none",
        "noise, an empty folder, other JSON, a cut zip, a device, a pipe, nothing",
        "`feed-empty`, `feed-archive`, `not-a-file`, `file-not-found`; 2",
        "the feeds stay as they are",
        "misdirected::feeds",
    ],
    [
        "`-C` to what is no folder",
        "a file, a device, nothing",
        "`not-a-folder`, `folder-not-found`; 2",
        "nothing is made there",
        "misdirected::a_folder_that_is_none",
    ],
    [
        "names that do not exist",
        "an environment, a step, a run, an entry",
        "`environment-unknown`, `step-unknown`, `run-unknown`, `ledger-no-entry`, with those there are; 2",
        "nothing is recorded",
        "misdirected::names_that_do_not_exist",
    ],
    [
        "home that cannot be made",
        "HOME unwritable, unset; PROOFHOUSE_HOME a file",
        "the path and what to set; 3",
        "nothing is made elsewhere",
        "surroundings::a_home_that_cannot_be_made",
    ],
    [
        "home of somebody else",
        "owned by another user, both ways",
        "`home-foreign`; 3",
        "nothing is read from or written to it",
        "surroundings::a_home_of_somebody_else",
    ],
    [
        "read-only home",
        "mounted read-only",
        "`read-only`; 3",
        "works again when it is writable",
        "surroundings::a_home_that_is_read_only",
    ],
    [
        "git missing, PATH empty",
        "an empty, useless or one-program PATH",
        "`git-missing`; 3",
        "nothing is recorded; what needs no git works",
        "surroundings::without_git",
    ],
    [
        "repository of somebody else",
        "owned by another user",
        "`git-refused` with git's reason; 3",
        "its configuration is not run",
        "surroundings::a_repository_of_somebody_else",
    ],
    [
        "output that nobody reads",
        "a closed pipe as stdout",
        "nothing, or an error",
        "no crash; what was recorded is intact",
        "surroundings::output_that_nobody_reads",
    ],
    [
        "no network",
        "a network namespace without interfaces; loopback for the deployment",
        "everything works",
        "advisories are matched offline",
        "offline::everything_but_registries",
    ],
    [
        "no network for a registry",
        "a step with a `registry:` rule there",
        "the step failed with the reason; 1",
        "the run is recorded",
        "offline::a_step_with_a_registry",
    ],
];
