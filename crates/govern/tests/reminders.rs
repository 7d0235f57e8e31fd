//! What waits for whom: by role where it holds, by name, late things first, and only what still waits.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;

use govern::{
    organisation::parse,
    release_review::{AcceptedRisk, RiskState},
    reminders::{Item, html, periodic, risk, subject, text, unreached, waiting},
    reviews::Scheduled,
};
use model::{Role, Timestamp, predicate::ReviewKind};

const FILE: &str = "\
version: 1
name: Example
teams:
  pay: { members: [bob], projects: [shop] }
roles:
  - { role: admin, scope: organisation, people: [ann] }
  - { role: security, scope: 'team:pay', teams: [pay] }
  - { role: security, scope: organisation, groups: [sec@company] }
people:
  ann: { mail: ann@example.org }
  bob: { mail: bob@example.org }
";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn accepted(index: u64, state: RiskState) -> AcceptedRisk {
    AcceptedRisk {
        index,
        what: "SQL injection <b>in</b>\nshop".into(),
        severity: None,
        environment: None,
        reason: "r".into(),
        owner: "eve".into(),
        expires: at("2026-11-20T00:00:00Z"),
        state,
    }
}

fn overdue(kind: ReviewKind) -> Scheduled {
    let due = at("2026-11-01T00:00:00Z");
    Scheduled { kind, every_days: 90, last_signed: None, open: Some(7), due, overdue: true }
}

fn items() -> Vec<Item> {
    vec![
        risk("shop", &accepted(1, RiskState::EndsSoon)).unwrap(),
        risk("shop", &accepted(2, RiskState::Missed)).unwrap(),
        risk("other", &accepted(3, RiskState::Missed)).unwrap(),
        periodic(&overdue(ReviewKind::AccessRights), None).unwrap(),
    ]
}

#[test]
fn each_thing_waits_for_whoever_has_the_role_there_and_for_its_owner() {
    let organisation = parse(FILE.as_bytes(), "organisation.yaml").unwrap();
    let all = waiting(&items(), &organisation);
    let of = |name: &str| {
        let one = all.iter().find(|one| one.person == name).unwrap();
        (one.address.as_deref(), one.items.iter().map(|item| item.key.as_str()).collect::<Vec<_>>())
    };
    assert_eq!(of("ann"), (Some("ann@example.org"), vec!["review:access-rights"]));
    assert_eq!(
        of("bob"),
        (Some("bob@example.org"), vec!["risk:2", "risk:1"]),
        "only of its projects, late first"
    );
    assert_eq!(of("eve"), (None, vec!["risk:2", "risk:3", "risk:1"]), "the owner has no address");
    let (all_items, lost) = (items(), ["risk:3"]);
    let untold: Vec<&str> = unreached(&all_items, &all).iter().map(|item| item.key.as_str()).collect();
    assert_eq!(untold, lost);
}

#[test]
fn what_somebody_was_asked_for_waits_for_them_alone_and_what_is_in_time_for_nobody() {
    let asked = periodic(&overdue(ReviewKind::Scanners), Some("sid")).unwrap();
    assert_eq!((asked.people, asked.roles), (BTreeSet::from(["sid".to_owned()]), Vec::<Role>::new()));
    let early = Scheduled { overdue: false, ..overdue(ReviewKind::Scanners) };
    assert_eq!(periodic(&early, None), None);
    assert_eq!(risk("shop", &accepted(1, RiskState::InForce)), None);
}

#[test]
fn a_letter_holds_no_markup_or_line_that_somebody_else_chose() {
    let items = items();
    assert_eq!(subject(&items), "4 things wait for you, 3 late");
    assert_eq!(subject(&items[..1]), "1 thing waits for you");
    let plain = text("bob", &items);
    assert!(
        plain.contains(
            "- LATE: the accepted risk \"SQL injection <b>in</b> shop\" in shop ended on 2026-11-20"
        ),
        "{plain}"
    );
    let page = html("b<i>ob", &items);
    assert!(page.contains("&lt;b&gt;in") && page.contains("b&lt;i&gt;ob") && !page.contains("<b>"), "{page}");
}
