//! Any bytes as a technology catalogue and as a radar of others: what comes in is a catalogue without mistakes,
//! and what goes out of it stays text.

#![no_main]

use govern::catalogue::{
    Catalogue, Events, bill,
    evaluate::{Evaluation, evaluate, scorecard},
    export::{Form, export},
    import::{self, Format},
    judge, parse, standings, yaml,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match parse(bytes, "technologies.yaml") {
        Ok(catalogue) => written(&catalogue),
        Err(error) => {
            assert!(!error.mistakes.is_empty());
            assert!(error.mistakes.iter().all(|mistake| mistake.code.starts_with("catalogue-")));
            assert!(
                !error.excerpt(bytes).contains('\u{1b}'),
                "foreign control characters reach the terminal"
            );
        }
    }
    let _ = scorecard(bytes);
    if let Ok(read) = Evaluation::from_bytes(bytes) {
        // Whoever made it, it can be evaluated again.
        let again = evaluate(read.facts, &Catalogue::default().weights);
        assert!(again.known_percent <= 100 && again.total.is_none_or(|total| (0.0..=10.0).contains(&total)));
    }
    let formats = Format::NAMES.iter().map(|name| Format::from_name(name)).chain([None]);
    for format in formats {
        if let Ok(imported) = import::import(bytes, format) {
            written(&imported.catalogue);
        }
    }
});

fn written(catalogue: &Catalogue) {
    assert_eq!(parse(yaml(catalogue).as_bytes(), "x").as_ref().ok(), Some(catalogue), "{}", yaml(catalogue));
    let json = export(catalogue, Form::Json, "");
    assert_eq!(parse(json.as_bytes(), "x").as_ref().ok(), Some(catalogue), "{json}");
    let svg = export(catalogue, Form::Svg, "Radar");
    assert_eq!(svg.matches('<').count(), svg.matches('>').count());
    assert!(!svg.contains("<script"));
    export(catalogue, Form::Csv, "");
    assert!(!export(catalogue, Form::Markdown, "Radar").contains('<'));
    let bom = serde_json::json!({ "bomFormat": "CycloneDX", "components": [{ "name": "a", "purl": "pkg:npm/%40a/b@1" }] });
    let now = model::Timestamp::UNIX_EPOCH;
    let standings = standings(catalogue, &[], &Events::default(), now);
    assert_eq!(standings.is_empty(), catalogue.quorum.is_none() || catalogue.technologies.is_empty());
    judge(catalogue, &standings, &bill(&bom).components, &[], govern::catalogue::today(now));
}
