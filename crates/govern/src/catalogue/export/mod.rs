//! A catalogue for others: JSON, CSV, Markdown and the radar as a picture. The same catalogue gives the same
//! bytes, and names of technologies are text everywhere, whatever they contain.

mod csv;
mod markdown;
mod svg;

use super::entry::Catalogue;

/// A form to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The catalogue as it is; [`super::parse`] reads it.
    Json,
    /// One line a technology, with the columns that "build your own radar" reads.
    Csv,
    /// A table for each ring.
    Markdown,
    /// The radar with its list.
    Svg,
}

impl Form {
    /// Endings of file names, in order.
    pub const ENDINGS: [&str; 4] = ["json", "csv", "md", "svg"];

    /// By the ending of a file name.
    pub fn from_ending(ending: &str) -> Option<Self> {
        match ending {
            "json" => Some(Self::Json),
            "csv" => Some(Self::Csv),
            "md" => Some(Self::Markdown),
            "svg" => Some(Self::Svg),
            _ => None,
        }
    }
}

/// Writes the catalogue; `title` is shown, as text.
pub fn export(catalogue: &Catalogue, form: Form, title: &str) -> String {
    match form {
        // Texts, numbers and lists only: nothing in it can fail to be written.
        Form::Json => serde_json::to_string_pretty(catalogue).unwrap_or_default() + "\n",
        Form::Csv => csv::csv(catalogue),
        Form::Markdown => markdown::markdown(catalogue, title),
        Form::Svg => svg::svg(catalogue, title),
    }
}
