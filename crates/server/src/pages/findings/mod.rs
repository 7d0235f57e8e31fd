//! Findings of all projects, with filters.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, extract::State, response::Response};
use model::Technique;
use store::views::{FindingCounts, FindingFilter, FindingView};

use super::{frame::Frame, show};
use crate::{
    access::Principal,
    api::{Query, findings::FindingQuery},
    html,
    problem::Refusal,
    state::App,
    text,
};

/// Choices of the form: words, and what the query says for them.
const STATES: [(&str, &str); 5] = [
    ("open", "new,existing,reopened"),
    ("new", "new"),
    ("existing", "existing"),
    ("reopened", "reopened"),
    ("fixed", "fixed"),
];
const SEVERITIES: [(&str, &str); 4] = [
    ("critical", "critical"),
    ("high and worse", "critical,high"),
    ("medium and worse", "critical,high,medium"),
    ("low and worse", "critical,high,medium,low"),
];

const TRIAGE: [(&str, &str); 5] = [
    ("not judged", "none"),
    ("false positive", "false-positive"),
    ("confirmed", "confirmed"),
    ("will not be fixed", "wont-fix"),
    ("duplicate", "duplicate-of"),
];

#[derive(Template)]
#[template(path = "findings/page.html")]
struct Findings {
    frame: Frame,
    query: FindingQuery,
    counts: FindingCounts,
    findings: Vec<FindingView>,
    scanners: Vec<String>,
    shown: usize,
    next: Option<String>,
}

/// A choice with its words, value, and whether it is chosen.
type Choice = (String, String, bool);

fn choices<'a>(
    options: impl IntoIterator<Item = (&'a str, &'a str)>,
    chosen: &Option<String>,
) -> Vec<Choice> {
    let choice =
        |(words, value): (&str, &str)| (words.to_owned(), value.to_owned(), chosen.as_deref() == Some(value));
    options.into_iter().map(choice).collect()
}

impl Findings {
    fn states(&self) -> Vec<Choice> {
        choices(STATES, &self.query.status)
    }

    fn severities(&self) -> Vec<Choice> {
        choices(SEVERITIES, &self.query.severity)
    }

    fn techniques(&self) -> Vec<Choice> {
        choices(Technique::ALL.map(|technique| (technique.name(), technique.name())), &self.query.technique)
    }

    fn triages(&self) -> Vec<Choice> {
        choices(TRIAGE, &self.query.triage)
    }

    fn scanners(&self) -> Vec<Choice> {
        choices(self.scanners.iter().map(|name| (name.as_str(), name.as_str())), &self.query.scanner)
    }
}

/// `GET /findings`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Query(query): Query<FindingQuery>,
) -> Result<Response, Refusal> {
    let filter = query.filter(&app, &who).await?;
    let page = app.store.findings(&filter, &query.page()).await?;
    let of_project = FindingFilter {
        project: filter.project.clone(),
        projects: filter.projects.clone(),
        ..FindingFilter::default()
    };
    let scanners = app.store.finding_counts(&of_project).await?.scanner.into_keys().collect();
    show(&Findings {
        frame: Frame::new(&app, "/findings"),
        counts: app.store.finding_counts(&filter).await?,
        scanners,
        shown: page.items.len(),
        next: page.next.map(|next| next_page(&query, &next)),
        findings: page.items,
        query,
    })
}

fn next_page(query: &FindingQuery, after: &str) -> String {
    let filters = [
        ("project", query.project.as_deref()),
        ("status", query.status.as_deref()),
        ("severity", query.severity.as_deref()),
        ("technique", query.technique.as_deref()),
        ("scanner", query.scanner.as_deref()),
        ("target", query.target.as_deref()),
        ("run", query.run.as_deref()),
        ("text", query.text.as_deref()),
        ("rule", query.rule.as_deref()),
        ("from", query.from.as_deref()),
        ("before", query.before.as_deref()),
        ("triage", query.triage.as_deref()),
        ("assignee", query.assignee.as_deref()),
        ("after", Some(after)),
    ];
    format!("/findings{}", text::query(filters))
}
