//! From the checked tree to typed values. Whatever the checker refused reads as its default here, so
//! that later checks can still look at the rest; a `Config` leaves the crate only when nothing was
//! refused.

mod environment;
mod fields;
mod requirements;
mod step;

use std::time::Duration;

use model::Technique;

use self::fields::Fields;
pub(crate) use self::requirements::requirements;
use crate::{
    config::{Config, Expect, Gate, Scans, Step, StepKind, Tool},
    globs::Globs,
    yaml::Node,
};

/// Reads the whole file.
pub(crate) fn config(text: &str, root: &Node) -> Config {
    let fields = Fields { text, node: root };
    let steps: Vec<Step> = fields.entries("steps").map(|entry| step::step(text, entry)).collect();
    let scans = scans(&fields.object("scans"));
    let gate = gate(&fields.object("gate"), &scans, &steps);
    Config {
        project: fields.text("project").unwrap_or_default(),
        catalogue: fields.text("catalogue").and_then(|path| crate::path::normalise_beside(&path).ok()),
        tools: fields.entries("tools").map(|entry| tool(text, entry)).collect(),
        environments: fields
            .entries("environments")
            .map(|entry| environment::environment(text, entry))
            .collect(),
        steps,
        scans,
        gate,
    }
}

fn tool(text: &str, entry: &crate::yaml::Entry) -> Tool {
    let fields = Fields { text, node: &entry.node };
    Tool {
        name: entry.key.clone(),
        provider: fields.text("provider").unwrap_or_else(|| "host".into()),
        command: fields.text("command").unwrap_or_default(),
        version: fields.text("version").and_then(|text| text.parse().ok()),
        paths: fields.texts("paths"),
        at: fields::position(text, entry),
    }
}

fn scans(fields: &Fields<'_>) -> Scans {
    Scans {
        sast: fields.flag("sast", true),
        secrets: fields.flag("secrets", true),
        sca: fields.flag("sca", true),
        config: fields.flag("config", true),
        sbom: fields.flag("sbom", true),
        exclude: fields.globs("exclude").unwrap_or_else(Globs::nothing),
    }
}

fn gate(fields: &Fields<'_>, scans: &Scans, steps: &[Step]) -> Gate {
    let expect = match fields.has("expect") {
        true => fields.texts("expect").iter().filter_map(|text| expectation(text)).collect(),
        false => usual_expectations(scans, steps),
    };
    Gate {
        expect,
        max_age: fields.duration("max-age").unwrap_or(Duration::from_secs(7 * 86_400)),
        manual_max_age: fields.duration("manual-max-age").unwrap_or(Duration::from_secs(365 * 86_400)),
        rules: fields.globs("rules").unwrap_or_else(Globs::nothing),
    }
}

fn expectation(text: &str) -> Option<Expect> {
    Some(match text.split_once(':') {
        None => match text {
            "provenance" => Expect::Provenance,
            "sbom" => Expect::Sbom,
            "test" => Expect::Test(None),
            "trace" => Expect::Trace,
            _ => return None,
        },
        Some(("test", step)) => Expect::Test(Some(step.to_owned())),
        Some(("scan", of)) => match Technique::from_name(of) {
            Some(technique) => Expect::Scan(technique),
            None => Expect::ScanStep(of.to_owned()),
        },
        Some(_) => return None,
    })
}

fn usual_expectations(scans: &Scans, steps: &[Step]) -> Vec<Expect> {
    let mut expect = vec![Expect::Provenance];
    expect.extend(scans.sbom.then_some(Expect::Sbom));
    expect.extend(steps.iter().any(|step| step.kind == StepKind::Test).then_some(Expect::Test(None)));
    expect.extend(Technique::ALL.into_iter().filter(|technique| scans.has(*technique)).map(Expect::Scan));
    expect
}
