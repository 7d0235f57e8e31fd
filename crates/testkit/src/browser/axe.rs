//! axe-core, whose rules say what a screen reader would stumble over.

use std::{fs, path::PathBuf};

use serde_json::json;

use super::Browser;

/// Rules that stay out, each with its reason; all others run, also those that axe leaves out by itself because they
/// are experiments, of best practice, or stricter than WCAG's level AA.
const LEFT_OUT: [(&str, &str); 1] = [
    // The pages promise level AA (4.5 : 1), which `color-contrast` checks.
    (
        "color-contrast-enhanced",
        "level AAA asks for 7 : 1, and states in colour could not be told apart then",
    ),
];

/// Axe's own report, shortened to what somebody who mends it must know.
const RUN: &str = "
const [out, done] = arguments;
const rules = Object.fromEntries(axe.getRules().map(({ ruleId }) => [ruleId, { enabled: !out.includes(ruleId) }]));
axe.run(document, { resultTypes: ['violations'], rules }).then(
  (report) => done(report.violations.flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id}: ${node.html.slice(0, 160)}: ${node.any.concat(node.all, node.none).map((c) => c.message).join('; ')}`))),
  (error) => done([`axe failed: ${error}`]));
";

/// The program of axe-core.
#[derive(Debug)]
pub struct Axe(String);

impl Axe {
    /// As `cargo xtask test` installed it.
    pub fn installed() -> Self {
        let folder = std::env::var_os("PROOFHOUSE_TEST_VERIFIERS").map(PathBuf::from);
        let folder = folder.expect("PROOFHOUSE_TEST_VERIFIERS is set by `cargo xtask test`");
        Self(fs::read_to_string(folder.join("node_modules/axe-core/axe.min.js")).unwrap())
    }

    /// What axe finds on the page that is shown.
    pub async fn violations(&self, browser: &Browser) -> Vec<String> {
        // Through the driver: the page's own policy lets no script of others in.
        browser.client.execute(&self.0, vec![]).await.unwrap();
        let out = LEFT_OUT.map(|(rule, _)| rule);
        let found = browser.client.execute_async(RUN, vec![json!(out)]).await.unwrap();
        found.as_array().unwrap().iter().map(|one| one.as_str().unwrap_or_default().to_owned()).collect()
    }
}
