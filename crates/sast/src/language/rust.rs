//! Rust (tree-sitter-rust).

use ast_grep_language::SupportLang;

use super::{Binding, Call, Grammar, NEVER};

pub static GRAMMAR: Grammar = Grammar {
    name: "rust",
    parsers: &[(&["rs"], SupportLang::Rust)],
    comment: "//",
    path_separator: "::",
    functions: &["function_item", "closure_expression"],
    containers: &["impl_item", "mod_item", "trait_item"],
    blocks: &["block", "source_file", "declaration_list", "match_block"],
    identifiers: &["identifier"],
    literals: &[
        "integer_literal",
        "float_literal",
        "boolean_literal",
        "char_literal",
        "closure_expression",
        "unit_expression",
    ],
    strings: &["string_literal", "raw_string_literal"],
    holes: &[],
    bindings: &[
        Binding { kind: "let_declaration", left: "pattern", right: "value", adds: false },
        Binding { kind: "let_condition", left: "pattern", right: "value", adds: false },
        Binding { kind: "assignment_expression", left: "left", right: "right", adds: false },
        Binding { kind: "compound_assignment_expr", left: "left", right: "right", adds: true },
        Binding { kind: "for_expression", left: "pattern", right: "value", adds: false },
        Binding { kind: "const_item", left: "name", right: "value", adds: false },
        Binding { kind: "static_item", left: "name", right: "value", adds: false },
    ],
    binaries: &["binary_expression"],
    choices: &[("if_expression", &["consequence", "alternative"])],
    calls: &[
        Call { kind: "call_expression", function: "function", receiver: None, arguments: "arguments" },
        Call { kind: "macro_invocation", function: "macro", receiver: None, arguments: "" },
    ],
    members: &[("field_expression", "value"), ("index_expression", "")],
    collections: &["arguments", "array_expression", "tuple_expression", "token_tree", "block", "else_clause"],
    wraps: &[
        ("parenthesized_expression", ""),
        ("reference_expression", "value"),
        ("try_expression", ""),
        ("await_expression", ""),
        ("type_cast_expression", "value"),
        ("unary_expression", ""),
    ],
    sources: r"^(req|request)\.(query_string|uri|headers|path|match_info|param|query|body)$",
    request_declaration: NEVER,
    passes: r"^(String::from|String::from_utf8_lossy|(std::path::)?(PathBuf|Path)::(from|new)|Some|Ok|Box::new|Cow::\w+|sqlx::AssertSqlSafe|AssertSqlSafe|AsRef::as_ref|Into::into)$|\.(join|push_str|replace|unwrap_or|unwrap_or_else|expect)$",
    formats: r"^(std::)?(format|concat|write|writeln)$|\.concat$",
    clean: r"(\.|^)(len|is_empty|parse|parse::<.*>|contains|starts_with|ends_with|count|hash)$|^(u|i|f)\d+::\w+$|^Uuid::\w+$",
    input_parameter: r"\b(Query|Path|Form|Json|RawQuery|RawForm|TypedHeader|Multipart)<|\bRawQuery\b|: ?HeaderMap",
    input_decorator: r"#\[(get|post|put|patch|delete)\(",
    number_parameter: r": ?&?(mut )?([ui](8|16|32|64|128|size)|f32|f64|bool|char|Uuid)$|(Query|Path|Form|Json)<([ui](8|16|32|64|128|size)|bool|Uuid)>|&?self$|State<|Extension<",
};
