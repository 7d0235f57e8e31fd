//! Bundles that other tools made, where they are at hand: forms that ours does not make, and such as lack a part.

use std::fs;

use serde_json::Value;

use super::{
    Case, Good, Kind, Who, folder_of_run,
    judges::{self, Verdict},
    table::GOOD,
};

const LACKING: [(&str, &str); 4] = [
    ("nosct", "no certificate transparency"),
    ("notlog", "no log entry"),
    ("notsa", "no time-stamp"),
    ("sigonly", "neither log entry nor time-stamp"),
];

#[test]
fn bundles_of_other_tools_are_judged_alike() {
    let Some(folder) = crate::foreign::vectors() else { return };
    let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let json = |name: &str| -> Value { serde_json::from_str(&text(name)).unwrap() };
    let meta = json("meta.json");
    let mut cases: Vec<Case> = Vec::new();
    for (certificate, statement) in [(true, false), (true, true), (false, false), (false, true)] {
        let kind = Kind { certificate, statement };
        let (who, form) = (if certificate { "ca" } else { "key" }, if statement { "dsse" } else { "msg" });
        let name = |part: &str| format!("b-{who}-{form}-{part}.json");
        let said = |name: &str| meta[name].as_str().unwrap().to_owned();
        let good = Good {
            kind,
            bundle: json(&name("full")),
            other: Value::Null,
            artifact: folder.join("artifact.bin"),
            root: json("trusted_root.json"),
            who: match certificate {
                true => Who::Identity { identity: said("san"), issuer: said("issuer") },
                false => Who::Key { pem: text("org.pub"), name: String::new() },
            },
        };
        cases.push(good.case(GOOD));
        let lacking = LACKING.iter().filter(|(part, _)| folder.join(name(part)).exists());
        cases.extend(lacking.map(|(part, lacks)| good.changed(lacks, &json(&name(part)))));
    }
    let dir = folder_of_run();
    for judge in judges::judge(&cases, dir.path()) {
        for (case, verdict) in
            cases.iter().zip(&judge.verdicts).filter(|(case, _)| judge.understands(case.kind))
        {
            let stamp = case.row == "no time-stamp" && !case.kind.certificate;
            // A key that is given needs no time-stamp, but some want one; in-toto knows of neither.
            let expected =
                case.row == GOOD || judge.name == "in-toto" || stamp && judge.name != "@sigstore/verify";
            let told = format!("{}, {}: {}: {verdict:?}", judge.name, case.kind.title(), case.row);
            assert_eq!(*verdict == Verdict::Accepted, expected, "{told}");
        }
    }
}
