//! The registry: one line a rule. Catalogues name rules by id.

use model::facts::{Facts, Mark, ProjectFacts, mark};

use super::{
    report::Scope,
    rule::{
        Answer,
        Over::{Deployed, Each, Lately, Newest, Organisation, Present, Run, Whole},
        Rule, fresh,
    },
};

/// A quarter, half a year, a year (with some days of grace), two years.
const QUARTER: i64 = 90;
const HALF_YEAR: i64 = 183;
const YEAR: i64 = 366;
const TWO_YEARS: i64 = 731;

/// Every rule.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    // Build.
    Rule { id: "builds-pass", title: "a build passed within 90 days", over: Lately(mark::RUN, QUARTER), close: "`proofhouse run`" },
    Rule { id: "builds-unattended", title: "a build that nobody started at a command line passed within 90 days", over: Lately(mark::UNATTENDED, QUARTER), close: "start runs by webhook, schedule or API" },
    Rule { id: "source-clean", title: "the build's source is exactly a commit", over: Run(&[mark::CLEAN]), close: "commit, then `proofhouse run`" },
    Rule { id: "steps-isolated", title: "every step ran in a sandbox", over: Run(&[mark::ISOLATED]), close: "`proofhouse doctor` says why steps are not isolated here" },
    Rule { id: "steps-traced", title: "what steps did was traced without a gap", over: Run(&[mark::TRACE]), close: "switch `trace` on in proofhouse.yaml, then `proofhouse run`" },
    Rule { id: "tools-pinned", title: "every tool that a step uses is pinned by digest", over: Run(&[mark::PINNED]), close: "declare the tools of each step in proofhouse.yaml, then `proofhouse run`" },
    Rule { id: "packages-locked", title: "the packages that a build takes in are named with digests", over: Run(&[mark::LOCKED]), close: "commit lock files with digests, then `proofhouse run`" },
    Rule { id: "gate-rules-as-code", title: "the project has gate rules of its own as code", over: Run(&["file:gate-rules"]), close: "name rules under `gate` in proofhouse.yaml, then `proofhouse run`" },
    Rule { id: "artifacts-signed", title: "what the build made has signed provenance of an isolated builder", over: Each(Scope::Concerned, artifacts_signed), close: "`proofhouse run`" },
    Rule { id: "builds-reproduced", title: "a repeated build gave the same bytes within half a year", over: Newest(mark::REPRODUCTION, HALF_YEAR), close: "`proofhouse reproduce`" },
    Rule { id: "sbom-made", title: "the build has a bill of materials", over: Run(&[mark::SBOM]), close: "leave `scans: sbom` on in proofhouse.yaml, then `proofhouse run`" },
    Rule { id: "tests-pass", title: "tests ran and passed in the newest passed build", over: Run(&[mark::TEST]), close: "add a step of kind `test` with a report to proofhouse.yaml" },
    Rule { id: "hardening-checked", title: "executables were checked for hardening", over: Each(Scope::Concerned, hardening_checked), close: "`proofhouse run`; let steps of kind `build` or `package` put out the programs themselves, or a zip or tar of them" },
    // Scans.
    Rule { id: "scanned-sast", title: "code is scanned completely (static analysis)", over: Run(&["scan:sast"]), close: "`proofhouse run`, or `proofhouse import` a scanner's report in a step" },
    Rule { id: "scanned-secrets", title: "the source is scanned completely for secrets", over: Run(&["scan:secrets"]), close: "`proofhouse run`" },
    Rule { id: "scanned-sca", title: "components are scanned completely for known vulnerabilities", over: Run(&["scan:sca"]), close: "`proofhouse feeds import`, then `proofhouse run`" },
    Rule { id: "scanned-config", title: "pipelines, containers and infrastructure code are scanned completely", over: Run(&["scan:config"]), close: "`proofhouse run`" },
    Rule { id: "scanned-dast", title: "what is deployed was scanned completely from outside", over: Deployed(&["scan:dast"]), close: "give the environment an address and `dast` in proofhouse.yaml, then `proofhouse deploy`" },
    Rule { id: "scanned-iast", title: "the application was tested from inside within 90 days", over: Lately("scan:iast", QUARTER), close: "send results of an interactive scanner with `proofhouse import`" },
    Rule { id: "scans-recorded", title: "the newest build has scans of code and components", over: Run(&["scan:sast", "scan:sca"]), close: "`proofhouse run`" },
    Rule { id: "two-techniques", title: "results of at least two techniques can be correlated", over: Each(Scope::Projects, two_techniques), close: "`proofhouse run`, `proofhouse deploy`, or `proofhouse import` reports" },
    Rule { id: "malware-scanned", title: "artifacts were scanned for malicious code", over: Run(&[mark::MALWARE]), close: "no check of this installation does that yet" },
    Rule { id: "advisories-fresh", title: "components were held against advisory data of at most seven days", over: Run(&[mark::ADVISORIES]), close: "`proofhouse feeds import`, then `proofhouse run`" },
    Rule { id: "advisories-imported", title: "advisory data was imported within 90 days", over: Organisation(&[mark::FEED], QUARTER), close: "`proofhouse feeds import`" },
    Rule { id: "nothing-critical-open", title: "no critical or high finding is open", over: Each(Scope::Concerned, nothing_critical_open), close: "`proofhouse findings` lists them" },
    Rule { id: "findings-triaged", title: "people judged findings within 90 days", over: Lately("statement:triage", QUARTER), close: "judge findings on the dashboard" },
    // Deployment.
    Rule { id: "deployed", title: "the project is deployed by the pipeline", over: Each(Scope::Projects, is_deployed), close: "`proofhouse deploy`" },
    Rule { id: "deployed-in-stages", title: "at least two environments are deployed by the pipeline", over: Each(Scope::Deployed, in_stages), close: "add an environment to proofhouse.yaml, then `proofhouse deploy`" },
    Rule { id: "gate-passed", title: "what is deployed has passed the gate", over: Deployed(&["stage:gate"]), close: "`proofhouse deploy`" },
    Rule { id: "verified-on-target", title: "what is deployed was verified on its target, before and after it was started", over: Deployed(&["receipt:before-activation", "receipt:after-activation"]), close: "`proofhouse deploy`" },
    Rule { id: "healthy", title: "what is deployed came up healthy", over: Deployed(&[mark::HEALTH]), close: "give the environment a `health` check in proofhouse.yaml, then `proofhouse deploy`" },
    Rule { id: "threshold-judged", title: "a gate judged findings by threshold within 90 days", over: Present("rule:findings-threshold", QUARTER), close: "`proofhouse gate explain`" },
    Rule { id: "secrets-judged", title: "a gate judged found secrets within 90 days", over: Present("rule:no-secrets", QUARTER), close: "`proofhouse gate explain`" },
    Rule { id: "tests-judged", title: "a gate judged tests within 90 days", over: Present("rule:tests-passed", QUARTER), close: "`proofhouse gate explain`" },
    Rule { id: "exceptions-end", title: "every accepted risk has a reason and ends within a year", over: Each(Scope::Concerned, exceptions_end), close: "`proofhouse gate except` with a nearer `--until`" },
    Rule { id: "release-exported", title: "a release was exported with all evidence within a year", over: Lately(mark::RELEASE, YEAR), close: "`proofhouse release export`" },
    // Requirements, reviews, catalogue, people.
    Rule { id: "requirements-chosen", title: "the project has chosen security requirements", over: Run(&["file:requirements"]), close: "`proofhouse requirements choose`" },
    Rule { id: "requirements-tested", title: "tests name security requirements, and all named ones pass", over: Run(&[mark::REQUIREMENT_TEST]), close: "`proofhouse requirements status`" },
    Rule { id: "milestone-demanded", title: "a gate demanded a milestone of requirements within a year", over: Present("rule:requirements-met", YEAR), close: "set `requirements` of an environment's gate in proofhouse.yaml" },
    Rule { id: "release-reviewed", title: "a release review was signed within a year", over: Lately(mark::RELEASE_REVIEW, YEAR), close: "sign the release review on the dashboard" },
    Rule { id: "reviewed", title: "a review of build, deployment, tools or rights was signed within a year", over: Organisation(&[mark::REVIEW], YEAR), close: "answer and sign the open reviews on the dashboard" },
    Rule { id: "technologies-assessed", title: "an entry of the technology catalogue was signed within a year", over: Organisation(&[mark::TECHNOLOGY], YEAR), close: "sign entries of the technology catalogue" },
    Rule { id: "catalogue-enforced", title: "a gate held what is shipped against the technology catalogue within 90 days", over: Present("rule:technologies", QUARTER), close: "name a `catalogue` in proofhouse.yaml, then `proofhouse gate explain`" },
    Rule { id: "rights-as-code", title: "who may do what is written down and applied", over: Organisation(&["statement:organisation"], TWO_YEARS), close: "apply an organisation file" },
    Rule { id: "sign-ins-recorded", title: "sign-ins are recorded", over: Organisation(&["access:signed-in"], QUARTER), close: "`proofhouse serve`, and sign in" },
    Rule { id: "keys-current", title: "signing keys were changed within two years, or the ledger is younger", over: Whole(keys_current), close: "`proofhouse trust rotate`" },
];

/// The rule with this id.
pub fn find(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

/// A ledger that is younger than the limit was signed by no older key of its own: keys are made with it.
fn keys_current(facts: &Facts) -> Answer {
    let changed = |name| facts.organisation.get(name).and_then(|mark: &Mark| mark.newest_good);
    let newest = ["key:rotated", "key:made"].into_iter().filter_map(changed).max_by_key(|seen| seen.index);
    match newest.or(facts.first) {
        Some(seen) => fresh(seen, TWO_YEARS, facts.moment),
        None => Answer::Lacks("the ledger is empty".to_owned()),
    }
}

fn holding(mark: Option<&Mark>) -> Option<&Mark> {
    mark.filter(|mark| mark.good == mark.total)
}

/// Concerns projects whose newest passed run made files. Every provenance of that run must be ours.
fn artifacts_signed(project: &ProjectFacts) -> Answer {
    let Some(run) = &project.run else { return Answer::Lacks("no run has passed yet".to_owned()) };
    if !run.marks.contains_key(mark::ARTIFACTS) {
        return Answer::Outside;
    }
    match holding(run.marks.get(mark::PROVENANCE)) {
        Some(mark) => Answer::Holds(mark.newest),
        None => Answer::Lacks(format!(
            "its newest passed run (entry {}) made files without provenance of an isolated builder",
            run.ended.index
        )),
    }
}

/// Concerns projects whose newest passed run made programs. One that made nothing has no provenance either.
fn hardening_checked(project: &ProjectFacts) -> Answer {
    let Some(run) = &project.run else { return Answer::Lacks("no run has passed yet".to_owned()) };
    let entry = run.ended.index;
    match run.marks.get(mark::HARDENING) {
        None if !run.marks.contains_key(mark::PROVENANCE) => Answer::Outside,
        None => Answer::Lacks(format!("its newest passed run (entry {entry}) did not check what it made")),
        Some(mark) if mark.good < mark.total => Answer::Lacks(format!(
            "its newest passed run (entry {entry}) made files that were not looked into (entry {})",
            mark.newest.index
        )),
        Some(mark) if mark.amount == 0 => Answer::Outside,
        Some(mark) => Answer::Holds(mark.newest),
    }
}

fn two_techniques(project: &ProjectFacts) -> Answer {
    let scans: Vec<&Mark> = ["sast", "secrets", "sca", "config", "dast", "iast", "manual"]
        .iter()
        .filter_map(|technique| project.marks.get(&format!("scan:{technique}")))
        .filter(|mark| mark.good > 0)
        .collect();
    match scans.iter().map(|mark| mark.newest).max_by_key(|seen| seen.index) {
        Some(newest) if scans.len() >= 2 => Answer::Holds(newest),
        Some(_) => Answer::Lacks("only one technique has complete results".to_owned()),
        None => Answer::Lacks("there is no complete scan".to_owned()),
    }
}

/// Concerns projects with a complete scan: without one, nobody knows what is open.
fn nothing_critical_open(project: &ProjectFacts) -> Answer {
    let scans = project.marks.iter().filter(|(name, mark)| name.starts_with("scan:") && mark.good > 0);
    let Some(newest) = scans.map(|(_, mark)| mark.newest).max_by_key(|seen| seen.index) else {
        return Answer::Lacks("there is no complete scan".to_owned());
    };
    match (project.open.critical, project.open.high) {
        (0, 0) => Answer::Holds(newest),
        (critical, high) => Answer::Lacks(format!("{critical} critical and {high} high findings are open")),
    }
}

fn is_deployed(project: &ProjectFacts) -> Answer {
    match project.environments.iter().map(|environment| environment.recorded).max_by_key(|seen| seen.index) {
        Some(newest) => Answer::Holds(newest),
        None => Answer::Lacks("nothing of it was ever deployed from here".to_owned()),
    }
}

fn in_stages(project: &ProjectFacts) -> Answer {
    match &project.environments[..] {
        [] => Answer::Outside,
        [only] => Answer::Lacks(format!("it is deployed in {} only", only.name)),
        [first, ..] => Answer::Holds(first.recorded),
    }
}

/// Concerns projects whose gates decided something: there, a risk that is not accepted denies.
fn exceptions_end(project: &ProjectFacts) -> Answer {
    let Some(decision) = project.marks.get(mark::DECISION) else { return Answer::Outside };
    match project.marks.get(mark::EXCEPTION) {
        None => Answer::Holds(decision.newest),
        Some(mark) if mark.good == mark.total => Answer::Holds(mark.newest),
        Some(mark) => Answer::Lacks(format!(
            "{} of {} accepted risks have no reason or no end within a year (newest: entry {})",
            mark.total - mark.good,
            mark.total,
            mark.newest.index
        )),
    }
}
