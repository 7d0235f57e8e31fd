//! Git: the program and the folder of its subcommands.

use std::path::PathBuf;

use super::{Program, Roots};
use crate::error::ToolError;

pub(super) fn roots(program: &Program<'_>) -> Result<Option<Roots>, ToolError> {
    if program.file_name() != "git" {
        return Ok(None);
    }
    let folder = PathBuf::from(program.ask(&["--exec-path"])?.trim());
    Ok(Some(if folder.is_absolute() && folder.is_dir() { vec![folder] } else { vec![] }))
}
