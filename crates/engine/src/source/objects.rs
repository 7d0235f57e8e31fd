//! Objects of a repository, as `git cat-file` hands them over: each is checked against its name, so it does
//! not matter what lies under that name in the repository.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Stdio},
};

use model::{Exit, Problem};
use runner::tree::ObjectId;

use super::git::{Git, missing};

/// Largest commit or tree.
const LARGEST: u64 = 64 << 20;
/// Longest line before an object: its name, kind and size.
const LONGEST_HEAD: u64 = 256;

/// A running `git cat-file`.
pub struct Objects {
    child: Child,
    ask: Option<ChildStdin>,
    answer: BufReader<ChildStdout>,
}

impl Objects {
    /// The objects of the repository that a folder is in.
    ///
    /// # Errors
    /// Git cannot be run.
    pub fn open(root: &Path) -> Result<Self, Problem> {
        let mut command = Git::at(root).command(&["cat-file", "--batch"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(missing)?;
        let answer = child.stdout.take().ok_or_else(|| missing(io::ErrorKind::BrokenPipe.into()))?;
        Ok(Self { ask: child.stdin.take(), answer: BufReader::new(answer), child })
    }

    /// The tree that a commit names.
    ///
    /// # Errors
    /// As [`Objects::read`].
    pub fn tree_of(&mut self, commit: &ObjectId) -> Result<ObjectId, Problem> {
        let text = self.read(commit, "commit")?;
        let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let tree = std::str::from_utf8(line).ok().and_then(|line| line.strip_prefix("tree "));
        tree.and_then(ObjectId::parse).ok_or_else(|| wrong(commit, "commit"))
    }

    /// The content of a commit or tree.
    ///
    /// # Errors
    /// It is not there, or is not what its name says.
    pub fn read(&mut self, id: &ObjectId, kind: &str) -> Result<Vec<u8>, Problem> {
        let content = self.fetch(id).ok().flatten().filter(|c| id.format().name(kind, c) == Some(*id));
        content.ok_or_else(|| wrong(id, kind))
    }

    fn fetch(&mut self, id: &ObjectId) -> io::Result<Option<Vec<u8>>> {
        let Some(ask) = &mut self.ask else { return Ok(None) };
        ask.write_all(format!("{id}\n").as_bytes())?;
        let mut head = String::new();
        (&mut self.answer).take(LONGEST_HEAD).read_line(&mut head)?;
        let size = head.trim_end().rsplit(' ').next().and_then(|size| size.parse::<u64>().ok());
        let Some(size) = size.filter(|size| *size <= LARGEST) else { return Ok(None) };
        let mut content = Vec::new();
        (&mut self.answer).take(size + 1).read_to_end(&mut content)?;
        Ok(content.pop().map(|_| content))
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        // It ends when there is nothing more to be asked, but may be writing an object that nobody reads.
        drop(self.ask.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wrong(id: &ObjectId, kind: &str) -> Problem {
    let message = format!("the {kind} {id} cannot be read, or is not what its name says");
    Problem::new("git-object-wrong", Exit::Environment, message)
        .with_hint("`git fsck` tells what is wrong with the repository; a fresh clone mends it")
}
