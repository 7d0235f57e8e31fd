//! GCC: the driver, its compilers and run-time objects, and the assembler and linker it starts.

use std::path::{Path, PathBuf};

use super::{Program, Roots, search};
use crate::error::ToolError;

pub(super) fn roots(program: &Program<'_>) -> Result<Option<Roots>, ToolError> {
    let is_driver = |part: &str| ["gcc", "g++", "cc", "c++", "cpp"].contains(&part);
    if !program.file_name().split('-').any(is_driver) {
        return Ok(None);
    }
    // Another compiler under the name `cc` (clang) answers neither question with a path of its own.
    let Ok(libgcc) = program.ask(&["-print-libgcc-file-name"]) else { return Ok(None) };
    let mut roots: Roots = folder(&libgcc).into_iter().collect();
    for part in ["cc1", "cc1plus", "collect2", "as", "ld"] {
        let Ok(answer) = program.ask(&[&format!("-print-prog-name={part}")]) else { continue };
        let path = search::find(answer.trim(), program.session);
        roots.extend(path.and_then(|path| path.canonicalize().ok()));
    }
    Ok(Some(roots))
}

fn folder(answer: &str) -> Option<PathBuf> {
    let file = Path::new(answer.trim()).canonicalize().ok()?;
    file.parent().map(Path::to_owned)
}
