//! The organisation's side through the real server: people of each role vote on a technology, sign its entry, and
//! answer a review; requirements and controls are shown; and what people did is in the ledger.

use std::fs;

use reqwest::{Client, StatusCode, header};

use crate::{
    others::kit::Running,
    support::{Site, free_port},
};

const CATALOGUE: &str = "version: 1\nunlisted: ignore\nquorum: { roles: [architect, security] }\ntechnologies:\n  \
    - name: Waitress\n    quadrant: languages-frameworks\n    ring: adopt\n    match: [{ purl: \"pkg:pypi/waitress\" \
    }]\n    owner: web team\n    rationale: Small, and we know it.\n    review-by: 2999-12-31\n";

/// Somebody with a token of one role.
pub struct Person {
    client: Client,
    token: String,
    home: String,
}

impl Person {
    pub fn new(site: &Site, role: &str, port: u16) -> Self {
        let made = site.proofhouse(&["token", "create", role, "--role", role]).expect(0).out;
        let client =
            Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { client, token: made.trim().to_owned(), home: format!("http://127.0.0.1:{port}") }
    }

    pub async fn get(&self, path: &str) -> String {
        let answer = self.client.get(format!("{}{path}", self.home)).bearer_auth(&self.token).send().await;
        let answer = answer.unwrap();
        let (status, bytes) = (answer.status(), answer.bytes().await.unwrap());
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        text
    }

    /// Sends a form; the status, and where it leads or what it says.
    async fn post(&self, path: &str, form: &str) -> (StatusCode, String) {
        let request = self.client.post(format!("{}{path}", self.home)).bearer_auth(&self.token);
        let kind = "application/x-www-form-urlencoded";
        let answer = request.header(header::CONTENT_TYPE, kind).body(form.to_owned()).send().await.unwrap();
        let status = answer.status();
        match answer.headers().get(header::LOCATION) {
            Some(place) => (status, place.to_str().unwrap().to_owned()),
            None => (status, answer.text().await.unwrap()),
        }
    }
}

#[tokio::test]
async fn people_vote_on_and_sign_a_technology_and_answer_a_review_on_the_pages() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let site = Site::bookshelf();
    let config = fs::read_to_string(site.project().join("proofhouse.yaml")).unwrap();
    site.write("proofhouse.yaml", config.replacen("scans:\n", "scans:\n  config: false\n", 1));
    site.proofhouse(&["requirements", "add", "SHOP-1", "--title", "Nobody borrows for others"]).expect(0);
    site.commit("A requirement, and no check of configuration");
    site.proofhouse(&["run"]).expect(0);
    // What the run had is shown, whatever becomes of the folder.
    fs::remove_file(site.project().join("security-requirements.yaml")).unwrap();
    let file = site.path().join("technologies.yaml");
    fs::write(&file, CATALOGUE).unwrap();
    let from = ["--catalogue", file.to_str().unwrap()];
    let evaluate = ["radar", "evaluate", "Waitress", "--save", "--format", "json"];
    let evidence = site.proofhouse(&[&evaluate[..], &from].concat()).expect(0).json();
    let port = free_port();
    let serve = ["serve", "--listen", &format!("127.0.0.1:{port}"), from[0], from[1]];
    let _server = Running::start(site.command(&serve), port);
    let [architect, security, manager, admin] =
        ["architect", "security", "manager", "admin"].map(|role| Person::new(&site, role, port));

    let page = architect.get("/technologies").await;
    assert!(page.contains("incomplete") && page.contains("<svg "), "{page}");
    let (status, why) = architect.post("/technologies/Waitress/sign", "verdict=sign&role=architect").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(why.contains("The entry Waitress has no evidence"), "{why}");
    // The file is read anew: nobody starts the server again for a changed entry.
    let digest = evidence["digest"].as_str().unwrap();
    fs::write(&file, format!("{CATALOGUE}    evidence: {digest}\n")).unwrap();
    let here = (StatusCode::SEE_OTHER, "/technologies/Waitress".to_owned());
    let vote = "what=vote&ring=trial&text=%3Cscript%3Ewait%3C%2Fscript%3E";
    assert_eq!(architect.post("/technologies/Waitress/assess", vote).await, here);
    assert_eq!(
        security.post("/technologies/Waitress/assess", "what=score&criterion=ease&score=5").await,
        here
    );
    assert_eq!(
        security.post("/technologies/Waitress/assess", "what=score&criterion=ease&score=6").await.0,
        400
    );
    assert_eq!(manager.post("/technologies/Waitress/assess", vote).await.0, StatusCode::FORBIDDEN);
    assert_eq!(admin.post("/technologies/Waitress/sign", "verdict=sign&role=architect").await.0, 403);
    // Nobody signs in a role that is not theirs.
    let (status, why) = manager.post("/technologies/Waitress/sign", "verdict=sign&role=architect").await;
    assert!(status == 422 && why.contains("cannot sign as architect"), "{why}");
    assert_eq!(architect.post("/technologies/Waitress/sign", "verdict=sign&role=architect").await, here);
    let (status, why) =
        security.post("/technologies/waitress/sign", "verdict=refuse&role=security&text=no").await;
    assert!(status == 422 && why.contains("at least 10 characters"), "{why}");
    assert_eq!(security.post("/technologies/Waitress/sign", "verdict=sign&role=security").await, here);
    let entry = manager.get("/technologies/Waitress").await;
    assert!(entry.contains("effective") && entry.contains("votes for trial"), "{entry}");
    assert!(entry.contains("architect@token as architect") && !entry.contains("<script>"), "{entry}");
    let status =
        site.proofhouse(&[&["radar", "status", "--format", "json"][..], &from].concat()).expect(0).json();
    assert_eq!(status["entries"][0]["state"], "effective");

    let (status, review) = security.post("/reviews", "kind=scanners&assigned=sid").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let page = security.get(&review).await;
    assert!(page.contains("missing-coverage:bookshelf") && page.contains("For sid"), "{page}");
    let (status, why) = security.post(&review, "verdict=sign&role=security").await;
    assert!(status == 422 && why.contains("have no answer yet"), "{why}");
    let point = "point=missing-coverage%3Abookshelf";
    let (status, why) = manager.post(&review, &format!("{point}&verdict=accept&text=later")).await;
    assert!(
        status == 422 && why.contains("must be security for this") && why.contains("later</textarea>"),
        "{why}"
    );
    assert_eq!(
        admin.post(&review, &format!("{point}&verdict=comment&text=x")).await.0,
        StatusCode::FORBIDDEN
    );
    let done = format!("{point}&verdict=decline&text=there+is+no+configuration+here");
    assert_eq!(security.post(&review, &done).await, (StatusCode::SEE_OTHER, review.clone()));
    assert_eq!(manager.post(&review, "verdict=assign&text=mia").await.0, StatusCode::SEE_OTHER);
    assert_eq!(security.post(&review, "verdict=sign&role=security").await.0, StatusCode::SEE_OTHER);
    let page = manager.get(&review).await;
    assert!(page.contains("Signed by security@token") && page.contains("For mia"), "{page}");
    assert!(manager.get("/reviews").await.contains("in time"));
    let told = site.proofhouse(&["review", "show", "scanners"]).expect(0).out;
    assert!(told.contains("signed by security@token"), "{told}");

    let demanded = manager.get("/projects/bookshelf/requirements").await;
    assert!(demanded.contains("Nobody borrows for others") && demanded.contains("1 pending"), "{demanded}");

    // Controls come from the same ledger, and as real documents.
    let controls = manager.get("/api/v1/controls?catalogue=sss-02-02-07").await;
    assert!(controls.contains("technologies-assessed"), "{controls}");
    assert!(manager.get("/controls/export/pdf").await.starts_with("%PDF-"));
    site.proofhouse(&["ledger", "verify"]).expect(0);
}
