//! What is found in each kind of file, and that no text makes it panic.

use proptest::prelude::*;

use super::*;
use crate::tree::MemoryTree;

fn found(files: &[(&str, &str)]) -> Vec<String> {
    let uses = identify(&MemoryTree::new(files.iter().map(|(path, text)| (*path, *text)))).uses;
    let shown = |one: &TechnologyUse| {
        let version = one.version.as_ref().map_or_else(String::new, |version| format!(" {version}"));
        format!("{} {}{version}", one.kind, one.purl.as_ref().unwrap_or(&one.name))
    };
    uses.iter().map(shown).collect()
}

#[test]
fn images_come_from_dockerfiles_and_compose_files() {
    let dockerfile = "ARG V=3.12\nARG BASE\nFROM python:${V}-slim AS build\nFROM ghcr.example:5000/Team/app:2@sha256:00\n\
        COPY --from=build /a /b\nCOPY --from=docker.io/library/golang:1.23 /c /d\nFROM $BASE\nFROM build\nFROM scratch\n";
    let tree = MemoryTree::new([("Dockerfile", dockerfile)]);
    let identified = identify(&tree);
    assert_eq!(identified.gaps, ["Dockerfile: which image `$BASE` is, is decided elsewhere"]);
    assert_eq!(
        found(&[("Dockerfile", dockerfile)]),
        [
            "image pkg:docker/ghcr.example%3A5000/team/app 2",
            "image pkg:docker/golang 1.23",
            "image pkg:docker/python 3.12-slim",
        ]
    );
    let compose = "services:\n  db: { image: \"postgres:${PG:-16.4}\" }\n  own: { build: ., image: own }\n  c: { image: \"redis:${R-7}\" }\n";
    assert_eq!(
        found(&[("compose.yaml", compose)]),
        ["pipeline docker-compose", "service pkg:docker/postgres 16.4", "service pkg:docker/redis 7",]
    );
}

#[test]
fn pipelines_tell_their_system_actions_and_images() {
    let github = "jobs:\n  a:\n    container: node:22\n    services: { db: { image: mysql:8 } }\n    steps:\n      - uses: actions/checkout@v4\n      - uses: ./local\n      - uses: docker://alpine:3.20\n      - uses: Org/Repo/path@0123\n";
    assert_eq!(
        found(&[(".github/workflows/ci.yml", github)]),
        [
            "action pkg:githubactions/actions/checkout v4",
            "action pkg:githubactions/org/repo 0123",
            "image pkg:docker/alpine 3.20",
            "image pkg:docker/node 22",
            "pipeline github-actions",
            "service pkg:docker/mysql 8",
        ]
    );
    let gitlab =
        "image: ruby:3.3\njob: { image: { name: python:3.13 }, services: [postgres:17, { name: redis }] }\n";
    assert_eq!(found(&[(".gitlab-ci.yml", gitlab)]).len(), 5);
    let jenkins = "pipeline { agent { docker { image 'maven:3.9' } }\n// image 'no'\n docker.image(\"gradle:8\").inside {}\n}";
    assert_eq!(
        found(&[("Jenkinsfile", jenkins)]),
        ["image pkg:docker/gradle 8", "image pkg:docker/maven 3.9", "pipeline jenkins"]
    );
    assert_eq!(
        found(&[("proofhouse.yaml", ""), (".circleci/config.yml", "")]),
        ["pipeline circleci", "pipeline proofhouse"]
    );
}

#[test]
fn infrastructure_tells_providers_charts_and_manifests() {
    let tf = "terraform {\n  required_providers {\n    aws = {\n      source = \"hashicorp/aws\"\n      version = \"~> 5.0\"\n    }\n    x = { source = \"registry.example/acme/x\" }\n  }\n}\nprovider \"aws\" {\n}\nprovider \"random\" {}\nmodule \"m\" {\n  source = \"./m\"\n}\n";
    assert_eq!(
        found(&[("main.tf", tf)]),
        [
            "pipeline terraform",
            "provider pkg:terraform/acme/x",
            "provider pkg:terraform/hashicorp/aws",
            "provider pkg:terraform/hashicorp/random",
        ]
    );
    let lock = "provider \"registry.example/hashicorp/aws\" {\n  version     = \"5.82.2\"\n  constraints = \"~> 5.0\"\n}\n";
    assert_eq!(found(&[(".terraform.lock.hcl", lock)]), ["provider pkg:terraform/hashicorp/aws 5.82.2"]);
    let chart = "apiVersion: v2\nname: ours\ndependencies: [{ name: postgresql, version: 15.0.0 }]\n";
    assert_eq!(found(&[("c/Chart.yaml", chart)]), ["chart pkg:helm/postgresql 15.0.0", "pipeline helm"]);
    let manifest = "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      containers: [{ name: a, image: \"nginx:1.27\" }]\n";
    assert_eq!(found(&[("k.yaml", manifest)]), ["platform kubernetes", "service pkg:docker/nginx 1.27"]);
}

#[test]
fn languages_have_their_share_without_what_others_wrote() {
    let uses = identify(&MemoryTree::new([
        ("a.py", ""),
        ("b.PY", ""),
        ("c.rs", ""),
        ("node_modules/x.js", ""),
        ("README", ""),
    ]))
    .uses;
    let shown: Vec<_> = uses.iter().map(|one| (one.name.as_str(), one.files, one.share)).collect();
    assert_eq!(shown, [("Python", 2, Some(66)), ("Rust", 1, Some(33))]);
}

proptest! {
    #[test]
    fn no_text_in_any_kind_of_file_panics(text in "(FROM |ARG |COPY --from=|image|uses: |services:|\\$\\{|[:@/'\"{}\n -]|[a-z\\PC]){0,30}") {
        for path in ["Dockerfile", "compose.yaml", ".github/workflows/a.yml", ".gitlab-ci.yml", "Jenkinsfile", "a.tf", ".terraform.lock.hcl", "Chart.yaml", "k.yaml"] {
            let identified = identify(&MemoryTree::new([(path, text.as_str()), ("é", "")]));
            prop_assert!(identified.uses.len() <= MOST && identified.gaps.len() <= MOST_GAPS);
        }
    }
}
