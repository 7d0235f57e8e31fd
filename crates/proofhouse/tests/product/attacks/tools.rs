//! Attack tools of others against the real server, with a token that may do everything: schemathesis asks the API what
//! its description promises and what it forbids, wapiti crawls the pages and attacks what it finds there. What they
//! report fails the test, unless it is explained here.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{
    others::kit::Running,
    support::{Answer, Site, free_port},
};

/// What may be reported, by kind and by what it says, with the reason why it is no weakness.
type Explained<'a> = &'a [(&'a str, &'a str, &'a str)];

/// A server over a run, a deployment with findings, and an organisation; a token of all roles.
struct Target {
    site: Site,
    server: Running,
    token: String,
}

impl Target {
    fn new() -> Self {
        let site = Site::bookshelf();
        site.proofhouse(&["run"]).expect(0);
        site.proofhouse(&["deploy", "staging"]).expect(0);
        let file = site.path().join("organisation.yaml");
        let text =
            "version: 1\nname: Example\nroles:\n  - { role: admin, scope: organisation, people: [ann] }\n";
        std::fs::write(&file, text).unwrap();
        site.proofhouse(&["organisation", "apply", file.to_str().unwrap()]).expect(0);
        let roles = model::Role::ALL.map(|role| ["--role", role.name()]).concat();
        let arguments = [&["token", "create", "attacker"][..], &roles].concat();
        let token = site.proofhouse(&arguments).expect(0).out.trim().to_owned();
        let port = free_port();
        let server = Running::start(site.command(&["serve", "--listen", &format!("127.0.0.1:{port}")]), port);
        Self { site, server, token }
    }

    fn authorization(&self) -> String {
        format!("Authorization: Bearer {}", self.token)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.site.path().join(name)
    }

    /// Runs a tool in the site's folder, which is its home too; gives what it wrote as JSON.
    fn attack(&self, tool: &str, arguments: &[&str], report: &Path) -> (Answer, Value) {
        let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let home = || Path::new(&std::env::var_os("HOME").unwrap()).join(".cache");
        let program = base.unwrap_or_else(home).join("proofhouse/peers/bin").join(tool);
        let mut command = Command::new(&program);
        command.args(arguments).current_dir(self.site.path()).env("HOME", self.site.path());
        let output = command.output();
        let output = output.unwrap_or_else(|e| panic!("{tool}: {e}; `cargo xtask test` installs it"));
        let answer = Answer::of(output);
        let text = std::fs::read(report).unwrap_or_else(|e| panic!("{tool}: {e}: {}", answer.text()));
        (answer, serde_json::from_slice(&text).unwrap())
    }

    /// The server still answers, its ledger holds, and it never failed on its side.
    fn stands(&self) {
        self.site.proofhouse(&["ledger", "verify"]).expect(0);
        assert!(crate::support::get(self.server.port, "/healthz").is_some());
    }
}

/// Reports that no line explains.
fn unexplained(reports: &[(String, String)], explained: Explained) -> Vec<String> {
    let known =
        |kind: &str, said: &str| explained.iter().any(|(k, part, _)| *k == kind && said.contains(part));
    let left = reports.iter().filter(|(kind, said)| !known(kind, said));
    left.map(|(kind, said)| format!("{kind}: {said}")).collect()
}

const OF_SCHEMATHESIS: Explained = &[(
    "ST401",
    "got `429 Too Many Requests`",
    "it expects 401 for every wrong token; whoever sends many is answered 429, as the description says",
)];

/// No shape tells the mark that the page before gave (`after`) from another text, or the past (`as-of`) from the future.
/// The others are refused; so the tool leaves both empty.
const SETTINGS: &str = "[parameters]\nafter = \"\"\nas-of = \"\"\n";

#[test]
fn schemathesis_finds_the_api_as_it_is_described() {
    let target = Target::new();
    let (settings, report) = (target.path("schemathesis.toml"), target.path("schemathesis.json"));
    std::fs::write(&settings, SETTINGS).unwrap();
    let document = format!("{}/api/v1/openapi.json", target.server.url());
    let (answer, said) = target.attack(
        "schemathesis",
        &[
            "--config-file",
            settings.to_str().unwrap(),
            "run",
            &document,
            "--header",
            &target.authorization(),
            "--checks=all",
            "--phases=examples,coverage,fuzzing,stateful",
            "--max-examples=12",
            "--seed=1",
            "--continue-on-failure",
            "--generation-database=none",
            // A NUL is refused everywhere, which no shape says.
            "--generation-allow-x00=false",
            "--no-color",
            // Never ends: events as long as somebody listens. Its rules are those of the log beside it.
            "--exclude-path=/api/v1/runs/{run}/steps/{step}/log/stream",
            "--report=json",
            "--report-json-path",
            report.to_str().unwrap(),
        ],
        &report,
    );
    assert!(
        said["complete"] == true && said["errors"].as_array().is_some_and(Vec::is_empty),
        "{}",
        answer.text()
    );
    assert!(said["operations"]["tested"].as_u64() >= Some(33), "{}", said["operations"]);
    assert!(said["test_cases"]["generated"].as_u64() > Some(1000), "{}", said["test_cases"]);
    // The report counts them by kind; what each says is told on the screen.
    let told = answer.out.split("\n- ST").skip(1).map(|told| told.split("\nReproduce with").next().unwrap());
    let reports: Vec<_> = told.map(|told| (format!("ST{}", &told[..3]), told.to_owned())).collect();
    let kinds: BTreeSet<&str> = reports.iter().map(|(kind, _)| kind.as_str()).collect();
    let counted = said["failures"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap());
    assert_eq!(kinds, counted.collect(), "{}", answer.out);
    let left = unexplained(&reports, OF_SCHEMATHESIS);
    assert!(left.is_empty(), "{}", left.join("\n"));
    target.stands();
}

/// All that works without a service of its own elsewhere (those for XXE, SSRF and Log4Shell ask the tool's makers what
/// arrived there), without a list that must be fetched (known CMS, network devices, nikto), without judging by the
/// time that an answer takes (timesql), which a busy machine would fail, and without ldap: there is no directory here,
/// and it takes the refusal of a NUL in a form for one's error.
const MODULES: &str = "backup,cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,methods,permanentxss,\
     redirect,shellshock,spring4shell,sql,upload,xss";

const OF_WAPITI: Explained = &[
    (
        "Cross Site Request Forgery",
        "Lack of anti CSRF token",
        "requests of other sites are refused by what browsers say about them (Sec-Fetch-Site, Origin), and the cookie \
         is SameSite=Strict: the server's tests `other_sites_can_neither_act_nor_read`",
    ),
    (
        "Spring4Shell",
        "class.module.classLoader",
        "it takes status 400 for the trace of a Java bean; here it is the refusal of an unknown parameter",
    ),
    ("HTTP Methods", "OPTIONS (405)", "what it calls interesting is the refusal of the method"),
];

#[test]
fn wapiti_finds_no_way_in_through_the_pages() {
    let target = Target::new();
    let report = target.path("wapiti.json");
    let (url, header) = (format!("{}/", target.server.url()), target.authorization());
    let (sessions, settings) = (target.path("sessions"), target.path("settings"));
    let (answer, said) = target.attack(
        "wapiti",
        &[
            "--url",
            &url,
            "--header",
            &header,
            "--scope=folder",
            "--module",
            MODULES,
            "--depth=6",
            "--max-links-per-page=60",
            "--max-files-per-dir=20",
            "--max-scan-time=20",
            "--max-attack-time=4",
            "--tasks=4",
            "--timeout=30",
            "--no-bugreport",
            "--flush-session",
            "--store-session",
            sessions.to_str().unwrap(),
            "--store-config",
            settings.to_str().unwrap(),
            "--format=json",
            "--output",
            report.to_str().unwrap(),
        ],
        &report,
    );
    assert!(said["infos"]["crawled_pages_nbr"].as_u64() > Some(40), "{}", answer.text());
    let mut reports = vec![];
    for part in ["vulnerabilities", "anomalies", "additionals"] {
        let kinds: BTreeMap<String, Vec<Value>> = serde_json::from_value(said[part].clone()).unwrap();
        let each =
            kinds.into_iter().flat_map(|(kind, all)| all.into_iter().map(move |one| (kind.clone(), one)));
        reports.extend(each.map(|(kind, one)| (kind, one.to_string())));
    }
    // It was signed in, and got as far as the forms.
    assert!(reports.iter().any(|(kind, said)| kind.contains("Request Forgery") && said.contains("/people")));
    let left = unexplained(&reports, OF_WAPITI);
    assert!(left.is_empty(), "{}", left.join("\n"));
    target.stands();
}
