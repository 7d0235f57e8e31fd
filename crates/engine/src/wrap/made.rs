//! What a command made: files that its output patterns name, and that are new or written since before.

use std::{
    collections::BTreeMap,
    fs::{self, Metadata},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use model::{Exit, Problem, predicate::OutputRecord};
use pipeline::Globs;

use crate::{home::cannot, record::Recorder};

/// Most outputs of one command.
const MOST: usize = 10_000;
/// Most files that are looked at to find them.
const MOST_SEEN: usize = 1_000_000;

/// How a file lay there: device, number, size, and the times of content and entry, in nanoseconds. A write
/// changes one of them, and an ordinary user cannot set the last back.
type Mark = (u64, u64, u64, i128, i128);

/// The outputs before the command.
pub struct Made {
    folder: PathBuf,
    patterns: Vec<String>,
    before: BTreeMap<String, Mark>,
}

/// The outputs after it.
#[derive(Default)]
pub(super) struct After {
    /// New or written, kept as blobs; sorted by path.
    pub made: Vec<OutputRecord>,
    /// As before.
    pub unchanged: Vec<String>,
    /// Patterns that name nothing.
    pub missing: Vec<String>,
    /// Why other things of these names do not count.
    pub remarks: Vec<String>,
}

impl Made {
    /// Notes what is there before the command runs.
    ///
    /// # Errors
    /// A pattern is not one, or there are too many files.
    pub fn before(folder: &Path, patterns: &[String]) -> Result<Self, Problem> {
        let mut made =
            Self { folder: folder.to_owned(), patterns: patterns.to_vec(), before: BTreeMap::new() };
        made.before = made.found(&mut vec![])?.into_iter().map(|(path, meta)| (path, mark(&meta))).collect();
        Ok(made)
    }

    /// What is there afterwards. Paths get `prefix`, which leads from the source's root to the folder.
    ///
    /// # Errors
    /// A file cannot be read or kept.
    pub(super) fn after(self, prefix: &str, recorder: &Recorder) -> Result<After, Problem> {
        let mut after = After::default();
        let found = self.found(&mut after.remarks)?;
        for pattern in self.patterns.iter().filter(|pattern| !pattern.starts_with('!')) {
            let one = globs(std::slice::from_ref(pattern))?;
            if !found.keys().any(|path| one.matches(path)) {
                after.missing.push(pattern.clone());
            }
        }
        for (path, meta) in found {
            let name = format!("{prefix}{path}");
            if self.before.get(&path) == Some(&mark(&meta)) {
                after.unchanged.push(name);
                continue;
            }
            let place = self.folder.join(&path);
            // What was a file a moment ago may be a link or a pipe now.
            let flags = nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK;
            let file = fs::OpenOptions::new().read(true).custom_flags(flags).open(&place);
            let mut file = file.map_err(|e| cannot(&place, "open", &e))?;
            let kept = recorder.blobs().put_from(&mut file);
            let digest = kept.map_err(|e| cannot(&place, "keep a copy of", &e))?;
            after.made.push(OutputRecord { path: name, digest, directory: false });
        }
        Ok(after)
    }

    /// Files that the patterns name, by their path in the folder.
    fn found(&self, remarks: &mut Vec<String>) -> Result<BTreeMap<String, Metadata>, Problem> {
        let mut found = BTreeMap::new();
        if self.patterns.is_empty() {
            return Ok(found);
        }
        let wanted = globs(&self.patterns)?;
        let mut search = Search { root: &self.folder, wanted: &wanted, seen: 0, found: &mut found, remarks };
        for pattern in self.patterns.iter().filter(|pattern| !pattern.starts_with('!')) {
            let start = fixed_part(pattern);
            let mut above = Path::new(&start).ancestors().skip(1);
            match above.find(|above| self.folder.join(above).is_symlink() && !above.as_os_str().is_empty()) {
                Some(link) => {
                    search.remarks.push(format!("{} is a link and is not followed", link.display()))
                }
                None => search.at(&start)?,
            }
        }
        Ok(found)
    }
}

fn globs(patterns: &[String]) -> Result<Globs, Problem> {
    Globs::new(patterns).map_err(|(n, why)| {
        let pattern = patterns.get(n).map_or("", String::as_str);
        Problem::new("output-pattern", Exit::Input, format!("{pattern:?} does not name outputs: {why}"))
            .with_hint("patterns are relative to the folder that the command runs in, such as dist/*.whl")
    })
}

/// Where the search for a pattern begins: the folders before its first sign that stands for others.
fn fixed_part(pattern: &str) -> String {
    let plain = |part: &&str| !part.contains(['*', '?', '[', '{', '\\']);
    let parts: Vec<&str> = pattern.split('/').filter(|p| !matches!(*p, "" | ".")).take_while(plain).collect();
    parts.join("/")
}

fn mark(meta: &Metadata) -> Mark {
    let nanoseconds = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
    let (written, changed) =
        (nanoseconds(meta.mtime(), meta.mtime_nsec()), nanoseconds(meta.ctime(), meta.ctime_nsec()));
    (meta.dev(), meta.ino(), meta.size(), written, changed)
}

struct Search<'a> {
    root: &'a Path,
    wanted: &'a Globs,
    seen: usize,
    found: &'a mut BTreeMap<String, Metadata>,
    remarks: &'a mut Vec<String>,
}

impl Search<'_> {
    /// Looks at a path and everything below it; links are not followed, `.git` is left out.
    fn at(&mut self, path: &str) -> Result<(), Problem> {
        let place = self.root.join(path);
        self.seen += 1;
        if self.seen > MOST_SEEN || self.found.len() > MOST {
            let message = format!("the patterns name more than {MOST} outputs, or too many files to look at");
            return Err(Problem::new("outputs-too-many", Exit::Input, message).with_hint("name fewer files"));
        }
        let meta = match fs::symlink_metadata(&place) {
            Ok(meta) => meta,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(cannot(&place, "look at", &error)),
        };
        if meta.is_dir() {
            return self.below(path, &place);
        }
        if !self.wanted.matches(path) {
            return Ok(());
        }
        match meta.is_file() {
            true => drop(self.found.insert(path.to_owned(), meta)),
            false => self.remarks.push(format!("{path} is no plain file and does not count")),
        }
        Ok(())
    }

    fn below(&mut self, path: &str, place: &Path) -> Result<(), Problem> {
        for entry in fs::read_dir(place).map_err(|e| cannot(place, "list", &e))? {
            let name = entry.map_err(|e| cannot(place, "list", &e))?.file_name();
            let Some(name) = name.to_str() else {
                self.remarks.push(format!("{}: its name is not UTF-8", place.join(&name).display()));
                continue;
            };
            if !runner::action::is_git(name) {
                self.at(&if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") })?;
            }
        }
        Ok(())
    }
}
