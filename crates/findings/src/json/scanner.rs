//! A pull scanner over JSON text (RFC 8259) in a sliding buffer.
//!
//! Values that are skipped are checked for balance, depth and complete strings only; values that are
//! taken are parsed strictly. Memory: the buffer, which grows to the largest value taken.

use std::{io::Read, ops::Range};

use memchr::{memchr_iter, memchr2, memrchr};
use serde::Deserialize;

use crate::{At, ImportError, Limits, source::read_error};

const BUFFER: usize = 256 << 10;
const BOM: &[u8] = b"\xef\xbb\xbf";

type Result<T> = std::result::Result<T, ImportError>;

/// Streaming view of one JSON text. Every callback must consume exactly the value it is given.
pub(crate) struct Scanner<'s> {
    reader: Box<dyn Read + 's>,
    format: &'static str,
    buffer: Vec<u8>,
    pos: usize,
    end: usize,
    /// Offset of `buffer[0]` in the text.
    base: u64,
    /// Line breaks before `buffer[0]`, and the offset of the line that `buffer[0]` is on.
    lines: u64,
    line_start: u64,
    level: u32,
    depth: u32,
    largest: usize,
}

impl<'s> Scanner<'s> {
    /// Scans what `reader` yields; `format` is named in errors.
    pub(crate) fn new(reader: Box<dyn Read + 's>, format: &'static str, limits: &Limits) -> Result<Self> {
        let mut scanner = Self {
            reader,
            format,
            buffer: vec![0; BUFFER],
            pos: 0,
            end: 0,
            base: 0,
            lines: 0,
            line_start: 0,
            level: 0,
            depth: limits.depth,
            largest: limits.value,
        };
        while scanner.end < BOM.len() && scanner.refill(0)? > 0 {}
        if scanner.buffer[..scanner.end].starts_with(BOM) {
            scanner.pos = BOM.len();
        }
        Ok(scanner)
    }

    /// The current place.
    pub(crate) fn at(&self) -> At {
        self.place(self.pos)
    }

    fn place(&self, pos: usize) -> At {
        let before = &self.buffer[..pos.min(self.end)];
        let line_start = memrchr(b'\n', before).map_or(self.line_start, |n| self.base + n as u64 + 1);
        let offset = self.base + pos as u64;
        let breaks = memchr_iter(b'\n', before).count() as u64;
        At { offset, line: self.lines + breaks + 1, column: offset - line_start + 1 }
    }

    /// An error of the report's shape at the current place.
    pub(crate) fn wrong(&self, reason: impl Into<String>) -> ImportError {
        ImportError::WrongFormat { format: self.format, reason: reason.into(), at: self.at() }
    }

    /// The first byte of the next token, which is not consumed.
    pub(crate) fn peek(&mut self) -> Result<u8> {
        loop {
            let rest = &self.buffer[self.pos..self.end];
            if let Some(n) = rest.iter().position(|byte| !matches!(byte, b' ' | b'\n' | b'\r' | b'\t')) {
                self.pos += n;
                return Ok(self.buffer[self.pos]);
            }
            self.pos = self.end;
            if self.refill(self.end)? == 0 {
                let blank = self.level == 0;
                return Err(if blank {
                    ImportError::Empty
                } else {
                    ImportError::Truncated { at: self.at() }
                });
            }
        }
    }

    /// The next bytes, at most `most`, fewer only at the end; nothing is consumed.
    pub(crate) fn ahead(&mut self, most: usize) -> Result<&[u8]> {
        let most = most.min(BUFFER);
        while self.end - self.pos < most && self.refill(self.pos)? > 0 {}
        Ok(&self.buffer[self.pos..self.end.min(self.pos + most)])
    }

    /// Walks an object whose keys in `names` matter: `each` gets those, the rest is skipped.
    /// `null` counts as an empty object. A named key that comes twice is an error.
    pub(crate) fn fields(
        &mut self,
        names: &[&'static str],
        mut each: impl FnMut(&mut Self, &'static str) -> Result<()>,
    ) -> Result<()> {
        let mut seen = 0_u64;
        self.entries(|scanner, key| {
            let Some(n) = names.iter().position(|name| *name == key) else { return scanner.skip() };
            if seen & (1 << n) != 0 {
                return Err(ImportError::DuplicateKey { key: key.to_owned(), at: scanner.at() });
            }
            seen |= 1 << n;
            each(scanner, names[n])
        })
    }

    /// Walks all entries of an object. `null` counts as an empty one.
    pub(crate) fn entries(&mut self, mut each: impl FnMut(&mut Self, &str) -> Result<()>) -> Result<()> {
        if !self.enter(b'{', "an object")? {
            return Ok(());
        }
        if self.peek()? == b'}' {
            return self.leave();
        }
        loop {
            if self.peek()? != b'"' {
                return Err(self.wrong("a key in quotes was expected"));
            }
            let key: String = self.value()?;
            self.expect(b':', "a colon")?;
            each(self, &key)?;
            if !self.more(b'}')? {
                return Ok(());
            }
        }
    }

    /// Walks the elements of an array. `null` counts as an empty one.
    pub(crate) fn elements(&mut self, mut each: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        if !self.enter(b'[', "a list")? {
            return Ok(());
        }
        if self.peek()? == b']' {
            return self.leave();
        }
        loop {
            each(self)?;
            if !self.more(b']')? {
                return Ok(());
            }
        }
    }

    /// Takes one value.
    pub(crate) fn value<'a, T: Deserialize<'a>>(&'a mut self) -> Result<T> {
        let range = self.pass(true)?;
        let this: &'a Self = self;
        let start = range.start;
        serde_json::from_slice(&this.buffer[range]).map_err(|error| this.refuse(start, &error))
    }

    /// Moves over one value.
    pub(crate) fn skip(&mut self) -> Result<()> {
        self.pass(false).map(|_| ())
    }

    /// Checks that nothing but white space follows.
    pub(crate) fn finish(&mut self) -> Result<()> {
        match self.peek() {
            Err(ImportError::Empty) => Ok(()),
            Err(error) => Err(error),
            Ok(_) => Err(self.wrong("there is more text after the end of the report")),
        }
    }

    fn enter(&mut self, open: u8, what: &str) -> Result<bool> {
        let first = self.peek()?;
        if first == b'n' {
            let _: Option<()> = self.value()?;
            return Ok(false);
        }
        self.expect(open, what)?;
        self.level += 1;
        if self.level > self.depth {
            return Err(ImportError::TooDeep { limit: self.depth, at: self.at() });
        }
        Ok(true)
    }

    fn leave(&mut self) -> Result<()> {
        self.pos += 1;
        self.level -= 1;
        Ok(())
    }

    fn more(&mut self, close: u8) -> Result<bool> {
        match self.peek()? {
            b',' => {
                self.pos += 1;
                Ok(true)
            }
            byte if byte == close => self.leave().map(|()| false),
            _ => Err(self.wrong("a comma or the end of the list or object was expected")),
        }
    }

    fn expect(&mut self, byte: u8, what: &str) -> Result<()> {
        if self.peek()? != byte {
            return Err(self.wrong(format!("{what} was expected")));
        }
        self.pos += 1;
        Ok(())
    }

    /// Moves over one value; with `keep` its bytes stay in the buffer at the returned range.
    fn pass(&mut self, keep: bool) -> Result<Range<usize>> {
        match self.peek()? {
            b'"' | b'{' | b'[' => self.pass_nested(keep),
            b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => self.pass_literal(),
            _ => Err(self.wrong("this is not JSON")),
        }
    }

    fn pass_nested(&mut self, keep: bool) -> Result<Range<usize>> {
        let (mut start, mut at, mut depth, mut in_string) = (self.pos, self.pos, 0_u32, false);
        loop {
            // `at` stays on an unfinished escape; everything else up to `end` is done.
            let done = if in_string {
                self.string_end(&mut at, &mut in_string);
                !in_string && depth == 0
            } else {
                self.structure(&mut at, &mut depth, &mut in_string)?
            };
            if done {
                self.pos = at;
                return Ok(start..at);
            }
            if at == self.end || (in_string && at + 1 == self.end && self.buffer[at] == b'\\') {
                let from = if keep { start } else { at };
                if self.refill(from)? == 0 {
                    self.pos = self.end;
                    return Err(ImportError::Truncated { at: self.at() });
                }
                at -= from;
                start = start.saturating_sub(from);
            }
        }
    }

    /// Moves `at` behind the closing quote, to the end, or onto an escape whose next byte is missing.
    fn string_end(&self, at: &mut usize, in_string: &mut bool) {
        while *at < self.end {
            match memchr2(b'"', b'\\', &self.buffer[*at..self.end]) {
                None => *at = self.end,
                Some(n) if self.buffer[*at + n] == b'"' => {
                    *at += n + 1;
                    *in_string = false;
                    return;
                }
                Some(n) if *at + n + 1 == self.end => {
                    *at += n;
                    return;
                }
                Some(n) => *at += n + 2,
            }
        }
    }

    /// Moves over brackets until a string starts (`in_string`), the value ends (true) or the buffer.
    fn structure(&self, at: &mut usize, depth: &mut u32, in_string: &mut bool) -> Result<bool> {
        while *at < self.end {
            let byte = self.buffer[*at];
            *at += 1;
            match CLASS[usize::from(byte)] {
                PLAIN => {}
                QUOTE => {
                    *in_string = true;
                    return Ok(false);
                }
                OPEN => {
                    *depth += 1;
                    if self.level + *depth > self.depth {
                        return Err(ImportError::TooDeep { limit: self.depth, at: self.place(*at) });
                    }
                }
                _ => {
                    *depth -= 1;
                    if *depth == 0 {
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }

    fn pass_literal(&mut self) -> Result<Range<usize>> {
        let mut at = self.pos;
        loop {
            let rest = &self.buffer[at..self.end];
            let stop =
                rest.iter().position(|b| matches!(b, b',' | b']' | b'}' | b' ' | b'\n' | b'\r' | b'\t'));
            if let Some(n) = stop {
                let start = std::mem::replace(&mut self.pos, at + n);
                return Ok(start..self.pos);
            }
            at = self.end;
            let from = self.pos;
            self.pos = 0;
            let got = self.refill(from)?;
            at -= from;
            if got == 0 {
                if self.level > 0 {
                    self.pos = self.end;
                    return Err(ImportError::Truncated { at: self.at() });
                }
                self.pos = at;
                return Ok(0..at);
            }
        }
    }

    /// Forgets everything before `from` and reads more. Positions move down by `from`.
    fn refill(&mut self, from: usize) -> Result<usize> {
        let gone = &self.buffer[..from];
        self.lines += memchr_iter(b'\n', gone).count() as u64;
        if let Some(n) = memrchr(b'\n', gone) {
            self.line_start = self.base + n as u64 + 1;
        }
        self.buffer.copy_within(from..self.end, 0);
        self.base += from as u64;
        self.end -= from;
        self.pos = self.pos.saturating_sub(from);
        if self.end == self.buffer.len() {
            if self.end >= self.largest {
                return Err(ImportError::TooLarge { what: "one value", limit: self.largest as u64 });
            }
            self.buffer.resize((self.end * 2).min(self.largest), 0);
        }
        loop {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(got) => {
                    self.end += got;
                    return Ok(got);
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    return Err(ImportError::Truncated { at: self.place(self.end) });
                }
                Err(error) => return Err(read_error(error)),
            }
        }
    }

    fn refuse(&self, start: usize, error: &serde_json::Error) -> ImportError {
        let text = error.to_string();
        let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
        let mut pos = start;
        for _ in 1..error.line() {
            pos += memchr::memchr(b'\n', &self.buffer[pos..self.end]).map_or(0, |n| n + 1);
        }
        let at = self.place((pos + error.column().saturating_sub(1)).min(self.end));
        if let Some(key) = reason.strip_prefix("duplicate field ") {
            return ImportError::DuplicateKey { key: key.trim_matches('`').to_owned(), at };
        }
        if reason.starts_with("recursion limit") {
            return ImportError::TooDeep { limit: self.depth, at };
        }
        ImportError::WrongFormat { format: self.format, reason: reason.chars().take(200).collect(), at }
    }
}

const PLAIN: u8 = 0;
const QUOTE: u8 = 1;
const OPEN: u8 = 2;
const CLOSE: u8 = 3;
const CLASS: [u8; 256] = {
    let mut class = [PLAIN; 256];
    class[b'"' as usize] = QUOTE;
    class[b'{' as usize] = OPEN;
    class[b'[' as usize] = OPEN;
    class[b'}' as usize] = CLOSE;
    class[b']' as usize] = CLOSE;
    class
};

#[cfg(test)]
mod tests {
    use super::*;

    /// Yields one byte at a time, so that every token crosses a buffer border.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            buffer[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    fn list(text: &str) -> Result<Vec<serde_json::Value>> {
        let mut scanner = Scanner::new(Box::new(Drip(text.as_bytes())), "test", &Limits::default())?;
        let mut all = Vec::new();
        scanner.elements(|s| s.value().map(|value| all.push(value)))?;
        scanner.finish().map(|()| all)
    }

    #[test]
    fn elements_are_the_same_as_when_parsed_whole() {
        let text = "\u{feff} [1, -2.5e3 ,true,null,\"a\\\"]\\\\\",{\"k\":[{}, \"}\"]},[],\"\\u00e9é\"]\n";
        let whole: Vec<serde_json::Value> =
            serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap();
        assert_eq!(list(text).unwrap(), whole);
    }

    #[test]
    fn errors_say_what_and_where() {
        assert!(matches!(list(" \n"), Err(ImportError::Empty)));
        let truncated = list("[1,\n {\"a\":\"b");
        assert!(matches!(truncated, Err(ImportError::Truncated { at }) if at.line == 2 && at.offset == 12));
        let Err(ImportError::WrongFormat { at, .. }) = list("[1,\n  {\"a\" 1}]") else { panic!() };
        assert_eq!((at.line, at.column), (2, 8));
        assert!(matches!(list("[1] x"), Err(ImportError::WrongFormat { .. })));
        assert!(matches!(list(&"[".repeat(200)), Err(ImportError::TooDeep { .. })));
    }
}
