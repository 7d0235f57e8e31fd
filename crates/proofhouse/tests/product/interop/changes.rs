//! Every single-field corruption of a document: each field is left out, and changed in each way that its
//! form has.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

/// A document with one thing changed.
pub struct Change {
    /// Which field, and how; the same for fields that stand in one list.
    pub row: String,
    /// One of many changes of one kind, at every place of the field's bytes.
    pub sweep: bool,
    /// The document as it is now.
    pub document: Value,
}

/// All changes of `good`; of bytes, every `step`-th is changed.
pub fn changes(good: &Value, step: usize) -> Vec<Change> {
    let mut fields = Vec::new();
    walk(good, String::new(), &mut fields);
    let mut all = Vec::new();
    for pointer in fields {
        let row = |how: &str| format!("`{}`: {how}", shown(&pointer));
        all.push(Change { row: row("left out"), sweep: false, document: without(good, &pointer) });
        for (how, sweep, value) in ways(&pointer, good.pointer(&pointer).unwrap(), step) {
            let mut document = good.clone();
            *document.pointer_mut(&pointer).unwrap() = value;
            all.push(Change { row: row(how), sweep, document });
        }
    }
    all
}

/// The fields of a document by JSON pointer, outer ones first.
fn walk(value: &Value, pointer: String, out: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(n, value)| (n.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    if !pointer.is_empty() {
        out.push(pointer.clone());
    }
    for (key, value) in inner {
        walk(value, format!("{pointer}/{key}"), out);
    }
}

/// A pointer for readers: without the outermost word that nearly all share, and without positions in lists.
fn shown(pointer: &str) -> String {
    let mut text = String::new();
    for part in pointer.split('/').skip(1) {
        match part.parse::<u32>() {
            Ok(_) => text += "[]",
            Err(_) if text.is_empty() => text += part,
            Err(_) => text += &format!(".{part}"),
        }
    }
    text.strip_prefix("verificationMaterial.").unwrap_or(&text).to_owned()
}

/// The document without one field or one item of a list.
pub fn without(good: &Value, pointer: &str) -> Value {
    let mut document = good.clone();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(parent).unwrap() {
        Value::Object(map) => drop(map.remove(key)),
        Value::Array(list) => drop(list.remove(key.parse().unwrap())),
        _ => unreachable!("only objects and lists have fields"),
    }
    document
}

type Way = (&'static str, bool, Value);

fn ways(pointer: &str, value: &Value, step: usize) -> Vec<Way> {
    let name = pointer.rsplit('/').find(|part| part.parse::<u32>().is_err()).unwrap_or_default();
    match value {
        Value::Array(list) => vec![
            ("empty", false, Value::Array(Vec::new())),
            ("each twice", false, list.iter().chain(list).cloned().collect()),
        ],
        Value::Object(_) => vec![("empty", false, serde_json::json!({}))],
        Value::String(text) if name == "envelope" => checkpoint(text),
        Value::String(text) if text.parse::<u64>().is_ok() => number(text.parse().unwrap()),
        Value::String(text) if BYTES.contains(&name) => bytes(text, step),
        Value::String(text) => vec![
            ("another text", false, format!("x{text}").into()),
            ("empty", false, "".into()),
            ("a number", false, 7.into()),
        ],
        other => panic!("{pointer}: {other} is of a form that bundles do not have"),
    }
}

/// Fields whose text is base64 of bytes.
const BYTES: [&str; 11] = [
    "rawBytes",
    "signedTimestamp",
    "signature",
    "sig",
    "digest",
    "payload",
    "canonicalizedBody",
    "keyId",
    "rootHash",
    "hashes",
    "hint",
];

fn number(number: u64) -> Vec<Way> {
    vec![
        ("one more", false, (number + 1).to_string().into()),
        ("negative", false, "-1".into()),
        ("no number", false, "seven".into()),
        ("a number instead of text", false, number.into()),
    ]
}

fn bytes(text: &str, step: usize) -> Vec<Way> {
    let good = STANDARD.decode(text).unwrap();
    let encoded = |bytes: &[u8]| Value::from(STANDARD.encode(bytes));
    let mut ways = vec![
        ("empty", false, "".into()),
        ("last byte cut off", false, encoded(&good[..good.len() - 1])),
        ("a byte added", false, encoded(&[&good[..], &[0]].concat())),
        ("no base64", false, "*".into()),
    ];
    ways.extend((0..good.len()).step_by(step).map(|at| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        ("any byte changed", true, encoded(&bytes))
    }));
    ways
}

/// Changes of a signed note: origin, size, root, blank line, signatures.
fn checkpoint(text: &str) -> Vec<Way> {
    let lines: Vec<&str> = text.split('\n').collect();
    let with = |at: usize, line: String| {
        let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        lines[at] = line;
        Value::from(lines.join("\n"))
    };
    let (origin, signature) = (lines[0], lines[4]);
    let (name, blob) = signature.rsplit_once(' ').unwrap();
    let blob = STANDARD.decode(blob).unwrap();
    let signed = |at: usize| {
        let mut blob = blob.clone();
        blob[at] ^= 1;
        with(4, format!("{name} {}", STANDARD.encode(blob)))
    };
    let stranger = format!("\u{2014} stranger.example {}\n", STANDARD.encode([7; 68]));
    vec![
        ("another origin", false, with(0, format!("x{origin}"))),
        ("another tree size", false, with(1, format!("{}0", lines[1]))),
        ("another root", false, with(2, STANDARD.encode([7; 32]))),
        ("a line added", false, with(2, format!("{}\nmore", lines[2]))),
        ("another signer's name", false, with(4, signature.replace(origin, &format!("x{origin}")))),
        ("another key's number", false, signed(0)),
        ("another signature", false, signed(67)),
        ("no signature", false, with(4, String::new())),
        ("a stranger's signature added", false, format!("{text}{stranger}").into()),
        ("only a stranger's signature", false, with(4, stranger.trim_end().to_owned())),
        ("empty", false, "".into()),
    ]
}
