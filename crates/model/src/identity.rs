//! Identity of findings: what stays the same while code moves and scanners reword themselves.
//!
//! **Architecture Invariant:** line, column, title, message and severity never enter an identity.
//! Two findings of one rule at places with equal keys are told apart by their order of appearance.

use std::collections::HashMap;

use crate::{Finding, FindingId, Place, Severity, Sha256};

/// Digest of a piece of code with all white space folded to single blanks and trimmed.
pub fn context(code: &str) -> Sha256 {
    let mut folded = String::with_capacity(code.len());
    for word in code.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    Sha256::of(folded)
}

/// Gives findings their identity, in the order in which they appear in one report.
#[derive(Default)]
pub struct Identifier {
    seen: HashMap<[u8; 16], u32>,
}

impl Identifier {
    /// Sets `finding.id`. Call once per finding, in the order of the report (or of lines).
    pub fn assign(&mut self, finding: &mut Finding) {
        let key = key(finding);
        let mut short = [0; 16];
        short.copy_from_slice(&key.0[..16]);
        let occurrence = self.seen.entry(short).or_insert(0);
        finding.id = match *occurrence {
            0 => FindingId(key),
            n => FindingId(Sha256::of([key.as_bytes().as_slice(), &n.to_be_bytes()].concat())),
        };
        *occurrence += 1;
    }
}

/// Orders findings by place and gives every one its identity.
pub fn assign_all(findings: &mut [Finding]) {
    findings.sort_by_key(|f| (f.place.path().map(str::to_owned), f.place.line(), f.rule.clone()));
    let mut identifier = Identifier::default();
    findings.iter_mut().for_each(|finding| identifier.assign(finding));
}

fn key(finding: &Finding) -> Sha256 {
    // Hashed in one go: an import does this for every finding, and each update has its price.
    let mut bytes = Vec::with_capacity(512);
    let mut part = |text: &str| {
        bytes.extend((text.len() as u64).to_be_bytes());
        bytes.extend(text.as_bytes());
    };
    part("proofhouse-finding-v1");
    part(finding.technique.name());
    part(&finding.scanner);
    part(&finding.rule);
    match &finding.place {
        Place::Code { path, symbol, context, .. } => {
            part("code");
            part(path);
            part(symbol.as_deref().unwrap_or(""));
            part(&context.map(|c| c.hex()).unwrap_or_default());
        }
        Place::Package { purl, manifest } => {
            part("package");
            part(unversioned(purl));
            part(manifest.as_deref().unwrap_or(""));
        }
        Place::Secret { path, fingerprint, .. } => {
            part("secret");
            part(path);
            part(&fingerprint.hex());
        }
        Place::Route { method, route, parameter } => {
            part("route");
            part(method);
            part(route);
            part(parameter.as_deref().unwrap_or(""));
        }
        Place::Target { name } => {
            part("target");
            part(name);
        }
    }
    Sha256::of(bytes)
}

/// What a judgement of a finding is about beyond its identity: how bad it is, which weakness, and where; a package with
/// its version. Lines and words do not belong to it.
pub fn substance(severity: Severity, cwe: &[u32], place: &Place) -> Sha256 {
    let mut cwe = cwe.to_vec();
    cwe.sort_unstable();
    let place = match place.clone() {
        Place::Code { path, symbol, context, .. } => {
            Place::Code { path, line: None, column: None, end_line: None, symbol, context }
        }
        Place::Secret { path, fingerprint, .. } => Place::Secret { path, line: None, fingerprint },
        other => other,
    };
    // Plain values: this cannot fail, and its form is the order of the fields above.
    Sha256::of(serde_json::to_vec(&(severity.name(), cwe, place)).unwrap_or_default())
}

/// A package URL without version, qualifiers and subpath (ECMA-427).
pub fn unversioned(purl: &str) -> &str {
    let end = purl.find(['?', '#']).unwrap_or(purl.len());
    let base = &purl[..end];
    // The version follows the last `@` after the last `/`; npm scopes are written `%40`.
    let name = base.rfind('/').unwrap_or(0);
    base[name..].rfind('@').map_or(base, |at| &base[..name + at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Confidence, Technique};

    fn finding(place: Place) -> Finding {
        Finding {
            id: FindingId(Sha256([0; 32])),
            scanner: "bandit".into(),
            rule: "B608".into(),
            technique: Technique::Sast,
            severity: Severity::High,
            confidence: Confidence::Medium,
            title: "SQL injection".into(),
            message: String::new(),
            cwe: vec![89],
            aliases: vec![],
            place,
            fix: None,
            help: None,
            cvss: None,
        }
    }

    fn code(line: u32, text: &str) -> Place {
        let context = Some(context(text));
        Place::Code {
            path: "a.py".into(),
            line: Some(line),
            column: None,
            end_line: None,
            symbol: None,
            context,
        }
    }

    #[test]
    fn moved_reindented_and_rerated_code_keeps_its_identity() {
        let mut before = finding(code(10, "db.execute(f'{q}')"));
        let mut after = finding(code(99, "    db.execute(f'{q}')  "));
        after.severity = Severity::Low;
        after.title = "reworded".into();
        Identifier::default().assign(&mut before);
        Identifier::default().assign(&mut after);
        assert_eq!(before.id, after.id);
    }

    #[test]
    fn equal_code_twice_in_a_file_is_two_findings() {
        let mut both = [finding(code(1, "x()")), finding(code(2, "x()"))];
        assign_all(&mut both);
        assert_ne!(both[0].id, both[1].id);
    }

    #[test]
    fn versions_are_cut_from_package_urls() {
        assert_eq!(unversioned("pkg:npm/%40babel/core@7.0.0?a=b"), "pkg:npm/%40babel/core");
        assert_eq!(unversioned("pkg:pypi/django"), "pkg:pypi/django");
    }

    #[test]
    fn what_was_judged_changes_with_severity_weakness_code_and_version_and_not_with_lines() {
        let of = |severity, cwe: &[u32], place: &Place| substance(severity, cwe, place);
        let before = of(Severity::High, &[89, 20], &code(10, "q(x)"));
        assert_eq!(before, of(Severity::High, &[20, 89], &code(99, "  q(x) ")));
        assert_ne!(before, of(Severity::Critical, &[89, 20], &code(10, "q(x)")));
        assert_ne!(before, of(Severity::High, &[89], &code(10, "q(x)")));
        assert_ne!(before, of(Severity::High, &[89, 20], &code(10, "q(y)")));
        let package =
            |purl: &str| of(Severity::High, &[], &Place::Package { purl: purl.to_owned(), manifest: None });
        assert_ne!(package("pkg:cargo/a@1.0.0"), package("pkg:cargo/a@1.0.1"));
    }
}
