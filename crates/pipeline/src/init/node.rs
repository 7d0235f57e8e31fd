//! Node: packages are installed once without their install scripts; tests and `npm pack` are offline.

use serde_json::Value;

use super::{Section, Source, StepText, lines};

pub(super) fn recognise(project: &Source<'_>) -> Option<Section> {
    let manifest: Value = serde_json::from_str(&project.text("package.json")?).ok()?;
    let filled = |key: &str| manifest[key].as_object().is_some_and(|map| !map.is_empty());
    let (builds, tests) = (builds(project, &manifest), tests(project, &manifest));
    let used = filled("dependencies") || filled("optionalDependencies");
    let downloads = used || (filled("devDependencies") && (builds || tests));
    let needs = if downloads { vec!["install"] } else { vec![] };
    let step = |step: StepText| StepText { tools: vec!["node", "npm"], ..step };
    let mut steps = vec![];
    if downloads {
        steps.push(step(install(project, builds || tests)));
    }
    let folder = project.artifacts("node");
    let build = builds.then(|| "npm run build".to_owned());
    let pack =
        [format!("mkdir -p {folder}"), format!("npm pack --ignore-scripts --pack-destination {folder}")];
    steps.push(step(StepText {
        name: "package",
        kind: "package",
        comment: "The tarball that `npm publish` would send.",
        run: build.into_iter().chain(pack).collect(),
        outputs: vec![folder],
        needs: if builds { needs.clone() } else { vec![] },
        ..StepText::default()
    }));
    if tests {
        steps.push(step(StepText {
            name: "test",
            kind: "test",
            comment: "The `test` script of package.json.",
            run: lines(["npm test"]),
            needs,
            ..StepText::default()
        }));
    }
    let name = manifest["name"].as_str().map(str::to_owned);
    let tools = vec![("node", "node"), ("npm", "npm")];
    Some(Section { name, tools, steps, service: service(&manifest), notes: notes(project) })
}

/// `develops`: what only developing needs is installed, too.
fn install(project: &Source<'_>, develops: bool) -> StepText {
    let locked_by = ["package-lock.json", "npm-shrinkwrap.json"].into_iter().find(|file| project.has(file));
    let install = if locked_by.is_some() { "npm ci" } else { "npm install --no-package-lock" };
    let omit = if develops { "" } else { " --omit=dev" };
    StepText {
        name: "install",
        kind: "build",
        comment: "Downloads packages; their install scripts are not run.",
        run: vec![format!("{install}{omit} --ignore-scripts --no-audit --no-fund")],
        outputs: lines(["node_modules"]),
        registries: vec!["npm"],
        locked_by,
        env: vec![("NPM_CONFIG_UPDATE_NOTIFIER", "false".to_owned())],
        ..StepText::default()
    }
}

/// Whether there is something to build: a published tarball has its result already, and often no
/// sources.
fn builds(project: &Source<'_>, manifest: &Value) -> bool {
    let script = manifest["scripts"]["build"].is_string();
    let main = manifest["main"].as_str().or_else(|| manifest["module"].as_str()).unwrap_or("index.js");
    let main = main.trim_start_matches("./");
    let there = project.files.iter().any(|file| {
        file.strip_prefix(main).is_some_and(|rest| ["", ".js", ".cjs", ".mjs", "/index.js"].contains(&rest))
    });
    script && !there
}

/// A test script, with tests to run: published tarballs keep the script and drop the tests.
fn tests(project: &Source<'_>, manifest: &Value) -> bool {
    let Some(script) = manifest["scripts"]["test"].as_str() else { return false };
    let is_test = |file: &String| {
        let folder = file.split('/').any(|part| ["test", "tests", "__tests__", "spec"].contains(&part));
        // Below the root a `test.js` is as often code that tests something as a test.
        folder || file.starts_with("test.") || file.contains(".test.") || file.contains(".spec.")
    };
    !script.contains("no test specified") && project.files.iter().any(is_test)
}

fn service(manifest: &Value) -> Option<Vec<String>> {
    const SERVERS: [&str; 6] = ["express", "fastify", "koa", "next", "@nestjs/core", "@hapi/hapi"];
    let serves = SERVERS.iter().any(|server| manifest["dependencies"].get(server).is_some());
    let start = manifest["scripts"]["start"].is_string();
    (serves && start).then(|| lines(["node", "{artifact}", "--port", "{port}"]))
}

fn notes(project: &Source<'_>) -> Vec<String> {
    let other = ["yarn.lock", "pnpm-lock.yaml"].into_iter().find(|file| project.has(file));
    let note =
        |file| format!("{file} is not used: npm installs here. Change the `install` step if that matters.");
    other.filter(|_| !project.has("package-lock.json")).map(note).into_iter().collect()
}
