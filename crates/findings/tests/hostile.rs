//! Reports that are broken, cut, huge, packed, deep, or of another kind; and bytes nobody meant.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::Write;

use findings::{ImportError, ImportOptions, Limits, ReportInfo, detect, formats, import};
use flate2::{Compression, write::GzEncoder};
use model::{Finding, UserError};
use proptest::prelude::*;

/// One good report per format in JSON (those in other forms: `manual.rs`), made by the real tools where the file says so.
const GOOD: [(&str, &str); 12] = [
    ("sarif", include_str!("data/zizmor.sarif")),
    ("bandit", include_str!("data/bandit.json")),
    ("semgrep", include_str!("data/semgrep.json")),
    ("zizmor", include_str!("data/zizmor.json")),
    ("hadolint", include_str!("data/hadolint.json")),
    (
        "pip-audit",
        r#"{"dependencies":[{"name":"a","version":"1","vulns":[{"id":"PYSEC-1","fix_versions":["2"],"aliases":["CVE-1"],"description":"d"}]},{"name":"b","skip_reason":"r"}],"fixes":[]}"#,
    ),
    (
        "cargo-audit",
        r#"{"database":{"advisory-count":1},"lockfile":{"dependency-count":1},"vulnerabilities":{"list":[{"advisory":{"id":"RUSTSEC-1","cvss":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H"},"versions":{"patched":[]},"package":{"name":"a","version":"1"}}]},"warnings":{"yanked":[{"package":{"name":"b","version":"1"},"advisory":null}]}}"#,
    ),
    (
        "gitleaks",
        r#"[{"RuleID":"r","Description":"d","StartLine":1,"Match":"k='tok-Zx81qq'","Secret":"tok-Zx81qq","File":"a/../../b","Commit":"c300e2bc404937458308"}]"#,
    ),
    (
        "betterleaks",
        r#"{"schema_version":"1","findings":[{"rule_id":"r","description":"d","match":{"full":"x","value":"tok-Zx81qq"},"location":{"path":"/etc/../a","start_line":1}}],"scan":{"state":"complete"}}"#,
    ),
    (
        "cyclonedx",
        r#"{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"bom-ref":"a","name":"x","purl":"pkg:npm/x@1","evidence":{"occurrences":[{"location":"..\\x"}]}}],"vulnerabilities":[{"id":"CVE-1","ratings":[{"score":5,"method":"CVSSv31"}],"affects":[{"ref":"a"},{"ref":"b"}]}]}"#,
    ),
    (
        "trivy",
        r#"{"SchemaVersion":2,"Results":[{"Target":"../Dockerfile","Class":"config","Type":"dockerfile","MisconfSummary":{"Successes":1},"Misconfigurations":[{"ID":"DS-1","Status":"FAIL","CauseMetadata":{"StartLine":2,"Code":{"Lines":[{"Content":"x","IsCause":true}]}}}]},{"Target":"a.lock","Class":"lang-pkgs","Type":"pip","Vulnerabilities":[{"VulnerabilityID":"CVE-1","PkgName":"a","InstalledVersion":"1","CVSS":{"nvd":{"V3Score":5}}}]},{"Target":"k","Class":"secret","Secrets":[{"RuleID":"r","Match":"***"}]}]}"#,
    ),
    (
        "manual-json",
        r#"{"proofhouseManualReport":1,"scope":["shop"],"findings":[{"id":"PT-1","title":"t","severity":"high","cwe":[89],"place":{"url":"POST https://h/x?q=1","parameter":"q"}}]}"#,
    ),
];

fn take(
    report: &[u8],
    format: Option<&str>,
    limits: Limits,
) -> Result<(ReportInfo, Vec<Finding>), ImportError> {
    let mut all = Vec::new();
    let options = ImportOptions { limits, ..ImportOptions::default() };
    import(&report, format, &options, &mut all).map(|info| (info, all))
}

fn code(report: impl AsRef<[u8]>, format: Option<&str>, limits: Limits) -> &'static str {
    take(report.as_ref(), format, limits).map_or_else(|error| error.code(), |_| "taken")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::best());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

#[test]
fn every_format_is_recognised_and_read_also_when_packed() {
    let json =
        formats().iter().filter(|name| !["manual-csv", "manual-html", "manual-markdown"].contains(name));
    assert_eq!(GOOD.len(), json.count());
    for (format, report) in GOOD {
        let bytes = report.as_bytes();
        assert_eq!(detect(&bytes, &Limits::default()).unwrap(), format);
        let (info, plain) = take(bytes, None, Limits::default()).unwrap();
        assert!(!plain.is_empty() && info.findings == plain.len() as u64, "{format}");
        let (_, packed) = take(&gzip(bytes), None, Limits::default()).unwrap();
        assert_eq!(packed, plain, "{format}");
    }
}

#[test]
fn a_report_cut_anywhere_is_never_a_smaller_report() {
    for (format, report) in GOOD {
        let report = report.trim_end();
        for end in (0..report.len()).step_by(1 + report.len() / 200) {
            if !report.is_char_boundary(end) {
                continue;
            }
            let code = code(&report[..end], Some(format), Limits::default());
            let expected = if end == 0 { "report-empty" } else { "report-truncated" };
            assert_eq!(code, expected, "{format} cut at {end}");
        }
        let packed = gzip(report.as_bytes());
        assert_eq!(code(&packed[..packed.len() / 2], Some(format), Limits::default()), "report-truncated");
    }
}

#[test]
fn a_report_of_another_format_is_refused() {
    for (format, _) in GOOD {
        for (other, report) in GOOD {
            let code = code(report, Some(format), Limits::default());
            assert_eq!(code == "taken", format == other, "{other} read as {format}: {code}");
        }
    }
}

#[test]
fn a_report_that_is_not_recognised_says_what_to_do() {
    let said = |report: &str, format| {
        let error = import(&report.as_bytes(), format, &ImportOptions::default(), &mut Vec::new());
        error.unwrap_err().to_string()
    };
    let bom =
        "<?xml version=\"1.0\"?>\n<bom xmlns=\"http://cyclonedx.org/schema/bom/1.4\" version=\"1\"></bom>";
    for format in [None, Some("cyclonedx")] {
        assert!(said(bom, format).contains("CycloneDX in XML"), "{}", said(bom, format));
        assert!(said(bom, format).contains("--output-file bom.json"));
    }
    assert!(said("<issues/>", None).contains("only JSON is read"));
    for empty in ["null\n", "[]"] {
        assert!(said(empty, None).contains("--report-format"), "{}", said(empty, None));
    }
    assert!(
        import(&b"null".as_slice(), Some("gitleaks"), &ImportOptions::default(), &mut Vec::new()).is_ok()
    );
}

#[test]
fn each_kind_of_bad_input_has_its_code() {
    let small = |change: fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        limits
    };
    let (any, sarif) = (Limits::default(), GOOD[0].1);
    assert_eq!(code("", None, any.clone()), "report-empty");
    assert_eq!(code(" \n\t", Some("sarif"), any.clone()), "report-empty");
    assert_eq!(code("\u{feff}", Some("sarif"), any.clone()), "report-empty");
    assert_eq!(code("[]", None, any.clone()), "report-unrecognised");
    assert_eq!(code("<?xml version='1.0'?><x/>", None, any.clone()), "report-unrecognised");
    assert_eq!(code("usage: scanner [options]", Some("bandit"), any.clone()), "report-wrong-format");
    assert_eq!(code("{}", Some("nmap"), any.clone()), "report-unknown-format");
    assert_eq!(code(r#"{"version":"1.0.0","runs":[]}"#, Some("sarif"), any.clone()), "report-wrong-format");
    assert_eq!(code([sarif, sarif].concat(), Some("sarif"), any.clone()), "report-wrong-format");
    assert_eq!(code("PK\x03\x04....", Some("sarif"), any.clone()), "report-compressed");
    assert_eq!(code(b"\xff\xfe{\0}\0", Some("sarif"), any.clone()), "report-compressed");
    assert_eq!(code(sarif, None, small(|l| l.findings = 0)), "report-too-many-findings");
    assert_eq!(code(sarif, None, small(|l| l.bytes = 1000)), "report-too-large");
    assert_eq!(code(sarif, None, small(|l| l.depth = 5)), "report-too-deep");
    assert_eq!(code(sarif, None, small(|l| l.tables = 100)), "report-too-large");
    let deep = format!(r#"{{"x":{}"#, "[".repeat(1_000_000));
    assert_eq!(code(&deep, Some("sarif"), any.clone()), "report-too-deep");
    let twice = r#"{"results":[],"errors":[],"results":[]}"#;
    assert_eq!(code(twice, Some("semgrep"), any.clone()), "report-duplicate-key");
    let inner = r#"[{"code":"a","code":"b","level":"info","line":1,"message":"m"}]"#;
    assert_eq!(code(inner, Some("hadolint"), any.clone()), "report-duplicate-key");
    let long = format!(r#"{{"results":[{{"test_id":"{}"}}]}}"#, "x".repeat(2_000_000));
    assert_eq!(code(long, Some("bandit"), small(|l| l.value = 1 << 20)), "report-too-large");
    let bomb = gzip(&[b"{\"x\":\"".as_slice(), &vec![b' '; 40 << 20]].concat());
    assert_eq!(code(bomb, Some("sarif"), any), "report-bomb");
}

#[test]
fn errors_say_where() {
    let report = "{\"results\": [\n  {\"test_id\": \"B1\"},\n  {\"test_id\": 7}\n]}";
    let Err(ImportError::WrongFormat { at, .. }) = take(report.as_bytes(), Some("bandit"), Limits::default())
    else {
        panic!()
    };
    assert_eq!(at.line, 3);
}

#[test]
fn a_skipped_value_may_be_larger_than_memory_allows_for_one() {
    let huge = format!(r#"{{"huge":"{}","results":[],"errors":[]}}"#, "x".repeat(3 << 20));
    let limits = Limits { value: 1 << 20, ..Limits::default() };
    assert_eq!(code(huge, Some("semgrep"), limits), "taken");
}

/// What every finding must be, whatever came in.
fn is_clean(finding: &Finding) -> bool {
    let inside =
        |path: &str| path.split('/').all(|part| !matches!(part, "" | "." | "..")) && !path.contains('\\');
    let plain = |text: &str| text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    finding.place.path().is_none_or(|path| path.is_empty() || inside(path))
        && !finding.title.is_empty()
        && finding.title.chars().count() <= 300
        && finding.message.chars().count() <= 8192
        && plain(&finding.title)
        && plain(&finding.message)
        && finding.cvss.is_none_or(|score| (0.0..=10.0).contains(&score))
        && serde_json::to_vec(finding).is_ok_and(|line| line.len() < findings::blob::LONGEST_LINE)
}

fn mutated() -> impl Strategy<Value = (usize, Vec<u8>)> {
    let edit = (any::<prop::sample::Index>(), any::<u8>(), 0..4_u8, prop::sample::select(TOKENS.to_vec()));
    (0..GOOD.len(), prop::collection::vec(edit, 1..8)).prop_map(|(n, edits)| {
        let mut bytes = GOOD[n].1.as_bytes().to_vec();
        for (at, byte, kind, token) in edits {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => drop(bytes.drain(at..(at + usize::from(byte)).min(bytes.len()))),
                2 => drop(bytes.splice(at..at, token.bytes())),
                _ => {
                    let end = (at + usize::from(byte)).min(bytes.len());
                    let copy = bytes[at..end].to_vec();
                    drop(bytes.splice(at..at, copy));
                }
            }
            if bytes.is_empty() {
                bytes.push(b'{');
            }
        }
        (n, bytes)
    })
}

const TOKENS: [&str; 14] =
    ["null", "\"", "{", "}", "[", "]", ":", ",", "../", "\\u0000", "1e999", "-1", "\\", "\u{202e}"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn no_mutation_of_a_good_report_panics_or_lets_something_unclean_through((n, bytes) in mutated()) {
        for format in [Some(GOOD[n].0), None] {
            let mut all = Vec::new();
            let _ = import(&bytes, format, &ImportOptions::default(), &mut all);
            prop_assert!(all.iter().all(is_clean), "{:?}", all);
        }
    }

    #[test]
    fn no_value_of_a_field_gets_out_unclean(n in 0..GOOD.len(), at: prop::sample::Index, text in "[\\PC\n\u{0}/\\\\.]{0,40}") {
        // Put the text into one of the report's strings.
        let report = GOOD[n].1;
        let quotes: Vec<usize> = report.match_indices('"').map(|(n, _)| n).collect();
        let mut bytes = report.as_bytes().to_vec();
        let inner = serde_json::to_string(&text).unwrap();
        let at = quotes[at.index(quotes.len())] + 1;
        bytes.splice(at..at, inner[1..inner.len() - 1].bytes());
        let mut all = Vec::new();
        let _ = import(&bytes, Some(GOOD[n].0), &ImportOptions::default(), &mut all);
        prop_assert!(all.iter().all(is_clean), "{:?}", all);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), n in 0..GOOD.len()) {
        let _ = import(&bytes, Some(GOOD[n].0), &ImportOptions::default(), &mut Vec::new());
        let _ = import(&bytes, None, &ImportOptions::default(), &mut Vec::new());
    }
}
