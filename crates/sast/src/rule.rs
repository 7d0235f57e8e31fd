//! A rule as its file says it, and ready to run.

use std::collections::{BTreeMap, HashMap};

use ast_grep_config::{DeserializeEnv, RuleCore, SerializableRule, SerializableRuleCore};
use ast_grep_language::SupportLang;
use model::{Confidence, Severity};
use regex::Regex;
use serde::Deserialize;

use crate::{RuleInfo, flow::Need, language::Language};

/// The YAML of one rule.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    id: String,
    title: String,
    message: String,
    fix: String,
    severity: Severity,
    confidence: Confidence,
    cwe: Vec<u32>,
    /// What code it matches: an ast-grep rule object.
    rule: SerializableRule,
    /// Further ast-grep rules on its variables.
    #[serde(default)]
    constraints: Option<HashMap<String, SerializableRule>>,
    /// Parts of the rule with a name, for `matches`.
    #[serde(default)]
    utils: Option<HashMap<String, SerializableRule>>,
    /// What its variables must carry; all must hold.
    #[serde(default, rename = "where")]
    needs: BTreeMap<String, Need>,
    /// Regex of functions whose result is harmless here.
    #[serde(default)]
    clean: Option<String>,
    /// Regex that a literal part of a value in `where` must match, e.g. SQL key words.
    #[serde(default)]
    text: Option<String>,
    /// Regex that the file's text must match for the rule to apply at all.
    #[serde(default)]
    requires: Option<String>,
    /// Regex of paths that the rule leaves alone, e.g. tests.
    #[serde(default)]
    unless_path: Option<String>,
    vulnerable: Vec<String>,
    safe: Vec<String>,
}

/// A rule with its matchers.
pub struct Rule {
    pub info: RuleInfo,
    pub needs: Vec<(String, Need)>,
    pub clean: Option<Regex>,
    pub text: Option<Regex>,
    pub requires: Option<Regex>,
    pub unless_path: Option<Regex>,
    /// One matcher per parser of the language that knows all its nodes (JSX is unknown to some).
    pub matchers: Vec<(SupportLang, RuleCore)>,
}

/// What is wrong with a rule file. Only a test ever sees it: rules are part of the program.
#[derive(Debug, thiserror::Error)]
#[error("rule {name}: {why}")]
pub struct BadRule {
    name: String,
    why: String,
}

impl Rule {
    /// Reads a rule of `language` from the text of its file; `name` is the file's.
    pub fn parse(language: &Language, name: &str, text: &str) -> Result<Self, BadRule> {
        let bad = |why: String| BadRule { name: name.to_owned(), why };
        let file: RuleFile = serde_saphyr::from_str(text).map_err(|e| bad(e.to_string()))?;
        if file.id != format!("{}-{name}", language.grammar.name) {
            return Err(bad(format!("its id is {}", file.id)));
        }
        let regex = |text: &Option<String>| {
            let compiled = text.as_deref().map(Regex::new).transpose();
            compiled.map_err(|e| bad(e.to_string()))
        };
        let (clean, text, requires) = (regex(&file.clean)?, regex(&file.text)?, regex(&file.requires)?);
        let unless_path = regex(&file.unless_path)?;
        let core = SerializableRuleCore {
            rule: file.rule.clone(),
            constraints: file.constraints.clone(),
            utils: file.utils.clone(),
            transform: None,
        };
        let parsers = language.grammar.parsers.iter().map(|(_, parser)| *parser);
        let compiled: Vec<_> = parsers.map(|p| (p, core.get_matcher(DeserializeEnv::new(p)))).collect();
        let first_error = compiled.iter().find_map(|(_, m)| m.as_ref().err()).map(|e| chain(e));
        let matchers: Vec<_> = compiled.into_iter().filter_map(|(p, m)| Some((p, m.ok()?))).collect();
        if matchers.is_empty() {
            return Err(bad(first_error.unwrap_or_default()));
        }
        let needs = file.needs.into_iter().collect();
        let info = RuleInfo {
            id: file.id,
            language: language.grammar.name.to_owned(),
            title: file.title,
            message: file.message.trim().to_owned(),
            fix: file.fix.trim().to_owned(),
            severity: file.severity,
            confidence: file.confidence,
            cwe: file.cwe,
            vulnerable: file.vulnerable,
            safe: file.safe,
        };
        Ok(Self { info, needs, clean, text, requires, unless_path, matchers })
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(|source| format!(": {}", chain(source)));
    format!("{error}{}", cause.unwrap_or_default())
}
