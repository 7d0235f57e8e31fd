//! What is wrong with the settings of a program, one entry a rule: how bad, why, and which flag mends it.

use model::{
    Confidence, Finding, FindingId, Place, Severity, Sha256, Technique,
    predicate::{Binary, BinaryKind, Language, Relro},
};

use super::{
    TOOL,
    paths::{Danger, danger},
};

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// Stable id.
    pub id: &'static str,
    /// One line.
    pub title: &'static str,
    /// How bad, where the file's own circumstances say nothing else.
    pub severity: Severity,
    /// CWE numbers; none where no class fits: a missing safety net is not itself a weakness.
    pub cwe: &'static [u32],
    /// Why it matters.
    pub why: &'static str,
    /// What to do with gcc and clang, with rustc and with go; empty where it does not arise.
    pub fix: [&'static str; 3],
    /// Whether it applies, how bad it is here, and a value that helps.
    found: fn(&Binary, Severity) -> Option<(Severity, String)>,
}

/// Every rule.
pub const RULES: &[Rule] = &[
    Rule {
        id: "hardening-executable-stack",
        title: "The stack is executable",
        severity: Severity::High,
        cwe: &[],
        why: "Whoever can write to the stack can run what they wrote.",
        fix: [
            "link with `-Wl,-z,noexecstack`; give assembler files a `.note.GNU-stack` section and avoid nested functions",
            "remove `-z execstack` from the link arguments; give assembler files a `.note.GNU-stack` section",
            "remove `-z execstack` from `-extldflags`; give assembler files of cgo a `.note.GNU-stack` section",
        ],
        found: |binary, severity| match binary.executable_stack {
            Some(true) => Some((severity, String::new())),
            // What it gets then depends on the kernel and on the dynamic linker.
            None => Some((Severity::Medium, "the file does not say whether it is".to_owned())),
            Some(false) => None,
        },
    },
    Rule {
        id: "hardening-writable-code",
        title: "A segment is writable and executable",
        severity: Severity::High,
        cwe: &[],
        why: "Whoever can write to it can change what the program does.",
        fix: [
            "link without `-N`, `--omagic` and own linker scripts that put code and data together",
            "remove linker scripts and link arguments that put code and data together",
            "remove `-extldflags` that put code and data together",
        ],
        found: |binary, severity| binary.writable_code.then(|| (severity, String::new())),
    },
    Rule {
        id: "hardening-library-path",
        title: "Libraries are looked up where others may write",
        severity: Severity::High,
        cwe: &[426],
        why: "Whoever puts a library there has it loaded into the program.",
        fix: [
            "link without `-rpath`, or with an absolute folder of the administrator; `patchelf --remove-rpath` removes it",
            "remove `-C rpath` and `-rpath` from the link arguments",
            "remove `-rpath` from `-extldflags` and `#cgo LDFLAGS`",
        ],
        found: library_path,
    },
    Rule {
        id: "hardening-not-position-independent",
        title: "The program is loaded at a fixed address",
        severity: Severity::Medium,
        cwe: &[],
        why: "An attacker knows where its code is: the address space is not laid out at random.",
        fix: [
            "compile with `-fPIE` and link with `-pie`",
            "remove `-C relocation-model=static`",
            "build with `go build -buildmode=pie`",
        ],
        found: |binary, severity| {
            let fixed = binary.kind == BinaryKind::Executable && !binary.position_independent;
            // Go checks memory accesses itself; an attacker first needs `unsafe`, cgo or a race.
            let severity = if binary.language == Language::Go { Severity::Low } else { severity };
            fixed.then(|| (severity, String::new()))
        },
    },
    Rule {
        id: "hardening-no-relro",
        title: "Tables of addresses stay writable",
        severity: Severity::Medium,
        cwe: &[],
        why: "Whoever can write to memory can redirect calls of library functions.",
        fix: [
            "link with `-Wl,-z,relro,-z,now`",
            "remove `-C relro-level=off`",
            "build with `go build -buildmode=pie`, with cgo `-extldflags '-Wl,-z,relro,-z,now'`",
        ],
        // A static program of Go has no such tables.
        found: |binary, severity| {
            let without = binary.language == Language::Go && binary.is_static;
            (binary.relro == Relro::None && !without).then(|| (severity, String::new()))
        },
    },
    Rule {
        id: "hardening-partial-relro",
        title: "The table of library functions stays writable",
        severity: Severity::Low,
        cwe: &[],
        why: "It is filled on the first call of each function; whoever can write to memory can redirect calls.",
        fix: [
            "link with `-Wl,-z,now`",
            "set `-C relro-level=full`",
            "build with cgo and `-extldflags '-Wl,-z,now'`",
        ],
        // A static program calls no function of others.
        found: |binary, severity| {
            (binary.relro == Relro::Partial && !binary.is_static).then(|| (severity, String::new()))
        },
    },
    Rule {
        id: "hardening-no-stack-protector",
        title: "No function checks its stack frame",
        severity: Severity::Low,
        cwe: &[],
        why: "A buffer that overflows can change where a function returns to. (A program in which no function needs \
              the check looks the same.)",
        fix: ["compile with `-fstack-protector-strong`", "", ""],
        found: |binary, severity| (binary.stack_protector == Some(false)).then(|| (severity, String::new())),
    },
    Rule {
        id: "hardening-not-fortified",
        title: "Calls of the C library check no sizes",
        severity: Severity::Low,
        cwe: &[],
        why: "Copying and printing functions have variants that stop at an overflow. (Where the compiler could prove \
              each size, it looks the same.)",
        fix: ["compile with `-O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3` (2 for older compilers)", "", ""],
        found: |binary, severity| (binary.fortified == Some(false)).then(|| (severity, String::new())),
    },
    Rule {
        id: "hardening-build-path",
        title: "It tells folders of the machine that built it",
        severity: Severity::Info,
        cwe: &[497],
        why: "Names of people and the layout of the build machine are in it, and it differs from one builder to \
              another.",
        fix: [
            "compile with `-ffile-prefix-map=OLD=NEW`, or strip debug information with `strip --strip-debug`",
            "set `--remap-path-prefix OLD=NEW`, or `trim-paths` in the profile",
            "build with `go build -trimpath`",
        ],
        found: |binary, severity| binary.build_path.clone().map(|path| (severity, path)),
    },
    Rule {
        id: "hardening-no-package-list",
        title: "It does not carry the list of the packages that it is made of",
        severity: Severity::Info,
        cwe: &[],
        why: "Whoever finds the program alone cannot tell whether a vulnerable package is in it.",
        fix: ["", "build with `cargo auditable build`", "build the module with `go build`, not single files"],
        found: |binary, severity| (binary.dependencies == Some(false)).then(|| (severity, String::new())),
    },
];

fn library_path(binary: &Binary, severity: Severity) -> Option<(Severity, String)> {
    let worst = binary.library_path.iter().filter_map(|folder| Some((danger(folder)?, folder)));
    let (danger, folder) = worst.max_by_key(|(danger, _)| *danger)?;
    let severity = if danger == Danger::Everybody { severity } else { Severity::Low };
    // It is shown in terminals.
    let shown: String =
        folder.chars().take(120).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    Some((severity, if shown.is_empty() { "an empty entry: the current folder".to_owned() } else { shown }))
}

/// What is wrong with a program; the ids of the findings are not set yet.
pub fn judge(binary: &Binary) -> Vec<Finding> {
    RULES.iter().filter_map(|rule| rule.finding(binary)).collect()
}

impl Rule {
    fn finding(&self, binary: &Binary) -> Option<Finding> {
        let (severity, detail) = (self.found)(binary, self.severity)?;
        let detail = if detail.is_empty() { detail } else { format!(" ({detail})") };
        let [c, rust, go] = self.fix;
        let fix = match binary.language {
            Language::Rust => rust,
            Language::Go => go,
            Language::C | Language::Unknown => c,
        };
        Some(Finding {
            id: FindingId(Sha256([0; 32])),
            scanner: TOOL.to_owned(),
            rule: self.id.to_owned(),
            technique: Technique::Hardening,
            severity,
            confidence: if self.severity == Severity::Low { Confidence::Medium } else { Confidence::High },
            title: format!("{}{detail}", self.title),
            message: self.why.to_owned(),
            cwe: self.cwe.to_vec(),
            aliases: Vec::new(),
            place: Place::Target { name: binary.path.clone() },
            fix: (!fix.is_empty()).then(|| fix.to_owned()),
            help: None,
            cvss: None,
        })
    }
}
