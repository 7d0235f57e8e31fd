//! Who may do what, and who signed in.

use model::predicate::AccessAction;

use super::paging::{Filter, all, newest_first};
use crate::{
    Result, Store,
    db::Cells,
    views::{AccessView, OrganisationView, Page, PageRequest},
};

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
