//! Findings by people as CSV: one a line under a line of column names; separated by comma, semicolon or tab,
//! as spreadsheets write it (RFC 4180; also with a byte order mark, in UTF-16, and with `sep=;`).
//!
//! - Columns: the names of `manual::fields`, in any order; one that is not known is listed as left out.
//! - Cells are text. What a spreadsheet would take for a formula is kept as it is written and is never one.
//! - Coverage: a table does not say what was looked at, so it is not complete unless the caller says it.

use model::Coverage;

use super::{Adapter, Read, Shape};
use crate::{
    At, ImportError, Source,
    intake::Intake,
    manual::{self, Assessment, Field, Fields, Record, Records, Text, wrong},
    normalise::text::line,
};

const NAME: &str = "manual-csv";

/// Most columns.
const MOST_COLUMNS: usize = 300;

pub(super) struct ManualCsv;

impl Adapter for ManualCsv {
    fn name(&self) -> &'static str {
        NAME
    }

    fn detect(&self, _: &Shape) -> bool {
        false
    }

    fn detect_text(&self, beginning: &str) -> bool {
        let (table, _) = without_separator(beginning);
        let first = table.lines().next().unwrap_or_default();
        let Ok(fields) = Fields::with(&[]) else { return false };
        let has = |all: &[Option<Field>], field| all.contains(&Some(field));
        separators().any(|separator| {
            let all: Vec<_> = first.split(separator).map(|name| fields.of(name.trim_matches('"'))).collect();
            has(&all, Field::Title) && (has(&all, Field::Severity) || has(&all, Field::Cvss))
        })
    }

    fn read(&self, source: &dyn Source, intake: &mut Intake<'_>) -> Result<Read, ImportError> {
        let text = Text::read(source, NAME, &intake.options.limits)?;
        let mut coverage = Coverage::default();
        if let Some(encoding) = text.legacy {
            coverage.skip("encoding", format!("it is not Unicode and was read as {encoding}"));
        }
        let (table, separator) = without_separator(&text.text);
        if table.bytes().filter(|byte| *byte == b'"').count() % 2 == 1 {
            return Err(ImportError::Truncated { at: manual::place(table, table.len()) });
        }
        let separator = separator.unwrap_or_else(|| separator_of(table));
        let mut reader = csv::ReaderBuilder::new().delimiter(separator).from_reader(table.as_bytes());
        let columns = columns(&mut reader, intake, &mut coverage)?;
        let mut records = Records::default();
        for row in reader.records() {
            let row = row.map_err(|error| refuse(&error))?;
            let at = row.position().map(place).unwrap_or_default();
            let mut record = Record::at(at);
            for (field, cell) in columns.iter().zip(row.iter()) {
                field.iter().for_each(|field| record.add(*field, cell));
            }
            if row.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            records.add_apart(record, intake.options.limits.findings)?;
        }
        for record in records.into_all() {
            manual::push(&record, NAME, &mut coverage, intake)?;
        }
        Ok(manual::told(Assessment::default(), coverage, intake))
    }
}

fn separators() -> impl Iterator<Item = char> {
    [',', ';', '\t'].into_iter()
}

/// The table without the line `sep=…` that spreadsheets put before it.
fn without_separator(text: &str) -> (&str, Option<u8>) {
    let mut lines = text.splitn(2, '\n');
    let first = lines.next().unwrap_or_default().trim_end_matches('\r').trim_matches('"');
    match first.strip_prefix("sep=").map(str::as_bytes) {
        Some([separator]) if separator.is_ascii_punctuation() || *separator == b'\t' => {
            (lines.next().unwrap_or_default(), Some(*separator))
        }
        _ => (text, None),
    }
}

/// The separator that the line of names has most of.
fn separator_of(table: &str) -> u8 {
    let first = table.lines().next().unwrap_or_default();
    separators().max_by_key(|separator| first.matches(*separator).count()).map_or(b',', |c| c as u8)
}

fn columns(
    reader: &mut csv::Reader<&[u8]>,
    intake: &Intake<'_>,
    coverage: &mut Coverage,
) -> Result<Vec<Option<Field>>, ImportError> {
    let top = At { offset: 0, line: 1, column: 1 };
    let fields = Fields::with(&intake.options.columns).map_err(|why| wrong(NAME, why, top))?;
    let names = reader.headers().map_err(|error| refuse(&error))?;
    if names.len() > MOST_COLUMNS {
        return Err(wrong(NAME, format!("it has more than {MOST_COLUMNS} columns"), top));
    }
    let mut columns = Vec::new();
    for name in names {
        let field = fields.of(name).filter(|field| !field.is_of_report());
        if field.is_some() && columns.contains(&field) && field == Some(Field::Title) {
            // `Vulnerability` beside `Title`: the second says more.
            columns.push(Some(Field::Description));
            continue;
        }
        if field.is_none() && !name.trim().is_empty() {
            coverage.skip(line(&format!("column {name}"), 200), "its name says nothing here");
        }
        columns.push(field);
    }
    for (field, others) in [(Field::Title, Field::Title), (Field::Severity, Field::Cvss)] {
        if !columns.contains(&Some(field)) && !columns.contains(&Some(others)) {
            let wanted = if field == Field::Title { "title" } else { "severity or cvss" };
            let have = line(&names.iter().collect::<Vec<_>>().join(", "), 200);
            let reason =
                format!("no column is the {wanted}; the columns are {have}; say which with --column");
            return Err(wrong(NAME, reason, top));
        }
    }
    Ok(columns)
}

fn refuse(error: &csv::Error) -> ImportError {
    let at = error.position().map(place).unwrap_or_default();
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            wrong(NAME, format!("a row has {len} cells where the first line names {expected_len}"), at)
        }
        _ => wrong(NAME, "it cannot be read as a table", at),
    }
}

fn place(position: &csv::Position) -> At {
    At { offset: position.byte(), line: position.line(), column: 1 }
}

#[cfg(test)]
mod tests {
    use crate::adapters::tests::{find, read, read_with};
    use crate::{ImportOptions, import};
    use model::{Place, Severity, Technique};

    #[test]
    fn a_spreadsheet_becomes_findings() {
        let table = "Ref;Vulnerability;Risk Rating;CVSS;CWE;Affected URL;Parameter;Owner\r\n\
            PT-1;\"SQL \"\"injection\"\"\nin search\";High;8.1;CWE-89;POST https://shop.example/search?q=1;q;Ann\r\n\
            PT-2;=HYPERLINK(\"http://evil\");Medium;;;;;\r\n";
        let table = table.replace("=HYPERLINK(\"http://evil\")", "\"=HYPERLINK(\"\"http://evil\"\")\"");
        let (findings, info) = read("manual-csv", &table);
        assert_eq!((info.technique, info.findings), (Technique::Manual, 2));
        let sql = find(&findings, "PT-1");
        assert_eq!(
            (sql.severity, sql.cvss, sql.cwe.as_slice()),
            (Severity::High, Some(8.1), [89].as_slice())
        );
        let route =
            Place::Route { method: "POST".into(), route: "/search".into(), parameter: Some("q".into()) };
        assert_eq!(sql.place, route);
        assert_eq!(find(&findings, "PT-2").title, "=HYPERLINK(\"http://evil\")");
        assert_eq!(info.coverage.skipped[0].what, "column Owner");
        assert!(!info.coverage.is_complete(), "a table does not say what was looked at");
    }

    #[test]
    fn columns_of_other_names_can_be_told() {
        let options =
            ImportOptions { columns: vec![("Gefahr".into(), "severity".into())], ..ImportOptions::default() };
        let (findings, _) = read_with("manual-csv", "title,Gefahr\nx,low\n", &options);
        assert_eq!(findings[0].severity, Severity::Low);
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        let said = |table: &str| {
            import(&table.as_bytes(), Some("manual-csv"), &ImportOptions::default(), &mut Vec::new())
                .unwrap_err()
                .to_string()
        };
        assert!(
            said("title,severity\na,high\nb,spicy\n").contains("\"spicy\"; critical, high"),
            "{}",
            said("title,severity\na,high\nb,spicy\n")
        );
        assert!(said("title,severity\nb,spicy\n").contains("line 2"));
        assert!(said("title,severity\nb\n").contains("a row has 1 cells"));
        assert!(said("name,owner\nb,c\n").contains("no column is the severity or cvss"));
        assert!(said("title,severity\n\"b,high\n").contains("stops in the middle"));
    }

    #[test]
    fn identity_stays_when_words_order_and_rating_change() {
        let (first, _) = read("manual-csv", "title,severity,cwe,file\nA,high,79,a.py:3\nB,low,89,b.py:9\n");
        let (second, _) =
            read("manual-csv", "cwe,file,severity,title\n89,b.py:12,high,Bee\n79,a.py:5,low,Ay\n");
        assert_eq!(first[0].id, second[1].id);
        assert_eq!(first[1].id, second[0].id);
    }
}
