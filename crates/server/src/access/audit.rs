//! What happens at the door goes into the ledger.

use std::net::SocketAddr;

use model::{
    By, Statement,
    predicate::{Access, AccessAction},
};

use crate::{problem::Refusal, state::App};

/// Records it. What cannot be recorded does not happen: the caller passes the refusal on.
pub(crate) async fn record(
    app: &App,
    action: AccessAction,
    account: &str,
    by: Option<By>,
    peer: Option<SocketAddr>,
) -> Result<(), Refusal> {
    let address = peer.map(|peer| peer.ip().to_canonical().to_string());
    let event = Access { action, account: account.to_owned(), by, address, at: app.clock.now() };
    let statement = Statement::new(vec![event.subject()], &event).map_err(std::io::Error::other)?;
    app.record(statement).await.map(drop)
}
