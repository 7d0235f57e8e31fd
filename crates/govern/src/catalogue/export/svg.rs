//! The radar as a picture: own SVG without script, style sheet or anything from elsewhere. The list beside the
//! picture says everything that the picture does, as text, and is what a screen reader reads.

use std::fmt::Write;

use super::super::entry::{Catalogue, Quadrant, Ring, Technology};

/// Centre of the radar.
const CENTRE: (f64, f64) = (420.0, 440.0);
/// Outer radius of each ring.
const RADII: [f64; 4] = [150.0, 240.0, 315.0, 380.0];
/// Fill of each ring's entries: each is readable under white digits, and the digits tell them apart too.
const COLOURS: [&str; 4] = ["#1b6b36", "#1f5f99", "#7a5200", "#a3262a"];
/// Left side of the list, and distance of its lines.
const LIST: (f64, f64) = (860.0, 18.0);
/// Longest name in the list, in characters.
const LONGEST: usize = 60;

/// The document.
pub(super) fn svg(catalogue: &Catalogue, title: &str) -> String {
    let quarters: Vec<(Quadrant, Vec<&Technology>)> =
        Quadrant::ALL.iter().map(|quadrant| (*quadrant, of(catalogue, *quadrant))).collect();
    let lines: usize = quarters.iter().map(|(_, entries)| entries.len() + 2).sum();
    let height = (LIST.1 * lines as f64 + 110.0).max(880.0);
    let mut out = String::new();
    // Writing to a text does not fail.
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1400 {height:.0}\" role=\"group\" \
         aria-labelledby=\"radar-title radar-description\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <title id=\"radar-title\">{}</title>\n<desc id=\"radar-description\">{}</desc>\n\
         <rect width=\"1400\" height=\"{height:.0}\" fill=\"#ffffff\"/>\n\
         <text x=\"40\" y=\"36\" font-size=\"20\" font-weight=\"bold\" fill=\"#1a1a1a\">{}</text>",
        escaped(title),
        escaped(&description(catalogue)),
        escaped(&short(title, LONGEST)),
    );
    picture(&quarters, &mut out);
    list(&quarters, &mut out);
    out.push_str("</svg>\n");
    out
}

/// Entries of a quarter, from the middle outwards, then by name.
fn of(catalogue: &Catalogue, quadrant: Quadrant) -> Vec<&Technology> {
    let mut entries: Vec<_> =
        catalogue.technologies.iter().filter(|entry| entry.quadrant == quadrant).collect();
    entries.sort_by(|a, b| (a.ring, &a.name).cmp(&(b.ring, &b.name)));
    entries
}

fn description(catalogue: &Catalogue) -> String {
    let count = |ring: &Ring| catalogue.technologies.iter().filter(|entry| entry.ring == *ring).count();
    let rings: Vec<String> =
        Ring::ALL.iter().map(|ring| format!("{} {}", count(ring), ring.name())).collect();
    format!(
        "Technology radar with {} technologies: {}. The list beside the picture names each with its ring.",
        catalogue.technologies.len(),
        rings.join(", ")
    )
}

fn picture(quarters: &[(Quadrant, Vec<&Technology>)], out: &mut String) {
    let (x, y) = CENTRE;
    out.push_str("<g role=\"img\" aria-label=\"Radar; the same as the list\">\n");
    for (radius, ring) in RADII.iter().zip(Ring::ALL).rev() {
        let _ = writeln!(
            out,
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"none\" stroke=\"#767676\"/>\n\
             <text x=\"{x}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#595959\">{}</text>",
            y - radius + 16.0,
            ring.title()
        );
    }
    let r = RADII[3];
    let _ = writeln!(
        out,
        "<path d=\"M {} {y} H {} M {x} {} V {}\" stroke=\"#767676\" fill=\"none\"/>",
        x - r,
        x + r,
        y - r,
        y + r
    );
    let mut number = 0;
    for (n, (quadrant, entries)) in quarters.iter().enumerate() {
        let (left, below) = (n == 1 || n == 2, n >= 2);
        let (tx, anchor) = if left { (40.0, "start") } else { (800.0, "end") };
        let ty = if below { y + r + 24.0 } else { y - r + 10.0 };
        let _ = writeln!(
            out,
            "<text x=\"{tx}\" y=\"{ty}\" text-anchor=\"{anchor}\" font-weight=\"bold\" fill=\"#1a1a1a\">{}</text>",
            quadrant.title()
        );
        for ring in Ring::ALL {
            let members = entries.iter().filter(|entry| entry.ring == *ring).count();
            for place in 0..members {
                number += 1;
                blip(number, n, *ring, (place, members), out);
            }
        }
    }
    out.push_str("</g>\n");
}

/// One numbered dot: entries of a ring are spread over their quarter, on three tracks in turn.
fn blip(number: usize, quarter: usize, ring: Ring, (place, members): (usize, usize), out: &mut String) {
    let at = ring as usize;
    let inner = if at == 0 { 30.0 } else { RADII[at - 1] };
    let track = [0.5, 0.25, 0.75][place % 3];
    let radius = inner + (RADII[at] - inner) * track;
    let part = (place as f64 + 0.5) / members as f64;
    // Away from the axes, so that every dot is clearly in one quarter.
    let angle = (quarter as f64 * 90.0 + 6.0 + 78.0 * part).to_radians();
    let (x, y) = (CENTRE.0 + radius * angle.cos(), CENTRE.1 - radius * angle.sin());
    let _ = writeln!(
        out,
        "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"11\" fill=\"{}\"/>\
         <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-size=\"11\" fill=\"#ffffff\">{number}</text>",
        COLOURS[at],
        y + 4.0
    );
}

fn list(quarters: &[(Quadrant, Vec<&Technology>)], out: &mut String) {
    let (x, step) = LIST;
    let (mut y, mut number) = (80.0, 0);
    out.push_str("<g role=\"list\" aria-label=\"Technologies\">\n");
    for (quadrant, entries) in quarters {
        let _ = writeln!(
            out,
            "<text x=\"{x}\" y=\"{y}\" font-weight=\"bold\" fill=\"#1a1a1a\">{}</text>",
            quadrant.title()
        );
        y += step;
        for entry in entries {
            number += 1;
            let moved = entry.before().map_or_else(String::new, |ring| format!(", before: {}", ring.name()));
            let _ = writeln!(
                out,
                "<text x=\"{x}\" y=\"{y}\" role=\"listitem\" fill=\"{}\">{number}. {} ({}{moved})</text>",
                COLOURS[entry.ring as usize],
                escaped(&short(&entry.name, LONGEST)),
                entry.ring.name()
            );
            y += step;
        }
        y += step;
    }
    out.push_str("</g>\n");
}

fn short(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Text as XML 1.0 takes it: mark-up escaped, and characters that no document may have replaced.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
