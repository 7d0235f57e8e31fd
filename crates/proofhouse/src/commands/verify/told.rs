//! What was verified, for people.

use attest::verify::{ArtifactReport, DeploymentReport, Located};

use crate::{
    commands::run::severities,
    ui::{self, BAD, BOLD, DIM, GOOD, WARN, println},
};

/// The report of a deployment.
pub fn deployment(report: &DeploymentReport) {
    let said = &report.deployment;
    println!(
        "{BOLD}{} in {}{BOLD:#} {DIM}deployment {}{DIM:#}",
        said.project, said.environment, said.deployment
    );
    println!(
        "  result       {} {DIM}{} by {}, entry {}{DIM:#}",
        said.result.name(),
        said.ended,
        ui::one_line(&said.actor),
        report.index
    );
    if let Some(decision) = report.decision {
        println!("  let in by    the decision in entry {decision}");
    }
    for receipt in &report.receipts {
        let good = receipt.checks.iter().filter(|check| check.ok).count();
        let phase = receipt.phase.name();
        println!(
            "  target       {phase}: {good} of {} checks good {DIM}entry {}{DIM:#}",
            receipt.checks.len(),
            receipt.index
        );
    }
    report.failures.iter().for_each(fails);
    tell(&report.artifact);
    match report.ok() {
        true => println!("{GOOD}the deployment is verified{GOOD:#}"),
        false => println!("{BAD}the deployment is not verified{BAD:#}"),
    }
}

/// One thing that fails.
pub fn fails(failure: &Located) {
    let at = failure.bundle.map_or(String::new(), |n| format!(" (line {} of the evidence)", n + 1));
    println!("  {BAD}fails{BAD:#}        {} {DIM}[{}]{at}{DIM:#}", failure.failure, failure.code);
}

/// The report of one artifact for people.
pub fn tell(report: &ArtifactReport) {
    let names = if report.names.is_empty() { "unknown".to_owned() } else { report.names.join(", ") };
    println!("{BOLD}{names}{BOLD:#} {DIM}sha256:{}{DIM:#}", report.digest);
    for build in &report.proven.builds {
        println!("  built by     {}", build.builder);
        let commits =
            if build.commits.is_empty() { "no commit".to_owned() } else { build.commits.join(", ") };
        println!("  from commit  {commits}");
        for tool in build.dependencies.iter().filter(|d| d.role == "tool") {
            let version = tool.version.as_deref().unwrap_or("");
            println!("  with tool    {} {version} {DIM}{}{DIM:#}", tool.name, tool.digests.join(" "));
        }
    }
    for check in &report.proven.checks {
        let (style, word) = if check.good { (GOOD, "good") } else { (WARN, "not good") };
        let findings = check.findings.map_or(String::new(), |counts| severities(&counts));
        println!("  {:<12} {} {style}{word}{style:#} {findings}", check.kind, check.name);
    }
    for decision in &report.proven.decisions {
        let (style, word) = ui::of_outcome(decision.outcome);
        println!(
            "  decision     {}/{} {style}{word}{style:#} {DIM}{}{DIM:#}",
            decision.project, decision.environment, decision.at
        );
    }
    for deployment in &report.proven.deployments {
        println!(
            "  deployment   {} {} {DIM}{}{DIM:#}",
            deployment.environment, deployment.result, deployment.at
        );
    }
    for foreign in report.proven.others.iter().filter_map(|other| other.foreign.as_ref()) {
        let signer = foreign.signer.identity.as_ref().or(foreign.signer.key.as_ref());
        println!(
            "  foreign      {} by {} {DIM}verified {} under {} {}{DIM:#}",
            ui::one_line(&foreign.predicate_type),
            ui::one_line(signer.map_or("", String::as_str)),
            foreign.verified_at,
            foreign.root.kind,
            foreign.root.sha256.short()
        );
    }
    for compared in &report.proven.reproductions {
        let (style, word) = if compared.reproduced { (GOOD, "reproduced") } else { (WARN, "not reproduced") };
        let who = if compared.independent { "independently by" } else { "again by" };
        let differing = match compared.differing.is_empty() {
            true => String::new(),
            false => format!(", differing: {}", ui::one_line(&compared.differing.join(", "))),
        };
        println!("  built twice  {style}{word}{style:#} {who} {}{differing}", ui::one_line(&compared.by));
    }
    // What is only ours to read is told by `ledger show`.
    let own = |kind: &str| kind.starts_with(model::statement::OWN_PREFIX);
    for other in report.proven.others.iter().filter(|other| !own(&other.predicate_type)) {
        let name = other.name.unwrap_or(&other.predicate_type);
        println!("  statement    {} {DIM}entry {}{DIM:#}", ui::one_line(name), other.index);
    }
    report.failures.iter().for_each(fails);
    let signers = report.signers.join(", ");
    match report.ok() {
        true => println!("{GOOD}verified{GOOD:#}: {} statements, signed by {signers}", report.verified),
        false => println!("{BAD}not verified{BAD:#}"),
    }
}
