//! The technology catalogue, from what is used to a gate that holds it against a release.

use std::fs;

use crate::support::Site;

/// A catalogue of the organisation, beside its projects.
fn catalogue(waitress: &str) -> String {
    format!(
        "version: 1\nunlisted: deny\ntechnologies:\n  - name: Waitress\n    quadrant: languages-frameworks\n    {waitress}\n    \
         match: [{{ purl: \"pkg:pypi/waitress\" }}]\n    owner: web team\n    alternatives: [Gunicorn]\n  \
         - {{ name: \"C & <C++>\", quadrant: languages-frameworks, ring: assess }}\n"
    )
}

/// Whether a whole document is well-formed XML.
fn is_xml(text: &str) -> bool {
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    loop {
        match reader.read_event() {
            Ok(quick_xml::events::Event::Eof) => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

#[test]
fn what_is_used_becomes_a_catalogue_and_the_gate_holds_releases_against_it() {
    let site = Site::bookshelf();
    let config = site.project().join("proofhouse.yaml");
    let text = fs::read_to_string(&config).unwrap();
    let named = text.replace("project: bookshelf\n", "project: bookshelf\ncatalogue: ../technologies.yaml\n");
    assert_ne!(text, named);
    fs::write(&config, &named).unwrap();
    site.commit("A catalogue");
    site.proofhouse(&["run"]).expect(0);

    // Identified, from the ledger.
    let found = site.proofhouse(&["radar", "identify", "--format", "json"]).expect(0).json();
    let one = |name: &str| found.as_array().unwrap().iter().find(|one| one["name"] == name).cloned().unwrap();
    assert_eq!(one("Waitress")["projects"]["bookshelf"]["versions"][0], "2.1.1");
    assert_eq!(one("Python")["quadrant"], "languages-frameworks");
    assert!(one("Proofhouse checks")["components"].as_u64().unwrap() > 1, "scanners count too");
    let who = site.proofhouse(&["radar", "who", "waitress"]).expect(0).out;
    assert!(who.contains("bookshelf") && who.contains("2.1.1"), "{who}");

    // A catalogue that is named but missing denies.
    let explain = || site.proofhouse(&["gate", "explain", "staging"]);
    let missing = explain().expect(1).out;
    assert!(missing.contains("catalogue-unusable") && missing.contains("no such file"), "{missing}");

    // The first one is written from what is used, and never over somebody's work.
    let shared = site.path().join("technologies.yaml");
    let path = shared.to_str().unwrap();
    site.proofhouse(&["radar", "identify", "--to", path]).expect(0);
    let again = site.proofhouse(&["radar", "identify", "--to", path]).expect(2);
    assert!(again.err.contains("catalogue-exists"), "{}", again.err);
    site.proofhouse(&["radar", "check"]).expect(0);
    explain().expect(0);

    // On hold: denied, with what to use instead; then with a grace day: a warning.
    fs::write(&shared, catalogue("ring: hold")).unwrap();
    let check = site.proofhouse(&["radar", "check"]).expect(1).out;
    assert!(
        check.contains("deny") && check.contains("technology-hold") && check.contains("Gunicorn"),
        "{check}"
    );
    let denied = explain().expect(1).out;
    assert!(denied.contains("technology-hold"), "{denied}");
    let deployed = site.proofhouse(&["deploy", "staging", "--format", "json"]).expect(1).json();
    assert_eq!(deployed["result"], "denied");
    let facts = |code| {
        site.proofhouse(&["gate", "explain", "staging", "--format", "json"]).expect(code).json()["evidence"]["technologies"].clone()
    };
    let before = facts(1);
    fs::write(&shared, catalogue("ring: hold\n    hold-until: 2999-12-31")).unwrap();
    assert!(site.proofhouse(&["radar", "check"]).expect(0).out.contains("to be gone after 2999-12-31"));
    let warned = explain().expect(0).out;
    assert!(warned.contains("technology-hold"), "{warned}");
    let after = facts(0);
    assert!(
        before["digest"].is_string() && before["digest"] != after["digest"],
        "the decision names the file"
    );
    assert_eq!(after["catalogue"], "../technologies.yaml");

    // A version that is not allowed, and one that is in no entry.
    fs::write(&shared, catalogue("ring: adopt\n    versions: \">=3\"")).unwrap();
    assert!(explain().expect(1).out.contains("technology-version"));
    fs::write(&shared, catalogue("ring: adopt").replace("pkg:pypi/waitress", "pkg:pypi/flask")).unwrap();
    let unlisted = site.proofhouse(&["radar", "check", "--format", "json"]).expect(1).json();
    assert_eq!(unlisted["violations"][0]["violation"]["code"], "technology-unlisted");

    // Mistakes: told to the one who keeps the file, and the gate denies without repeating its text.
    fs::write(&shared, catalogue("ring: hodl")).unwrap();
    let told = site.proofhouse(&["radar", "check"]).expect(2).err;
    assert!(told.contains("technologies.yaml:6:11") && told.contains("did you mean `hold`?"), "{told}");
    let denied = explain().expect(1).out;
    assert!(
        denied.contains("catalogue-unusable") && denied.contains("6:11") && !denied.contains("hodl"),
        "{denied}"
    );
}

#[test]
fn the_radar_is_a_picture_a_page_and_tables_and_radars_of_others_come_in() {
    let site = Site::bookshelf();
    site.write("technologies.yaml", catalogue("ring: hold"));
    let file = |ending: &str| site.path().join(format!("radar.{ending}")).to_str().unwrap().to_owned();
    let export = |ending: &str| {
        let to = file(ending);
        let arguments =
            ["radar", "export", "--catalogue", "technologies.yaml", "--title", "<Ours>", "--to", &to];
        site.proofhouse(&arguments).expect(0);
        fs::read_to_string(&to).unwrap()
    };
    let svg = export("svg");
    assert!(
        is_xml(&svg)
            && svg.contains("<title")
            && svg.contains("&lt;Ours&gt;")
            && svg.contains("Waitress (hold)"),
        "{svg}"
    );
    assert!(svg.contains("C &amp; &lt;C++&gt;") && !svg.contains("<script"));
    assert_eq!(svg, export("svg"), "the same catalogue, the same bytes");
    let page = export("md");
    assert!(
        page.contains("## Hold") && page.contains("| Waitress |") && page.contains("C &amp; &lt;C++&gt;"),
        "{page}"
    );
    assert!(export("csv").starts_with("name,ring,quadrant,isNew,description"));
    // What was exported is a catalogue again, and a radar that others would read.
    let json: serde_json::Value = serde_json::from_str(&export("json")).unwrap();
    assert_eq!(json["technologies"][0]["name"], "Waitress");
    let again = site.proofhouse(&[
        "radar",
        "export",
        "--catalogue",
        &file("json"),
        "--to",
        &file("svg"),
        "--title",
        "<Ours>",
    ]);
    again.expect(0);
    assert_eq!(fs::read_to_string(file("svg")).unwrap(), svg);
    let imported =
        site.proofhouse(&["radar", "import", &file("csv"), "--radar-format", "byor"]).expect(0).out;
    assert!(imported.contains("- name: \"Waitress\"") && imported.contains("ring: hold"), "{imported}");
    let refused = site
        .proofhouse(&["radar", "export", "--catalogue", "technologies.yaml", "--to", "radar.png"])
        .expect(2);
    assert!(refused.err.contains("radar-ending"), "{}", refused.err);
    let unnamed = site.proofhouse(&["radar", "check"]).expect(2);
    assert!(unnamed.err.contains("catalogue-unnamed"), "{}", unnamed.err);
}
