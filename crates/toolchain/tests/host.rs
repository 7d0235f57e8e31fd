//! Real tools of this machine are found, pinned and measured again.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::PathBuf;

use toolchain::{Host, Lock, ResolvedTool, ToolDecl, ToolError, resolve, verify};

fn decl(name: &str, command: &str) -> ToolDecl {
    let (name, command) = (name.to_owned(), command.to_owned());
    ToolDecl { name, provider: "host".into(), command, version: None, paths: vec![] }
}

fn host(cache: &tempfile::TempDir) -> Host {
    Host::current(None, cache.path().to_owned())
}

/// `None`, said aloud, when the machine does not have the tool.
fn found(declaration: ToolDecl, host: &Host) -> Option<ResolvedTool> {
    match resolve(std::slice::from_ref(&declaration), host) {
        Ok(mut tools) => tools.pop(),
        Err(errors) => match &errors[..] {
            [ToolError::NotFound { tool, .. }] => {
                println!("{tool} is not installed here; nothing to check");
                None
            }
            other => panic!("{other:?}"),
        },
    }
}

#[test]
fn python_is_its_interpreter_and_its_standard_library() {
    let cache = tempfile::tempdir().unwrap();
    let Some(tool) = found(decl("python", "python3"), &host(&cache)) else { return };
    assert!(tool.version.starts_with("3."), "{}", tool.version);
    assert!(tool.files > 500 && tool.bytes > 10_000_000, "{} files, {} bytes", tool.files, tool.bytes);
    let covers = |path: &PathBuf| tool.roots.iter().any(|root| path.starts_with(root));
    assert!(covers(&tool.command.canonicalize().unwrap()));
    assert!(!tool.command.to_string_lossy().contains("/shims/"));
}

#[test]
fn cargo_is_the_toolchain_and_not_the_proxy() {
    let cache = tempfile::tempdir().unwrap();
    let Some(tool) = found(decl("cargo", "cargo"), &host(&cache)) else { return };
    let prefix = tool.command.parent().unwrap().parent().unwrap();
    assert!(prefix.join("lib/rustlib").is_dir(), "{}", tool.command.display());
    assert!(tool.path_dirs[0].join("rustc").is_file());
    assert!(tool.version.starts_with("1."), "{}", tool.version);
}

#[test]
fn a_c_compiler_brings_its_compiler_proper_and_git_its_subcommands() {
    let cache = tempfile::tempdir().unwrap();
    let host = host(&cache);
    if let Some(cc) = found(decl("cc", "cc"), &host) {
        assert!(cc.roots.len() > 1, "{:?}", cc.roots);
        assert!(cc.version.contains('.'), "{}", cc.version);
        let alone = |path: &&PathBuf| path.parent().is_some_and(|folder| folder.ends_with("alternatives"));
        assert_eq!(cc.binds.iter().find(alone), None, "a link that is mounted by itself is none any more");
    }
    if let Some(git) = found(decl("git", "git"), &host) {
        assert!(git.files > 10, "{:?}", git.roots);
        assert!(git.version.starts_with("2."));
    }
}

#[test]
fn the_lock_file_holds_for_real_tools() {
    let cache = tempfile::tempdir().unwrap();
    let host = host(&cache);
    let tools: Vec<ToolDecl> = [
        ("python", "python3"),
        ("cc", "cc"),
        ("cargo", "cargo"),
        ("git", "git"),
        ("node", "node"),
        ("npm", "npm"),
        ("java", "java"),
    ]
    .into_iter()
    .filter(|(name, command)| found(decl(name, command), &host).is_some())
    .map(|(name, command)| decl(name, command))
    .collect();
    let resolved = resolve(&tools, &host).unwrap();
    let lock = Lock::of(&resolved, &host);
    let text = lock.render();
    assert_eq!(Lock::parse(&text).unwrap(), lock);
    assert_eq!(verify(&Lock::parse(&text).unwrap(), &resolved, &host), vec![]);
}
