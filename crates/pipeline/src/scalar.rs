//! Durations (`10m`, `1h30m`, `500ms`) and sizes (`64MiB`, `4GB`) as they are written in the file.

use std::time::Duration;

use serde::Serializer;

const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
const SIZES: [(&str, u64); 9] = [
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
];

/// A duration: whole numbers with units `ms s m h d`, largest first, each at most once.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total: u64 = 0;
    let mut last = UNITS.len();
    while !rest.is_empty() {
        let (number, after) = digits(rest)?;
        let end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let unit = UNITS.iter().position(|(name, _)| *name == &after[..end])?;
        if unit >= last {
            return None;
        }
        last = unit;
        total = total.checked_add(number.checked_mul(UNITS[unit].1)?)?;
        rest = &after[end..];
    }
    (last < UNITS.len()).then(|| Duration::from_millis(total))
}

/// A size in bytes: a whole number with a unit `B KiB MiB GiB TiB KB MB GB TB`.
pub fn parse_size(text: &str) -> Option<u64> {
    let (number, unit) = digits(text)?;
    let (_, factor) = SIZES.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.checked_mul(*factor)
}

/// Hundredths of a core: `200%`.
pub fn parse_percent(text: &str) -> Option<u32> {
    let (number, rest) = digits(text)?;
    (rest == "%").then(|| u32::try_from(number).ok())?
}

fn digits(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

/// The shortest way to write a duration of whole milliseconds: `1h30m`.
pub fn show_duration(duration: Duration) -> String {
    let mut left = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if left == 0 {
        return "0s".into();
    }
    let mut out = String::new();
    for (name, factor) in UNITS.iter().rev() {
        if left >= *factor {
            out.push_str(&format!("{}{name}", left / factor));
            left %= factor;
        }
    }
    out
}

/// The shortest exact way to write a size: `64MiB`, `1500B`.
pub fn show_size(bytes: u64) -> String {
    let fits = |(_, factor): &&(&str, u64)| bytes > 0 && bytes.is_multiple_of(*factor);
    let (name, factor) = SIZES[..5].iter().rev().find(fits).unwrap_or(&SIZES[0]);
    format!("{}{name}", bytes / factor)
}

pub(crate) fn serialize_duration<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&show_duration(*value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let seconds = |text| parse_duration(text).map(|d| d.as_secs_f64());
        assert_eq!(seconds("10m"), Some(600.0));
        assert_eq!(seconds("1h30m"), Some(5400.0));
        assert_eq!(seconds("500ms"), Some(0.5));
        assert_eq!(seconds("7d"), Some(604_800.0));
        for bad in ["", "10", "m", "30m1h", "1m1m", "-1s", "1.5h", "10 m", "99999999999999999999d"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }

    #[test]
    fn sizes_and_percents() {
        assert_eq!(parse_size("64MiB"), Some(64 << 20));
        assert_eq!(parse_size("4GB"), Some(4_000_000_000));
        assert_eq!(parse_size("4 GB"), Some(4_000_000_000));
        for bad in ["", "64", "64mib", "-1B", "99999999TiB", "1.5GiB"] {
            assert_eq!(parse_size(bad), None, "{bad}");
        }
        assert_eq!(parse_percent("200%"), Some(200));
        assert_eq!(parse_percent("200"), None);
    }

    proptest::proptest! {
        #[test]
        fn shown_values_read_back(millis: u32, bytes: u32) {
            let duration = Duration::from_millis(millis.into());
            proptest::prop_assert_eq!(parse_duration(&show_duration(duration)), Some(duration));
            proptest::prop_assert_eq!(parse_size(&show_size(bytes.into())), Some(bytes.into()));
        }
    }
}
