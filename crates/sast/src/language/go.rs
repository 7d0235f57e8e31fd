//! Go (tree-sitter-go).

use ast_grep_language::SupportLang;

use super::{Binding, Call, Grammar, NEVER};

pub static GRAMMAR: Grammar = Grammar {
    name: "go",
    parsers: &[(&["go"], SupportLang::Go)],
    comment: "//",
    path_separator: ".",
    functions: &["function_declaration", "method_declaration", "func_literal"],
    containers: &[],
    blocks: &["block", "source_file", "expression_case", "statement_list"],
    identifiers: &["identifier"],
    literals: &[
        "int_literal",
        "float_literal",
        "imaginary_literal",
        "rune_literal",
        "true",
        "false",
        "nil",
        "iota",
        "func_literal",
    ],
    strings: &["interpreted_string_literal", "raw_string_literal"],
    holes: &[],
    bindings: &[
        Binding { kind: "short_var_declaration", left: "left", right: "right", adds: false },
        Binding { kind: "assignment_statement", left: "left", right: "right", adds: false },
        Binding { kind: "var_spec", left: "name", right: "value", adds: false },
        Binding { kind: "const_spec", left: "name", right: "value", adds: false },
        Binding { kind: "range_clause", left: "left", right: "right", adds: false },
    ],
    binaries: &["binary_expression"],
    choices: &[],
    calls: &[Call { kind: "call_expression", function: "function", receiver: None, arguments: "arguments" }],
    members: &[
        ("selector_expression", "operand"),
        ("index_expression", "operand"),
        ("slice_expression", "operand"),
    ],
    collections: &[
        "composite_literal",
        "literal_value",
        "keyed_element",
        "literal_element",
        "argument_list",
        "expression_list",
    ],
    wraps: &[
        ("parenthesized_expression", ""),
        ("unary_expression", "operand"),
        ("type_conversion_expression", "operand"),
        ("type_assertion_expression", "operand"),
    ],
    sources: r"^(r|req|request)\.(FormValue|PostFormValue|Form|PostForm|Header|Body|PathValue|RequestURI|Cookie|Cookies|MultipartForm|FormFile|Referer|UserAgent)$|^(r|req|request)\.URL\.(Query|Path|RawQuery|RawPath|Fragment)$|^(c|ctx)\.(Query|DefaultQuery|Param|PostForm|DefaultPostForm|QueryParam|FormValue|GetHeader|QueryArray|Params|Queries)$|^(mux\.Vars|chi\.URLParam|httprouter\.ParamsFromContext)$",
    request_declaration: r" \*http\.Request$",
    passes: r"^(string|\[\]byte|io\.ReadAll|ioutil\.ReadAll|strings\.(TrimSpace|Trim|ToLower|ToUpper|TrimPrefix|TrimSuffix|Replace|ReplaceAll|Split|NewReader)|(path|filepath)\.(Join|Abs|FromSlash)|url\.(QueryUnescape|PathUnescape|Parse)|template\.(HTML|JS|URL)|append|bytes\.NewReader|json\.NewDecoder)$",
    formats: r"^fmt\.(Sprintf|Sprint|Sprintln|Appendf)$|^strings\.Join$",
    clean: r"^(strconv\.\w+|len|cap|int|int\d+|uint\d*|float\d+|bool|time\.\w+|uuid\.\w+|url\.(QueryEscape|PathEscape)|sha256\.\w+|hex\.\w+)$",
    input_parameter: NEVER,
    input_decorator: NEVER,
    number_parameter: r"\b(u?int(8|16|32|64)?|float(32|64)|bool|uuid\.UUID|time\.(Time|Duration))$",
};
