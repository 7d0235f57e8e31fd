//! Guessing passwords and codes: at once, slowly, with an old code, and by what the clock and the disk tell.

use std::os::unix::fs::MetadataExt as _;

use reqwest::StatusCode;

use super::{Hands, server};
use crate::{
    people::{PASSWORD, join, one_time, sign_in},
    support::Server,
};

/// Signs in with each of these at the same moment; how many were tried, the others must wait.
async fn at_once(server: &Server, guesses: &[(String, String)]) -> usize {
    let all = guesses.iter().map(|(name, password)| sign_in(server, name, password, ""));
    let answers = futures::future::join_all(all).await;
    let tried = |status| matches!(status, StatusCode::UNAUTHORIZED | StatusCode::OK);
    let mut waiting = answers.iter().filter(|answer| !tried(answer.status()));
    assert!(waiting.all(|answer| answer.status() == StatusCode::TOO_MANY_REQUESTS));
    answers.iter().filter(|answer| tried(answer.status())).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_the_same_moment_are_as_few_as_one_after_the_other() {
    let clock = Hands::default();
    let one = server(&clock).await;
    join(&one, "ann").await;
    let of_ann: Vec<_> = (0..40).map(|n| ("ann".to_owned(), format!("guess number {n}"))).collect();
    // One more is forgiven after a minute, if this machine is so slow.
    let tried = at_once(&one, &of_ann).await;
    assert!((5..=6).contains(&tried), "{tried}");
    // The same password for many names, from one address: ten, and those whose hash was being made.
    let other = server(&clock).await;
    let of_many: Vec<_> = (0..80).map(|n| (format!("name{n}"), "the same for all".to_owned())).collect();
    let tried = at_once(&other, &of_many).await;
    assert!((10..30).contains(&tried), "{tried}");
}

#[tokio::test]
async fn a_code_works_within_one_step_once_and_no_earlier_one_after_it() {
    let clock = Hands::default();
    let server = server(&clock).await;
    let (secret, _) = join(&server, "ann").await;
    let tries = async |step: i64| sign_in(&server, "ann", PASSWORD, &one_time(&secret, step)).await.status();
    clock.set(300);
    // Steps of thirty seconds: now it is the tenth.
    assert_eq!(tries(8).await, StatusCode::UNAUTHORIZED, "two steps behind");
    assert_eq!(tries(12).await, StatusCode::UNAUTHORIZED, "two steps ahead");
    assert_eq!(tries(9).await, StatusCode::OK, "one step behind");
    assert_eq!(tries(9).await, StatusCode::UNAUTHORIZED, "not twice");
    assert_eq!(tries(11).await, StatusCode::OK, "one step ahead");
    // What somebody saw over a shoulder and did not use in time.
    assert_eq!(tries(10).await, StatusCode::UNAUTHORIZED);
    assert_eq!(tries(12).await, StatusCode::UNAUTHORIZED);
    assert_eq!(tries(10).await, StatusCode::TOO_MANY_REQUESTS, "after five failures");
}

#[tokio::test]
async fn with_a_clock_that_is_set_back_no_code_works_again() {
    let clock = Hands::default();
    let server = server(&clock).await;
    let (secret, recovery) = join(&server, "ann").await;
    let tries = async |code: &str| sign_in(&server, "ann", PASSWORD, code).await.status();
    clock.set(3600);
    assert_eq!(tries(&one_time(&secret, 120)).await, StatusCode::OK);
    clock.set(0);
    assert_eq!(tries(&one_time(&secret, 0)).await, StatusCode::UNAUTHORIZED);
    assert_eq!(tries(&recovery[3]).await, StatusCode::OK, "that is what they are for");
    assert_eq!(tries(&recovery[3]).await, StatusCode::UNAUTHORIZED);
}

/// A file that is written is always another one.
fn stamp(server: &Server) -> (u64, i64) {
    let meta = std::fs::metadata(server.folder.path().join("server/accounts.json")).unwrap();
    (meta.ino(), meta.mtime_nsec())
}

#[tokio::test]
async fn a_wrong_code_costs_what_a_wrong_password_costs() {
    let clock = Hands::default();
    let server = server(&clock).await;
    let (secret, _) = join(&server, "ann").await;
    let before = stamp(&server);
    for (password, code) in [("not the password", "000000"), (PASSWORD, "000000"), (PASSWORD, "")] {
        let answer = sign_in(&server, "ann", password, code).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(stamp(&server), before, "nothing is written to the disk, which takes time");
    }
    assert_eq!(sign_in(&server, "ann", PASSWORD, &one_time(&secret, 0)).await.status(), StatusCode::OK);
    assert_ne!(stamp(&server), before);
}
