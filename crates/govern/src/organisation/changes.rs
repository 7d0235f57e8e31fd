//! What changed between two states of the organisation, in sentences for the record.

use std::collections::BTreeSet;

use model::{By, Timestamp, predicate};

use super::{Grant, Organisation, Scope, parse};
use crate::strict::Mistakes;

/// What is recorded when a file becomes the organisation's; `before` is the one that held until then.
///
/// # Errors
/// The file has mistakes.
pub fn applied(
    text: &str,
    before: &Organisation,
    by: By,
    at: Timestamp,
) -> Result<predicate::Organisation, Mistakes> {
    let after = parse(text.as_bytes(), "organisation.yaml")?;
    let changes = changes(before, &after);
    Ok(predicate::Organisation { name: after.name, text: text.to_owned(), changes, by, at })
}

/// One sentence for each right that was given or taken, and for what else changed. Sorted, bounded by the file's
/// own bounds.
pub fn changes(before: &Organisation, after: &Organisation) -> Vec<String> {
    let (old, new) = (rights(before), rights(after));
    let gone = old.difference(&new).map(|right| format!("taken: {right}"));
    let come = new.difference(&old).map(|right| format!("given: {right}"));
    let mut all: Vec<String> = come.chain(gone).collect();
    let mut other = |what: &str, same: bool| {
        if !same {
            all.push(format!("changed: {what}"));
        }
    };
    other("name", before.name == after.name);
    other("service levels", before.service_levels == after.service_levels);
    other("review intervals", before.reviews == after.reviews);
    other("teams", before.teams == after.teams);
    other("second factor", before.second_factor == after.second_factor);
    other("sign-in providers", before.providers == after.providers);
    other("workloads", before.workloads == after.workloads);
    other("network", before.network == after.network);
    other("addresses of people", before.addresses == after.addresses);
    other("mail server", before.mail == after.mail);
    all
}

/// Every right as one phrase, members of teams by name.
fn rights(organisation: &Organisation) -> BTreeSet<String> {
    organisation.grants.iter().flat_map(|grant| of_grant(organisation, grant)).collect()
}

fn of_grant(organisation: &Organisation, grant: &Grant) -> Vec<String> {
    let scope = match &grant.scope {
        Scope::Organisation => "everywhere".to_owned(),
        Scope::Team(team) => {
            let projects = organisation.teams.get(team).map(|team| team.projects.join(", "));
            format!("in the projects of team {team} ({})", projects.unwrap_or_default())
        }
        Scope::Project(project) => format!("in {project}"),
    };
    let members = grant.teams.iter().filter_map(|team| organisation.teams.get(team));
    let people = grant.people.iter().chain(members.flat_map(|team| &team.members)).cloned();
    let groups = grant.groups.iter().map(|group| format!("group {group}"));
    let workloads = grant.workloads.iter().map(|workload| format!("workload {workload}"));
    people.chain(groups).chain(workloads).map(|who| format!("{} to {who}, {scope}", grant.role)).collect()
}
