//! Sessions: planted, replayed, outlived; and what a clock that is set does to them.

use reqwest::{StatusCode, header};

use super::{Hands, form, page, server, session, set_cookie};
use crate::{
    people::{self, PASSWORD, accounts, ask, join, one_time, scoped, sign_in, tokens},
    support::Server,
};
use model::Role;
use reqwest::Method;

const IN: StatusCode = StatusCode::OK;
/// Led to the sign-in page.
const OUT: StatusCode = StatusCode::SEE_OTHER;
const HOUR: i64 = 3600;

/// Name of the session's cookie.
fn cookie_name(server: &Server) -> String {
    format!("proofhouse-{}", server.bound.address.port())
}

#[tokio::test]
async fn a_planted_cookie_never_becomes_the_session() {
    let server = server(&Hands::default()).await;
    let (secret, _) = join(&server, "ann").await;
    let token = scoped(&server, "mallory", Role::Developer, &[]);
    let mallory = set_cookie(&form(&server, "", "/login", &[("token", &token)]).await, false).unwrap();
    // What Mallory plants: a session of nobody with the right form, and one that Mallory has.
    let well_formed = format!("{}={token}", cookie_name(&server));
    for (step, planted) in [(0, &well_formed), (1, &mallory)] {
        let code = one_time(&secret, step);
        let fields = [("name", "ann"), ("password", PASSWORD), ("code", &code)];
        let own = set_cookie(&form(&server, planted, "/login", &fields).await, false).unwrap();
        assert_ne!(&own, planted);
        assert_eq!(page(&server, &own, "/people").await, IN);
        assert_eq!(page(&server, planted, "/").await, OUT, "{planted}");
    }
    // By the printed link, and by a provider.
    let link = server.stranger().get(&server.bound.login).header(header::COOKIE, &well_formed);
    assert_ne!(set_cookie(&link.send().await.unwrap(), false).unwrap(), well_formed);
    let (pending, state) = begin(&server).await;
    let cookies = format!("{well_formed}; {pending}");
    let answer = back(&server, &cookies, &format!("code=carol.security&state={state}")).await;
    let own = set_cookie(&answer, false).unwrap();
    assert_ne!(own, well_formed);
    assert_eq!(page(&server, &well_formed, "/").await, OUT);
    // Beside the own cookie, for some paths: browsers then send both.
    let mallory = set_cookie(&form(&server, "", "/login", &[("token", &token)]).await, false).unwrap();
    for both in [format!("{mallory}; {own}"), format!("{own}; {mallory}")] {
        assert_eq!(page(&server, &both, "/people/access").await, OUT, "neither counts");
    }
    assert_eq!(page(&server, &format!("{own}; {own}"), "/people/access").await, IN);
}

/// Begins a sign-in with the provider; the browser's cookie, and the state.
async fn begin(server: &Server) -> (String, String) {
    let out = server.stranger().get(server.url("/login/with/company")).send().await.unwrap();
    let place = out.headers()[header::LOCATION].to_str().unwrap();
    let state = place.split("&state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    (set_cookie(&out, true).unwrap(), state)
}

async fn back(server: &Server, cookies: &str, query: &str) -> reqwest::Response {
    let request = server.stranger().get(server.url(&format!("/login/callback?{query}")));
    request.header(header::COOKIE, cookies).send().await.unwrap()
}

#[tokio::test]
async fn nobody_is_signed_in_as_somebody_else_by_a_providers_answer() {
    let clock = Hands::default();
    let server = server(&clock).await;
    // Mallory stops before the answer is used and leads Carol's browser to it, which has a sign-in of its own.
    let (mallory, state) = begin(&server).await;
    let (carol, _) = begin(&server).await;
    let answer = format!("code=mallory.security&state={state}");
    for cookies in
        [carol.clone(), format!("{mallory}; {carol}"), format!("{carol}; {mallory}"), String::new()]
    {
        let refused = back(&server, &cookies, &answer).await;
        assert_eq!((refused.status(), set_cookie(&refused, false)), (StatusCode::UNAUTHORIZED, None));
    }
    // With the state, which is in addresses, in the cookie's place.
    let by_state = format!("proofhouse-provider={state}");
    assert_eq!(back(&server, &by_state, &answer).await.status(), StatusCode::UNAUTHORIZED);
    // A second chance with the right state would be one to guess; and an answer comes within minutes.
    let (cookie, state) = begin(&server).await;
    assert_eq!(
        back(&server, &cookie, "code=carol.security&state=x").await.status(),
        StatusCode::UNAUTHORIZED
    );
    let good = format!("code=carol.security&state={state}");
    assert_eq!(back(&server, &cookie, &good).await.status(), StatusCode::UNAUTHORIZED);
    let (cookie, state) = begin(&server).await;
    clock.set(600);
    let late = back(&server, &cookie, &format!("code=carol.security&state={state}")).await;
    assert_eq!(late.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_session_that_ended_stays_ended() {
    let clock = Hands::default();
    let server = server(&clock).await;
    let (secret, _) = join(&server, "ann").await;
    let signed_out = session(&server, "ann", &secret, 0).await;
    assert_eq!(form(&server, &signed_out, "/logout", &[]).await.status(), OUT);
    assert_eq!(page(&server, &signed_out, "/").await, OUT);
    // Without requests it ends after twelve hours, in any case after a week.
    clock.set(12 * HOUR - 1);
    let idle = session(&server, "ann", &secret, 12 * 120 - 1).await;
    clock.set(24 * HOUR - 2);
    assert_eq!(page(&server, &idle, "/").await, IN);
    clock.set(36 * HOUR - 2);
    assert_eq!(page(&server, &idle, "/").await, OUT);
    clock.set(24 * HOUR);
    assert_eq!(page(&server, &idle, "/").await, OUT, "also when the clock is set back");
    let used = session(&server, "ann", &secret, 24 * 120).await;
    for hours in (24..24 + 168).step_by(8) {
        clock.set(hours * HOUR);
        assert_eq!(page(&server, &used, "/").await, IN, "{hours}");
    }
    clock.set((24 + 168) * HOUR);
    assert_eq!(page(&server, &used, "/").await, OUT);
    // A clock that is corrected by minutes disturbs nobody; one that is set back by hours makes no session longer.
    let early = session(&server, "ann", &secret, (24 + 168) * 120).await;
    clock.set((24 + 168) * HOUR - 300);
    assert_eq!(page(&server, &early, "/").await, IN);
    clock.set((24 + 168) * HOUR - 301);
    assert_eq!(page(&server, &early, "/").await, OUT);
}

#[tokio::test]
async fn sessions_and_tokens_end_with_the_password_and_the_account_even_if_the_clock_goes_back() {
    let clock = Hands::default();
    let server = server(&clock).await;
    let (secret, _) = join(&server, "ann").await;
    let made_by = session(&server, "ann", &secret, 0).await;
    let fields = [("name", "laptop"), ("role", "admin"), ("project", ""), ("days", "30")];
    let made = form(&server, &made_by, "/account/tokens", &fields).await.text().await.unwrap();
    let token = format!("ph_{}", made.split("<code>ph_").nth(1).unwrap().split('<').next().unwrap());
    let works = async || ask(&server, &Method::GET, "/people", &token).send().await.unwrap().status() == IN;
    assert!(works().await);
    // Nobody else revokes it, nor does anybody one that is nobody's.
    let (bobs, _) = join(&server, "bob").await;
    let bob = session(&server, "bob", &bobs, 0).await;
    for token in tokens(&server).list().unwrap() {
        let path = format!("/account/tokens/{}", token.id);
        assert_eq!(form(&server, &bob, &path, &[]).await.status(), StatusCode::NOT_FOUND, "{}", token.name);
    }
    // Disabled and enabled again, by a clock behind that of the sign-in: what was open stays closed.
    let (tick, earlier) = (|clock: &Hands| model::Clock::now(clock), Hands::default());
    earlier.set(-120);
    accounts(&server).set_disabled("ann", true, tick(&earlier)).unwrap();
    assert_eq!(page(&server, &made_by, "/people").await, OUT);
    assert!(!works().await);
    accounts(&server).set_disabled("ann", false, tick(&earlier)).unwrap();
    assert_eq!(page(&server, &made_by, "/people").await, OUT);
    // A new password likewise, and the old one opens nothing.
    let before = session(&server, "ann", &secret, 1).await;
    assert_eq!(page(&server, &before, "/people").await, IN);
    let (_, invitation) = accounts(&server).invite("ann", tick(&clock)).unwrap();
    assert_eq!(page(&server, &before, "/people").await, IN, "until it is used");
    let other = "another horse battery";
    let shown = server.stranger().get(server.url(&format!("/invitation?code={invitation}"))).send();
    let shown = shown.await.unwrap().text().await.unwrap();
    let secret = shown.split("class=\"secret\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let code = one_time(&secret, -1);
    let fields = [("password", other), ("again", other), ("invitation", &invitation), ("code", &code)];
    assert_eq!(form(&server, "", "/invitation", &fields).await.status(), IN);
    assert_eq!(page(&server, &before, "/people").await, OUT);
    clock.set(1);
    assert!(!works().await, "tokens end with the password under which they were made");
    assert_eq!(
        sign_in(&server, "ann", PASSWORD, &one_time(&secret, 0)).await.status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(sign_in(&server, "ann", other, &one_time(&secret, 0)).await.status(), IN);
}

#[tokio::test]
async fn an_invitation_does_not_let_a_disabled_account_in_again() {
    let clock = Hands::default();
    let server = server(&clock).await;
    join(&server, "ann").await;
    let moment = model::Clock::now(&clock);
    let (_, invitation) = accounts(&server).invite("ann", moment).unwrap();
    let (_, second) = accounts(&server).invite("bob", moment).unwrap();
    let (_, third) = accounts(&server).invite("bob", moment).unwrap();
    accounts(&server).set_disabled("ann", true, moment).unwrap();
    let accept = async |invitation: &str| {
        let fields =
            [("password", PASSWORD), ("again", PASSWORD), ("invitation", invitation), ("code", "000000")];
        form(&server, "", "/invitation", &fields).await.status()
    };
    assert_eq!(accept(&invitation).await, StatusCode::GONE, "of a disabled account");
    assert_eq!(accept(&second).await, StatusCode::GONE, "a later one replaced it");
    assert_eq!(accept(&third).await, StatusCode::UNPROCESSABLE_ENTITY, "only the code is wrong");
    clock.set(3 * 24 * HOUR);
    assert_eq!(accept(&third).await, StatusCode::GONE, "ended");
}

#[tokio::test]
async fn a_session_by_token_ends_with_the_token_and_nobody_ends_those_of_others_by_beginning_many() {
    let clock = Hands::default();
    let server = server(&clock).await;
    let olive = server.person().await;
    let end = jiff::Timestamp::from_second(crate::support::now().as_second() + HOUR).unwrap();
    let scope = server::TokenScope { roles: vec![Role::Developer], ..Default::default() };
    let (_, token) = tokens(&server).create("short", Some(scope), Some(end), crate::support::now()).unwrap();
    let mut cookies = vec![];
    for second in 0..30 {
        clock.set(second);
        cookies.push(set_cookie(&form(&server, "", "/login", &[("token", &token)]).await, false).unwrap());
    }
    let mut alive = vec![];
    for cookie in &cookies {
        alive.push(page(&server, cookie, "/").await == IN);
    }
    assert_eq!(alive, (0..30).map(|n| n >= 10).collect::<Vec<_>>(), "the newest twenty");
    assert_eq!(olive.get(server.url("/")).send().await.unwrap().status(), IN);
    clock.set(HOUR - 1);
    assert_eq!(page(&server, &cookies[29], "/").await, IN);
    clock.set(HOUR);
    assert_eq!(page(&server, &cookies[29], "/").await, OUT);
    assert_eq!(
        ask(&server, &Method::GET, "/", &token).send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
    clock.set(0);
    tokens(&server).revoke("short").unwrap();
    assert_eq!(page(&server, &cookies[28], "/").await, OUT);
    people::apply(&server, &people::FILE.replace("ann", "eve")).await;
}
