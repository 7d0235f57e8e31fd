//! Controls of standards: how far each is fulfilled, what shows it, what is missing and what closes the gap.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use govern::controls::{
    CatalogueReport, ControlReport, Evidence, Missing, Report, RuleReport, Status, export,
};

use super::{frame::Frame, show};
use crate::{
    access::Principal,
    api::{Path, Query, controls::ControlsQuery, extract::given},
    html::{self, Tone},
    problem::Refusal,
    state::App,
    text,
};

/// Title of the exports.
const TITLE: &str = "Controls";
/// Evidence and gaps of a rule that the page of a control lists.
const MOST_LISTED: usize = 50;
/// Forms of the report with their names for people.
const FORMS: [(&str, &str); 4] =
    [("oscal", "OSCAL"), ("csv", "CSV"), ("pdf", "PDF"), ("markdown", "Markdown")];

fn status(status: &Status) -> html::Markup {
    let tone = match *status {
        Status::Met => Tone::Good,
        Status::Partly => Tone::Warn,
        Status::NotMet => Tone::Bad,
        Status::NoData => Tone::Idle,
    };
    html::toned(&status.to_string(), tone)
}

#[derive(Template)]
#[template(path = "controls/page.html")]
struct Controls {
    frame: Frame,
    report: Arc<Report>,
    /// The catalogue that is shown.
    shown: String,
    query: ControlsQuery,
}

impl Controls {
    fn catalogue(&self) -> Option<&CatalogueReport> {
        self.report.catalogues.iter().find(|catalogue| catalogue.id == self.shown)
    }

    /// The same page with another catalogue.
    fn tab(&self, catalogue: &str) -> String {
        let project = self.query.project.as_deref();
        let pairs =
            [("catalogue", Some(catalogue)), ("project", project), ("as-of", self.query.as_of.as_deref())];
        format!("/controls{}", text::query(pairs))
    }

    fn export(&self, form: &str) -> String {
        format!("/controls/export/{form}{}", filter(&self.query, Some(&self.shown)))
    }

    fn link(&self, control: &ControlReport) -> String {
        let (catalogue, id) = (text::url(&self.shown), text::url(&control.id));
        format!("/controls/{catalogue}/{id}{}", filter(&self.query, None))
    }

    /// Rules of a control that lack something, and how often.
    fn gaps<'a>(&'a self, control: &'a ControlReport) -> Vec<&'a RuleReport> {
        self.report.rules_of(control).filter(|rule| !rule.missing.is_empty()).collect()
    }
}

fn filter(query: &ControlsQuery, catalogue: Option<&str>) -> String {
    let (project, as_of) = (query.project.as_deref(), query.as_of.as_deref());
    text::query([("catalogue", catalogue), ("project", project), ("as-of", as_of)])
}

/// `GET /controls`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Query(query): Query<ControlsQuery>,
) -> Result<Response, Refusal> {
    let all = ControlsQuery { catalogue: None, ..query.clone() };
    let report = all.answer(&app, &who).await?;
    let first = || report.catalogues.first().map(|catalogue| catalogue.id.clone()).unwrap_or_default();
    let shown = given(&query.catalogue).unwrap_or_else(first);
    if !report.catalogues.iter().any(|catalogue| catalogue.id == shown) {
        return Err(Refusal::not_found("catalogue of controls"));
    }
    show(&Controls { frame: Frame::new(&app, "/controls"), report, shown, query })
}

#[derive(Template)]
#[template(path = "controls/control.html")]
struct OneControl {
    frame: Frame,
    report: Arc<Report>,
    catalogue: CatalogueReport,
    control: ControlReport,
    query: ControlsQuery,
}

impl OneControl {
    /// The newest evidence first.
    fn evidence<'a>(&self, rule: &'a RuleReport) -> Vec<&'a Evidence> {
        let mut all: Vec<&Evidence> = rule.evidence.iter().collect();
        all.sort_by_key(|one| std::cmp::Reverse(one.index));
        all.truncate(MOST_LISTED);
        all
    }

    fn missing<'a>(&self, rule: &'a RuleReport) -> impl Iterator<Item = &'a Missing> + use<'a> {
        rule.missing.iter().take(MOST_LISTED)
    }

    fn back(&self) -> String {
        format!("/controls{}", filter(&self.query, Some(&self.catalogue.id)))
    }
}

/// `GET /controls/{catalogue}/{control}`.
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Path((catalogue, control)): Path<(String, String)>,
    Query(query): Query<ControlsQuery>,
) -> Result<Response, Refusal> {
    let query = ControlsQuery { catalogue: Some(catalogue), ..query };
    let report = query.answer(&app, &who).await?;
    let catalogue = report.catalogues.first().cloned().ok_or_else(|| Refusal::not_found("catalogue"))?;
    let found = catalogue.controls.iter().find(|one| one.id == control).cloned();
    let control = found.ok_or_else(|| Refusal::not_found("control"))?;
    show(&OneControl { frame: Frame::new(&app, "/controls"), report, catalogue, control, query })
}

/// `GET /controls/export/{form}`.
pub(super) async fn exported(
    State(app): State<Arc<App>>,
    Extension(who): Extension<Arc<Principal>>,
    Path(form): Path<String>,
    Query(query): Query<ControlsQuery>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if !FORMS.iter().any(|(name, _)| *name == form) {
        return Err(Refusal::not_found("form of the report"));
    }
    let report = query.answer(&app, &who).await?;
    let (kind, ending, bytes) = match form.as_str() {
        "oscal" => {
            let address = address(&app, &headers);
            ("application/json", "json", export::oscal::text(&report, address.as_deref()).into_bytes())
        }
        "csv" => ("text/csv; charset=utf-8", "csv", export::csv(&report).into_bytes()),
        "pdf" => {
            let asked = Arc::clone(&report);
            let pdf = app.ask(move |backend| backend.controls_pdf(&asked, TITLE)).await?;
            ("application/pdf", "pdf", pdf)
        }
        _ => ("text/markdown; charset=utf-8", "md", export::markdown(&report, TITLE).into_bytes()),
    };
    let day = report.moment.strftime("%Y-%m-%d");
    let name = format!("attachment; filename=\"controls-{day}.{ending}\"");
    Ok(([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)], bytes)
        .into_response())
}

/// Where people reach this server, for links; its host name was checked before.
fn address(app: &App, headers: &HeaderMap) -> Option<String> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    Some(format!("{}://{host}", if app.tls { "https" } else { "http" }))
}
