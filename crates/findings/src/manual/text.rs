//! The text of a report that an office program wrote: its encoding, and how large it may be.

use std::io::Read;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use crate::{
    At, ImportError, Limits, Source,
    source::{open_encoded, read_error},
};

/// Largest report by people, in bytes: it is held as a whole.
const MOST: u64 = 32 << 20;

/// Bytes in which HTML names its encoding (HTML standard, 13.2.3.2).
const PRESCAN: usize = 1024;

/// Bytes in which a format shows itself.
const BEGINNING: u64 = 64 << 10;

/// A decoded report.
pub(crate) struct Text {
    pub(crate) text: String,
    /// The encoding, when it is none of Unicode.
    pub(crate) legacy: Option<&'static str>,
}

impl Text {
    /// Reads the whole report.
    ///
    /// # Errors
    /// It is empty, too large, or no text.
    pub(crate) fn read(
        source: &dyn Source,
        format: &'static str,
        limits: &Limits,
    ) -> Result<Self, ImportError> {
        let limit = limits.bytes.min(MOST);
        let bytes = bytes(source, limits, limit + 1)?;
        if bytes.len() as u64 > limit {
            return Err(ImportError::TooLarge { what: "the report", limit });
        }
        let read = decode(&bytes);
        match read.text.find('\0') {
            _ if read.text.trim().is_empty() => Err(ImportError::Empty),
            Some(at) => Err(wrong(format, "it is no text: there is a zero byte", place(&read.text, at))),
            None => Ok(read),
        }
    }
}

/// The beginning of a report as text, for finding out its format.
///
/// # Errors
/// It cannot be read.
pub(crate) fn beginning(source: &dyn Source, limits: &Limits) -> Result<String, ImportError> {
    let read = decode(&bytes(source, limits, BEGINNING)?);
    Ok(if read.text.contains('\0') { String::new() } else { read.text })
}

fn bytes(source: &dyn Source, limits: &Limits, most: u64) -> Result<Vec<u8>, ImportError> {
    let mut bytes = Vec::new();
    open_encoded(source, limits)?.take(most).read_to_end(&mut bytes).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => ImportError::Truncated { at: At::default() },
        _ => read_error(error),
    })?;
    Ok(bytes)
}

/// A byte order mark decides, then whether it is UTF-8, then what HTML says of itself. What is left is what
/// office programs of the western world write.
fn decode(bytes: &[u8]) -> Text {
    let marked = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let encoding = marked.unwrap_or_else(|| match std::str::from_utf8(bytes) {
        Ok(_) => UTF_8,
        // The cut end of a beginning is no reason.
        Err(error) if error.error_len().is_none() => UTF_8,
        Err(_) => declared(bytes).unwrap_or(WINDOWS_1252),
    });
    let (text, _) = encoding.decode_with_bom_removal(bytes);
    let unicode = encoding.output_encoding() == UTF_8 && (encoding == UTF_8 || marked.is_some());
    Text { text: text.into_owned(), legacy: (!unicode).then(|| encoding.name()) }
}

/// The value of the first `charset=`.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(PRESCAN)]).to_ascii_lowercase();
    let after = head.split_once("charset=")?.1.trim_start_matches(['"', '\'', ' ']);
    let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c))).unwrap_or(after.len());
    // UTF-16 without its mark is not what a text with a readable `charset=` is in.
    Encoding::for_label(&after.as_bytes()[..end])
        .filter(|found| found.is_ascii_compatible() && *found != UTF_8)
}

/// An error of a format at a place.
pub(crate) fn wrong(format: &'static str, reason: impl Into<String>, at: At) -> ImportError {
    ImportError::WrongFormat { format, reason: reason.into(), at }
}

/// Line and column of an offset.
pub(crate) fn place(text: &str, offset: usize) -> At {
    let before = &text.as_bytes()[..offset.min(text.len())];
    let line = memchr::memchr_iter(b'\n', before).count() as u64 + 1;
    let start = memchr::memrchr(b'\n', before).map_or(0, |n| n + 1);
    At { offset: offset as u64, line, column: (before.len() - start) as u64 + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_office_programs_write_is_read() {
        let utf16: Vec<u8> = "\u{feff}Größe".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let html = b"<meta charset=iso-8859-2>\xb1";
        for (bytes, text, legacy) in [
            (b"\xef\xbb\xbfa".as_slice(), "a", None),
            (&utf16, "Größe", None),
            (b"Gr\xf6\xdfe \x96 x", "Größe – x", Some("windows-1252")),
            (html, "<meta charset=iso-8859-2>ą", Some("ISO-8859-2")),
        ] {
            let read = decode(bytes);
            assert_eq!((read.text.as_str(), read.legacy), (text, legacy));
        }
    }

    #[test]
    fn zero_bytes_are_no_text() {
        let read = |bytes: &[u8]| Text::read(&bytes, "manual-csv", &Limits::default()).map(|read| read.text);
        assert!(matches!(read(b"a\nb\0"), Err(ImportError::WrongFormat { at: At { line: 2, .. }, .. })));
        assert!(matches!(read(b"\xef\xbb\xbf \n"), Err(ImportError::Empty)));
    }
}
