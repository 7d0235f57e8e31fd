//! Encodings compared with bytes of the official generated code (Python, from the BuildStream 2.8.1
//! wheel: `SerializeToString(deterministic=True)` of the same messages).

use super::messages::*;

fn digest(bytes: &[u8]) -> Option<Digest> {
    Some(model::Digest::of(bytes).into())
}

fn sha(message: &impl prost::Message) -> String {
    encode(message).0.hash.hex()
}

fn folders() -> (Directory, Directory) {
    let file = FileNode { name: "baz".into(), digest: digest(b"run\n"), is_executable: true };
    let sub = Directory { files: vec![file], ..Directory::default() };
    let root = Directory {
        files: vec![FileNode { name: "bar".into(), digest: digest(b"hello\n"), is_executable: false }],
        directories: vec![DirectoryNode { name: "foo".into(), digest: Some(encode(&sub).0.into()) }],
        symlinks: vec![SymlinkNode { name: "link".into(), target: "foo/baz".into() }],
    };
    (root, sub)
}

fn command() -> Command {
    let pair = |name: &str, value: &str| NameValue { name: name.into(), value: value.into() };
    Command {
        arguments: ["/bin/sh", "-c", "true"].map(Into::into).to_vec(),
        environment_variables: vec![pair("A", "1"), pair("B", "")],
        output_paths: vec!["out/a".into(), "out/b".into()],
        platform: Some(Platform { properties: vec![pair("ISA", "x86-64"), pair("OSFamily", "linux")] }),
        ..Command::default()
    }
}

#[test]
fn trees_have_the_digests_a_server_computes() {
    let (root, sub) = folders();
    assert_eq!(sha(&sub), "853a1db5fb633930237ff76792ad1dd7c059b877dcd1125a1a8527b4b6db379e");
    assert_eq!(sha(&root), "37047b04f120d1a71166867473c3dff6e8b0d0ef259840e738401e254ecfa2d5");
    let tree = Tree { root: Some(root), children: vec![sub] };
    assert_eq!(sha(&tree), "5bb1fbf520b7e14550680b64063c4849dd25aa744e3701000604ba886744a358");
}

#[test]
fn commands_and_actions_have_the_digests_a_server_computes() {
    let command = command();
    assert_eq!(sha(&command), "ed873ea18a24a465b2b35623ceda2b73f4bde86c6a3fa723e03419975743af5b");
    let action = Action {
        command_digest: Some(encode(&command).0.into()),
        input_root_digest: Some(encode(&folders().0).0.into()),
        timeout: Some(Duration { seconds: 600, nanos: 0 }),
        do_not_cache: true,
        salt: b"x".to_vec(),
        platform: command.platform,
    };
    assert_eq!(sha(&action), "82285f2fb7b6c503d0e9c2b17215faff7b17b408452e6c79dd296b41cadb1b69");
}

#[test]
fn results_have_the_digests_a_server_computes() {
    let (root, sub) = folders();
    let tree = encode(&Tree { root: Some(root), children: vec![sub] }).0;
    let result = ActionResult {
        output_files: vec![OutputFile {
            path: "out/a".into(),
            digest: digest(b"hello\n"),
            is_executable: true,
        }],
        output_directories: vec![OutputDirectory {
            path: "out/d".into(),
            tree_digest: Some(tree.into()),
            root_directory_digest: None,
        }],
        output_symlinks: vec![SymlinkNode { name: "out/l".into(), target: "a".into() }],
        exit_code: 3,
        stdout_digest: digest(b"log\n"),
        stderr_digest: digest(b""),
        execution_metadata: Some(ExecutedActionMetadata {
            worker: "w".into(),
            execution_start_timestamp: Some(Duration { seconds: 5, nanos: 0 }),
            execution_completed_timestamp: Some(Duration { seconds: 0, nanos: 7 }),
        }),
    };
    assert_eq!(sha(&result), "b3300bc5f32140677861c768137669a3d2c5a21976505bdb6a4095e7b76f30fb");
}

#[test]
fn a_digest_that_is_not_canonical_is_not_accepted() {
    let typed = |hash: &str, size_bytes| Digest { hash: hash.into(), size_bytes }.typed();
    let hash = "ab".repeat(32);
    assert!(typed(&hash, 3).is_some());
    assert!(typed(&hash, -1).is_none());
    assert!(typed(&hash.to_uppercase(), 3).is_none());
    assert!(typed(&format!("sha256:{hash}"), 3).is_none());
    assert!(typed("../../etc/passwd", 3).is_none());
}
