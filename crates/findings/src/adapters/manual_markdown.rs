//! Findings by people in Markdown (CommonMark with tables): a heading for each finding, with fields below it
//! as `**Severity:** high`, list items or a table. See `manual::outline` for what counts as what.
//!
//! - HTML inside it is text like any other; nothing is rendered.
//! - Coverage: a line or heading `Scope`; without it the report is not complete.

use model::Coverage;
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::{Adapter, Read, Shape};
use crate::{
    At, ImportError, Source,
    intake::Intake,
    manual::{self, Block, Outline, Text},
};

const NAME: &str = "manual-markdown";

pub(super) struct ManualMarkdown;

impl Adapter for ManualMarkdown {
    fn name(&self) -> &'static str {
        NAME
    }

    fn detect(&self, _: &Shape) -> bool {
        false
    }

    fn detect_text(&self, beginning: &str) -> bool {
        beginning.lines().any(|line| line.starts_with('#') && line.trim_start_matches('#').starts_with(' '))
    }

    fn read(&self, source: &dyn Source, intake: &mut Intake<'_>) -> Result<Read, ImportError> {
        let text = Text::read(source, NAME, &intake.options.limits)?;
        let mut walk = Walk {
            outline: Outline::new(NAME, intake)?,
            buffer: String::new(),
            cells: vec![],
            at: At::default(),
        };
        let lines = Lines::of(&text.text);
        for (event, range) in Parser::new_ext(&text.text, Options::ENABLE_TABLES).into_offset_iter() {
            walk.take(event, || lines.at(range.start))?;
        }
        let (assessment, mut coverage) = walk.outline.finish(intake)?;
        noted(&mut coverage, text.legacy);
        Ok(manual::told(assessment, coverage, intake))
    }
}

/// Says in which encoding a text was read that is not Unicode.
pub(super) fn noted(coverage: &mut Coverage, legacy: Option<&str>) {
    if let Some(encoding) = legacy {
        coverage.skip("encoding", format!("it is not Unicode and was read as {encoding}"));
    }
}

/// Where lines begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|n| n + 1)).collect())
    }

    fn at(&self, offset: usize) -> At {
        let line = self.0.partition_point(|start| *start <= offset);
        let start = self.0.get(line.saturating_sub(1)).copied().unwrap_or(0);
        At { offset: offset as u64, line: line as u64, column: (offset - start) as u64 + 1 }
    }
}

/// Turns events into blocks. Nesting has no meaning here, so nothing is kept of it.
struct Walk {
    outline: Outline,
    buffer: String,
    cells: Vec<String>,
    at: At,
}

impl Walk {
    fn take(&mut self, event: Event<'_>, at: impl Fn() -> At) -> Result<(), ImportError> {
        match event {
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => {
                if self.buffer.is_empty() {
                    self.at = at();
                }
                self.buffer.push_str(&text);
                Ok(())
            }
            Event::SoftBreak | Event::HardBreak => {
                self.buffer.push('\n');
                Ok(())
            }
            Event::Start(Tag::Heading { .. } | Tag::Paragraph | Tag::Item | Tag::CodeBlock(_)) => self.text(),
            Event::Start(Tag::Table(_)) => {
                self.text()?;
                self.outline.push(Block::Table, at())
            }
            Event::End(TagEnd::Heading(level)) => {
                let text = std::mem::take(&mut self.buffer);
                self.outline.push(Block::Heading(number(level), text.trim()), at())
            }
            Event::End(TagEnd::TableCell) => {
                self.cells.push(std::mem::take(&mut self.buffer));
                Ok(())
            }
            Event::End(TagEnd::TableHead | TagEnd::TableRow) => {
                let cells = std::mem::take(&mut self.cells);
                self.outline.push(Block::Row(&cells), at())
            }
            Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::CodeBlock | TagEnd::HtmlBlock) => {
                self.text()
            }
            _ => Ok(()),
        }
    }

    fn text(&mut self) -> Result<(), ImportError> {
        let text = std::mem::take(&mut self.buffer);
        if text.trim().is_empty() { Ok(()) } else { self.outline.push(Block::Text(&text), self.at) }
    }
}

fn number(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        ImportOptions,
        adapters::tests::{find, read},
        import,
    };
    use model::{Place, Severity};

    const REPORT: &str = "# Pen-test of the shop\n\nTester: Ann Example\nDate: 2026-05-01\n\n## Scope\n\n\
        - shop.example\n- admin.example\n\n## Summary\n\n| ID | Finding | Severity |\n|--|--|--|\n\
        | PT-1 | SQL injection in search | High |\n| PT-2 | Old TLS | Low |\n\n\
        ## PT-1: SQL injection in search (High)\n\n**CWE:** CWE-89\n**Affected:** POST /search\n\
        - **Parameter:** `q`\n\n### Description\n\nThe query is `a' <script>alert(1)</script>`.\n\n\
        ### Remediation\n\nBind parameters.\n\n## Conclusion\n\nAll is well.\n";

    #[test]
    fn a_written_report_becomes_findings_once_each() {
        let (findings, info) = read("manual-markdown", REPORT);
        assert_eq!(findings.len(), 2, "{findings:?}");
        let sql = find(&findings, "PT-1");
        assert_eq!((sql.title.as_str(), sql.severity), ("SQL injection in search", Severity::High));
        assert_eq!(sql.cwe, [89]);
        assert_eq!(sql.message, "The query is a' <script>alert(1)</script>.");
        assert_eq!(sql.fix.as_deref(), Some("Bind parameters."));
        assert!(
            matches!(&sql.place, Place::Route { method, parameter: Some(q), .. } if method == "POST" && q == "q")
        );
        assert!(info.coverage.is_complete());
        let assessment = info.assessment.unwrap();
        assert_eq!((assessment.tester.as_deref(), assessment.scope.len()), (Some("Ann Example"), 2));
    }

    #[test]
    fn a_chapter_that_looks_like_a_finding_and_is_not_rated_makes_it_incomplete() {
        let (_, info) = read("manual-markdown", &format!("{REPORT}\n## PT-3: Forgotten\n\nCWE: 79\n"));
        assert_eq!(info.coverage.errors, ["Forgotten (line 36): nobody rated it"]);
        assert!(!info.coverage.is_complete());
    }

    #[test]
    fn a_text_without_findings_is_no_empty_report_unless_it_says_so() {
        let read = |text: &str| {
            import(&text.as_bytes(), Some("manual-markdown"), &ImportOptions::default(), &mut Vec::new())
        };
        assert!(read("# Minutes\n\nWe talked.\n").is_err());
        assert_eq!(read("# Retest\n\nScope: shop\n\nFindings: none\n").unwrap().findings, 0);
    }
}
