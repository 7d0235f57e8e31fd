//! What somebody with rights in one project, or with the right to decide who may, reaches beyond them.

use govern::organisation::Permission;
use model::Role;
use reqwest::{Method, StatusCode};

use super::{Hands, form, server, session, set_cookie};
use crate::{
    people::{FILE, ask, filled, join, scoped},
    support::Server,
};

/// The addresses that show only what may be seen tell nothing of another project, whoever asks and however.
#[tokio::test]
async fn lists_exports_and_pictures_tell_nothing_of_other_projects() {
    let server = Server::over(crate::organisation::everything).await;
    let digest = model::Sha256::of("shop 3").to_string();
    let finding = server.json("/api/v1/findings?project=shop&limit=1").await["items"][0]["id"].to_string();
    let secrets =
        ["shop-1.4", "/projects/shop", "\"shop\"", ">shop<", "shop,", &digest, finding.trim_matches('"')];
    let token = scoped(&server, "mailer", Role::Security, &["mailer"]);
    let mut told = 0;
    for address in server::addresses().filter(|address| address.method == Method::GET) {
        if address.path.ends_with("/stream") {
            continue;
        }
        let path = filled(&server, address.path).await;
        for path in [path.clone(), format!("{path}?project=mailer"), format!("{path}?project=")] {
            let answer = ask(&server, &Method::GET, &path, &token).send().await.unwrap();
            if answer.status().is_success() {
                told += 1;
                let text = answer.text().await.unwrap();
                for secret in secrets {
                    assert!(!text.contains(secret), "{path} tells about {secret}: {text}");
                }
            }
        }
    }
    assert!(told > 60, "{told}");
}

#[tokio::test]
async fn a_thing_of_another_project_is_not_reached_by_the_way_to_the_own() {
    let server = Server::over(crate::organisation::everything).await;
    let finding = server.json("/api/v1/findings?project=shop&limit=1").await;
    let finding = finding["items"][0]["id"].as_str().unwrap().to_owned();
    let token = scoped(&server, "near", Role::Security, &["mailer"]);
    let before = server.store.next_index().await.unwrap();
    for path in [
        format!("/projects/mailer/findings/{finding}"),
        format!("/api/v1/projects/mailer/findings/{finding}"),
    ] {
        let answer = ask(&server, &Method::GET, &path, &token).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let fields = "state=false-positive&reason=somebody+else+decides&justification=x&until=2026-04-01&to=ann&text=hello+there";
    for act in ["triage", "exception", "assign", "comment"] {
        let path = format!("/projects/mailer/findings/{finding}/{act}");
        let answer = ask(&server, &Method::POST, &path, &token).body(fields).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
    // The run is of the own project, the step's name leads out of it.
    let run = testkit::run_id(9);
    server.write_log(testkit::run_id(3), "build", b"a secret of shop\n");
    for step in [format!("..%2f{}%2fbuild", testkit::run_id(3)), "%2e%2e".to_owned(), "build%00".to_owned()] {
        let path = format!("/api/v1/runs/{run}/steps/{step}/log");
        let answer = ask(&server, &Method::GET, &path, &token).send().await.unwrap();
        assert!(answer.status().is_client_error(), "{path}");
    }
    assert_eq!(server.store.next_index().await.unwrap(), before, "nothing was recorded");
}

#[tokio::test]
async fn who_decides_who_may_does_not_get_the_files_and_networks_of_the_machine() {
    let server = server(&Hands::default()).await;
    let (secret, _) = join(&server, "ann").await;
    let ann = session(&server, "ann", &secret, 0).await;
    let base = async || server.store.organisation().await.unwrap().unwrap().index.to_string();
    let apply = async |who: &str, text: &str| {
        let answer =
            form(&server, who, "/people/organisation", &[("base", &base().await), ("text", text)]).await;
        (answer.status(), answer.text().await.unwrap())
    };
    let file = FILE.replace("client: proofhouse", "client: proofhouse, secret-file: /etc/shadow");
    let inside = FILE.replace("sign-in:\n", "sign-in:\n  network: private\n");
    let here = FILE.replace("sign-in:\n", "sign-in:\n  network: loopback\n");
    let mail = format!(
        "{FILE}mail: {{ server: '10.0.0.7:25', from: a@evil.example, user: a, password-file: /etc/machine-id }}\n"
    );
    let refused = [
        (&file, "`secret-file` of company"),
        (&inside, "`network`"),
        (&here, "`network`"),
        (&mail, "`mail`"),
    ];
    for (text, what) in refused {
        let (status, page) = apply(&ann, text).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{what}");
        assert!(page.contains("only somebody on the server&#39;s machine can"), "{what}: {page}");
    }
    // Whoever started the server holds the machine. What they allowed stays, and can be narrowed by who decides.
    let link = server.stranger().get(&server.bound.login).send().await.unwrap();
    let olive = set_cookie(&link, false).unwrap();
    let both = file.replace("sign-in:\n", "sign-in:\n  network: private\n");
    assert_eq!(apply(&olive, &both).await.0, StatusCode::SEE_OTHER);
    let renamed = both.replace("name: Example\n", "name: Other\n");
    assert_eq!(apply(&ann, &renamed).await.0, StatusCode::SEE_OTHER);
    // The secret goes to the issuer that it is for.
    let elsewhere = renamed.replace("https://id.example", "https://evil.example");
    assert_eq!(apply(&ann, &elsewhere).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(apply(&ann, FILE).await.0, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_doors_log_is_not_read_as_entries_of_the_ledger() {
    let server = server(&Hands::default()).await;
    let (secret, _) = join(&server, "ann").await;
    session(&server, "ann", &secret, 0).await;
    let entries = async |kind: &str| {
        server.json(&format!("/api/v1/ledger?kind={kind}")).await["items"][0]["index"].to_string()
    };
    let (signed_in, file, decision) =
        (entries("access").await, entries("organisation").await, entries("decision").await);
    for role in Role::ALL {
        let token = scoped(&server, role.name(), role, &[]);
        let audits = govern::organisation::Rights::given(&[role], &[]).may(Permission::Audit, None);
        for index in [&signed_in, &file] {
            for path in [
                "/ledger/I",
                "/api/v1/ledger/I",
                "/api/v1/ledger/I/envelope",
                "/api/v1/ledger/I/proof",
                "/api/v1/scans/I",
            ] {
                let path = path.replace('I', index);
                let status = ask(&server, &Method::GET, &path, &token).send().await.unwrap().status();
                assert_eq!(status == StatusCode::FORBIDDEN, !audits, "{path} as {role}: {status}");
            }
        }
        let path = format!("/ledger/{decision}");
        assert_eq!(ask(&server, &Method::GET, &path, &token).send().await.unwrap().status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn teams_and_cursors_of_others_open_nothing() {
    let server = server(&Hands::default()).await;
    let token = scoped(&server, "mailer", Role::Developer, &["mailer"]);
    let get = async |path: String| {
        let answer = ask(&server, &Method::GET, &path, &token).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    };
    // The team owns only `shop`: that it exists is not told either.
    assert_eq!(get("/digest?team=payments".into()).await.0, StatusCode::NOT_FOUND);
    assert_eq!(get("/digest?team=nobody".into()).await.0, StatusCode::NOT_FOUND);
    assert_eq!(get("/digest?team=payments&project=mailer".into()).await.0, StatusCode::BAD_REQUEST);
    for list in ["findings", "decisions", "deployments", "coverage"] {
        let all = server.json(&format!("/api/v1/{list}?limit=1")).await;
        let Some(next) = all["next"].as_str() else { continue };
        let (status, page) = get(format!("/api/v1/{list}?after={next}")).await;
        assert!(!status.is_success() || !page.contains("shop"), "{list} {page}");
    }
}
