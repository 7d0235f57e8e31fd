//! The journal's segment files: reading records at a place, adding at the end, cutting.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use nix::fcntl::{FallocateFlags, fallocate};

use super::{
    LedgerError,
    record::{HEAD, Record},
};

/// A new segment is begun when the last one has this many bytes.
const SEGMENT: u64 = if cfg!(test) { 8 << 10 } else { 256 << 20 };

/// Where a record begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// First index of the segment, which is its name.
    pub segment: u64,
    /// Byte offset in it.
    pub offset: u64,
}

/// What is at a place.
#[derive(Debug)]
pub enum Found {
    /// A good record, and where the next one begins.
    Record(Record, Position),
    /// The end of the segment.
    End,
    /// Bytes that are no good record.
    Broken,
}

/// The journal of one ledger.
pub struct Journal {
    dir: PathBuf,
    /// The segment that was read last.
    open: Mutex<Option<(u64, Arc<File>)>>,
}

impl Journal {
    pub fn new(ledger: &Path) -> Self {
        Self { dir: ledger.join("journal"), open: Mutex::new(None) }
    }

    /// Makes the folder, readable by its owner only: envelopes may be confidential.
    pub fn create(&self) -> Result<(), LedgerError> {
        match DirBuilder::new().mode(0o700).create(&self.dir) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(LedgerError::io(&self.dir, error)),
            _ => Ok(()),
        }
    }

    pub fn path(&self, segment: u64) -> PathBuf {
        self.dir.join(format!("{segment:020}.seg"))
    }

    /// First indices of all segments, in order.
    pub fn segments(&self) -> Result<Vec<u64>, LedgerError> {
        let io = |error| LedgerError::io(&self.dir, error);
        let files = match fs::read_dir(&self.dir) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            files => files.map_err(io)?,
        };
        let mut starts = Vec::new();
        for file in files {
            let name = file.map_err(io)?.file_name();
            let start = name.to_str().and_then(|name| name.strip_suffix(".seg")?.parse::<u64>().ok());
            starts.extend(start);
        }
        starts.sort_unstable();
        Ok(starts)
    }

    /// Bytes in a segment; 0 when there is none.
    pub fn length(&self, segment: u64) -> Result<u64, LedgerError> {
        match fs::metadata(self.path(segment)) {
            Ok(metadata) => Ok(metadata.len()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
            Err(error) => Err(LedgerError::io(&self.path(segment), error)),
        }
    }

    /// Reads what is at `place`.
    pub fn read(&self, place: Position) -> Result<Found, LedgerError> {
        let io = |error| LedgerError::io(&self.path(place.segment), error);
        let file = match self.file(place.segment) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::End),
            file => file.map_err(io)?,
        };
        let mut head = [0; HEAD];
        match read_up_to(&file, &mut head, place.offset).map_err(io)? {
            0 => return Ok(Found::End),
            HEAD => {}
            _ => return Ok(Found::Broken),
        }
        let Some(length) = Record::body_length(&head) else { return Ok(Found::Broken) };
        let start = place.offset + HEAD as u64;
        // A lying length must not reserve memory that the file cannot fill.
        if file.metadata().map_err(io)?.len() < start + length as u64 {
            return Ok(Found::Broken);
        }
        let mut body = vec![0; length];
        read_up_to(&file, &mut body, start).map_err(io)?;
        let next = Position { segment: place.segment, offset: start + length as u64 };
        Ok(Record::decode(&head, &body).map_or(Found::Broken, |record| Found::Record(record, next)))
    }

    /// Where record `index` is to be written when the journal ends at `end`.
    pub fn place_for(&self, index: u64, end: Position) -> Position {
        if end.offset < SEGMENT { end } else { Position { segment: index, offset: 0 } }
    }

    /// Writes `bytes` at `place`, which is the end, and flushes them. After an error the segment has
    /// its old length again.
    pub fn write(&self, place: Position, bytes: &[u8]) -> Result<(), LedgerError> {
        let path = self.path(place.segment);
        let fresh = place.offset == 0;
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = file.map_err(|error| LedgerError::io(&path, error))?;
        let written = file.write_all_at(bytes, place.offset).and_then(|()| file.sync_data());
        let written = written.and_then(|()| if fresh { sync_dir(&self.dir) } else { Ok(()) });
        written.map_err(|error| {
            // The first error is the one to tell; what stays behind is cut when the ledger is opened.
            let _ = file.set_len(place.offset);
            LedgerError::io(&path, error)
        })
    }

    /// Bytes of the body of the record at `place`.
    pub fn body_length(&self, place: Position) -> Result<usize, LedgerError> {
        let io = |error| LedgerError::io(&self.path(place.segment), error);
        let mut head = [0; HEAD];
        self.file(place.segment).map_err(io)?.read_exact_at(&mut head, place.offset).map_err(io)?;
        Record::body_length(&head).ok_or_else(|| LedgerError::damaged("a record", "it has no head"))
    }

    /// Writes `bytes`, which are followed by `zeros` zeros, over what is at `place`. The space of the zeros
    /// is given back where the file system can do that.
    pub fn overwrite(&self, place: Position, bytes: &[u8], zeros: u64) -> Result<(), LedgerError> {
        let path = self.path(place.segment);
        let write = || -> io::Result<()> {
            let file = OpenOptions::new().write(true).open(&path)?;
            // Before there is memory for it: a forged `redo` may name any number.
            let end = place.offset.checked_add(bytes.len() as u64).and_then(|end| end.checked_add(zeros));
            if end.is_none_or(|end| file.metadata().map_or(true, |data| data.len() < end)) {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            let all = [bytes, &vec![0; zeros as usize]].concat();
            file.write_all_at(&all, place.offset)?;
            let (from, count) = ((place.offset + bytes.len() as u64).cast_signed(), zeros.cast_signed());
            let hole = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
            // Zeros that take space are as good.
            let _ = if zeros > 0 { fallocate(&file, hole, from, count) } else { Ok(()) };
            Ok(())
        };
        write().map_err(|error| LedgerError::io(&path, error))
    }

    /// Flushes a segment.
    pub fn sync(&self, segment: u64) -> Result<(), LedgerError> {
        let path = self.path(segment);
        let synced = File::open(&path).and_then(|file| file.sync_data());
        synced.map_err(|error| LedgerError::io(&path, error))
    }

    /// Cuts everything from `place` on in its segment.
    pub fn cut(&self, place: Position) -> Result<(), LedgerError> {
        let path = self.path(place.segment);
        let file = OpenOptions::new().write(true).open(&path);
        let cut = file.and_then(|file| file.set_len(place.offset).and_then(|()| file.sync_data()));
        cut.map_err(|error| LedgerError::io(&path, error))
    }

    /// Copies everything from `place` on into `to`.
    pub fn save_tail(&self, place: Position, to: &Path) -> Result<(), LedgerError> {
        let path = self.path(place.segment);
        let copy = || -> io::Result<()> {
            let mut source = File::open(&path)?;
            io::Seek::seek(&mut source, io::SeekFrom::Start(place.offset))?;
            io::copy(&mut source, &mut File::create(to)?).map(drop)
        };
        copy().map_err(|error| LedgerError::io(to, error))
    }

    fn file(&self, segment: u64) -> io::Result<Arc<File>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, file)) = open.as_ref().filter(|(known, _)| *known == segment) {
            debug_assert_eq!(*known, segment);
            return Ok(Arc::clone(file));
        }
        let file = Arc::new(File::open(self.path(segment))?);
        *open = Some((segment, Arc::clone(&file)));
        Ok(file)
    }
}

/// Flushes a folder, so that names in it survive a power cut.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Reads until `buffer` is full or the file ends; how many bytes came.
fn read_up_to(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match file.read_at(&mut buffer[done..], offset + done as u64) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use model::{Statement, Subject};

    use super::*;
    use crate::{Ledger, SignerClient, keys::Unlock, ledger::verify_dir, signer::serve};

    /// A signer in a thread, which the streams of a client may lead to as well.
    fn signer(home: &Path) -> SignerClient {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let keys = home.join("keys");
        std::thread::spawn(move || {
            let unlock = Unlock::MachineKey(keys.join("unlock.key"));
            serve(
                &mut &theirs,
                &mut &theirs,
                &keys,
                unlock,
                &model::FixedClock(model::Timestamp::UNIX_EPOCH),
            )
            .unwrap();
        });
        SignerClient::over(ours.try_clone().unwrap(), ours).unwrap()
    }

    fn append(ledger: &mut Ledger, signer: &mut SignerClient, n: u64) {
        let statement = Statement {
            kind: model::statement::STATEMENT_TYPE.into(),
            subject: vec![Subject::named(format!("s{n}"), "sha1", "00")],
            predicate_type: "https://example.com/test/v1".into(),
            predicate: "x".repeat(900).into(),
        };
        ledger.append(signer, &[statement], model::Timestamp::UNIX_EPOCH).unwrap();
    }

    #[test]
    fn a_journal_of_many_segments_opens_recovers_and_names_its_damage() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("ledger");
        let mut signer = signer(home.path());
        let (mut ledger, _) = Ledger::open(&dir).unwrap();
        (0..40).for_each(|n| append(&mut ledger, &mut signer, n));
        let segments = ledger.journal.segments().unwrap();
        assert!(segments.len() > 4, "{segments:?}");
        let trust = signer.trust().unwrap();
        assert!(verify_dir(&dir, &trust).unwrap().ok());

        // Without index everything is found again, across segments.
        fs::remove_file(dir.join("index")).unwrap();
        let (mut ledger, recovery) = Ledger::open(&dir).unwrap();
        assert!(recovery.index_rebuilt && ledger.size() == 40, "{recovery:?}");
        append(&mut ledger, &mut signer, 40);
        assert_eq!(ledger.iter_from(0).filter(Result::is_ok).count(), 41);

        // A missing segment, or one that was cut, is damage and never taken for an unfinished tail.
        let middle = ledger.journal.path(segments[2]);
        let bytes = fs::read(&middle).unwrap();
        fs::write(&middle, &bytes[..bytes.len() - 1]).unwrap();
        let report = verify_dir(&dir, &trust).unwrap();
        assert_eq!((report.damaged, report.damages[0].index), (1, Some(segments[3] - 1)), "{report:?}");
        fs::remove_file(dir.join("index")).unwrap();
        let error = Ledger::open(&dir).err().unwrap().to_string();
        assert!(error.contains(&format!("record {}", segments[3] - 1)), "{error}");
        fs::remove_file(&middle).unwrap();
        let damages = verify_dir(&dir, &trust).unwrap().damages;
        let records = damages.iter().filter(|damage| damage.part == crate::ledger::Part::Record);
        assert_eq!(records.count() as u64, segments[3] - segments[2]);
        fs::write(&middle, &bytes).unwrap();
        let (ledger, _) = Ledger::open(&dir).unwrap();
        assert_eq!(ledger.size(), 41);
        assert!(ledger.verify(&trust).unwrap().ok());
    }
}
