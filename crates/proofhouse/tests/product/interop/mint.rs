//! Bundles that the binary made. The only file that knows where those of the table come from: from the folder
//! `minted`, so that the table stays the same, and from a new installation, so that it is true of the binary of
//! today.

use std::{fs, path::Path};

use serde_json::Value;

use super::{Good, Kind, Who};
use crate::support::{Site, free_port};

const HOST: &str = "proofhouse.example";
const PREDICATE: &str = "https://proofhouse.example/review/v1";
const ARTIFACT: &str = "app";
const ROOT: &str = "trusted_root.json";
const KEYS: &str = "keys.json";

/// One bundle of each kind and another one of it: by the same signer, about the same artifact.
const BUNDLES: [(Kind, [&str; 2], &str); 3] = [
    (
        Kind { certificate: true, statement: false },
        ["message-1.json", "message-2.json"],
        "https://proofhouse.example/shop/artifact",
    ),
    (
        Kind { certificate: true, statement: true },
        ["statement-1.json", "statement-2.json"],
        "https://proofhouse.example/shop/statement",
    ),
    (Kind { certificate: false, statement: true }, ["summary-1.json", "summary-2.json"], ""),
];

/// The committed bundles.
///
/// With `PROOFHOUSE_MINT=1` they are made anew before.
pub fn committed() -> Vec<Good> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/product/interop/minted");
    if std::env::var_os("PROOFHOUSE_MINT").is_some() {
        mint(&folder);
    }
    read(&folder)
}

/// Bundles of a new installation, kept in `folder`.
pub fn fresh(folder: &Path) -> Vec<Good> {
    mint(folder);
    read(folder)
}

/// The bundles in a folder, in the order of their kinds: all of one organisation, with the same trusted root,
/// log and artifact.
fn read(folder: &Path) -> Vec<Good> {
    let json = |name: &str| -> Value {
        let text = fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        serde_json::from_slice(&text).unwrap()
    };
    let key = &json(KEYS)[0];
    let text = |name: &str| key[name].as_str().unwrap().to_owned();
    let good = |(kind, [bundle, other], identity): (Kind, [&str; 2], &str)| Good {
        kind,
        bundle: json(bundle),
        other: json(other),
        artifact: folder.join(ARTIFACT),
        root: json(ROOT),
        who: match kind.certificate {
            true => Who::Identity { identity: identity.into(), issuer: format!("https://{HOST}") },
            false => Who::Key { pem: text("pem"), name: text("keyid") },
        },
    };
    BUNDLES.into_iter().map(good).collect()
}

/// Writes artifact, trusted root, key and bundles: a service of one file is built, deployed to two
/// environments, reviewed and signed in a new installation.
fn mint(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let site = Site::new();
    let ask = |arguments: &[&str]| site.proofhouse(arguments).expect(0);
    let keep = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    site.write(
        "app.sh",
        "#!/bin/sh\nexec python3 -m http.server --bind 127.0.0.1 --directory \"$2\" \"$1\"\n",
    );
    site.write("proofhouse.yaml", config());
    site.write(".gitignore", "dist/\n");
    site.commit("Service");
    ask(&["trust", "init", "--host", HOST, "--organisation", "Example"]);
    ask(&["run"]);
    ask(&["outputs", "--to", "."]);
    keep(ARTIFACT, &fs::read_to_string(site.project().join("dist/app")).unwrap());

    let [(_, messages, _), (_, statements, _), (_, summaries, _)] = BUNDLES;
    for (n, name) in messages.into_iter().enumerate() {
        let file = format!("dist/message-{n}");
        ask(&["sign", "dist/app", "--bundle", &file]);
        keep(name, &fs::read_to_string(site.project().join(file)).unwrap());
    }
    for (n, name) in statements.into_iter().enumerate() {
        keep(name, &reviewed(&site, n + 1));
    }
    for (environment, name) in ["staging", "production"].into_iter().zip(summaries) {
        ask(&["deploy", environment]);
        keep(name, &ask(&["gate", "vsa", "dist/app", "--environment", environment, "--bundle"]).out);
        ask(&["env", "stop", environment]);
    }
    keep(ROOT, &ask(&["trust", "root"]).out);
    keep(KEYS, &ask(&["trust", "key", "--format", "json"]).out);
}

/// A statement of a kind that nobody here knows, attested with the command that makes the artifact.
fn reviewed(site: &Site, times: usize) -> String {
    let (predicate, evidence) = ("dist/predicate.json", "dist/evidence.jsonl");
    site.write(predicate, format!("{{\"project\":\"shop\",\"reviewed\":{times}}}"));
    let options = ["attest", "--no-identity", "--output", "dist/app", "--to", evidence];
    let said = ["--predicate-type", PREDICATE, "--predicate", predicate];
    let command = ["--", "cp", "app.sh", "dist/app"];
    site.proofhouse(&[&options[..], &said, &command].concat()).expect(0);
    let all = fs::read_to_string(site.project().join(evidence)).unwrap();
    let about = |line: &&str| {
        let bundle = attest::Bundle::parse(line.as_bytes()).unwrap();
        bundle.content.statement().is_ok_and(|statement| statement.predicate_type == PREDICATE)
    };
    all.lines().find(about).map(|line| format!("{line}\n")).unwrap()
}

fn config() -> String {
    let environment = |name: &str| {
        format!(
            "  {name}: {{ driver: host, artifact: dist/app, run: ['{{artifact}}', '{{port}}', '{{data}}'], \
             port: {}, health: {{ path: / }}, dast: {{ enabled: false }} }}\n",
            free_port()
        )
    };
    format!(
        "version: 1
project: shop
scans: {{ sast: false, secrets: false, config: false, sca: false }}
steps:
  check: {{ kind: test, run: [/bin/true] }}
  build: {{ kind: build, run: 'mkdir -p dist && cp app.sh dist/app', outputs: [dist/app] }}
environments:
{}{}",
        environment("staging"),
        environment("production")
    )
}
