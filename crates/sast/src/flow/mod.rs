//! A light look at where a value comes from, inside one function (and the scopes around it).
//!
//! It follows assignments, text put together, and calls that hand their arguments on. It does not
//! enter called functions and does not understand branches: an assignment in a block around the use
//! replaces earlier ones, any other adds to them. Every evaluation is bounded in depth and steps.

mod bindings;
mod value;

pub use bindings::Bindings;
pub use value::{Evaluation, Need};

use ast_grep_core::tree_sitter::StrDoc;
use ast_grep_language::SupportLang;

/// A node of a parsed file.
pub type Node<'t> = ast_grep_core::Node<'t, StrDoc<SupportLang>>;

/// Most ancestors that are looked at; files nested deeper are not scanned.
pub const MOST_DEPTH: usize = 600;
