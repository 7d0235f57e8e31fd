//! The list of rules: one line per rule file. A test checks that no file is missing here.

use std::sync::LazyLock;

use crate::{RuleInfo, language, rule::Rule};

macro_rules! rules {
    ($language:literal: $($name:literal)*) => {
        ($language, &[$(($name, include_str!(concat!("../rules/", $language, "/", $name, ".yml")))),*])
    };
}

type Named = (&'static str, &'static str);

/// Language, then names and texts of its rules.
pub static TEXTS: &[(&str, &[Named])] = &[
    rules! { "python":
        "autoescape-off"
        "bind-all-interfaces"
        "code-injection"
        "command-injection"
        "csrf-off"
        "debug-mode"
        "hard-coded-credential"
        "insecure-cookie"
        "insecure-temp-file"
        "jwt-unverified"
        "log-injection"
        "loose-permissions"
        "open-redirect"
        "path-traversal"
        "permissive-cors"
        "sql-injection"
        "ssrf"
        "template-injection"
        "tls-verification-off"
        "unrestricted-upload"
        "unsafe-deserialization"
        "unsafe-yaml"
        "weak-cipher"
        "weak-hash"
        "weak-random"
        "xss-response"
        "xxe"
        "zip-slip"
    },
    rules! { "javascript":
        "code-injection"
        "command-injection"
        "dom-xss"
        "hard-coded-credential"
        "insecure-cookie"
        "jwt-unverified"
        "log-injection"
        "nosql-injection"
        "open-redirect"
        "path-traversal"
        "permissive-cors"
        "postmessage-any-origin"
        "prototype-pollution"
        "react-raw-html"
        "regex-injection"
        "sql-injection"
        "ssrf"
        "tls-verification-off"
        "unsafe-deserialization"
        "weak-cipher"
        "weak-hash"
        "weak-random"
        "xss-response"
    },
    rules! { "go":
        "command-injection"
        "hard-coded-credential"
        "open-redirect"
        "path-traversal"
        "permissive-cors"
        "request-command"
        "sql-injection"
        "ssrf"
        "tls-verification-off"
        "unescaped-template"
        "weak-crypto"
        "weak-random"
        "xss-response"
        "zip-slip"
    },
    rules! { "java":
        "code-injection"
        "command-injection"
        "csrf-off"
        "hard-coded-credential"
        "insecure-cookie"
        "open-redirect"
        "path-traversal"
        "sql-injection"
        "ssrf"
        "tls-verification-off"
        "unsafe-deserialization"
        "weak-crypto"
        "weak-random"
        "xss-response"
        "xxe"
    },
    rules! { "rust":
        "command-injection"
        "hard-coded-credential"
        "open-redirect"
        "path-traversal"
        "permissive-cors"
        "sql-injection"
        "ssrf"
        "tls-verification-off"
        "transmute"
        "unchecked-access"
        "uninitialized-memory"
        "weak-crypto"
        "xss-response"
    },
];

static RULES: LazyLock<Vec<Vec<Rule>>> = LazyLock::new(|| {
    let of = |language: &language::Language| {
        let texts = TEXTS.iter().find(|(name, _)| *name == language.grammar.name);
        let texts = texts.map(|(_, rules)| *rules).unwrap_or_default();
        // A test proves that every rule can be read, so none is lost here.
        texts.iter().filter_map(|(name, text)| Rule::parse(language, name, text).ok()).collect()
    };
    language::all().iter().map(of).collect()
});

static INFOS: LazyLock<Vec<RuleInfo>> =
    LazyLock::new(|| RULES.iter().flatten().map(|rule| rule.info.clone()).collect());

/// The rules of one language, by its position in [`language::all`].
pub fn of(language: usize) -> &'static [Rule] {
    RULES.get(language).map(Vec::as_slice).unwrap_or_default()
}

/// What all rules are.
pub fn infos() -> &'static [RuleInfo] {
    &INFOS
}
