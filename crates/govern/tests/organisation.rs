//! The organisation's file: what it says, what it refuses, and who may do what under it.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use govern::organisation::{MailTls, Organisation, Permission, Rights, SecretPlace, changes, parse};
use model::{Role, Severity, UserError as _};

const FILE: &str = "\
version: 1
name: Example
service-levels: { critical: 3, high: 14 }
reviews: { access-rights: 90 }
teams:
  payments: { members: [bob, carol@company], lead: bob, projects: [shop, 'billing-*'], mail: pay@example.org }
roles:
  - { role: admin, scope: organisation, people: [ann] }
  - { role: developer, scope: 'team:payments', teams: [payments] }
  - { role: security, scope: organisation, groups: [security@company] }
  - { role: devops, scope: 'project:shop', workloads: [shop-ci] }
sign-in:
  second-factor: optional
  network: private
  providers:
    - { name: company, title: Example ID, issuer: 'https://id.example.org', client: proofhouse, person: preferred_username, groups: groups }
  workloads:
    - { name: shop-ci, issuer: 'https://ci.example.org', audience: proofhouse, claims: { repository: example/shop } }
";

fn file() -> Organisation {
    parse(FILE.as_bytes(), "organisation.yaml").unwrap()
}

fn codes(text: &str) -> Vec<(&'static str, u64)> {
    let mistakes = parse(text.as_bytes(), "organisation.yaml").unwrap_err();
    assert!(mistakes.code().contains('-') && mistakes.to_string().starts_with("organisation.yaml:"));
    mistakes.mistakes.iter().map(|mistake| (mistake.code, mistake.line)).collect()
}

const MAIL: &str = "\
people: { ann: { mail: ann@example.org }, carol@company: { mail: carol@example.org } }
mail: { server: 'mail.example.org:465', tls: tls, from: 'Proofhouse <p@example.org>', user: p, password-env: PROOFHOUSE_MAIL_PASSWORD }
";

#[test]
fn mail_is_named_with_addresses_and_the_place_of_its_password_only() {
    let organisation = parse(format!("{FILE}{MAIL}").as_bytes(), "organisation.yaml").unwrap();
    assert_eq!(organisation.addresses["carol@company"], "carol@example.org");
    let mail = organisation.mail.clone().unwrap();
    assert_eq!((mail.host.as_str(), mail.port, mail.tls), ("mail.example.org", 465, MailTls::Tls));
    let place = SecretPlace::Variable("PROOFHOUSE_MAIL_PASSWORD".into());
    assert_eq!(mail.user, Some(("p".into(), place)));
    let told = changes(&file(), &organisation);
    assert!(told.iter().any(|one| one == "changed: mail server"), "{told:?}");
    // Not the password itself, no other variable, no path that depends on where one stands, no second server.
    for bad in [
        "password: secret",
        "password-env: AWS_SECRET_ACCESS_KEY",
        "password-env: PROOFHOUSE_MAIL_",
        "password-file: smtp",
        "password-file: /a, password-env: PROOFHOUSE_MAIL_A",
        "tls: never",
    ] {
        let text = FILE.to_owned() + &MAIL.replace("password-env: PROOFHOUSE_MAIL_PASSWORD", bad);
        assert!(parse(text.as_bytes(), "organisation.yaml").is_err(), "{bad}");
    }
    for (what, bad) in
        [("ann@example.org", "ann"), ("mail.example.org:465", "mail.example.org"), ("user: p, ", "")]
    {
        let text = FILE.to_owned() + &MAIL.replace(what, bad);
        assert_eq!(codes(&text)[0].0, "organisation-mail", "{what}");
    }
}

#[test]
fn a_role_holds_where_the_file_says_and_nowhere_else() {
    let organisation = file();
    assert_eq!(organisation.service_levels[&Severity::Critical], 3);
    assert_eq!(organisation.service_levels[&Severity::Low], 180, "what is not said stays usual");
    assert_eq!(organisation.roles_of("ann", Some("shop")), [Role::Admin]);
    assert_eq!(organisation.roles_of("bob", Some("billing-eu")), [Role::Developer]);
    assert_eq!(organisation.roles_of("bob", Some("other")), []);
    assert_eq!(organisation.roles_of("bob", None), []);
    assert_eq!(organisation.roles_of("carol", Some("shop")), [], "an account is not the provider's person");
    let groups = ["security@company".to_owned()];
    let carol = Rights::of_person(&organisation, "carol@company", &groups);
    assert_eq!(carol.roles(Some("shop")), [Role::Security, Role::Developer]);
    assert_eq!(carol.roles(Some("other")), [Role::Security]);
    let ci = Rights::of_workload(&organisation, "shop-ci");
    assert!(ci.may(Permission::EnterResult, Some("shop")) && !ci.may(Permission::View, Some("shop2")));
    assert!(ci.may_somewhere(Permission::View) && !ci.may(Permission::View, None));
    assert!(Rights::of_person(&organisation, "nobody", &[]).is_empty());
    assert_eq!(organisation.owners("billing-eu").map(|(name, _)| name).collect::<Vec<_>>(), ["payments"]);
}

/// The whole table: a change of what a role may do changes this.
#[test]
fn every_role_has_exactly_its_permissions() {
    let mut table = String::new();
    for role in Role::ALL {
        let rights = Rights::given(&[role], &[]);
        let may = Permission::ALL.map(|permission| if rights.may(permission, None) { 'x' } else { '.' });
        table.push_str(&format!("{:<11}{}\n", role.name(), may.iter().collect::<String>()));
    }
    // View Comment Triage AcceptRisk EnterResult Assess Sign Audit People
    let expected = "\
devops     xx..xxx..
security   xxxxxxxx.
compliance xx..x.xx.
developer  xx...xx..
architect  xx...xx..
manager    xx.x..x..
admin      x......xx
";
    assert_eq!(table, expected);
    assert!(Permission::ALL.into_iter().all(|permission| Rights::owner().may(permission, None)));
    assert!(!Permission::ALL.into_iter().any(|permission| Rights::default().may_somewhere(permission)));
}

#[test]
fn a_token_can_do_less_than_its_owner_and_never_more() {
    let bob = Rights::of_person(&file(), "bob", &[]);
    let shop = ["shop".to_owned(), "other".to_owned()];
    let token = bob.limited_to(&[Role::Developer, Role::Security], &shop);
    assert_eq!(token.roles(Some("shop")), [Role::Developer]);
    assert!(token.roles(Some("other")).is_empty() && token.roles(Some("billing-eu")).is_empty());
    assert!(bob.limited_to(&[Role::Admin], &[]).is_empty());
    let stars = ["*".to_owned()];
    let owner = Rights::owner().limited_to(&[Role::Developer], &stars);
    assert_eq!(owner.roles(None), [], "a pattern is never wider than what was asked for");
}

#[test]
fn changes_of_rights_are_told_one_by_one() {
    let mut after = file();
    after.teams.get_mut("payments").unwrap().members = BTreeSet::from(["dave".to_owned()]);
    after.second_factor = true;
    let told = changes(&file(), &after);
    assert_eq!(
        told,
        [
            "given: developer to dave, in the projects of team payments (shop, billing-*)",
            "taken: developer to bob, in the projects of team payments (shop, billing-*)",
            "taken: developer to carol@company, in the projects of team payments (shop, billing-*)",
            "changed: teams",
            "changed: second factor",
        ]
    );
    assert!(changes(&file(), &file()).is_empty());
}

#[test]
fn mistakes_are_told_at_their_places_all_at_once() {
    let wrong = FILE
        .replace("critical: 3", "critcal: 3")
        .replace("role: admin,", "role: root,")
        .replace("scope: 'team:payments'", "scope: 'team:payment'")
        .replace("https://id.example.org", "http://id.example.org")
        .replace("network: private", "network: all")
        .replace("people: [ann]", "people: ['Ann B']");
    let expected = [
        ("organisation-unknown-name", 3),
        ("organisation-unknown-name", 8),
        ("organisation-person", 8),
        ("organisation-nobody", 8),
        ("organisation-scope", 9),
        ("organisation-issuer", 16),
        ("organisation-unknown-name", 14),
    ];
    let found: BTreeSet<_> = codes(&wrong).into_iter().collect();
    assert_eq!(found, BTreeSet::from(expected));
    for (text, code) in [
        ("version: 2\nname: x\n", "organisation-version"),
        ("version: 1\nname: x\nroots: []\n", "file-syntax"),
        ("version: 1\nname: [\n", "file-syntax"),
        ("version: 1\nname: x\nroles: [{role: admin, scope: organisation}]\n", "organisation-nobody"),
        (
            "version: 1\nname: x\nroles: [{role: admin, scope: organisation, groups: [a]}]\n",
            "organisation-group",
        ),
        (
            "version: 1\nname: x\nsign-in: {workloads: [{name: a, issuer: 'https://x', audience: b, claims: {}}]}\n",
            "organisation-claims",
        ),
    ] {
        assert_eq!(codes(text)[0].0, code, "{text}");
    }
    let huge = format!("version: 1\nname: x # {}\n", "x".repeat(1 << 18));
    assert_eq!(codes(&huge)[0].0, "file-too-large");
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        let _ = parse(&bytes, "x");
    }

    #[test]
    fn any_change_of_a_good_file_is_read_or_refused(at in 0..FILE.len(), to: char) {
        let mut text: Vec<char> = FILE.chars().collect();
        text[at] = to;
        let _ = parse(text.into_iter().collect::<String>().as_bytes(), "x");
    }
}
