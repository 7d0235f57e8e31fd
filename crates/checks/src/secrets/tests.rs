//! Every rule finds its example, and no credential is in a report.

use super::*;
use crate::tree::MemoryTree;

/// Fills a template with repeatable noise.
fn fill(template: &str) -> String {
    let mut out = String::new();
    let mut state = 0x2545_f491_u32;
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        let end = at + rest[at..].find('}').unwrap();
        let (kind, count) = rest[at + 1..end].split_at(1);
        let alphabet = match (kind, count.parse::<usize>()) {
            ("P", _) => {
                out.push_str(&["PRIVATE", "KEY"].join(" "));
                rest = &rest[end + 1..];
                continue;
            }
            ("W", Ok(_)) => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
            ("H", Ok(_)) => "0123456789abcdef",
            ("D", Ok(_)) => "0123456789",
            ("U", Ok(_)) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
            ("L", Ok(_)) => "abcdefghijklmnopqrstuvwxyz0123456789",
            _ => {
                out.push('{');
                rest = &rest[at + 1..];
                continue;
            }
        };
        for _ in 0..count.parse().unwrap() {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let index = (state >> 16) as usize % alphabet.len();
            out.push(alphabet.as_bytes()[index].into());
        }
        rest = &rest[end + 1..];
    }
    out + rest
}

fn scan_one(path: &str, text: &str) -> ScanReport {
    scan(&MemoryTree::new([(path, text)]), &Options::default())
}

#[test]
fn every_rule_finds_its_example_and_only_itself() {
    let mut ids = std::collections::BTreeSet::new();
    for rule in RULES {
        assert!(ids.insert(rule.id), "{} twice", rule.id);
        assert!(rule.keywords.iter().all(|k| *k == k.to_ascii_lowercase()), "{}", rule.id);
        let text = fill(rule.example);
        let report = scan_one(".env.yaml", &format!("{text}\n"));
        let found: Vec<&str> = report.findings.iter().map(|f| f.rule.as_str()).collect();
        assert_eq!(found, [rule.id], "{text}");
    }
    assert!(RULES.len() >= 60);
}

#[test]
fn a_report_never_contains_the_credential() {
    for rule in RULES {
        let text = fill(rule.example);
        let json = serde_json::to_string(&scan_one(".env.yaml", &text)).unwrap();
        let longest = text.split(|c: char| !c.is_ascii_alphanumeric()).max_by_key(|w| w.len()).unwrap();
        assert!(!json.contains(longest), "{}: {json}", rule.id);
    }
}

#[test]
fn placeholders_references_and_code_are_not_credentials() {
    let harmless = [
        "password = \"changeme123\"",
        "password = os.environ[\"DB_PASSWORD_1\"]",
        "token = \"${{ secrets.TOKEN1 }}\"",
        "const tokenName = \"refresh-token\"",
        "url = \"https://user:password@host\".replace(\"password\", pw)",
        "aws_access_key_id = AKIAIOSFODNN7EXAMPLE",
        "secret_file: /run/secrets/db_1",
        "postgres://user:${PASSWORD}@db/app",
        "postgres://postgres:password@localhost/test",
        "https://deploy:x7Fk2pQ9@git.example.com/a",
        "const T = \"line_comment_token1\"; token = \"line_comment_token1\"",
        "def token(self, value1): return value1",
        r#"{"names":["tokens", "longFormattingTokensRegExp2", "incompatibleTokens","fullToken3"]}"#,
    ];
    for text in harmless {
        assert_eq!(scan_one("a.py", text).findings, [], "{text}");
        assert_eq!(scan_one("a.env", text).findings, [], "{text}");
    }
}

#[test]
fn allowed_excluded_binary_and_huge_files_are_counted() {
    let token = fill("ghp_{W36}");
    let allowed = format!("first\nx = '{token}' # proofhouse:allow-secret\n");
    let huge = vec![b'a'; LARGEST_FILE as usize + 1];
    let tree = MemoryTree::new([
        ("a.py", allowed.into_bytes()),
        ("b.bin", [b"\0\0".as_slice(), token.as_bytes()].concat()),
        ("c.txt", huge),
        ("vendor/d.py", token.clone().into_bytes()),
        ("e.txt", [b"\xff\xfe".to_vec(), token.encode_utf16().flat_map(u16::to_le_bytes).collect()].concat()),
    ]);
    let options = Options { exclude: vec!["vendor/**".into(), "[".into()] };
    let report = scan(&tree, &options);
    let skipped: Vec<_> = report.coverage.skipped.iter().map(|s| (s.what.as_str(), s.why.as_str())).collect();
    assert_eq!(skipped[0], ("a.py:2", "allowed by `proofhouse:allow-secret` on the line"));
    assert_eq!(skipped[1], ("b.bin", "binary"));
    assert!(skipped[2].1.starts_with("larger than"));
    assert_eq!(skipped[3], ("vendor/d.py", "excluded by configuration"));
    assert_eq!((report.coverage.seen, report.coverage.scanned), (5, 2));
    assert_eq!(report.coverage.errors.len(), 1);
    assert_eq!(report.findings.len(), 1, "the UTF-16 file is read");
}

#[test]
fn the_same_credential_keeps_its_identity_when_its_line_moves() {
    let token = fill("ghp_{W36}");
    let before = scan_one("a.txt", &token).findings;
    let after = scan_one("a.txt", &format!("\n\n  {token}\n")).findings;
    assert_eq!(before[0].id, after[0].id);
    assert_ne!(before[0].place.line(), after[0].place.line());
}

proptest::proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>, tail in "(password|token|://|eyJ|sig=)[ -~]{0,60}") {
        let mut all = tail.into_bytes();
        all.extend(bytes);
        let _ = scan(&MemoryTree::new([("a.env", all)]), &Options::default());
    }
}
