//! Writes a first `proofhouse.yaml`: one file per ecosystem, one line in [`ECOSYSTEMS`].
//!
//! What is written must run as it is in the sandbox: source at the working directory (writable, thrown
//! away), read-only `/usr`, private `/tmp` and `HOME`, no network but the proxy. So downloads happen
//! in one step of their own, the only one with a `network`; everything after it works offline.

mod docker;
mod go;
mod gradle;
mod maven;
mod missed;
mod node;
mod python;
mod rust;
mod source;
mod write;

use crate::path;

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
    /// What was seen and could not be used, with what to do about it; also comments in `text`.
    pub missed: Vec<String>,
    /// The text of `proofhouse.yaml`.
    pub text: String,
}

/// A way to build.
struct Ecosystem {
    name: &'static str,
    recognise: fn(&Source<'_>) -> Option<Section>,
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
    /// What it downloads is decided by a file of the source, so that an earlier result is as good.
    locked_by: Option<&'static str>,
}

/// Writes a first configuration for a project.
pub fn init(project: &Project<'_>) -> FirstFile {
    let mut sections = recognise(&Source { project, several: false });
    if sections.iter().filter(|(_, section)| !section.steps.is_empty()).count() > 1 {
        sections = recognise(&Source { project, several: true });
    }
    let ecosystems = sections.iter().map(|(name, _)| *name).collect();
    let source = Source { project, several: false };
    let mut missed = missed::broken(&source);
    if missed.is_empty() && sections.iter().all(|(_, section)| section.steps.is_empty()) {
        missed.extend(missed::deeper(&source));
    }
    leave_out_overlaps(&mut sections);
    if sections.iter().all(|(_, section)| section.steps.is_empty()) {
        sections.push(("source", source::section(&source)));
    }
    sections.push(("missed", Section { notes: missed.clone(), ..Section::default() }));
    FirstFile { ecosystems, missed, text: write::file(project, &sections) }
}

fn recognise(source: &Source<'_>) -> Vec<(&'static str, Section)> {
    ECOSYSTEMS.iter().filter_map(|e| Some((e.name, (e.recognise)(source)?))).collect()
}

/// Two build systems may insist on one folder (`target` of Cargo and of Maven): the first one has it.
/// A manifest may name what cannot be an output, too.
fn leave_out_overlaps(sections: &mut [(&'static str, Section)]) {
    let mut taken: Vec<String> = vec![];
    for (name, section) in sections {
        let outputs: Vec<String> = section.steps.iter().flat_map(|step| step.outputs.clone()).collect();
        let clash =
            |output: &str| taken.iter().any(|t| path::contains(t, output) || path::contains(output, t));
        let bad =
            |output: &&String| clash(output) || path::normalise_literal(output).as_deref() != Ok(output);
        if let Some(output) = outputs.iter().find(bad) {
            let why = if clash(output) { "is also another build's" } else { "cannot be an output" };
            let note = format!("The {name} build is left out: its `{output}` {why}. Add it by hand.");
            *section = Section { notes: vec![note], ..Section::default() };
        } else {
            taken.extend(outputs);
        }
    }
}

/// A project as the ecosystems see it.
struct Source<'a> {
    project: &'a Project<'a>,
    /// More than one ecosystem has steps, so their artifacts need folders of their own.
    several: bool,
}

impl<'a> std::ops::Deref for Source<'a> {
    type Target = Project<'a>;

    fn deref(&self) -> &Project<'a> {
        self.project
    }
}

impl Source<'_> {
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
    fn artifacts(&self, ecosystem: &str) -> String {
        let free = ["dist", "artifacts", "proofhouse-out"].into_iter().find(|name| !self.has_folder(name));
        let folder = free.unwrap_or("proofhouse-artifacts");
        if self.several { format!("{folder}/{ecosystem}") } else { folder.to_owned() }
    }
}

fn lines<const N: usize>(lines: [&str; N]) -> Vec<String> {
    lines.map(str::to_owned).to_vec()
}
