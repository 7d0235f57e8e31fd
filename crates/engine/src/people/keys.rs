//! Keys of issuers, kept for a while: neither people nor jobs should make us ask for them at every request.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use attest::oidc::{self, Expected, KeySet, Token};
use model::{Problem, Timestamp, problem::erase};

use crate::identity::{self, Reach};

/// How long keys are used without asking again.
const FRESH: Duration = Duration::from_secs(600);
/// How soon a token with an unknown key makes us ask again.
const AGAIN: Duration = Duration::from_secs(60);

/// A key set, and when it was fetched.
type Fetched = (Instant, Arc<KeySet>);

/// Keys by issuer. Cheap to clone; clones share it.
#[derive(Clone, Default)]
pub struct IssuerKeys(Arc<Mutex<HashMap<String, Fetched>>>);

impl IssuerKeys {
    fn known(&self, issuer: &str, younger: Duration) -> Option<Arc<KeySet>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(issuer).filter(|(at, _)| at.elapsed() < younger).map(|(_, keys)| Arc::clone(keys))
    }

    async fn fetch(&self, issuer: &str, reach: Reach) -> Result<Arc<KeySet>, Problem> {
        let bytes = identity::keys_of(issuer, reach).await?;
        let keys = Arc::new(KeySet::parse(&bytes).map_err(|e| erase(&e))?);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(issuer.to_owned(), (Instant::now(), Arc::clone(&keys)));
        Ok(keys)
    }

    /// A token that its issuer's key signed for us and that is in force.
    ///
    /// # Errors
    /// The token is refused, or its issuer cannot be asked.
    pub(super) async fn verify(
        &self,
        token: &[u8],
        issuer: &str,
        audience: &str,
        reach: Reach,
        now: Timestamp,
    ) -> Result<Token, Problem> {
        let issuers = [issuer.to_owned()];
        let expected = Expected { issuers: &issuers, audience };
        oidc::issuer_of(token, &expected).map_err(|e| erase(&e))?;
        let keys = match self.known(issuer, FRESH) {
            Some(keys) => keys,
            None => self.fetch(issuer, reach).await?,
        };
        match oidc::verify(token, &keys, &expected, now) {
            Err(oidc::TokenError::UnknownKey(_)) if self.known(issuer, AGAIN).is_none() => {
                let keys = self.fetch(issuer, reach).await?;
                oidc::verify(token, &keys, &expected, now).map_err(|e| erase(&e))
            }
            verified => verified.map_err(|e| erase(&e)),
        }
    }
}
