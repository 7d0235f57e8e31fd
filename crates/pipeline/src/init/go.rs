//! Go: static binaries of every `main` package, or the compiled root package of a library.

use super::{Section, Source, StepText};

/// Most files that are looked into for `package main`.
const MOST_READ: usize = 200;

pub(super) fn recognise(project: &Source<'_>) -> Option<Section> {
    let module = project.text("go.mod")?;
    let name =
        module.lines().find_map(|line| line.strip_prefix("module ")).map(|name| name.trim().to_owned());
    let downloads =
        module.lines().any(|line| line.trim_start().starts_with("require")) && !project.has_folder("vendor");
    let env = vec![
        ("CGO_ENABLED", "0".to_owned()),
        ("GOTOOLCHAIN", "local".to_owned()),
        ("GOCACHE", "/tmp/go-build".to_owned()),
    ];
    let modules = "export GOMODCACHE=\"$PWD/.gomod\"";
    let needs = if downloads { vec!["download"] } else { vec![] };
    let step = |step: StepText| StepText { tools: vec!["go"], env: env.clone(), ..step };
    let mut steps = vec![];
    if downloads {
        steps.push(step(StepText {
            name: "download",
            kind: "build",
            comment: "Downloads the modules that go.mod names, checked against go.sum.",
            run: vec![modules.into(), "GOFLAGS=-modcacherw go mod download".into()],
            outputs: vec![".gomod".into()],
            registries: vec!["go"],
            ..StepText::default()
        }));
    }
    let folder = project.artifacts("go");
    let (build, outputs) = match has_main(project) {
        true => (format!("go build -trimpath -o {folder}/ ./..."), vec![folder.clone()]),
        false => (format!("go build -trimpath -o {folder}/package.a ."), vec![format!("{folder}/package.a")]),
    };
    steps.push(step(StepText {
        name: "build",
        kind: "build",
        comment: "Build with no trace of this machine's paths.",
        run: vec![
            modules.into(),
            format!("mkdir -p {folder}"),
            "export GOFLAGS=-buildvcs=false".into(),
            build,
        ],
        outputs,
        needs: needs.clone(),
        ..StepText::default()
    }));
    if project.files.iter().any(|file| file.ends_with("_test.go")) {
        steps.push(step(StepText {
            name: "test",
            kind: "test",
            comment: "The project's own tests.",
            run: vec![modules.into(), "go test ./...".into()],
            needs,
            ..StepText::default()
        }));
    }
    Some(Section { name, tools: vec![("go", "go")], steps, ..Section::default() })
}

fn has_main(project: &Source<'_>) -> bool {
    let own =
        |file: &&String| file.ends_with(".go") && !file.ends_with("_test.go") && !file.starts_with("vendor/");
    let texts = project.files.iter().filter(own).take(MOST_READ).filter_map(|file| (project.read)(file));
    texts.into_iter().any(|text| text.lines().any(|line| line.trim_end() == "package main"))
}
