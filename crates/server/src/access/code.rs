//! One-time codes (RFC 6238: SHA-1, six digits, thirty seconds, which is what every authenticator app does), and
//! recovery codes for when the phone is gone.

use aws_lc_rs::{constant_time::verify_slices_are_equal, hmac, rand};
use model::{Sha256, Timestamp};

use super::token::{NoRandom, base32};

/// Seconds of one step.
const STEP: i64 = 30;
/// Recovery codes of an account.
const RECOVERY: usize = 8;

/// A new secret of 160 bits, in base32 as apps take it.
pub(crate) fn secret() -> Result<String, NoRandom> {
    let mut random = [0; 20];
    rand::fill(&mut random).map_err(|_| NoRandom)?;
    Ok(base32(&random).to_uppercase())
}

/// What an app reads from a picture (Key URI format).
pub(crate) fn uri(account: &str, issuer: &str, secret: &str) -> String {
    let issuer = issuer.replace(['%', ':', '?', '&', '#', '/', ' '], "-");
    format!("otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}")
}

/// The step whose code this is, if it is one of now, the one before or the one after, and later than `last`: no
/// code works twice.
pub(crate) fn step(secret: &str, code: &str, now: Timestamp, last: i64) -> Option<i64> {
    let key = decode(secret)?;
    let digits = code.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect::<Vec<_>>();
    let current = now.as_second().div_euclid(STEP);
    // All three are compared, whichever fits.
    let fits = [current - 1, current, current + 1].map(|step| {
        let expected = format!("{:06}", at(&key, step));
        (step, verify_slices_are_equal(expected.as_bytes(), &digits).is_ok())
    });
    fits.into_iter().find(|(step, fits)| *fits && *step > last).map(|(step, _)| step)
}

/// RFC 4226 section 5.3.
fn at(key: &[u8], step: i64) -> u32 {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag[19] & 15);
    let word = u32::from_be_bytes([tag[offset] & 0x7f, tag[offset + 1], tag[offset + 2], tag[offset + 3]]);
    word % 1_000_000
}

/// RFC 4648 base32 without padding, in upper case.
fn decode(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for c in text.bytes() {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'2'..=b'7' => c - b'2' + 26,
            _ => return None,
        };
        bits = (bits << 5 | u32::from(value)) & 0xfff;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Some(bytes)
}

/// New recovery codes (80 bits each), and what is kept of them.
pub(crate) fn recovery() -> Result<(Vec<String>, Vec<Sha256>), NoRandom> {
    let mut codes = Vec::new();
    for _ in 0..RECOVERY {
        let mut random = [0; 10];
        rand::fill(&mut random).map_err(|_| NoRandom)?;
        let text = base32(&random);
        codes.push(format!("{}-{}-{}-{}", &text[..4], &text[4..8], &text[8..12], &text[12..]));
    }
    let digests = codes.iter().map(|code| recovery_digest(code)).collect();
    Ok((codes, digests))
}

/// What is kept of a recovery code.
pub(crate) fn recovery_digest(code: &str) -> Sha256 {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    Sha256::of(format!("recovery:{}", plain.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// RFC 6238 appendix B, the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let secret = base32(b"12345678901234567890").to_uppercase();
        for (second, code) in
            [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037")]
        {
            assert_eq!(step(&secret, code, moment(second), 0), Some(second / 30), "{second}");
        }
    }

    #[test]
    fn a_code_works_once_and_for_a_minute_or_so() {
        let secret = secret().unwrap();
        assert_eq!(secret.len(), 32);
        let key = decode(&secret).unwrap();
        let code = format!("{:06}", at(&key, 1000));
        assert_eq!(step(&secret, &code, moment(30_000), 0), Some(1000));
        assert_eq!(step(&secret, &code, moment(30_059), 0), Some(1000));
        assert_eq!(step(&secret, &code, moment(30_060), 0), None);
        assert_eq!(step(&secret, &code, moment(29_969), 0), None);
        assert_eq!(step(&secret, &code, moment(30_000), 1000), None, "not twice");
        for bad in ["", "12345", "abcdef", "１２３４５６"] {
            assert_eq!(step(&secret, bad, moment(30_000), 0), None);
        }
    }

    #[test]
    fn recovery_codes_are_read_however_they_are_typed() {
        let (codes, digests) = recovery().unwrap();
        assert_eq!((codes.len(), digests.len()), (8, 8));
        assert_eq!(recovery_digest(&codes[0].to_uppercase().replace('-', " ")), digests[0]);
        assert_ne!(recovery_digest(&codes[0]), digests[1]);
    }
}
