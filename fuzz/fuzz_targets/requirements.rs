//! Any bytes as `security-requirements.yaml` and as the published standard: requirements that can be added
//! and written again, or problems fit for a terminal.

#![no_main]

use govern::requirements::{Said, asvs, standing};
use libfuzzer_sys::fuzz_target;
use model::requirement::{Requirements, is_id};
use pipeline::requirements::{FILE_NAME, append, parse, parse_bytes};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(standard) = asvs::read(bytes) {
        assert!(standard.len() <= asvs::MOST);
        written(&asvs::choose(&standard, 2, &[]).expect("no chapter was asked for"), None);
    }
    match parse_bytes(bytes, FILE_NAME) {
        Ok(requirements) => written(&requirements, std::str::from_utf8(bytes).ok()),
        Err(problems) => {
            assert!((1..=pipeline::MOST_DIAGNOSTICS).contains(&problems.list().len()));
            let acts = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
            assert!(!problems.render(false).contains(acts));
        }
    }
});

fn written(requirements: &Requirements, text: Option<&str>) {
    for (id, requirement) in requirements {
        assert!(is_id(id) && !requirement.title.contains(char::is_control));
        standing(id, requirement, None, &Said::default(), model::Timestamp::UNIX_EPOCH);
    }
    // Nothing is new, so the file stays as it is.
    if let Some(text) = text
        && let Ok(same) = append(Some(text), requirements)
    {
        assert_eq!(same, text);
    }
    // A new file may be too large to be read, and is then not given out.
    if let Ok(fresh) = append(None, requirements) {
        assert_eq!(&parse(&fresh, FILE_NAME).expect("it was read before it was given out"), requirements);
    }
}
