//! How an organisation works, over a span of time: figures for periodic reviews.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Technique, Timestamp, ToolRef,
    evidence::{Outcome, Verdict},
    portfolio::RuleQuality,
    practice::{
        CoveragePractice, DeploymentPractice, DifferingAction, ExceptionPractice, GatePractice, Practice,
        ScannerPractice, SecretPractice, StepPractice, TechnologyPractice, ToolPractice, TriagePractice,
    },
};

use super::paging::all;
use crate::{
    Result, Store,
    db::{Cells, Value, micros},
};

const DAY: i64 = 86_400_000_000;
/// Most decisions, deployments or exceptions that are read.
const MOST: u32 = 5_000;
/// Most ledger indices that show one thing.
const MOST_SHOWN: usize = 20;
/// States of findings that are open.
const OPEN: &str = "status IN ('new', 'existing', 'reopened')";

impl Store {
    /// What the tables know of the time from `from` to `now`. Administrators are not theirs to tell.
    ///
    /// # Errors
    /// Any database error.
    pub async fn practice(&self, from: Timestamp, now: Timestamp) -> Result<Practice> {
        let decisions = self.judged(from).await?;
        let denied = newest_denials(&decisions);
        Ok(Practice {
            steps: self.step_practice(from, now).await?,
            differing: self.differing(from).await?,
            triage: self.triage_practice().await?,
            exceptions: self.exception_practice(&denied).await?,
            scanners: self.scanner_practice(now).await?,
            coverage: self.coverage_practice(from).await?,
            technologies: technologies(&decisions),
            gates: gates(decisions),
            deployments: self.deployment_practice(from).await?,
            tools: self.tool_practice(from).await?,
            secrets: self.secret_practice().await?,
            ..Practice::default()
        })
    }

    /// Secrets that some step was given; `None` before a run has ended.
    async fn secret_practice(&self) -> Result<Option<Vec<SecretPractice>>> {
        let ended = "SELECT COUNT(*) FROM runs WHERE finished_idx IS NOT NULL".to_owned();
        let ended: u64 = all(&self.db, "runs", ended, vec![], |cells| cells.count()).await?.into_iter().sum();
        let sql = format!("SELECT project, name, last_used FROM secrets ORDER BY project, name LIMIT {MOST}");
        let read = |cells: &mut Cells| {
            Ok(SecretPractice { project: cells.text()?, name: cells.text()?, last_used: cells.maybe_time()? })
        };
        let known = all(&self.db, "secrets", sql, vec![], read).await?;
        Ok((ended > 0).then_some(known))
    }

    /// What people said of the findings of each rule; the evidence are the newest judgements that it was wrong. `None`
    /// when nobody judged any.
    async fn triage_practice(&self) -> Result<Option<Vec<TriagePractice>>> {
        let sql = format!(
            "SELECT scanner, rule, idx FROM judged WHERE state = 'false-positive' AND scanner IS NOT NULL \
             ORDER BY idx DESC LIMIT {MOST}"
        );
        let read = |cells: &mut Cells| Ok(((cells.text()?, cells.text()?), cells.count()?));
        let mut wrong: BTreeMap<(String, String), Vec<u64>> = BTreeMap::new();
        for (rule, index) in all(&self.db, "judged", sql, vec![], read).await? {
            wrong.entry(rule).or_default().push(index);
        }
        let practice = |one: RuleQuality| {
            let mut evidence = wrong.remove(&(one.scanner.clone(), one.rule.clone())).unwrap_or_default();
            evidence.truncate(MOST_SHOWN);
            TriagePractice {
                decided: one.false_positive + one.confirmed + one.wont_fix,
                false_positives: one.false_positive,
                scanner: one.scanner,
                rule: one.rule,
                evidence,
            }
        };
        let all = self.rule_quality(None, MOST).await?;
        Ok((!all.is_empty()).then(|| all.into_iter().map(practice).collect()))
    }

    /// When each account last signed in.
    ///
    /// # Errors
    /// Any database error.
    pub async fn last_sign_ins(&self) -> Result<BTreeMap<String, Timestamp>> {
        let sql = "SELECT account, MAX(at) FROM access_events WHERE action = 'signed-in' GROUP BY account";
        let read = |cells: &mut Cells| Ok((cells.text()?, cells.time()?));
        Ok(all(&self.db, "access_events", sql.to_owned(), vec![], read).await?.into_iter().collect())
    }

    async fn step_practice(&self, from: Timestamp, now: Timestamp) -> Result<Vec<StepPractice>> {
        let middle = micros(from) + (micros(now) - micros(from)) / 2;
        let sum = |what: &str| format!("CAST(SUM({what}) AS BIGINT)");
        let (recent, earlier) = ("s.started >= $2", "s.started < $2");
        let when = |half: &str, what: &str| sum(&format!("CASE WHEN {half} THEN {what} ELSE 0 END"));
        let took = "(s.ended - s.started) / 1000";
        let columns = [
            when(recent, "1"),
            when(recent, took),
            when(earlier, "1"),
            when(earlier, took),
            sum("CASE WHEN s.attempts > 1 THEN 1 ELSE 0 END"),
            "MAX(s.idx)".to_owned(),
        ];
        let sql = format!(
            "SELECT r.project, s.name, {} FROM steps s JOIN runs r ON r.run = s.run \
             WHERE s.started >= $1 AND s.ended IS NOT NULL AND s.cached = 0 AND s.result <> 'skipped' \
             GROUP BY r.project, s.name ORDER BY r.project, s.name",
            columns.join(", ")
        );
        let values = vec![Value::time(from), middle.into()];
        all(&self.db, "steps", sql, values, |cells| {
            Ok(StepPractice {
                project: cells.text()?,
                step: cells.text()?,
                recent: cells.count()?,
                recent_ms: cells.count()?,
                earlier: cells.count()?,
                earlier_ms: cells.count()?,
                retried: cells.count()?,
                index: cells.count()?,
            })
        })
        .await
    }

    async fn differing(&self, from: Timestamp) -> Result<Vec<DifferingAction>> {
        let count =
            |result: &str| format!("CAST(SUM(CASE WHEN s.result = '{result}' THEN 1 ELSE 0 END) AS BIGINT)");
        let (passed, failed) = (count("passed"), count("failed"));
        let sql = format!(
            "SELECT r.project, s.name, {passed}, {failed}, MAX(s.idx) FROM steps s JOIN runs r ON r.run = s.run \
             WHERE s.started >= $1 AND s.action IS NOT NULL AND s.cached = 0 \
             GROUP BY r.project, s.name, s.action HAVING {passed} > 0 AND {failed} > 0 \
             ORDER BY r.project, s.name, MAX(s.idx)"
        );
        all(&self.db, "steps", sql, vec![Value::time(from)], |cells| {
            Ok(DifferingAction {
                project: cells.text()?,
                step: cells.text()?,
                passed: cells.count()?,
                failed: cells.count()?,
                index: cells.count()?,
            })
        })
        .await
    }

    async fn exception_practice(
        &self,
        denied: &BTreeSet<(String, String)>,
    ) -> Result<Vec<ExceptionPractice>> {
        let sql = format!(
            "SELECT idx, project, finding, rule, environment, accepted_by, at, expires, \
             (SELECT COUNT(*) FROM findings f WHERE f.project = e.project AND f.id = e.finding AND f.{OPEN}) \
             FROM exceptions e ORDER BY idx DESC LIMIT {MOST}"
        );
        all(&self.db, "exceptions", sql, vec![], |cells| {
            let mut one = ExceptionPractice {
                index: cells.count()?,
                project: cells.text()?,
                finding: cells.maybe_parse()?.map(model::FindingId),
                rule: cells.maybe_text()?,
                environment: cells.maybe_text()?,
                by: cells.text()?,
                at: cells.time()?,
                expires: cells.time()?,
                remains: cells.count()? > 0,
            };
            let denies = |rule: &String| denied.contains(&(one.project.clone(), rule.clone()));
            one.remains = one.remains || one.rule.as_ref().is_some_and(denies);
            Ok(one)
        })
        .await
    }

    async fn scanner_practice(&self, now: Timestamp) -> Result<Vec<ScannerPractice>> {
        let year = micros(now) - 365 * DAY;
        let sql = "SELECT tool, technique, CAST(SUM(CASE WHEN ended >= $1 THEN 1 ELSE 0 END) AS BIGINT), \
            CAST(SUM(CASE WHEN ended >= $1 THEN findings ELSE 0 END) AS BIGINT), MIN(ended), MAX(idx) \
            FROM scans GROUP BY tool, technique ORDER BY tool, technique";
        // Every version of a tool has rows of its own.
        let mut merged: BTreeMap<(String, &'static str), ScannerPractice> = BTreeMap::new();
        let rows = all(&self.db, "scans", sql.to_owned(), vec![year.into()], |cells| {
            Ok(ScannerPractice {
                tool: cells.json::<ToolRef>()?.name,
                technique: cells.named()?,
                scans: cells.count()?,
                findings: cells.count()?,
                first: cells.time()?,
                index: cells.count()?,
            })
        });
        for row in rows.await? {
            let known = merged
                .entry((row.tool.clone(), row.technique.name()))
                .or_insert_with(|| ScannerPractice { scans: 0, findings: 0, ..row.clone() });
            known.scans += row.scans;
            known.findings += row.findings;
            known.first = known.first.min(row.first);
            known.index = known.index.max(row.index);
        }
        Ok(merged.into_values().collect())
    }

    async fn coverage_practice(&self, from: Timestamp) -> Result<Vec<CoveragePractice>> {
        let sql = "SELECT project, MAX(idx) FROM runs WHERE started >= $1 GROUP BY project ORDER BY project";
        let read = |cells: &mut Cells| Ok((cells.text()?, cells.count()?));
        let projects = all(&self.db, "runs", sql.to_owned(), vec![Value::time(from)], read).await?;
        let sql = "SELECT project, technique FROM scans WHERE ended >= $1 AND complete = 1 \
            GROUP BY project, technique ORDER BY project, technique";
        let read = |cells: &mut Cells| Ok((cells.text()?, cells.named()?));
        let mut seen: BTreeMap<String, Vec<Technique>> = BTreeMap::new();
        for (project, technique) in
            all(&self.db, "scans", sql.to_owned(), vec![Value::time(from)], read).await?
        {
            seen.entry(project).or_default().push(technique);
        }
        let one = |(project, index): (String, u64)| {
            let techniques = seen.remove(&project).unwrap_or_default();
            CoveragePractice { project, index, techniques }
        };
        Ok(projects.into_iter().map(one).collect())
    }

    async fn deployment_practice(&self, from: Timestamp) -> Result<Vec<DeploymentPractice>> {
        let sql = format!(
            "SELECT d.idx, d.project, d.environment, r.started, d.ended, d.result FROM deployments d \
             LEFT JOIN runs r ON r.run = d.run WHERE d.ended >= $1 ORDER BY d.idx DESC LIMIT {MOST}"
        );
        all(&self.db, "deployments", sql, vec![Value::time(from)], |cells| {
            Ok(DeploymentPractice {
                index: cells.count()?,
                project: cells.text()?,
                environment: cells.text()?,
                built: cells.maybe_time()?,
                ended: cells.time()?,
                result: cells.named()?,
            })
        })
        .await
    }

    async fn tool_practice(&self, from: Timestamp) -> Result<Vec<ToolPractice>> {
        let sql = "SELECT r.project, s.tools, r.idx FROM steps s JOIN runs r ON r.run = s.run WHERE r.idx IN \
            (SELECT MAX(idx) FROM runs WHERE started >= $1 AND status = 'passed' GROUP BY project) \
            ORDER BY r.project, s.position";
        let read = |cells: &mut Cells| Ok((cells.text()?, cells.json::<Vec<ToolRef>>()?, cells.count()?));
        let mut tools: Vec<ToolPractice> = Vec::new();
        for (project, used, index) in
            all(&self.db, "steps", sql.to_owned(), vec![Value::time(from)], read).await?
        {
            for tool in used {
                let one = ToolPractice { project: project.clone(), tool, index };
                if !tools.contains(&one) {
                    tools.push(one);
                }
            }
        }
        Ok(tools)
    }

    /// Decisions of the time, newest first.
    async fn judged(&self, from: Timestamp) -> Result<Vec<Judged>> {
        let sql = format!(
            "SELECT idx, project, environment, verdict FROM decisions WHERE at >= $1 \
             ORDER BY idx DESC LIMIT {MOST}"
        );
        all(&self.db, "decisions", sql, vec![Value::time(from)], |cells| {
            Ok(Judged {
                index: cells.count()?,
                project: cells.text()?,
                environment: cells.text()?,
                verdict: cells.json()?,
            })
        })
        .await
    }
}

struct Judged {
    index: u64,
    project: String,
    environment: String,
    verdict: Verdict,
}

/// The newest decision of each environment; they come newest first.
fn newest(decisions: &[Judged]) -> impl Iterator<Item = &Judged> {
    let mut seen = BTreeSet::new();
    decisions.iter().filter(move |one| seen.insert((&one.project, &one.environment)))
}

/// Project and rule that the newest decision of an environment denies by.
fn newest_denials(decisions: &[Judged]) -> BTreeSet<(String, String)> {
    let denied = newest(decisions).flat_map(|one| {
        let rules = one.verdict.rules.iter().filter(|rule| rule.outcome == Outcome::Deny);
        rules.map(|rule| (one.project.clone(), rule.rule.clone()))
    });
    denied.collect()
}

fn technologies(decisions: &[Judged]) -> Vec<TechnologyPractice> {
    let mut all = Vec::new();
    for one in newest(decisions) {
        let rules = one.verdict.rules.iter().filter(|rule| rule.rule == "technologies");
        for reason in rules.flat_map(|rule| &rule.reasons) {
            let (code, message) = (reason.code.clone(), reason.message.clone());
            all.push(TechnologyPractice { project: one.project.clone(), code, message, index: one.index });
        }
    }
    all
}

fn gates(decisions: Vec<Judged>) -> Vec<GatePractice> {
    let mut all: BTreeMap<(String, String, String), GatePractice> = BTreeMap::new();
    for one in decisions {
        for rule in one.verdict.rules {
            let excepted = rule.reasons.iter().any(|reason| reason.exception.is_some());
            let denies = rule.outcome == Outcome::Deny;
            if !excepted && !denies {
                continue;
            }
            let key = (one.project.clone(), one.environment.clone(), rule.rule.clone());
            let known = all.entry(key).or_insert_with(|| GatePractice {
                project: one.project.clone(),
                environment: one.environment.clone(),
                rule: rule.rule,
                objected: 0,
                overridden: 0,
                evidence: vec![],
            });
            known.objected += 1;
            if excepted && !denies {
                known.overridden += 1;
                if known.evidence.len() < MOST_SHOWN {
                    known.evidence.push(one.index);
                }
            }
        }
    }
    all.into_values().collect()
}
