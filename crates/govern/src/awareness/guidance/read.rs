//! The form of a guidance file: a title, three lines of numbers, four chapters, and examples in the third.

use super::{Example, Guidance};

/// Reads one file; on a mistake, what is missing.
pub(super) fn read(text: &str) -> Result<Guidance, String> {
    let (head, rest) = text.split_once("\n## What\n").ok_or("`## What` is missing")?;
    let (what, rest) = rest.split_once("\n## Find\n").ok_or("`## Find` is missing")?;
    let (find, rest) = rest.split_once("\n## Fix\n").ok_or("`## Fix` is missing")?;
    let (fix, test) = rest.split_once("\n## Test\n").ok_or("`## Test` is missing")?;
    let mut parts = fix.split("\n### ");
    let fix = parts.next().unwrap_or_default();
    let (cwe, title) = title(head).ok_or("the first line is not `# CWE-N title`")?;
    Ok(Guidance {
        cwe,
        title,
        also: numbers(head, "also")?,
        asvs: words(head, "asvs").map(str::to_owned).collect(),
        related: numbers(head, "related")?,
        what: prose(what),
        find: prose(find),
        fix: prose(fix),
        examples: parts.map(example).collect::<Result<_, _>>()?,
        test: prose(test),
    })
}

fn title(head: &str) -> Option<(u32, String)> {
    let (number, title) = head.lines().next()?.strip_prefix("# CWE-")?.split_once(' ')?;
    Some((number.parse().ok()?, title.to_owned()))
}

fn words<'t>(head: &'t str, key: &str) -> impl Iterator<Item = &'t str> {
    let prefix = format!("{key}: ");
    head.lines().find_map(move |line| line.strip_prefix(&prefix)).unwrap_or_default().split_whitespace()
}

fn numbers(head: &str, key: &str) -> Result<Vec<u32>, String> {
    words(head, key).map(|word| word.parse().map_err(|_| format!("{key}: {word} is no number"))).collect()
}

/// Paragraphs as they are written; lines of one are joined.
fn prose(text: &str) -> String {
    let paragraphs =
        text.trim().split("\n\n").map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

/// A heading with the language and one block of code: `before`, then `after`, each under a comment.
fn example(text: &str) -> Result<Example, String> {
    let (language, rest) = text.split_once('\n').ok_or("an example without code")?;
    let wrong = || format!("the example in {language} is not one block with `before` and `after`");
    let code = rest.trim().strip_prefix("```").and_then(|code| code.strip_suffix("```")).ok_or_else(wrong)?;
    let (tag, code) = code.split_once('\n').ok_or_else(wrong)?;
    let mark = if code.starts_with("//") { "//" } else { "#" };
    let code = code.strip_prefix(&format!("{mark} before\n")).ok_or_else(wrong)?;
    let (before, after) = code.split_once(&format!("\n{mark} after\n")).ok_or_else(wrong)?;
    match tag == language {
        true => {
            Ok(Example { language: language.into(), before: before.into(), after: after.trim_end().into() })
        }
        false => Err(wrong()),
    }
}
