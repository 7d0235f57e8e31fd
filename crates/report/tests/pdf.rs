//! What is put into a report is in the PDF that other programs read: `pdftotext`, `pdfinfo` (poppler) and `qpdf`,
//! which `cargo xtask test` installs.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{fs, path::Path, process::Command};

use proptest::prelude::*;
use report::{Bar, Document, Line};

fn ask(program: &str, arguments: &[&str], file: &Path) -> String {
    let to_stdout = (program == "pdftotext").then_some("-");
    let output = Command::new(program).args(arguments).arg(file).args(to_stdout).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}; cargo xtask test installs it"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{program}: {text} {}", String::from_utf8_lossy(&output.stderr));
    text
}

fn review() -> Document {
    let mut document = Document::new("Freigabe: Größenprüfung 1.2", "de");
    document.dated("2026-03-04T05:06:07Z".parse().unwrap());
    document.heading(1, "Risk").paragraph("Two findings are open. Łódź, Ωμέγα, Привет, 漢字.");
    document.list(["first point", "second point"]);
    document.heading(2, "Findings");
    let rows =
        (0..150).map(|n| vec![format!("finding-{n}"), "text of some words ".repeat(n % 9), "high".into()]);
    document.table(&["id", "what it says", "severity"], rows.collect());
    document.heading(1, "Charts");
    let bars = ["shop", "api"].map(|name| Bar::new(name, 3.0, "3 of 4")).to_vec();
    document.bar_chart("Coverage", bars, Some(4.0));
    let axis = ["January", "February", "March"].map(String::from).to_vec();
    let line = Line { label: "open".into(), values: vec![Some(3.0), None, Some(1.5)] };
    document.line_chart("Open findings", axis, vec![line]);
    document
        .link("Evidence", "https://proofhouse.example/ledger/7")
        .link("Not a link", "javascript:alert(1)");
    document
}

#[test]
fn others_read_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("review.pdf");
    fs::write(&file, review().finish().unwrap()).unwrap();

    ask("qpdf", &["--check"], &file);
    let text = ask("pdftotext", &["-layout"], &file);
    for expected in [
        "Freigabe: Größenprüfung 1.2",
        "Łódź, Ωμέγα, Привет, \u{fffd}\u{fffd}",
        "finding-149",
        "• first point",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let pages = text.matches('\u{c}').count();
    assert!(pages > 3, "{pages}");
    assert_eq!(
        text.matches("what it says").count(),
        pages - 1,
        "the header is on each page with rows: {text}"
    );
    assert!(text.contains(&format!("{pages} of {pages}")), "{text}");

    let facts = ask("pdfinfo", &["-isodates"], &file);
    for expected in
        ["Title:           Freigabe: Größenprüfung 1.2", "Tagged:          yes", "2026-03-04T05:06:07"]
    {
        assert!(facts.contains(expected), "{expected}: {facts}");
    }
    assert!(ask("pdfinfo", &["-meta"], &file).contains("<pdfuaid:part>1</pdfuaid:part>"));

    let structure = ask("pdfinfo", &["-struct-text"], &file);
    for expected in ["H1", "Table", "THead", "TH", "TD", "LBody", "Figure", "Link"] {
        assert!(structure.contains(expected), "{expected}: {structure}");
    }
    let urls = ask("pdfinfo", &["-url"], &file);
    assert!(urls.contains("https://proofhouse.example/ledger/7") && !urls.contains("javascript"), "{urls}");
}

#[test]
fn the_same_document_is_the_same_file() {
    assert!(review().finish().unwrap() == review().finish().unwrap());
}

#[test]
fn a_report_without_end_is_refused() {
    let mut document = Document::new("Long", "en");
    document.table(&["one"], vec![vec![String::new()]; 400_001]);
    let error = document.finish().unwrap_err();
    assert_eq!(model::UserError::code(&error), "report-too-long");
}

#[test]
fn a_cell_longer_than_a_page_continues() {
    let mut document = Document::new("Cell", "en");
    let words: Vec<String> = (0..4_000).map(|n| format!("w{n}")).collect();
    document.table(&["name", "text"], vec![vec!["row".into(), words.join(" ")]]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cell.pdf");
    fs::write(&file, document.finish().unwrap()).unwrap();
    let text = ask("pdftotext", &["-raw"], &file);
    assert!(words.iter().all(|word| text.split_whitespace().any(|found| found == word)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Names and messages come from repositories and scanners: any text must do.
    #[test]
    fn any_text_makes_a_document(
        title in any::<String>(), text in any::<String>(), cells in prop::collection::vec(any::<String>(), 0..6),
        values in prop::collection::vec(prop::option::of(any::<f64>()), 0..5),
    ) {
        let mut document = Document::new(&title, "en");
        document.heading(3, &text).paragraph(&text).list(cells.clone()).link(&text, format!("https://{text}"));
        document.table(&[&text, "b", ""], vec![cells.clone()]);
        document.bar_chart(&text, values.iter().flatten().map(|v| Bar::new(&text, *v, &title)).collect(), None);
        document.line_chart(&title, cells, vec![Line { label: text, values }]);
        prop_assert!(document.finish().unwrap().starts_with(b"%PDF-1.7"));
    }
}
