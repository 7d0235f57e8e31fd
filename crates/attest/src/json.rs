//! Foreign JSON, bounded: bytes, depth, and no key twice in one object.
//!
//! A key given twice is refused because two readers may pick different values of one signed text.

use std::{cell::RefCell, collections::HashSet, fmt};

use serde::{
    Deserializer,
    de::{DeserializeOwned, DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
};

/// Deepest nesting of arrays and objects that is read.
pub const MAX_DEPTH: usize = 64;

/// Why a JSON text was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonProblem {
    /// More bytes than allowed.
    #[error("{size} bytes, at most {limit} are read")]
    TooLarge {
        /// Bytes given.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Nested deeper than 64 levels.
    #[error("nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// One object has the same key twice.
    #[error("the key `{0}` is there twice")]
    DuplicateKey(String),
    /// Not JSON, or not of the expected shape.
    #[error("{0}")]
    Shape(String),
}

/// Reads `bytes` as `T` within the bounds. Unknown fields are up to `T`.
pub fn parse<T: DeserializeOwned>(bytes: &[u8], limit: usize) -> Result<T, JsonProblem> {
    check(bytes, limit)?;
    serde_json::from_slice(bytes).map_err(|error| JsonProblem::Shape(error.to_string()))
}

/// Valid JSON without the blanks between its tokens.
pub fn compact(text: &str) -> Vec<u8> {
    let (mut inside, mut escaped) = (false, false);
    let keep = |byte: &u8| {
        let blank = !inside && matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        inside ^= *byte == b'"' && !escaped;
        escaped = inside && *byte == b'\\' && !escaped;
        !blank
    };
    text.bytes().filter(keep).collect()
}

/// Walks `bytes` once without keeping anything.
pub fn check(bytes: &[u8], limit: usize) -> Result<(), JsonProblem> {
    if bytes.len() > limit {
        return Err(JsonProblem::TooLarge { size: bytes.len(), limit });
    }
    let problem = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let walked = Walk { depth: 0, problem: &problem }
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end())
        .map_err(|error| JsonProblem::Shape(error.to_string()));
    match problem.into_inner() {
        Some(found) => Err(found),
        None => walked,
    }
}

#[derive(Clone, Copy)]
struct Walk<'a> {
    depth: usize,
    problem: &'a RefCell<Option<JsonProblem>>,
}

impl Walk<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        match self.depth < MAX_DEPTH {
            true => Ok(Self { depth: self.depth + 1, ..self }),
            false => Err(self.refuse(JsonProblem::TooDeep)),
        }
    }

    fn refuse<E: Error>(self, problem: JsonProblem) -> E {
        let error = E::custom(&problem);
        self.problem.borrow_mut().get_or_insert(problem);
        error
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        while items.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let inner = self.deeper()?;
        let mut keys = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if keys.contains(&key) {
                return Err(self.refuse(JsonProblem::DuplicateKey(key)));
            }
            keys.insert(key);
            entries.next_value_seed(inner)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_kept_and_named() {
        assert_eq!(check(br#"{"a":[1,{"b":null}]}"#, 100), Ok(()));
        assert_eq!(check(b"[1]", 2), Err(JsonProblem::TooLarge { size: 3, limit: 2 }));
        let twice = br#"{"a":{"b":1,"\u0062":2}}"#;
        assert_eq!(check(twice, 100), Err(JsonProblem::DuplicateKey("b".into())));
        let deep = format!("{}1{}", "[".repeat(65), "]".repeat(65));
        assert_eq!(check(deep.as_bytes(), 1000), Err(JsonProblem::TooDeep));
        assert!(matches!(check(b"{} {}", 100), Err(JsonProblem::Shape(_))));
    }
}
