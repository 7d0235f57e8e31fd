//! Passwords: Argon2id (RFC 9106) with the parameters that OWASP's password storage advice names first (19 MiB, two
//! passes, one lane).

use std::sync::OnceLock;

use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _, password_hash::phc::PasswordHash};

use super::token::NoRandom;

/// Fewest characters. A second factor or not, short ones are guessed.
pub(crate) const SHORTEST: usize = 12;
/// Most bytes: hashing takes time.
pub(crate) const LONGEST: usize = 256;

/// Why a new password cannot be used, as a sentence for whoever chose it.
pub(crate) fn refuse(password: &str, account: &str) -> Option<&'static str> {
    let lower = password.to_lowercase();
    let distinct = password.chars().collect::<std::collections::BTreeSet<_>>().len();
    match () {
        () if password.chars().count() < SHORTEST => Some("A password has 12 characters or more."),
        () if password.len() > LONGEST => Some("A password has 256 bytes at most."),
        () if distinct < 5 => Some("This password repeats the same few characters."),
        () if lower.contains(account) || lower.contains("proofhouse") || lower.contains("password") => {
            Some("Your name and words that everybody tries first do not belong in a password.")
        }
        () => None,
    }
}

/// The hash in PHC form, with a fresh salt.
pub(crate) fn hash(password: &str) -> Result<String, NoRandom> {
    let mut salt = [0; 16];
    aws_lc_rs::rand::fill(&mut salt).map_err(|_| NoRandom)?;
    let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).map_err(|_| NoRandom)
}

/// Whether it is the password. Without a hash the same work is done, so that an answer's time does not tell whether
/// there is such an account.
pub(crate) fn verify(password: &str, hash: Option<&str>) -> bool {
    static NOBODY: OnceLock<String> = OnceLock::new();
    let nobody = NOBODY.get_or_init(|| self::hash("nobody has this one").unwrap_or_default());
    let fits = PasswordHash::new(hash.unwrap_or(nobody))
        .is_ok_and(|known| Argon2::default().verify_password(password.as_bytes(), &known).is_ok());
    fits && hash.is_some() && password.len() <= LONGEST
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_fits_and_the_hash_says_how_it_was_made() {
        let hash = hash("a long enough one").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, super::hash("a long enough one").unwrap());
        assert!(verify("a long enough one", Some(&hash)));
        assert!(!verify("a long enough onE", Some(&hash)) && !verify("nobody has this one", None));
        assert!(!verify("x", Some("not a hash")) && !verify("", Some("")));
    }

    #[test]
    fn passwords_that_are_tried_first_are_refused() {
        for bad in ["short", "aaaaaaaaaaaaaaaa", "ann-is-my-name", "Password12345!", &"x1y2z".repeat(60)] {
            assert!(refuse(bad, "ann").is_some(), "{bad}");
        }
        assert_eq!(refuse("correct horse battery", "ann"), None);
    }
}
