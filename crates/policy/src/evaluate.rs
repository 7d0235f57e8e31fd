//! Runs every rule over the evidence and collects one verdict.

use std::{num::NonZeroU32, time::Duration};

use model::{
    FindingId, Sha256,
    evidence::{Evidence, Outcome, Reason, RuleResult, Verdict},
};
use regorus::{Engine, Value, utils::limits::ExecutionTimerConfig};
use serde::Deserialize;

use crate::{
    exceptions,
    rules::{PolicyError, Rule, RuleSet},
};

/// Longest time one rule may take.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// Most reasons kept of one rule; the rest are counted in one further reason.
const MOST_REASONS: usize = 10_000;

/// A reason as a rule writes it.
#[derive(Deserialize)]
struct Written {
    code: String,
    message: String,
    #[serde(default)]
    findings: Vec<FindingId>,
}

/// Evaluates all rules. The verdict is deterministic: the same rules and evidence give the same bytes.
///
/// # Errors
/// Only when the evidence cannot be serialised. A rule that fails to evaluate denies instead.
pub fn evaluate(evidence: &Evidence, rules: &RuleSet) -> Result<Verdict, PolicyError> {
    let json = serde_json::to_string(evidence).map_err(|e| PolicyError::Evidence(e.to_string()))?;
    let input = Value::from_json_str(&json).map_err(|e| PolicyError::Evidence(e.to_string()))?;
    let results: Vec<RuleResult> =
        rules.rules().iter().map(|rule| one(rule, input.clone(), evidence)).collect();
    Ok(Verdict {
        outcome: results.iter().map(|r| r.outcome).max().unwrap_or(Outcome::Deny),
        rules: results,
        policy: rules.digest(),
        evidence: Sha256::of(json),
    })
}

fn one(rule: &Rule, input: Value, evidence: &Evidence) -> RuleResult {
    let mut result = RuleResult {
        rule: rule.id.clone(),
        title: rule.id.clone(),
        origin: rule.origin.clone(),
        outcome: Outcome::Pass,
        reasons: vec![],
        looked_at: vec![],
    };
    match Evaluated::of(rule, input) {
        Ok(evaluated) => evaluated.fill(&mut result, evidence),
        Err(error) => {
            let message = format!("the rule could not be evaluated, so it denies: {error}");
            result.reasons.push(reason("rule-error", message, Outcome::Deny));
            result.outcome = Outcome::Deny;
        }
    }
    result
}

/// What a rule's package evaluated to.
struct Evaluated {
    title: Option<String>,
    exceptable: bool,
    deny: Vec<Written>,
    warn: Vec<Written>,
    looked_at: Vec<String>,
}

impl Evaluated {
    fn of(rule: &Rule, input: Value) -> Result<Self, String> {
        let mut engine = Engine::new();
        engine.set_strict_builtin_errors(true);
        engine.set_execution_timer_config(ExecutionTimerConfig {
            limit: TIME_LIMIT,
            check_interval: NonZeroU32::MIN.saturating_add(999),
        });
        let text = |e: &dyn std::fmt::Display| e.to_string().trim().to_owned();
        engine.add_policy(rule.origin.clone(), rule.text.clone()).map_err(|e| text(&e))?;
        engine.set_input(input);
        let query = format!("data.{}", rule.package);
        let results = engine.eval_query(query, false).map_err(|e| text(&e))?;
        let value = results.result.first().and_then(|r| r.expressions.first()).map(|e| e.value.clone());
        let json = value.ok_or("the package evaluates to nothing")?.to_json_str().map_err(|e| text(&e))?;
        let package: serde_json::Value = serde_json::from_str(&json).map_err(|e| text(&e))?;
        Ok(Self {
            title: package["title"].as_str().map(str::to_owned),
            exceptable: package["exceptable"].as_bool().unwrap_or(true),
            deny: written(&package, "deny")?,
            warn: written(&package, "warn")?,
            looked_at: Deserialize::deserialize(&package["looked_at"]).unwrap_or_default(),
        })
    }

    fn fill(self, result: &mut RuleResult, evidence: &Evidence) {
        if let Some(title) = self.title {
            result.title = title;
        }
        result.looked_at = self.looked_at;
        result.reasons = reasons(self.deny, Outcome::Deny);
        result.reasons.extend(reasons(self.warn, Outcome::Warn));
        result.outcome = result.reasons.iter().map(|r| r.outcome).max().unwrap_or(Outcome::Pass);
        if self.exceptable {
            exceptions::apply(result, evidence);
        }
    }
}

/// `deny` and `warn` are sets of objects; anything else in them is an error, so that a misspelt
/// reason cannot make a rule pass.
fn written(package: &serde_json::Value, name: &str) -> Result<Vec<Written>, String> {
    match package.get(name) {
        None => Ok(vec![]),
        Some(value) => {
            Vec::deserialize(value).map_err(|e| format!("`{name}` is not a set of {{code, message}}: {e}"))
        }
    }
}

fn reasons(written: Vec<Written>, outcome: Outcome) -> Vec<Reason> {
    let more = written.len().saturating_sub(MOST_REASONS);
    let mut out: Vec<Reason> = written
        .into_iter()
        .take(MOST_REASONS)
        .map(|w| Reason { findings: w.findings, ..reason(w.code, w.message, outcome) })
        .collect();
    if more > 0 {
        out.push(reason("more", format!("and {more} more"), outcome));
    }
    out
}

fn reason(code: impl Into<String>, message: impl Into<String>, outcome: Outcome) -> Reason {
    Reason { code: code.into(), message: message.into(), outcome, findings: vec![], exception: None }
}
