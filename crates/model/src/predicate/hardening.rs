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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predicate::Scan;

    #[test]
    fn scans_from_before_have_no_settings_and_stay_as_they_are() {
        let digest = "0".repeat(64);
        let old = format!(
            r#"{{"project":"p","tool":{{"name":"t","version":"1"}},"technique":"config","target":{{"stream":"source"}},"findings":{{"digest":{{"hash":"{digest}","size":0}},"count":0,"bySeverity":{{"critical":0,"high":0,"medium":0,"low":0,"info":0}}}},"coverage":{{"seen":1,"scanned":1,"stated":true}},"origin":{{"kind":"built-in"}},"started":"2026-01-01T00:00:00Z","ended":"2026-01-01T00:00:01Z"}}"#
        );
        let scan: Scan = serde_json::from_str(&old).unwrap();
        assert!(scan.binaries.is_empty());
        assert_eq!(serde_json::to_string(&scan).unwrap(), old);
    }

    #[test]
    fn what_a_file_does_not_tell_is_left_out() {
        let binary = Binary {
            path: "out/label".into(),
            digest: Digest::of("x"),
            machine: "x86_64".into(),
            kind: BinaryKind::SharedObject,
            language: Language::Unknown,
            is_static: false,
            position_independent: true,
            relro: Relro::Full,
            executable_stack: None,
            writable_code: false,
            stack_protector: None,
            fortified: None,
            library_path: vec![],
            build_path: None,
            dependencies: None,
        };
        let text = serde_json::to_string(&binary).unwrap();
        assert!(text.contains(r#""kind":"shared-object""#) && !text.contains("Stack"), "{text}");
        assert_eq!(serde_json::from_str::<Binary>(&text).unwrap(), binary);
    }
}
