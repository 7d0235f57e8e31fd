//! Rules of a run, reduced to what findings take from them.

use std::collections::HashMap;

use model::{
    Technique,
    requirement::{Requirements, is_id},
};

use super::{
    tools,
    types::{Descriptor, DescriptorRef, Message, SarifResult},
};
use crate::normalise::{cwe, text};

/// One rule.
#[derive(Default)]
pub(super) struct Rule {
    pub id: String,
    pub title: String,
    pub level: Option<String>,
    /// The tool says that nobody has rated it: Trivy writes the tag `UNKNOWN` beside level `note`.
    pub unrated: bool,
    pub rank: Option<f64>,
    pub score: Option<f64>,
    pub confidence: Option<String>,
    pub cwe: Vec<u32>,
    pub purl: Option<String>,
    pub help: Option<String>,
    pub technique: Option<Technique>,
    pub messages: Vec<(String, String)>,
    /// Security requirements that it is tagged with.
    pub requirements: Vec<String>,
    /// It is applied unless the run says otherwise.
    enabled: bool,
}

/// All rules of a run: of the driver (component 0) and of its extensions.
#[derive(Default)]
pub(super) struct Rules {
    components: Vec<Vec<Rule>>,
    by_id: HashMap<String, (usize, usize)>,
    /// Rules that this run turned on or off.
    turned: Vec<Turned>,
}

/// A rule that was turned on or off, as far as the run says which.
struct Turned {
    component: Option<u64>,
    index: Option<u64>,
    id: Option<String>,
    on: bool,
}

impl Rules {
    /// Adds a rule of a component: 0 is the driver, n + 1 the extension n. Returns its size in bytes.
    pub(super) fn add(
        &mut self,
        component: usize,
        descriptor: Descriptor<'_>,
        known: Option<&Requirements>,
    ) -> usize {
        if self.components.len() <= component {
            self.components.resize_with(component + 1, Vec::new);
        }
        let rule = Rule::of(descriptor, known);
        let strings = [&rule.id, &rule.title].into_iter().chain(rule.help.as_ref()).chain(rule.purl.as_ref());
        let strings = strings.chain(&rule.requirements);
        let messages: usize = rule.messages.iter().map(|(id, text)| id.len() + text.len() + 48).sum();
        let size = strings.map(String::len).sum::<usize>() + rule.id.len() + messages + 300;
        let rules = &mut self.components[component];
        self.by_id.entry(rule.id.clone()).or_insert((component, rules.len()));
        rules.push(rule);
        size
    }

    /// The rule of a result: by component and index, else by id, else by the id without its last
    /// parts (`CA1000/1` is a `CA1000`, 3.27.5).
    pub(super) fn of(&self, result: &SarifResult<'_>) -> Option<&Rule> {
        let reference = result.rule.as_ref();
        let component = reference.and_then(|rule| rule.tool_component.as_ref()?.index).map_or(0, |n| n + 1);
        let index = result.rule_index.or_else(|| reference?.index);
        let id = result.rule_id.as_deref().or_else(|| reference?.id.as_deref());
        let at = |index: u64| {
            self.components.get(usize::try_from(component).ok()?)?.get(usize::try_from(index).ok()?)
        };
        let by_index = index.and_then(at);
        // Some writers count the index over other lists than the standard's: the id decides.
        let fits =
            |rule: &&Rule| id.is_none_or(|id| id == rule.id || id.starts_with(&format!("{}/", rule.id)));
        by_index.filter(fits).or_else(|| self.by_id(id?))
    }

    fn by_id(&self, mut id: &str) -> Option<&Rule> {
        loop {
            if let Some((component, index)) = self.by_id.get(id) {
                return self.components.get(*component)?.get(*index);
            }
            id = id.rsplit_once('/')?.0;
        }
    }

    /// Takes note that the run turned a rule on or off (3.20.5).
    pub(super) fn turn(&mut self, rule: &DescriptorRef<'_>, enabled: bool) -> usize {
        let component = rule.tool_component.as_ref().and_then(|component| component.index);
        let id = rule.id.as_deref().map(|id| text::line(id, 200));
        let size = id.as_ref().map_or(0, String::len) + 80;
        self.turned.push(Turned { component, index: rule.index, id, on: enabled });
        size
    }

    /// Ids of the requirements that rules are tagged with, each with such a rule; only of rules that were applied.
    pub(super) fn tagged(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.components.iter().enumerate().flat_map(|(component, rules)| {
            rules.iter().enumerate().map(move |(index, rule)| (component as u64, index as u64, rule))
        });
        let all = all.filter(|(component, index, rule)| {
            !rule.requirements.is_empty() && self.is_applied(*component, *index, rule)
        });
        all.flat_map(|(_, _, rule)| rule.requirements.iter().map(|id| (id.as_str(), rule.id.as_str())))
    }

    fn is_applied(&self, component: u64, index: u64, rule: &Rule) -> bool {
        let mut of_rule = self.turned.iter().filter(|turned| match &turned.id {
            Some(id) => *id == rule.id,
            None => {
                turned.index == Some(index)
                    && turned.component.map_or(0, |n| n.saturating_add(1)) == component
            }
        });
        // Said twice, the stricter one counts.
        match of_rule.next() {
            None => rule.enabled,
            Some(first) => first.on && of_rule.all(|turned| turned.on),
        }
    }

    /// Number of rules.
    pub(super) fn count(&self) -> u64 {
        self.components.iter().map(|rules| rules.len() as u64).sum()
    }
}

impl Rule {
    fn of(descriptor: Descriptor<'_>, known: Option<&Requirements>) -> Self {
        let properties = descriptor.properties;
        let id = text::line(descriptor.id.as_deref().unwrap_or_default(), 200);
        let (configuration, name) = (descriptor.default_configuration, descriptor.name.as_deref());
        let short = plain(descriptor.short_description.as_ref());
        let full =
            || plain(descriptor.full_description.as_ref()).and_then(|text| text::first_sentence(&text));
        let texts = properties.cwe.iter().chain(&properties.tags).map(String::as_str);
        let related = descriptor.relationships.iter().filter_map(|r| cwe_of(r.target.as_ref()?));
        let mut cwe = cwe::parse_all(texts.filter(|text| is_cwe(text, &properties.cwe)));
        related.for_each(|number| cwe.push(number));
        let messages = descriptor.message_strings.unwrap_or_default();
        Self {
            title: title(short, name, full, &id),
            level: configuration
                .as_ref()
                .and_then(|c| c.level.as_deref())
                .map(str::to_owned)
                .or(properties.level),
            unrated: properties.tags.iter().any(|tag| tag == "UNKNOWN"),
            enabled: configuration.as_ref().and_then(|c| c.enabled) != Some(false),
            requirements: requirements(&properties.tags, known),
            rank: configuration.and_then(|c| c.rank),
            score: properties.score.filter(|score| *score > 0.0),
            confidence: properties.confidence,
            cwe,
            purl: properties.purls.into_iter().next(),
            help: descriptor.help_uri.and_then(|uri| text::link(&uri)),
            technique: tools::technique_of_rule(&id, &properties.tags),
            messages: messages
                .into_iter()
                .filter_map(|(id, message)| {
                    Some((id.into_owned(), text::block(message.text.as_deref()?, 2000)))
                })
                .collect(),
            id,
        }
    }
}

/// Most tags of one rule or result that are looked at.
const MOST_TAGS: usize = 1000;

/// Security requirements among tags: `requirement:ID`, or the id of a requirement that the project has.
pub(super) fn requirements(tags: &[String], known: Option<&Requirements>) -> Vec<String> {
    let id = |tag: &String| match tag.trim().strip_prefix("requirement:") {
        Some(id) => Some(id.trim()).filter(|id| is_id(id)).map(str::to_owned),
        None => known.filter(|known| known.contains_key(tag.trim())).map(|_| tag.trim().to_owned()),
    };
    let mut all: Vec<String> = tags.iter().take(MOST_TAGS).filter_map(id).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Tags are of every kind: only those that name CWE count, but a `cwe` property may be a bare number.
fn is_cwe(text: &str, own: &[String]) -> bool {
    own.iter().any(|t| t == text) || text.to_ascii_lowercase().contains("cwe")
}

/// The CWE number that a reference to another taxonomy's entry stands for.
pub(super) fn cwe_of(reference: &DescriptorRef<'_>) -> Option<u32> {
    let component = reference.tool_component.as_ref().and_then(|c| c.name.as_deref()).unwrap_or_default();
    let id = reference.id.as_deref()?;
    let cwe = component.eq_ignore_ascii_case("cwe") || id.to_ascii_lowercase().starts_with("cwe");
    cwe.then(|| cwe::parse(id)).flatten()
}

/// The first of short description, full description and name that says more than the rule's id.
fn title(short: Option<String>, name: Option<&str>, full: impl Fn() -> Option<String>, id: &str) -> String {
    // Some writers put their message template there, with `{}` or `{name}`.
    let says_more = |text: &String| !text.is_empty() && !text.contains(id) && !text.contains('{');
    let short = short.map(|text| text::line(&text, text::TITLE)).filter(says_more);
    let named = || {
        name.map(|name| text::line(name, text::TITLE)).filter(|name| name.contains(' ') && says_more(name))
    };
    short.or_else(|| full().filter(says_more)).or_else(named).unwrap_or_default()
}

fn plain(message: Option<&Message<'_>>) -> Option<String> {
    let text = message?.text.as_deref()?;
    Some(text::without_links(text))
}
