//! Python: a wheel where dependencies are downloaded anyway, else an archive by the standard library.

use toml::{Table, Value};

use super::{Section, Source, StepText, lines};

/// Most test files that are looked into.
const MOST_READ: usize = 40;

/// Requirement files for running and testing, by custom.
const REQUIREMENT_FILES: [&str; 6] = [
    "requirements.txt",
    "requirements-test.txt",
    "test-requirements.txt",
    "requirements-dev.txt",
    "requirements/tests.txt",
    "requirements/test.txt",
];

struct Facts {
    name: Option<String>,
    /// A manifest that pip can build.
    installable: bool,
    /// Requirements to run and test it, as pip takes them.
    requirements: Vec<String>,
    build_requirements: Vec<String>,
    tests: Tests,
}

#[derive(PartialEq)]
enum Tests {
    None,
    Unittest(Option<String>),
    Pytest,
}

pub(super) fn recognise(project: &Source<'_>) -> Option<Section> {
    let facts = facts(project)?;
    let downloads = !facts.requirements.is_empty();
    let mut steps = vec![];
    if downloads {
        steps.push(dependencies(&facts));
    }
    steps.push(match downloads && facts.installable {
        true => wheel(project),
        false => archive(project),
    });
    steps.extend(test(project, &facts, downloads));
    let service = service(project, &facts);
    Some(Section { name: facts.name, tools: vec![("python", "python3")], steps, service, notes: vec![] })
}

fn facts(project: &Source<'_>) -> Option<Facts> {
    const MANIFESTS: [&str; 3] = ["pyproject.toml", "setup.py", "setup.cfg"];
    let scripts = project.files.iter().any(|file| file.ends_with(".py") && !file.contains('/'));
    let manifest: Option<Table> = project.text("pyproject.toml").and_then(|text| toml::from_str(&text).ok());
    // A pyproject.toml that only configures tools (linters of a project in another language) is none.
    let builds =
        manifest.as_ref().is_some_and(|m| m.contains_key("project") || m.contains_key("build-system"));
    let poetry = manifest.as_ref().and_then(|m| m.get("tool")?.get("poetry")).is_some();
    let installable = builds || poetry || MANIFESTS[1..].iter().any(|file| project.has(file));
    if !(installable || scripts || project.has("requirements.txt")) {
        return None;
    }
    let manifest = manifest.unwrap_or_default();
    let tests = tests(project);
    let mut requirements = requirements(project, &manifest);
    if tests == Tests::Pytest || (tests != Tests::None && !requirements.is_empty()) {
        requirements.insert(0, "pytest".into());
    }
    let build_requirements = strings(manifest.get("build-system").and_then(|b| b.get("requires")));
    Some(Facts { name: name(project, &manifest), installable, requirements, build_requirements, tests })
}

fn name(project: &Source<'_>, manifest: &Table) -> Option<String> {
    let in_table = |table: Option<&Value>| table?.get("name")?.as_str().map(str::to_owned);
    let poetry = || in_table(manifest.get("tool").and_then(|tool| tool.get("poetry")));
    let metadata = || {
        let text = project.text("PKG-INFO")?;
        text.lines().find_map(|line| line.strip_prefix("Name: ")).map(str::to_owned)
    };
    in_table(manifest.get("project")).or_else(poetry).or_else(metadata)
}

/// What `pip install` needs besides the project itself: run-time and test requirements.
fn requirements(project: &Source<'_>, manifest: &Table) -> Vec<String> {
    const EXTRAS: [&str; 4] = ["test", "tests", "testing", "dev"];
    let table = manifest.get("project");
    let mut all = strings(table.and_then(|table| table.get("dependencies")));
    let optional = table.and_then(|table| table.get("optional-dependencies"));
    let groups = manifest.get("dependency-groups");
    let sources = [optional, groups];
    let extra = EXTRAS.iter().find_map(|name| sources.iter().flatten().find_map(|table| table.get(*name)));
    all.extend(strings(extra));
    if all.is_empty() {
        all = from_metadata(project);
    }
    if all.is_empty() {
        all = poetry(manifest);
    }
    for file in REQUIREMENT_FILES {
        if project.text(file).is_some_and(|text| text.lines().any(is_requirement)) {
            all.push(format!("-r {file}"));
        }
    }
    if all.is_empty() && project.text("setup.py").is_some_and(|text| text.contains("install_requires")) {
        all.push(".".into());
    }
    all
}

/// `Requires-Dist` of an sdist, without extras.
fn from_metadata(project: &Source<'_>) -> Vec<String> {
    let text = project.text("PKG-INFO").unwrap_or_default();
    let head = text.split("\n\n").next().unwrap_or("");
    let lines = head.lines().filter_map(|line| line.strip_prefix("Requires-Dist: "));
    lines.filter(|line| !line.contains("extra ==")).map(|line| line.trim().to_owned()).collect()
}

/// Poetry's own table cannot be handed to pip as it is; the project itself can.
fn poetry(manifest: &Table) -> Vec<String> {
    let table = manifest.get("tool").and_then(|tool| tool.get("poetry")?.get("dependencies")?.as_table());
    let needs = table.is_some_and(|table| table.keys().any(|name| name != "python"));
    if needs { vec![".".into()] } else { vec![] }
}

fn is_requirement(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with('#')
}

fn strings(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn tests(project: &Source<'_>) -> Tests {
    let is_test = |file: &&String| {
        let name = file.rsplit('/').next().unwrap_or("");
        name.ends_with(".py")
            && (name.starts_with("test_") || name.ends_with("_test.py") || name == "tests.py")
    };
    let files: Vec<&String> = project.files.iter().filter(is_test).collect();
    let texts: Vec<String> = files.iter().take(MOST_READ).filter_map(|file| (project.read)(file)).collect();
    let pytest = |text: &String| {
        text.lines().any(|line| {
            let line = line.trim_start_matches("async ");
            line.starts_with("import pytest")
                || line.starts_with("from pytest")
                || line.starts_with("def test_")
        })
    };
    if texts.iter().any(pytest) {
        return Tests::Pytest;
    }
    if !texts.iter().any(|text| text.contains("unittest")) {
        return Tests::None;
    }
    // `discover` finds `test*.py` only, and enters packages only; one common folder is its start.
    let folder = files[0].rsplit_once('/').map(|(folder, _)| folder.to_owned());
    Tests::Unittest(folder)
}

fn dependencies(facts: &Facts) -> StepText {
    let backend = if facts.build_requirements.is_empty() {
        lines(["setuptools", "wheel"])
    } else {
        [facts.build_requirements.clone(), lines(["wheel"])].concat()
    };
    let backend = if facts.installable { backend } else { vec![] };
    let word = |text: &String| match text.strip_prefix("-r ") {
        Some(file) => format!("-r {}", shell(file)),
        None => shell(text),
    };
    let all: Vec<String> = backend.iter().chain(&facts.requirements).map(word).collect();
    // Byte code holds times: without it equal downloads give equal outputs.
    let pip = "python3 -m pip install --quiet --disable-pip-version-check --no-compile --no-warn-conflicts --target .deps \\";
    let mut run = vec![pip.to_owned()];
    run.push(format!("  {}", all.join(" ")));
    StepText {
        name: "dependencies",
        kind: "build",
        comment: "Downloads what building and testing need.",
        run,
        outputs: vec![".deps".into()],
        tools: vec!["python"],
        registries: vec!["pypi"],
        ..StepText::default()
    }
}

fn wheel(project: &Source<'_>) -> StepText {
    let folder = project.artifacts("python");
    let pip =
        "python3 -m pip wheel --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation";
    StepText {
        name: "package",
        kind: "package",
        comment: "The wheel, built offline.",
        run: vec!["export PYTHONPATH=\"$PWD/.deps\"".into(), format!("{pip} --wheel-dir {folder} .")],
        outputs: vec![folder],
        needs: vec!["dependencies"],
        tools: vec!["python"],
        env: vec![("SOURCE_DATE_EPOCH", "315532800".into())],
        ..StepText::default()
    }
}

/// An archive by the standard library alone: nothing has to be installed or downloaded.
fn archive(project: &Source<'_>) -> StepText {
    let folder = project.artifacts("python");
    let top = folder.split('/').next().unwrap_or(&folder);
    let run = format!(
        "\
mkdir -p {folder}
python3 - <<'END'
import pathlib, zipfile
# Sorted names and one fixed time: equal sources give equal bytes.
files = sorted(path for path in pathlib.Path('.').rglob('*') if path.is_file())
skip = {{'{top}', '.git', '.deps', '__pycache__'}}
with zipfile.ZipFile('{folder}/source.zip', 'w', zipfile.ZIP_DEFLATED) as archive:
    for path in files:
        if not skip & set(path.parts):
            archive.writestr(zipfile.ZipInfo(path.as_posix()), path.read_bytes(), zipfile.ZIP_DEFLATED)
END"
    );
    StepText {
        name: "package",
        kind: "package",
        comment: "The sources as one archive, by the standard library alone.",
        run: run.lines().map(str::to_owned).collect(),
        outputs: vec![format!("{folder}/source.zip")],
        tools: vec!["python"],
        ..StepText::default()
    }
}

fn test(project: &Source<'_>, facts: &Facts, downloads: bool) -> Option<StepText> {
    let source = if project.has_folder("src") { "$PWD/src:" } else { "" };
    let deps = if downloads { ":$PWD/.deps" } else { "" };
    let mut run = vec![format!("export PYTHONPATH=\"{source}$PWD{deps}\"")];
    run.push(match &facts.tests {
        Tests::None => return None,
        Tests::Pytest => "python3 -m pytest -q -p no:cacheprovider".into(),
        // pytest also runs unittest cases, and is there when something is downloaded anyway.
        Tests::Unittest(_) if downloads => "python3 -m pytest -q -p no:cacheprovider".into(),
        Tests::Unittest(None) => "python3 -m unittest discover".into(),
        Tests::Unittest(Some(folder)) => {
            let package = project.has(&format!("{folder}/__init__.py"));
            let top = if package { " -t ." } else { "" };
            format!("python3 -m unittest discover -s {}{top} -p '*test*.py'", shell(folder))
        }
    });
    Some(StepText {
        name: "test",
        kind: "test",
        comment: "The project's own tests.",
        run,
        needs: if downloads { vec!["dependencies"] } else { vec![] },
        tools: vec!["python"],
        ..StepText::default()
    })
}

/// One word for the shell.
fn shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/=,:@+".contains(c);
    let line: String = word.chars().filter(|c| !c.is_control()).collect();
    if !line.is_empty() && line.chars().all(plain) {
        line
    } else {
        format!("'{}'", line.replace('\'', "'\\''"))
    }
}

fn service(project: &Source<'_>, facts: &Facts) -> Option<Vec<String>> {
    const SERVERS: [&str; 7] = ["flask", "fastapi", "django", "aiohttp", "uvicorn", "gunicorn", "tornado"];
    let listed = project.text("requirements.txt").unwrap_or_default().to_lowercase();
    let all = facts.requirements.join("\n").to_lowercase() + &listed;
    let main = ["app.py", "main.py", "server.py", "manage.py"].into_iter().find(|file| project.has(file))?;
    let bare =
        project.text(main).is_some_and(|text| text.contains("http.server") || text.contains("wsgiref"));
    let serves = bare || SERVERS.iter().any(|server| all.contains(server));
    serves.then(|| vec!["python3".into(), "{artifact}".into(), "--port".into(), "{port}".into()])
}
