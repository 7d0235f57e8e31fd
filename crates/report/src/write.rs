//! Marks to PDF/UA-1 by krilla.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use krilla::{
    Document as Pdf, SerializeSettings,
    action::{Action, LinkAction},
    annotation::{Annotation, LinkAnnotation, Target},
    color::rgb,
    configure::{Accessibility, ConfigurationBuilder},
    destination::XyzDestination,
    geom::{PathBuilder, Point, Rect},
    metadata::{DateTime, Metadata},
    num::NormalizedF32,
    outline::{Outline, OutlineNode},
    page::PageSettings,
    paint::{Fill, Stroke, StrokeDash},
    surface::Surface,
    tagging::{Artifact, ArtifactType, ContentTag, SpanTag},
    text::TextDirection,
};

use crate::{
    document::Document,
    error::ReportError,
    font::{Fonts, Weight},
    layout::{Entry, GREY, Ink, MARGIN, Mark, PAGE, Pages, Placed},
};

/// Writes the pages.
pub fn pdf(document: &Document, pages: Pages) -> Result<Vec<u8>, ReportError> {
    let Pages { pages, mut tags, outline, fonts } = pages;
    let refuse = |what: &str| ReportError::Write(what.to_owned());
    let configuration = ConfigurationBuilder::new().with_accessibility_validator(Accessibility::UA1).finish();
    let configuration = configuration.map_err(|_| refuse("PDF/UA-1 is not available"))?;
    let mut pdf = Pdf::new_with(SerializeSettings { configuration, ..SerializeSettings::default() });
    pdf.set_metadata(metadata(document, &fonts));
    let count = pages.len();
    for (number, marks) in pages.iter().enumerate() {
        let size = PageSettings::from_wh(PAGE.0, PAGE.1).ok_or_else(|| refuse("the page has no size"))?;
        let mut page = pdf.start_page_with(size);
        let mut links = BTreeMap::new();
        let mut surface = page.surface();
        for (at, Placed { mark, node }) in marks.iter().enumerate() {
            if let Mark::Link { x, y, width, height, address, text } = mark {
                links.insert(at, (link(*x, *y, *width, *height, address, text), *node));
                continue;
            }
            let tag = match (node, mark) {
                (None, _) => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)),
                (Some(_), Mark::Text { .. }) => ContentTag::Span(SpanTag::empty()),
                (Some(_), _) => ContentTag::Other,
            };
            let identifier = surface.start_tagged(tag);
            draw(&mut surface, mark, &fonts);
            surface.end_tagged();
            if let Some(node) = node {
                tags.content(*node, identifier);
            }
        }
        foot(&mut surface, &fonts, &document.title, number + 1, count);
        surface.finish();
        for (annotation, node) in links.into_values() {
            let (Some(annotation), Some(node)) = (annotation, node) else { continue };
            tags.content(node, page.add_tagged_annotation(annotation));
        }
        page.finish();
    }
    pdf.set_outline(contents(&outline));
    pdf.set_tag_tree(tags.tree(&document.language));
    pdf.finish().map_err(|error| ReportError::Write(format!("{error} ({error:?})")))
}

fn metadata(document: &Document, fonts: &Fonts) -> Metadata {
    let title = fonts.showable(&document.title).replace('\n', " ");
    let title = if title.trim().is_empty() { "Report".to_owned() } else { title };
    let metadata = Metadata::new()
        .title(title)
        .language(document.language.clone())
        .creator("Proofhouse".into())
        .producer("Proofhouse".into());
    let Some(moment) = document.moment else { return metadata };
    let utc = moment.to_zoned(TimeZone::UTC);
    let byte = |value: i8| u8::try_from(value).unwrap_or_default();
    metadata.creation_date(
        DateTime::new(u16::try_from(utc.year()).unwrap_or_default())
            .month(byte(utc.month()))
            .day(byte(utc.day()))
            .hour(byte(utc.hour()))
            .minute(byte(utc.minute()))
            .second(byte(utc.second()))
            .utc_offset_hour(0)
            .utc_offset_minute(0),
    )
}

fn draw(surface: &mut Surface<'_>, mark: &Mark, fonts: &Fonts) {
    match mark {
        Mark::Text { x, y, size, weight, ink, text } => {
            surface.set_fill(Some(fill(*ink)));
            surface.set_stroke(None);
            let (at, font) = (Point::from_xy(*x, *y), fonts.written(*weight));
            surface.draw_text(at, font, *size, text, false, TextDirection::Auto);
        }
        Mark::Box { x, y, width, height, ink } => {
            let mut path = PathBuilder::new();
            if let Some(rect) = Rect::from_xywh(*x, *y, *width, *height) {
                path.push_rect(rect);
            }
            surface.set_fill(Some(fill(*ink)));
            surface.set_stroke(None);
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
        Mark::Path { points, ink, pattern } => {
            let mut path = PathBuilder::new();
            for (at, (x, y)) in points.iter().enumerate() {
                if at == 0 { path.move_to(*x, *y) } else { path.line_to(*x, *y) }
            }
            surface.set_fill(None);
            surface.set_stroke(Some(stroke(*ink, *pattern)));
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
        Mark::Link { .. } => {}
    }
}

fn fill(Ink(red, green, blue): Ink) -> Fill {
    Fill { paint: rgb::Color::new(red, green, blue).into(), opacity: NormalizedF32::ONE, ..Fill::default() }
}

fn stroke(Ink(red, green, blue): Ink, pattern: u8) -> Stroke {
    let dash: &[f32] = match pattern {
        0 => &[],
        1 => &[6.0, 3.0],
        2 => &[2.0, 2.0],
        3 => &[8.0, 2.0, 2.0, 2.0],
        4 => &[4.0, 4.0],
        _ => &[1.0, 3.0],
    };
    let dash = (!dash.is_empty()).then(|| StrokeDash { array: dash.to_vec(), offset: 0.0 });
    Stroke { paint: rgb::Color::new(red, green, blue).into(), width: 1.0, dash, ..Stroke::default() }
}

fn link(x: f32, y: f32, width: f32, height: f32, address: &str, text: &str) -> Option<Annotation> {
    let area = Rect::from_xywh(x, y, width.max(1.0), height)?;
    let target = Target::Action(Action::Link(LinkAction::new(address.to_owned())));
    Some(Annotation::new_link(LinkAnnotation::new(area, target), Some(format!("{text} ({address})"))))
}

fn foot(surface: &mut Surface<'_>, fonts: &Fonts, title: &str, number: usize, count: usize) {
    let size = 8.0;
    let pages = format!("{number} of {count}");
    let x = PAGE.0 - MARGIN - fonts.width(&pages, size, Weight::Regular);
    let title =
        fonts.wrap(title, size, Weight::Regular, x - MARGIN - 20.0).into_iter().next().unwrap_or_default();
    surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Footer)));
    for (x, text) in [(MARGIN, title), (x, pages)] {
        let (y, weight) = (PAGE.1 - 36.0, Weight::Regular);
        draw(surface, &Mark::Text { x, y, size, weight, ink: GREY, text }, fonts);
    }
    surface.end_tagged();
}

/// Nests the headings: each below the nearest one before it with a lower level.
fn contents(entries: &[Entry]) -> Outline {
    let mut outline = Outline::new();
    let mut rest = entries;
    while let Some((first, after)) = rest.split_first() {
        let (node, left) = below(first, after);
        outline.push_child(node);
        rest = left;
    }
    outline
}

fn below<'a>(entry: &Entry, mut rest: &'a [Entry]) -> (OutlineNode, &'a [Entry]) {
    let place = XyzDestination::new(entry.page, Point::from_xy(MARGIN, (entry.y - 12.0).max(0.0)));
    let mut node = OutlineNode::new(entry.text.clone(), place).with_open(entry.level == 0);
    while let Some((next, after)) = rest.split_first().filter(|(next, _)| next.level > entry.level) {
        let (child, left) = below(next, after);
        node.push_child(child);
        rest = left;
    }
    (node, rest)
}
