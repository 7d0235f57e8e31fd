//! Keeping secrets out of logs and outputs: every occurrence is replaced, also one that is split
//! between two reads, also in the usual encodings (base64 in any alignment, hex, percent, JSON).

use std::{collections::BTreeSet, fmt::Write as _};

use aho_corasick::{AhoCorasick, MatchKind};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use model::{Exit, UserError};

use crate::spec::Secret;

/// What stands in a log where a secret was.
pub const MASK: &[u8] = b"***";
/// A shorter secret cannot be told from ordinary text.
pub const SHORTEST: usize = 4;
/// A longer one is a file, not a secret.
pub const LONGEST: usize = 64 << 10;
/// Encoded forms shorter than this would match ordinary text.
const SHORTEST_ENCODED: usize = 8;

/// A secret that cannot be guarded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Too short to be masked without shredding the log.
    #[error("the secret `{0}` is shorter than {SHORTEST} bytes, so it cannot be kept out of logs")]
    TooShort(String),
    /// Too long to be searched for.
    #[error("the secret `{0}` is longer than {LONGEST} bytes")]
    TooLong(String),
    /// A variable cannot hold it, or its name is not one.
    #[error("the secret `{0}` cannot be given as a variable: a NUL byte, or `=` in its name")]
    NotAVariable(String),
    /// The search could not be prepared.
    #[error("cannot prepare the search for secrets: {0}")]
    Search(String),
}

impl UserError for SecretError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooShort(_) => "secret-too-short",
            Self::TooLong(_) => "secret-too-long",
            Self::NotAVariable(_) => "secret-not-a-variable",
            Self::Search(_) => "secret-search",
        }
    }

    fn hint(&self) -> Option<String> {
        matches!(self, Self::TooShort(_)).then(|| "use a longer secret".to_owned())
    }

    fn exit(&self) -> Exit {
        Exit::Input
    }
}

/// Finds a set of secrets. Shared; each stream has its own [`Stream`] or [`Search`].
#[derive(Clone, Debug, Default)]
pub struct Masker {
    names: Vec<String>,
    /// Secret index of each pattern.
    owners: Vec<usize>,
    patterns: Vec<Vec<u8>>,
    longest: usize,
    automaton: Option<AhoCorasick>,
}

impl Masker {
    /// Prepares the search for `secrets` in all their forms.
    ///
    /// # Errors
    /// [`SecretError`] for a secret that cannot be guarded.
    pub fn new(secrets: &[Secret]) -> Result<Self, SecretError> {
        let mut masker = Self::default();
        for (index, secret) in secrets.iter().enumerate() {
            check(secret)?;
            masker.names.push(secret.name.clone());
            for form in forms(&secret.value) {
                masker.longest = masker.longest.max(form.len());
                masker.patterns.push(form);
                masker.owners.push(index);
            }
        }
        if !masker.patterns.is_empty() {
            let automaton =
                AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&masker.patterns);
            masker.automaton = Some(automaton.map_err(|error| SecretError::Search(error.to_string()))?);
        }
        Ok(masker)
    }

    /// A replacing stream.
    pub fn stream(&self) -> Stream<'_> {
        Stream { masker: self, held: Vec::new(), found: BTreeSet::new() }
    }

    /// A search that only says whether something was found.
    pub fn search(&self) -> Search<'_> {
        Search { stream: self.stream() }
    }

    /// `text` with every secret replaced, also one whose end was cut off. For facts that were
    /// observed from outside (arguments, names), where a secret is no leak but must not be kept.
    pub fn text(&self, text: &str) -> String {
        let mut stream = self.stream();
        let mut shown = stream.feed(text.as_bytes());
        shown.extend(if stream.held.len() < SHORTEST { stream.finish() } else { MASK.to_vec() });
        String::from_utf8_lossy(&shown).into_owned()
    }

    /// The earliest place at or after `from` where a secret may begin that `text` cuts off.
    fn cut_off(&self, text: &[u8], from: usize) -> usize {
        let first = from.max((text.len() + 1).saturating_sub(self.longest));
        (first..text.len())
            .find(|at| {
                let tail = &text[*at..];
                self.patterns.iter().any(|pattern| pattern.len() > tail.len() && pattern.starts_with(tail))
            })
            .unwrap_or(text.len())
    }
}

fn check(secret: &Secret) -> Result<(), SecretError> {
    let name = || secret.name.clone();
    if secret.value.len() < SHORTEST {
        return Err(SecretError::TooShort(name()));
    }
    if secret.value.len() > LONGEST {
        return Err(SecretError::TooLong(name()));
    }
    if secret.name.is_empty() || secret.name.contains(['=', '\0']) || secret.value.contains(&0) {
        return Err(SecretError::NotAVariable(name()));
    }
    Ok(())
}

/// The secret as it is, without surrounding white space, and encoded.
fn forms(value: &[u8]) -> BTreeSet<Vec<u8>> {
    let mut forms = BTreeSet::new();
    for value in [value, value.trim_ascii()] {
        if value.len() < SHORTEST {
            continue;
        }
        forms.insert(value.to_vec());
        let encoded = base64_forms(value).into_iter().chain([hex(value), hex(value).to_ascii_uppercase()]);
        let escaped = [percent(value), json(value)];
        forms.extend(encoded.chain(escaped).filter(|form| form.len() >= SHORTEST_ENCODED));
    }
    forms
}

/// Base64 of the secret behind 0, 1 or 2 other bytes: the digits that depend on the secret alone.
fn base64_forms(value: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = Vec::new();
    for before in 0..3usize {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(value);
        let first = (before * 8).div_ceil(6);
        let last = bytes.len() * 8 / 6;
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            forms.push(engine.encode(&bytes).as_bytes()[first..last].to_vec());
        }
    }
    forms
}

fn hex(value: &[u8]) -> Vec<u8> {
    let mut text = String::new();
    for byte in value {
        let _ = write!(text, "{byte:02x}");
    }
    text.into_bytes()
}

fn percent(value: &[u8]) -> Vec<u8> {
    let mut text = String::new();
    for byte in value {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            text.push(char::from(*byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text.into_bytes()
}

fn json(value: &[u8]) -> Vec<u8> {
    let quoted = serde_json::to_string(&String::from_utf8_lossy(value)).unwrap_or_default();
    quoted.trim_matches('"').as_bytes().to_vec()
}

/// Bytes shown to people: printable ASCII as it is, everything else as `\xNN`.
pub fn escape_bytes(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

/// Replaces secrets in a stream. What may be the start of one is held back until more comes.
#[derive(Debug)]
pub struct Stream<'a> {
    masker: &'a Masker,
    held: Vec<u8>,
    found: BTreeSet<usize>,
}

impl Stream<'_> {
    /// Takes a chunk; gives what can be shown, with secrets replaced.
    pub fn feed(&mut self, chunk: &[u8]) -> Vec<u8> {
        if self.masker.automaton.is_none() {
            return chunk.to_vec();
        }
        let mut text = std::mem::take(&mut self.held);
        text.extend_from_slice(chunk);
        let mut shown = Vec::with_capacity(text.len());
        let rest = self.replace(&text, &mut shown, false);
        self.held = text.split_off(rest);
        shown
    }

    /// Gives what was held back; the stream is at its end.
    pub fn finish(&mut self) -> Vec<u8> {
        let text = std::mem::take(&mut self.held);
        let mut shown = Vec::new();
        self.replace(&text, &mut shown, true);
        shown
    }

    /// Names of the secrets found so far.
    pub fn found(&self) -> impl Iterator<Item = &str> {
        self.found.iter().map(|index| self.masker.names[*index].as_str())
    }

    /// Returns where the held-back rest begins.
    fn replace(&mut self, text: &[u8], shown: &mut Vec<u8>, at_end: bool) -> usize {
        let Some(automaton) = &self.masker.automaton else { return text.len() };
        let mut at = 0;
        loop {
            let held = if at_end { text.len() } else { self.masker.cut_off(text, at) };
            let next = automaton.find(aho_corasick::Input::new(text).range(at..));
            match next.filter(|found| found.start() < held) {
                Some(found) => {
                    shown.extend_from_slice(&text[at..found.start()]);
                    shown.extend_from_slice(MASK);
                    self.found.insert(self.masker.owners[found.pattern().as_usize()]);
                    at = found.end();
                }
                None => {
                    shown.extend_from_slice(&text[at..held]);
                    return held;
                }
            }
        }
    }
}

/// Looks for secrets in a stream without keeping it.
#[derive(Debug)]
pub struct Search<'a> {
    stream: Stream<'a>,
}

impl Search<'_> {
    /// Takes a chunk.
    pub fn feed(&mut self, chunk: &[u8]) {
        if self.stream.masker.automaton.is_some() {
            self.stream.feed(chunk);
        }
    }

    /// Name of a secret found, if any; call at the end.
    pub fn found(&mut self) -> Option<&str> {
        self.stream.finish();
        self.stream.found().next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(secrets: &[&str], chunks: &[&[u8]]) -> (String, Vec<String>) {
        let secrets: Vec<Secret> = secrets.iter().map(|s| Secret::new(format!("S_{s}"), *s)).collect();
        let masker = Masker::new(&secrets).unwrap();
        let mut stream = masker.stream();
        let mut shown: Vec<u8> = chunks.iter().flat_map(|chunk| stream.feed(chunk)).collect();
        shown.extend(stream.finish());
        (String::from_utf8(shown).unwrap(), stream.found().map(str::to_owned).collect())
    }

    #[test]
    fn a_secret_is_replaced_wherever_the_chunks_are_cut() {
        let text = b"token=hunter2-long; again hunter2-longhunter2-long.";
        for cut in 0..text.len() {
            let (shown, found) = masked(&["hunter2-long"], &[&text[..cut], &text[cut..]]);
            assert_eq!(shown, "token=***; again ******.", "cut at {cut}");
            assert_eq!(found, ["S_hunter2-long"]);
        }
        let single: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(masked(&["hunter2-long"], &single).0, "token=***; again ******.");
    }

    #[test]
    fn encoded_forms_are_replaced_too() {
        let secret = "correct horse/battery+staple";
        for before in ["", "x", "xy", "xyz"] {
            let encoded = STANDARD_NO_PAD.encode(format!("{before}{secret}:tail"));
            let (shown, found) = masked(&[secret], &[encoded.as_bytes()]);
            assert!(shown.contains("***") && found.len() == 1, "{before:?}: {shown}");
        }
        for form in [hex(secret.as_bytes()), percent(secret.as_bytes())] {
            assert_eq!(masked(&[secret], &[&form]).0, "***");
        }
    }

    #[test]
    fn the_longer_of_two_secrets_with_a_common_start_is_never_shown_in_part() {
        let secrets = ["abcdef", "abcdef-and-more"];
        assert_eq!(masked(&secrets, &[b"1 abcdef", b"-and-more 2"]).0, "1 *** 2");
        assert_eq!(masked(&secrets, &[b"1 abcdef", b"-and-less 2"]).0, "1 ***-and-less 2");
    }

    #[test]
    fn observed_text_hides_a_secret_that_was_cut_off() {
        let masker = Masker::new(&[Secret::new("S", "hunter2-long")]).unwrap();
        assert_eq!(masker.text("Bearer hunter2-long!"), "Bearer ***!");
        assert_eq!(masker.text("Bearer hunter2-l"), "Bearer ***");
        assert_eq!(masker.text("in the h"), "in the h");
    }

    #[test]
    fn ordinary_text_is_not_held_back() {
        let masker = Masker::new(&[Secret::new("S", "hunter2")]).unwrap();
        assert_eq!(masker.stream().feed(b"all good\n"), b"all good\n");
        assert_eq!(masker.stream().feed(b"in the h"), b"in the ");
    }

    #[test]
    fn secrets_that_cannot_be_guarded_are_refused() {
        let refused = |value: &str| Masker::new(&[Secret::new("S", value)]).unwrap_err().code();
        assert_eq!(refused("abc"), "secret-too-short");
        assert_eq!(refused("ab\0cd"), "secret-not-a-variable");
        assert_eq!(refused(&"x".repeat(LONGEST + 1)), "secret-too-long");
    }

    proptest::proptest! {
        #[test]
        fn no_chunking_lets_a_secret_through(
            text in "[ab]{0,60}", cuts in proptest::collection::vec(0usize..60, 0..6),
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.sort_unstable();
            let mut chunks = Vec::new();
            let mut from = 0;
            for cut in cuts {
                chunks.push(&text.as_bytes()[from..cut]);
                from = cut;
            }
            chunks.push(&text.as_bytes()[from..]);
            let (shown, _) = masked(&["abba", "babab"], &chunks);
            proptest::prop_assert_eq!(&shown, &masked(&["abba", "babab"], &[text.as_bytes()]).0);
            proptest::prop_assert!(!shown.contains("abba") && !shown.contains("babab"));
        }
    }
}
