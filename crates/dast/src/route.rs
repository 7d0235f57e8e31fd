//! Routes: a method and a path template, with the parameters that can be probed.

use reqwest::Method;
use url::Url;

use crate::client::Ask;

/// Where a parameter travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Carrier {
    /// A segment of the path.
    Path,
    /// The query string.
    Query,
    /// An URL-encoded form in the body.
    Form,
    /// A property of a JSON object in the body.
    Json,
}

/// One parameter of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub name: String,
    pub carrier: Carrier,
    /// A value that the application should accept.
    pub sample: String,
    /// Whether JSON wants it without quotes.
    pub number: bool,
    /// Sent, but never changed: tokens and other hidden fields.
    pub fixed: bool,
}

/// One route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub method: Method,
    /// Path with `{name}` for what varies, starting with `/`.
    pub template: String,
    pub parameters: Vec<Parameter>,
}

impl Route {
    /// `GET /items/{id}`.
    pub fn label(&self) -> String {
        format!("{} {}", self.method, self.template)
    }

    /// Adds a parameter, or gives a better sample to one that is known.
    pub fn add(&mut self, parameter: Parameter) {
        let same = |p: &&mut Parameter| p.name == parameter.name && p.carrier == parameter.carrier;
        let room = self.parameters.len() < MOST_PARAMETERS;
        match self.parameters.iter_mut().find(same) {
            Some(known) if known.sample.is_empty() => known.sample = parameter.sample,
            Some(_) => {}
            None if room => self.parameters.push(parameter),
            None => {}
        }
    }

    /// The request with all samples.
    pub fn ask(&self, base: &Url) -> Ask {
        self.build(base, None)
    }

    /// The request with `value` in place of the sample of parameter number `which`.
    pub fn ask_with(&self, base: &Url, which: usize, value: &str) -> Ask {
        self.build(base, Some((which, value)))
    }

    fn build(&self, base: &Url, replaced: Option<(usize, &str)>) -> Ask {
        let values = self.parameters.iter().enumerate().map(|(n, parameter)| {
            let value = replaced.filter(|(which, _)| *which == n).map(|(_, value)| value);
            (parameter, value.unwrap_or(&parameter.sample))
        });
        let values: Vec<_> = values.collect();
        let of = |carrier| values.iter().filter(move |(p, _)| p.carrier == carrier);
        let mut url = base.clone();
        url.set_path(&self.path(&values));
        url.set_query(None);
        if of(Carrier::Query).next().is_some() {
            url.query_pairs_mut().extend_pairs(of(Carrier::Query).map(|(p, value)| (&p.name, value)));
        }
        let body = if of(Carrier::Json).next().is_some() {
            let json: serde_json::Map<_, _> =
                of(Carrier::Json).map(|(p, value)| (p.name.clone(), json(p, value))).collect();
            Some(("application/json", serde_json::Value::Object(json).to_string().into_bytes()))
        } else if of(Carrier::Form).next().is_some() {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            form.extend_pairs(of(Carrier::Form).map(|(p, value)| (&p.name, value)));
            Some(("application/x-www-form-urlencoded", form.finish().into_bytes()))
        } else {
            None
        };
        Ask { method: self.method.clone(), url, headers: vec![], body }
    }

    /// The path with each `{name}` filled in, one segment each.
    fn path(&self, values: &[(&Parameter, &str)]) -> String {
        let segment = |segment: &str| {
            let name = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}'));
            let Some(name) = name else { return segment.to_owned() };
            let given = values.iter().find(|(p, _)| p.carrier == Carrier::Path && p.name == name);
            encoded(given.map_or("1", |(_, value)| value))
        };
        self.template.split('/').map(segment).collect::<Vec<_>>().join("/")
    }
}

/// Most parameters of one route.
const MOST_PARAMETERS: usize = 40;

fn json(parameter: &Parameter, value: &str) -> serde_json::Value {
    let number = parameter.number.then(|| value.parse::<i64>().ok()).flatten();
    number.map_or_else(|| value.into(), Into::into)
}

/// Percent-encodes all but unreserved characters (RFC 3986 section 2.3).
fn encoded(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    value.bytes().map(one).collect()
}

/// The template of a concrete path: identifiers become `{id}`, `{id2}` …; their values are returned.
pub fn template(path: &str) -> (String, Vec<(String, String)>) {
    let mut values: Vec<(String, String)> = vec![];
    let segment = |segment: &str| {
        if !is_identifier(segment) {
            return segment.to_owned();
        }
        let name = if values.is_empty() { "id".to_owned() } else { format!("id{}", values.len() + 1) };
        values.push((name.clone(), segment.to_owned()));
        format!("{{{name}}}")
    };
    let template = path.split('/').map(segment).collect::<Vec<_>>().join("/");
    (template, values)
}

/// Numbers, UUIDs and long hexadecimal text.
fn is_identifier(segment: &str) -> bool {
    let hex = segment.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    let digits = !segment.is_empty() && segment.bytes().all(|b| b.is_ascii_digit());
    digits || (hex && segment.len() >= 16)
}

/// Whether `path` is an instance of `template`; the values of its names if so.
pub fn matches(template: &str, path: &str) -> Option<Vec<(String, String)>> {
    let (mut a, mut b) = (template.split('/'), path.split('/'));
    let mut values = vec![];
    loop {
        match (a.next(), b.next()) {
            (None, None) => return Some(values),
            (Some(wanted), Some(given)) => match wanted.strip_prefix('{').and_then(|s| s.strip_suffix('}')) {
                Some(name) if !given.is_empty() => values.push((name.to_owned(), given.to_owned())),
                None if wanted == given => {}
                _ => return None,
            },
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(name: &str, carrier: Carrier, sample: &str) -> Parameter {
        Parameter { name: name.into(), carrier, sample: sample.into(), number: false, fixed: false }
    }

    #[test]
    fn a_probe_goes_where_its_parameter_travels() {
        let base: Url = "http://127.0.0.1:1/app/".parse().unwrap();
        let mut route = Route { method: Method::POST, template: "/items/{id}".into(), parameters: vec![] };
        route.add(parameter("id", Carrier::Path, "7"));
        route.add(parameter("q", Carrier::Query, "a"));
        route.add(parameter("name", Carrier::Json, "n"));
        let ask = route.ask_with(&base, 0, "1' /x");
        assert_eq!(ask.url.as_str(), "http://127.0.0.1:1/items/1%27%20%2Fx?q=a");
        assert_eq!(ask.body.unwrap().1, br#"{"name":"n"}"#);
        assert_eq!(route.ask_with(&base, 1, "'&").url.query(), Some("q=%27%26"));
    }

    #[test]
    fn concrete_paths_become_templates() {
        assert_eq!(template("/a/12/b/3").0, "/a/{id}/b/{id2}");
        assert_eq!(template("/").0, "/");
        assert_eq!(matches("/a/{n}", "/a/x"), Some(vec![("n".into(), "x".into())]));
        assert_eq!(matches("/a/{n}", "/a/x/y"), None);
    }
}
