//! Reading a release file in one pass: everything is compared with the manifest at its beginning.

use std::io::{self, Read};

use model::{
    Hasher, Sha256, Statement,
    predicate::{ReleaseBundle, ReleaseMember},
};

use super::{
    BLOBS, EVIDENCE, MANIFEST, ReleaseError, TRUST,
    archive::{BLOCK, header, padding},
    error::inside,
    usable,
};
use crate::bundle::{Bundle, MAX_BUNDLE, MAX_EVIDENCE};

/// Largest trust file inside a release.
const MAX_TRUST: u64 = 16 << 20;

/// A release file whose bytes are what its manifest says. Whether the manifest is true is another question:
/// [`super::Release`].
pub struct Contents {
    /// Bundle of the manifest, as it stands in the file.
    pub manifest: Vec<u8>,
    /// The same, read.
    pub bundle: Bundle,
    /// Its statement.
    pub statement: Statement,
    /// What the statement says.
    pub release: ReleaseBundle,
    /// The bundles, one a line.
    pub evidence: Vec<u8>,
    /// Trust file of whoever exported it.
    pub trust: Vec<u8>,
    /// Bytes of the members.
    pub bytes: u64,
}

/// What is done with each blob while it is read, and hashed. What it leaves unread is read after it.
pub type Visit<'a> = dyn FnMut(&ReleaseMember, &mut dyn Read) -> io::Result<()> + 'a;

/// Reads a release file. Memory is needed for manifest, evidence and trust file only.
///
/// # Errors
/// The first [`ReleaseError`]; `visit` has then seen blobs of a file that must not be used.
pub fn read(mut input: impl Read, visit: &mut Visit<'_>) -> Result<Contents, ReleaseError> {
    let manifest = first(&mut input)?;
    let bundle = Bundle::parse(&manifest).map_err(|error| ReleaseError::Manifest(error.to_string()))?;
    let (statement, release) = said(&bundle)?;
    let (mut evidence, mut trust, mut bytes) = (Vec::new(), Vec::new(), 0_u64);
    for position in 0..release.members.len() {
        let member = &release.members[position];
        next(&mut input, position, &release.members)?;
        let mut content = Hashing { input: (&mut input).take(member.size), hasher: Hasher::new() };
        match member.name.as_str() {
            EVIDENCE => content.read_to_end(&mut evidence).map(drop),
            TRUST => content.read_to_end(&mut trust).map(drop),
            _ => visit(member, &mut content),
        }
        .map_err(ReleaseError::Io)?;
        io::copy(&mut content, &mut io::sink()).map_err(ReleaseError::Io)?;
        if content.input.limit() > 0 {
            return Err(ReleaseError::Truncated(member.name.clone()));
        }
        if content.hasher.finish() != member.sha256 {
            return Err(ReleaseError::Changed(member.name.clone()));
        }
        zeros(&mut input, padding(member.size), &member.name)?;
        bytes = bytes.saturating_add(member.size);
    }
    end(&mut input, &release.members)?;
    Ok(Contents { manifest, bundle, statement, release, evidence, trust, bytes })
}

/// The manifest's bytes.
fn first(input: &mut impl Read) -> Result<Vec<u8>, ReleaseError> {
    let mut found = [0; BLOCK];
    input.read_exact(&mut found).map_err(inside(MANIFEST))?;
    let size = tar::Header::from_byte_slice(&found).entry_size().unwrap_or(u64::MAX);
    let expected = header(MANIFEST, size).ok().filter(|_| size <= MAX_BUNDLE as u64);
    if expected != Some(found) {
        return Err(ReleaseError::Manifest("the file does not begin with one".into()));
    }
    let mut manifest = Vec::new();
    input.take(size).read_to_end(&mut manifest).map_err(ReleaseError::Io)?;
    if manifest.len() as u64 != size {
        return Err(ReleaseError::Truncated(MANIFEST.to_owned()));
    }
    zeros(input, padding(size), MANIFEST)?;
    Ok(manifest)
}

/// What the manifest says, when a release can be like that.
fn said(bundle: &Bundle) -> Result<(Statement, ReleaseBundle), ReleaseError> {
    let refuse = |why: String| ReleaseError::Manifest(why);
    let statement = bundle.content.statement().map_err(|error| refuse(error.to_string()))?;
    let release: ReleaseBundle = match statement.decode() {
        Some(release) => release.map_err(|error| refuse(error.to_string()))?,
        None => return Err(refuse(format!("it is a statement of type {}", statement.predicate_type))),
    };
    let members = &release.members;
    if let Some(pair) = members.windows(2).find(|pair| pair[0].name >= pair[1].name) {
        let name = pair[1].name.clone();
        return Err(match pair[0].name == name {
            true => ReleaseError::Twice(name),
            false => refuse(format!("`{name}` is not in order")),
        });
    }
    for member in members {
        named(member)?;
    }
    for needed in [EVIDENCE, TRUST] {
        if !members.iter().any(|member| member.name == needed) {
            return Err(ReleaseError::Missing(needed.to_owned()));
        }
    }
    for subject in &statement.subject {
        let digest = subject.sha256_digest();
        let name = digest.map(|digest| format!("{BLOBS}{digest}"));
        // In order, as was checked above.
        let known = |name: &String| members.binary_search_by(|member| member.name.cmp(name)).is_ok();
        if !name.as_ref().is_some_and(known) {
            return Err(ReleaseError::Missing(subject.name.clone()));
        }
    }
    usable(statement.subject.iter().map(|subject| subject.name.as_str()))?;
    Ok((statement, release))
}

/// A member's name follows from its content, and what is read into memory is small.
fn named(member: &ReleaseMember) -> Result<(), ReleaseError> {
    let most = match member.name.as_str() {
        EVIDENCE => MAX_EVIDENCE as u64,
        TRUST => MAX_TRUST,
        // A header can say no more.
        name if name.strip_prefix(BLOBS) == Some(&member.sha256.hex()) => i64::MAX as u64,
        _ => return Err(ReleaseError::Name(member.name.clone())),
    };
    match member.size <= most {
        true => Ok(()),
        false => Err(ReleaseError::Size { name: member.name.clone(), found: member.size, expected: most }),
    }
}

/// Reads the header of the member at `position`; any other is an error.
fn next(input: &mut impl Read, position: usize, members: &[ReleaseMember]) -> Result<(), ReleaseError> {
    let member = &members[position];
    let mut found = [0; BLOCK];
    input.read_exact(&mut found).map_err(inside(&member.name))?;
    let expected = header(&member.name, member.size).map_err(ReleaseError::Io)?;
    if found == expected { Ok(()) } else { Err(strange(&found, position, members)) }
}

/// What is wrong with a header that is not the one that belongs here.
fn strange(found: &[u8; BLOCK], position: usize, members: &[ReleaseMember]) -> ReleaseError {
    let expected = members.get(position);
    if let Some(member) = expected.filter(|_| found.iter().all(|byte| *byte == 0)) {
        return ReleaseError::Missing(member.name.clone());
    }
    let header = tar::Header::from_byte_slice(found);
    let name = String::from_utf8_lossy(&header.path_bytes()).into_owned();
    let kind = header.entry_type();
    if kind != tar::EntryType::Regular {
        return ReleaseError::Kind { name, kind: word(kind) };
    }
    let before = |known: usize| known < position;
    match members.iter().position(|member| member.name == name) {
        _ if name == MANIFEST => ReleaseError::Twice(name),
        Some(known) if before(known) => ReleaseError::Twice(name),
        Some(known) if known > position => {
            ReleaseError::Missing(expected.map_or(String::new(), |member| member.name.clone()))
        }
        Some(known) => match header.entry_size() {
            Ok(size) if size == members[known].size => ReleaseError::Header(name),
            size => {
                ReleaseError::Size { name, found: size.unwrap_or(u64::MAX), expected: members[known].size }
            }
        },
        None if plain(&name) => ReleaseError::Added(name),
        None => ReleaseError::Name(name),
    }
}

/// A name that a release could have.
fn plain(name: &str) -> bool {
    let blob = name.strip_prefix(BLOBS).is_some_and(|hex| hex.parse::<Sha256>().is_ok());
    blob || [EVIDENCE, TRUST].contains(&name)
}

fn word(kind: tar::EntryType) -> &'static str {
    use tar::EntryType as E;
    match kind {
        E::Link | E::Symlink => "a link",
        E::Directory => "a folder",
        E::Char | E::Block | E::Fifo => "a device",
        E::GNUSparse => "a sparse file",
        E::GNULongName | E::GNULongLink | E::XHeader | E::XGlobalHeader => {
            "an extension of the archive format"
        }
        _ => "something else",
    }
}

fn zeros(input: &mut impl Read, count: usize, name: &str) -> Result<(), ReleaseError> {
    let mut found = [0; BLOCK];
    input.read_exact(&mut found[..count]).map_err(inside(name))?;
    if found[..count].iter().all(|byte| *byte == 0) { Ok(()) } else { Err(ReleaseError::Header(name.into())) }
}

fn end(input: &mut impl Read, members: &[ReleaseMember]) -> Result<(), ReleaseError> {
    for _ in 0..2 {
        let mut found = [0; BLOCK];
        input.read_exact(&mut found).map_err(inside("its end"))?;
        if found.iter().any(|byte| *byte != 0) {
            return Err(strange(&found, members.len(), members));
        }
    }
    match input.read(&mut [0; 1]).map_err(ReleaseError::Io)? {
        0 => Ok(()),
        _ => Err(ReleaseError::Trailing),
    }
}

/// Hashes what passes through.
struct Hashing<R> {
    input: io::Take<R>,
    hasher: Hasher,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        Ok(count)
    }
}
