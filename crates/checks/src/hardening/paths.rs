//! Paths inside of programs: folders of the machine that built it, and folders that an attacker could write to.

use memchr::memmem::find_iter;

/// Folders in which people and build machines keep their work. A path counts when it goes on with a name and a file.
const HOMES: [&str; 4] = ["/home", "/root", "/Users", "/var/lib/jenkins"];
/// Longest path that is told, in bytes.
const LONGEST: usize = 160;
/// Folders that everybody can write to.
const OPEN_TO_ALL: [&str; 3] = ["/tmp", "/var/tmp", "/dev/shm"];

/// The first path of the machine that built it, wherever in the file: debug information that is not compressed
/// (`DW_AT_comp_dir` and the file table), messages of assertions and panics, Go's file table.
pub(super) fn of_builder(bytes: &[u8]) -> Option<String> {
    HOMES.iter().find_map(|home| {
        find_iter(bytes, home).find_map(|at| {
            // `/srv/home/x` is another folder.
            let inside = at.checked_sub(1).and_then(|before| bytes.get(before)).is_some_and(|b| belongs(*b));
            if inside { None } else { path(bytes.get(at..)?, home.len()) }
        })
    })
}

/// The path at the beginning of `bytes`, when after the folder (`skip` bytes) come a name and something in it.
fn path(bytes: &[u8], skip: usize) -> Option<String> {
    let end = bytes.iter().take(LONGEST).take_while(|byte| belongs(**byte)).count();
    let rest = bytes.get(skip..end)?.strip_prefix(b"/")?;
    let slash = rest.iter().position(|byte| *byte == b'/')?;
    let named = slash > 0 && rest.get(slash + 1).is_some_and(|byte| *byte != b'/');
    named.then(|| String::from_utf8_lossy(&bytes[..end]).into_owned())
}

fn belongs(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/._-+@".contains(&byte)
}

/// Whether it names a file of Rust's own library: `/rustc/`, the commit of the compiler, `/library/`.
pub(super) fn of_rust_library(bytes: &[u8]) -> bool {
    const HASH: usize = 40;
    find_iter(bytes, b"/rustc/").any(|at| {
        let rest = bytes.get(at + 7..).unwrap_or_default();
        rest.get(..HASH).is_some_and(|hash| hash.iter().all(u8::is_ascii_hexdigit))
            && rest.get(HASH..).is_some_and(|rest| rest.starts_with(b"/library/"))
    })
}

/// How much a folder in which libraries are looked up is to be feared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Danger {
    /// A person's folder, or one above the program's own: some people other than the administrator may write to it.
    Some,
    /// The folder it is started in, or one that everybody may write to.
    Everybody,
}

/// Judges one entry of RPATH or RUNPATH; an empty one means the folder in which the program is started.
pub(super) fn danger(folder: &str) -> Option<Danger> {
    let own = ["$ORIGIN", "${ORIGIN}"].iter().find_map(|origin| folder.strip_prefix(origin));
    let below =
        |parent: &str| folder.strip_prefix(parent).is_some_and(|r| r.is_empty() || r.starts_with('/'));
    match own {
        Some(rest) if rest.split('/').any(|part| part == "..") => Some(Danger::Some),
        Some(_) => None,
        None if !folder.starts_with('/') => Some(Danger::Everybody),
        None if OPEN_TO_ALL.iter().any(|open| below(open)) => Some(Danger::Everybody),
        // It leads wherever the folders before it are.
        None if folder.split('/').any(|part| part == "..") => Some(Danger::Some),
        None => below("/home").then_some(Danger::Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_judged_by_who_may_write_to_them() {
        for folder in ["", ".", "lib", "../lib", "/tmp", "/tmp/x/lib", "/dev/shm/a", "$LIB/x"] {
            assert_eq!(danger(folder), Some(Danger::Everybody), "{folder}");
        }
        for folder in ["$ORIGIN/../lib", "${ORIGIN}/..", "/home/ana/lib", "/opt/a/../../tmp"] {
            assert_eq!(danger(folder), Some(Danger::Some), "{folder}");
        }
        for folder in ["/usr/lib/app", "$ORIGIN", "$ORIGIN/lib", "/tmpfiles/lib", "/homes/lib"] {
            assert_eq!(danger(folder), None, "{folder}");
        }
    }

    #[test]
    fn a_path_of_the_builder_has_a_name_and_a_file() {
        let found = |text: &str| of_builder(text.as_bytes());
        assert_eq!(found("x\0/home/ana/label/main.c\0y").as_deref(), Some("/home/ana/label/main.c"));
        let cargo = concat!("/root", "/.cargo/registry/a.rs");
        assert_eq!(found(&format!("at {cargo}: x")).as_deref(), Some(cargo));
        for none in ["/home/", "/home/ana", "/home/ana/", "/srv/home/ana/x", "/home//x", "/homework/a/b"] {
            assert_eq!(found(none), None, "{none}");
        }
    }
}
