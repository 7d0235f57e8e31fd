//! Who may do what, and who signed in.

use model::predicate::AccessAction;

use super::paging::{Filter, all, newest_first, one};
use crate::{
    Result, Store,
    db::{Cells, Value},
    views::{AccessView, OrganisationView, Page, PageRequest},
};

/// What belongs to projects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owned {
    /// A run, by its id.
    Run,
    /// A deployment, by its id.
    Deployment,
    /// An entry of the ledger, by its index.
    Entry,
    /// An artifact, by its SHA-256.
    Artifact,
}

const ORGANISATION: &str = "SELECT idx, name, body, changes, actor, at FROM organisations";

fn organisation(cells: &mut Cells) -> Result<OrganisationView> {
    Ok(OrganisationView {
        index: cells.count()?,
        name: cells.text()?,
        text: cells.text()?,
        changes: cells.json()?,
        by: cells.json()?,
        at: cells.time()?,
    })
}

const ACCESS: &str = "SELECT idx, action, account, actor, address, at FROM access_events";

fn access(cells: &mut Cells) -> Result<AccessView> {
    Ok(AccessView {
        index: cells.count()?,
        action: cells.known(AccessAction::from_name)?,
        account: cells.text()?,
        by: cells.maybe_text()?.and_then(|text| serde_json::from_str(&text).ok()),
        address: cells.maybe_text()?,
        at: cells.time()?,
    })
}

impl Store {
    /// The organisation's file that holds now; `None` before one was applied.
    ///
    /// # Errors
    /// Any database error.
    pub async fn organisation(&self) -> Result<Option<OrganisationView>> {
        let sql = format!("{ORGANISATION} ORDER BY idx DESC LIMIT 1");
        Ok(all(&self.db, "organisations", sql, vec![], organisation).await?.pop())
    }

    /// Ledger index of the organisation's file that holds now.
    ///
    /// # Errors
    /// Any database error.
    pub async fn organisation_index(&self) -> Result<Option<u64>> {
        let sql = "SELECT idx FROM organisations ORDER BY idx DESC LIMIT 1".to_owned();
        one(&self.db, "organisations", sql, vec![], |cells| cells.count()).await
    }

    /// Names of projects, in their order.
    ///
    /// # Errors
    /// Any database error.
    pub async fn project_names(&self) -> Result<Vec<String>> {
        let sql = "SELECT name FROM projects ORDER BY name".to_owned();
        all(&self.db, "projects", sql, vec![], |cells| cells.text()).await
    }

    /// Projects that something belongs to; none when there is no such thing, or it belongs to no project.
    ///
    /// # Errors
    /// Any database error.
    pub async fn projects_of(&self, kind: Owned, key: &str) -> Result<Vec<String>> {
        let (sql, value): (_, Value) = match kind {
            Owned::Run => ("SELECT project FROM runs WHERE run = $1", key.into()),
            Owned::Deployment => ("SELECT project FROM deployments WHERE deployment = $1", key.into()),
            Owned::Artifact => ("SELECT DISTINCT project FROM artifacts WHERE digest = $1", key.into()),
            Owned::Entry => match key.parse::<u64>() {
                Ok(index) => ("SELECT project FROM statements WHERE idx = $1", index.into()),
                Err(_) => return Ok(vec![]),
            },
        };
        let found =
            all(&self.db, "statements", sql.to_owned(), vec![value], |cells| cells.maybe_text()).await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// What happened at the door, newest first; of one account when one is named.
    ///
    /// # Errors
    /// `cursor-invalid`, and any database error.
    pub async fn access_events(&self, account: Option<&str>, page: &PageRequest) -> Result<Page<AccessView>> {
        let mut filter = Filter::default();
        filter.and_maybe("account = $", account);
        newest_first(&self.db, "access_events", ACCESS, filter, page, access, |event| event.index).await
    }
}
