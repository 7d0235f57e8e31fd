//! Each role does in a real browser and at the command line what product.md promises it in ten minutes, in the
//! organisation of the demo. axe-core looks at every page on the way.
//!
//! `docs/pictures` is made here: `PROOFHOUSE_WRITE_EVIDENCE=1 cargo test -p proofhouse --test product roles::`.

mod deciding;
mod making;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use testkit::browser::{Axe, Browser};

use crate::{
    others::kit::Running,
    played::{Played, played},
    support::{Answer, Site, free_port},
};

const PASSWORD: &str = "a boat in every harbour";

/// The organisation of the demo after its story, with its dashboard.
struct Stage {
    site: Site,
    server: Running,
    /// Its environments have ports that another play would want.
    _played: Arc<Played>,
}

impl Stage {
    fn new() -> Self {
        let played = played();
        let site = played.copy();
        let port = free_port();
        let catalogue = site.path().join("projects/shared/technologies.yaml");
        let listen = format!("127.0.0.1:{port}");
        let serve = ["serve", "--listen", &listen, "--catalogue", catalogue.to_str().unwrap()];
        let server = Running::start(site.command(&serve), port);
        Self { site, server, _played: played }
    }

    fn folder(&self, project: &str) -> PathBuf {
        self.site.path().join("projects").join(project)
    }

    /// A command in the folder of a project.
    fn command(&self, project: &str, arguments: &[&str]) -> Answer {
        let mut command = self.site.command(arguments);
        Answer::of(command.current_dir(self.folder(project)).output().unwrap())
    }

    /// Somebody commits everything in the folder of a project.
    fn commit(&self, project: &str, who: &str, message: &str) {
        let name = format!("user.name={who}");
        for arguments in [&["add", "--all"][..], &["commit", "--quiet", "-m", message]] {
            let mut git = Command::new("git");
            git.current_dir(self.folder(project)).args(["-c", &name, "-c", "user.email=test@localhost"]);
            assert!(git.args(arguments).status().unwrap().success());
        }
    }

    /// Somebody takes an invitation, sets a password, and signs in.
    async fn person(&self, name: &str) -> Person {
        let invited = self.command("shared", &["account", "invite", name]).expect(0).out;
        let person =
            Person { browser: Browser::start().await, axe: Axe::installed(), home: self.server.url() };
        person.open(invited.trim()).await;
        for field in ["password", "again"] {
            person.fill(&format!("[name={field}]"), PASSWORD).await;
        }
        person.press("form[action='/invitation'] button").await;
        person.open("/login").await;
        person.fill("[name=name]", name).await;
        person.fill("[name=password]", PASSWORD).await;
        person.press("form[action='/login'] button").await;
        person.browser.until("location.pathname === '/' && document.readyState === 'complete'").await;
        person
    }
}

/// Somebody in front of a browser.
struct Person {
    browser: Browser,
    axe: Axe,
    home: String,
}

impl Person {
    /// Types an address.
    async fn open(&self, path: &str) {
        self.browser.client.goto(&format!("{}{path}", self.home)).await.unwrap();
        self.arrive().await;
    }

    /// Presses a link or button, also one in a closed menu, that leads to another page.
    async fn press(&self, selector: &str) {
        let found = serde_json::json!(selector);
        let press = format!(
            "const e = document.querySelector({found}); if (!e) return false; \
             document.documentElement.dataset.left = 'yes'; e.closest('details')?.setAttribute('open', ''); \
             e.click(); return true;"
        );
        if self.browser.js(&press).await != true {
            let page = self.browser.js("return location.pathname + ': ' + document.body.innerText").await;
            panic!("there is no {selector} at {page}");
        }
        self.browser.until("!document.documentElement.dataset.left").await;
        self.arrive().await;
    }

    /// The page is there, and axe finds nothing wrong with it.
    async fn arrive(&self) {
        self.browser.until("document.readyState === 'complete'").await;
        let at = self.browser.js("return location.pathname").await;
        assert_eq!(self.axe.violations(&self.browser).await, Vec::<String>::new(), "{at}");
    }

    /// Gives a field a value, as its kind takes it.
    async fn fill(&self, selector: &str, value: &str) {
        let (found, value) = (serde_json::json!(selector), serde_json::json!(value));
        let fill = format!(
            "const e = document.querySelector({found}); if (!e) return false; e.value = {value}; return e.value === {value};"
        );
        assert_eq!(self.browser.js(&fill).await, true, "{selector} takes no {value}");
    }

    /// What the page says.
    async fn text(&self) -> String {
        self.browser.js("return document.querySelector('main').innerText").await.as_str().unwrap().to_owned()
    }

    /// The page says all of this.
    #[track_caller]
    fn says(text: &str, words: &[&str]) {
        for word in words {
            assert!(text.to_lowercase().contains(&word.to_lowercase()), "no {word:?} in: {text}");
        }
    }

    /// A file that a link of the page leads to, as bytes in which every character is one byte.
    async fn download(&self, path: &str) -> String {
        let fetch = "const [path, done] = arguments; fetch(path).then((answer) => answer.arrayBuffer()).then((bytes) => \
            done(String.fromCharCode(...new Uint8Array(bytes).subarray(0, 60000))), (error) => done(`${error}`));";
        let got = self.browser.client.execute_async(fetch, vec![serde_json::json!(path)]).await.unwrap();
        got.as_str().unwrap().to_owned()
    }

    /// The address of a link.
    async fn link(&self, selector: &str) -> String {
        let found = serde_json::json!(selector);
        let link =
            self.browser.js(&format!("return document.querySelector({found})?.getAttribute('href')")).await;
        link.as_str().unwrap_or_else(|| panic!("there is no {selector}")).to_owned()
    }

    /// Takes the picture of a page for `docs/pictures`, or sees that it is there.
    async fn picture(&self, name: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/pictures/{name}.png"));
        if std::env::var_os("PROOFHOUSE_WRITE_EVIDENCE").is_some() {
            let height =
                self.browser.js("return document.documentElement.scrollHeight").await.as_u64().unwrap();
            self.browser.size(1280, height.clamp(400, 1400) as u32).await;
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, self.browser.client.screenshot().await.unwrap()).unwrap();
            self.browser.size(1360, 1000).await;
        }
        assert!(path.is_file(), "{} is not there: PROOFHOUSE_WRITE_EVIDENCE=1 makes it", path.display());
    }

    async fn leave(self) {
        assert_eq!(self.browser.errors().await, Vec::<String>::new());
        self.browser.client.clone().close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_does_in_a_browser_what_they_came_for() {
    let stage = Stage::new();
    making::devops_automates_build_and_deployment(&stage).await;
    making::security_imports_a_report_writes_a_rule_and_accepts_a_risk_for_a_while(&stage).await;
    making::a_developer_sees_why_the_gate_is_red(&stage).await;
    deciding::an_architect_publishes_a_technology_and_the_gate_follows(&stage).await;
    deciding::a_manager_reads_one_page_and_signs_the_release(&stage).await;
    deciding::an_auditor_exports_controls_and_verifies_a_release_offline(&stage).await;
}
