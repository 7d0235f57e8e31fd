//! Walks through the elements of an XML report. Entities of a document are neither defined nor fetched.

use quick_xml::{
    Reader,
    escape::unescape,
    events::{BytesStart, Event},
};

/// What is met.
pub(super) enum Met<'a> {
    /// An element begins.
    Open(Tag<'a>),
    /// The element of this name ends; also told of an empty one.
    Close(&'a [u8]),
}

/// An element's name and attributes.
pub(super) struct Tag<'a>(&'a BytesStart<'a>);

impl Tag<'_> {
    pub(super) fn name(&self) -> &[u8] {
        self.0.local_name().into_inner()
    }

    /// An attribute's text; empty when it is not there.
    pub(super) fn text(&self, key: &str) -> String {
        let Some(attribute) = self.0.try_get_attribute(key).ok().flatten() else { return String::new() };
        let raw = String::from_utf8_lossy(&attribute.value).into_owned();
        unescape(&raw).map_or_else(|_| raw.clone(), Into::into)
    }

    pub(super) fn number<T: std::str::FromStr>(&self, key: &str) -> Result<T, String> {
        super::number(&self.text(key), key)
    }
}

/// Tells each element.
///
/// # Errors
/// Not XML, nested deeper than 64, a document type that defines something of its own (one that only names a known
/// one is passed over: JaCoCo writes that), cut short, or what `told` refuses.
pub(super) fn walk(bytes: &[u8], mut told: impl FnMut(Met<'_>) -> Result<(), String>) -> Result<(), String> {
    let mut reader = Reader::from_reader(bytes);
    let mut depth = 0_u32;
    loop {
        let place = reader.buffer_position();
        match reader.read_event().map_err(|e| format!("not XML at byte {place}: {e}"))? {
            Event::Eof if depth > 0 => return Err("the report ends in the middle".to_owned()),
            Event::Eof => return Ok(()),
            Event::DocType(text) if text.contains(&b'[') => {
                return Err("its own document type is not accepted".to_owned());
            }
            Event::Start(tag) => {
                depth += 1;
                if depth > 64 {
                    return Err("nested too deep".to_owned());
                }
                told(Met::Open(Tag(&tag)))?;
            }
            Event::Empty(tag) => {
                told(Met::Open(Tag(&tag)))?;
                told(Met::Close(tag.local_name().as_ref()))?;
            }
            Event::End(tag) => {
                depth = depth.saturating_sub(1);
                told(Met::Close(tag.local_name().as_ref()))?;
            }
            _ => {}
        }
    }
}
