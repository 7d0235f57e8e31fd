//! Runs the rules of one language over one file.

use std::time::{Duration, Instant};

use ast_grep_core::{Matcher, matcher::MatcherExt};
use ast_grep_language::SupportLang;
use model::{Finding, FindingId, Place, Sha256, Technique, identity};

use crate::{
    TOOL,
    flow::{Bindings, Evaluation, Node},
    language::Language,
    rule::Rule,
    source::{self, Shape},
    suppress::{Allowed, allowed},
    symbol,
};

/// Most time for one file; what is left is an error in the coverage.
const MOST_TIME: Duration = Duration::from_secs(10);
/// Most findings of one file.
const MOST_FINDINGS: usize = 1000;
/// Most lines of a match that enter its identity.
const CONTEXT_LINES: usize = 12;

/// What came of one file.
#[derive(Default)]
pub struct Outcome {
    /// Findings without identity.
    pub findings: Vec<Finding>,
    /// Findings left out by a comment: line, rule and reason.
    pub allowed: Vec<(u32, String, String)>,
    /// Why the file does not count as scanned.
    pub skipped: Option<String>,
    /// What went wrong.
    pub error: Option<String>,
}

/// A file with all that is asked of it more than once.
struct File<'a, 't> {
    path: &'a str,
    lines: Vec<&'a str>,
    language: &'static Language,
    bindings: std::cell::OnceCell<Bindings<'t>>,
    root: Node<'t>,
}

/// Scans the `text` of the file at `path`.
pub fn scan(
    path: &str,
    text: &str,
    language: &'static Language,
    parser: SupportLang,
    rules: &[Rule],
) -> Outcome {
    let Some(tree) = source::parse(text, parser) else {
        return Outcome { skipped: Some("cannot be parsed".into()), ..Outcome::default() };
    };
    let root = tree.root();
    let shape = Shape::of(&root);
    let mut outcome = Outcome { skipped: shape.reason(text.len()), ..Outcome::default() };
    if shape.too_deep() {
        return outcome;
    }
    let bindings = std::cell::OnceCell::new();
    let file = File { path, lines: text.lines().collect(), language, bindings, root };
    let rules: Vec<_> = rules.iter().filter_map(|rule| applicable(rule, path, text, parser)).collect();
    let started = Instant::now();
    for (n, node) in file.root.dfs().enumerate() {
        if n % 256 == 0 && started.elapsed() > MOST_TIME {
            outcome.error = Some(format!("{path}: not scanned to the end, it took too long"));
            break;
        }
        let kind = usize::from(node.kind_id());
        for (rule, matcher, kinds) in &rules {
            if kinds.as_ref().is_none_or(|kinds| kinds.get(kind).copied().unwrap_or(false)) {
                file.apply(rule, matcher, &node, &mut outcome);
            }
        }
        if outcome.findings.len() >= MOST_FINDINGS {
            outcome.error = Some(format!("{path}: more than {MOST_FINDINGS} findings, the rest is left out"));
            break;
        }
    }
    outcome
}

type Ready<'r> = (&'r Rule, &'r ast_grep_config::RuleCore, Option<Vec<bool>>);

fn applicable<'r>(rule: &'r Rule, path: &str, text: &str, parser: SupportLang) -> Option<Ready<'r>> {
    let wanted = rule.requires.as_ref().is_none_or(|requires| requires.is_match(text));
    let left_alone = rule.unless_path.as_ref().is_some_and(|unless| unless.is_match(path));
    let matcher = &rule.matchers.iter().find(|(of, _)| *of == parser)?.1;
    let kinds = matcher.potential_kinds().map(|set| {
        let mut table = vec![false; set.iter().max().map_or(0, |most| most + 1)];
        set.iter().for_each(|kind| table[kind] = true);
        table
    });
    (wanted && !left_alone).then_some((rule, matcher, kinds))
}

impl<'t> File<'_, 't> {
    fn apply(
        &self,
        rule: &Rule,
        matcher: &ast_grep_config::RuleCore,
        node: &Node<'t>,
        outcome: &mut Outcome,
    ) {
        let Some(found) = matcher.match_node(node.clone()) else { return };
        let env = found.get_env();
        let met = rule.needs.iter().all(|(variable, need)| {
            let bindings = self.bindings.get_or_init(|| Bindings::of(&self.root, self.language.grammar));
            let evaluation = Evaluation::new(self.language, bindings, rule);
            match env.get_match(variable) {
                Some(one) => evaluation.meets(one, *need),
                None => env.get_multiple_matches(variable).iter().any(|n| evaluation.meets(n, *need)),
            }
        });
        if met {
            self.report(rule, found.get_node(), outcome);
        }
    }

    fn report(&self, rule: &Rule, node: &Node<'t>, outcome: &mut Outcome) {
        let start = node.start_pos();
        let line = number(start.line());
        let mut message = rule.info.message.clone();
        match allowed(&self.lines, line, &rule.info.id, self.language.grammar.comment) {
            Allowed::Because(reason) => {
                return outcome.allowed.push((line, rule.info.id.clone(), reason.to_owned()));
            }
            Allowed::WithoutReason => message.push_str(" (The comment that allows it gives no reason.)"),
            Allowed::No => {}
        }
        let end_line = number(node.end_pos().line());
        let last = (end_line as usize).min(line as usize - 1 + CONTEXT_LINES).min(self.lines.len());
        let code = self.lines.get(line as usize - 1..last).unwrap_or_default().join("\n");
        outcome.findings.push(Finding {
            id: FindingId(Sha256([0; 32])),
            scanner: TOOL.into(),
            rule: rule.info.id.clone(),
            technique: Technique::Sast,
            severity: rule.info.severity,
            confidence: rule.info.confidence,
            title: rule.info.title.clone(),
            message,
            cwe: rule.info.cwe.clone(),
            aliases: vec![],
            place: Place::Code {
                path: self.path.to_owned(),
                line: Some(line),
                column: Some(number(start.column(node))),
                end_line: Some(end_line),
                symbol: symbol::enclosing(node, self.language.grammar),
                context: Some(identity::context(&code)),
            },
            fix: Some(rule.info.fix.clone()),
            help: None,
            cvss: None,
        });
    }
}

/// From 0 to from 1.
fn number(from_zero: usize) -> u32 {
    u32::try_from(from_zero).unwrap_or(u32::MAX - 1) + 1
}
