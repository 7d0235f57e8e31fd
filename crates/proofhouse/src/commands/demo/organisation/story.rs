//! Reads the story: one act a line.
//!
//! ```text
//! # a comment
//! == a headline
//! as piet                          who acts from here on
//! in till                          in which project
//! files 1                          the files of the folder `till/1` are laid over the project's
//! commit 12d "what was done"       everything there is becomes a commit of twelve days ago
//! $ deploy staging                 a command, as users type it; it must end with status 0
//! 1$ deploy production => denied   this one must end with status 1 and say "denied"
//! paste a.yaml "- name: X" "y:"    the line that was said last and begins with `y:` goes into a file, below a line
//! ```
//!
//! In a command, `{finding RULE}` is the project's open finding of the rule that has RULE in its name, and `{day 6}`
//! the day that was six days ago.

use model::{Exit, Problem};

use super::sources;

/// One line of the story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// What comes next, for the reader.
    Headline(String),
    /// Who acts.
    As(String),
    /// In which project.
    In(String),
    /// A folder of files is laid over the project's.
    Files(String),
    /// A commit so many days ago.
    Commit { days: i64, message: String },
    /// A line that the last command said goes into a file, below the line that is `below`.
    Paste { file: String, below: String, begins: String },
    /// A command of ours, the exit status that it must have, and what it must say.
    Command { words: Vec<String>, status: u8, says: String },
}

/// An act and its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// From 1.
    pub number: usize,
    /// What happens.
    pub act: Act,
}

/// What to try when the story is over.
pub const LOOK: &[&str] = &[
    "then try: proofhouse findings --project '*' --severity high, proofhouse gate explain production -C ../storefront,",
    "          proofhouse requirements status, proofhouse release review list, proofhouse review list,",
    "          proofhouse controls, proofhouse guidance --here, proofhouse ledger verify,",
    "          proofhouse radar status --catalogue ../shared/technologies.yaml",
];

/// The bundled story.
pub fn bundled() -> Result<Vec<Line>, Problem> {
    parse(&sources::text("story.txt")?)
}

/// Reads a story; the first line that is none is the error.
pub fn parse(text: &str) -> Result<Vec<Line>, Problem> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    let told = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    told.map(|(number, line)| {
        let act = act(line).ok_or_else(|| {
            let message = format!("line {number} of the story means nothing: {line}");
            Problem::new("story", Exit::Environment, message).with_hint("see story.rs for what a line may be")
        })?;
        Ok(Line { number, act })
    })
    .collect()
}

fn act(line: &str) -> Option<Act> {
    let (verb, rest) = line.split_once(' ')?;
    Some(match verb {
        "==" => Act::Headline(rest.to_owned()),
        "as" => Act::As(rest.to_owned()),
        "in" => Act::In(rest.to_owned()),
        "files" => Act::Files(rest.to_owned()),
        "commit" => {
            let [days, message] = <[String; 2]>::try_from(words(rest)?).ok()?;
            Act::Commit { days: days.strip_suffix('d')?.parse().ok()?, message }
        }
        "paste" => {
            let [file, below, begins] = <[String; 3]>::try_from(words(rest)?).ok()?;
            Act::Paste { file, below, begins }
        }
        _ => {
            let (typed, says) = rest.rsplit_once(" => ").unwrap_or((rest, ""));
            Act::Command { status: status(verb)?, words: words(typed)?, says: says.to_owned() }
        }
    })
}

/// `$` or `1$`.
fn status(verb: &str) -> Option<u8> {
    match verb.strip_suffix('$')? {
        "" => Some(0),
        number => number.parse().ok(),
    }
}

/// Words as a shell has them, with double quotes and braces that keep words together, and nothing else.
fn words(text: &str) -> Option<Vec<String>> {
    let (mut words, mut word) = (Vec::new(), None::<String>);
    let (mut quoted, mut braced) = (false, false);
    for c in text.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted && !braced => words.extend(word.take()),
            c => {
                braced = (braced || c == '{') && c != '}';
                word.get_or_insert_default().push(c);
            }
        }
    }
    words.extend(word);
    (!quoted && !braced).then_some(words)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_story_can_be_read_and_its_files_are_there() {
        let mut project = String::new();
        for line in bundled().unwrap() {
            match line.act {
                Act::In(name) => project = name,
                Act::Files(layer) => assert!(
                    sources::layer(&project, &layer).next().is_some(),
                    "line {}: there is no {project}/{layer}",
                    line.number
                ),
                _ => {}
            }
        }
    }

    #[test]
    fn a_command_has_its_words_and_its_status() {
        let told =
            parse("# talk\n\n1$ gate except {finding sql injection} --reason \"a b\" => no\n").unwrap();
        let words =
            ["gate", "except", "{finding sql injection}", "--reason", "a b"].map(str::to_owned).to_vec();
        assert_eq!(told, [Line { number: 3, act: Act::Command { words, status: 1, says: "no".into() } }]);
    }

    #[test]
    fn what_is_no_act_is_told_with_its_line() {
        for bad in ["dance", "commit soon \"x\"", "$ say \"it", "x$ run"] {
            let problem = parse(&format!("== a\n{bad}")).unwrap_err();
            assert!(problem.message.contains("line 2"), "{}", problem.message);
        }
    }
}
