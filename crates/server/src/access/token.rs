//! The form of secrets: `ph_` and 58 characters, the last six a checksum, so that secret scanners find
//! leaked tokens and a mistyped one is told from a revoked one.

use aws_lc_rs::rand;
use model::Sha256;

/// What every token starts with.
pub(crate) const PREFIX: &str = "ph_";
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// 32 random bytes in base32 without padding.
const BODY: usize = 52;
const CHECK: usize = 6;

/// No random bytes could be had from the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random bytes")]
pub struct NoRandom;

/// A new secret of 256 random bits.
pub(crate) fn generate() -> Result<String, NoRandom> {
    let mut random = [0; 32];
    rand::fill(&mut random).map_err(|_| NoRandom)?;
    let body = base32(&random);
    let check = checksum(&body);
    Ok(format!("{PREFIX}{body}{check}"))
}

/// Whether the text has the form of a token with a right checksum.
pub(crate) fn well_formed(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(PREFIX) else { return false };
    if rest.len() != BODY + CHECK || !rest.bytes().all(|byte| ALPHABET.contains(&byte)) {
        return false;
    }
    let (body, check) = rest.split_at(BODY);
    checksum(body) == check
}

/// What is kept of a token: with 256 random bits in it, a plain digest cannot be turned back.
pub(crate) fn digest(token: &str) -> Sha256 {
    Sha256::of(token)
}

fn checksum(body: &str) -> String {
    let mut check = base32(&Sha256::of(format!("{PREFIX}{body}")).0[..5]);
    check.truncate(CHECK);
    check
}

/// RFC 4648 base32 in lower case, without padding.
pub(super) fn base32(bytes: &[u8]) -> String {
    let mut out = String::new();
    let (mut bits, mut count) = (0_u32, 0);
    for byte in bytes {
        bits = bits << 8 | u32::from(*byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            out.push(char::from(ALPHABET[(bits >> count & 31) as usize]));
        }
        bits &= (1 << count) - 1;
    }
    if count > 0 {
        out.push(char::from(ALPHABET[(bits << (5 - count) & 31) as usize]));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_is_that_of_the_rfc() {
        assert_eq!(base32(b"foobar"), "mzxw6ytboi");
        assert_eq!(base32(b"fooba"), "mzxw6ytb");
    }

    #[test]
    fn tokens_are_well_formed_different_and_a_typing_error_is_noticed() {
        let token = generate().unwrap();
        assert!(well_formed(&token) && token.len() == 61);
        assert_ne!(token, generate().unwrap());
        for n in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[n] = if bytes[n] == b'q' { b'r' } else { b'q' };
            assert!(!well_formed(&String::from_utf8(bytes).unwrap()));
        }
        for bad in ["", "ph_", "ph_ü", &token[..60], &format!("{token}a"), &token.to_uppercase()] {
            assert!(!well_formed(bad));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_asked_about(text: String) {
            proptest::prop_assert!(!well_formed(&text));
            proptest::prop_assert!(!well_formed(&[PREFIX, &text].concat()));
        }
    }
}
