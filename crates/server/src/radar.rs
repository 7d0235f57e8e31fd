//! The technology catalogue with what the ledger says about it, as the installation hands it to the pages.

use std::collections::BTreeSet;

use govern::{
    catalogue::{Catalogue, Enforcement, Inventory, Signature, Standings, enforcement, today},
    organisation::{Organisation, Team},
};
use model::Timestamp;

/// What is known of technologies.
#[derive(Clone, Debug, Default)]
pub struct Radar {
    /// The catalogue; empty when none is named or it cannot be used.
    pub catalogue: Catalogue,
    /// Why there is no catalogue, in sentences.
    pub unusable: Option<String>,
    /// How far its entries are, where it has a quorum.
    pub standings: Standings,
    /// All signatures that verify, in the order of the ledger.
    pub signatures: Vec<Signature>,
    /// What each project uses.
    pub inventories: Vec<Inventory>,
}

impl Radar {
    /// What these projects use (`None`: all of them), held against the catalogue.
    pub(crate) fn held(
        &self,
        visible: Option<&[String]>,
        organisation: &Organisation,
        now: Timestamp,
    ) -> Enforcement {
        let names: Option<BTreeSet<&String>> = visible.map(|names| names.iter().collect());
        let seen = |one: &&Inventory| names.as_ref().is_none_or(|names| names.contains(&one.project));
        let inventories: Vec<Inventory> = self.inventories.iter().filter(seen).cloned().collect();
        let named = |(name, team): (&str, &Team)| {
            team.lead.as_ref().map_or_else(|| name.to_owned(), |lead| format!("{name} (lead {lead})"))
        };
        let owners = |project: &str| organisation.owners(project).map(named).collect();
        enforcement(&self.catalogue, &self.standings, &inventories, &owners, today(now))
    }
}
