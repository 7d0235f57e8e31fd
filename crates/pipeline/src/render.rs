//! Draws a diagnostic: message, excerpt with caret, hint. Plain or coloured, ASCII frames.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::{
    config::Position,
    diagnostic::{Diagnostic, position},
};

/// Longest line that is shown whole, in bytes.
const WIDE: usize = 400;
/// Lines shown before and after the place.
const AROUND: usize = 1;

/// One diagnostic as text, without a line feed at the end.
pub(crate) fn render(file: &str, text: &str, diagnostic: &Diagnostic, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let title = Level::ERROR.primary_title(&diagnostic.message).id(diagnostic.code);
    let window = window(text, &diagnostic.span);
    let Position { line, .. } = position(text, window.start);
    let inside = |span: &Range<usize>| {
        (span.start >= window.start && span.end <= window.end)
            .then(|| span.start - window.start..span.end - window.start)
    };
    let mut group = title.elements(Vec::<Snippet<'_, annotate_snippets::Annotation<'_>>>::new());
    let source = safe(&text[window.clone()]);
    if let Some(span) = inside(&diagnostic.span) {
        let primary = AnnotationKind::Primary.span(span).label(&diagnostic.label);
        let snippet = Snippet::source(&source).path(file).line_start(line as usize).fold(false);
        group = group.element(snippet.annotation(primary));
    }
    let related: Vec<_> = diagnostic.related.iter().map(|(span, label)| other(text, span, label)).collect();
    for (source, line, span, label) in &related {
        let note = AnnotationKind::Context.span(span.clone()).label(*label);
        group =
            group.element(Snippet::source(source).path(file).line_start(*line).fold(false).annotation(note));
    }
    if let Some(hint) = &diagnostic.hint {
        group = group.element(Level::HELP.with_name("hint").message(hint));
    }
    renderer.render(&[group])
}

fn other<'a>(text: &str, span: &Range<usize>, label: &'a str) -> (String, usize, Range<usize>, &'a str) {
    let start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[span.end..].find('\n').map_or(text.len(), |at| span.end + at);
    let (start, end) = narrow(text, start..end, span);
    let line = position(text, start).line as usize;
    (safe(&text[start..end]), line, span.start - start..span.end - start, label)
}

/// The lines around a span; of a very long line only the part around it.
fn window(text: &str, span: &Range<usize>) -> Range<usize> {
    let mut start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let mut end = text[span.end..].find('\n').map_or(text.len(), |at| span.end + at);
    if end - start > WIDE {
        let (start, end) = narrow(text, start..end, span);
        return start..end;
    }
    for _ in 0..AROUND {
        let before = text[..start.saturating_sub(1)].rfind('\n').map_or(0, |at| at + 1);
        let after = text[end..].get(1..).map(|rest| end + 1 + rest.find('\n').unwrap_or(rest.len()));
        start = if start - before <= WIDE { before } else { start };
        end = after.filter(|after| after - end <= WIDE).unwrap_or(end);
    }
    start..end
}

fn narrow(text: &str, line: Range<usize>, span: &Range<usize>) -> (usize, usize) {
    if line.len() <= WIDE {
        return (line.start, line.end);
    }
    let start = text.floor_char_boundary(span.start.saturating_sub(WIDE / 4).max(line.start));
    let end = text.floor_char_boundary((span.end + WIDE / 4).min(line.end));
    (start, end.max(span.end))
}

/// Escape sequences in the file must not reach the terminal; every replacement keeps its length, so
/// that spans stay true (C0 characters and DEL are one byte, C1 characters two).
fn safe(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => c,
            c if c.is_control() && c.len_utf8() == 1 => ' ',
            c if c.is_control() => '\u{a0}',
            c => c,
        })
        .collect()
}
