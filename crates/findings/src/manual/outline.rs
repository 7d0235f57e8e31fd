//! A written report (Markdown, HTML) as findings: headings, labels and tables.
//!
//! A heading begins a finding, or names a part of one when it is the name of a field (`Remediation`).
//! `Label: value` on a line of its own and tables of two (or four) columns give fields. A table whose first
//! row names a title and a rating has one finding a row. A chapter that nobody rated is no finding; one that
//! has a place or a weakness and no rating is told as an error, so that the report is not complete.

use model::Coverage;

use super::{Assessment, Field, Fields, Record, Records, record, text::wrong};
use crate::{At, ImportError, intake::Intake, normalise::text::line};

/// Most blocks of one report.
const MOST_BLOCKS: u64 = 1_000_000;
/// Longest label before a colon.
const LONGEST_LABEL: usize = 40;

/// A piece of a document.
pub(crate) enum Block<'b> {
    /// Level from 1.
    Heading(u8, &'b str),
    /// A paragraph, list item or piece of code; several lines.
    Text(&'b str),
    /// A table begins.
    Table,
    /// A row of it.
    Row(&'b [String]),
}

/// Collects findings from blocks in their order.
pub(crate) struct Outline {
    format: &'static str,
    fields: Fields,
    limit: u64,
    records: Records,
    current: Option<Record>,
    level: u8,
    field: Option<Field>,
    header: Option<Vec<Option<Field>>>,
    first_row: bool,
    blocks: u64,
    none: bool,
    assessment: Assessment,
    coverage: Coverage,
}

impl Outline {
    pub(crate) fn new(format: &'static str, intake: &Intake<'_>) -> Result<Self, ImportError> {
        let fields =
            Fields::with(&intake.options.columns).map_err(|why| wrong(format, why, At::default()))?;
        Ok(Self {
            format,
            fields,
            limit: intake.options.limits.findings,
            records: Records::default(),
            current: None,
            level: 0,
            field: None,
            header: None,
            first_row: false,
            blocks: 0,
            none: false,
            assessment: Assessment::default(),
            coverage: Coverage::default(),
        })
    }

    /// Takes the next block; `at` is where it begins.
    pub(crate) fn push(&mut self, block: Block<'_>, at: At) -> Result<(), ImportError> {
        self.blocks += 1;
        if self.blocks > MOST_BLOCKS {
            return Err(wrong(self.format, format!("it has more than {MOST_BLOCKS} paragraphs"), at));
        }
        match block {
            Block::Heading(level, text) => self.heading(level, text, at),
            Block::Text(text) => {
                text.lines().for_each(|one| self.text(one));
                Ok(())
            }
            Block::Table => {
                (self.header, self.first_row) = (None, true);
                Ok(())
            }
            Block::Row(cells) => self.row(cells, at),
        }
    }

    fn heading(&mut self, level: u8, text: &str, at: At) -> Result<(), ImportError> {
        self.header = None;
        let field = self.fields.of(text);
        let inside = self.current.is_some() && level > self.level;
        if let Some(field) = field.filter(|field| inside || field.is_of_report()) {
            if !inside {
                self.flush()?;
            }
            self.field = Some(field);
            return Ok(());
        }
        self.flush()?;
        let mut record = Record::at(at);
        record.add(Field::Title, text);
        (self.current, self.level, self.field) = (Some(record), level, None);
        Ok(())
    }

    fn text(&mut self, text: &str) {
        let text = text.trim();
        if let Some((label, value)) = text.split_once(':')
            && label.len() <= LONGEST_LABEL
            && let Some(field) = self.fields.of(label)
        {
            self.set(field, value);
            if value.trim().is_empty() {
                self.field = Some(field);
            }
            return;
        }
        self.set(self.field.unwrap_or(Field::Description), text);
    }

    fn set(&mut self, field: Field, value: &str) {
        let value = value.trim();
        match field {
            Field::Scope => value.split(';').for_each(|one| self.assessment.looked_at(one)),
            Field::Tester => set_once(&mut self.assessment.tester, value),
            Field::Tested => set_once(&mut self.assessment.tested, value),
            Field::Assessment => set_once(&mut self.assessment.name, value),
            Field::Findings => {
                self.none |=
                    matches!(value.to_lowercase().trim_end_matches('.'), "none" | "no findings" | "0")
            }
            field => {
                let Some(record) = &mut self.current else { return };
                // A chapter "Risk" with prose is about what can happen, not a rating.
                let prose = field == Field::Severity && (record.is_rated() || value.len() > LONGEST_LABEL);
                record.add(if prose { Field::Impact } else { field }, value);
            }
        }
    }

    fn row(&mut self, cells: &[String], at: At) -> Result<(), ImportError> {
        if std::mem::take(&mut self.first_row) {
            let header: Vec<Option<Field>> = cells.iter().map(|cell| self.fields.of(cell)).collect();
            let has = |field| header.contains(&Some(field));
            if has(Field::Title) && (has(Field::Severity) || has(Field::Cvss)) && cells.len() > 1 {
                self.header = Some(header);
                return Ok(());
            }
        }
        match self.header.take() {
            Some(header) => {
                let added = self.finding_row(&header, cells, at);
                self.header = Some(header);
                added
            }
            None => self.labels(cells, at),
        }
    }

    fn finding_row(&mut self, header: &[Option<Field>], cells: &[String], at: At) -> Result<(), ImportError> {
        let mut record = Record::at(at);
        for (field, cell) in header.iter().zip(cells) {
            if let Some(field) = field.filter(|field| !field.is_of_report()) {
                record.add(field, cell);
            }
        }
        if record.get(Field::Title).is_none() {
            return Ok(());
        }
        self.keep(record)
    }

    /// A row of labels with their values.
    fn labels(&mut self, cells: &[String], at: At) -> Result<(), ImportError> {
        let mut known = false;
        for pair in cells.chunks(2) {
            let [label, value] = pair else { continue };
            let Some(field) = self.fields.of(label) else { continue };
            known = true;
            let again = matches!(field, Field::Title | Field::Id)
                && self.current.as_ref().is_some_and(|one| one.is_rated() && one.get(field).is_some());
            if again {
                self.flush()?;
            }
            if self.current.is_none() && !field.is_of_report() {
                self.current = Some(Record::at(at));
            }
            // The label says it better than the chapter's heading.
            if field == Field::Title
                && let Some(record) = &mut self.current
            {
                record.replace_title(value);
                continue;
            }
            self.set(field, value);
        }
        if !known {
            self.set(self.field.unwrap_or(Field::Description), &cells.join(" | "));
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), ImportError> {
        self.field = None;
        self.current.take().map_or(Ok(()), |record| self.keep(record))
    }

    fn keep(&mut self, mut record: Record) -> Result<(), ImportError> {
        record.split_title();
        if record.is_like_a_finding() { self.records.add(record, self.limit) } else { Ok(()) }
    }

    /// Gives all findings to the intake.
    pub(crate) fn finish(mut self, intake: &mut Intake<'_>) -> Result<(Assessment, Coverage), ImportError> {
        self.flush()?;
        let mut found = false;
        for record in self.records.into_all() {
            if record.is_rated() {
                found = true;
                record::push(&record, self.format, &mut self.coverage, intake)?;
            } else {
                let title = line(record.get(Field::Title).unwrap_or("a chapter"), 200);
                self.coverage.error(format!("{title} (line {}): nobody rated it", record.at.line));
            }
        }
        if !found && !self.none {
            let reason = "no finding was recognised in it: a heading, then `Severity: high` on a line or in a \
                          table; a report without findings says `Findings: none`";
            return Err(wrong(self.format, reason, At { line: 1, column: 1, offset: 0 }));
        }
        Ok((self.assessment, self.coverage))
    }
}

fn set_once(to: &mut Option<String>, value: &str) {
    let value = line(value, 200);
    if to.is_none() && !value.is_empty() {
        *to = Some(value);
    }
}
