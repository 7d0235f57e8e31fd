//! Which files are candidates, and why some of them cannot be scanned.

use ast_grep_core::tree_sitter::StrDoc;
use ast_grep_language::SupportLang;

use crate::flow::{MOST_DEPTH, Node};

/// Largest file that is scanned, in bytes.
pub const MOST_BYTES: u64 = 1024 * 1024;
/// A line this long was not written by a person.
const MOST_LINE: usize = 5000;
/// Of the bytes of a file, the share that may be unparsable: one in eight.
const ERROR_SHARE: usize = 8;

/// The text of a file, or why it has none to scan.
pub fn text(path: &str, bytes: &[u8]) -> Result<String, &'static str> {
    if bytes.iter().take(8192).any(|byte| *byte == 0) {
        return Err("binary");
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "not UTF-8")?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if path.contains(".min.") || text.lines().any(|line| line.len() > MOST_LINE) {
        return Err("minified or generated");
    }
    Ok(text.to_owned())
}

/// How well a file could be parsed.
#[derive(Default)]
pub struct Shape {
    /// First line (from 1) with a syntax error.
    pub first_error: Option<usize>,
    /// Bytes inside of errors.
    error_bytes: usize,
    /// Deepest nesting.
    depth: usize,
}

impl Shape {
    /// Looks at the whole tree once, without recursion.
    pub fn of(root: &Node<'_>) -> Self {
        let mut shape = Self::default();
        let mut cursor = root.get_inner_node().walk();
        loop {
            let node = cursor.node();
            let broken = node.is_error() || node.is_missing();
            if broken {
                let line = node.start_position().row + 1;
                shape.first_error = Some(shape.first_error.map_or(line, |first| first.min(line)));
                shape.error_bytes += node.byte_range().len().max(1);
            }
            shape.depth = shape.depth.max(cursor.depth() as usize);
            let enter = !broken && shape.depth <= MOST_DEPTH;
            if enter && cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return shape;
                }
            }
        }
    }

    /// Why a file of `size` bytes does not count as scanned, if so.
    pub fn reason(&self, size: usize) -> Option<String> {
        if self.depth > MOST_DEPTH {
            return Some("nested too deeply".into());
        }
        let line = self.first_error?;
        (self.error_bytes * ERROR_SHARE > size).then(|| format!("syntax error at line {line}"))
    }

    /// Whether the tree is too deep to look at.
    pub fn too_deep(&self) -> bool {
        self.depth > MOST_DEPTH
    }
}

/// Parses; `None` when the parser gives up.
pub fn parse(text: &str, parser: SupportLang) -> Option<ast_grep_core::AstGrep<StrDoc<SupportLang>>> {
    ast_grep_core::AstGrep::try_new(text, parser).ok()
}
