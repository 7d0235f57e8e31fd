//! Provider `host`: programs that are installed on this machine.
//!
//! The command is looked up in PATH; proxies of tool managers are followed to the program they stand
//! for (`redirect`); then the first *layout* that recognises the program says what belongs to it. A
//! layout is one file and one line in [`LAYOUTS`].

mod gcc;
mod git;
mod node;
mod prefix;
mod python;
mod redirect;
mod rust;
mod search;

use std::path::{Path, PathBuf};

use super::{Located, Provider};
use crate::{
    ask::{ask, first_line},
    error::ToolError,
    resolve::{Session, ToolDecl},
};

/// Programs installed on this machine.
pub(super) struct HostProvider;

/// A program that was found.
struct Program<'a> {
    /// Declared tool name, for errors.
    tool: &'a str,
    /// Absolute path as found; a link stays one, because virtual environments depend on it.
    path: PathBuf,
    /// Links followed.
    real: PathBuf,
    session: &'a Session<'a>,
}

/// What belongs to a program: files and folders.
type Roots = Vec<PathBuf>;
type Layout = fn(&Program<'_>) -> Result<Option<Roots>, ToolError>;

/// Known ways to be installed, the most specific first; a lone binary when none fits.
const LAYOUTS: &[Layout] = &[rust::roots, python::roots, node::roots, gcc::roots, git::roots, prefix::roots];

/// Longest chain of scripts and their interpreters.
const MOST_INTERPRETERS: usize = 3;

impl Provider for HostProvider {
    fn name(&self) -> &'static str {
        "host"
    }

    fn locate(&self, tool: &ToolDecl, session: &Session<'_>) -> Result<Located, ToolError> {
        let absolute = tool.command.starts_with('/');
        let missing =
            || ToolError::NotFound { tool: tool.name.clone(), command: tool.command.clone(), absolute };
        let found = search::find(&tool.command, session).ok_or_else(missing)?;
        let path = redirect::follow(&tool.name, found, session)?.ok_or_else(missing)?;
        let program = Program::new(&tool.name, path, session)?;
        let mut roots = vec![];
        collect(&program, &mut roots, MOST_INTERPRETERS)?;
        let path_dirs = program.path.parent().map(Path::to_owned).into_iter().collect();
        let links = search::outside_links(&program.path);
        Ok(Located { command: program.path, roots, links, path_dirs, env: Default::default() })
    }

    fn version(
        &self,
        tool: &ToolDecl,
        located: &Located,
        session: &Session<'_>,
    ) -> Result<String, ToolError> {
        Ok(version(&Program::new(&tool.name, located.command.clone(), session)?))
    }
}

impl<'a> Program<'a> {
    fn new(tool: &'a str, path: PathBuf, session: &'a Session<'a>) -> Result<Self, ToolError> {
        let real = path.canonicalize().map_err(|source| {
            let (tool, path) = (tool.to_owned(), path.clone());
            ToolError::Unreadable { tool, path, source }
        })?;
        let project = session.host.project.as_ref().and_then(|project| project.canonicalize().ok());
        if project.is_some_and(|project| real.starts_with(&project) || path.starts_with(&project)) {
            return Err(ToolError::InProject { tool: tool.to_owned(), path: real });
        }
        Ok(Self { tool, path, real, session })
    }

    /// File name of the real program.
    fn file_name(&self) -> &str {
        self.real.file_name().and_then(|name| name.to_str()).unwrap_or("")
    }

    /// `X` of `X/bin/program`.
    fn prefix(&self) -> Option<&Path> {
        let folder = self.real.parent()?;
        let bin = ["bin", "sbin"].iter().any(|name| folder.file_name().is_some_and(|file| file == *name));
        bin.then(|| folder.parent())?
    }

    /// Asks how the program is laid out. Answered from memory while the program's file, PATH and the
    /// variables are the same: what it would say now is what it said then.
    fn ask(&self, arguments: &[&str]) -> Result<String, ToolError> {
        let Some(key) = self.session.key(&self.path, &self.real, arguments) else {
            return self.ask_now(arguments);
        };
        self.session.remembered(key, || self.ask_now(arguments))
    }

    fn ask_now(&self, arguments: &[&str]) -> Result<String, ToolError> {
        ask(self.tool, &self.path, arguments, self.session)
    }
}

/// Adds what belongs to a program and, for a script, to its interpreter.
fn collect(program: &Program<'_>, roots: &mut Roots, depth: usize) -> Result<(), ToolError> {
    let mut known = None;
    for layout in LAYOUTS {
        known = layout(program)?;
        if known.is_some() {
            break;
        }
    }
    roots.extend(known.unwrap_or_default());
    roots.push(program.real.clone());
    let interpreter = search::interpreter(&program.real, program.session);
    match interpreter.filter(|_| depth > 0) {
        Some(path) => {
            let path = redirect::follow(program.tool, path, program.session)?;
            path.map_or(Ok(()), |path| {
                collect(&Program::new(program.tool, path, program.session)?, roots, depth - 1)
            })
        }
        None => Ok(()),
    }
}

/// The version a program prints. Some have no way to say it, which matters only when one is required.
fn version(program: &Program<'_>) -> String {
    let answers =
        ["--version", "-version", "version"].iter().filter_map(|word| program.ask_now(&[word]).ok());
    let mut lines = answers.map(|answer| first_line(&answer)).filter(|line| !line.is_empty());
    let Some(line) = lines.next() else { return "unknown".into() };
    model::version::find(&line).map_or(line.clone(), str::to_owned)
}
