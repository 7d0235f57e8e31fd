//! Browser sessions, in memory: they end with the server. Only digests of their secrets are kept.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use axum::http::{HeaderMap, header::COOKIE};
use model::{Sha256, Timestamp};

use super::{
    token::{self, NoRandom},
    who::Who,
};

/// Seconds without a request after which a session ends.
const IDLE: i64 = 12 * 3600;
/// Seconds after which it ends in any case.
const LONGEST: i64 = 7 * 24 * 3600;
/// Most sessions; beyond, the one that rested longest ends.
const MOST: usize = 10_000;
/// Most sessions of one person or token, likewise: nobody ends those of others by beginning many.
const MOST_OF_ONE: usize = 20;
/// Seconds that the clock may go back under a session.
const BACK: i64 = 300;

struct Session {
    who: Who,
    begun: Timestamp,
    used: Timestamp,
}

impl Session {
    fn is_alive(&self, now: Timestamp) -> bool {
        let since = |then: Timestamp| now.as_second().saturating_sub(then.as_second());
        // How old one from the future is cannot be told.
        since(self.used) < IDLE && (-BACK..LONGEST).contains(&since(self.begun))
    }
}

#[derive(Default)]
struct Known {
    sessions: HashMap<Sha256, Session>,
    link: Option<Sha256>,
}

/// All sessions of one server, and the link that begins the first one.
pub(crate) struct Sessions {
    known: Mutex<Known>,
    cookie: String,
    secure: bool,
}

impl Sessions {
    /// Over TLS the cookie is bound to this host by its name prefix (`__Host-`, RFC 6265bis section
    /// 4.1.3); on plain loopback, where cookies are shared by all ports, its name carries the port.
    pub(crate) fn new(secure: bool, port: u16) -> Self {
        let cookie = if secure { "__Host-proofhouse".to_owned() } else { format!("proofhouse-{port}") };
        Self { known: Mutex::default(), cookie, secure }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the secret of a sign-in link that works once; an earlier link ends.
    pub(crate) fn new_link(&self) -> Result<String, NoRandom> {
        let secret = token::generate()?;
        self.known().link = Some(token::digest(&secret));
        Ok(secret)
    }

    /// Uses up the link. `false`: not this one, or already used.
    pub(crate) fn use_link(&self, secret: &str) -> bool {
        let digest = token::digest(secret);
        let mut known = self.known();
        let same =
            |link: &Sha256| aws_lc_rs::constant_time::verify_slices_are_equal(&link.0, &digest.0).is_ok();
        known.link.take_if(|link| same(link)).is_some()
    }

    /// Begins a session, always under a new secret; returns the `Set-Cookie` value.
    pub(crate) fn begin(&self, who: Who, now: Timestamp) -> Result<String, NoRandom> {
        let secret = token::generate()?;
        let mut known = self.known();
        known.sessions.retain(|_, session| session.is_alive(now));
        let own = |session: &Session| session.who.key() == who.key();
        let many = known.sessions.values().filter(|session| own(session)).count() >= MOST_OF_ONE;
        if many || known.sessions.len() >= MOST {
            let among = known.sessions.iter().filter(|(_, session)| !many || own(session));
            let oldest = among.min_by_key(|(_, session)| session.used).map(|(key, _)| *key);
            oldest.map(|key| known.sessions.remove(&key));
        }
        known.sessions.insert(token::digest(&secret), Session { who, begun: now, used: now });
        Ok(self.set_cookie(&secret, LONGEST))
    }

    /// Whose living session the request belongs to. One that has ended is gone, also if the clock goes back.
    pub(crate) fn of(&self, headers: &HeaderMap, now: Timestamp) -> Option<Who> {
        let digest = token::digest(self.secret(headers)?);
        let mut known = self.known();
        let session = known.sessions.get_mut(&digest)?;
        if !session.is_alive(now) {
            known.sessions.remove(&digest);
            return None;
        }
        session.used = session.used.max(now);
        Some(session.who.clone())
    }

    /// Ends the request's session; returns the `Set-Cookie` value that removes the cookie.
    pub(crate) fn end(&self, headers: &HeaderMap) -> String {
        if let Some(secret) = self.secret(headers) {
            self.known().sessions.remove(&token::digest(secret));
        }
        self.set_cookie("", 0)
    }

    fn set_cookie(&self, value: &str, age: i64) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{secure}", self.cookie)
    }

    fn secret<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        cookie(headers, &self.cookie).filter(|value| token::well_formed(value))
    }
}

/// The cookie of this name. Two with different values count as none: without TLS another program of this machine could
/// plant one for some of our paths, and browsers send that one first.
pub(super) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut found = pairs.filter(|(found, _)| *found == name).map(|(_, value)| value);
    let first = found.next()?;
    found.all(|other| other == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn later(hours: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + hours * 3600).unwrap()
    }

    fn headers(set_cookie: &str) -> HeaderMap {
        let pair = set_cookie.split(';').next().unwrap();
        HeaderMap::from_iter([(COOKIE, format!("other=1; {pair}").parse().unwrap())])
    }

    #[test]
    fn a_session_lives_while_it_is_used_but_no_longer_than_a_week() {
        let sessions = Sessions::new(false, 8080);
        let cookie = sessions.begin(Who::Owner, later(0)).unwrap();
        assert!(cookie.starts_with("proofhouse-8080=ph_"), "{cookie}");
        let headers = headers(&cookie);
        for hour in (0..168).step_by(11) {
            assert_eq!(sessions.of(&headers, later(hour)), Some(Who::Owner), "{hour}");
        }
        assert_eq!(sessions.of(&headers, later(168)), None);
        assert_eq!(sessions.of(&HeaderMap::new(), later(0)), None);
    }

    #[test]
    fn a_session_ends_when_it_rests_or_is_ended() {
        let sessions = Sessions::new(true, 443);
        let cookie = sessions.begin(Who::Owner, later(0)).unwrap();
        assert!(cookie.starts_with("__Host-proofhouse=") && cookie.contains("; Secure"));
        assert_eq!(sessions.of(&headers(&cookie), later(12)), None);
        let cookie = sessions.begin(Who::Owner, later(12)).unwrap();
        assert!(sessions.of(&headers(&cookie), later(12)).is_some());
        assert!(sessions.end(&headers(&cookie)).contains("Max-Age=0"));
        assert_eq!(sessions.of(&headers(&cookie), later(12)), None);
    }

    #[test]
    fn a_link_works_once() {
        let sessions = Sessions::new(false, 1);
        let link = sessions.new_link().unwrap();
        assert!(!sessions.use_link("ph_wrong"));
        assert!(sessions.use_link(&link));
        assert!(!sessions.use_link(&link));
    }
}
