//! Entries of the catalogue as people sign them: effective by a quorum, void after a change, expired, reopened.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use govern::catalogue::{
    Catalogue, Events, Ring, Signature, Standing, State, Technology, history, judge, parse, signed_text,
    standings, today,
};
use model::{By, Role, Sha256, Timestamp, Via};

const FILE: &str = r#"version: 1
quorum: { roles: [architect, security, developer], valid-days: 100, not-effective: deny }
technologies:
  - name: Django
    quadrant: languages-frameworks
    ring: adopt
    match: [{ purl: pkg:pypi/django }]
    owner: web team
    rationale: It has served us well.
    evidence: 4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865
    versions: ">=5.2"
    review-by: 2027-12-31
"#;

fn catalogue(text: &str) -> Catalogue {
    parse(text.as_bytes(), "technologies.yaml").unwrap()
}

fn at(day: &str) -> Timestamp {
    format!("{day}T12:00:00Z").parse().unwrap()
}

/// Somebody signs what the catalogue says.
fn signs(index: u64, catalogue: &Catalogue, name: &str, role: Role, day: &str) -> Signature {
    let entry: &Technology = &catalogue.technologies[0];
    let text = signed_text(entry, catalogue.quorum.as_ref().unwrap());
    Signature {
        index,
        technology: entry.name.clone(),
        digest: Sha256::of(&text),
        text,
        approve: true,
        role,
        by: By { name: name.into(), roles: vec![role], via: Via::Local },
        entered_by: None,
        at: at(day),
        reason: None,
    }
}

fn all(catalogue: &Catalogue) -> Vec<Signature> {
    [("ann", Role::Architect), ("sam", Role::Security), ("dee", Role::Developer)]
        .iter()
        .enumerate()
        .map(|(n, (name, role))| signs(n as u64, catalogue, name, *role, "2027-01-01"))
        .collect()
}

fn of(catalogue: &Catalogue, signatures: &[Signature], day: &str) -> Standing {
    standings(catalogue, signatures, &Events::default(), at(day)).remove("Django").unwrap()
}

#[test]
fn a_quorum_of_different_people_makes_an_entry_effective_for_a_while() {
    let catalogue = catalogue(FILE);
    let signed = all(&catalogue);
    let pending = of(&catalogue, &signed[..2], "2027-01-02");
    assert_eq!((pending.state, pending.missing.as_slice()), (State::Pending, &[Role::Developer][..]));
    let effective = of(&catalogue, &signed, "2027-01-02");
    assert_eq!(effective.state, State::Effective, "{effective:?}");
    assert_eq!(effective.until.unwrap().to_string(), "2027-04-11", "100 days");
    assert_eq!(of(&catalogue, &signed, "2027-04-11").state, State::Effective);
    let expired = of(&catalogue, &signed, "2027-04-12");
    assert_eq!(
        (expired.state, expired.because[0].as_str()),
        (State::Expired, "it was effective until 2027-04-11")
    );
    // One person in three roles is one person, whatever the case of the name.
    let alone: Vec<Signature> = [("ann", Role::Architect), ("Ann", Role::Security), ("ANN", Role::Developer)]
        .iter()
        .map(|(name, role)| signs(1, &catalogue, name, *role, "2027-01-01"))
        .collect();
    assert_eq!(of(&catalogue, &alone, "2027-01-02").missing.len(), 2);
    // A refusal counts until its author signs, and says why.
    let mut refused = signed.clone();
    refused.push(Signature {
        approve: false,
        index: 9,
        reason: Some("no licence".into()),
        ..signed[1].clone()
    });
    let rejected = of(&catalogue, &refused, "2027-01-02");
    assert_eq!(
        (rejected.state, rejected.because[0].as_str()),
        (State::Rejected, "sam refuses it as security: no licence")
    );
    refused.push(Signature { index: 10, ..signed[1].clone() });
    assert_eq!(of(&catalogue, &refused, "2027-01-02").state, State::Effective);
    // What people need to decide on must be there.
    let bare = self::catalogue(&FILE.replace("    rationale: It has served us well.\n", ""));
    assert_eq!(of(&bare, &all(&bare), "2027-01-02").because, ["it has no rationale"]);
}

#[test]
fn a_change_of_the_entry_or_its_evidence_or_the_quorum_voids_and_says_why() {
    let before = catalogue(FILE);
    let signed = all(&before);
    for (old, new, why) in [
        (">=5.2", ">=4", "`versions` changed from `>=5.2` to `>=4`"),
        ("ring: adopt", "ring: hold", "`ring` changed from `adopt` to `hold`"),
        ("4355a46b", "00000000", "`evidence` changed"),
        (", security, developer]", "]", "`quorum roles` changed"),
        ("2027-12-31", "2029-12-31", "`review-by` changed from `2027-12-31` to `2029-12-31`"),
        (
            "    owner: web team\n",
            "    owner: web team\n    alternatives: [Flask]\n",
            "`alternatives` changed from nothing to [\"Flask\"]",
        ),
    ] {
        let after = catalogue(&FILE.replace(old, new));
        let void = of(&after, &signed, "2027-01-02");
        assert_eq!(void.state, State::Void, "{new}");
        let told = void.because.join("; ");
        assert!(
            told.contains(why) && told.contains("3 signatures are void") && told.contains("ledger entry 2"),
            "{told}"
        );
        // It counts for nothing at a gate, and the way back is to sign again.
        let component = govern::catalogue::bill(&serde_json::json!({ "bomFormat": "CycloneDX",
            "components": [{ "name": "django", "purl": "pkg:pypi/django@5.2.1" }] }));
        let standings = standings(&after, &signed, &Events::default(), at("2027-01-02"));
        let judged = judge(&after, &standings, &component.components, &[], today(at("2027-01-02")));
        assert!(
            judged
                .violations
                .iter()
                .any(|one| one.code == "technology-not-effective" && one.enforce == "deny")
        );
        if why.contains("quorum") {
            continue;
        }
        let again = [signed.clone(), all(&after)].concat();
        assert_eq!(of(&after, &again, "2027-01-02").state, State::Effective);
    }
    // Somebody who began to sign the new text makes it pending; the old signatures do not count.
    let after = catalogue(&FILE.replace(">=5.2", ">=4"));
    let begun = [signed, vec![signs(7, &after, "ann", Role::Architect, "2027-01-02")]].concat();
    assert_eq!(of(&after, &begun, "2027-01-02").missing, [Role::Security, Role::Developer]);
}

#[test]
fn what_happens_later_reopens_and_lost_evidence_voids() {
    let catalogue = catalogue(FILE);
    let signed = all(&catalogue);
    let happened = [("Django".to_owned(), vec!["CVE-2027-1 is known to be exploited".to_owned()])].into();
    let events = Events { happened, ..Events::default() };
    let reopened = standings(&catalogue, &signed, &events, at("2027-01-02")).remove("Django").unwrap();
    assert_eq!(
        (reopened.state, reopened.because),
        (State::Reopened, vec!["CVE-2027-1 is known to be exploited".to_owned()])
    );
    let unreadable = [("Django".to_owned(), "is not here".to_owned())].into();
    let events = Events { unreadable, ..Events::default() };
    assert_eq!(standings(&catalogue, &signed, &events, at("2027-01-02"))["Django"].state, State::Void);
}

#[test]
fn history_is_what_was_signed() {
    let first = catalogue(FILE);
    let second = catalogue(&FILE.replace("ring: adopt", "ring: hold"));
    let third = catalogue(&FILE.replace("ring: adopt", "ring: hold").replace(">=5.2", ">=6"));
    let mut signed = [all(&first), all(&second), all(&third)].concat();
    for (n, one) in signed.iter_mut().enumerate() {
        one.index = n as u64;
    }
    let moves = history(&signed);
    let rings: Vec<_> = moves.iter().map(|one| (one.index, one.from, one.to)).collect();
    assert_eq!(
        rings,
        [(2, None, Ring::Adopt), (5, Some(Ring::Adopt), Ring::Hold), (8, Some(Ring::Hold), Ring::Hold)]
    );
    assert_eq!(moves[0].by, ["ann (architect)", "sam (security)", "dee (developer)"]);
    assert!(history(&signed[..2]).is_empty(), "two of three are no quorum");
}

#[test]
fn over_all_projects_it_is_known_who_must_act_until_when_and_whether_objectives_are_reached() {
    use govern::catalogue::{Inventory, Misuse, Progress, Reached, Standings, bill, enforcement};
    let text = r#"version: 1
unlisted: ignore
objectives:
  - { objective: Struts is gone, measure: projects-using, technology: struts, at-most: 0, due: 2027-06-30, owner: ann }
  - { objective: Nothing on hold, measure: projects-on-hold, at-most: 1, due: 2027-01-01 }
  - { objective: Everything signed, measure: effective-percent, at-least: 90, due: 2027-01-01 }
  - { objective: Gone already, measure: projects-using, technology: Nobody, at-most: 0, due: 2027-06-30 }
technologies:
  - { name: Struts, quadrant: languages-frameworks, ring: hold, hold-until: 2027-03-31, owner: web, match: [{ purl: "pkg:maven/org.apache.struts/*" }] }
  - { name: Waitress, quadrant: languages-frameworks, ring: hold, match: [{ purl: pkg:pypi/waitress }] }
  - { name: Django, quadrant: languages-frameworks, ring: adopt, match: [{ purl: pkg:pypi/django }] }
  - { name: Pairing, quadrant: techniques, ring: adopt }
"#;
    let catalogue = catalogue(text);
    let inventory = |project: &str, purl: &str| Inventory {
        project: project.into(),
        components: bill(
            &serde_json::json!({ "bomFormat": "CycloneDX", "components": [{ "name": "x", "purl": purl }] }),
        )
        .components,
        tools: vec![],
    };
    let all = [
        inventory("shop", "pkg:maven/org.apache.struts/struts2-core@2"),
        inventory("wiki", "pkg:pypi/waitress@2"),
    ];
    let owners = |project: &str| vec![format!("team of {project}")];
    let on = |day: &str| enforcement(&catalogue, &Standings::new(), &all, &owners, day.parse().unwrap());
    let before = on("2027-03-31");
    let shown = |one: &Misuse| {
        (one.project.clone(), one.until.clone(), one.denied, one.teams.clone(), one.owner.clone())
    };
    assert_eq!(
        before.misused.iter().map(shown).collect::<Vec<_>>(),
        [
            ("wiki".into(), None, true, vec!["team of wiki".to_owned()], None),
            (
                "shop".into(),
                Some("2027-03-31".into()),
                false,
                vec!["team of shop".to_owned()],
                Some("web".into())
            ),
        ]
    );
    assert!(on("2027-04-01").misused.iter().all(|one| one.denied));
    assert_eq!(before.unused, ["Django"], "what is on hold and what is no program is not missed");
    let progress = |one: &Reached| (one.number, one.progress, one.unmeasured.is_some());
    assert_eq!(
        before.objectives.iter().map(progress).collect::<Vec<_>>(),
        [
            (1, Progress::Open, false),
            (2, Progress::Missed, false),
            (0, Progress::Missed, true),
            (0, Progress::Open, true),
        ]
    );
    assert_eq!(before.objectives[0].days_left, 91);
    // Nothing is reached because nothing is known.
    let nothing = enforcement(&catalogue, &Standings::new(), &[], &owners, "2027-01-01".parse().unwrap());
    assert!(nothing.objectives.iter().all(|one| one.progress != Progress::Met));
    let gone = enforcement(&catalogue, &Standings::new(), &all[1..], &owners, "2027-01-01".parse().unwrap());
    assert_eq!(gone.objectives[0].progress, Progress::Met);
}
