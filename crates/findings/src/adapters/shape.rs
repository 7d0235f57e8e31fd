//! What the beginning of a report looks like: enough to tell formats apart without parsing it.

use crate::{ImportError, json::Scanner};

/// Bytes in which an XML document names its first element; licences in comments may come before.
const XML_HEAD: usize = 16 << 10;

/// The outline of a report's first bytes: top-level keys, or the keys of a list's first element.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Whether it is a list.
    pub list: bool,
    /// Why it is not JSON with keys, where the reason is known.
    pub known: Option<&'static str>,
    /// Keys in order, as far as the beginning reaches.
    pub keys: Vec<String>,
}

impl Shape {
    /// Looks at a beginning; running out of bytes is normal here.
    ///
    /// # Errors
    /// [`ImportError::Empty`] and read errors; text that is not JSON has no keys.
    pub(crate) fn of(mut beginning: Scanner<'_>) -> Result<Self, ImportError> {
        let list = beginning.peek()? == b'[';
        let mut shape = Self { list, known: known(&mut beginning)?, keys: Vec::new() };
        let keys = &mut shape.keys;
        let mut collect = |scanner: &mut Scanner<'_>| {
            scanner.entries(|scanner, key| {
                keys.push(key.chars().take(60).collect());
                scanner.skip()
            })
        };
        let walked = if shape.list {
            let mut first = true;
            beginning.elements(|scanner| match std::mem::take(&mut first) {
                true if scanner.peek()? == b'{' => collect(scanner),
                _ => scanner.skip(),
            })
        } else if beginning.peek()? == b'{' {
            collect(&mut beginning)
        } else {
            Ok(())
        };
        match walked {
            Err(
                e @ (ImportError::Unreadable(_) | ImportError::Bomb { .. } | ImportError::TooLarge { .. }),
            ) => Err(e),
            _ => Ok(shape),
        }
    }

    /// Whether it is an object with all of these keys.
    pub(crate) fn object(&self, keys: &[&str]) -> bool {
        !self.list && self.has(keys)
    }

    /// Whether it is a list whose first element has all of these keys.
    pub(crate) fn list_of(&self, keys: &[&str]) -> bool {
        self.list && self.has(keys)
    }

    fn has(&self, keys: &[&str]) -> bool {
        keys.iter().all(|key| self.keys.iter().any(|k| k == key))
    }

    /// One phrase for people.
    pub(crate) fn describe(&self) -> String {
        if let Some(known) = self.known {
            return known.into();
        }
        let what = if self.list { "a list" } else { "a document" };
        match self.keys.as_slice() {
            [] if self.list => EMPTY_LIST.into(),
            [] => "it is not a JSON document with keys".into(),
            keys => format!("{what} with the keys {}", keys[..keys.len().min(6)].join(", ")),
        }
    }
}

const EMPTY_LIST: &str =
    "an empty list could come from several scanners; name the format with --report-format";
const NULL: &str =
    "`null` is how several scanners write that they found nothing; name the format with --report-format";
const XML: &str = "it is XML, and only JSON is read; let the scanner write JSON or SARIF";
const CYCLONEDX_XML: &str = "it is CycloneDX in XML, and only its JSON is read; let the scanner write JSON, or convert it: \
     cyclonedx convert --input-file bom.xml --output-file bom.json";

/// What else than JSON with keys people bring.
fn known(beginning: &mut Scanner<'_>) -> Result<Option<&'static str>, ImportError> {
    Ok(match beginning.peek()? {
        b'<' => Some(xml(beginning)?),
        b'n' if beginning.ahead(16)?.trim_ascii_end() == b"null" => Some(NULL),
        _ => None,
    })
}

/// What to do with a report in XML, by its name space.
pub(crate) fn xml(beginning: &mut Scanner<'_>) -> Result<&'static str, ImportError> {
    let text = String::from_utf8_lossy(beginning.ahead(XML_HEAD)?).into_owned();
    Ok(if text.contains("cyclonedx.org/schema/bom") { CYCLONEDX_XML } else { XML })
}
