//! All rules as one prefilter and one expression each.

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};
use regex::bytes::{Regex, RegexBuilder};

use super::rules::Rule;

/// Largest compiled expression.
const SIZE_LIMIT: usize = 8 << 20;

/// The rules, ready to run. Expressions are compiled when their keyword is first seen.
pub struct Matcher {
    rules: &'static [Rule],
    expressions: Vec<OnceLock<Option<Regex>>>,
    keywords: AhoCorasick,
    rule_of_keyword: Vec<usize>,
}

/// Why the rules cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("keywords: {0}")]
pub struct RuleError(#[from] aho_corasick::BuildError);

impl Matcher {
    /// Prepares the rules.
    pub fn new(rules: &'static [Rule]) -> Result<Self, RuleError> {
        let pairs = rules.iter().enumerate().flat_map(|(n, rule)| rule.keywords.iter().map(move |k| (n, *k)));
        let (rule_of_keyword, words): (Vec<usize>, Vec<&str>) = pairs.unzip();
        let keywords = AhoCorasickBuilder::new().ascii_case_insensitive(true).build(words)?;
        let expressions = rules.iter().map(|_| OnceLock::new()).collect();
        Ok(Self { rules, expressions, keywords, rule_of_keyword })
    }

    /// The rules that have a keyword in `text`, in the order of the table.
    pub fn candidates(&self, text: &[u8]) -> impl Iterator<Item = (&'static Rule, &Regex)> {
        let mut wanted = vec![false; self.rules.len()];
        for found in self.keywords.find_overlapping_iter(text) {
            wanted[self.rule_of_keyword[found.pattern().as_usize()]] = true;
        }
        let chosen = wanted.into_iter().enumerate().filter(|(_, wanted)| *wanted).map(|(n, _)| n);
        chosen.filter_map(|n| Some((&self.rules[n], self.expression(n)?)))
    }

    fn expression(&self, n: usize) -> Option<&Regex> {
        let build =
            || RegexBuilder::new(self.rules[n].pattern).unicode(false).size_limit(SIZE_LIMIT).build().ok();
        self.expressions[n].get_or_init(build).as_ref()
    }
}
