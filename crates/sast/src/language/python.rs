//! Python (tree-sitter-python).

use ast_grep_language::SupportLang;

use super::{Binding, Call, Grammar, NEVER};

pub static GRAMMAR: Grammar = Grammar {
    name: "python",
    parsers: &[(&["py", "pyw", "pyi"], SupportLang::Python)],
    comment: "#",
    path_separator: ".",
    functions: &["function_definition", "lambda"],
    containers: &["class_definition"],
    blocks: &["block", "module"],
    identifiers: &["identifier"],
    literals: &["integer", "float", "true", "false", "none", "ellipsis", "lambda"],
    strings: &["string", "concatenated_string"],
    holes: &["interpolation"],
    bindings: &[
        Binding { kind: "assignment", left: "left", right: "right", adds: false },
        Binding { kind: "augmented_assignment", left: "left", right: "right", adds: true },
        Binding { kind: "named_expression", left: "name", right: "value", adds: false },
        Binding { kind: "for_statement", left: "left", right: "right", adds: false },
        Binding { kind: "for_in_clause", left: "left", right: "right", adds: false },
        Binding { kind: "as_pattern", left: "alias", right: "", adds: false },
    ],
    binaries: &["binary_operator", "boolean_operator"],
    choices: &[("conditional_expression", &[])],
    calls: &[Call { kind: "call", function: "function", receiver: None, arguments: "arguments" }],
    members: &[("attribute", "object"), ("subscript", "value")],
    collections: &[
        "list",
        "tuple",
        "dictionary",
        "set",
        "pair",
        "argument_list",
        "expression_list",
        "list_splat",
        "dictionary_splat",
        "list_comprehension",
        "generator_expression",
    ],
    wraps: &[
        ("parenthesized_expression", ""),
        ("await", ""),
        ("keyword_argument", "value"),
        ("unary_operator", "argument"),
    ],
    sources: r"^(self\.|flask\.|bottle\.)?(request|req)\.(args|form|values|json|data|files|cookies|headers|GET|POST|FILES|COOKIES|META|body|query|query_params|query_string|path_params|match_info|rel_url|full_path|url|get_json|get_data|get_argument|stream|params|forms|media|text|post)$|^self\.(get_argument|get_query_argument|get_body_argument|get_arguments)$",
    request_declaration: NEVER,
    passes: r"^(str|repr|bytes|text|list|tuple|dict|set|sorted|reversed|iter|next|enumerate|dict\.items|open|Path|pathlib\.Path|(os\.)?path\.(join|abspath|normpath|expanduser)|(urllib\.)?(parse\.)?(unquote|unquote_plus|urljoin)|urljoin|(sqlalchemy|sa|db)\.text|sql\.SQL|base64\.\w*decode|json\.loads|Markup|markupsafe\.Markup|io\.(Bytes|String)IO|b64decode|getattr|os\.fspath|copy\.\w+)$",
    formats: r"\.(format|format_map|join)$|^(string\.)?Template$",
    clean: r"^(int|float|bool|len|abs|round|ord|hash|id|uuid\.UUID|UUID|Decimal|decimal\.Decimal|isinstance|hashlib\.\w+|(secrets|random)\.\w+|datetime\.\w+|date\.\w+|time\.\w+)$|\.(hexdigest|isdigit|isalnum|count|index|find)$",
    input_parameter: r"= ?(fastapi\.)?(Query|Form|Body|Header|Cookie|Path)\(|Annotated\[.*(Query|Form|Body|Header|Cookie|Path)\(",
    input_decorator: r"@\w+\.(route|get|post|put|patch|delete|websocket|api_route)\(",
    number_parameter: r": ?(int|float|bool|UUID|uuid\.UUID|Decimal|date|datetime)\b|= ?(Depends|Security)\(|^(self|cls|db|session|request|response|conn|cursor)\b",
};
