//! The clock goes back: order in the ledger is order of writing, and its times never go back.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use engine::{Home, record::Recorder, statements::statement};
use model::{Clock, Subject, Timestamp, ports::Blobs};
use store::{LocalBlobs, Store};

use crate::{
    kit::{Tiny, intact},
    support::PROOFHOUSE,
};

#[path = "../../src/database.rs"]
mod database;

/// A clock that somebody sets.
struct Wrong(Mutex<Timestamp>);

impl Wrong {
    fn set(&self, seconds_from_now: i64) {
        let now = Timestamp::now().as_second() + seconds_from_now;
        *self.0.lock().unwrap() = Timestamp::from_second(now).unwrap();
    }
}

impl Clock for Wrong {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

const DAY: i64 = 86_400;

/// Records a statement at each of the given times (seconds from now), in this order; gives the times
/// at which the ledger has them, and what was warned of.
fn record(tiny: &Tiny, times: &[i64]) -> Vec<(Timestamp, Option<&'static str>)> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let home = Home::open(&tiny.site.home()).unwrap();
    let url = format!("sqlite:{}", home.database().display());
    let store = Arc::new(runtime.block_on(Store::open(&url)).unwrap());
    let blobs: Arc<dyn Blobs> = Arc::new(LocalBlobs::open(home.blobs()).unwrap());
    let projection = Arc::new(database::Database::new(store, runtime.handle().clone()));
    let clock = Arc::new(Wrong(Mutex::new(Timestamp::now())));
    let (recorder, _) =
        Recorder::open(&home, PathBuf::from(PROOFHOUSE), blobs, projection, clock.clone()).unwrap();
    let mut got = Vec::new();
    for (n, time) in times.iter().enumerate() {
        clock.set(*time);
        let feed = model::predicate::FeedImport {
            feed: format!("feed-{n}"),
            as_of: clock.now(),
            imported: clock.now(),
            advisories: 1,
            exploited: 0,
            products: 0,
            refused: vec![],
            actor: "test".to_owned(),
        };
        let subject = Subject::sha256("feed", model::Sha256::of(n.to_string()));
        let (logged, warning) = recorder.record(&[statement(vec![subject], &feed).unwrap()]).unwrap();
        got.push((logged[0].logged_at, warning.map(|problem| problem.code)));
    }
    got
}

#[test]
fn back_by_a_year() {
    let tiny = Tiny::new();
    let got = record(&tiny, &[DAY, DAY + 100, 0, -365 * DAY, DAY + 200]);
    let times: Vec<Timestamp> = got.iter().map(|(at, _)| *at).collect();
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(times[1], times[3], "a time that went back is held at the newest");
    assert!(times[4] > times[3]);
    let warned: Vec<bool> = got.iter().map(|(_, code)| *code == Some("clock-behind")).collect();
    assert_eq!(warned, [false, false, true, true, false], "and that is told");
    intact(&tiny.site);
}

#[test]
fn behind_the_ledger() {
    // The last command ran with a clock that was a day ahead; now it is right again.
    let tiny = Tiny::new();
    record(&tiny, &[DAY]);
    let told = tiny.site.proofhouse(&["run"]).expect(0);
    assert!(told.err.contains("warning[clock-behind]"), "{}", told.err);
    tiny.site.proofhouse(&["deploy", "staging"]).expect(0);
    tiny.site.proofhouse(&["ledger", "rebuild"]).expect(0);
    intact(&tiny.site);
    let shown = tiny.site.proofhouse(&["ledger", "show", "--format", "json"]).expect(0).out;
    let times: Vec<String> = shown
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["loggedAt"].as_str().unwrap().to_owned()
        })
        .collect();
    assert!(times.is_sorted(), "{times:?}");
}
