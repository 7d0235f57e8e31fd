//! A listening server over a projected ledger, and clients of it.

use std::{
    collections::BTreeMap,
    fs,
    sync::{Arc, Mutex},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use govern::{
    catalogue::{
        Component, Inventory, Weights,
        evaluate::{self, Evaluation},
    },
    controls::Report,
    organisation::{Network, Organisation, Provider},
    requirements::Standing,
};
use model::{
    Clock, Exit, FixedClock, Problem, Role, RunId, Sha256, Statement, Subject, Timestamp,
    ports::LoggedStatement, predicate::ReviewAnswer, requirement::State,
};
use reqwest::{Response, StatusCode, header};
use server::{
    Act, Backend, Bound, Config, Files, InclusionProof, LogChunk, ReviewPaper, ServerError, TokenFile,
    TokenScope,
};
use store::{LocalBlobs, Store};
use tokio::sync::oneshot;

pub type Ledger = testkit::Ledger<LocalBlobs>;

/// A catalogue with one entry that is used, and one that is hostile.
const CATALOGUE: &str = r#"
version: 1
quorum: {}
objectives:
  - { objective: "Less <script>alert(9)</script>", measure: projects-on-hold, at-most: 0, due: 2026-12-31 }
technologies:
  - name: Waitress
    quadrant: languages-frameworks
    ring: hold
    match: [{ purl: "pkg:pypi/waitress" }]
    owner: "<script>alert(8)</script>"
    rationale: "\"'><script>alert(7)</script>"
    alternatives: ["<img src=x onerror=alert(6)>"]
  - name: "<img src=x onerror=alert(6)>"
    quadrant: tools
    ring: adopt
    match: [{ tool: nothing }]
"#;

/// What the engine does in the product: here over a ledger in memory with a real Merkle tree.
pub struct TestBackend {
    store: Store,
    blobs: LocalBlobs,
    runtime: tokio::runtime::Handle,
    envelopes: Vec<Vec<u8>>,
    leaves: Vec<Vec<u8>>,
    files: Files,
    /// Everything that was recorded, also since the start.
    statements: Mutex<Vec<LoggedStatement>>,
}

impl TestBackend {
    /// Over nothing.
    pub fn empty(store: Store, folder: &std::path::Path) -> Self {
        Self::new(&Ledger::new(LocalBlobs::open(folder.join("blobs")).unwrap()), store, folder)
    }

    fn new(ledger: &Ledger, store: Store, folder: &std::path::Path) -> Self {
        let (runs, blobs) = (folder.join("runs"), LocalBlobs::open(folder.join("blobs")).unwrap());
        let runtime = tokio::runtime::Handle::current();
        let envelopes: Vec<_> =
            (0..ledger.statements.len() as u64).map(|n| ledger.envelope_bytes(n)).collect();
        let leaves = ledger.statements.iter().map(leaf).collect();
        let statements = Mutex::new(ledger.statements.clone());
        Self { store, blobs, runtime, envelopes, leaves, files: Files::new(runs), statements }
    }
}

/// A `hashedrekord` 0.0.2 as far as the browser looks at it.
fn leaf(logged: &LoggedStatement) -> Vec<u8> {
    let payload = serde_json::to_vec(&logged.statement).unwrap();
    let kind = model::statement::PAYLOAD_TYPE;
    let mut signed = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).into_bytes();
    signed.extend(payload);
    let digest = BASE64_STANDARD.encode(Sha256::of(signed).0);
    let record = serde_json::json!({"data": {"algorithm": "SHA2_256", "digest": digest}});
    serde_json::to_vec(&serde_json::json!({
        "apiVersion": "0.0.2", "kind": "hashedrekord", "spec": {"hashedRekordV002": record},
    }))
    .unwrap()
}

fn joined(left: Sha256, right: Sha256) -> Sha256 {
    Sha256::of([&[1][..], &left.0, &right.0].concat())
}

fn leaf_hash(leaf: &[u8]) -> Sha256 {
    Sha256::of([&[0][..], leaf].concat())
}

/// RFC 9162 section 2.1.1, word for word.
fn root(leaves: &[Vec<u8>]) -> Sha256 {
    match leaves {
        [] => Sha256::of(""),
        [one] => leaf_hash(one),
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            joined(root(left), root(right))
        }
    }
}

/// RFC 9162 section 2.1.3.1, word for word.
fn path(leaves: &[Vec<u8>], index: usize) -> Vec<Sha256> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut inner, sibling) = match index < left.len() {
        true => (path(left, index), root(right)),
        false => (path(right, index - left.len()), root(left)),
    };
    inner.push(sibling);
    inner
}

impl Backend for TestBackend {
    fn log(&self, run: RunId, step: &str, offset: u64, most: usize) -> std::io::Result<Option<LogChunk>> {
        self.files.log(run, step, offset, most)
    }

    fn envelope(&self, index: u64) -> Result<Option<Vec<u8>>, Problem> {
        Ok(self.envelopes.get(index as usize).cloned())
    }

    fn inclusion_proof(&self, index: u64) -> Result<Option<InclusionProof>, Problem> {
        let Some(leaf) = self.leaves.get(index as usize) else { return Ok(None) };
        Ok(Some(InclusionProof {
            index,
            tree_size: self.leaves.len() as u64,
            entry: BASE64_STANDARD.encode(leaf),
            leaf_hash: leaf_hash(leaf),
            hashes: path(&self.leaves, index as usize),
            root_hash: root(&self.leaves),
            checkpoint: self.checkpoint()?.unwrap(),
        }))
    }

    fn checkpoint(&self) -> Result<Option<String>, Problem> {
        let root = BASE64_STANDARD.encode(root(&self.leaves).0);
        Ok(Some(format!(
            "ledger.example/test\n{}\n{root}\n\n— ledger.example/test AAAA\n",
            self.leaves.len()
        )))
    }

    fn public_file(&self, path: &str) -> Result<Option<Vec<u8>>, Problem> {
        match path {
            "checkpoint" => Ok(self.checkpoint()?.map(String::into_bytes)),
            "tile/0/000" | "tile/0/001.p/3" => Ok(Some(path.into())),
            _ => Ok(None),
        }
    }

    fn trust(&self) -> Result<Option<Vec<u8>>, Problem> {
        Ok(Some(b"{\"keys\": []}".to_vec()))
    }

    fn record(&self, statement: Statement) -> Result<u64, Problem> {
        self.runtime.block_on(async {
            let index = self.store.next_index().await.unwrap();
            let envelope = Sha256::of(serde_json::to_vec(&statement).unwrap());
            let logged = LoggedStatement { index, envelope, logged_at: now(), statement };
            self.store.project(&logged, &self.blobs).await.unwrap();
            self.statements.lock().unwrap().push(logged);
            Ok(index)
        })
    }

    fn act(&self, act: Act) -> Result<u64, Problem> {
        match act {
            Act::ReleaseReview { review, verdict, role, text, by } => {
                if text == "the engine refuses" {
                    return Err(Problem::new("reason-too-short", Exit::Input, "it needs a text <b>"));
                }
                let paper = self.release_review(review)?.unwrap();
                let put = paper.put;
                let (review, project) = (put.envelope, Some(put.review.project));
                let answer =
                    ReviewAnswer { review, project, point: None, verdict, role, text, by, at: now() };
                self.record(Statement::new(vec![Subject::sha256("review", review)], &answer).unwrap())
            }
            // What an import does is the engine's; here it is enough that it was asked rightly.
            Act::Result(result) => {
                let report = String::from_utf8(result.report.clone()).unwrap();
                Err(Problem::new("report", Exit::Input, format!("{:?} {report}", result.by.roles)))
            }
            _ => {
                Err(Problem::new("refused", Exit::Input, "the test has no engine").with_hint("see `product`"))
            }
        }
    }

    fn release_review(&self, index: u64) -> Result<Option<ReviewPaper>, Problem> {
        crate::reviewed::paper(&self.statements.lock().unwrap(), &self.blobs, index)
    }

    fn content(&self, digest: Sha256) -> Result<Option<Vec<u8>>, Problem> {
        let mut bytes = Vec::new();
        let Ok(mut blob) = model::ports::Blobs::open(&self.blobs, &digest) else { return Ok(None) };
        std::io::Read::read_to_end(&mut blob, &mut bytes).unwrap();
        Ok(Some(bytes))
    }

    fn release_review_pdf(&self, _: &ReviewPaper) -> Result<Vec<u8>, Problem> {
        Ok(b"%PDF-1.7".to_vec())
    }

    fn radar(&self) -> Result<Arc<server::Radar>, Problem> {
        let catalogue = govern::catalogue::parse(CATALOGUE.as_bytes(), "technologies.yaml").unwrap();
        let standings = govern::catalogue::standings(&catalogue, &[], &Default::default(), now());
        let component = Component {
            purl: Some("pkg:pypi/waitress@1.0".into()),
            name: "waitress".into(),
            version: Some("1.0".into()),
            direct: Some(true),
            ..Component::default()
        };
        let names = self.runtime.block_on(self.store.project_names()).unwrap();
        let of = |project| Inventory { project, components: vec![component.clone()], tools: vec![] };
        let inventories = names.into_iter().filter(|name| name.starts_with("shop")).map(of).collect();
        Ok(Arc::new(server::Radar { catalogue, standings, inventories, ..server::Radar::default() }))
    }

    fn evaluate(&self, technologies: &[String]) -> Result<Vec<Evaluation>, Problem> {
        let known = self.radar()?.catalogue.technologies.clone();
        if !known.iter().any(|entry| entry.name == technologies[0]) {
            return Err(Problem::new("technology-unknown", model::Exit::Input, "not known"));
        }
        let one = |name: &String| {
            let facts = serde_json::json!({
                "technology": name, "at": now(), "packages": [], "feeds": [], "exploitedKnown": false,
                "licences": [], "familiarity": { "projects": {}, "of": 0, "people": [] }, "opinions": [],
            });
            evaluate::evaluate(serde_json::from_value(facts).unwrap(), &Weights::default())
        };
        Ok(technologies.iter().map(one).collect())
    }

    fn agreements(&self, finding: &store::views::FindingView) -> Result<Vec<server::Agreement>, Problem> {
        let mut told = vec![];
        if finding.rule.starts_with("java") || finding.place.line().is_some() {
            let reason = "same weakness <script>alert(6)</script>".to_owned();
            let (scanner, rule) = ("other".to_owned(), "rule".to_owned());
            told.push(server::Agreement {
                finding: finding.id,
                stream: finding.stream,
                scanner,
                rule,
                reason,
            });
        }
        Ok(told)
    }

    fn requirements(&self, project: &str) -> Result<Option<server::Demanded>, Problem> {
        let requirement = serde_json::json!({ "title": "<script>alert(5)</script>", "source": "own" });
        let one = |state, id: &str| server::Demand {
            id: id.into(),
            requirement: serde_json::from_value(requirement.clone()).unwrap(),
            standing: Standing { state, because: "no test names it".into() },
            tests: Default::default(),
            evidence: vec![3],
        };
        let rows = vec![one(State::Pending, "OWN-1"), one(State::Passing, "OWN-2")];
        let (run, commit, at) = (testkit::run_id(3), Some("c".repeat(40)), now());
        let demanded = server::Demanded { run, index: 3, commit, unreadable: None, rows, at };
        Ok(Some(demanded).filter(|_| project.starts_with("shop")))
    }

    fn controls_pdf(&self, _: &Report, _: &str) -> Result<Vec<u8>, Problem> {
        Ok(b"%PDF-1.7 a test".to_vec())
    }

    fn provider_page(
        &self,
        _: &Provider,
        _: Network,
        redirect: &str,
        [state, nonce, _]: [String; 3],
    ) -> Result<String, Problem> {
        Ok(format!("https://id.example/auth?redirect_uri={redirect}&state={state}&nonce={nonce}"))
    }

    fn provider_answer(
        &self,
        _: &Provider,
        _: Network,
        _: &str,
        code: &str,
        _: [String; 2],
    ) -> Result<(String, Vec<String>), Problem> {
        match code.split_once('.') {
            Some((name, group)) => Ok((format!("{name}@company"), vec![format!("{group}@company")])),
            None => Err(Problem::new("issuer-answer", model::Exit::Verdict, "refused")),
        }
    }

    fn job(&self, _: &[u8], _: &Organisation) -> Result<(String, String, String), Problem> {
        Err(Problem::new("token-malformed", model::Exit::Input, "this test has no issuer"))
    }
}

/// A running server; it stops when dropped.
pub struct Server {
    pub bound: Bound,
    pub folder: tempfile::TempDir,
    pub store: Store,
    pub ledger: Ledger,
    token: String,
    stop: Option<oneshot::Sender<()>>,
    ended: Option<tokio::task::JoinHandle<Result<(), ServerError>>>,
}

pub fn now() -> Timestamp {
    "2026-03-04T12:00:00Z".parse().unwrap()
}

pub fn config(folder: &std::path::Path) -> Config {
    let clock: Arc<dyn Clock> = Arc::new(FixedClock(now()));
    Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        names: vec![],
        tls: None,
        public_log: false,
        owner: "olive".into(),
        folder: folder.join("server"),
        clock,
    }
}

impl Server {
    /// A server over what `fill` writes.
    pub async fn over(fill: impl FnOnce(&mut Ledger)) -> Self {
        Self::start(fill, |_| {}).await
    }

    pub async fn start(fill: impl FnOnce(&mut Ledger), configure: impl FnOnce(&mut Config)) -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::new(LocalBlobs::open(folder.path().join("blobs")).unwrap());
        fill(&mut ledger);
        let store =
            Store::open(&format!("sqlite:{}", folder.path().join("db.sqlite").display())).await.unwrap();
        store.project_many(&ledger.statements, &ledger.blobs).await.unwrap();
        let mut config = config(folder.path());
        configure(&mut config);
        let scope = TokenScope { roles: Role::ALL.to_vec(), ..TokenScope::default() };
        let tokens = TokenFile::in_folder(&config.folder);
        let (_, token) = tokens.create("test", Some(scope), None, now()).unwrap();
        let backend = Arc::new(TestBackend::new(&ledger, store.clone(), folder.path()));
        let (tell, told) = oneshot::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = store.clone();
        let ended = tokio::spawn(async move {
            let ready = |bound: &Bound| drop(tell.send(bound.clone()));
            server::serve(config, served, backend, ready, async { drop(stopped.await) }).await
        });
        let bound = told.await.expect("the server started");
        Self { bound, folder, store, ledger, token, stop: Some(stop), ended: Some(ended) }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.bound.url)
    }

    /// A program with a valid token.
    pub fn program(&self) -> reqwest::Client {
        let mut headers = header::HeaderMap::new();
        headers.insert(header::AUTHORIZATION, format!("Bearer {}", self.token).parse().unwrap());
        client().default_headers(headers).build().unwrap()
    }

    /// Somebody without anything.
    pub fn stranger(&self) -> reqwest::Client {
        client().build().unwrap()
    }

    /// A browser that followed the sign-in link.
    pub async fn person(&self) -> reqwest::Client {
        let answer = self.stranger().get(&self.bound.login).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let cookie =
            answer.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        let headers = header::HeaderMap::from_iter([(header::COOKIE, cookie.parse().unwrap())]);
        client().default_headers(headers).build().unwrap()
    }

    pub async fn get(&self, path: &str) -> Response {
        self.program().get(self.url(path)).send().await.unwrap()
    }

    pub async fn json(&self, path: &str) -> serde_json::Value {
        let answer = self.get(path).await;
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Writes a step's log.
    pub fn write_log(&self, run: RunId, step: &str, text: &[u8]) {
        let folder = self.folder.path().join("runs").join(run.to_string());
        fs::create_dir_all(&folder).unwrap();
        let mut file =
            fs::OpenOptions::new().create(true).append(true).open(folder.join(format!("{step}.log")));
        std::io::Write::write_all(file.as_mut().unwrap(), text).unwrap();
    }

    /// Stops it and waits for the end.
    pub async fn stop(mut self) -> Result<(), ServerError> {
        drop(self.stop.take());
        self.ended.take().unwrap().await.unwrap()
    }

    pub fn token(&self) -> &str {
        &self.token
    }
}

fn client() -> reqwest::ClientBuilder {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy()
}

/// Code of a problem document, after checking that it is one.
pub async fn code(answer: Response) -> (u16, String) {
    let status = answer.status().as_u16();
    let kind = answer.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
    let text = answer.text().await.unwrap();
    assert_eq!(kind, "application/problem+json", "{status} {text}");
    let document: BTreeMap<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(document["status"], status);
    (status, document["code"].as_str().unwrap().to_owned())
}
