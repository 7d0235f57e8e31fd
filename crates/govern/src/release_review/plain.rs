//! The most important about a release in plain sentences, for people who decide about risk and read no code.

use std::collections::BTreeSet;

use model::{BySeverity, Severity, Timestamp, evidence::Outcome, requirement::State};

use super::document::{AcceptedRisk, Document, Known, Release, RiskState};

/// The sentences.
pub(super) fn summary(document: &Document) -> Vec<String> {
    let all = [
        vec![what(document)],
        changes(document),
        risk(document),
        accepted(&document.accepted),
        tests(document),
        coverage(document).into_iter().collect(),
        requirements(document),
        vec![gate(document)],
    ];
    all.into_iter().flatten().collect()
}

/// `one commit`, `3 commits`.
pub(super) fn count(number: u64, one: &str, many: &str) -> String {
    match number {
        0 => format!("no {many}"),
        1 => format!("1 {one}"),
        number => format!("{number} {many}"),
    }
}

/// The day (UTC) of a moment.
pub(super) fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// A release in few words: its commit, or its digest.
pub(super) fn name(release: &Release) -> String {
    match &release.commit {
        Some(commit) => format!("commit {}", commit.chars().take(12).collect::<String>()),
        None => format!("sha256:{}", release.digest.short()),
    }
}

fn what(document: &Document) -> String {
    let (candidate, environment) = (&document.candidate, &document.environment);
    let new = format!("The release of {} ({})", day(candidate.at), name(candidate));
    match &document.previous {
        Known::Known(Some(old)) if old.digest == candidate.digest => {
            format!("{new} is the one that is deployed in {environment} already.")
        }
        Known::Known(Some(old)) => {
            format!("{new} would replace the one in {environment} since {} ({}).", day(old.at), name(old))
        }
        Known::Known(None) => format!("{new} would be the first one in {environment}."),
        Known::Unknown(_) => format!("{new} wants to enter {environment}; what is there now is not known."),
    }
}

fn changes(document: &Document) -> Vec<String> {
    let mut all = Vec::new();
    if let Known::Known(commits) = &document.commits {
        let people: BTreeSet<&str> = commits.newest.iter().map(|commit| commit.email.as_str()).collect();
        let by = match commits.newest.is_empty() {
            true => String::new(),
            false => format!(" by {}", count(people.len() as u64, "person", "people")),
        };
        all.push(format!(
            "It brings {}{by}.",
            count(commits.total, "change of the source", "changes of the source")
        ));
    }
    if let Known::Known(components) = &document.components {
        let parts = [
            (components.added.len(), "new"),
            (components.removed.len(), "gone"),
            (components.updated.len(), "in another version"),
        ];
        let parts: Vec<String> =
            parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
        all.push(match parts.is_empty() {
            true => "It is made of the same components from others.".to_owned(),
            false => format!("Components from others: {}.", parts.join(", ")),
        });
    }
    all
}

fn severities(counts: &BySeverity) -> String {
    let named = Severity::ALL.iter().rev().filter(|severity| counts.get(**severity) > 0);
    let parts: Vec<String> = named.map(|severity| format!("{} {severity}", counts.get(*severity))).collect();
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

fn risk(document: &Document) -> Vec<String> {
    let after = &document.risk.after;
    let has = format!("{}{}", count(after.total(), "known weakness", "known weaknesses"), severities(after));
    let sentence = match &document.risk.before {
        Known::Unknown(_) => format!("This release has {has}."),
        Known::Known(before) => {
            format!(
                "This release has {has}; what is deployed now has {}{}.",
                before.total(),
                severities(before)
            )
        }
    };
    let mut all = vec![sentence];
    if let (Known::Known(appeared), Known::Known(gone)) = (&document.risk.appeared, &document.risk.gone) {
        all.push(format!("Of the weaknesses {} are new and {} are gone.", appeared.total, gone.total));
    }
    all
}

fn accepted(all: &[AcceptedRisk]) -> Vec<String> {
    let of = |state: RiskState| all.iter().filter(move |risk| risk.state == state);
    let missed = of(RiskState::Missed).map(|risk| {
        format!(
            "The acceptance of \"{}\" by {} ended on {}, and it is still there.",
            risk.what,
            risk.owner,
            day(risk.expires)
        )
    });
    let holding = all.iter().filter(|risk| risk.state != RiskState::Missed).count() as u64;
    let soon = of(RiskState::EndsSoon).count() as u64;
    let soon = if soon == 0 { String::new() } else { format!(", of which {soon} will end within two weeks") };
    let verb = if holding == 1 { "is" } else { "are" };
    let sentence = format!("There {verb} {}{soon}.", count(holding, "accepted risk", "accepted risks"));
    std::iter::once(sentence).chain(missed).collect()
}

fn tests(document: &Document) -> Vec<String> {
    let sum = |of: fn(&super::document::TestLine) -> u64| document.tests.iter().map(of).sum::<u64>();
    let (passed, failed, skipped) = (sum(|t| t.passed), sum(|t| t.failed), sum(|t| t.skipped));
    let broken = document.tests.iter().filter(|test| !test.ok).count() as u64;
    let left = if skipped == 0 { String::new() } else { format!(", {skipped} did not run to their end") };
    match (document.tests.is_empty(), failed + broken) {
        (true, _) => vec![],
        (false, 0) => vec![format!("All tests passed ({passed} of {}{left}).", passed + failed + skipped)],
        (false, _) => {
            vec![format!("{} failed, {passed} passed{left}.", count(failed.max(1), "test", "tests"))]
        }
    }
}

/// How much of the code the tests run, against what is deployed now.
pub(super) fn coverage(document: &Document) -> Option<String> {
    let line = document.coverage.as_ref()?;
    let now = line.now.lines.percent();
    let branches = line.now.branches.map(|all| format!(" and {} % of its branches", all.percent()));
    let before = line.before.get().map(|before| match before.lines.percent() {
        old if old == now => ", as those of what is deployed now do".to_owned(),
        old => format!("; those of what is deployed now run {old} %"),
    });
    let (branches, before) = (branches.unwrap_or_default(), before.unwrap_or_default());
    Some(format!("The tests run {now} % of the lines of its code{branches}{before}."))
}

fn requirements(document: &Document) -> Vec<String> {
    let Known::Known(all) = &document.requirements else { return vec![] };
    let met = all.iter().filter(|one| one.state.is_met()).count();
    let waived = all.iter().filter(|one| one.state == State::Waived).count();
    let waived = if waived == 0 { String::new() } else { format!(", {waived} of them waived for a while") };
    match all.is_empty() {
        true => vec!["No security requirements were chosen for this project.".to_owned()],
        false => vec![format!("{met} of {} security requirements are met{waived}.", all.len())],
    }
}

fn gate(document: &Document) -> String {
    let line = &document.gate;
    match line.outcome {
        Outcome::Pass => "Apart from this review, every automatic rule is met.".to_owned(),
        Outcome::Warn => format!(
            "Apart from this review, the automatic rules let it in, with {}.",
            count(line.warns, "warning", "warnings")
        ),
        Outcome::Deny => format!(
            "Even with this review the automatic rules would stop it: {}.",
            line.denies.first().map_or("no rule was evaluated", String::as_str)
        ),
    }
}
