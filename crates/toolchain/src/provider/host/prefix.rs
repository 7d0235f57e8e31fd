//! Anything unpacked into a folder of its own: `X/bin/program` with `X/lib` and the like beside it
//! (JDKs, Go, Maven, Gradle, virtual environments of pipx …).

use std::path::Path;

use super::{Program, Roots};
use crate::error::ToolError;

/// Folders that say "the whole of X is one program".
const PARTS: [&str; 8] = ["lib", "lib64", "libexec", "jmods", "conf", "pkg", "src", "boot"];

pub(super) fn roots(program: &Program<'_>) -> Result<Option<Roots>, ToolError> {
    let Some(prefix) = program.prefix().filter(|prefix| !is_shared(prefix, &program.session.host.home))
    else {
        return Ok(None);
    };
    let own = PARTS.iter().any(|part| prefix.join(part).is_dir());
    Ok(own.then(|| vec![prefix.to_owned()]))
}

/// A folder that many programs, or a person, put things in.
fn is_shared(prefix: &Path, home: &Path) -> bool {
    const SHARED: [&str; 5] = ["/", "/usr", "/usr/local", "/opt", "/snap"];
    let hidden = prefix.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    hidden || home.starts_with(prefix) || SHARED.iter().any(|shared| prefix == Path::new(shared))
}
