//! The examples of all rules are their tests.

use std::collections::BTreeSet;

use crate::{MemoryFiles, Options, language, registry::TEXTS, rule::Rule, rules, scan, source};

fn extensions(language: &str, parsers: &[ast_grep_language::SupportLang]) -> Vec<&'static str> {
    let all = language::all().iter().find(|l| l.grammar.name == language).unwrap();
    let used = all.grammar.parsers.iter().filter(|(_, parser)| parsers.contains(parser));
    used.map(|(extensions, _)| extensions[0]).collect()
}

/// Lines at which `rule` is found in `code`.
fn found(rule: &str, extension: &str, code: &str) -> Vec<u32> {
    let files = MemoryFiles([(format!("src/code.{extension}"), code.into())].into());
    let report = scan(&files, &Options::default());
    let hits = report.findings.iter().filter(|f| f.rule == rule);
    hits.filter_map(|f| f.place.line()).collect()
}

#[test]
fn every_rule_finds_its_vulnerable_examples_once_and_no_safe_one() {
    let mut wrong = vec![];
    for (name, texts) in TEXTS {
        let language = language::all().iter().find(|l| l.grammar.name == *name).unwrap();
        for (rule_name, text) in *texts {
            let rule = match Rule::parse(language, rule_name, text) {
                Ok(rule) => rule,
                Err(error) => {
                    wrong.push(error.to_string());
                    continue;
                }
            };
            let info = &rule.info;
            assert!(!info.vulnerable.is_empty() && !info.safe.is_empty(), "{}", info.id);
            let parsers: Vec<_> = rule.matchers.iter().map(|(parser, _)| *parser).collect();
            for extension in extensions(name, &parsers) {
                let examples = info.vulnerable.iter().map(|e| (e, 1)).chain(info.safe.iter().map(|e| (e, 0)));
                for (example, expected) in examples {
                    let hits = found(&info.id, extension, example);
                    let parser = language::of_path(&format!("a.{extension}")).unwrap().1;
                    let tree = source::parse(example, parser).unwrap();
                    let error = source::Shape::of(&tree.root()).first_error;
                    if hits.len() != expected || error.is_some() {
                        wrong.push(format!(
                            "{} .{extension}: {hits:?}, syntax error {error:?}\n{example}",
                            info.id
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} examples:\n{}", wrong.len(), wrong.join("\n---\n"));
}

#[test]
fn every_rule_file_is_registered_once_and_described() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut on_disk = BTreeSet::new();
    for language in std::fs::read_dir(folder).unwrap() {
        for file in std::fs::read_dir(language.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let language = path.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
            on_disk.insert(format!("{language}-{}", path.file_stem().unwrap().to_str().unwrap()));
        }
    }
    let registered: BTreeSet<_> = rules().iter().map(|rule| rule.id.clone()).collect();
    assert_eq!(on_disk, registered);
    assert_eq!(registered.len(), rules().len());
    for rule in rules() {
        let described = rule.message.len() > 20 && rule.fix.len() > 10 && !rule.cwe.is_empty();
        assert!(described && rule.title.len() < 80, "{}", rule.id);
    }
}
