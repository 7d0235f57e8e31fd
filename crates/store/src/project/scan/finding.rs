//! One finding as a row, and what seeing it again does to the row that is already there.

use model::{Finding, Hasher, Place, Sha256, Timestamp, predicate::Scan};

use super::Stream;
use crate::db::{Value, micros};

pub(super) const COLUMNS: [&str; 25] = [
    "stream",
    "id",
    "project",
    "target",
    "technique",
    "scanner",
    "rule",
    "severity",
    "confidence",
    "title",
    "message",
    "cwe",
    "aliases",
    "place",
    "place_label",
    "fix",
    "help",
    "cvss",
    "motion",
    "status",
    "first_idx",
    "first_seen",
    "last_idx",
    "last_seen",
    "changed_idx",
];

/// A finding that the stream knows: the newest words, and the next state. Seen twice by the same scan
/// (equal `last_idx`) it keeps the state it already has.
pub(super) const SEEN: &str = "ON CONFLICT (stream, id) DO UPDATE SET \
    severity = excluded.severity, confidence = excluded.confidence, title = excluded.title, \
    message = excluded.message, cwe = excluded.cwe, aliases = excluded.aliases, place = excluded.place, \
    place_label = excluded.place_label, fix = excluded.fix, help = excluded.help, cvss = excluded.cvss, \
    motion = excluded.motion, \
    status = CASE WHEN findings.last_idx = excluded.last_idx THEN findings.status \
        WHEN findings.status = 'fixed' THEN 'reopened' ELSE 'existing' END, \
    changed_idx = CASE WHEN findings.last_idx = excluded.last_idx OR findings.status = 'existing' \
        THEN findings.changed_idx ELSE excluded.changed_idx END, \
    moved_to = NULL, last_idx = excluded.last_idx, last_seen = excluded.last_seen";

/// Makes rows of one scan.
pub(super) struct Rows {
    stream: u64,
    scan: u64,
    project: String,
    target: String,
    at: Timestamp,
}

impl Rows {
    pub(super) fn new(stream: &Stream, scan: &Scan) -> Self {
        Self {
            stream: stream.id,
            scan: stream.scan,
            project: scan.project.clone(),
            target: scan.target.stream.clone(),
            at: scan.ended,
        }
    }

    /// Adds the values of one row, in the order of [`COLUMNS`].
    pub(super) fn push(&self, finding: Finding, into: &mut Vec<Value>) {
        let motion = motion(&finding);
        let at = Value::from(micros(self.at));
        into.extend([
            self.stream.into(),
            finding.id.0.into(),
            (&self.project).into(),
            (&self.target).into(),
            finding.technique.name().into(),
            finding.scanner.into(),
            finding.rule.into(),
            (finding.severity as i64).into(),
            confidence(finding.confidence).into(),
            finding.title.into(),
            finding.message.into(),
            Value::json(&finding.cwe),
            Value::json(&finding.aliases),
            Value::json(&finding.place),
            finding.place.label().into(),
            Value::maybe(finding.fix),
            Value::maybe(finding.help),
            Value::maybe(finding.cvss),
            Value::maybe(motion.map(|hash| hash.hex())),
            "new".into(),
            self.scan.into(),
            at.clone(),
            self.scan.into(),
            at,
            self.scan.into(),
        ]);
    }
}

fn confidence(confidence: model::Confidence) -> &'static str {
    match confidence {
        model::Confidence::Low => "low",
        model::Confidence::Medium => "medium",
        model::Confidence::High => "high",
    }
}

/// What stays the same when code moves to another place: the rule and the code itself (or, when the
/// scanner gives no code, the function), or the secret. `None` when nothing does.
fn motion(finding: &Finding) -> Option<Sha256> {
    let (kind, key) = match &finding.place {
        Place::Code { context: Some(context), .. } => ("code", context.hex()),
        Place::Code { symbol: Some(symbol), .. } if !symbol.is_empty() => ("symbol", symbol.clone()),
        Place::Secret { fingerprint, .. } => ("secret", fingerprint.hex()),
        _ => return None,
    };
    let mut hasher = Hasher::new();
    for part in [finding.scanner.as_str(), &finding.rule, kind, &key] {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    Some(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_either_renewed_or_belongs_to_the_first_sight() {
        let kept =
            ["stream", "id", "project", "target", "technique", "scanner", "rule", "first_idx", "first_seen"];
        for column in COLUMNS {
            let renewed = SEEN.contains(&format!("{column} = "));
            assert_ne!(renewed, kept.contains(&column), "{column}");
        }
    }
}
