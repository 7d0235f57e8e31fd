//! Java (tree-sitter-java).

use ast_grep_language::SupportLang;

use super::{Binding, Call, Grammar, NEVER};

pub static GRAMMAR: Grammar = Grammar {
    name: "java",
    parsers: &[(&["java"], SupportLang::Java)],
    comment: "//",
    path_separator: ".",
    functions: &["method_declaration", "constructor_declaration", "lambda_expression"],
    containers: &["class_declaration", "interface_declaration", "enum_declaration", "record_declaration"],
    blocks: &["block", "class_body", "program", "constructor_body", "switch_block_statement_group"],
    identifiers: &["identifier"],
    literals: &[
        "decimal_integer_literal",
        "hex_integer_literal",
        "decimal_floating_point_literal",
        "true",
        "false",
        "null_literal",
        "character_literal",
        "class_literal",
        "lambda_expression",
        "this",
    ],
    strings: &["string_literal"],
    holes: &["string_interpolation"],
    bindings: &[
        Binding { kind: "variable_declarator", left: "name", right: "value", adds: false },
        Binding { kind: "assignment_expression", left: "left", right: "right", adds: false },
        Binding { kind: "enhanced_for_statement", left: "name", right: "value", adds: false },
        Binding { kind: "resource", left: "name", right: "value", adds: false },
    ],
    binaries: &["binary_expression"],
    choices: &[("ternary_expression", &["consequence", "alternative"])],
    calls: &[
        Call {
            kind: "method_invocation",
            function: "name",
            receiver: Some("object"),
            arguments: "arguments",
        },
        Call { kind: "object_creation_expression", function: "type", receiver: None, arguments: "arguments" },
    ],
    members: &[("field_access", "object"), ("array_access", "array")],
    collections: &["argument_list", "array_initializer"],
    wraps: &[
        ("parenthesized_expression", ""),
        ("cast_expression", "value"),
        ("unary_expression", "operand"),
        ("array_creation_expression", "value"),
    ],
    sources: r"^(\w*[rR]equest|req|exchange|ctx)\.(getParameter|getParameterValues|getParameterMap|getHeader|getHeaders|getQueryString|getCookies|getInputStream|getReader|getPathInfo|getRequestURI|getRequestURL|getRequestBody|getPart|getParts|queryParam|pathParam|formParam|body)$",
    request_declaration: r"\b(HttpServletRequest(Wrapper)?|ServletRequest|MultipartHttpServletRequest|(Native)?WebRequest|HttpExchange) \w+$",
    passes: r"^(String|StringBuilder|StringBuffer|File|URL|URI|Path\.of|Paths\.get|String\.valueOf|URI\.create|URLDecoder\.decode|Objects\.requireNonNull\w*|Optional\.of\w*|InputStreamReader|BufferedReader|ByteArrayInputStream|StringReader|StreamSource|InputSource|List\.of|Arrays\.asList)$|\.(concat|append|insert|resolve|replace|replaceAll|orElse)$",
    formats: r"^String\.(format|join)$|\.(formatted|concat|append)$",
    clean: r"^(Integer|Long|Double|Float|Boolean|Short|Math)\.\w+$|^(UUID|LocalDate|Instant)\.\w+$|\.(length|size|equals|hashCode|isEmpty|contains|indexOf|startsWith)$",
    input_parameter: r"@(RequestParam|PathVariable|RequestBody|RequestHeader|CookieValue|ModelAttribute|QueryParam|PathParam|FormParam|HeaderParam|CookieParam|RequestPart)",
    input_decorator: NEVER,
    number_parameter: r"\b(int|long|short|byte|boolean|double|float|Integer|Long|Short|Boolean|Double|UUID|BigDecimal|LocalDate) \w+$",
};
