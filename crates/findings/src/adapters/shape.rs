//! What the beginning of a report looks like: enough to tell formats apart without parsing it.

use crate::{ImportError, json::Scanner};

/// The outline of a report's first bytes: top-level keys, or the keys of a list's first element.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Whether it is a list.
    pub list: bool,
    /// Keys in order, as far as the beginning reaches.
    pub keys: Vec<String>,
}

impl Shape {
    /// Looks at a beginning; running out of bytes is normal here.
    ///
    /// # Errors
    /// [`ImportError::Empty`] and read errors; text that is not JSON has no keys.
    pub(crate) fn of(mut beginning: Scanner<'_>) -> Result<Self, ImportError> {
        let mut shape = Self { list: beginning.peek()? == b'[', keys: Vec::new() };
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
        let what = if self.list { "a list" } else { "a document" };
        match self.keys.as_slice() {
            [] if self.list => "an empty list could come from several scanners; name the format".into(),
            [] => "it is not a JSON document with keys".into(),
            keys => format!("{what} with the keys {}", keys[..keys.len().min(6)].join(", ")),
        }
    }
}
