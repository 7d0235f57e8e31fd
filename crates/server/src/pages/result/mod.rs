//! Results of tests by people: one finding in a form, or a whole report pasted into one, with the files that show it.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use model::Severity;
use serde::Deserialize;
use serde_json::json;

pub(super) mod attachment;

use super::{frame::Frame, show};
use crate::{
    access::Principal,
    act::{Act, ManualResult},
    api::{FormWithFiles, Path, extract::day},
    problem::Refusal,
    state::App,
    text,
};

/// Forms of a report: values and words.
const FORMS: [(&str, &str); 4] = [
    ("manual-csv", "CSV: a line a finding, with a heading"),
    ("manual-json", "JSON"),
    ("manual-markdown", "Markdown: a heading a finding"),
    ("manual-html", "HTML"),
];

#[derive(Template)]
#[template(path = "result/page.html")]
struct Page {
    frame: Frame,
    project: String,
    typed: Typed,
    /// The form that could not be taken, and why.
    mistake: Option<(&'static str, String)>,
}

impl Page {
    fn new(app: &App, who: &Principal, project: String) -> Self {
        let frame = Frame::new(app, "/findings");
        let typed = Typed { tester: who.name.clone(), date: text::day(&frame.now), ..Typed::default() };
        Self { frame, project, typed, mistake: None }
    }

    fn why_not(&self, form: &str) -> Option<&str> {
        self.mistake.as_ref().filter(|(of, _)| *of == form).map(|(_, why)| why.as_str())
    }

    fn today(&self) -> String {
        text::day(&self.frame.now)
    }
}

/// Everything that can be typed into the two forms.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    title: String,
    severity: String,
    cwe: String,
    file: String,
    line: String,
    url: String,
    package: String,
    description: String,
    fix: String,
    tester: String,
    date: String,
    assessment: String,
    commit: String,
    form: String,
    scope: String,
    report: String,
}

/// What is wrong with what was typed, as one sentence.
type Mistake = String;

fn given(text: &str) -> Option<String> {
    Some(text::typed(text)).filter(|text| !text.is_empty())
}

impl Typed {
    /// What both forms say of the test.
    fn test(&self, who: &Principal, project: &str) -> Result<ManualResult, Mistake> {
        let wrong = || "say on which day it was tested, as 2026-11-23".to_owned();
        let tested = match given(&self.date) {
            None => None,
            Some(text) => {
                day("date", &Some(text.clone())).map_err(|_| wrong())?;
                Some(text.parse().map_err(|_| wrong())?)
            }
        };
        let commit = given(&self.commit).map(|commit| commit.to_ascii_lowercase());
        let hex = |commit: &String| {
            [40, 64].contains(&commit.len()) && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        if !commit.as_ref().is_none_or(hex) {
            return Err("give all digits of the commit, or none".to_owned());
        }
        Ok(ManualResult {
            project: project.to_owned(),
            report: vec![],
            format: None,
            commit,
            assessment: given(&self.assessment),
            tester: given(&self.tester),
            tested,
            scope: vec![],
            files: vec![],
            by: who.by(Some(project)),
        })
    }

    /// One finding, in the JSON form of reports by people.
    fn finding(&self) -> Result<Vec<u8>, Mistake> {
        let title = given(&self.title).ok_or("the finding needs a title")?;
        let severity = Severity::from_name(&self.severity).ok_or("say how bad it is")?;
        let number = |text: &str| {
            let digits = text.trim();
            let digits = digits
                .get(..4)
                .filter(|begin| begin.eq_ignore_ascii_case("cwe-"))
                .map_or(digits, |_| &digits[4..]);
            digits.parse::<u32>().ok().filter(|cwe| (1..100_000).contains(cwe))
        };
        let words = self.cwe.split([',', ' ']).filter(|word| !word.trim().is_empty());
        let cwe: Option<Vec<u32>> = words.map(number).collect();
        let cwe = cwe.ok_or("the weakness is a number as CWE-89")?;
        let line = given(&self.line).map(|line| line.parse::<u32>().map_err(|_| "the line is a number"));
        let file = given(&self.file);
        let place = json!({
            "line": file.as_ref().and(line.transpose()?), "file": file, "url": given(&self.url),
            "package": given(&self.package),
        });
        let report = json!({ "proofhouseManualReport": 1, "findings": [{
            "title": title, "severity": severity.name(), "cwe": cwe, "description": given(&self.description),
            "fix": given(&self.fix), "place": place,
        }] });
        Ok(report.to_string().into_bytes())
    }

    fn one(&self, who: &Principal, project: &str) -> Result<ManualResult, Mistake> {
        let test = self.test(who, project)?;
        if test.tested.is_none() || test.tester.is_none() {
            return Err("say who tested, and on which day".to_owned());
        }
        Ok(ManualResult { report: self.finding()?, format: Some("manual-json"), ..test })
    }

    fn whole(&self, who: &Principal, project: &str) -> Result<ManualResult, Mistake> {
        if self.report.trim().is_empty() {
            return Err("there is no report".to_owned());
        }
        let format = FORMS.into_iter().map(|(name, _)| name).find(|name| *name == self.form);
        let scope = self.scope.lines().filter_map(given).collect();
        let report = self.report.clone().into_bytes();
        Ok(ManualResult { report, format, scope, ..self.test(who, project)? })
    }
}

/// A project that was misspelt must not come into being by a form.
async fn known(app: &App, project: &str) -> Result<(), Refusal> {
    let found = app.store.project_names().await?.iter().any(|name| name == project);
    if found { Ok(()) } else { Err(Refusal::not_found("project")) }
}

/// `GET /projects/{project}/results/new`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Path(project): Path<String>,
) -> Result<Response, Refusal> {
    known(&app, &project).await?;
    show(&Page::new(&app, &who, project))
}

/// `POST /projects/{project}/results`: one finding.
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Path(project): Path<String>,
    FormWithFiles { form: typed, files }: FormWithFiles<Typed>,
) -> Result<Response, Refusal> {
    known(&app, &project).await?;
    let result = typed.one(&who, &project).map(|result| ManualResult { files, ..result });
    enter(&app, Page { typed, ..Page::new(&app, &who, project) }, "one", result).await
}

/// `POST /projects/{project}/results/report`: a report with any number of findings.
pub(super) async fn whole(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Path(project): Path<String>,
    FormWithFiles { form: typed, files }: FormWithFiles<Typed>,
) -> Result<Response, Refusal> {
    known(&app, &project).await?;
    let result = typed.whole(&who, &project).map(|result| ManualResult { files, ..result });
    enter(&app, Page { typed, ..Page::new(&app, &who, project) }, "whole", result).await
}

/// Records a result and shows the findings by people, or shows why not.
async fn enter(
    app: &App,
    mut page: Page,
    form: &'static str,
    result: Result<ManualResult, Mistake>,
) -> Result<Response, Refusal> {
    let mistake = match result {
        Err(mistake) => mistake,
        Ok(result) => match app.act(Act::Result(Box::new(result))).await? {
            Ok(_) => {
                let query =
                    text::query([("project", Some(page.project.as_str())), ("technique", Some("manual"))]);
                return Ok(Redirect::to(&format!("/findings{query}")).into_response());
            }
            Err(why) => why,
        },
    };
    page.mistake = Some((form, text::sentence(&mistake)));
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.render()?)).into_response())
}
