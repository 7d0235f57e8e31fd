//! The settings of one ELF file, from its program headers, dynamic section, symbols and notes.
//!
//! Sources: System V gABI chapters 4 and 5; `elf(5)` for `PT_GNU_STACK`, `PT_GNU_RELRO` and `DF_1_PIE`. What a file no
//! longer tells (no sections, no symbols) is unknown, never good. Everything is bounded by the size of the file.

use model::{
    Digest,
    predicate::{Binary, BinaryKind, Language, Relro},
};
use object::{
    LittleEndian as Le, elf,
    read::elf::{Dyn, FileHeader, ProgramHeader, SectionHeader, SectionTable, Sym},
};

use super::paths;

type Header = elf::FileHeader64<Le>;
type Segment = elf::ProgramHeader64<Le>;

/// Most entries of a search path that are kept, and the longest that is read.
const MOST_FOLDERS: usize = 32;
const LONGEST_PATH: usize = 4096;

/// Why a file has no settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ElfError {
    /// An object file, a core dump, or debug information that was cut off a program.
    #[error("neither a program nor a shared object")]
    NotAProgram,
    /// Another processor, word size or byte order.
    #[error("for a processor that is not known here ({0})")]
    Machine(String),
    /// Its tables are wrong.
    #[error("not a valid ELF file: {0}")]
    Malformed(String),
}

impl From<object::Error> for ElfError {
    fn from(error: object::Error) -> Self {
        Self::Malformed(error.to_string())
    }
}

/// What a file shows; see [`Binary`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings(Binary);

impl Settings {
    /// The settings as those of a file.
    pub fn of(self, path: &str, digest: Digest) -> Binary {
        Binary { path: path.to_owned(), digest, ..self.0 }
    }
}

/// Reads the settings of a file.
///
/// # Errors
/// It is no program for a processor that is known here, or it is damaged.
pub fn settings(bytes: &[u8]) -> Result<Settings, ElfError> {
    let machine = machine(bytes)?;
    let header = Header::parse(bytes)?;
    let segments = header.program_headers(Le, bytes)?;
    let sections = header.sections(Le, bytes)?;
    let text = sections.section_by_name(Le, b".text").map(|(_, section)| section.sh_type(Le));
    let kind = header.e_type(Le);
    if ![elf::ET_EXEC, elf::ET_DYN].contains(&kind) || text == Some(elf::SHT_NOBITS) {
        return Err(ElfError::NotAProgram);
    }
    let dynamic = Dynamic::read(segments, bytes)?;
    let of_kind = |wanted: elf::ProgramType| segments.iter().find(|segment| segment.p_type(Le) == wanted);
    let interpreter = of_kind(elf::PT_INTERP).map(|s| s.data(Le, bytes).unwrap_or_default());
    let executable = kind == elf::ET_EXEC || interpreter.is_some() || dynamic.pie;
    let (symbols, dependencies_of) = (Symbols::read(&sections, bytes)?, &sections);
    let language = language(dependencies_of, bytes, &symbols);
    // The C library is inside of a static program and checks its own frames, whatever the program does.
    let judged = language == Language::C && of_kind(elf::PT_DYNAMIC).is_some() && symbols.dynamic;
    let glibc = interpreter.is_none_or(|name| memchr::memmem::find(name, b"musl").is_none());
    Ok(Settings(Binary {
        path: String::new(),
        digest: Digest::of(b""),
        machine: machine.to_owned(),
        kind: if executable { BinaryKind::Executable } else { BinaryKind::SharedObject },
        language,
        is_static: executable && interpreter.is_none(),
        position_independent: kind == elf::ET_DYN,
        relro: match of_kind(elf::PT_GNU_RELRO) {
            None => Relro::None,
            Some(_) if dynamic.bound_at_start() => Relro::Full,
            Some(_) => Relro::Partial,
        },
        executable_stack: of_kind(elf::PT_GNU_STACK).map(|stack| stack.p_flags(Le).0 & elf::PF_X.0 != 0),
        writable_code: segments.iter().any(|segment| {
            let both = elf::PF_W.0 | elf::PF_X.0;
            segment.p_type(Le) == elf::PT_LOAD && segment.p_flags(Le).0 & both == both
        }),
        stack_protector: judged.then_some(symbols.stack_protector),
        fortified: if judged && glibc { symbols.fortified() } else { None },
        build_path: paths::of_builder(bytes),
        dependencies: dependencies(language, &sections, bytes),
        library_path: dynamic.folders,
    }))
}

/// Name of the processor, from the first bytes that all ELF files share.
fn machine(bytes: &[u8]) -> Result<&'static str, ElfError> {
    let (Some(class), Some(order), Some(number)) =
        (bytes.get(4), bytes.get(5), bytes.get(18..20).and_then(|bytes| bytes.first_chunk::<2>()))
    else {
        return Err(ElfError::Malformed("it ends in its header".to_owned()));
    };
    let (class, order) = (elf::FileClass(*class), elf::DataEncoding(*order));
    let number = match order {
        elf::ELFDATA2MSB => u16::from_be_bytes(*number),
        _ => u16::from_le_bytes(*number),
    };
    match (class, order, elf::Machine(number)) {
        (elf::ELFCLASS64, elf::ELFDATA2LSB, elf::EM_X86_64) => Ok("x86_64"),
        (elf::ELFCLASS64, elf::ELFDATA2LSB, elf::EM_AARCH64) => Ok("aarch64"),
        _ => Err(ElfError::Machine(format!("machine {number}, class {}, byte order {}", class.0, order.0))),
    }
}

/// What the dynamic section says.
#[derive(Default)]
struct Dynamic {
    there: bool,
    pie: bool,
    now: bool,
    lazy: bool,
    folders: Vec<String>,
}

impl Dynamic {
    fn read(segments: &[Segment], bytes: &[u8]) -> Result<Self, ElfError> {
        let mut found = Self::default();
        let (mut strings, mut names) = (None, Vec::new());
        for segment in segments {
            let Some(entries) = segment.dynamic(Le, bytes)? else { continue };
            found.there = true;
            for entry in entries {
                let value = entry.d_val(Le);
                match entry.d_tag(Le) {
                    elf::DT_NULL => break,
                    elf::DT_BIND_NOW => found.now = true,
                    elf::DT_FLAGS => found.now |= value & elf::DF_BIND_NOW.0 != 0,
                    elf::DT_FLAGS_1 => {
                        found.now |= value & elf::DF_1_NOW.0 != 0;
                        found.pie |= value & elf::DF_1_PIE.0 != 0;
                    }
                    elf::DT_JMPREL => found.lazy = true,
                    elf::DT_STRTAB => strings = Some(value),
                    elf::DT_RPATH | elf::DT_RUNPATH if names.len() < MOST_FOLDERS => names.push(value),
                    _ => {}
                }
            }
        }
        for name in names {
            let place = strings.and_then(|strings| strings.checked_add(name));
            let text = place.and_then(|place| text_at(place, segments, bytes));
            let text = text.ok_or_else(|| {
                ElfError::Malformed("its search path for libraries lies outside of it".to_owned())
            })?;
            found.folders.extend(String::from_utf8_lossy(text).split(':').map(str::to_owned));
        }
        found.folders.truncate(MOST_FOLDERS);
        Ok(found)
    }

    /// No table of functions is filled later than at the start.
    fn bound_at_start(&self) -> bool {
        self.there && (self.now || !self.lazy)
    }
}

/// Text up to its NUL at an address of the loaded program.
fn text_at<'a>(address: u64, segments: &[Segment], bytes: &'a [u8]) -> Option<&'a [u8]> {
    let holds = |segment: &&Segment| {
        let inside = address.checked_sub(segment.p_vaddr(Le));
        segment.p_type(Le) == elf::PT_LOAD && inside.is_some_and(|at| at < segment.p_filesz(Le))
    };
    let segment = segments.iter().find(holds)?;
    let at = (address - segment.p_vaddr(Le)).checked_add(segment.p_offset(Le))?;
    let rest = bytes.get(usize::try_from(at).ok()?..)?;
    let rest = &rest[..rest.len().min(LONGEST_PATH)];
    rest.get(..memchr::memchr(0, rest)?)
}

/// What the names of symbols tell.
#[derive(Default)]
struct Symbols {
    /// There is a table of what the dynamic linker resolves.
    dynamic: bool,
    stack_protector: bool,
    /// Calls a function of the C library that checks sizes.
    checked: bool,
    /// Calls one that has a checking twin.
    plain: bool,
    rust: bool,
}

impl Symbols {
    fn read(sections: &SectionTable<'_, Header>, bytes: &[u8]) -> Result<Self, ElfError> {
        let mut found = Self::default();
        for kind in [elf::SHT_DYNSYM, elf::SHT_SYMTAB] {
            let table = sections.symbols(Le, bytes, kind)?;
            let dynamic = kind == elf::SHT_DYNSYM;
            found.dynamic |= dynamic && !table.is_empty();
            for symbol in table.iter() {
                // A name that lies outside of the table is nobody's.
                let name = symbol.name(Le, table.strings()).unwrap_or_default();
                found.rust |= name == b"rust_eh_personality" || name == b"rust_begin_unwind";
                // What it has itself says nothing of what the compiler added to its functions.
                let imported = dynamic && symbol.st_shndx(Le) == elf::SHN_UNDEF;
                found.stack_protector |= PROTECTORS.contains(&name) && (imported || !dynamic);
                if imported {
                    found.checked |=
                        name.starts_with(b"__") && name.ends_with(b"_chk") && !name.starts_with(b"__stack");
                    found.plain |= FORTIFIABLE.contains(&name);
                }
            }
        }
        Ok(found)
    }

    fn fortified(&self) -> Option<bool> {
        (self.checked || self.plain).then_some(self.checked)
    }
}

const PROTECTORS: [&[u8]; 3] = [b"__stack_chk_fail", b"__stack_chk_guard", b"__stack_chk_fail_local"];

/// Functions of the C library that `_FORTIFY_SOURCE=2` replaces by checking ones (glibc manual, "Source
/// Fortification").
const FORTIFIABLE: [&[u8]; 34] = [
    b"printf",
    b"fprintf",
    b"vprintf",
    b"vfprintf",
    b"dprintf",
    b"vdprintf",
    b"sprintf",
    b"snprintf",
    b"vsprintf",
    b"vsnprintf",
    b"asprintf",
    b"vasprintf",
    b"syslog",
    b"memcpy",
    b"memmove",
    b"memset",
    b"mempcpy",
    b"strcpy",
    b"stpcpy",
    b"strncpy",
    b"strcat",
    b"strncat",
    b"gets",
    b"fgets",
    b"fread",
    b"read",
    b"pread",
    b"recv",
    b"recvfrom",
    b"readlink",
    b"realpath",
    b"getcwd",
    b"confstr",
    b"wcscpy",
];

/// The language, by what compilers leave in a file: section names, the notes in `.comment`, and for Rust the paths of
/// its library in messages of panics.
fn language(sections: &SectionTable<'_, Header>, bytes: &[u8], symbols: &Symbols) -> Language {
    let has = |name: &[u8]| sections.section_by_name(Le, name).is_some();
    if has(b".go.buildinfo") || has(b".note.go.buildid") {
        return Language::Go;
    }
    let comment = sections.section_by_name(Le, b".comment").and_then(|(_, s)| s.data(Le, bytes).ok());
    let says = |what: &[u8]| comment.is_some_and(|text| memchr::memmem::find(text, what).is_some());
    if has(b".dep-v0") || symbols.rust || says(b"rustc version") || paths::of_rust_library(bytes) {
        Language::Rust
    } else if says(b"GCC: ") || says(b"clang version") {
        Language::C
    } else {
        Language::Unknown
    }
}

/// Whether the list of packages is inside: the section of `cargo auditable`, the module lines of Go's build information.
fn dependencies(language: Language, sections: &SectionTable<'_, Header>, bytes: &[u8]) -> Option<bool> {
    let data = |name: &[u8]| sections.section_by_name(Le, name).and_then(|(_, s)| s.data(Le, bytes).ok());
    match language {
        Language::Rust => Some(data(b".dep-v0").is_some_and(|list| !list.is_empty())),
        Language::Go => {
            let information = data(b".go.buildinfo").unwrap_or_default();
            Some(memchr::memmem::find(information, b"path\t").is_some())
        }
        Language::C | Language::Unknown => None,
    }
}
