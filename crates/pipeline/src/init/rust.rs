//! Rust: binaries, or the compiled library. Crates are fetched once, everything after is offline.

use toml::{Table, Value};

use super::{Section, Source, StepText, lines};

const HOME: &str = "export CARGO_HOME=\"$PWD/.cargo-home\"";

pub(super) fn recognise(project: &Source<'_>) -> Option<Section> {
    let manifest: Table = toml::from_str(&project.text("Cargo.toml")?).ok()?;
    let package = manifest.get("package").and_then(Value::as_table);
    let name = package.and_then(|package| package.get("name")).and_then(Value::as_str);
    let downloads = downloads(project, &manifest);
    let outputs = outputs(project, &manifest, name);
    let offline = if downloads { " --offline --locked" } else { "" };
    let needs = if downloads { vec!["fetch"] } else { vec![] };
    let workspace = if manifest.contains_key("workspace") { " --workspace" } else { "" };
    let step = |step: StepText| StepText { needs: needs.clone(), tools: vec!["cargo", "cc"], ..step };
    let mut steps = vec![];
    if downloads {
        steps.push(fetch(project));
    }
    steps.push(step(StepText {
        name: "build",
        kind: "build",
        comment: "Optimised build.",
        run: vec![HOME.into(), format!("cargo build --release{workspace}{offline}")],
        outputs,
        ..StepText::default()
    }));
    steps.push(step(StepText {
        name: "test",
        kind: "test",
        comment: "Unit, integration and documentation tests.",
        run: vec![HOME.into(), format!("cargo test{workspace}{offline}")],
        ..StepText::default()
    }));
    let service = service(&manifest, name);
    let tools = vec![("cargo", "cargo"), ("cc", "cc")];
    Some(Section { name: name.map(str::to_owned), tools, steps, service, notes: notes(project) })
}

fn fetch(project: &Source<'_>) -> StepText {
    let has_lock = project.has("Cargo.lock");
    let locked = if has_lock { " --locked" } else { "" };
    let mut outputs = vec![".cargo-home".to_owned()];
    if !has_lock {
        outputs.push("Cargo.lock".into());
    }
    // Only the downloaded archives are kept: cargo unpacks them again where they are used, and its notes
    // of when they were last used would make every result a different one.
    let tidy = "rm -rf .cargo-home/registry/src .cargo-home/.global-cache .cargo-home/.package-cache*";
    StepText {
        name: "fetch",
        kind: "build",
        comment: match has_lock {
            true => "Downloads the crates that Cargo.lock names.",
            false => "Downloads crates and writes Cargo.lock: commit one to build the same every time.",
        },
        run: vec![HOME.into(), format!("cargo fetch{locked}"), tidy.into()],
        outputs,
        locked_by: has_lock.then_some("Cargo.lock"),
        tools: vec!["cargo"],
        registries: vec!["cargo"],
        ..StepText::default()
    }
}

/// Whether cargo needs crates from elsewhere. Development and optional dependencies count: without
/// them it cannot even make a lock file.
fn downloads(project: &Source<'_>, manifest: &Table) -> bool {
    let vendored = project.has_folder("vendor")
        && [".cargo/config.toml", ".cargo/config"]
            .iter()
            .filter_map(|path| project.text(path))
            .any(|text| text.contains("vendored-sources") || text.contains("directory"));
    if vendored {
        return false;
    }
    if let Some(lock) = project.text("Cargo.lock") {
        return lock.lines().any(|line| line.starts_with("source = "));
    }
    let foreign = |table: &Table| {
        const KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
        let tables = KINDS.iter().filter_map(|kind| table.get(*kind)).filter_map(Value::as_table);
        tables.flat_map(Table::values).any(|dependency| dependency.get("path").is_none())
    };
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let workspace = manifest.get("workspace").and_then(Value::as_table);
    foreign(manifest) || targets.filter_map(Value::as_table).any(foreign) || workspace.is_some_and(foreign)
}

/// What a release build leaves.
fn outputs(project: &Source<'_>, manifest: &Table, name: Option<&str>) -> Vec<String> {
    let Some(name) = name else { return workspace_outputs(project) };
    let release = |file: String| format!("target/release/{file}");
    let programs = programs(project, manifest, name);
    if !programs.is_empty() {
        return programs.into_iter().map(release).collect();
    }
    let lib = manifest.get("lib").and_then(Value::as_table);
    let flag = |key: &str| lib.and_then(|lib| lib.get(key)).and_then(Value::as_bool).unwrap_or(false);
    let own = lib.and_then(|lib| lib.get("name")).and_then(Value::as_str);
    let name = own.map_or_else(|| name.replace('-', "_"), str::to_owned);
    let kinds = lib.and_then(|lib| lib.get("crate-type")).and_then(Value::as_array);
    let is = |kind: &str| kinds.is_some_and(|kinds| kinds.iter().any(|k| k.as_str() == Some(kind)));
    let file = match () {
        () if flag("proc-macro") || flag("proc_macro") || is("cdylib") || is("dylib") => {
            format!("lib{name}.so")
        }
        () if is("staticlib") => format!("lib{name}.a"),
        () => format!("lib{name}.rlib"),
    };
    vec![release(file)]
}

/// Binaries of one package that are built without further features.
fn programs(project: &Source<'_>, manifest: &Table, name: &str) -> Vec<String> {
    let declared =
        manifest.get("bin").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table);
    let declared: Vec<&Table> = declared.collect();
    let gated = |bin: &&&Table| !bin.contains_key("required-features");
    let names = declared.iter().filter(gated).filter_map(|bin| bin.get("name")?.as_str());
    let mut programs: Vec<String> = names.map(str::to_owned).collect();
    let package = manifest.get("package").and_then(Value::as_table);
    let auto = package.and_then(|package| package.get("autobins")).and_then(Value::as_bool).unwrap_or(true);
    if auto && declared.is_empty() && project.has("src/main.rs") {
        programs.push(name.to_owned());
    }
    if auto {
        let inner = project.files.iter().filter_map(|file| file.strip_prefix("src/bin/"));
        let stem =
            |file: &str| Some(file.strip_suffix("/main.rs").or_else(|| file.strip_suffix(".rs"))?.to_owned());
        let declared =
            |name: &String| declared.iter().any(|bin| bin.get("name").and_then(Value::as_str) == Some(name));
        programs.extend(inner.filter_map(stem).filter(|name| !name.contains('/') && !declared(name)));
    }
    programs.sort();
    programs.dedup();
    programs
}

/// Binaries of the members of a virtual workspace; its libraries when there are none.
fn workspace_outputs(project: &Source<'_>) -> Vec<String> {
    let manifests =
        project.files.iter().filter(|file| file.ends_with("/Cargo.toml") && !file.contains("/target/"));
    let mut outputs = vec![];
    for folder in manifests.filter_map(|file| file.strip_suffix("/Cargo.toml")) {
        let Some(manifest) = project.text(&format!("{folder}/Cargo.toml")) else { continue };
        let Ok(manifest) = toml::from_str::<Table>(&manifest) else { continue };
        let name = manifest.get("package").and_then(|package| package.get("name")).and_then(Value::as_str);
        if let Some(name) = name.filter(|_| project.has(&format!("{folder}/src/main.rs"))) {
            outputs.push(format!("target/release/{name}"));
        }
    }
    if outputs.is_empty() { vec!["target/release".into()] } else { outputs }
}

fn service(manifest: &Table, name: Option<&str>) -> Option<Vec<String>> {
    const SERVERS: [&str; 6] = ["axum", "actix-web", "rocket", "warp", "poem", "salvo"];
    let dependencies = manifest.get("dependencies")?.as_table()?;
    let serves = SERVERS.iter().any(|server| dependencies.contains_key(*server));
    (serves && name.is_some()).then(|| lines(["{artifact}", "--port", "{port}"]))
}

fn notes(project: &Source<'_>) -> Vec<String> {
    let pinned = ["rust-toolchain.toml", "rust-toolchain"].into_iter().find(|file| project.has(file));
    let note =
        |file| format!("{file} is not followed: give the toolchain as `tools.cargo.command` if it matters.");
    pinned.map(note).into_iter().collect()
}
