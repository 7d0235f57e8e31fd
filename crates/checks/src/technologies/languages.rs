//! Languages, by the endings of file names. What others wrote (vendored and generated folders) does not count.

use std::collections::BTreeMap;

use model::predicate::TechnologyUse;

use crate::tree::file_name;

/// Language and its endings; scripts without an ending are not looked into.
const LANGUAGES: &[(&str, &[&str])] = &[
    ("Python", &["py", "pyi", "pyx"]),
    ("JavaScript", &["js", "mjs", "cjs", "jsx"]),
    ("TypeScript", &["ts", "tsx", "mts", "cts"]),
    ("Rust", &["rs"]),
    ("Go", &["go"]),
    ("Java", &["java"]),
    ("Kotlin", &["kt", "kts"]),
    ("Scala", &["scala", "sc"]),
    ("C", &["c", "h"]),
    ("C++", &["cc", "cpp", "cxx", "hh", "hpp", "hxx"]),
    ("C#", &["cs"]),
    ("F#", &["fs", "fsx"]),
    ("Swift", &["swift"]),
    ("Objective-C", &["m", "mm"]),
    ("Ruby", &["rb"]),
    ("PHP", &["php"]),
    ("Perl", &["pl", "pm"]),
    ("Lua", &["lua"]),
    ("Elixir", &["ex", "exs"]),
    ("Erlang", &["erl", "hrl"]),
    ("Haskell", &["hs"]),
    ("Clojure", &["clj", "cljs", "cljc"]),
    ("Dart", &["dart"]),
    ("R", &["r"]),
    ("Julia", &["jl"]),
    ("Zig", &["zig"]),
    ("SQL", &["sql"]),
    ("Shell", &["sh", "bash", "zsh"]),
    ("PowerShell", &["ps1", "psm1"]),
    ("Vue", &["vue"]),
    ("Svelte", &["svelte"]),
    ("Rego", &["rego"]),
    ("Protocol Buffers", &["proto"]),
];

/// Folders whose content others wrote, or a program.
const FOREIGN: &[&str] =
    &["node_modules", "vendor", "third_party", "dist", "target", ".venv", "venv", "site-packages"];

/// Languages of the tree, most files first.
pub(super) fn of(paths: &[String]) -> Vec<TechnologyUse> {
    let mut by: BTreeMap<&str, (u64, Vec<String>)> = BTreeMap::new();
    for path in paths.iter().filter(|path| !path.split('/').any(|part| FOREIGN.contains(&part))) {
        let Some((_, ending)) = file_name(path).rsplit_once('.') else { continue };
        let ending = ending.to_ascii_lowercase();
        let Some((name, _)) = LANGUAGES.iter().find(|(_, endings)| endings.contains(&ending.as_str())) else {
            continue;
        };
        let (files, places) = by.entry(name).or_default();
        *files += 1;
        if places.len() < super::MOST_PLACES {
            places.push(path.clone());
        }
    }
    let all: u64 = by.values().map(|(files, _)| files).sum();
    let mut uses: Vec<TechnologyUse> = by
        .into_iter()
        .map(|(name, (files, places))| TechnologyUse {
            kind: "language".to_owned(),
            name: name.to_owned(),
            version: None,
            purl: None,
            files,
            places,
            share: u8::try_from(files * 100 / all.max(1)).ok(),
        })
        .collect();
    uses.sort_by(|a, b| b.files.cmp(&a.files).then_with(|| a.name.cmp(&b.name)));
    uses
}
