//! Names and families of well-known tools. A tool that is not listed keeps its own name and is
//! static analysis unless its rules say otherwise.

use model::Technique;

use crate::normalise::text;

/// The scanner name for `tool.driver.name`: the same as in the tool's own format.
pub(super) fn scanner(driver: &str) -> String {
    let name = text::line(driver, 100).to_lowercase().replace(' ', "-");
    match name.as_str() {
        "semgrep-oss" | "semgrep-pro" | "semgrep-code" => "semgrep".into(),
        "opengrep-oss" => "opengrep".into(),
        "nodejsscan" => "njsscan".into(),
        "" => "unknown".into(),
        _ => name,
    }
}

/// The family of testing of a tool that has only one.
pub(super) fn technique(scanner: &str) -> Option<Technique> {
    const SECRETS: [&str; 7] =
        ["gitleaks", "betterleaks", "kingfisher", "trufflehog", "trufflehog3", "detect-secrets", "ggshield"];
    const CONFIG: [&str; 13] = [
        "hadolint",
        "checkov",
        "tfsec",
        "terrascan",
        "kics",
        "zizmor",
        "kube-linter",
        "kubescape",
        "actionlint",
        "dockle",
        "kube-score",
        "cfn-lint",
        "poutine",
    ];
    const SCA: [&str; 9] = [
        "grype",
        "osv-scanner",
        "cargo-audit",
        "cargo-deny",
        "pip-audit",
        "npm-audit",
        "retire.js",
        "govulncheck",
        "dependency-check",
    ];
    const DAST: [&str; 6] = ["zap", "owasp-zap", "nuclei", "burp-suite", "wapiti", "nikto"];
    let lists: [(&[&str], Technique); 4] = [
        (&SECRETS, Technique::Secrets),
        (&CONFIG, Technique::Config),
        (&SCA, Technique::Sca),
        (&DAST, Technique::Dast),
    ];
    lists.into_iter().find(|(names, _)| names.contains(&scanner)).map(|(_, technique)| technique)
}

/// The family that a rule's own tags or id show.
pub(super) fn technique_of_rule(id: &str, tags: &[String]) -> Option<Technique> {
    let tagged = |tag: &str| tags.iter().any(|t| t.eq_ignore_ascii_case(tag));
    if tagged("secret") || tagged("secrets") {
        return Some(Technique::Secrets);
    }
    if tagged("misconfiguration") {
        return Some(Technique::Config);
    }
    is_advisory(id).then_some(Technique::Sca)
}

/// Whether a rule id is the id of an advisory.
pub(super) fn is_advisory(id: &str) -> bool {
    const PREFIXES: [&str; 9] =
        ["CVE-", "GHSA-", "RUSTSEC-", "PYSEC-", "GO-2", "OSV-", "SNYK-", "MAL-", "DSA-"];
    let upper = id.get(..8).unwrap_or(id).to_ascii_uppercase();
    PREFIXES.iter().any(|prefix| upper.starts_with(prefix))
}
