//! A copy of the ledger's public side as static files, for any web server.
//!
//! Every tile is checked against the signed root before it is copied, because hosts and clients keep
//! tiles for ever. The checkpoint comes last, in one step, after everything else is on disk.

use std::{
    fs::{self, File, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use attest::{
    Ledger,
    log::{
        Checkpoint, Edge, SignedCheckpoint, TILE_WIDTH, TileId,
        monitor::{Row, Tree, TreeError, continues},
    },
};
use model::{Exit, Problem, Sha256, problem::erase};
use serde::Serialize;

use super::files;
use crate::home::cannot;

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Published {
    /// Entries of the checkpoint that is published now.
    pub size: u64,
    /// Entries that were published before.
    pub before: u64,
    /// Tiles and entry bundles that were written.
    pub tiles: u64,
    /// Witnesses whose cosignatures are on the checkpoint, unverified.
    pub cosignatures: usize,
}

/// Brings the folder `to` up to the newest checkpoint of the ledger: `checkpoint` and `tile/…`, readable by
/// everybody. A folder that has the log of somebody else, or another history of this one, stays as it is.
///
/// # Errors
/// `publish-nothing` without a checkpoint, `publish-foreign` or a fault of the log when the folder does not
/// fit, and whatever is wrong with the ledger's tiles or the disk.
pub fn publish(ledger: &Ledger, to: &Path) -> Result<Published, Problem> {
    let _lock = files::take(to, "publish-busy")?;
    let checkpoint = ledger.public_checkpoint().map_err(|error| erase(&error))?;
    let signed = checkpoint.ok_or_else(|| {
        Problem::new("publish-nothing", Exit::Verdict, "the ledger has no checkpoint yet")
            .with_hint("record something first, e.g. with `proofhouse run`")
    })?;
    let tree = Tree::open(ledger, &signed.checkpoint).map_err(problem)?;
    let before = published(to, &signed.checkpoint)?;
    if let Some(before) = &before {
        continues(&before.checkpoint, &signed.checkpoint, &tree).map_err(problem)?;
    }
    let old = before.as_ref().map_or(0, |before| before.checkpoint.size);
    let mut folder = Folder { to, tiles: 0 };
    if old < tree.size() {
        folder.rows(&tree, old)?;
        folder.upper(&tree, old)?;
        folder.edge(tree.edge())?;
    }
    folder.finish(&signed, before.as_ref())?;
    folder.drop_partials(old, tree.size());
    let cosignatures = signed.note.signatures.len().saturating_sub(1);
    Ok(Published { size: tree.size(), before: old, tiles: folder.tiles, cosignatures })
}

/// What the folder has.
fn published(to: &Path, own: &Checkpoint) -> Result<Option<SignedCheckpoint>, Problem> {
    let path = to.join("checkpoint");
    let bytes = files::read(&path, attest::log::MAX_NOTE as u64).map_err(|e| cannot(&path, "read", &e))?;
    let Some(bytes) = bytes else { return Ok(None) };
    let signed = str::from_utf8(&bytes).ok().and_then(|text| SignedCheckpoint::parse(text).ok());
    match signed.filter(|signed| signed.checkpoint.origin == own.origin) {
        Some(signed) => Ok(Some(signed)),
        None => {
            let message = format!("{} is not a checkpoint of {}", path.display(), own.origin);
            Err(Problem::new("publish-foreign", Exit::Input, message)
                .with_hint("publish to a folder of its own"))
        }
    }
}

struct Folder<'a> {
    to: &'a Path,
    tiles: u64,
}

impl Folder<'_> {
    /// Entry bundles and level 0 from the row with entry `old` on.
    fn rows(&mut self, tree: &Tree<'_, Ledger>, old: u64) -> Result<(), Problem> {
        let mut written = Ok(());
        let each = |row: &Row| {
            written = self.row(row);
            written.is_ok()
        };
        tree.rows(old, each).map_err(problem)?;
        written
    }

    fn row(&mut self, row: &Row) -> Result<(), Problem> {
        // A bundle that has more entries stands in for an unfinished one, which must be exactly that long.
        let mut bundle = Vec::new();
        let broken = |_| Problem::new("publish-entry", Exit::Integrity, "an entry bundle is malformed");
        for (_, entry) in row.entries().map_err(broken)? {
            attest::log::pack_entry(&mut bundle, entry).map_err(broken)?;
        }
        self.write(TileId::entries(row.index, row.width), &bundle)?;
        self.write(TileId::hashes(0, row.index, row.width), &join(&row.hashes))
    }

    /// Tiles above level 0 that became full.
    fn upper(&mut self, tree: &Tree<'_, Ledger>, old: u64) -> Result<(), Problem> {
        for level in 1..Edge::depth(tree.size()) {
            let full = |size: u64| size.checked_shr(8 * (level + 1)).unwrap_or(0);
            for index in full(old)..full(tree.size()) {
                let hashes = tree.tile(level, index).map_err(problem)?;
                self.write(TileId::hashes(level, index, TILE_WIDTH), &join(&hashes))?;
            }
        }
        Ok(())
    }

    /// The unfinished tiles above level 0.
    fn edge(&mut self, edge: &Edge) -> Result<(), Problem> {
        for (level, hashes) in (0..).zip(edge.levels()).skip(1).filter(|(_, hashes)| !hashes.is_empty()) {
            let index = (edge.size() >> (8 * level)) / TILE_WIDTH;
            self.write(TileId::hashes(level, index, hashes.len() as u64), &join(hashes))?;
        }
        Ok(())
    }

    fn write(&mut self, tile: TileId, bytes: &[u8]) -> Result<(), Problem> {
        let path = self.to.join(tile.path());
        self.tiles += 1;
        put(&path, bytes).map_err(|error| cannot(&path, "write", &error))
    }

    fn finish(&self, signed: &SignedCheckpoint, before: Option<&SignedCheckpoint>) -> Result<(), Problem> {
        let more = |before: &SignedCheckpoint| before.note.signatures.len() > signed.note.signatures.len();
        if before.is_some_and(|before| before.note.text == signed.note.text && more(before)) {
            return Ok(());
        }
        let path = self.to.join("checkpoint");
        let put = || -> io::Result<()> {
            nix::unistd::syncfs(File::open(self.to)?)?;
            put(&path, signed.to_text().as_bytes())?;
            nix::unistd::syncfs(File::open(self.to)?)?;
            Ok(())
        };
        put().map_err(|error| cannot(&path, "write", &error))
    }

    /// Removes the unfinished forms of tiles that are full now, which tlog-tiles allows.
    fn drop_partials(&self, old: u64, size: u64) {
        let drop = |level: Option<u32>, index: u64| {
            let mut folder = self.to.join(TileId { level, index, width: TILE_WIDTH }.path());
            folder.as_mut_os_string().push(".p");
            // They are only in the way; what cannot be removed now stays without harm.
            let _ = fs::remove_dir_all(folder);
        };
        for level in 0..Edge::depth(size) {
            let tile = (old >> (8 * level)) / TILE_WIDTH;
            if tile != (size >> (8 * level)) / TILE_WIDTH {
                drop(Some(level), tile);
                if level == 0 {
                    drop(None, tile);
                }
            }
        }
    }
}

/// Puts a file in place, completely or not at all, for everybody to read.
fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().set_permissions(Permissions::from_mode(0o644))?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn join(hashes: &[Sha256]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

fn problem(error: TreeError<attest::LedgerError>) -> Problem {
    match error {
        TreeError::Source(error) => erase(&error),
        TreeError::Fault(fault) => erase(&fault),
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, os::unix::net::UnixStream, path::PathBuf};

    use attest::{SignerClient, keys::Unlock, signer};
    use model::{Statement, Subject, Timestamp};

    use super::*;
    use crate::publiclog::{LogKeys, Monitor, Source};

    /// A ledger with a signer of its own, on a thread.
    fn ledger(home: &Path) -> (Ledger, SignerClient) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let keys = home.join("keys");
        std::thread::spawn(move || {
            let unlock = Unlock::MachineKey(keys.join("unlock.key"));
            signer::serve(
                &mut &theirs,
                &mut &theirs,
                &keys,
                unlock,
                &model::FixedClock(Timestamp::UNIX_EPOCH),
            )
        });
        let client = SignerClient::over(ours.try_clone().unwrap(), ours).unwrap();
        (Ledger::open(&home.join("ledger")).unwrap().0, client)
    }

    fn grow(ledger: &mut Ledger, signer: &mut SignerClient, count: u64) {
        let statement = |n: u64| Statement {
            kind: model::statement::STATEMENT_TYPE.into(),
            subject: vec![Subject::sha256("s", Sha256::of(n.to_be_bytes()))],
            predicate_type: "https://example.com/test/v1".into(),
            predicate: serde_json::json!({}),
        };
        let first = ledger.size();
        let statements: Vec<_> = (first..first + count).map(statement).collect();
        ledger.append(signer, &statements, Timestamp::UNIX_EPOCH).unwrap();
    }

    fn names(folder: &Path) -> BTreeSet<PathBuf> {
        let mut all = BTreeSet::new();
        for entry in fs::read_dir(folder).unwrap().flatten() {
            match entry.path().is_dir() {
                true => all.extend(names(&entry.path())),
                false => drop(all.insert(entry.path())),
            }
        }
        all
    }

    #[test]
    fn only_what_changed_is_written_and_a_monitor_follows_over_every_edge() {
        let folder = tempfile::tempdir().unwrap();
        let (mut ledger, mut signer) = ledger(folder.path());
        let keys: Vec<_> = signer.trust().unwrap().logs.iter().filter_map(|log| log.note_key()).collect();
        let to = folder.path().join("public");
        assert_eq!(publish(&ledger, &to).unwrap_err().code, "publish-nothing");
        let keys = LogKeys { all: keys.clone(), now: keys };
        let source = Source::open(to.to_str().unwrap()).unwrap();
        let monitor = Monitor::new(source, keys, &folder.path().join("state")).unwrap();
        let mut size = 0;
        // Sizes 250, 256, 257, 512, 700: an unfinished, a full, a new row; one, then two full rows.
        for (count, tiles) in [(250, 2), (6, 3), (1, 3), (255, 3), (188, 3)] {
            let before = size;
            size += count;
            grow(&mut ledger, &mut signer, count);
            let done = publish(&ledger, &to).unwrap();
            assert_eq!((done.before, done.size, done.tiles), (before, size, tiles), "at {size}");
            let seen = monitor.look(&mut |_| {}).unwrap();
            assert_eq!((seen.examined, seen.unexpected, seen.size), (count, 0, size));
            assert_eq!(publish(&ledger, &to).unwrap().tiles, 0, "nothing new is nothing to write");
            // Also for one that begins now.
            let copy = tempfile::tempdir().unwrap();
            publish(&ledger, copy.path()).unwrap();
            let fresh: BTreeSet<_> = names(copy.path());
            for path in fresh {
                let same = to.join(path.strip_prefix(copy.path()).unwrap());
                assert_eq!(fs::read(path).unwrap(), fs::read(same).unwrap());
            }
        }
        assert!(!to.join("tile/0/000.p").exists(), "unfinished tiles go when the full one is there");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert!(names(&to).iter().all(|path| mode(path) == 0o644), "a web server reads them as another user");

        // A damaged tile of the ledger never gets out.
        grow(&mut ledger, &mut signer, 1);
        let tile = folder.path().join("ledger/tile/entries/002.p/189");
        let mut bytes = fs::read(&tile).unwrap();
        bytes[40] ^= 1;
        fs::write(&tile, bytes).unwrap();
        assert_eq!(publish(&ledger, &to).unwrap_err().code, "log-entries-wrong");
        monitor.look(&mut |_| {}).unwrap();
        fs::write(to.join("checkpoint"), "something else").unwrap();
        assert_eq!(publish(&ledger, &to).unwrap_err().code, "publish-foreign");
        // One process at a time.
        let held = files::take(&to, "busy").unwrap();
        assert_eq!(publish(&ledger, &to).unwrap_err().code, "publish-busy");
        drop(held);
    }
}
