//! What is known of a technology: feeds on disk, the ledger, and what the caller's database says about use.

use std::collections::{BTreeMap, BTreeSet};

use checks::{
    osv::{Advisory, Event, Index, IndexDir, Product},
    sbom::Ecosystem,
};
use govern::catalogue::{
    self, Catalogue, Inventory, Match, Matcher, Technology,
    evaluate::{AdvisoryFacts, Evaluation, Facts, FeedFacts, ProductFacts, UseFacts},
    today,
};
use jiff::{ToSpan, civil::Date};
use model::{Exit, Problem, Timestamp, identity::unversioned, problem::erase};

use super::opinion;
use crate::{Home, record::Recorder};

/// Most packages of one technology that are looked up.
const MOST_PACKAGES: usize = 500;

/// Who uses what, as the database says.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    /// Every project that has a bill of materials.
    pub inventories: Vec<Inventory>,
    /// Project, and somebody who deploys it or answers for an exception in it.
    pub people: Vec<(String, String)>,
}

/// Imported feeds, opened once.
pub struct Knowledge {
    index: Index,
    products: BTreeMap<String, Product>,
}

impl Knowledge {
    /// Opens what was imported into this installation.
    ///
    /// # Errors
    /// A feed is damaged.
    pub fn open(home: &Home) -> Result<Self, Problem> {
        let index = Index::open(&IndexDir::new(home.feeds())).map_err(|e| erase(&e))?;
        let products = index.products().map_err(|e| erase(&e))?;
        Ok(Self { index, products })
    }

    fn feeds(&self) -> Vec<FeedFacts> {
        let of = |meta: &checks::osv::FeedMeta| FeedFacts {
            feed: meta.feed.clone(),
            newest: meta.newest,
            imported: meta.imported_at,
        };
        self.index.feeds().map(of).collect()
    }

    /// Advisories about packages; nothing when no feed covers any of them.
    fn advisories(
        &self,
        packages: &[String],
        product: Option<&str>,
    ) -> Result<Option<Vec<AdvisoryFacts>>, Problem> {
        let versions = product.and_then(|id| self.products.get(id)).map(|product| &product.versions);
        let mut found = None;
        for purl in packages {
            let Some((ecosystem, name)) = package(purl) else { continue };
            if self.index.covers(ecosystem).is_none() {
                continue;
            }
            let all = self.index.find(ecosystem, &name).map_err(|e| erase(&e))?;
            let facts = all.iter().map(|one| self.advisory(one, purl, versions));
            found.get_or_insert_with(Vec::new).extend(facts);
        }
        Ok(found)
    }

    /// The oldest of the newest changes of the data about packages.
    fn as_of(&self, packages: &[String]) -> Option<Timestamp> {
        let ecosystems: BTreeSet<_> = packages.iter().filter_map(|purl| Some(package(purl)?.0)).collect();
        ecosystems.into_iter().filter_map(|one| self.index.covers(one)?).min()
    }

    fn advisory(
        &self,
        one: &Advisory,
        purl: &str,
        versions: Option<&BTreeMap<String, String>>,
    ) -> AdvisoryFacts {
        let events = one.ranges.iter().flat_map(|range| &range.events);
        let fixed: BTreeSet<&String> = events
            .filter_map(|event| if let Event::Fixed(version) = event { Some(version) } else { None })
            .collect();
        let day = |version: &&String| versions?.get(*version)?.parse::<Date>().ok();
        let first = fixed.iter().filter_map(day).min();
        let published = one.published.map(today);
        let days = first.zip(published).and_then(|(fixed, published)| fixed.since(published).ok());
        let names = one.aliases.iter().chain([&one.id]);
        let exploited = names.clone().find(|name| self.index.is_exploited(name));
        let since = exploited.map(|name| self.index.exploited_since(name).unwrap_or_default().to_owned());
        AdvisoryFacts {
            id: one.id.clone(),
            aliases: one.aliases.clone(),
            package: purl.to_owned(),
            severity: one.severity,
            published: one.published,
            fixed: fixed.into_iter().cloned().collect(),
            days_to_fix: days.map(|span| i64::from(span.get_days())),
            exploited_since: since,
        }
    }

    fn product(&self, id: Option<&str>, in_use: &BTreeSet<String>, now: Timestamp) -> Option<ProductFacts> {
        let id = id?;
        let product = self.products.get(id)?;
        let day = today(now);
        let dated =
            product.versions.iter().filter_map(|(version, date)| Some((date.parse::<Date>().ok()?, version)));
        let out: Vec<_> = dated.filter(|(date, _)| *date <= day).collect();
        let newest = out.iter().max_by_key(|(date, version)| (*date, (*version).clone()));
        let year = day.checked_sub(1_i64.year()).unwrap_or(Date::MIN);
        let lines = in_use.iter().filter_map(|version| line_of(product, version));
        Some(ProductFacts {
            product: id.to_owned(),
            ends: product.cycles.iter().map(|(name, cycle)| (name.clone(), cycle.ends.clone())).collect(),
            ended: product
                .cycles
                .iter()
                .filter(|(_, cycle)| cycle.ended)
                .map(|(name, _)| name.clone())
                .collect(),
            newest: newest.map(|(date, version)| ((*version).clone(), date.to_string())),
            releases_in_a_year: out.iter().filter(|(date, _)| *date > year).count() as u64,
            in_use: lines.collect(),
        })
    }

    /// What is known now of what somebody signed earlier: the same packages and release lines, asked again.
    pub(super) fn again(&self, signed: &Facts, now: Timestamp) -> Result<Facts, Problem> {
        let id = signed.product.as_ref().map(|product| product.product.as_str());
        let product = self.product(id, &BTreeSet::new(), now).map(|product| ProductFacts {
            in_use: signed.product.iter().flat_map(|product| product.in_use.clone()).collect(),
            ..product
        });
        Ok(Facts {
            at: now,
            feeds: self.feeds(),
            advisories: self.advisories(&signed.packages, id)?,
            advisories_as_of: self.as_of(&signed.packages),
            exploited_known: self.index.knows_exploited(),
            product,
            ..signed.clone()
        })
    }
}

/// The release line that a version belongs to: the longest name that it begins with.
fn line_of(product: &Product, version: &str) -> Option<String> {
    let version = version.trim_start_matches('v');
    let begins = |line: &&String| {
        version
            .strip_prefix(line.as_str())
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    product.cycles.keys().filter(begins).max_by_key(|line| line.len()).cloned()
}

/// Ecosystem and name, as advisories have it, of a package URL without version.
fn package(purl: &str) -> Option<(Ecosystem, String)> {
    let (kind, rest) = purl.strip_prefix("pkg:")?.split_once('/')?;
    let ecosystem = Ecosystem::ALL.into_iter().find(|one| one.purl_type() == kind)?;
    let name = rest.replace("%40", "@");
    Some(match ecosystem {
        // Group and artifact.
        Ecosystem::Maven => {
            (ecosystem, name.rsplit_once('/').map(|(group, name)| format!("{group}:{name}"))?)
        }
        _ => (ecosystem, name),
    })
}

/// What a name means: an entry of the catalogue, one of our own rules, or a package URL.
///
/// # Errors
/// It is none of them.
pub fn meant(catalogue: &Catalogue, name: &str) -> Result<Technology, Problem> {
    let same = |entry: &&Technology| entry.name.to_lowercase() == name.to_lowercase();
    let known = catalogue::known(name);
    if let Some(entry) = catalogue.technologies.iter().find(same) {
        let product = entry.product.clone().or_else(|| known.and_then(|known| known.product));
        return Ok(Technology { product, ..entry.clone() });
    }
    if let Some(known) = known {
        return Ok(known);
    }
    if name.starts_with("pkg:") && name.contains('/') && !name.contains('*') {
        let quadrant = catalogue::Quadrant::LanguagesFrameworks;
        let matches = vec![Match { purl: Some(unversioned(name).to_owned()), ..Match::default() }];
        return Ok(Technology { matches, ..Technology::new(name, quadrant, catalogue::Ring::Assess) });
    }
    let message =
        format!("{name:?} is no entry of the catalogue, nothing that is known here, and no package URL");
    Err(Problem::new("technology-unknown", Exit::Input, message)
        .with_hint("`proofhouse radar identify` lists names; a package is written as `pkg:pypi/waitress`"))
}

/// Evaluates technologies by everything that is known.
///
/// # Errors
/// A name means nothing, a feed is damaged, or the ledger cannot be read.
pub fn evaluate(
    catalogue: &Catalogue,
    names: &[String],
    usage: &Usage,
    recorder: &Recorder,
    now: Timestamp,
) -> Result<Vec<Evaluation>, Problem> {
    let knowledge = Knowledge::open(recorder.home())?;
    let mut opinions = opinion::opinions(recorder, now)?;
    let mut scorecards = opinion::scorecards(recorder, now)?;
    let mut all = vec![];
    for name in names {
        let technology = meant(catalogue, name)?;
        let key = technology.name.to_lowercase();
        let mut facts = facts(&technology, usage, &knowledge, now)?;
        facts.opinions = opinions.remove(&key).unwrap_or_default();
        facts.scorecard = scorecards.remove(&key);
        all.push(catalogue::evaluate::evaluate(facts, &catalogue.weights));
    }
    Ok(all)
}

fn facts(
    technology: &Technology,
    usage: &Usage,
    knowledge: &Knowledge,
    now: Timestamp,
) -> Result<Facts, Problem> {
    let alone = Catalogue { technologies: vec![technology.clone()], ..Catalogue::default() };
    let (any, own) = (Matcher::new(&alone), Matcher::own(&alone));
    let exact = technology.matches.iter().filter(|one| one.is_itself()).filter_map(|one| one.purl.as_deref());
    let mut packages: BTreeSet<String> =
        exact.filter(|purl| !purl.contains('*')).map(str::to_owned).collect();
    let (mut licences, mut versions) = (BTreeSet::new(), BTreeSet::new());
    let mut familiarity = UseFacts { of: usage.inventories.len() as u64, ..UseFacts::default() };
    for inventory in &usage.inventories {
        let mut used = None;
        for component in &inventory.components {
            if any.of_component(component).is_empty() {
                continue;
            }
            let of: &mut BTreeSet<String> = used.get_or_insert_default();
            if !own.of_component(component).is_empty() {
                packages.extend(component.purl.as_deref().map(|purl| unversioned(purl).to_owned()));
                licences.extend(component.licences.iter().cloned());
                of.extend(component.version.clone());
            }
        }
        for tool in
            inventory.tools.iter().filter(|tool| !any.tool(&tool.name, Some(&tool.version)).is_empty())
        {
            let of: &mut BTreeSet<String> = used.get_or_insert_default();
            of.extend(Some(tool.version.clone()).filter(|version| !version.is_empty()));
        }
        if let Some(used) = used {
            versions.extend(used.iter().cloned());
            familiarity.projects.insert(inventory.project.clone(), used);
        }
    }
    let people = usage.people.iter().filter(|(project, _)| familiarity.projects.contains_key(project));
    familiarity.people = people.map(|(_, name)| name.clone()).collect();
    let packages: Vec<String> = packages.into_iter().take(MOST_PACKAGES).collect();
    let product = technology.product.as_deref();
    Ok(Facts {
        technology: technology.name.clone(),
        at: now,
        feeds: knowledge.feeds(),
        advisories: knowledge.advisories(&packages, product)?,
        advisories_as_of: knowledge.as_of(&packages),
        exploited_known: knowledge.index.knows_exploited(),
        product: knowledge.product(product, &versions, now),
        packages,
        licences,
        scorecard: None,
        familiarity,
        opinions: vec![],
    })
}
