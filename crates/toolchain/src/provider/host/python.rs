//! Python: the interpreter, its standard library and its site packages; for a virtual environment
//! both trees.

use std::path::{Path, PathBuf};

use super::{Program, Roots};
use crate::error::ToolError;

/// Isolated and without `site`, so that nothing but the standard library is loaded while asking.
const QUESTION: &str = "import sys, site, sysconfig
print(sys.base_prefix, sys.prefix, sysconfig.get_path('stdlib'), sysconfig.get_path('platstdlib'), sep='\\n')
print(*site.getsitepackages(), sep='\\n')";

pub(super) fn roots(program: &Program<'_>) -> Result<Option<Roots>, ToolError> {
    if !is_interpreter(program.file_name()) {
        return Ok(None);
    }
    let answer = program.ask(&["-I", "-S", "-c", QUESTION])?;
    let mut lines = answer.lines().map(PathBuf::from).filter(|path| path.is_absolute());
    let (Some(base), Some(prefix)) = (lines.next(), lines.next()) else { return Ok(None) };
    let mut roots: Roots = match is_shared(&base) {
        true => lines.filter(|path| path.is_dir()).collect(),
        false => vec![base.clone()],
    };
    if prefix != base {
        roots.push(prefix);
    }
    Ok(Some(roots))
}

/// `python`, `python3`, `python3.11`, `pypy3` …, not `python3-config`.
fn is_interpreter(name: &str) -> bool {
    let rest = name.strip_prefix("python").or_else(|| name.strip_prefix("pypy"));
    rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
}

/// A prefix that holds many programs besides Python.
fn is_shared(prefix: &Path) -> bool {
    ["/", "/usr", "/usr/local"].iter().any(|shared| prefix == Path::new(shared))
}
