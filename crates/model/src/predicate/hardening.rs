//! How a program was compiled and linked: the security settings that its file shows.

use serde::{Deserialize, Serialize};

use crate::Digest;

/// The settings of one ELF file (System V ABI, gABI chapters 4 and 5; GNU extensions of the program header).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Binary {
    /// Path among the outputs of the run.
    pub path: String,
    /// Its bytes.
    pub digest: Digest,
    /// Processor: `x86_64`, `aarch64`.
    pub machine: String,
    /// Program or library.
    pub kind: BinaryKind,
    /// Language it was mainly written in, as far as the file tells.
    pub language: Language,
    /// It is loaded without the help of a dynamic linker.
    #[serde(rename = "static")]
    pub is_static: bool,
    /// It can be loaded at any address (a library always can).
    pub position_independent: bool,
    /// What of its tables is read-only once it is loaded.
    pub relro: Relro,
    /// Its stack is executable; absent when the file does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executable_stack: Option<bool>,
    /// A segment is writable and executable.
    pub writable_code: bool,
    /// Functions check their stack frame; absent where this cannot be told or is no question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack_protector: Option<bool>,
    /// Calls of the C library check sizes; absent where this cannot be told or is no question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fortified: Option<bool>,
    /// Folders in which it has libraries looked up (RPATH and RUNPATH), the first few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub library_path: Vec<String>,
    /// A folder of the machine that built it, as an example; absent when none was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build_path: Option<String>,
    /// It carries the list of the packages that it is made of; absent for languages that have no such list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dependencies: Option<bool>,
}

/// What an ELF file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BinaryKind {
    /// A program.
    Executable,
    /// A library, or a module that a program loads.
    SharedObject,
}

/// Language, as far as it matters to which settings there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// C, C++ and what else these compilers translate.
    C,
    /// Rust.
    Rust,
    /// Go.
    Go,
    /// The file does not tell.
    Unknown,
}

/// Relocation read-only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relro {
    /// Tables of addresses stay writable.
    None,
    /// But for those that are filled on the first call of a function.
    Partial,
    /// All of them are read-only.
    Full,
}
