//! Rust: a toolchain of rustup or of a distribution. Documentation (`share`) is left out: it is half
//! of the size and nothing reads it in a build.

use super::{Program, Roots};
use crate::error::ToolError;

const PROGRAMS: [&str; 6] = ["cargo", "rustc", "rustdoc", "rustfmt", "clippy-driver", "cargo-clippy"];

pub(super) fn roots(program: &Program<'_>) -> Result<Option<Roots>, ToolError> {
    let rustlib = program.prefix().map(|prefix| (prefix, prefix.join("lib/rustlib")));
    let Some((prefix, rustlib)) = rustlib.filter(|(_, rustlib)| rustlib.is_dir()) else { return Ok(None) };
    if !PROGRAMS.contains(&program.file_name()) {
        return Ok(None);
    }
    if prefix.starts_with("/usr") && !prefix.join("lib/rustlib/components").is_file() {
        let programs =
            PROGRAMS.iter().map(|name| prefix.join("bin").join(name)).filter(|path| path.is_file());
        return Ok(Some(programs.chain([rustlib]).collect()));
    }
    let parts = ["bin", "lib", "libexec", "etc"].map(|name| prefix.join(name));
    Ok(Some(parts.into_iter().filter(|path| path.is_dir()).collect()))
}
