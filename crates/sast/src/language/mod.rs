//! What the analysis needs to know about each language: names of syntax nodes and of functions.
//!
//! One language is one file with one [`Grammar`] and one line in [`ALL`]. Node names are those of
//! the tree-sitter grammar; the regexes look at calls and members without any white space, and at parameters with single blanks.

mod go;
mod java;
mod javascript;
mod python;
mod rust;

use std::sync::LazyLock;

use ast_grep_language::SupportLang;
use regex::Regex;

/// A node that gives a name a value.
pub struct Binding {
    /// Kind of the node.
    pub kind: &'static str,
    /// Field with the name or names.
    pub left: &'static str,
    /// Field with the value; empty: the first named child.
    pub right: &'static str,
    /// Whether the old value stays part of the new one (`+=`).
    pub adds: bool,
}

/// A node that calls something.
pub struct Call {
    /// Kind of the node.
    pub kind: &'static str,
    /// Field with what is called.
    pub function: &'static str,
    /// Field with the object before the dot, where the grammar keeps it in the call itself.
    pub receiver: Option<&'static str>,
    /// Field with the arguments.
    pub arguments: &'static str,
}

/// Facts about one language.
pub struct Grammar {
    /// Name, as in rule ids and folders.
    pub name: &'static str,
    /// Parsers, by file extension. All rules of the language run on each.
    pub parsers: &'static [(&'static [&'static str], SupportLang)],
    /// What starts a line comment.
    pub comment: &'static str,
    /// Between the parts of a symbol path.
    pub path_separator: &'static str,
    /// Functions: they have own variables.
    pub functions: &'static [&'static str],
    /// Classes, modules, impl blocks: they only add to the symbol path.
    pub containers: &'static [&'static str],
    /// Statement lists; an assignment in one that encloses the use replaces earlier values.
    pub blocks: &'static [&'static str],
    /// Plain names.
    pub identifiers: &'static [&'static str],
    /// Values that never come from outside.
    pub literals: &'static [&'static str],
    /// String literals, also with parts to fill in.
    pub strings: &'static [&'static str],
    /// The parts to fill in.
    pub holes: &'static [&'static str],
    /// Assignments.
    pub bindings: &'static [Binding],
    /// Two operands and an operator.
    pub binaries: &'static [&'static str],
    /// Conditional values with the fields of their alternatives; no field: all named children but
    /// the middle one (Python).
    pub choices: &'static [(&'static str, &'static [&'static str])],
    /// Calls.
    pub calls: &'static [Call],
    /// `object.member` and `object[index]` with the field of the object.
    pub members: &'static [(&'static str, &'static str)],
    /// Lists, maps, argument lists: as bad as their worst part.
    pub collections: &'static [&'static str],
    /// Nodes that wrap one value (brackets, casts, await) with its field; empty: first named child.
    pub wraps: &'static [(&'static str, &'static str)],
    /// Member or call that yields input of a request.
    pub sources: &'static str,
    /// Declarations (type and name) of a request, whatever its name: its members count as `request`'s.
    pub request_declaration: &'static str,
    /// Functions whose result is as bad as their arguments.
    pub passes: &'static str,
    /// Functions that put text together from their arguments.
    pub formats: &'static str,
    /// Functions whose result cannot carry an attack (numbers, lengths, hashes).
    pub clean: &'static str,
    /// Parameter declarations that a framework fills from the request.
    pub input_parameter: &'static str,
    /// Decorators that make all plain parameters input.
    pub input_decorator: &'static str,
    /// Parameter declarations of numbers and booleans.
    pub number_parameter: &'static str,
}

/// The regexes of a [`Grammar`], compiled.
pub struct Patterns {
    pub sources: Regex,
    pub request_declaration: Regex,
    pub passes: Regex,
    pub formats: Regex,
    pub clean: Regex,
    pub input_parameter: Regex,
    pub input_decorator: Regex,
    pub number_parameter: Regex,
}

/// A language, ready for use.
pub struct Language {
    pub grammar: &'static Grammar,
    pub patterns: Patterns,
}

/// A regex that never matches, for facts a language does not have.
pub const NEVER: &str = r"\z\A.";

static ALL: LazyLock<Vec<Language>> = LazyLock::new(|| {
    let all = [&python::GRAMMAR, &javascript::GRAMMAR, &go::GRAMMAR, &java::GRAMMAR, &rust::GRAMMAR];
    all.into_iter().filter_map(ready).collect()
});

fn ready(grammar: &'static Grammar) -> Option<Language> {
    // A test proves that every regex of every grammar compiles, so none is lost here.
    let patterns = Patterns {
        sources: Regex::new(grammar.sources).ok()?,
        request_declaration: Regex::new(grammar.request_declaration).ok()?,
        passes: Regex::new(grammar.passes).ok()?,
        formats: Regex::new(grammar.formats).ok()?,
        clean: Regex::new(grammar.clean).ok()?,
        input_parameter: Regex::new(grammar.input_parameter).ok()?,
        input_decorator: Regex::new(grammar.input_decorator).ok()?,
        number_parameter: Regex::new(grammar.number_parameter).ok()?,
    };
    Some(Language { grammar, patterns })
}

/// All languages.
pub fn all() -> &'static [Language] {
    &ALL
}

/// Position in [`all`] and parser for a path, by its extension.
pub fn of_path(path: &str) -> Option<(usize, SupportLang)> {
    let extension = path.rsplit('/').next()?.rsplit_once('.')?.1;
    all().iter().enumerate().find_map(|(at, language)| {
        let parser = language.grammar.parsers.iter().find(|(all, _)| all.contains(&extension))?;
        Some((at, parser.1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_grammar_is_usable_and_names_only_nodes_that_exist() {
        assert_eq!(all().len(), 5);
        for language in all() {
            let grammar = language.grammar;
            let mut kinds: Vec<&str> = [
                grammar.functions,
                grammar.containers,
                grammar.blocks,
                grammar.identifiers,
                grammar.literals,
                grammar.strings,
                grammar.holes,
                grammar.binaries,
                grammar.collections,
            ]
            .concat();
            kinds.extend(grammar.bindings.iter().map(|b| b.kind));
            kinds.extend(grammar.calls.iter().map(|c| c.kind));
            kinds.extend(grammar.choices.iter().map(|c| c.0));
            kinds.extend(grammar.members.iter().chain(grammar.wraps).map(|m| m.0));
            for kind in kinds {
                let known = |parser: &SupportLang| ast_grep_core::Language::kind_to_id(parser, kind) != 0;
                assert!(grammar.parsers.iter().any(|(_, p)| known(p)), "{}: {kind}", grammar.name);
            }
        }
    }

    #[test]
    fn a_file_is_parsed_by_its_extension() {
        assert_eq!(of_path("a/b.tsx").map(|l| l.1), Some(SupportLang::Tsx));
        assert_eq!(of_path("a.d/readme"), None);
    }
}
