//! Writes a first `proofhouse.yaml`: one file per ecosystem, one line in [`ECOSYSTEMS`].
//!
//! What is written must run as it is in the sandbox: source at the working directory (writable, thrown
//! away), read-only `/usr`, private `/tmp` and `HOME`, no network but the proxy. So downloads happen
//! in one step of their own, the only one with a `network`; everything after it works offline.

mod docker;
mod go;
mod gradle;
mod maven;
mod node;
mod python;
mod rust;
mod source;
mod write;

/// What `init` may know about a project.
pub struct Project<'a> {
    /// Name of its folder, used when no manifest names it.
    pub folder: &'a str,
    /// Paths of its files, relative, `/` between components.
    pub files: &'a [String],
    /// Reads a small file as text; `None` when it is absent, large or not text.
    pub read: &'a dyn Fn(&str) -> Option<String>,
}

/// A first configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstFile {
    /// Ecosystems that were recognised, e.g. `rust`; empty when only the sources are packed.
    pub ecosystems: Vec<&'static str>,
    /// The text of `proofhouse.yaml`.
    pub text: String,
}

/// A way to build.
struct Ecosystem {
    name: &'static str,
    recognise: fn(&Project<'_>) -> Option<Section>,
}

const ECOSYSTEMS: &[Ecosystem] = &[
    Ecosystem { name: "rust", recognise: rust::recognise },
    Ecosystem { name: "python", recognise: python::recognise },
    Ecosystem { name: "node", recognise: node::recognise },
    Ecosystem { name: "go", recognise: go::recognise },
    Ecosystem { name: "maven", recognise: maven::recognise },
    Ecosystem { name: "gradle", recognise: gradle::recognise },
    Ecosystem { name: "dockerfile", recognise: docker::recognise },
];

/// What one ecosystem contributes.
#[derive(Default)]
struct Section {
    /// Project name by its manifest.
    name: Option<String>,
    /// Name and command.
    tools: Vec<(&'static str, &'static str)>,
    steps: Vec<StepText>,
    /// Words of a command that starts it, when it is clearly a service.
    service: Option<Vec<String>>,
    /// What a person should know.
    notes: Vec<String>,
}

/// One step, before it becomes text.
#[derive(Default)]
struct StepText {
    name: &'static str,
    kind: &'static str,
    comment: &'static str,
    /// Lines of a script.
    run: Vec<String>,
    outputs: Vec<String>,
    needs: Vec<&'static str>,
    tools: Vec<&'static str>,
    /// Registry names.
    registries: Vec<&'static str>,
    env: Vec<(&'static str, String)>,
}

/// Writes a first configuration for a project.
pub fn init(project: &Project<'_>) -> FirstFile {
    let found = ECOSYSTEMS.iter().filter_map(|e| Some((e.name, (e.recognise)(project)?)));
    let mut sections: Vec<(&'static str, Section)> = found.collect();
    let ecosystems = sections.iter().map(|(name, _)| *name).collect();
    if sections.iter().all(|(_, section)| section.steps.is_empty()) {
        sections.push(("source", source::section(project)));
    }
    FirstFile { ecosystems, text: write::file(project, &sections) }
}

impl Project<'_> {
    fn has(&self, path: &str) -> bool {
        self.files.iter().any(|file| file == path)
    }

    fn has_folder(&self, folder: &str) -> bool {
        self.files.iter().any(|file| file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
    }

    fn text(&self, path: &str) -> Option<String> {
        if self.has(path) { (self.read)(path) } else { None }
    }

    /// A folder for artifacts that is not part of the source.
    fn artifacts(&self) -> &'static str {
        let free = ["dist", "artifacts", "proofhouse-out"].into_iter().find(|name| !self.has_folder(name));
        free.unwrap_or("proofhouse-artifacts")
    }
}

fn lines<const N: usize>(lines: [&str; N]) -> Vec<String> {
    lines.map(str::to_owned).to_vec()
}
