//! Slows down guessing: an address that failed to prove who it is too often must wait.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Failures allowed in a row before waiting.
const BURST: f64 = 10.0;
/// Seconds until one failure is forgiven.
const FORGIVEN_AFTER: f64 = 6.0;
/// Most addresses remembered; beyond, those that owe least are forgotten.
const MOST: usize = 4096;

/// Failed attempts by address.
#[derive(Default)]
pub(crate) struct Failures {
    owed: Mutex<HashMap<IpAddr, (f64, Instant)>>,
}

impl Failures {
    /// How long this address must wait, if it must.
    pub(crate) fn wait(&self, address: IpAddr, now: Instant) -> Option<Duration> {
        let owed = self.owed.lock().unwrap_or_else(PoisonError::into_inner);
        let owes = current(*owed.get(&network(address))?, now);
        (owes > BURST - 1.0).then(|| Duration::from_secs_f64((owes - BURST + 1.0) * FORGIVEN_AFTER))
    }

    /// Remembers a failure.
    pub(crate) fn record(&self, address: IpAddr, now: Instant) {
        let mut owed = self.owed.lock().unwrap_or_else(PoisonError::into_inner);
        if owed.len() >= MOST {
            owed.retain(|_, entry| current(*entry, now) > 1.0);
            if owed.len() >= MOST {
                owed.clear();
            }
        }
        let entry = owed.entry(network(address)).or_insert((0.0, now));
        *entry = ((current(*entry, now) + 1.0).min(BURST * 2.0), now);
    }
}

fn current((owes, since): (f64, Instant), now: Instant) -> f64 {
    (owes - now.saturating_duration_since(since).as_secs_f64() / FORGIVEN_AFTER).max(0.0)
}

/// One IPv6 customer has at least a /64.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) if address.to_ipv4_mapped().is_none() => {
            IpAddr::V6((u128::from(address) >> 64 << 64).into())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_failures_are_forgiven_one_by_one() {
        let (failures, now) = (Failures::default(), Instant::now());
        let address: IpAddr = "2001:db8::1".parse().unwrap();
        for _ in 0..10 {
            assert_eq!(failures.wait(address, now), None);
            failures.record(address, now);
        }
        let neighbour = "2001:db8::2".parse().unwrap();
        assert!(failures.wait(neighbour, now).unwrap() <= Duration::from_secs(6));
        assert_eq!(failures.wait("127.0.0.1".parse().unwrap(), now), None);
        assert_eq!(failures.wait(address, now + Duration::from_secs(7)), None);
    }
}
