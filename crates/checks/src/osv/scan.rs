//! Matches an inventory against the index.

use std::collections::{BTreeMap, BTreeSet, HashMap, hash_map::Entry};

use model::{
    Confidence, Coverage, Finding, FindingId, Place, ScanReport, Severity, Sha256, Technique, Timestamp,
    identity,
};

use super::{
    range::{affected, effort, fixed_after},
    schema::Advisory,
    store::Index,
    version::compare,
};
use crate::sbom::{Component, Ecosystem, Inventory};

/// Name of the tool in reports.
const TOOL: &str = "proofhouse-sca";
/// Most versions that one scan compares: damaged or hostile data must not keep it busy for hours.
const MOST_COMPARISONS: u64 = 50_000_000;
/// What the message of a finding contains when one of its CVEs is in an imported KEV catalogue.
pub const KNOWN_EXPLOITED: &str = "Known to be exploited in the wild";

/// Finds the advisories that affect the components of `inventory`.
///
/// Errors of the inventory are errors of the scan; an ecosystem without any advisory data is an error.
/// `seen` and `scanned` count lock files and components, so that a lock file without foreign components
/// is a complete scan; a tree without any lock file is one when it was searched and its manifests name no
/// packages. `data_as_of` is the oldest of the newest changes per ecosystem, and never later than `now`.
pub fn scan(inventory: &Inventory, index: &Index, now: Timestamp) -> ScanReport {
    let mut coverage = start(inventory, index);
    coverage.data_as_of = data_as_of(inventory, index, now);
    tell_missing_data(inventory, index, &mut coverage);
    let mut findings = Vec::new();
    let mut cache: HashMap<(Ecosystem, &str), Vec<Advisory>> = HashMap::new();
    let (mut left, mut last) = (MOST_COMPARISONS, Compared::default());
    for component in inventory.components.iter().filter(|c| !c.local) {
        coverage.seen += 1;
        if index.covers(component.ecosystem).is_none() {
            continue;
        }
        let key = (component.ecosystem, component.name.as_str());
        let advisories = match cache.entry(key) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => match index.find(component.ecosystem, &component.name) {
                Ok(found) => new.insert(found),
                Err(error) => {
                    coverage.error(format!("{}: {error}", component.purl));
                    continue;
                }
            },
        };
        // Sorted by purl: what several lock files name is compared once.
        if last.purl != component.purl {
            match left.checked_sub(advisories.iter().map(effort).sum()) {
                Some(rest) => left = rest,
                None => {
                    coverage.error(format!("{}: not checked, too many versions to compare", component.purl));
                    continue;
                }
            }
            last = Compared::new(component, advisories);
        }
        let hits: Vec<&Advisory> = last.hits.iter().filter_map(|n| advisories.get(*n)).collect();
        findings.extend(groups(&hits).into_iter().map(|group| finding(component, &group, index)));
        match last.comparable {
            true => coverage.scanned += 1,
            false => {
                coverage.skip(&component.purl, "its version cannot be compared with that of an advisory")
            }
        }
    }
    identity::assign_all(&mut findings);
    ScanReport { tool: crate::tool(TOOL), technique: Technique::Sca, findings, coverage }
}

fn start(inventory: &Inventory, index: &Index) -> Coverage {
    Coverage {
        stated: true,
        rules: Some(index.advisories()),
        skipped: inventory.coverage.skipped.clone(),
        errors: inventory.coverage.errors.clone(),
        seen: inventory.coverage.seen,
        scanned: inventory.coverage.scanned,
        searched: inventory.coverage.searched,
        ..Coverage::default()
    }
}

fn used(inventory: &Inventory) -> BTreeSet<Ecosystem> {
    inventory.components.iter().filter(|c| !c.local).map(|c| c.ecosystem).collect()
}

fn data_as_of(inventory: &Inventory, index: &Index, now: Timestamp) -> Option<Timestamp> {
    let newest = used(inventory).into_iter().filter_map(|e| index.covers(e).flatten()).min();
    newest.map(|at| at.min(now))
}

fn tell_missing_data(inventory: &Inventory, index: &Index, coverage: &mut Coverage) {
    for ecosystem in used(inventory).into_iter().filter(|e| index.covers(*e).is_none()) {
        let name = ecosystem.osv_name();
        coverage.error(format!(
            "no advisory data for {name}: proofhouse feeds import PATH (an OSV export of {name})"
        ));
    }
}

/// What is known about one version of a package.
#[derive(Default)]
struct Compared {
    purl: String,
    /// The advisories that affect it.
    hits: Vec<usize>,
    /// Whether every comparison was possible.
    comparable: bool,
}

impl Compared {
    fn new(component: &Component, advisories: &[Advisory]) -> Self {
        let mut compared = Self { purl: component.purl.clone(), comparable: true, hits: Vec::new() };
        for (n, advisory) in advisories.iter().enumerate() {
            match affected(component.ecosystem, &component.version, advisory) {
                Some(true) => compared.hits.push(n),
                Some(false) => {}
                None => compared.comparable = false,
            }
        }
        compared
    }
}

/// Advisories that share an id or alias, directly or through others, are one group.
fn groups<'a>(hits: &[&'a Advisory]) -> Vec<Vec<&'a Advisory>> {
    let mut group_of: HashMap<&str, usize> = HashMap::new();
    let mut groups: BTreeMap<usize, Vec<&'a Advisory>> = BTreeMap::new();
    for (n, hit) in hits.iter().enumerate() {
        let ids: Vec<&str> = std::iter::once(&hit.id).chain(&hit.aliases).map(String::as_str).collect();
        let joined: BTreeSet<usize> = ids.iter().filter_map(|id| group_of.get(id).copied()).collect();
        let mut members: Vec<&Advisory> = joined.iter().filter_map(|g| groups.remove(g)).flatten().collect();
        if !joined.is_empty() {
            group_of.values_mut().filter(|g| joined.contains(g)).for_each(|g| *g = n);
        }
        group_of.extend(ids.into_iter().map(|id| (id, n)));
        members.push(hit);
        groups.insert(n, members);
    }
    groups.into_values().collect()
}

/// The id that names a group: the ecosystem's own database first, then GHSA, then the rest by text.
fn leading<'a>(group: &[&'a Advisory]) -> Option<&'a Advisory> {
    let rank = |id: &str| {
        ["RUSTSEC-", "PYSEC-", "GO-", "GHSA-", "CVE-"].iter().position(|p| id.starts_with(p)).unwrap_or(9)
    };
    group.iter().copied().min_by_key(|a| (rank(&a.id), a.id.as_str()))
}

fn finding(component: &Component, group: &[&Advisory], index: &Index) -> Finding {
    let ids = group.iter().flat_map(|a| std::iter::once(&a.id).chain(&a.aliases));
    let aliases: BTreeSet<&String> = ids.collect();
    let exploited = aliases.iter().any(|id| index.is_exploited(id));
    let rule = leading(group).map(|a| a.id.clone()).unwrap_or_default();
    let longest = |of: fn(&Advisory) -> &String| group.iter().map(|a| of(a)).max_by_key(|t| t.len()).cloned();
    let summary = leading(group).map(|a| a.summary.clone()).filter(|s| !s.is_empty());
    let summary = summary.or_else(|| longest(|a| &a.summary)).filter(|s| !s.is_empty());
    let mut message = longest(|a| &a.details).unwrap_or_default();
    // PyPI's advisories have no summary; their description begins with one.
    let title = summary.or_else(|| first_sentence(&message));
    let title = title.unwrap_or_else(|| format!("{rule} affects version {}", component.version));
    if exploited {
        message = format!("{KNOWN_EXPLOITED}. {message}");
    }
    // An advisory with a vector knows more than one whose severity is a default.
    let scored = group
        .iter()
        .filter(|a| a.cvss.is_some())
        .max_by(|a, b| a.cvss.partial_cmp(&b.cvss).unwrap_or(std::cmp::Ordering::Equal));
    let severity = scored.map(|a| a.severity).or_else(|| group.iter().map(|a| a.severity).max());
    let cwe: BTreeSet<u32> = group.iter().flat_map(|a| a.cwe.iter().copied()).collect();
    Finding {
        id: FindingId(Sha256([0; 32])),
        scanner: TOOL.to_owned(),
        rule,
        technique: Technique::Sca,
        severity: severity.unwrap_or(Severity::Medium),
        confidence: Confidence::High,
        title: format!("{}: {}", component.name, one_line(&title)),
        message: message.trim().to_owned(),
        cwe: cwe.into_iter().collect(),
        aliases: aliases.into_iter().cloned().collect(),
        place: Place::Package { purl: component.purl.clone(), manifest: Some(component.manifest.clone()) },
        fix: fix(component, group),
        help: group.iter().find_map(|a| a.url.clone()),
        cvss: scored.and_then(|a| a.cvss),
    }
}

/// The version that ends the vulnerability by every advisory of the group.
fn fix(component: &Component, group: &[&Advisory]) -> Option<String> {
    let fixes = group.iter().filter_map(|a| fixed_after(component.ecosystem, &component.version, a));
    let order = |a: &&str, b: &&str| compare(component.ecosystem, a, b).unwrap_or(std::cmp::Ordering::Equal);
    fixes.max_by(order).map(str::to_owned)
}

fn first_sentence(text: &str) -> Option<String> {
    let end = text.find(". ").or_else(|| text.find(".\n")).unwrap_or(text.len());
    Some(text[..end].trim().to_owned()).filter(|sentence| !sentence.is_empty())
}

fn one_line(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(160) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
