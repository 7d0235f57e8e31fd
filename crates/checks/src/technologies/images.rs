//! Container images: what Dockerfiles begin from and compose files run.

use std::collections::BTreeMap;

use super::Found;
use crate::{
    config::dockerfile_parser,
    yaml::{self, Node},
};

/// An image by its reference (`host/path:tag@digest`). The host stays in the package URL's name, but for the
/// public default: an image of the same name from elsewhere is another image.
pub(super) fn image(kind: &'static str, reference: &str, found: &mut Found) {
    let reference = reference.trim();
    let (name, digest) =
        reference.split_once('@').map_or((reference, None), |(name, digest)| (name, Some(digest)));
    let tag_at = name.rfind(':').filter(|at| !name[*at..].contains('/'));
    let (path, tag) = tag_at.map_or((name, None), |at| (&name[..at], Some(&name[at + 1..])));
    if path.contains(['$', '{']) {
        found.gap(&format!("which image `{reference}` is, is decided elsewhere"));
        return;
    }
    if path.is_empty() || path == "scratch" || path.contains(char::is_whitespace) {
        return;
    }
    let path =
        ["docker.io/", "index.docker.io/"].iter().find_map(|host| path.strip_prefix(host)).unwrap_or(path);
    let path = path.strip_prefix("library/").unwrap_or(path).to_lowercase();
    let tag = tag.filter(|tag| !tag.contains(['$', '{']));
    let version = tag.filter(|tag| *tag != "latest").or(digest.filter(|_| tag.is_none()));
    found.add(kind, &path, version, Some(format!("pkg:docker/{}", path.replace(':', "%3A"))));
}

/// `FROM` and `COPY --from`, with the defaults of build arguments in place.
pub(super) fn dockerfile(text: &str, found: &mut Found) {
    let instructions = match dockerfile_parser::parse(text) {
        Ok(instructions) => instructions,
        Err(why) => return found.gap(&why),
    };
    let (mut arguments, mut stages): (BTreeMap<String, String>, Vec<String>) = (BTreeMap::new(), vec![]);
    for one in &instructions {
        match one.keyword.as_str() {
            "ARG" => {
                for (name, value) in one.arguments.split_whitespace().filter_map(|word| word.split_once('='))
                {
                    arguments.insert(name.to_owned(), value.trim_matches(['"', '\'']).to_owned());
                }
            }
            "FROM" => {
                let words: Vec<&str> =
                    one.arguments.split_whitespace().filter(|w| !w.starts_with("--")).collect();
                let Some(first) = words.first() else { continue };
                let reference = filled(first, &arguments);
                if !stages.contains(&reference.to_lowercase()) {
                    image("image", &reference, found);
                }
                if let [_, word, name, ..] = words.as_slice()
                    && word.eq_ignore_ascii_case("as")
                {
                    stages.push(name.to_lowercase());
                }
            }
            "COPY" => {
                let from = one.arguments.split_whitespace().find_map(|word| word.strip_prefix("--from="));
                let Some(from) = from.map(|from| filled(from, &arguments)) else { continue };
                if !stages.contains(&from.to_lowercase()) && from.parse::<usize>().is_err() {
                    image("image", &from, found);
                }
            }
            _ => {}
        }
    }
}

/// Variables (`$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`) with their values or defaults; those that
/// are not known stay.
fn filled(text: &str, arguments: &BTreeMap<String, String>) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (name, default, length) = match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            Some((inner, _)) => {
                let end = inner.find([':', '-']).unwrap_or(inner.len());
                let default = inner[end..].trim_start_matches(':').strip_prefix('-');
                (&inner[..end], default, inner.len() + 3)
            }
            None => {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
                (&after[..end], None, end + 1)
            }
        };
        let value = arguments.get(name).map(String::as_str).or(default);
        out.push_str(value.unwrap_or(&rest[at..at + length]));
        rest = &rest[at + length..];
    }
    out + rest
}

/// Services of a compose file.
pub(super) fn compose(text: &str, found: &mut Found) {
    let node = match yaml::parse(text) {
        Ok(node) => node,
        Err(error) => return found.gap(&error.to_string()),
    };
    let services = node.get("services").map(Node::entries).unwrap_or_default();
    if !services.is_empty() {
        found.add("pipeline", "docker-compose", None, None);
    }
    for (_, service) in services {
        // What it builds itself is its own.
        if let Some(name) = service.str("image").filter(|_| service.get("build").is_none()) {
            image("service", &filled(name, &BTreeMap::new()), found);
        }
    }
}
