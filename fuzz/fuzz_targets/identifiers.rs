//! Any text as one of the small notations: digests, versions, package URLs, paths, addresses, globs.
//! What is read and written again is the same, and orders are orders.

#![no_main]

use std::{cmp::Ordering, fmt::Display, str::FromStr};

use checks::{osv::compare, sbom::Ecosystem};
use findings::normalise::{path, purl, text};
use libfuzzer_sys::fuzz_target;
use pipeline::{Globs, NetworkRule};
use proofhouse_fuzz::{is_inside, is_plain, stays_inside};

fuzz_target!(|bytes: &[u8]| {
    let Ok(input) = std::str::from_utf8(bytes) else { return };
    round_trip::<model::Sha256>(input);
    round_trip::<model::version::Requirement>(input);
    round_trip::<runner::Rule>(input);
    round_trip::<NetworkRule>(input);
    if let Ok(rule) = input.parse::<NetworkRule>().map(|rule| rule.to_string())
        && !rule.starts_with("registry:")
    {
        assert!(rule.parse::<runner::Rule>().is_ok(), "the proxy does not know the valid rule {rule:?}");
    }
    let _ = Globs::new(&[input]).map(|globs| globs.matches(input));
    assert!(model::version::find(input).is_none_or(|version| input.contains(version)));
    scalars(input);
    packages(input);
    paths(input);
    order(&input.split('\n').take(3).collect::<Vec<_>>());
});

fn round_trip<T: FromStr + Display>(input: &str) {
    if let Ok(read) = input.parse::<T>() {
        let written = read.to_string();
        let again = written.parse::<T>().unwrap_or_else(|_| panic!("{input:?} is written as {written:?}"));
        assert_eq!(again.to_string(), written);
    }
}

fn scalars(input: &str) {
    if let Some(duration) = pipeline::parse_duration(input) {
        assert_eq!(pipeline::parse_duration(&pipeline::show_duration(duration)), Some(duration));
    }
    if let Some(size) = pipeline::parse_size(input) {
        assert_eq!(pipeline::parse_size(&pipeline::show_size(size)), Some(size));
    }
    pipeline::parse_percent(input);
    assert!(is_plain(&text::line(input, 100)) && text::line(input, 100).chars().count() <= 101);
}

fn packages(input: &str) {
    assert!(input.starts_with(model::identity::unversioned(input)));
    if let Some(clean) = purl::clean(&text::line(input, 500)) {
        assert_eq!(purl::clean(&clean).as_ref(), Some(&clean));
        assert!(is_plain(&clean) && clean.starts_with("pkg:"));
    }
    if let Some(endpoint) = runner::proxy::Endpoint::of_url(input) {
        assert_eq!(endpoint.host, endpoint.host.to_lowercase());
        assert!(is_plain(&endpoint.host) && !endpoint.host.contains(['/', '@', ' ']));
    }
}

fn paths(input: &str) {
    let clean = path::clean(input, &["work/src".to_owned()]);
    assert!(clean.is_empty() || is_inside(&clean) && is_plain(&clean), "{clean:?}");
    assert_eq!(path::clean(&clean, &[]), clean);
    path::uri(input);
    assert!(runner::action::check_relative(input).is_err() || is_inside(input));
    for depth in 0..3 {
        assert!(!runner::action::link_stays_inside(depth, input) || stays_inside(depth, input));
    }
}

/// Comparing versions is reflexive, antisymmetric and transitive wherever it is possible.
fn order(versions: &[&str]) {
    let &[a, b, c] = versions else { return };
    for ecosystem in Ecosystem::ALL {
        let of = |x: &str, y: &str| compare(ecosystem, x, y);
        assert!(of(a, a).is_none_or(Ordering::is_eq), "{ecosystem:?} {a:?}");
        assert_eq!(of(a, b), of(b, a).map(Ordering::reverse), "{ecosystem:?} {a:?} {b:?}");
        // Maven's own order is not transitive for some mixtures of dots and dashes.
        if ecosystem == Ecosystem::Maven {
            continue;
        }
        if let (Some(Ordering::Less | Ordering::Equal), Some(Ordering::Less | Ordering::Equal), Some(far)) =
            (of(a, b), of(b, c), of(a, c))
        {
            let strict = of(a, b) == Some(Ordering::Less) || of(b, c) == Some(Ordering::Less);
            let expected = if strict { Ordering::Less } else { Ordering::Equal };
            assert_eq!(far, expected, "{ecosystem:?} {a:?} {b:?} {c:?}");
        }
    }
}
