//! From a step's description to its Command and Action messages in canonical form.

use std::collections::BTreeMap;

use model::Digest;

use super::messages::{Action, Command, Duration, NameValue, Platform, encode};
use crate::spec::ActionSpec;

/// What the platform property `isolation` says; part of every action digest, so that a change of
/// the execution environment changes the digest.
const ISOLATION: &str = "proofhouse-sandbox-1";

/// An action with the blobs that describe it.
#[derive(Clone, Debug)]
pub struct BuiltAction {
    /// Digest of the Action message: the cache key.
    pub digest: Digest,
    /// Encoded Action.
    pub action: Vec<u8>,
    /// Digest of the Command message.
    pub command_digest: Digest,
    /// Encoded Command.
    pub command: Vec<u8>,
    /// The whole environment of the command without secrets, sorted by name.
    pub env: BTreeMap<String, String>,
}

/// Builds the canonical messages. Secrets enter by name only, never by value.
pub fn build(spec: &ActionSpec) -> BuiltAction {
    let env = spec.environment();
    let platform = platform(spec);
    let mut outputs = spec.outputs.clone();
    outputs.sort();
    outputs.dedup();
    let command = Command {
        arguments: spec.argv.clone(),
        environment_variables: env
            .iter()
            .map(|(name, value)| NameValue { name: name.clone(), value: value.clone() })
            .collect(),
        output_paths: outputs,
        platform: Some(platform.clone()),
        ..Command::default()
    };
    let (command_digest, command) = encode(&command);
    let action = Action {
        command_digest: Some(command_digest.into()),
        input_root_digest: Some(spec.inputs.into()),
        timeout: Some(Duration {
            seconds: i64::try_from(spec.timeout.as_secs()).unwrap_or(i64::MAX),
            nanos: i32::try_from(spec.timeout.subsec_nanos()).unwrap_or(0),
        }),
        do_not_cache: !spec.may_cache(),
        salt: Vec::new(),
        platform: Some(platform),
    };
    let (digest, action) = encode(&action);
    BuiltAction { digest, action, command_digest, command, env }
}

fn platform(spec: &ActionSpec) -> Platform {
    let machine = match std::env::consts::ARCH {
        "x86_64" => "x86-64",
        other => other,
    };
    let mut pairs = vec![
        ("ISA".to_owned(), machine.to_owned()),
        ("OSFamily".to_owned(), std::env::consts::OS.to_owned()),
        ("isolation".to_owned(), ISOLATION.to_owned()),
    ];
    pairs.extend(spec.network.iter().map(|rule| ("network".to_owned(), rule.to_string())));
    pairs.extend(spec.secrets.iter().map(|secret| ("secret".to_owned(), secret.name.clone())));
    for tool in &spec.tools {
        let mut inside: Vec<&str> = tool.binds.iter().map(|bind| bind.inside.as_str()).collect();
        inside.sort_unstable();
        let value = format!("{}@sha256:{} {}", tool.name, tool.digest, inside.join(" "));
        pairs.push(("tool".to_owned(), value));
    }
    pairs.sort();
    pairs.dedup();
    Platform { properties: pairs.into_iter().map(|(name, value)| NameValue { name, value }).collect() }
}
