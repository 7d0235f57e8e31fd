//! Good bundles, and such as lack a part. The only file of these tests that knows where bundles come from.

use std::path::Path;

use serde_json::Value;

use super::{Good, Kind, Who};

/// What the verifiers are asked about.
pub struct Minted {
    /// One of each kind, all of one organisation: the same trusted root, log and artifact; those with a
    /// certificate of one identity, those with a key of one key.
    pub good: Vec<Good>,
    /// Bundles that lack a part: kind, what is missing, the document.
    pub lacking: Vec<(Kind, &'static str, Value)>,
}

/// Makes them in `_dir`; `None` where they cannot be had.
pub fn mint(_dir: &Path) -> Option<Minted> {
    let folder = crate::foreign::vectors()?;
    let json =
        |name: &str| -> Value { serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap() };
    let mut minted = Minted { good: Vec::new(), lacking: Vec::new() };
    for kind in Kind::ALL {
        let name = |part: &str| {
            let (who, form) =
                (["key", "ca"][usize::from(kind.certificate)], ["msg", "dsse"][usize::from(kind.statement)]);
            format!("b-{who}-{form}-{part}.json")
        };
        minted.good.push(Good {
            kind,
            bundle: json(&name("full")),
            artifact: folder.join("artifact.bin"),
            root: json("trusted_root.json"),
            who: who(kind, &folder, &json("meta.json")),
        });
        let parts = [
            ("nosct", "no certificate transparency"),
            ("notlog", "no log entry"),
            ("notsa", "no time-stamp"),
            ("sigonly", "neither log entry nor time-stamp"),
        ];
        for (part, lacks) in parts {
            if folder.join(name(part)).exists() {
                minted.lacking.push((kind, lacks, json(&name(part))));
            }
        }
    }
    Some(minted)
}

fn who(kind: Kind, folder: &Path, meta: &Value) -> Who {
    let text = |name: &str| meta[name].as_str().unwrap().to_owned();
    match kind.certificate {
        true => Who::Identity { identity: text("san"), issuer: text("issuer") },
        false => Who::Key(std::fs::read_to_string(folder.join("org.pub")).unwrap()),
    }
}
