//! What shell commands and variable names in configuration give away.

use std::sync::OnceLock;

use regex::Regex;

use crate::secrets::is_placeholder;

fn cached(cell: &'static OnceLock<Option<Regex>>, pattern: &str) -> Option<&'static Regex> {
    cell.get_or_init(|| Regex::new(pattern).ok()).as_ref()
}

macro_rules! expression {
    ($(#[$doc:meta])* $name:ident, $pattern:expr) => {
        $(#[$doc])*
        pub fn $name(text: &str) -> bool {
            static CELL: OnceLock<Option<Regex>> = OnceLock::new();
            cached(&CELL, $pattern).is_some_and(|expression| expression.is_match(text))
        }
    };
}

expression! {
    /// A download that is executed unseen: `curl … | sh`, `bash <(curl …)`, `sh -c "$(curl …)"`.
    pipes_to_shell,
    r"(?s)\b(?:curl|wget)\b[^|;&\n]*\|\s*(?:sudo\s+(?:-\S+\s+)*)?(?:/\S*/)?(?:ba|z|da|k|a)?sh\b|\b(?:curl|wget)\b[^|;&\n]*\|\s*(?:sudo\s+)?(?:python3?|perl|ruby|node)\b|\b(?:ba|z|da)?sh\s+(?:-c\s+)?[^\n]*(?:<\(|\$\()\s*(?:curl|wget)\b"
}
expression! {
    /// Certificate checks switched off.
    ignores_certificates,
    r"\bcurl\b[^|;&\n]*\s(?:-[a-zA-Z]*k[a-zA-Z]*|--insecure)\b|\bwget\b[^|;&\n]*--no-check-certificate|--trusted-host\b|strict-ssl\s*[= ]\s*false|http\.sslVerify\s*[= ]\s*false|NODE_TLS_REJECT_UNAUTHORIZED\s*=\s*.?0"
}
expression! {
    /// A download without encryption.
    downloads_in_clear, r"\b(?:curl|wget)\b[^|;&\n]*\shttp://(?:[^l\s/]|l[^o\s/])"
}
expression! {
    /// `sudo` as a command.
    uses_sudo, r"(?:^|[;&|(\n])\s*sudo\s"
}
expression! {
    /// Write permission for everyone.
    opens_to_everyone, r"\bchmod\s+(?:-\S+\s+)*(?:0?777|[ao]*\+[rx]*w[rx]*|ugo\+rwx|o\+w)\b"
}
expression! {
    /// Packages without signature checks.
    skips_signatures, r"--allow-unauthenticated\b|--force-yes\b|--nogpgcheck\b|--allow-untrusted\b|--no-gpg-checks\b"
}
expression! {
    /// A variable name that holds a credential.
    secret_name,
    r"(?i)(?:^|_|-)(?:pass(?:wd|word|phrase)?|pwd|secret|token|credentials?|api_?key|access_?key|private_?key|auth_?key)(?:$|_(?:key|value|prod|production|base|access|root|admin)|[0-9]+$)"
}

/// Whether `name=value` puts a credential in clear text: a telling name and a value that is no reference.
pub fn is_literal_secret(name: &str, value: &str) -> bool {
    let value = value.trim().trim_matches(['"', '\'']);
    let plain = value.len() >= 4
        && !value.starts_with(['/', '$'])
        && !matches!(value, "true" | "false" | "null" | "none");
    plain && secret_name(name) && !is_placeholder(value.as_bytes())
}
