//! Any bytes as a catalogue of controls: refused with a reason fit for a terminal, or judged and written in each form.

#![no_main]

use govern::controls::{Status, export, judge, parse};
use libfuzzer_sys::fuzz_target;
use model::facts::{Facts, Marks, ProjectFacts};

fuzz_target!(|bytes: &[u8]| {
    let catalogue = match parse(bytes, "own.yaml") {
        Ok(catalogue) => catalogue,
        Err(error) => {
            assert!(
                !error.to_string().contains(char::is_control),
                "foreign control characters reach the terminal"
            );
            return;
        }
    };
    let idle = ProjectFacts { name: "p".into(), ..ProjectFacts::default() };
    let moment = model::Timestamp::UNIX_EPOCH;
    let facts =
        Facts { moment, statements: 0, first: None, projects: vec![idle], organisation: Marks::new() };
    let report = judge(&facts, &[catalogue]);
    // Nothing passes by absence, whatever a catalogue says.
    assert!(
        report.catalogues[0]
            .controls
            .iter()
            .all(|control| control.status != Status::Met && control.covered == 0)
    );
    assert!(!export::markdown(&report, "t").contains("<script"));
    export::csv(&report);
    export::oscal::text(&report, None);
});
