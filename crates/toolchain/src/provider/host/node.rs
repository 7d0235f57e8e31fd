//! Node.js: the binary with the npm that came with it; a command of a package: that package.

use std::path::{Component, Path, PathBuf};

use super::{Program, Roots};
use crate::error::ToolError;

pub(super) fn roots(program: &Program<'_>) -> Result<Option<Roots>, ToolError> {
    if matches!(program.file_name(), "node" | "nodejs") {
        let npm = program.prefix().map(|prefix| prefix.join("lib/node_modules/npm"));
        return Ok(Some(npm.filter(|npm| npm.is_dir()).into_iter().collect()));
    }
    Ok(package(&program.real).map(|package| vec![package]))
}

/// The package a file is in: `…/node_modules/NAME` or `…/node_modules/@SCOPE/NAME`; on Debian, whose
/// packages share their dependencies, all of `/usr/share/nodejs`.
fn package(file: &Path) -> Option<PathBuf> {
    let debian = Path::new("/usr/share/nodejs");
    if file.starts_with(debian) {
        return Some(debian.to_owned());
    }
    let parts: Vec<Component<'_>> = file.components().collect();
    let modules = parts.iter().position(|part| part.as_os_str() == "node_modules")?;
    let scoped = parts.get(modules + 1)?.as_os_str().to_string_lossy().starts_with('@');
    let end = modules + if scoped { 3 } else { 2 };
    (end < parts.len()).then(|| parts[..end].iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outermost_package_is_the_tool() {
        let package = |path: &str| package(Path::new(path)).map(|path| path.display().to_string());
        assert_eq!(package("/x/lib/node_modules/npm/bin/npm-cli.js"), Some("/x/lib/node_modules/npm".into()));
        assert_eq!(package("/x/node_modules/@a/b/c.js"), Some("/x/node_modules/@a/b".into()));
        assert_eq!(package("/usr/share/nodejs/npm/bin/npm-cli.js"), Some("/usr/share/nodejs".into()));
        assert_eq!(package("/usr/bin/tool"), None);
    }
}
