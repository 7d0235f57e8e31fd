//! How random a text looks, and which texts are placeholders.

/// Shannon entropy of the bytes, in bits per byte.
pub fn shannon(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    bytes.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    let total = bytes.len() as f64;
    let used = counts.iter().filter(|count| **count > 0);
    used.map(|count| f64::from(*count) / total).map(|p| -p * p.log2()).sum()
}

/// Words that only stand where a credential would be.
const PLACEHOLDERS: &[&str] = &[
    "example",
    "changeme",
    "change-me",
    "change_me",
    "placeholder",
    "dummy",
    "your",
    "xxxx",
    "****",
    "....",
    "redacted",
    "sample",
    "insert",
    "replace",
    "todo",
    "fixme",
    "undefined",
    "notreal",
    "not-real",
    "fake",
    "process.env",
    "os.environ",
    "getenv",
    "environ[",
    "secrets.",
    "vault:",
    "ssm:",
    "arn:",
    "env.",
    "config.",
    "settings.",
    "params.",
    "request.",
    "self.",
    "this.",
];

/// Whether a value stands for "put yours here" or refers to one kept elsewhere.
pub fn is_placeholder(value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(value).to_ascii_lowercase();
    let reference = ["${", "{{", "<%", "$(", "%(", "#{"].iter().any(|mark| text.contains(mark));
    let enclosed =
        text.starts_with('<') && text.ends_with('>') || text.starts_with('%') && text.ends_with('%');
    let variable = text.starts_with('$');
    reference
        || enclosed
        || variable
        || PLACEHOLDERS.iter().any(|word| text.contains(word))
        || is_monotone(value)
}

/// One repeated character, or a run like `123456` or `abcdef`.
fn is_monotone(value: &[u8]) -> bool {
    let all = |step: i16| value.windows(2).all(|pair| i16::from(pair[1]) - i16::from(pair[0]) == step);
    value.len() > 1 && (all(0) || all(1) || all(-1))
}

/// Words that stand for a password in an address, or are the default of a local service.
const COMMON_WORDS: &[&str] = &[
    "pass",
    "passwd",
    "password",
    "pwd",
    "pw",
    "secret",
    "user",
    "username",
    "root",
    "admin",
    "guest",
    "test",
    "postgres",
    "mysql",
    "redis",
    "mypass",
    "mypassword",
    "foo",
    "bar",
    "baz",
];

/// Whether the password of an address is one of the words that documentation and local services use.
pub fn is_common_word(value: &[u8]) -> bool {
    COMMON_WORDS.iter().any(|word| value.eq_ignore_ascii_case(word.as_bytes()))
}

/// Whether what follows a password in an address is a host that only documentation uses (RFC 2606).
pub fn is_documentation_host(after: &[u8]) -> bool {
    let text = String::from_utf8_lossy(after).to_ascii_lowercase();
    let host = text
        .trim_start_matches('@')
        .split(['/', ':', '?', '#', '"', '\'', ' ', '\n'])
        .next()
        .unwrap_or_default();
    let names = ["example.com", "example.org", "example.net", "example"];
    names.iter().any(|name| host == *name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.')))
}

/// A name in code rather than a value: words joined by `_` or `-`, one of them a word of our own.
fn is_identifier(text: &str) -> bool {
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.:".contains(&b));
    let lower = text.to_ascii_lowercase();
    let own = ["token", "secret", "password", "passwd", "credential", "key"]
        .iter()
        .any(|word| lower.contains(word));
    plain && own && text.contains(['_', '-', '.', ':'])
}

/// A name such as `longTokenNames2`: words of letters, of which all but the first begin with a capital.
pub fn is_camel_case(value: &[u8]) -> bool {
    let letters = value.trim_ascii().iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let (letters, rest) = value.split_at(letters);
    let capitals = letters.iter().filter(|b| b.is_ascii_uppercase()).count();
    let number = rest.len() <= 2 && rest.iter().all(u8::is_ascii_digit);
    number && letters.first().is_some_and(u8::is_ascii_lowercase) && letters.len() >= 4 * capitals
}

/// Whether an assigned value could be a password or token rather than a name, path, address or code.
pub fn could_be_secret(value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(value);
    let code = text.contains(['(', ')', '{', '}', '[', ']', '<', '>', ';', ',', '|', '\\']);
    let path = text.starts_with(['/', '.', '~'])
        || text.contains("://")
        || text.contains('/') && (text.len() < 32 || shannon(value) < 4.0);
    let digit = text.bytes().any(|b| b.is_ascii_digit());
    let symbol = text.bytes().any(|b| b"!@#$%^&*+=?".contains(&b));
    let lower = text.bytes().any(|b| b.is_ascii_lowercase());
    let mixed = lower && text.bytes().any(|b| b.is_ascii_uppercase());
    let letter = lower || text.bytes().any(|b| b.is_ascii_uppercase());
    !code && !path && !is_identifier(&text) && letter && (digit || symbol || mixed && text.len() >= 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_and_placeholders() {
        assert_eq!(shannon(b"aaaa"), 0.0);
        assert_eq!(shannon(b"abcd"), 2.0);
        for value in
            ["changeme123", "${DB_PASSWORD}", "<password>", "aaaaaaaa", "12345678", "os.environ['X1']"]
        {
            assert!(is_placeholder(value.as_bytes()), "{value}");
        }
        assert!(!could_be_secret(b"refresh-token-name"));
        assert!(!could_be_secret(b"/run/secrets/db1"));
        assert!(!could_be_secret(b"line_comment_token1"));
        assert!(!could_be_secret(b"tests/ed25519_key.p8"));
        assert!(
            is_documentation_host(b"@db.example.com:5432/x") && !is_documentation_host(b"@myexample.com")
        );
        assert!(could_be_secret(b"hunter2hunter2"));
        assert!(is_camel_case(b"useAdditionalWeekTokens") && is_camel_case(b"fullToken3"));
        assert!(!is_camel_case(b"aXbYcZdWeVfUgThS") && !is_camel_case(b"hunter2hunter2"));
    }
}
