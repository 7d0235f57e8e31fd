//! Names of git objects: the digest of a short header and the raw content. Computed here, from what the
//! store holds, because a repository decides what git itself says about the files on disk.

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};

/// Which digest a repository names its objects with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectFormat {
    /// What nearly all do.
    Sha1,
    /// `git init --object-format=sha256`.
    Sha256,
}

/// Name of a blob, tree or commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectId {
    /// 20 bytes.
    Sha1([u8; 20]),
    /// 32 bytes.
    Sha256([u8; 32]),
}

impl ObjectFormat {
    /// Bytes of a name.
    pub fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// Name of an object; `kind` is `blob`, `tree` or `commit`.
    pub fn name(self, kind: &str, content: &[u8]) -> Option<ObjectId> {
        let mut naming = Naming::begin(self, kind, content.len() as u64);
        naming.feed(content);
        naming.end()
    }
}

impl ObjectId {
    /// A name as it is in a tree.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let sha1 = bytes.try_into().ok().map(Self::Sha1);
        sha1.or_else(|| bytes.try_into().ok().map(Self::Sha256))
    }

    /// A name as git prints it.
    pub fn parse(hex: &str) -> Option<Self> {
        let digits: Option<Vec<u8>> =
            hex.chars().map(|c| c.to_digit(16).and_then(|n| n.try_into().ok())).collect();
        let bytes: Vec<u8> =
            digits?.chunks(2).map(|pair| pair.iter().fold(0, |sum, n| sum << 4 | n)).collect();
        Self::from_bytes(&bytes).filter(|id| id.as_bytes().len() * 2 == hex.len())
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Sha1(bytes) => bytes,
            Self::Sha256(bytes) => bytes,
        }
    }

    /// Which digest it is.
    pub fn format(&self) -> ObjectFormat {
        match self {
            Self::Sha1(_) => ObjectFormat::Sha1,
            Self::Sha256(_) => ObjectFormat::Sha256,
        }
    }
}

impl std::fmt::Display for ObjectId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The name of an object whose content comes in pieces.
pub(crate) struct Naming(Context);

impl Naming {
    pub(crate) fn begin(format: ObjectFormat, kind: &str, length: u64) -> Self {
        let mut context = Context::new(match format {
            ObjectFormat::Sha1 => &SHA1_FOR_LEGACY_USE_ONLY,
            ObjectFormat::Sha256 => &SHA256,
        });
        context.update(format!("{kind} {length}\0").as_bytes());
        Self(context)
    }

    pub(crate) fn feed(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    pub(crate) fn end(self) -> Option<ObjectId> {
        ObjectId::from_bytes(self.0.finish().as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_git_gives() {
        let name = |format: ObjectFormat, content: &[u8]| format.name("blob", content).unwrap().to_string();
        assert_eq!(name(ObjectFormat::Sha1, b""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(name(ObjectFormat::Sha1, b"hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
        assert_eq!(
            name(ObjectFormat::Sha256, b""),
            "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813"
        );
    }

    #[test]
    fn only_a_whole_name_is_read() {
        let whole = "ce013625030ba8dba906f756967f9e9ca394464a";
        assert_eq!(ObjectId::parse(whole).unwrap().to_string(), whole);
        for bad in ["", "ce01", "HEAD", &whole[1..], &format!("{whole}0"), &whole.replace('c', "g")] {
            assert_eq!(ObjectId::parse(bad), None, "{bad}");
        }
    }
}
