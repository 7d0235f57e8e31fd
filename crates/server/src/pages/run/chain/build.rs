//! From the rows of a run to boxes and arrows.

use std::collections::{BTreeMap, HashMap};

use model::{Sha256, Subject, predicate::Origin};
use store::views::{RunDetail, ScanView, StepView};

use super::{Graph, Node};
use crate::{html::Tone, text};

/// Most boxes in one column; the others are in the list only by their number.
const MOST: usize = 10;

struct Builder<'a> {
    detail: &'a RunDetail,
    graph: Graph,
    in_column: HashMap<usize, usize>,
    left_out: BTreeMap<usize, usize>,
    steps: HashMap<&'a str, usize>,
    artifacts: HashMap<Sha256, usize>,
    /// Boxes by the envelope digest of their statement.
    envelopes: HashMap<String, usize>,
}

/// Boxes and arrows of a run.
pub(super) fn graph(detail: &RunDetail) -> Graph {
    let mut builder = Builder {
        detail,
        graph: Graph::default(),
        in_column: HashMap::new(),
        left_out: BTreeMap::new(),
        steps: HashMap::new(),
        artifacts: HashMap::new(),
        envelopes: HashMap::new(),
    };
    let source = builder.source();
    let layers = builder.steps(source);
    builder.artifacts(layers + 1);
    builder.evidence(layers + 2, source);
    builder.decisions(layers + 3);
    builder.deployments(layers + 4);
    builder.left_out();
    let mut titles = vec!["Source"];
    titles.extend((0..layers).map(|n| if n == 0 { "Steps" } else { "" }));
    titles.extend(["Artifacts", "Evidence", "Decisions", "Deployments", "In operation"]);
    builder.graph.titles = titles;
    builder.graph
}

impl Builder<'_> {
    /// Adds a box unless its column is full.
    fn add(&mut self, column: usize, label: &str, sub: String, href: String, tone: Tone) -> Option<usize> {
        let count = self.in_column.entry(column).or_default();
        if *count == MOST {
            *self.left_out.entry(column).or_default() += 1;
            return None;
        }
        *count += 1;
        self.graph.nodes.push(Node { column, label: label.to_owned(), sub, href, tone });
        Some(self.graph.nodes.len() - 1)
    }

    fn edge(&mut self, from: Option<usize>, to: Option<usize>) {
        if let (Some(from), Some(to)) = (from, to) {
            self.graph.edges.push((from, to));
        }
    }

    fn source(&mut self) -> Option<usize> {
        let run = &self.detail.run;
        let (label, sub) = match &run.commit {
            Some(commit) => (text::short(commit), run.branch.clone().unwrap_or_else(|| "commit".to_owned())),
            None => (run.tree.short(), "no commit".to_owned()),
        };
        let (sub, tone) = match run.dirty {
            true => (format!("{sub}, changed"), Tone::Warn),
            false => (sub, Tone::Good),
        };
        self.add(0, &label, sub, format!("/ledger/{}", run.started_index), tone)
    }

    /// Steps in layers: each right of what it waits for. Returns the number of layers.
    fn steps(&mut self, source: Option<usize>) -> usize {
        let detail = self.detail;
        let layers = layers(&detail.steps);
        let of_step = |kind: &str, step: &str| {
            let mut statements = detail.statements.iter();
            statements.find(|s| s.kind == kind && s.step.as_deref() == Some(step)).map(|s| s.index)
        };
        for (step, layer) in detail.steps.iter().zip(&layers) {
            let index = of_step("provenance", &step.name).or_else(|| of_step("test", &step.name));
            let href = format!("/ledger/{}", index.unwrap_or(step.index));
            let sub = if step.cached { format!("{}, cached", step.kind) } else { step.kind.clone() };
            let node = self.add(layer + 1, &step.name, sub, href, Tone::of(&step.result));
            if let Some(node) = node {
                self.steps.insert(&step.name, node);
            }
        }
        for step in &detail.steps {
            let to = self.steps.get(step.name.as_str()).copied();
            let needs: Vec<_> =
                step.needs.iter().filter_map(|name| self.steps.get(name.as_str()).copied()).collect();
            match needs.is_empty() {
                true => self.edge(source, to),
                false => needs.into_iter().for_each(|from| self.edge(Some(from), to)),
            }
        }
        layers.into_iter().max().map_or(0, |layer| layer + 1)
    }

    fn artifacts(&mut self, column: usize) {
        let detail = self.detail;
        for artifact in &detail.artifacts {
            let href = format!("/artifacts/{}", artifact.digest);
            let name = artifact.path.rsplit('/').next().unwrap_or(&artifact.path);
            let sub = format!("{} · {}", artifact.digest.short(), text::size(&artifact.size));
            let node = self.add(column, name, sub, href, Tone::Good);
            if let Some(node) = node {
                self.artifacts.entry(artifact.digest).or_insert(node);
            }
            self.edge(self.steps.get(artifact.step.as_str()).copied(), node);
        }
    }

    /// SBOMs, scans, tests and traces.
    fn evidence(&mut self, column: usize, source: Option<usize>) {
        let detail = self.detail;
        for sbom in &detail.sboms {
            let sub = text::many(&sbom.components, "component");
            let node = self.add(column, "SBOM", sub, format!("/sboms/{}", sbom.index), Tone::Good);
            let from = self.about(&sbom.subjects).or(source);
            self.edge(from, node);
            self.remember(sbom.envelope, node);
        }
        for scan in detail.scans.iter().filter(|scan| scan.deployment.is_none()) {
            let node = self.scan(column, scan);
            let step = match &scan.origin {
                Origin::Step { step, .. } => self.steps.get(step.as_str()).copied(),
                _ => None,
            };
            self.edge(step.or(source), node);
        }
        for test in &detail.tests {
            let counts = format!("{} passed, {} failed", test.passed, test.failed);
            let sub = match &test.coverage {
                Some(coverage) => format!("{counts} · {} % of lines", coverage.figures.lines.percent()),
                None => counts,
            };
            let name = test.step.as_deref().unwrap_or("tests");
            let node =
                self.add(column, &format!("Tests: {name}"), sub, entry(test.index), Tone::of(&test.result));
            let step = test.step.as_deref().and_then(|step| self.steps.get(step).copied());
            self.edge(step.or(source), node);
            self.remember(test.envelope, node);
        }
        for trace in &detail.traces {
            let refused = trace.network.iter().filter(|seen| seen["allowed"] == false).count();
            let (sub, tone) = match refused {
                0 => (format!("{} programs run", trace.processes), Tone::Good),
                n => (format!("{n} refused by the proxy"), Tone::Warn),
            };
            let name = trace.step.as_deref().unwrap_or("step");
            let node = self.add(column, &format!("Trace: {name}"), sub, entry(trace.index), tone);
            let step = trace.step.as_deref().and_then(|step| self.steps.get(step).copied());
            self.edge(step, node);
            self.remember(trace.envelope, node);
        }
    }

    fn scan(&mut self, column: usize, scan: &ScanView) -> Option<usize> {
        let (worst, open) = (&scan.by_severity, scan.by_severity.total());
        let (sub, tone) = match () {
            () if !scan.complete => ("coverage incomplete".to_owned(), Tone::Warn),
            () if worst.critical + worst.high > 0 => {
                (format!("{} critical, {} high", worst.critical, worst.high), Tone::Bad)
            }
            () if open > 0 => (text::many(&open, "finding"), Tone::Warn),
            () => ("no findings".to_owned(), Tone::Good),
        };
        let technique = scan.technique.name();
        let name = scan.tool.name.strip_prefix("proofhouse-").unwrap_or(&scan.tool.name);
        let label = match name == technique {
            true => format!("Scan: {technique}"),
            false => format!("{technique}: {name}"),
        };
        let node = self.add(column, &label, sub, entry(scan.index), tone);
        self.remember(scan.envelope, node);
        node
    }

    fn decisions(&mut self, column: usize) {
        let detail = self.detail;
        for decision in &detail.decisions {
            let word = text::outcome(&decision.outcome);
            let denied =
                decision.verdict.rules.iter().filter(|rule| text::outcome(&rule.outcome) == word).count()
                    as u64;
            let sub = if word == "pass" {
                "all rules pass".to_owned()
            } else {
                format!("{word} by {}", text::many(&denied, "rule"))
            };
            let href = format!("/decisions/{}", decision.index);
            let node = self.add(column, &decision.environment, sub, href, Tone::of(word));
            let inputs = decision.inputs.iter().filter_map(|input| input.digest.get("sha256"));
            let mut from: Vec<_> = inputs.filter_map(|digest| self.envelopes.get(digest).copied()).collect();
            from.extend(self.about(&decision.subjects));
            from.sort_unstable();
            from.dedup();
            from.into_iter().for_each(|from| self.edge(Some(from), node));
            self.remember(decision.envelope, node);
        }
    }

    fn deployments(&mut self, column: usize) {
        let detail = self.detail;
        for deployment in &detail.deployments {
            let word = deployment.result.name();
            let href = format!("/deployments/{}", deployment.deployment);
            let node = self.add(column, &deployment.environment, word.to_owned(), href, Tone::of(word));
            let decision = self.envelopes.get(&deployment.decision.hex()).copied();
            self.edge(decision.or_else(|| self.artifacts.get(&deployment.digest).copied()), node);
            let here = |scan: &&ScanView| scan.deployment == Some(deployment.deployment);
            for scan in detail.scans.iter().filter(here) {
                let check = self.scan(column + 1, scan);
                self.edge(node, check);
            }
        }
    }

    fn left_out(&mut self) {
        for (column, count) in std::mem::take(&mut self.left_out) {
            let label = format!("and {count} more");
            let href = "#statements".to_owned();
            self.graph.nodes.push(Node {
                column,
                label,
                sub: "in the tables below".into(),
                href,
                tone: Tone::Idle,
            });
        }
    }

    fn remember(&mut self, envelope: Sha256, node: Option<usize>) {
        if let Some(node) = node {
            self.envelopes.insert(envelope.hex(), node);
        }
    }

    /// The artifact that a statement is about.
    fn about(&self, subjects: &[Subject]) -> Option<usize> {
        let digests = subjects.iter().filter_map(Subject::sha256_digest);
        digests.filter_map(|digest| self.artifacts.get(&digest).copied()).next()
    }
}

fn entry(index: u64) -> String {
    format!("/ledger/{index}")
}

/// Layer of each step: 0, or one more than the latest of those that it waits for. Names that wait for
/// each other (never from a checked plan) end after as many rounds as there are steps.
fn layers(steps: &[StepView]) -> Vec<usize> {
    let by_name: HashMap<&str, usize> =
        steps.iter().enumerate().map(|(n, step)| (step.name.as_str(), n)).collect();
    let mut layers = vec![0; steps.len()];
    for _ in 0..steps.len().min(64) {
        let before = layers.clone();
        for (n, step) in steps.iter().enumerate() {
            let needs = step.needs.iter().filter_map(|name| by_name.get(name.as_str()));
            layers[n] = needs.map(|need| before[*need] + 1).max().unwrap_or(0).min(8);
        }
        if layers == before {
            break;
        }
    }
    layers
}
