//! Dockerfile syntax: instructions, continuations, comments, heredocs, stages.

/// One instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// First line, from 1.
    pub line: u32,
    /// Last line, heredoc included.
    pub end_line: u32,
    /// Upper case.
    pub keyword: String,
    /// Everything after the keyword, continuations joined by blanks, heredoc bodies appended by line.
    pub arguments: String,
    /// Stage it belongs to, from 0; before the first `FROM` it is 0 too.
    pub stage: usize,
}

/// Most instructions of one file.
const MOST: usize = 100_000;

/// Parses a Dockerfile.
///
/// # Errors
/// A first instruction that cannot be one, a heredoc without end, too many instructions: with the line.
pub fn parse(text: &str) -> Result<Vec<Instruction>, String> {
    let lines: Vec<&str> = text.lines().collect();
    let escape = escape_character(&lines);
    let mut instructions: Vec<Instruction> = Vec::new();
    let mut stages = 0_usize;
    let mut at = 0;
    while at < lines.len() {
        let body = lines[at].trim();
        if body.is_empty() || body.starts_with('#') {
            at += 1;
            continue;
        }
        let start = at;
        let joined = join(&lines, &mut at, escape);
        let (keyword, arguments) = joined.split_once(char::is_whitespace).unwrap_or((&joined, ""));
        let keyword = keyword.to_ascii_uppercase();
        if !keyword.bytes().all(|b| b.is_ascii_alphabetic()) {
            return Err(format!("line {}: expected an instruction", start + 1));
        }
        let mut arguments = arguments.trim().to_owned();
        if matches!(keyword.as_str(), "RUN" | "COPY" | "ADD") {
            heredocs(&lines, &mut at, &mut arguments, start)?;
        }
        stages += usize::from(keyword == "FROM");
        let (line, end_line) = (start as u32 + 1, at as u32);
        instructions.push(Instruction {
            line,
            end_line,
            keyword,
            arguments,
            stage: stages.saturating_sub(1),
        });
        if instructions.len() > MOST {
            return Err(format!("more than {MOST} instructions"));
        }
    }
    Ok(instructions)
}

/// The parser directive `# escape=` may come first.
fn escape_character(lines: &[&str]) -> char {
    let directives = lines.iter().map(|l| l.trim()).take_while(|l| l.starts_with('#'));
    let value = directives.filter_map(|l| l.trim_start_matches('#').trim().strip_prefix("escape=")).next();
    if value.is_some_and(|v| v.trim() == "`") { '`' } else { '\\' }
}

fn join(lines: &[&str], at: &mut usize, escape: char) -> String {
    let mut joined = String::new();
    while *at < lines.len() {
        let line = lines[*at].trim();
        *at += 1;
        // Comments and empty lines inside a continuation do not end it.
        if !joined.is_empty() && (line.starts_with('#') || line.is_empty()) {
            continue;
        }
        match line.strip_suffix(escape) {
            Some(part) => {
                joined.push_str(part.trim_end());
                joined.push(' ');
            }
            None => {
                joined.push_str(line);
                break;
            }
        }
    }
    joined.trim().to_owned()
}

fn heredocs(lines: &[&str], at: &mut usize, arguments: &mut String, start: usize) -> Result<(), String> {
    for word in heredoc_words(arguments) {
        let mut closed = false;
        while *at < lines.len() {
            let line = lines[*at];
            *at += 1;
            if line.trim() == word {
                closed = true;
                break;
            }
            arguments.push('\n');
            arguments.push_str(line);
        }
        if !closed {
            return Err(format!("line {}: the heredoc `{word}` has no end", start + 1));
        }
    }
    Ok(())
}

/// The end words of `<<EOF`, `<<-EOF`, `<<"EOF"`.
fn heredoc_words(arguments: &str) -> Vec<String> {
    let words = arguments.split("<<").skip(1).filter_map(|rest| {
        let rest = rest.strip_prefix('-').unwrap_or(rest).trim_start_matches(['"', '\'']);
        let word: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_').then_some(word)
    });
    words.collect()
}

impl Instruction {
    /// The arguments without leading `--flag` words.
    pub fn without_flags(&self) -> &str {
        let mut rest = self.arguments.as_str();
        while rest.starts_with("--") {
            rest = rest.split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim_start());
        }
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn continuations_comments_heredocs_and_stages() {
        let text =
            "# a\nFROM a AS b\nRUN x \\\n  # why\n  && y\nRUN <<EOF\nfirst\nsecond\nEOF\nFROM c\nUSER d\n";
        let all = parse(text).unwrap();
        let short: Vec<_> = all.iter().map(|i| (i.line, i.end_line, i.keyword.as_str(), i.stage)).collect();
        assert_eq!(
            short,
            [(2, 2, "FROM", 0), (3, 5, "RUN", 0), (6, 9, "RUN", 0), (10, 10, "FROM", 1), (11, 11, "USER", 1)]
        );
        assert_eq!(all[1].arguments, "x && y");
        assert_eq!(all[2].arguments, "<<EOF\nfirst\nsecond");
        assert!(parse("FROM a\nRUN <<EOF\n").unwrap_err().contains("line 2"));
        assert!(parse("FROM a\n{}").is_err());
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "(FROM|RUN|ENV|#|<<E|\\\\|\n|[ -~]){0,40}") {
            let _ = parse(&text);
        }
    }
}
