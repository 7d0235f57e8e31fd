//! The two embedded fonts: what they can show, how wide it is, and where a line ends.

use krilla::text::Font as PdfFont;
use ttf_parser::Face;

use crate::error::ReportError;

const REGULAR: &[u8] = include_bytes!("../fonts/OpenSans-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../fonts/OpenSans-Bold.ttf");

/// Stands for a character that the fonts lack.
const UNKNOWN: char = '\u{fffd}';

/// Weight of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    Regular,
    Bold,
}

/// Both weights: for measuring and for writing.
pub struct Fonts {
    faces: [Face<'static>; 2],
    written: [PdfFont; 2],
}

impl Fonts {
    pub fn load() -> Result<Self, ReportError> {
        let face = |data| Face::parse(data, 0).map_err(|error| ReportError::Write(error.to_string()));
        let font = |data: &'static [u8]| {
            PdfFont::new(data.into(), 0).ok_or_else(|| ReportError::Write("the font is damaged".into()))
        };
        Ok(Self { faces: [face(REGULAR)?, face(BOLD)?], written: [font(REGULAR)?, font(BOLD)?] })
    }

    pub fn written(&self, weight: Weight) -> PdfFont {
        self.written[weight as usize].clone()
    }

    /// The text with only characters that can be shown; controls and odd spaces become spaces, line breaks stay.
    pub fn showable(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '\n' => out.push('\n'),
                '\u{2011}' => out.push('-'),
                '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\r' => {}
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.push(UNKNOWN),
                c if c.is_control() || c.is_whitespace() => out.push(' '),
                '\u{2192}' => out.push_str("->"),
                '\u{2713}' | '\u{2714}' => out.push_str("yes"),
                '\u{2717}' | '\u{2718}' => out.push_str("no"),
                c if self.faces[0].glyph_index(c).is_some() && self.faces[1].glyph_index(c).is_some() => {
                    out.push(c)
                }
                _ => out.push(UNKNOWN),
            }
        }
        out
    }

    /// Width in points. Kerning is not counted: a line may end up a little shorter, never longer.
    pub fn width(&self, text: &str, size: f32, weight: Weight) -> f32 {
        let face = &self.faces[weight as usize];
        let advance = |c| face.glyph_index(c).and_then(|glyph| face.glyph_hor_advance(glyph)).unwrap_or(0);
        let units: u32 = text.chars().map(|c| u32::from(advance(c))).sum();
        units as f32 * size / f32::from(face.units_per_em())
    }

    /// The widest word, which a column needs so that nothing is broken inside.
    pub fn widest_word(&self, text: &str, size: f32, weight: Weight) -> f32 {
        text.split_whitespace().map(|word| self.width(word, size, weight)).fold(0.0, f32::max)
    }

    /// Lines that are no wider than `width`; a word that is wider is broken where it must be.
    pub fn wrap(&self, text: &str, size: f32, weight: Weight, width: f32) -> Vec<String> {
        let text = self.showable(text);
        let space = self.width(" ", size, weight);
        let mut lines = Vec::new();
        for paragraph in text.lines() {
            let (mut line, mut used) = (String::new(), 0.0_f32);
            for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
                let mut word = word;
                let mut needed = self.width(word, size, weight);
                if !line.is_empty() && used + space + needed > width {
                    lines.push(std::mem::take(&mut line));
                    used = 0.0;
                }
                while needed > width {
                    let (head, rest) = self.split(word, size, weight, width);
                    if rest.is_empty() {
                        break;
                    }
                    lines.push(head.to_owned());
                    word = rest;
                    needed = self.width(word, size, weight);
                }
                if !line.is_empty() {
                    line.push(' ');
                    used += space;
                }
                line.push_str(word);
                used += needed;
            }
            lines.push(line);
        }
        lines
    }

    /// As much of a word as fits, at least one character, and the rest.
    fn split<'a>(&self, word: &'a str, size: f32, weight: Weight, width: f32) -> (&'a str, &'a str) {
        let mut used = 0.0;
        for (at, c) in word.char_indices() {
            used += self.width(c.encode_utf8(&mut [0; 4]), size, weight);
            if used > width && at > 0 {
                return word.split_at(at);
            }
        }
        (word, "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_and_lose_nothing() {
        let fonts = Fonts::load().unwrap();
        let text = "Größe Łódź Ωμέγα Привет aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa end";
        let lines = fonts.wrap(text, 10.0, Weight::Regular, 80.0);
        assert!(lines.iter().all(|line| fonts.width(line, 10.0, Weight::Regular) <= 80.0), "{lines:?}");
        let squeezed = |text: &str| text.replace(' ', "");
        assert_eq!(squeezed(&lines.concat()), squeezed(text));
    }

    #[test]
    fn what_cannot_be_shown_is_seen() {
        let fonts = Fonts::load().unwrap();
        assert_eq!(fonts.showable("a\u{202e}b\t漢\u{0}→"), "a\u{fffd}b \u{fffd} ->");
    }

    #[test]
    fn even_a_column_too_narrow_for_a_letter_ends() {
        let fonts = Fonts::load().unwrap();
        assert_eq!(fonts.wrap("abc", 10.0, Weight::Bold, 0.5), ["a", "b", "c"]);
    }
}
