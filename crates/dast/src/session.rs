//! What the checks work on: the client, the routes, what was seen, and what was left undone.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use model::Place;
use url::Url;

use crate::{
    Target,
    checks::error_leak,
    client::{Answer, Ask, Client, NoAnswer},
    route::{Parameter, Route},
};

/// A request with samples and its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub route: Route,
    pub url: Url,
    pub answer: Answer,
}

/// Facts that a passive check noticed in any answer of the scan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leak {
    pub method: String,
    pub template: String,
    /// What leaked, e.g. `a Python stack trace`.
    pub kind: &'static str,
    pub parameter: Option<String>,
}

/// One scan.
pub struct Session<'a> {
    pub target: &'a Target,
    pub client: Client,
    pub routes: Vec<Route>,
    /// Answers of the discovery, at most a few for each route.
    pub exchanges: Vec<Exchange>,
    /// What a path that cannot exist answers.
    pub nothing_here: Option<Answer>,
    leaks: Mutex<BTreeSet<Leak>>,
    undone: Mutex<BTreeMap<String, String>>,
    failures: Mutex<BTreeSet<String>>,
}

impl<'a> Session<'a> {
    /// A session that knows nothing yet.
    pub fn new(target: &'a Target, client: Client) -> Self {
        Self {
            target,
            client,
            routes: vec![],
            exchanges: vec![],
            nothing_here: None,
            leaks: Mutex::default(),
            undone: Mutex::default(),
            failures: Mutex::default(),
        }
    }

    /// The address of the target.
    pub fn base(&self) -> &Url {
        &self.target.base
    }

    /// An address at the target by its path.
    pub fn at(&self, path: &str) -> Url {
        let mut url = self.base().clone();
        url.set_path(path);
        url.set_query(None);
        url.set_fragment(None);
        url
    }

    /// Sends a request on behalf of `route`. `None`: there is no answer, and why is recorded.
    pub async fn ask(&self, route: &Route, parameter: Option<&Parameter>, ask: &Ask) -> Option<Answer> {
        match self.client.send(ask).await {
            Ok(answer) => {
                self.notice(route, parameter, &answer);
                Some(answer)
            }
            Err(NoAnswer::Budget(which)) => {
                let why = format!("budget used up ({which})");
                lock(&self.undone).entry(route.label()).or_insert(why);
                None
            }
            Err(NoAnswer::Failed(why)) => {
                lock(&self.failures).insert(format!("{}: {why}", route.label()));
                None
            }
            Err(NoAnswer::OffTarget | NoAnswer::UnsafeMethod) => None,
        }
    }

    /// Asks `route` with `value` for parameter number `which`.
    pub async fn probe(&self, route: &Route, which: usize, value: &str) -> Option<Answer> {
        let ask = route.ask_with(self.base(), which, value);
        self.ask(route, route.parameters.get(which), &ask).await
    }

    /// Sends a request that belongs to no route, e.g. for a file that may be there.
    pub async fn ask_path(&self, what: &str, ask: &Ask) -> Option<Answer> {
        let route = Route { method: ask.method.clone(), template: what.to_owned(), parameters: vec![] };
        self.ask(&route, None, ask).await
    }

    fn notice(&self, route: &Route, parameter: Option<&Parameter>, answer: &Answer) {
        if let Some(kind) = error_leak::leak(answer) {
            lock(&self.leaks).insert(Leak {
                method: route.method.to_string(),
                template: route.template.clone(),
                kind,
                parameter: parameter.map(|p| p.name.clone()),
            });
        }
    }

    /// Records a route or path that could not be looked at.
    pub fn leave_out(&self, what: &str, why: &str) {
        lock(&self.undone).entry(what.to_owned()).or_insert_with(|| why.to_owned());
    }

    /// What leaked so far, in order.
    pub fn leaks(&self) -> Vec<Leak> {
        lock(&self.leaks).iter().cloned().collect()
    }

    /// Routes that were not probed to the end, with the reason.
    pub fn undone(&self) -> BTreeMap<String, String> {
        lock(&self.undone).clone()
    }

    /// Requests that failed on the way.
    pub fn failures(&self) -> BTreeSet<String> {
        lock(&self.failures).clone()
    }

    /// All parameters that may be changed: route, its parameter's position, the parameter.
    pub fn points(&self) -> impl Iterator<Item = (&Route, usize, &Parameter)> {
        let of = |route| {
            let route: &Route = route;
            let all = route.parameters.iter().enumerate().filter(|(_, p)| !p.fixed);
            all.map(move |(which, parameter)| (route, which, parameter))
        };
        self.routes.iter().flat_map(of)
    }
}

/// The place of a finding at a route.
pub fn place(route: &Route, parameter: Option<&str>) -> Place {
    Place::Route {
        method: route.method.to_string(),
        route: route.template.clone(),
        parameter: parameter.map(str::to_owned),
    }
}

/// A poisoned lock still holds a usable list.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
