//! Those who build, check and mend: DevOps, security, developer.

use std::{fs, process::Command};

use crate::support::free_port;

use super::{Person, Stage};

const SERVER: &str = "\
import argparse
import http.server


class Fares(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header(\"Content-Type\", \"text/plain\")
        self.send_header(\"X-Content-Type-Options\", \"nosniff\")
        self.end_headers()
        self.wfile.write(b\"3 crowns\\n\")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument(\"--port\", type=int)
    http.server.ThreadingHTTPServer((\"127.0.0.1\", parser.parse_args().port), Fares).serve_forever()
";

/// `init`, `run`, `deploy` in a repository of one's own.
pub async fn devops_automates_build_and_deployment(stage: &Stage) {
    let site = &stage.site;
    site.write("server.py", SERVER);
    site.write("__main__.py", "from server import main\n\nmain()\n");
    site.proofhouse(&["init"]).expect(0);
    // The file says how it could be deployed; somebody who knows takes away the hashes.
    let file = site.project().join("proofhouse.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let (before, environments) = text.split_once("# environments:").unwrap();
    let environments = environments.replace("\n# ", "\n").replace("8081", &free_port().to_string());
    fs::write(&file, format!("{before}environments:{environments}")).unwrap();
    site.commit("Fares");
    site.proofhouse(&["run"]).expect(0);
    site.proofhouse(&["deploy", "staging"]).expect(0);

    let devi = stage.person("devi").await;
    devi.press("main a[href='/projects/project']").await;
    devi.press("main table a[href^='/deployments/']").await;
    let told = devi.text().await;
    Person::says(&told, &["project to staging", "deployed", "healthy", "What the target checked by itself"]);
    devi.picture("devops-deployment").await;
    devi.press("main a[href^='/runs/']").await;
    Person::says(
        &devi.text().await,
        &["passed", "package", "Network attempts seen from outside the sandbox"],
    );
    devi.picture("devops-run").await;
    devi.leave().await;
}

const RULE: &str = "package proofhouse.gate.two_people

import rego.v1

title := \"Somebody else has looked at it\"

deny contains {\"code\": \"not-looked-at\", \"message\": \"no review of the source is known\"} if not input.reviewed
";

/// Any scanner's report comes in, a rule of one's own holds, and a risk is accepted for a while.
pub async fn security_imports_a_report_writes_a_rule_and_accepts_a_risk_for_a_while(stage: &Stage) {
    let folder = stage.folder("forecast");
    let bandit = crate::scanners::scanner("bandit").0;
    let mut scan = Command::new(bandit);
    scan.args(["-q", "-r", "forecast", "-f", "json", "-o", "../bandit.json"]).current_dir(&folder);
    scan.output().unwrap();
    stage.command("forecast", &["import", "../bandit.json"]).expect(0);

    fs::create_dir(folder.join("gate")).unwrap();
    fs::write(folder.join("gate/looked-at.rego"), RULE).unwrap();
    let config = folder.join("proofhouse.yaml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}\ngate:\n  rules: [\"gate/*.rego\"]\n")).unwrap();
    stage.commit("forecast", "sena", "Nothing goes out that nobody else has looked at");
    stage.command("forecast", &["run"]).expect(0);
    let told = stage.command("forecast", &["gate", "explain", "production"]).expect(1).out;
    assert!(told.contains("no review of the source is known"), "{told}");

    let sena = stage.person("sena").await;
    sena.press("nav.main a[href='/findings']").await;
    sena.fill("form.filter [name=project]", "forecast").await;
    sena.fill("form.filter [name=scanner]", "proofhouse-sast").await;
    sena.press("form.filter button").await;
    sena.press("main a[href*='/projects/forecast/findings/']").await;
    let until = sena.browser.js("return document.querySelector('[name=until]').max").await;
    sena.fill("form[action$='/exception'] [name=until]", until.as_str().unwrap()).await;
    sena.fill("form[action$='/exception'] [name=environment]", "production").await;
    sena.fill(
        "form[action$='/exception'] [name=reason]",
        "only our own staff writes these files; mended in the next release",
    )
    .await;
    sena.press("form[action$='/exception'] button").await;
    Person::says(&sena.text().await, &["mended in the next release", "in production"]);
    sena.press("nav.main a[href='/portfolio']").await;
    sena.press("main a[href*='view=security']").await;
    Person::says(&sena.text().await, &["Accepted risks", "Coverage", "Scanners"]);
    sena.picture("security-portfolio").await;
    sena.press("main a[href*='/exceptions?state=active']").await;
    Person::says(&sena.text().await, &["forecast", "mended in the next release", "sena"]);
    sena.picture("security-exceptions").await;
    sena.leave().await;
}

/// Why is it red? File, line, fix, and which scanners agree.
pub async fn a_developer_sees_why_the_gate_is_red(stage: &Stage) {
    let rosa = stage.person("rosa").await;
    let denied = "const row = [...document.querySelectorAll('main tr')].find((r) => r.innerText.includes('forecast')); \
        const chip = [...row.querySelectorAll('a[href^=\"/deployments/\"]')].find((a) => a.innerText.includes('denied')); \
        chip.id = 'red'; return true;";
    rosa.browser.js(denied).await;
    rosa.press("#red").await;
    rosa.press("main a[href^='/decisions/']").await;
    let told = rosa.text().await;
    Person::says(&told, &["Refused for production", "forecast/model.py:20", "command"]);
    rosa.picture("developer-decision").await;
    let finding = "const line = [...document.querySelectorAll('main li')].find((l) => l.innerText.includes('forecast/model.py:20')); \
        line.querySelector('a').id = 'why'; return true;";
    rosa.browser.js(finding).await;
    rosa.press("#why").await;
    let told = rosa.text().await;
    Person::says(&told, &["forecast/model.py:20", "How to fix it", "Others agree", "bandit B602", "same"]);
    rosa.picture("developer-finding").await;
    rosa.press("main a[href^='/guidance/']").await;
    Person::says(&rosa.text().await, &["CWE-78", "subprocess", "How to fix"]);
    rosa.picture("developer-guidance").await;
    rosa.leave().await;
}
