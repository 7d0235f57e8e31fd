//! Which findings of different scanners are one vulnerability, among those that were looked up.

use std::collections::{BTreeMap, HashMap};

use findings::correlate;
use model::{Finding, FindingId};
use server::Agreement;
use store::views::FindingView;

/// For each finding that others agree with: those, sorted, each with the reason of the nearest join.
pub fn agreements(views: &[FindingView]) -> BTreeMap<FindingId, Vec<Agreement>> {
    let findings: Vec<Finding> = views.iter().map(plain).collect();
    let by_id: HashMap<FindingId, &FindingView> = views.iter().map(|view| (view.id, view)).collect();
    let mut all = BTreeMap::new();
    for group in correlate(&findings).into_iter().filter(|group| group.members.len() > 1) {
        for one in &group.members {
            let others = group.members.iter().filter(|other| *other != one);
            let found = others.filter_map(|other| {
                let view = by_id.get(other)?;
                let touches = |join: &&findings::Join| join.a == *other || join.b == *other;
                let direct =
                    group.reasons.iter().find(|join| touches(join) && (join.a == *one || join.b == *one));
                let join = direct.or_else(|| group.reasons.iter().find(touches))?;
                Some(Agreement {
                    finding: *other,
                    stream: view.stream,
                    scanner: view.scanner.clone(),
                    rule: view.rule.clone(),
                    reason: join.reason.clone(),
                })
            });
            all.insert(*one, found.collect());
        }
    }
    all
}

fn plain(view: &FindingView) -> Finding {
    Finding {
        id: view.id,
        scanner: view.scanner.clone(),
        rule: view.rule.clone(),
        technique: view.technique,
        severity: view.severity,
        confidence: view.confidence,
        title: view.title.clone(),
        message: view.message.clone(),
        cwe: view.cwe.clone(),
        aliases: view.aliases.clone(),
        place: view.place.clone(),
        fix: view.fix.clone(),
        help: view.help.clone(),
        cvss: view.cvss,
    }
}
