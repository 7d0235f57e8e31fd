//! Finds the routes: the given or published OpenAPI document, robots.txt, sitemap, links and forms.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use reqwest::Method;
use url::Url;

use crate::{
    DastError,
    client::{Answer, Ask},
    html::{self, Form},
    openapi,
    route::{Carrier, Parameter, Route, matches, template},
    session::{Exchange, Session},
};

/// Places where applications publish their OpenAPI document.
const PUBLISHED: [&str; 5] =
    ["/openapi.json", "/openapi.yaml", "/swagger.json", "/v3/api-docs", "/api/openapi.json"];
/// Concrete addresses asked for one route.
const MOST_PER_ROUTE: usize = 3;
/// Addresses waiting to be asked.
const MOST_WAITING: usize = 2000;
const MOST_ROUTES: usize = 1000;

/// Files that have no parameters and run no code.
const STATIC: [&str; 14] =
    ["css", "js", "mjs", "map", "png", "jpg", "jpeg", "gif", "svg", "ico", "webp", "woff", "woff2", "ttf"];
/// Words in a path that may end the session or change data, even by GET.
const RISKY: [&str; 7] = ["logout", "logoff", "signout", "sign-out", "delete", "remove", "destroy"];

/// What was found so far.
struct Found {
    routes: BTreeMap<(String, String), Route>,
    waiting: VecDeque<(Url, u8)>,
    asked: BTreeSet<String>,
    per_route: BTreeMap<String, usize>,
}

/// Fills `routes`, `exchanges` and `nothing_here` of the session.
///
/// # Errors
/// When the OpenAPI document that was given cannot be used.
pub async fn discover(session: &mut Session<'_>, first: Answer) -> Result<(), DastError> {
    let mut found = Found {
        routes: BTreeMap::new(),
        waiting: VecDeque::new(),
        asked: BTreeSet::new(),
        per_route: BTreeMap::new(),
    };
    let declared = match &session.target.openapi {
        Some(bytes) => openapi::parse(bytes).map_err(|why| DastError::OpenApi { why })?,
        None => published(session).await,
    };
    for route in declared {
        found.declare(session, route);
    }
    session.nothing_here = session.ask_path("/", &Ask::get(session.at(NOTHING))).await;
    let start = session.base().clone();
    found.asked.insert(start.to_string());
    found.visited(session, start, first, 0);
    found.listed(session).await;
    found.crawl(session).await;
    session.routes = found.routes.into_values().collect();
    Ok(())
}

/// A path that no application has.
const NOTHING: &str = "/proofhouse-7f3a91c2-nothing-here";

async fn published(session: &Session<'_>) -> Vec<Route> {
    for path in PUBLISHED {
        let answer = session.ask_path(path, &Ask::get(session.at(path))).await;
        let Some(answer) = answer.filter(|answer| answer.status == 200 && !answer.is_html()) else {
            continue;
        };
        if let Ok(routes) = openapi::parse(answer.body.as_bytes()) {
            return routes;
        }
    }
    vec![]
}

impl Found {
    /// A route of the OpenAPI document; methods that change data need the option, except POST.
    fn declare(&mut self, session: &Session<'_>, route: Route) {
        let changes = matches!(route.method, Method::PUT | Method::PATCH | Method::DELETE);
        if changes && !session.target.unsafe_methods {
            return session.leave_out(&route.label(), "changes data; needs the option for unsafe methods");
        }
        if route.method == Method::GET && self.waiting.len() < MOST_WAITING {
            self.waiting.push_back((route.ask(session.base()).url, 1));
        }
        self.add(route);
    }

    fn add(&mut self, route: Route) {
        let key = (route.template.clone(), route.method.to_string());
        let room = self.routes.len() < MOST_ROUTES;
        match self.routes.get_mut(&key) {
            Some(known) => route.parameters.into_iter().for_each(|parameter| known.add(parameter)),
            None if room => drop(self.routes.insert(key, route)),
            None => {}
        }
    }

    /// Paths in robots.txt and addresses in sitemap.xml.
    async fn listed(&mut self, session: &Session<'_>) {
        let robots = session.ask_path("/robots.txt", &Ask::get(session.at("/robots.txt"))).await;
        let robots = robots.filter(|answer| answer.status == 200 && !answer.is_html());
        for line in robots.iter().flat_map(|answer| answer.body.lines().take(500)) {
            let Some((name, value)) = line.split_once(':') else { continue };
            let listed = matches!(name.trim().to_ascii_lowercase().as_str(), "allow" | "disallow");
            if listed && !value.contains('*') && !value.trim().is_empty() {
                self.enqueue(session, session.base(), value.trim(), 1);
            }
        }
        let sitemap = session.ask_path("/sitemap.xml", &Ask::get(session.at("/sitemap.xml"))).await;
        let sitemap = sitemap.filter(|answer| answer.status == 200 && answer.body.contains("<urlset"));
        for rest in sitemap.iter().flat_map(|answer| answer.body.split("<loc>").skip(1).take(500)) {
            if let Some((address, _)) = rest.split_once("</loc>") {
                self.enqueue(session, session.base(), address.trim(), 1);
            }
        }
    }

    async fn crawl(&mut self, session: &mut Session<'_>) {
        while let Some((url, depth)) = self.waiting.pop_front() {
            if !self.asked.insert(url.to_string()) {
                continue;
            }
            let route = self.route_of(&url);
            let count = self.per_route.entry(route.template.clone()).or_default();
            *count += 1;
            if *count > MOST_PER_ROUTE {
                continue;
            }
            if let Some(answer) = session.ask(&route, None, &Ask::get(url.clone())).await {
                self.visited(session, url, answer, depth);
            } else if !self.routes.contains_key(&(route.template.clone(), "GET".into())) {
                self.add(route);
            }
        }
    }

    /// Takes in an answer: its route, and what it leads to.
    fn visited(&mut self, session: &mut Session<'_>, url: Url, answer: Answer, depth: u8) {
        let route = self.route_of(&url);
        let declared = self.routes.contains_key(&(route.template.clone(), "GET".into()));
        let real = declared || !matches!(answer.status, 404 | 405 | 410) || url == *session.base();
        if real {
            self.add(route.clone());
        }
        if let Some(next) = answer.header("location").filter(|_| answer.is_redirect()) {
            self.enqueue(session, &url, next, depth + 1);
        }
        if answer.is_html() {
            let page = html::page(&answer.body);
            page.links.iter().for_each(|link| self.enqueue(session, &url, link, depth + 1));
            page.forms.iter().for_each(|form| self.form(session, &url, form, depth + 1));
        }
        if real {
            session.exchanges.push(Exchange { route, url, answer });
        }
    }

    fn enqueue(&mut self, session: &Session<'_>, from: &Url, link: &str, depth: u8) {
        let Some(mut url) = from.join(link).ok().filter(|url| session.client.is_target(url)) else { return };
        url.set_fragment(None);
        let path = url.path().to_ascii_lowercase();
        let extension = path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, ext)| ext);
        if extension.is_some_and(|ext| STATIC.contains(&ext)) || depth > session.target.budget.max_depth {
            return;
        }
        if RISKY.iter().any(|word| path.contains(word)) {
            return session.leave_out(&format!("GET {}", url.path()), "may end the session or change data");
        }
        if self.waiting.len() < MOST_WAITING {
            self.waiting.push_back((url, depth));
        }
    }

    fn form(&mut self, session: &Session<'_>, page: &Url, form: &Form, depth: u8) {
        let Some(url) = page.join(&form.action).ok().filter(|url| session.client.is_target(url)) else {
            return;
        };
        let mut route = self.route_of(&url);
        if form.post {
            route.method = Method::POST;
        }
        for field in &form.fields {
            let carrier = if form.post { Carrier::Form } else { Carrier::Query };
            let (name, sample) = (field.name.clone(), field.value.clone());
            route.add(Parameter { name, carrier, sample, number: field.number, fixed: field.hidden });
        }
        if !form.post {
            let mut address = route.ask(session.base()).url;
            address.set_fragment(None);
            self.enqueue(session, page, address.as_str(), depth);
        }
        self.add(route);
    }

    /// The route of an address: a declared template that fits, else one made from its path.
    fn route_of(&self, url: &Url) -> Route {
        let declared = self.routes.values().find_map(|route| {
            let values = matches(&route.template, url.path())?;
            (!values.is_empty()).then(|| (route.template.clone(), values))
        });
        let (template, values) = declared.unwrap_or_else(|| template(url.path()));
        let parameter = |name: String, carrier, sample: String| Parameter {
            number: !sample.is_empty() && sample.bytes().all(|b| b.is_ascii_digit()),
            name,
            carrier,
            sample,
            fixed: false,
        };
        let mut route = Route { method: Method::GET, template, parameters: vec![] };
        values.into_iter().for_each(|(name, value)| route.add(parameter(name, Carrier::Path, value)));
        for (name, value) in url.query_pairs().take(40) {
            route.add(parameter(name.into_owned(), Carrier::Query, value.into_owned()));
        }
        route
    }
}
