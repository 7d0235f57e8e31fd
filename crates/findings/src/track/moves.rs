//! Pairs of a vanished and an appeared finding that are the same thing elsewhere.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::{Finding, FindingId, Place, Sha256, identity::unversioned};

use super::Move;

/// What two findings must share to be the same thing: scanner, rule, and the thing itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'f> {
    scanner: &'f str,
    rule: &'f str,
    thing: Thing<'f>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Thing<'f> {
    /// Same code, wherever.
    Code(Sha256),
    /// Same function, where the code is not known.
    Symbol(&'f str),
    /// Same credential.
    Secret(Sha256),
    /// Same package, in another manifest.
    Package(&'f str),
    /// Same place in a file that was renamed.
    Renamed(&'f str, Option<&'f str>, Option<Sha256>),
}

/// Pairs one to one, surest first: renamed files, then the same code, credential or package in
/// another place. A scan that is not complete proves no disappearance but that of a renamed file.
/// Among several candidates those with the same file name, then in order of path and id.
pub(super) fn pair(
    vanished: &[&Finding],
    appeared: &[&Finding],
    complete: bool,
    renames: &[(String, String)],
) -> Vec<Move> {
    let renames: HashMap<&str, &str> =
        renames.iter().map(|(old, new)| (old.as_str(), new.as_str())).collect();
    let mut pairs = Pairs::default();
    pairs.by(vanished, appeared, |f| renamed(f, &renames), at_path);
    if complete {
        pairs.by(vanished, appeared, elsewhere, elsewhere);
    }
    pairs.moves.sort_unstable();
    pairs.moves
}

#[derive(Default)]
struct Pairs {
    moves: Vec<Move>,
    taken: BTreeSet<FindingId>,
}

impl Pairs {
    fn by<'f>(
        &mut self,
        vanished: &[&'f Finding],
        appeared: &[&'f Finding],
        old_key: impl Fn(&'f Finding) -> Option<Key<'f>>,
        new_key: impl Fn(&'f Finding) -> Option<Key<'f>>,
    ) {
        let mut groups: BTreeMap<Key<'f>, (Vec<&'f Finding>, Vec<&'f Finding>)> = BTreeMap::new();
        for finding in vanished.iter().copied().filter(|f| !self.taken.contains(&f.id)) {
            let Some(key) = old_key(finding) else { continue };
            groups.entry(key).or_default().0.push(finding);
        }
        for finding in appeared.iter().copied().filter(|f| !self.taken.contains(&f.id)) {
            let group = new_key(finding).and_then(|key| groups.get_mut(&key));
            group.into_iter().for_each(|(_, new)| new.push(finding));
        }
        for (mut old, mut new) in groups.into_values() {
            for same_name in [true, false] {
                self.zip(&mut old, &mut new, same_name);
            }
        }
    }

    fn zip<'f>(&mut self, old: &mut Vec<&'f Finding>, new: &mut Vec<&'f Finding>, same_name: bool) {
        type ByName<'f> = BTreeMap<&'f str, Vec<&'f Finding>>;
        let mut by_name: ByName<'_> = BTreeMap::new();
        new.sort_by_key(|f| std::cmp::Reverse((f.place.path().map(str::to_owned), f.id)));
        new.drain(..).for_each(|f| by_name.entry(name(f, same_name)).or_default().push(f));
        old.sort_by_key(|f| (f.place.path().map(str::to_owned), f.id));
        old.retain(|finding| {
            let Some(partner) = by_name.get_mut(name(finding, same_name)).and_then(Vec::pop) else {
                return true;
            };
            self.taken.extend([finding.id, partner.id]);
            self.moves.push(Move { from: finding.id, to: partner.id });
            false
        });
        new.extend(by_name.into_values().flatten());
    }
}

/// The file name, or one name for all.
fn name(finding: &Finding, by_file: bool) -> &str {
    let path = finding.place.path().filter(|_| by_file).unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}

fn key<'f>(finding: &'f Finding, thing: Thing<'f>) -> Option<Key<'f>> {
    Some(Key { scanner: &finding.scanner, rule: &finding.rule, thing })
}

fn elsewhere(finding: &Finding) -> Option<Key<'_>> {
    match &finding.place {
        Place::Code { context: Some(context), .. } => key(finding, Thing::Code(*context)),
        Place::Code { symbol: Some(symbol), .. } => key(finding, Thing::Symbol(symbol)),
        Place::Secret { fingerprint, .. } => key(finding, Thing::Secret(*fingerprint)),
        Place::Package { purl, .. } => key(finding, Thing::Package(unversioned(purl))),
        _ => None,
    }
}

fn at_path(finding: &Finding) -> Option<Key<'_>> {
    place_in(finding, finding.place.path()?)
}

fn renamed<'f>(finding: &'f Finding, renames: &HashMap<&'f str, &'f str>) -> Option<Key<'f>> {
    place_in(finding, renames.get(finding.place.path()?)?)
}

fn place_in<'f>(finding: &'f Finding, path: &'f str) -> Option<Key<'f>> {
    let (symbol, thing) = match &finding.place {
        Place::Code { symbol, context, .. } => (symbol.as_deref(), *context),
        Place::Secret { fingerprint, .. } => (None, Some(*fingerprint)),
        Place::Package { purl, .. } => (Some(unversioned(purl)), None),
        _ => return None,
    };
    key(finding, Thing::Renamed(path, symbol, thing))
}
