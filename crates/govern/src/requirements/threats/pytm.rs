//! What `pytm --json` writes: the whole model, with what it found in `findings`. The ids of findings are numbers in the
//! order of the moment; rule and element together stay the same.

use serde::Deserialize;

use super::{Raw, is_closed};

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    name: Option<String>,
    findings: Vec<Finding>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Finding {
    threat_id: Option<String>,
    target: Option<String>,
    description: Option<String>,
    severity: Option<String>,
    mitigations: Option<String>,
    response: Option<String>,
}

pub(super) fn read(text: &str) -> Result<(String, Vec<Raw>), String> {
    let file: File = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let all = file.findings.into_iter().map(|finding| {
        let (rule, target) = (finding.threat_id.unwrap_or_default(), finding.target.unwrap_or_default());
        // How the threat is dealt with: `mitigated`, `avoided`, `accepted`, `transferred`, with words after it.
        let response = finding.response.unwrap_or_default();
        let first = response.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        Raw {
            key: format!("{rule}@{target}"),
            title: finding.description.unwrap_or_default(),
            place: target,
            severity: finding.severity.unwrap_or_default(),
            mitigations: finding.mitigations.unwrap_or_default(),
            closed: is_closed(first),
            ..Raw::default()
        }
    });
    Ok((file.name.unwrap_or_default(), all.collect()))
}
