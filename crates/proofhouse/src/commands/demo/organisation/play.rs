//! Does what the story says, line by line, with the commands that users type.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    time::Instant,
};

use clap::Parser;
use engine::home::cannot;
use model::{Exit, Problem, Timestamp};
use store::views::{FindingFilter, PageRequest};

use super::{
    super::{git, headline},
    sources,
    story::{Act, Line},
};
use crate::{
    app::{App, act_as},
    args::{Cli, Format, Global},
    commands::dispatch,
    ui::{self, BOLD, DIM, eprintln},
};

/// Where the story is.
struct Stage<'a> {
    /// Options of every command; their folder is the one with all projects.
    global: &'a Global,
    log: File,
    person: String,
    project: String,
    /// What the last command said.
    said: String,
}

/// Plays the whole story. What the commands say goes into the file `log`.
pub fn all(story: &[Line], global: &Global, log: &Path) -> Result<(), Problem> {
    let file = File::create(log).map_err(|e| cannot(log, "write", &e))?;
    let mut stage =
        Stage { global, log: file, person: String::new(), project: String::new(), said: String::new() };
    let before = std::env::current_dir();
    let played = story.iter().try_for_each(|line| stage.act(line));
    act_as(None);
    if let Ok(before) = before {
        let _ = std::env::set_current_dir(before);
    }
    played
}

impl Stage<'_> {
    fn act(&mut self, line: &Line) -> Result<(), Problem> {
        match &line.act {
            Act::Headline(text) => headline(text),
            Act::As(name) => {
                self.person.clone_from(name);
                act_as(Some(name));
            }
            Act::In(name) => self.project.clone_from(name),
            Act::Files(layer) => sources::unpack(&self.project, layer, &self.folder())?,
            Act::Commit { days, message } => self.commit(*days, message)?,
            Act::Paste { file, below, begins } => self.paste(line.number, file, below, begins)?,
            Act::Command { words, status, says } => self.command(line.number, words, *status, says)?,
        }
        Ok(())
    }

    /// Folder of the project.
    fn folder(&self) -> PathBuf {
        self.global.directory.join(&self.project)
    }

    /// Commits everything, as a person of the organisation would have.
    fn commit(&self, days: i64, message: &str) -> Result<(), Problem> {
        let folder = self.folder();
        fs::create_dir_all(&folder).map_err(|e| cannot(&folder, "make", &e))?;
        if !folder.join(".git").exists() {
            git(&folder, &["init", "--quiet", "--initial-branch=main"])?;
        }
        git(&folder, &["add", "--all"])?;
        let at = Timestamp::now().as_second() - days * 86_400;
        let date = format!("--date=@{at} +0000");
        let author = format!("--author={} <{}@quayside.example>", self.person, self.person);
        git(&folder, &["commit", "--quiet", &date, &author, "--message", message])
    }

    /// Copies a line that the last command said into a file, as somebody with an editor would.
    fn paste(&self, number: usize, file: &str, below: &str, begins: &str) -> Result<(), Problem> {
        let path = self.folder().join(file);
        let text = fs::read_to_string(&path).map_err(|e| cannot(&path, "read", &e))?;
        let new = self.said.lines().map(str::trim).find(|line| line.starts_with(begins));
        let at = text.lines().position(|line| line.trim() == below);
        let (Some(new), Some(at)) = (new, at) else {
            let message = format!("line {number} of the story finds nothing to paste, or no place for it");
            return Err(Problem::new("story", Exit::Verdict, message));
        };
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let next = lines.get(at + 1).map_or("", String::as_str);
        let indent = " ".repeat(next.len() - next.trim_start().len());
        lines.insert(at + 1, format!("{indent}{new}"));
        fs::write(&path, lines.join("\n") + "\n").map_err(|e| cannot(&path, "write", &e))
    }

    /// Types one command; whatever it says is kept, and shown only when it did not end as it must.
    fn command(&mut self, number: usize, words: &[String], status: u8, says: &str) -> Result<(), Problem> {
        let words = words.iter().map(|word| self.filled(word)).collect::<Result<Vec<_>, _>>()?;
        let typed = format!("{} {}$ proofhouse {}", self.person, self.project, words.join(" "));
        let began = Instant::now();
        // Users stand in the project's folder when they name files.
        let folder = self.folder();
        std::env::set_current_dir(&folder).map_err(|e| cannot(&folder, "enter", &e))?;
        let (code, said) = ui::captured(|| match self.dispatch(&words) {
            Ok(exit) => exit.code(),
            Err(problem) => {
                ui::problem(&problem, Format::Text);
                problem.exit.code()
            }
        });
        self.said = anstream::adapter::strip_str(&said).to_string();
        let _ = writeln!(self.log, "{typed}\n{}", self.said);
        if code != status || !self.said.contains(says) {
            eprintln!("{}", said.trim_end());
            let expected = format!("instead of {status} {says}");
            let message =
                format!("line {number} of the story ended with status {code} {}", expected.trim_end());
            return Err(Problem::new("story", Exit::Verdict, message).with_hint(format!("it was: {typed}")));
        }
        if !self.global.quiet && self.global.format == Format::Text {
            self.tell(&words.join(" "), status, says, began.elapsed().as_secs_f64());
        }
        Ok(())
    }

    /// One line about a command that ended as it must.
    fn tell(&self, typed: &str, status: u8, says: &str, seconds: f64) {
        let how = match (status, says) {
            (0, "") => "done",
            (_, "") => "refused, as it should be",
            (_, says) => says,
        };
        let (person, project) = (&self.person, &self.project);
        eprintln!(
            "{DIM}{person:<7}{DIM:#} {BOLD}{project:<14}{BOLD:#} {typed} {DIM}{how}, {seconds:.1} s{DIM:#}"
        );
    }

    fn dispatch(&self, words: &[String]) -> Result<Exit, Problem> {
        let line = std::iter::once("proofhouse").chain(words.iter().map(String::as_str));
        let mut cli = Cli::try_parse_from(line)
            .map_err(|e| Problem::new("story", Exit::Input, format!("not a command: {e}")))?;
        cli.global =
            Global { directory: self.folder(), format: Format::Text, quiet: false, ..self.global.clone() };
        dispatch(cli)
    }

    /// The word, or what `{finding RULE}` or `{day N}` stands for.
    fn filled(&self, word: &str) -> Result<String, Problem> {
        let days = word.strip_prefix("{day ").and_then(|rest| rest.strip_suffix('}'));
        if let Some(days) = days.and_then(|days| days.parse::<u16>().ok()) {
            let then = Timestamp::now() - jiff::SignedDuration::from_hours(24 * i64::from(days));
            return Ok(then.to_string().chars().take(10).collect());
        }
        let Some(rule) = word.strip_prefix("{finding ").and_then(|rest| rest.strip_suffix('}')) else {
            return Ok(word.to_owned());
        };
        let app = App::open(&Global { directory: self.folder(), ..self.global.clone() })?;
        let filter = FindingFilter { project: Some(self.project.clone()), ..FindingFilter::open() };
        let found = app.database.wait(app.store.findings(&filter, &PageRequest::first(PageRequest::MOST)))?;
        let one = found.items.into_iter().find(|finding| finding.rule.contains(rule));
        one.map(|finding| finding.id.to_string()).ok_or_else(|| {
            let message = format!("{} has no open finding of a rule like {rule}", self.project);
            Problem::new("story", Exit::Verdict, message)
        })
    }
}
