//! JavaScript, TypeScript, JSX and TSX (tree-sitter-javascript, tree-sitter-typescript).

use ast_grep_language::SupportLang;

use super::{Binding, Call, Grammar, NEVER};

pub static GRAMMAR: Grammar = Grammar {
    name: "javascript",
    parsers: &[
        (&["js", "jsx", "mjs", "cjs"], SupportLang::JavaScript),
        (&["ts", "mts", "cts"], SupportLang::TypeScript),
        (&["tsx"], SupportLang::Tsx),
    ],
    comment: "//",
    path_separator: ".",
    functions: &[
        "function_declaration",
        "function_expression",
        "arrow_function",
        "method_definition",
        "generator_function_declaration",
        "generator_function",
    ],
    containers: &["class_declaration", "class", "abstract_class_declaration", "internal_module"],
    blocks: &["statement_block", "program", "class_body", "switch_case"],
    identifiers: &["identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern"],
    literals: &[
        "number",
        "true",
        "false",
        "null",
        "undefined",
        "regex",
        "arrow_function",
        "function_expression",
        "this",
    ],
    strings: &["string", "template_string"],
    holes: &["template_substitution"],
    bindings: &[
        Binding { kind: "variable_declarator", left: "name", right: "value", adds: false },
        Binding { kind: "assignment_expression", left: "left", right: "right", adds: false },
        Binding { kind: "augmented_assignment_expression", left: "left", right: "right", adds: true },
        Binding { kind: "for_in_statement", left: "left", right: "right", adds: false },
    ],
    binaries: &["binary_expression"],
    choices: &[("ternary_expression", &["consequence", "alternative"])],
    calls: &[
        Call { kind: "call_expression", function: "function", receiver: None, arguments: "arguments" },
        Call { kind: "new_expression", function: "constructor", receiver: None, arguments: "arguments" },
    ],
    members: &[("member_expression", "object"), ("subscript_expression", "object")],
    collections: &["array", "object", "pair", "arguments", "spread_element", "sequence_expression"],
    wraps: &[
        ("parenthesized_expression", ""),
        ("await_expression", ""),
        ("as_expression", ""),
        ("satisfies_expression", ""),
        ("non_null_expression", ""),
        ("unary_expression", "argument"),
    ],
    sources: r"^(this\.)?(req|request|ctx|context|ctx\.request|context\.request|event|c\.req)\??\.(query|body|params|headers|cookies|param|queryStringParameters|pathParameters|rawBody|originalUrl|url|files|file|signedCookies|get|header|nextUrl|searchParams|queries)$|^(window\.|document\.|self\.)?location\.(hash|search|href)$|^(window\.)?location$|^document\.(referrer|URL|documentURI|cookie)$",
    request_declaration: NEVER,
    passes: r"^(String|decodeURIComponent|decodeURI|unescape|Object|JSON\.parse|path\.(join|resolve|normalize)|join|resolve|Buffer\.from|atob|util\.format|new\w*URL|URL|URLSearchParams|Array\.from|Object\.assign|Object\.values|[Ss]equelize\.literal|Prisma\.raw|sql\.raw|knex\.raw|Promise\.resolve)$|\.(concat|replace|replaceAll|replaceState)$",
    formats: r"^(util\.)?format$|\.(concat|join)$",
    clean: r"^(Number|parseInt|parseFloat|Boolean|BigInt|Number\.\w+|Math\.\w+|Date\.\w+|Date|encodeURIComponent|crypto\.\w+|uuid\w*|isNaN)$|\.(length|includes|indexOf|startsWith|endsWith|test|toFixed|getTime|has|digest)$",
    input_parameter: r"^@(Query|Body|Param|Headers)\(",
    input_decorator: NEVER,
    number_parameter: r": ?(number|boolean|bigint|Date)\b",
};
