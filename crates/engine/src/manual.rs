//! Results of tests by people: who tested, when, what was looked at, and the files that show it.
//!
//! They go the way of every other report (`crate::import`). What the report does not say of itself the caller
//! says; both go into the statement, because a result that nobody stands for is worth nothing.

use std::path::PathBuf;

use govern::organisation::Permission;
use model::{
    By, Coverage, Exit, Problem, Timestamp, Via,
    predicate::{Assessment, Attachment},
    requirement::Date,
};

use crate::{given, people, project::read_bounded, record::Recorder};

/// Name of a test by people that has none.
pub const UNNAMED: &str = "review";

/// Largest attachment, in bytes.
pub const LARGEST_ATTACHMENT: u64 = 64 << 20;

/// Most attachments of one result.
pub const MOST_ATTACHMENTS: usize = 200;

/// What the caller says of a report by people. It goes before what the report says of itself.
#[derive(Clone, Debug, Default)]
pub struct Manual {
    /// Name under which the test is repeated.
    pub assessment: Option<String>,
    /// Who tested.
    pub tester: Option<String>,
    /// Last day of the test.
    pub tested: Option<Date>,
    /// What was looked at.
    pub scope: Vec<String>,
    /// Evidence files.
    pub attachments: Vec<PathBuf>,
    /// Evidence that is at hand already: what somebody calls it, and its content.
    pub files: Vec<(String, Vec<u8>)>,
    /// Who enters it; absent: nobody says so, which is enough only while nobody has a role.
    pub by: Option<By>,
    /// What the report calls its columns or fields, each with the usual name.
    pub columns: Vec<(String, String)>,
}

/// Puts together who tested, when and what; the attachments become blobs. Also says in `coverage` what the
/// caller says was looked at.
///
/// # Errors
/// Nobody says who tested or when, the day is in the future, an attachment cannot be kept, or whoever enters it may not
/// (`role-missing`).
pub(crate) fn settle(
    given: &Manual,
    report: findings::Assessment,
    coverage: &mut Coverage,
    recorder: &Recorder,
) -> Result<Assessment, Problem> {
    let tester =
        given.tester.clone().or(report.tester).map(|name| plain(&name)).filter(|name| !name.is_empty());
    let tester =
        tester.ok_or_else(|| refuse("manual-tester", "nobody says who tested", "add --tester NAME"))?;
    let tested = day(given.tested, report.tested.as_deref(), recorder.clock().now())?;
    let name = given.assessment.clone().or(report.name).map(|name| plain(&name));
    let mut scope = report.scope;
    if !given.scope.is_empty() {
        scope = given.scope.iter().map(|what| plain(what)).filter(|what| !what.is_empty()).collect();
        scope.truncate(findings::Assessment::MOST_SCOPE);
        coverage.seen = scope.len() as u64;
        coverage.scanned = coverage.seen;
        coverage.stated = coverage.seen > 0;
    }
    let nobody = By { name: "nobody".to_owned(), roles: vec![], via: Via::Local };
    let by = given.by.as_ref().unwrap_or(&nobody);
    people::allowed(by, Permission::EnterResult, "enter results of people", recorder)?;
    if !scope.is_empty() {
        // What a complete result does not list any more counts as fixed: that is a judgement of findings.
        let what = "give a scope, by which what the report does not list any more counts as fixed,";
        people::allowed(by, Permission::Triage, what, recorder)?;
    }
    Ok(Assessment {
        name: name.filter(|name| !name.is_empty()).unwrap_or_else(|| UNNAMED.to_owned()),
        tester,
        tested,
        scope,
        attachments: attach(&given.attachments, &given.files, recorder)?,
    })
}

fn refuse(code: &'static str, message: impl Into<String>, hint: &str) -> Problem {
    Problem::new(code, Exit::Input, message).with_hint(hint)
}

fn plain(text: &str) -> String {
    findings::normalise::text::line(text, 200)
}

/// The beginning of the day of the test, in UTC.
fn day(given: Option<Date>, written: Option<&str>, now: Timestamp) -> Result<Timestamp, Problem> {
    const HINT: &str = "add --date YYYY-MM-DD, the last day of the test";
    let read = |text: &str| text.trim().parse::<Date>().ok().filter(|_| text.trim().len() == 10);
    let date = given.or_else(|| read(written?));
    let date = date.ok_or_else(|| match written {
        Some(text) => refuse("manual-date", format!("{:?} is no date that is understood", plain(text)), HINT),
        None => refuse("manual-date", "nobody says when it was tested", HINT),
    })?;
    let start = format!("{date}T00:00:00Z").parse::<Timestamp>();
    let start = start.map_err(|_| refuse("manual-date", format!("{date} is out of range"), HINT))?;
    // A day begins up to 14 hours earlier somewhere.
    if start.as_second() - now.as_second() > 14 * 3600 {
        return Err(refuse("manual-date", format!("{date} is in the future"), HINT));
    }
    Ok(start)
}

fn attach(
    files: &[PathBuf],
    at_hand: &[(String, Vec<u8>)],
    recorder: &Recorder,
) -> Result<Vec<Attachment>, Problem> {
    let total = files.len() + at_hand.len();
    if total > MOST_ATTACHMENTS {
        let message = format!("{total} files are attached; at most {MOST_ATTACHMENTS} are kept");
        return Err(refuse("attachment-unusable", message, "put them into one archive"));
    }
    let read = |file: &PathBuf| {
        given::file(file)?;
        let bytes = read_bounded(file, LARGEST_ATTACHMENT + 1)?;
        keep(&file.file_name().unwrap_or_default().to_string_lossy(), &bytes, recorder)
    };
    let kept = at_hand.iter().map(|(name, bytes)| keep(name, bytes, recorder));
    files.iter().map(read).chain(kept).collect()
}

fn keep(name: &str, bytes: &[u8], recorder: &Recorder) -> Result<Attachment, Problem> {
    let name = file_name(name);
    if bytes.is_empty() || bytes.len() as u64 > LARGEST_ATTACHMENT {
        let message = format!("{name} is empty or has more than 64 MiB");
        return Err(refuse(
            "attachment-unusable",
            message,
            "attach the pictures or logs that show the findings",
        ));
    }
    Ok(Attachment { name, digest: recorder.put(bytes)? })
}

/// The last part of a name that somebody else chose, without folders of any system, control characters and those that
/// turn the direction of reading (`txt.exe` must not look like `exe.txt`). Never empty, never `.` or `..`.
fn file_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let turns = |c: &char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let name = plain(&last.chars().filter(|c| !turns(c)).collect::<String>());
    match name.trim_matches(['.', ' ']).is_empty() {
        true => "attachment".to_owned(),
        false => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_has_no_folder_and_reads_as_it_is() {
        for (given, name) in [
            ("screen.png", "screen.png"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\ann\\log.txt", "log.txt"),
            ("..", "attachment"),
            ("a/", "attachment"),
            ("\u{202e}gnp.exe", "gnp.exe"),
            ("a\r\nX: y.txt", "a X: y.txt"),
        ] {
            assert_eq!(file_name(given), name);
        }
    }

    #[test]
    fn the_day_of_a_test_is_told_and_not_in_the_future() {
        let now: Timestamp = "2026-05-02T12:00:00Z".parse().unwrap();
        let day = |given: Option<&str>, written| day(given.map(|g| g.parse().unwrap()), written, now);
        assert_eq!(day(None, Some(" 2026-05-01 ")).unwrap().to_string(), "2026-05-01T00:00:00Z");
        assert_eq!(day(Some("2026-04-01"), Some("1 May")).unwrap().to_string(), "2026-04-01T00:00:00Z");
        for (given, written) in [(None, None), (None, Some("1 May 2026")), (Some("2026-05-04"), None)] {
            assert_eq!(day(given, written).unwrap_err().code, "manual-date");
        }
    }
}
