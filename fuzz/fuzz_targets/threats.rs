//! Any bytes as a threat model or a list of abuse cases: requirements that can be written into the file, and found again,
//! or a clean error.

#![no_main]

use govern::requirements::threats::{Form, MOST, change, read};
use libfuzzer_sys::fuzz_target;
use model::requirement::Requirements;
use pipeline::requirements::{append, check, update};

fuzz_target!(|bytes: &[u8]| {
    for form in [None, Some(Form::Csv), Some(Form::Markdown)] {
        let Ok(model) = read(bytes, form, "list") else { continue };
        assert!(model.threats.len() <= MOST);
        let first = change(&model, &Requirements::new(), Some(1), &[]);
        if first.added.is_empty() {
            continue;
        }
        // The file has a largest size, and then nothing is written.
        let Ok(text) = append(None, &first.added) else { continue };
        check(&first.added).expect("it was read before it was given out");
        let again = change(&model, &first.added, Some(1), &[]);
        assert!(again.added.is_empty() && again.updated.is_empty() && again.vanished.is_empty());
        assert_eq!(update(&text, &first.added).expect("nothing changes"), text);
    }
});
