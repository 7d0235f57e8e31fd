//! What people should know of each class of weakness, and which classes come again and again here.

use std::sync::Arc;

use askama::Template;
use axum::{Extension, extract::State, response::Response};
use govern::awareness::{
    causes::{self, Cause},
    guidance::{self, Example, Found, Guidance},
};
use pulldown_cmark::{Event, Parser};
use serde::Deserialize;

use super::{frame::Frame, show};
use crate::{
    access::Principal,
    api::{Path, Query, extract::given},
    html::{self, Markup},
    problem::Refusal,
    state::App,
    text,
};

/// Most causes that are listed.
const MOST_CAUSES: usize = 15;

#[derive(Template)]
#[template(path = "guidance/list.html")]
struct List {
    frame: Frame,
    project: Option<String>,
    causes: Vec<Cause>,
    /// Findings of no class.
    without: u64,
    all: &'static [Guidance],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scope {
    project: Option<String>,
}

/// `GET /guidance`.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Query(scope): Query<Scope>,
) -> Result<Response, Refusal> {
    let project = given(&scope.project);
    let projects = match &project {
        Some(one) => Some(vec![one.clone()]),
        None => who.projects(&app).await?,
    };
    let classes = match projects.as_deref() {
        // No name stands for all.
        Some([]) => vec![],
        some => app.store.weakness_classes(some.unwrap_or_default()).await?,
    };
    let (mut causes, without) = causes::rank(&classes);
    causes.truncate(MOST_CAUSES);
    show(&List { frame: Frame::new(&app, "/guidance"), project, causes, without, all: guidance::all() })
}

#[derive(Template)]
#[template(path = "guidance/page.html")]
struct Page {
    frame: Frame,
    asked: u32,
    guidance: &'static Guidance,
    language: Option<String>,
    /// The example in the wanted language comes first.
    examples: Vec<&'static Example>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    language: Option<String>,
}

/// `GET /guidance/{cwe}`: the guidance for a weakness, or for the nearest one that it is a kind of.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Path(asked): Path<u32>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refusal> {
    let Found { guidance, .. } = guidance::of(asked).ok_or_else(|| {
        Refusal::not_found("guidance")
            .with_hint("/guidance lists the classes of weakness that there is some for")
    })?;
    let language = given(&wanted.language).map(|language| language.to_lowercase());
    let first = language.as_deref().and_then(|language| guidance.example(language));
    let rest = guidance.examples.iter().filter(|example| first.is_none_or(|first| first != *example));
    let examples = first.into_iter().chain(rest).collect();
    show(&Page { frame: Frame::new(&app, "/guidance"), asked, guidance, language, examples })
}

impl Page {
    /// Where the class is defined.
    fn definition(&self) -> Markup {
        html::outside(&format!("https://cwe.mitre.org/data/definitions/{}.html", self.guidance.cwe))
    }

    /// Whether a language was wanted that there is no example in.
    fn foreign(&self) -> bool {
        self.language.as_deref().is_some_and(|language| self.guidance.example(language).is_none())
    }
}

/// Markdown as markup. HTML in it is shown as text.
fn markdown(text: &str) -> Markup {
    let safe = Parser::new(text).map(|event| match event {
        Event::Html(html) | Event::InlineHtml(html) => Event::Text(html),
        other => other,
    });
    let mut out = String::new();
    pulldown_cmark::html::push_html(&mut out, safe);
    html::written(out)
}

/// What a language is called.
fn spoken(language: &str) -> &str {
    match language {
        "csharp" => "C#",
        "cpp" => "C++",
        "c" => "C",
        "php" => "PHP",
        "javascript" => "JavaScript",
        "typescript" => "TypeScript",
        "python" => "Python",
        "java" => "Java",
        "go" => "Go",
        "rust" => "Rust",
        "ruby" => "Ruby",
        "yaml" => "YAML",
        "dockerfile" => "Dockerfile",
        other => other,
    }
}

/// Name of a class that there is guidance for.
fn title(cwe: &u32) -> Option<&'static str> {
    guidance::of(*cwe).map(|found| found.guidance.title.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_in_markdown_is_text() {
        let shown =
            markdown("a `b<i>` <script>alert(1)</script>\n\n<img src=x onerror=alert(2)>").to_string();
        assert!(shown.contains("<code>b&lt;i&gt;</code>"), "{shown}");
        assert!(!shown.contains("<script") && !shown.contains("<img"), "{shown}");
    }
}
