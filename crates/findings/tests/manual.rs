//! Reports by people that are not JSON: recognised, broken, huge, hostile, in odd encodings.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use findings::{ImportError, ImportOptions, Limits, ReportInfo, detect, import};
use model::{Finding, UserError};
use proptest::prelude::*;

const CSV: &str =
    "ID,Title,Severity,CWE,File\nPT-1,SQL injection,High,89,src/a.py:4\nPT-2,Old TLS,Low,326,\n";
const MARKDOWN: &str = "# Test\n\nScope: shop\n\n## PT-1: SQL injection\n\n- Severity: High\n- CWE: 89\n- File: src/a.py:4\n\n\
    | Title | Severity | ID |\n|-|-|-|\n| Old TLS | Low | PT-2 |\n";
const HTML: &str = "<!DOCTYPE html><html><body><h2>PT-1: SQL injection</h2><p>Severity: High<br>CWE: 89<br>File: src/a.py:4</p>\
    <table><tr><th>Title<th>Severity<th>ID<tr><td>Old TLS<td>Low<td>PT-2</table></body></html>";

/// The same two findings in each form.
const GOOD: [(&str, &str); 3] = [("manual-csv", CSV), ("manual-markdown", MARKDOWN), ("manual-html", HTML)];

fn take(report: &[u8], format: Option<&str>) -> Result<(ReportInfo, Vec<Finding>), ImportError> {
    let mut all = Vec::new();
    import(&report, format, &ImportOptions::default(), &mut all).map(|info| (info, all))
}

fn code(report: impl AsRef<[u8]>, format: &str) -> &'static str {
    take(report.as_ref(), Some(format)).map_or_else(|error| error.code(), |_| "taken")
}

#[test]
fn every_form_is_recognised_and_gives_the_same_identities() {
    let mut ids = Vec::new();
    for (format, report) in GOOD {
        assert_eq!(detect(&report.as_bytes(), &Limits::default()).unwrap(), format);
        let (_, found) = take(report.as_bytes(), None).unwrap();
        ids.push(found.iter().map(|finding| finding.id).collect::<Vec<_>>());
        ids.last_mut().unwrap().sort();
    }
    assert!(ids[0].len() == 2 && ids.iter().all(|other| *other == ids[0]), "{ids:?}");
}

#[test]
fn spreadsheets_write_it_in_many_ways_and_it_is_the_same_report() {
    let (_, plain) = take(CSV.as_bytes(), None).unwrap();
    let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2]| {
        format!("\u{feff}{text}").encode_utf16().flat_map(bytes).collect::<Vec<u8>>()
    };
    let tabs = CSV.replace(',', "\t").replace('\n', "\r\n");
    for written in [
        format!("\u{feff}{CSV}").into_bytes(),
        format!("sep=;\r\n{}", CSV.replace(',', ";")).into_bytes(),
        tabs.clone().into_bytes(),
        utf16(&tabs, u16::to_le_bytes),
        utf16(CSV, u16::to_be_bytes),
    ] {
        assert_eq!(take(&written, None).unwrap().1, plain);
    }
    let western = b"title,severity\nGr\xf6\xdfe,low\n";
    let (info, found) = take(western, None).unwrap();
    assert_eq!(found[0].title, "Größe");
    assert!(info.coverage.skipped[0].why.contains("windows-1252"));
}

#[test]
fn hostile_reports_are_refused_or_harmless() {
    assert_eq!(code("", "manual-csv"), "report-empty");
    assert_eq!(code("\u{feff}  \n", "manual-markdown"), "report-empty");
    assert_eq!(code(b"title,severity\na\0,low\n", "manual-csv"), "report-wrong-format");
    assert_eq!(code("PK\x03\x04", "manual-html"), "report-compressed");
    for (format, _) in GOOD {
        let huge = vec![b'#'; (32 << 20) + 1];
        assert_eq!(code(&huge, format), "report-too-large");
        assert_eq!(code(b"\xff\xfe\x00\xd8", format), "report-wrong-format", "half a surrogate pair");
    }
    let wide = format!("title,severity{}\n", ",x".repeat(400));
    assert_eq!(code(wide, "manual-csv"), "report-wrong-format");
    let many = format!("title,severity\n{}", "a,low\n".repeat(20));
    let limits = Limits { findings: 10, ..Limits::default() };
    let options = ImportOptions { limits, ..ImportOptions::default() };
    let refused = import(&many.as_bytes(), None, &options, &mut Vec::new()).unwrap_err();
    assert_eq!(refused.code(), "report-too-many-findings");
    // Nesting costs nothing and means nothing.
    let quoted = format!("{}# a\n\nSeverity: low\n", "> ".repeat(50_000));
    assert!(["taken", "report-wrong-format"].contains(&code(quoted, "manual-markdown")));
    let table = "title,severity\n\"=cmd|' /C calc'!A0\",high\n\"<script>alert(1)</script>\",low\n";
    let (_, found) = take(table.as_bytes(), Some("manual-csv")).unwrap();
    assert_eq!(found[0].title, "=cmd|' /C calc'!A0", "it is text, and stays text");
    assert_eq!(found[1].title, "<script>alert(1)</script>");
}

/// The same piece without end: read or refused, with what it weighs, and nothing of it is followed or expanded.
#[test]
fn pieces_without_end_are_read_or_refused() {
    let lots = |piece: &str| piece.repeat((256 << 10) / piece.len());
    for piece in
        ["<div>", "<table><tr><td>", "<b>", "<a b=c ", "<!--", "&amp;", "</b>", "<ul><li>", "<svg>", "<h2>x"]
    {
        let page = format!("<html><body><h2>t</h2><p>Severity: low</p>{}</body></html>", lots(piece));
        let _ = take(page.as_bytes(), Some("manual-html"));
    }
    for piece in [
        "[x](",
        "![",
        "**a",
        "`",
        "> ",
        "- ",
        "<",
        "|",
        "\n|-|-|\n",
        "\n# a",
        "[a]: b\n",
        "[a][",
        "*a_",
        "1. ",
    ] {
        let text = format!("# t\n\nSeverity: low\n\n{}", lots(piece));
        let _ = take(text.as_bytes(), Some("manual-markdown"));
    }
    for piece in ["\"", ",", "\n", "\"\"", "\"\n", ";", "\t", "a,b\n"] {
        let table = format!("title,severity\na,low\n{}", lots(piece));
        let _ = take(table.as_bytes(), Some("manual-csv"));
    }
    let entities = "<!DOCTYPE html [<!ENTITY a \"xxxxxxxx\"><!ENTITY b \"&a;&a;&a;&a;\"><!ENTITY f SYSTEM \"file:///etc/passwd\">]>\
        <html><body><h2>t &b; &f;</h2><p>Severity: low</p></body></html>";
    if let Ok((_, found)) = take(entities.as_bytes(), Some("manual-html")) {
        let text = format!("{found:?}");
        assert!(!text.contains("xxxxxxxx") && !text.contains("root:"), "{text}");
    }
    assert_eq!(code(b"<html><body><h2>a\0</h2></body></html>", "manual-html"), "report-wrong-format");
    assert_eq!(code(b"# a\0\n\nSeverity: low\n", "manual-markdown"), "report-wrong-format");
}

#[test]
fn a_password_in_a_report_about_one_is_not_kept() {
    let table =
        "title,severity,cwe,description\nHard-coded password,high,798,\"password = 'hunter2secret'\"\n";
    let (_, found) = take(table.as_bytes(), None).unwrap();
    assert!(!found[0].message.contains("hunter2secret"), "{}", found[0].message);
}

fn is_clean(finding: &Finding) -> bool {
    let plain = |text: &str| text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    let inside = |path: &str| path.split('/').all(|part| !matches!(part, "" | "." | ".."));
    finding.place.path().is_none_or(inside)
        && !finding.title.is_empty()
        && !finding.rule.is_empty()
        && plain(&finding.title)
        && plain(&finding.message)
        && plain(&finding.place.label())
        && finding.cvss.is_none_or(|score| (0.0..=10.0).contains(&score))
}

const TOKENS: [&str; 22] = [
    "\n",
    "\"",
    ",",
    ";",
    "|",
    "#",
    "## ",
    "- ",
    ":",
    "**",
    "`",
    "\n|-|-|\n",
    "Severity: high\n",
    "<table>",
    "<tr><td>",
    "</h2>",
    "<script>",
    "<!--",
    "&#0;",
    "\u{0}",
    "\u{202e}",
    "=1+1",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn no_mutation_panics_or_lets_something_unclean_through(
        n in 0..GOOD.len(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(TOKENS.to_vec()), any::<bool>()), 1..12),
    ) {
        let mut bytes = GOOD[n].1.as_bytes().to_vec();
        for (at, token, cut) in edits {
            let at = at.index(bytes.len());
            if cut {
                bytes.truncate(at.max(1));
            } else {
                bytes.splice(at..at, token.bytes());
            }
        }
        for format in [Some(GOOD[n].0), None] {
            if let Ok((info, all)) = take(&bytes, format) {
                prop_assert!(all.iter().all(is_clean), "{:?}", all);
                prop_assert_eq!(info.findings, all.len() as u64);
            }
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), n in 0..GOOD.len()) {
        let _ = take(&bytes, Some(GOOD[n].0));
        let _ = take(&bytes, None);
    }
}
