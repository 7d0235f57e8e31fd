//! What commits say of themselves: authors and first lines. Claims, as git's commits are not signed by everybody.

use std::path::Path;

use model::{Exit, Problem};
use runner::tree::ObjectId;

use super::{Git, in_git};

/// What a commit says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its id.
    pub id: String,
    /// Author's name.
    pub author: String,
    /// Author's address.
    pub email: String,
    /// First line of its message.
    pub subject: String,
}

/// Number of commits that `new` has and `old` has not, and the newest of them, at most `most`.
///
/// # Errors
/// The folder is not in git, or git does not know one of them.
pub fn between(root: &Path, old: &str, new: &str, most: usize) -> Result<(u64, Vec<Told>), Problem> {
    let range = format!("{}..{}", id(old)?, id(new)?);
    let git = open(root)?;
    let counted = git.ask(&["rev-list", "--count", &range, "--"])?;
    let total = String::from_utf8_lossy(&counted).trim().parse().unwrap_or(0);
    Ok((total, log(&git, &range, most)?))
}

/// What one commit says of itself.
///
/// # Errors
/// As [`between`].
pub fn told(root: &Path, commit: &str) -> Result<Told, Problem> {
    let found = log(&open(root)?, &id(commit)?, 1)?.pop();
    found.ok_or_else(|| unknown(commit))
}

fn open(root: &Path) -> Result<Git<'_>, Problem> {
    match in_git(root) {
        true => Git::open(root),
        false => Err(Problem::new("git-missing", Exit::Environment, "the project's folder is not in git")),
    }
}

/// A whole id and nothing that git could take for an option.
fn id(commit: &str) -> Result<String, Problem> {
    ObjectId::parse(commit).map(|_| commit.to_owned()).ok_or_else(|| unknown(commit))
}

fn unknown(commit: &str) -> Problem {
    Problem::new("commit-unknown", Exit::Input, format!("git does not know the commit {commit}"))
}

fn log(git: &Git<'_>, range: &str, most: usize) -> Result<Vec<Told>, Problem> {
    let most = format!("--max-count={most}");
    // Signatures would be checked by a program that the repository chooses.
    let plain =
        ["log", "-z", "--no-show-signature", "--no-color", "--no-decorate", "--no-notes", "--encoding=UTF-8"];
    let format = "--format=tformat:%H%x1f%an%x1f%ae%x1f%s";
    let said = git.ask(&[&plain[..], &[&most, format, range, "--"]].concat())?;
    let text = String::from_utf8_lossy(&said);
    Ok(text.split('\0').filter_map(one).collect())
}

fn one(record: &str) -> Option<Told> {
    let mut parts = record.trim_start_matches('\n').splitn(4, '\u{1f}');
    let mut next = || Some(parts.next()?.chars().filter(|c| !c.is_control()).take(200).collect::<String>());
    Some(Told { id: next()?, author: next()?, email: next()?, subject: next()? })
}
