//! From the raw trace of a step to what its statement says: programs and destinations, each once.

use std::collections::BTreeMap;

use runner::{Cas, StepEvidence, TraceLevel};
use serde_json::{Value, json};

use crate::statements::Seen;

/// Most programs, destinations and files that a statement lists.
pub const MOST_PROCESSES: usize = 2000;
/// Largest raw trace that is read.
const LARGEST: u64 = 256 << 20;

/// Summarises what was observed of a step; `None` when it was not observed.
pub(super) fn seen(evidence: &StepEvidence, cas: &Cas) -> Option<Seen> {
    if evidence.trace_level == TraceLevel::None {
        return None;
    }
    let raw = evidence.trace.and_then(|digest| cas.get(&digest, LARGEST).ok());
    let log: Value = raw.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    let list = |name: &str| log[name].as_array().cloned().unwrap_or_default();
    let mut seen =
        Seen { dropped: log["dropped"].as_u64().unwrap_or(0) + evidence.egress.dropped, ..Seen::default() };
    seen.process =
        counted(list("exec").iter().map(|e| (e["path"].clone(), e["argv"].clone())), "path", "argv");
    seen.files =
        counted(list("opens").iter().map(|e| (e["path"].clone(), e["write"].clone())), "path", "write")
            .into_iter()
            .map(descriptor)
            .collect();
    seen.network = attempts(evidence);
    seen.network.extend(direct(&list("connect")));
    for entries in [&mut seen.process, &mut seen.files, &mut seen.network] {
        seen.dropped += entries.len().saturating_sub(MOST_PROCESSES) as u64;
        entries.truncate(MOST_PROCESSES);
    }
    Some(seen)
}

/// Each name once, with how often it occurred and its first further value.
fn counted(events: impl Iterator<Item = (Value, Value)>, name: &str, further: &str) -> Vec<Value> {
    let mut all: BTreeMap<String, (u64, Value)> = BTreeMap::new();
    for (key, value) in events {
        let entry = all.entry(key.as_str().unwrap_or_default().to_owned()).or_insert((0, value));
        entry.0 += 1;
    }
    all.into_iter()
        .map(|(key, (count, value))| json!({ name: key, "count": count, further: value }))
        .collect()
}

/// A file as a resource descriptor (in-toto `runtime-trace`).
fn descriptor(file: Value) -> Value {
    let path = file["path"].as_str().unwrap_or_default();
    let uri: String = format!("file://{}", escaped(path));
    json!({ "name": path, "uri": uri, "annotations": { "count": file["count"], "write": file["write"] } })
}

/// A path as the path of a URI (RFC 3986).
fn escaped(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    path.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// What went through the proxy, or was refused there.
fn attempts(evidence: &StepEvidence) -> Vec<Value> {
    let mut all: BTreeMap<(String, bool), Traffic> = BTreeMap::new();
    for attempt in &evidence.egress.attempts {
        let key = (format!("{}:{}", attempt.host, attempt.port), attempt.allowed);
        let traffic = all.entry(key).or_default();
        traffic.count += 1;
        traffic.sent += attempt.sent;
        traffic.received += attempt.received;
        traffic.reason = traffic.reason.take().or_else(|| attempt.reason.clone());
    }
    let value = |((destination, allowed), traffic): (_, Traffic)| {
        json!({
            "destination": destination, "allowed": allowed, "count": traffic.count,
            "sent": traffic.sent, "received": traffic.received, "reason": traffic.reason,
        })
    };
    all.into_iter().map(value).collect()
}

/// What went to one destination.
#[derive(Default)]
struct Traffic {
    count: u64,
    sent: u64,
    received: u64,
    reason: Option<String>,
}

/// Attempts to connect without the proxy to anything but loopback: there is no way out, so they failed.
fn direct(connects: &[Value]) -> Vec<Value> {
    let outside = connects.iter().filter(|event| {
        let family = event["family"].as_str().unwrap_or_default();
        let address = event["address"].as_str().unwrap_or_default();
        matches!(family, "inet" | "inet6") && !address.starts_with("127.") && address != "::1"
    });
    let key = outside.map(|event| {
        let address = event["address"].as_str().unwrap_or_default();
        (json!(format!("{address}:{}", event["port"])), json!("no route without the proxy"))
    });
    let mut all = counted(key, "destination", "reason");
    all.iter_mut().for_each(|value| value["allowed"] = json!(false));
    all
}
