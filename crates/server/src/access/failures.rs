//! Slows down guessing: an address or account that failed to prove who it is too often must wait, and longer with
//! every further failure.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Most keys remembered; beyond, those that owe least are forgotten.
const MOST: usize = 4096;

/// Failed attempts by key.
pub(crate) struct Failures<K> {
    owed: Mutex<HashMap<K, (f64, Instant)>>,
    /// Failures allowed in a row before waiting.
    burst: f64,
    /// Seconds until one failure is forgiven.
    forgiven_after: f64,
}

impl Failures<IpAddr> {
    /// For addresses: many people may share one.
    pub(crate) fn of_addresses() -> Self {
        Self { owed: Mutex::default(), burst: 10.0, forgiven_after: 6.0 }
    }
}

impl Failures<String> {
    /// For accounts: whoever owns it mistypes a few times.
    pub(crate) fn of_accounts() -> Self {
        Self { owed: Mutex::default(), burst: 5.0, forgiven_after: 60.0 }
    }
}

impl<K: Hash + Eq + Clone + Key> Failures<K> {
    /// How long this key must wait, if it must.
    pub(crate) fn wait(&self, key: K, now: Instant) -> Option<Duration> {
        let owed = self.owed.lock().unwrap_or_else(PoisonError::into_inner);
        self.over(*owed.get(&key.meant())?, now)
    }

    /// Remembers a failure; `true` when this one began a wait.
    pub(crate) fn record(&self, key: K, now: Instant) -> bool {
        let mut owed = self.owed.lock().unwrap_or_else(PoisonError::into_inner);
        self.count(&mut owed, key.meant(), now)
    }

    /// Counts an attempt before it is known how it ends: of many at the same moment no more than the burst are let
    /// through. `true` when it is the last one before a wait; else how long to wait. [`Failures::forgive`] follows
    /// when it was good.
    pub(crate) fn attempt(&self, key: K, now: Instant) -> Result<bool, Duration> {
        let (key, mut owed) = (key.meant(), self.owed.lock().unwrap_or_else(PoisonError::into_inner));
        match owed.get(&key).and_then(|entry| self.over(*entry, now)) {
            Some(wait) => Err(wait),
            None => Ok(self.count(&mut owed, key, now)),
        }
    }

    /// Takes back what a good attempt counted.
    pub(crate) fn forgive(&self, key: K, now: Instant) {
        let mut owed = self.owed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = owed.get_mut(&key.meant()) {
            *entry = ((self.current(*entry, now) - 1.0).max(0.0), now);
        }
    }

    fn count(&self, owed: &mut HashMap<K, (f64, Instant)>, key: K, now: Instant) -> bool {
        if owed.len() >= MOST && !owed.contains_key(&key) {
            let debt = |entry: &(f64, Instant)| self.current(*entry, now);
            let least =
                owed.iter().min_by(|a, b| debt(a.1).total_cmp(&debt(b.1))).map(|(key, _)| key.clone());
            least.map(|key| owed.remove(&key));
        }
        let entry = owed.entry(key).or_insert((0.0, now));
        let before = self.current(*entry, now);
        let after = (before + 1.0).min(self.burst * 3.0);
        *entry = (after, now);
        before <= self.burst - 1.0 && after > self.burst - 1.0
    }

    fn over(&self, entry: (f64, Instant), now: Instant) -> Option<Duration> {
        let over = self.current(entry, now) - self.burst + 1.0;
        (over > 0.0).then(|| Duration::from_secs_f64(over * self.forgiven_after))
    }

    fn current(&self, (owes, since): (f64, Instant), now: Instant) -> f64 {
        (owes - now.saturating_duration_since(since).as_secs_f64() / self.forgiven_after).max(0.0)
    }
}

/// What failures are counted by.
pub(crate) trait Key {
    /// The key that stands for this one.
    fn meant(&self) -> Self;
}

impl Key for String {
    fn meant(&self) -> Self {
        self.clone()
    }
}

impl Key for IpAddr {
    /// One IPv6 customer has at least a /64.
    fn meant(&self) -> Self {
        match self {
            Self::V6(address) if address.to_ipv4_mapped().is_none() => {
                Self::V6((u128::from(*address) >> 64 << 64).into())
            }
            other => *other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_failures_are_forgiven_one_by_one() {
        let (failures, now) = (Failures::of_addresses(), Instant::now());
        let address: IpAddr = "2001:db8::1".parse().unwrap();
        for n in 0..10 {
            assert_eq!(failures.wait(address, now), None);
            assert_eq!(failures.record(address, now), n == 9);
        }
        let neighbour = "2001:db8::2".parse().unwrap();
        assert!(failures.wait(neighbour, now).unwrap() <= Duration::from_secs(6));
        assert_eq!(failures.wait("127.0.0.1".parse().unwrap(), now), None);
        assert_eq!(failures.wait(address, now + Duration::from_secs(7)), None);
    }

    #[test]
    fn an_account_waits_longer_with_every_failure() {
        let (failures, now) = (Failures::of_accounts(), Instant::now());
        let mut waits = vec![];
        for _ in 0..8 {
            failures.record("ann".to_owned(), now);
            waits.push(failures.wait("ann".to_owned(), now).map_or(0, |wait| wait.as_secs()));
        }
        assert_eq!(waits, [0, 0, 0, 0, 60, 120, 180, 240]);
        assert_eq!(failures.wait("bob".to_owned(), now), None);
    }

    #[test]
    fn attempts_count_before_they_end_and_good_ones_are_taken_back() {
        let (failures, now) = (Failures::of_accounts(), Instant::now());
        let under_way = (0..9).filter(|_| failures.attempt("ann".to_owned(), now).is_ok()).count();
        assert_eq!(under_way, 5, "none of them has ended");
        failures.forgive("ann".to_owned(), now);
        assert_eq!(failures.attempt("ann".to_owned(), now), Ok(true));
        assert!(failures.attempt("ann".to_owned(), now).is_err());
    }

    #[test]
    fn names_that_nobody_has_do_not_make_a_wait_forgotten() {
        let (failures, now) = (Failures::of_accounts(), Instant::now());
        for _ in 0..5 {
            failures.record("ann".to_owned(), now);
        }
        for n in 0..3 * MOST {
            // Twice: those that owe one only were always the first to go.
            for _ in 0..2 {
                failures.record(format!("nobody{n}"), now);
            }
        }
        assert!(failures.wait("ann".to_owned(), now).is_some());
        assert!(failures.owed.lock().unwrap().len() <= MOST);
    }
}
