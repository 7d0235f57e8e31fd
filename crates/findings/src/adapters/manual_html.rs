//! Findings by people in HTML as word processors export it: headings, paragraphs and tables. See
//! `manual::outline` for what counts as what.
//!
//! The text goes through the tokeniser of the HTML standard and nothing else: no tree is made (so no depth
//! can be too large), nothing is loaded, executed or shown as HTML. Scripts, styles and comments (in which
//! Word hides its own) are dropped; character references become the characters, which are text from there on.
//!
//! - Coverage: a heading, label or table row `Scope`; without it the report is not complete.

use html5gum::{Token, Tokenizer};

use super::{Adapter, Read, Shape, manual_markdown::noted};
use crate::{
    At, ImportError, Source,
    intake::Intake,
    manual::{self, Block, Outline, Text, place, wrong},
};

const NAME: &str = "manual-html";

/// Most cells of one row.
const MOST_CELLS: usize = 300;

pub(super) struct ManualHtml;

impl Adapter for ManualHtml {
    fn name(&self) -> &'static str {
        NAME
    }

    fn detect(&self, _: &Shape) -> bool {
        false
    }

    fn detect_text(&self, beginning: &str) -> bool {
        let lower = beginning.get(..beginning.len().min(4096)).unwrap_or(beginning).to_ascii_lowercase();
        let lower = lower.trim_start();
        lower.starts_with("<html")
            || lower.starts_with("<!doctype html")
            || (lower.starts_with('<') && lower.contains("<html"))
    }

    fn read(&self, source: &dyn Source, intake: &mut Intake<'_>) -> Result<Read, ImportError> {
        let text = Text::read(source, NAME, &intake.options.limits)?;
        whole(&text.text)?;
        let mut walk = Walk::new(Outline::new(NAME, intake)?);
        for token in Tokenizer::new(text.text.as_str()) {
            let Ok(token) = token;
            walk.take(token)?;
        }
        walk.text()?;
        let (assessment, mut coverage) = walk.outline.finish(intake)?;
        noted(&mut coverage, text.legacy);
        Ok(manual::told(assessment, coverage, intake))
    }
}

/// A document that begins ends too.
fn whole(text: &str) -> Result<(), ImportError> {
    let lower = text.to_ascii_lowercase();
    match (lower.contains("<html"), lower.contains("</html")) {
        (true, false) => Err(ImportError::Truncated { at: place(text, text.len()) }),
        (false, _) if !lower.contains('<') => Err(wrong(NAME, "it has no element", At::default())),
        _ => Ok(()),
    }
}

/// Turns tokens into blocks.
struct Walk {
    outline: Outline,
    buffer: String,
    /// Name of the element whose content is dropped.
    dropped: Option<Vec<u8>>,
    /// Tables that are open; those inside others are only text.
    tables: u32,
    cells: Vec<String>,
    in_cell: bool,
    /// Blocks so far; the place in a document that nobody reads as text.
    at: At,
}

impl Walk {
    fn new(outline: Outline) -> Self {
        let at = At { offset: 0, line: 1, column: 1 };
        Self { outline, buffer: String::new(), dropped: None, tables: 0, cells: vec![], in_cell: false, at }
    }

    fn take(&mut self, token: Token) -> Result<(), ImportError> {
        match token {
            Token::StartTag(tag) if self.dropped.is_none() => self.start(&tag.name),
            Token::EndTag(tag) => {
                if self.dropped.as_deref() == Some(&*tag.name) {
                    self.dropped = None;
                    return Ok(());
                }
                if self.dropped.is_some() { Ok(()) } else { self.end(&tag.name) }
            }
            Token::String(text) => {
                self.at.line += memchr::memchr_iter(b'\n', &text).count() as u64;
                if self.dropped.is_none() {
                    self.add(&String::from_utf8_lossy(&text));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// White space folds as a browser folds it.
    fn add(&mut self, text: &str) {
        for c in text.chars() {
            let blank = c.is_whitespace();
            if blank && (self.buffer.is_empty() || self.buffer.ends_with([' ', '\n'])) {
                continue;
            }
            self.buffer.push(if blank { ' ' } else { c });
        }
    }

    fn start(&mut self, name: &[u8]) -> Result<(), ImportError> {
        match name {
            b"script" | b"style" | b"title" | b"template" | b"textarea" | b"svg" | b"object"
            | b"noscript" => {
                self.dropped = Some(name.to_vec());
                Ok(())
            }
            b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" => self.text(),
            b"br" | b"p" | b"div" | b"li" | b"pre" => self.line(),
            b"table" => {
                self.tables += 1;
                if self.tables > 1 {
                    return self.line();
                }
                self.text()?;
                self.outline.push(Block::Table, self.at)
            }
            b"tr" if self.tables == 1 => self.row(),
            b"td" | b"th" if self.tables == 1 => {
                self.cell();
                self.in_cell = true;
                Ok(())
            }
            b"td" | b"th" | b"tr" => self.line(),
            _ => Ok(()),
        }
    }

    fn end(&mut self, name: &[u8]) -> Result<(), ImportError> {
        match name {
            [b'h', level @ b'1'..=b'6'] if self.tables == 0 => {
                let text = std::mem::take(&mut self.buffer);
                self.outline.push(Block::Heading(level - b'0', text.trim()), self.at)
            }
            b"p" | b"div" | b"li" | b"pre" => self.line(),
            b"td" | b"th" if self.tables == 1 => {
                self.cell();
                Ok(())
            }
            b"tr" if self.tables == 1 => self.row(),
            b"table" => {
                if self.tables == 1 {
                    self.row()?;
                }
                self.tables = self.tables.saturating_sub(1);
                self.line()
            }
            _ => Ok(()),
        }
    }

    /// A line ends: in a cell it goes on, elsewhere it is a paragraph.
    fn line(&mut self) -> Result<(), ImportError> {
        if self.tables == 0 {
            return self.text();
        }
        let end = self.buffer.trim_end().len();
        self.buffer.truncate(end);
        if !self.buffer.is_empty() {
            self.buffer.push('\n');
        }
        Ok(())
    }

    fn text(&mut self) -> Result<(), ImportError> {
        let text = std::mem::take(&mut self.buffer);
        if text.trim().is_empty() { Ok(()) } else { self.outline.push(Block::Text(&text), self.at) }
    }

    fn cell(&mut self) {
        let text = std::mem::take(&mut self.buffer);
        if std::mem::take(&mut self.in_cell) && self.cells.len() < MOST_CELLS {
            self.cells.push(text.trim().to_owned());
        }
    }

    fn row(&mut self) -> Result<(), ImportError> {
        self.cell();
        let cells = std::mem::take(&mut self.cells);
        if cells.is_empty() { Ok(()) } else { self.outline.push(Block::Row(&cells), self.at) }
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

    /// In the form in which Word saves "Web page, filtered", shortened.
    const REPORT: &str = "<html xmlns:o=\"urn:schemas-microsoft-com:office:office\"><head>\
        <meta http-equiv=Content-Type content=\"text/html; charset=windows-1252\"><title>Severity: high</title>\
        <style><!-- p.MsoNormal {margin:0cm} --></style><script>document.write('<h2>Fake</h2>')</script></head>\
        <body lang=EN-GB><!--[if gte mso 9]><h1>Hidden</h1><![endif]--><div class=WordSection1>\
        <h1>Penetration test</h1><p class=MsoNormal>Scope: shop.example; api.example</p>\
        <h2><a name=\"_Toc1\"></a>4.1<span style='font:7.0pt'>&nbsp; </span>Stored&nbsp;XSS in\r\ncomments</h2>\
        <table class=MsoTableGrid border=1><tr><td><p class=MsoNormal><b>Severity</b><o:p></o:p></p></td>\
        <td><p class=MsoNormal>High</p></td></tr><tr><td><p>ID</p></td><td>PT-7</td></tr>\
        <tr><td>Affected</td><td><p>POST https://shop.example/comments</p><p>GET /feed</p></td></tr>\
        <tr><td>CWE</td><td>CWE&#8209;79, CWE-80</td></tr></table>\
        <h3>Description</h3><p class=MsoNormal>The text &lt;img src=x onerror=alert(1)&gt; is shown as it is.</p>\
        <h3>Recommendation</h3><p class=MsoNormal>Escape it.</p></div></body></html>";

    #[test]
    fn what_word_exports_becomes_findings_and_nothing_in_it_is_markup() {
        let (findings, info) = read("manual-html", REPORT);
        let xss = find(&findings, "PT-7");
        assert_eq!(findings.len(), 1);
        assert_eq!((xss.title.as_str(), xss.severity), ("Stored XSS in comments", Severity::High));
        assert_eq!(xss.cwe, [79, 80]);
        let text = "The text <img src=x onerror=alert(1)> is shown as it is.\n\nAlso at: GET /feed";
        assert_eq!(xss.message, text);
        assert_eq!(xss.fix.as_deref(), Some("Escape it."));
        assert!(
            matches!(&xss.place, Place::Route { method, route, .. } if method == "POST" && route == "/comments")
        );
        assert!(info.coverage.is_complete());
    }

    #[test]
    fn a_cut_or_endlessly_nested_document_is_no_smaller_report() {
        let code = |text: &str| {
            import(&text.as_bytes(), Some("manual-html"), &ImportOptions::default(), &mut Vec::new())
                .map_or_else(|error| model::UserError::code(&error), |_| "taken")
        };
        assert_eq!(code(&REPORT[..REPORT.len() - 20]), "report-truncated");
        let deep = format!("<html>{}{}</html>", "<table><tr><td>".repeat(100_000), "<div>".repeat(100_000));
        assert_eq!(code(&deep), "report-wrong-format");
    }
}
