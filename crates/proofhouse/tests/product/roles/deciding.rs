//! Those who decide and look: architect, management, auditor.

use std::{fs, process::Command};

use crate::support::{Answer, PROOFHOUSE, free_port};

use super::{Person, Stage};

/// What is used is seen, assessed on data, published with signatures, and the build follows.
pub async fn an_architect_publishes_a_technology_and_the_gate_follows(stage: &Stage) {
    let warning = "the entry TypeScript is not effective";
    let explain = || stage.command("storefront", &["gate", "explain", "production"]).out;
    assert!(explain().contains(warning));
    let arno = stage.person("arno").await;
    arno.press("nav.main a[href='/technologies']").await;
    Person::says(&arno.text().await, &["Radar", "Used and not wanted", "Objectives"]);
    arno.picture("architect-technologies").await;
    arno.press("main a[href='/technologies/TypeScript']").await;
    Person::says(&arno.text().await, &["incomplete", "storefront", "Evaluation"]);
    arno.fill("[name=criterion]", "ease").await;
    arno.fill("[name=score]", "4").await;
    arno.press("form:has([name=score]) button").await;
    arno.fill("[name=ring]", "trial").await;
    arno.press("form:has([name=ring]) button").await;

    // The evidence snapshot goes into the catalogue, which is code.
    let catalogue = stage.folder("shared").join("technologies.yaml");
    let file = ["--catalogue", catalogue.to_str().unwrap()];
    let save = ["radar", "evaluate", "TypeScript", "--save", "--format", "json"];
    let saved = stage.command("shared", &[&save[..], &file].concat()).expect(0).json();
    let text = fs::read_to_string(&catalogue).unwrap();
    let line = format!("  - name: TypeScript\n    evidence: {}\n", saved["digest"].as_str().unwrap());
    fs::write(&catalogue, text.replacen("  - name: TypeScript\n", &line, 1)).unwrap();
    arno.open("/technologies/TypeScript").await;
    arno.press("form[action$='/sign'] button[value=sign]").await;
    Person::says(&arno.text().await, &["arno as architect", "ease", "missing: security"]);
    arno.leave().await;

    let sena = stage.person("sena").await;
    sena.open("/technologies/TypeScript").await;
    sena.press("form[action$='/sign'] button[value=sign]").await;
    Person::says(&sena.text().await, &["effective", "sena as security", "votes for trial"]);
    sena.picture("architect-technology").await;
    sena.leave().await;
    assert!(!explain().contains(warning), "{}", explain());
}

/// One page, or its PDF; and a signature that opens the gate.
pub async fn a_manager_reads_one_page_and_signs_the_release(stage: &Stage) {
    let orders = stage.folder("till").join("till/orders.py");
    let text = fs::read_to_string(&orders).unwrap();
    fs::write(&orders, format!("{text}\n\nCURRENCY = \"crowns\"\n")).unwrap();
    // A port of this test's own: another play of the demo may have that of the file.
    let config = stage.folder("till").join("proofhouse.yaml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("18102", &free_port().to_string())).unwrap();
    stage.commit("till", "piet", "Say which money it is");
    stage.command("till", &["run"]).expect(0);
    stage.command("till", &["release", "review", "make", "production"]).expect(0);
    let explain = || stage.command("till", &["gate", "explain", "production"]);
    Person::says(&explain().expect(1).out, &["release-review"]);

    let mara = stage.person("mara").await;
    mara.press("nav.main a[href='/portfolio']").await;
    Person::says(&mara.text().await, &["Open findings", "Decisions of the gates", "Delivery"]);
    mara.picture("manager-portfolio").await;
    mara.press("nav.main a[href='/reviews/releases']").await;
    mara.press("main a[href^='/reviews/releases/']").await;
    Person::says(
        &mara.text().await,
        &["In short", "Risk before and after", "How it will be deployed", "Say which money it is"],
    );
    let pdf = mara.link("main a[href$='/pdf']").await;
    assert!(mara.download(&pdf).await.starts_with("%PDF-"));
    mara.fill("form[action$='/sign'] [name=role]", "manager").await;
    mara.press("form[action$='/sign'] button").await;
    Person::says(&mara.text().await, &["mara as manager: sign"]);
    mara.picture("manager-release-review").await;
    mara.leave().await;

    let sena = stage.person("sena").await;
    sena.open("/reviews/releases").await;
    sena.press("main a[href^='/reviews/releases/']").await;
    sena.press("form[action$='/sign'] button").await;
    Person::says(&sena.text().await, &["sena as security: sign", "mara as manager: sign"]);
    Person::says(&explain().expect(0).out, &["production"]);
    stage.command("till", &["deploy", "production"]).expect(0);
    sena.open("/reviews/releases").await;
    sena.press("main a[href^='/reviews/releases/']").await;
    Person::says(
        &sena.text().await,
        &["It was signed and deployed", "another deployment needs a new review"],
    );
    sena.leave().await;
    stage.command("till", &["env", "stop", "production"]).expect(0);
}

/// Controls with their evidence, and a release that a stranger verifies offline.
pub async fn an_auditor_exports_controls_and_verifies_a_release_offline(stage: &Stage) {
    let cleo = stage.person("cleo").await;
    cleo.press("nav.main a[href='/controls']").await;
    Person::says(&cleo.text().await, &["partly met", "what closes it", "OSCAL"]);
    cleo.picture("auditor-controls").await;
    assert!(cleo.download(&cleo.link("main a[href*='/export/pdf']").await).await.starts_with("%PDF-"));
    let csv = cleo.download(&cleo.link("main a[href*='/export/csv']").await).await;
    assert!(csv.contains("D4") && csv.contains("met"), "{csv}");
    cleo.press("main a[href='/controls/sss-02-02-07/D4']").await;
    Person::says(&cleo.text().await, &["What is measured", "Evidence", "ledger entry"]);
    cleo.picture("auditor-control").await;
    cleo.press("main a[href^='/ledger/']").await;
    cleo.browser.js("document.querySelector('[data-proof] button').click()").await;
    cleo.browser.until("document.querySelector('.verdict.good')").await;
    Person::says(&cleo.text().await, &["Included"]);
    cleo.picture("auditor-entry").await;
    cleo.leave().await;

    // On a machine that has nothing but the binary, the release and the trust file.
    let trust = stage.site.path().join("trust.json");
    fs::write(&trust, stage.command("till", &["trust", "file"]).expect(0).out).unwrap();
    let release = stage.folder("till-release.tar");
    let mut verify = Command::new(PROOFHOUSE);
    verify.env_clear().current_dir(stage.site.path()).args(["release", "verify"]).arg(release);
    let told = Answer::of(verify.arg("--trust").arg(trust).output().unwrap()).expect(0).out;
    Person::says(&told, &["the whole release is verified", "till.pyz"]);
}
