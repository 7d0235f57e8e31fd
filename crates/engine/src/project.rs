//! A project on disk: its configuration and its own gate rules.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use model::{Exit, Problem, Sha256, problem::erase, requirement::Requirements};
use pipeline::{Config, Diagnostics, Known, config::Environment};
use runner::proxy::registry::Ecosystem;

use crate::{
    home::cannot,
    radar::CatalogueFile,
    source::{CONFIG, Source},
};

/// A project whose configuration is valid.
#[derive(Clone, Debug)]
pub struct Project {
    /// The folder with `proofhouse.yaml`.
    pub root: PathBuf,
    /// The configuration.
    pub config: Config,
    /// Digest of the configuration file.
    pub config_digest: Sha256,
    /// Text of the configuration file.
    pub config_text: Vec<u8>,
    /// The project's own gate rules: path and text, sorted.
    pub rules: BTreeMap<String, String>,
    /// Security requirements; none when there is no file of them.
    pub requirements: Requirements,
    /// Text of the file of the requirements.
    pub requirements_text: Option<Vec<u8>>,
    /// The technology catalogue that the configuration names.
    pub catalogue: Option<CatalogueFile>,
}

impl Project {
    /// Loads the project that `start` is in.
    ///
    /// # Errors
    /// There is none, or its configuration is not valid (all problems at once, with source excerpts).
    pub fn load(start: &Path, colour: bool) -> Result<Self, Problem> {
        let root = Source::find(start)?;
        let path = root.join(CONFIG);
        let bytes = read_bounded(&path, pipeline::MAX_BYTES as u64 + 1)?;
        let config = parse(&bytes, colour)?;
        let rules = if config.gate.rules.is_empty() { BTreeMap::new() } else { rules(&root, &config)? };
        if rules.is_empty() && !config.gate.rules.is_empty() {
            return Err(told(&pipeline::no_gate_rule(&bytes, CONFIG), colour));
        }
        let file = crate::requirements::read(&root)?;
        let requirements = match &file {
            Some(file) => crate::requirements::parse(file, colour)?,
            None => Requirements::new(),
        };
        let catalogue = config.catalogue.as_deref().map(|path| CatalogueFile::read(&root, path));
        Ok(Self {
            root,
            config,
            config_digest: Sha256::of(&bytes),
            config_text: bytes,
            rules,
            requirements,
            requirements_text: file,
            catalogue,
        })
    }

    /// A folder without configuration: every built-in check, no steps. For `proofhouse scan`.
    ///
    /// # Errors
    /// The folder cannot be entered.
    pub fn bare(folder: &Path) -> Result<Self, Problem> {
        let root = crate::given::folder(folder)?;
        let name = root.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        let name: String = name.chars().map(|c| if fits(c) { c } else { '-' }).take(64).collect();
        let name = name.trim_start_matches(['.', '_', '-']);
        let name = if name.is_empty() { "folder" } else { name };
        // A file has at least one step; a test needs no outputs. Nothing runs it.
        let text =
            format!("version: 1\nproject: '{name}'\nsteps:\n  none:\n    kind: test\n    run: 'true'\n");
        let config = parse(text.as_bytes(), false)?;
        let config_digest = Sha256::of(&text);
        Ok(Self {
            root,
            config,
            config_digest,
            config_text: text.into_bytes(),
            rules: BTreeMap::new(),
            requirements: Requirements::new(),
            requirements_text: None,
            catalogue: None,
        })
    }

    /// An environment by name.
    ///
    /// # Errors
    /// There is none of that name; the hint lists those there are.
    pub fn environment(&self, name: &str) -> Result<&Environment, Problem> {
        self.config.environment(name).ok_or_else(|| crate::gate::no_environment(&self.config, name))
    }

    /// Digests of the files that a gate decides by besides the configuration, by path: its rules, the security
    /// requirements, and a technology catalogue of the project's own. One beside the project belongs to others,
    /// and its newest state counts.
    pub fn rule_digests(&self) -> BTreeMap<String, Sha256> {
        let rules = self.rules.iter().map(|(path, text)| (path.clone(), Sha256::of(text)));
        let file = self.requirements_text.as_ref();
        let requirements = file.map(|text| (pipeline::requirements::FILE_NAME.to_owned(), Sha256::of(text)));
        let own = self.catalogue.as_ref().filter(|file| !file.path.starts_with("../"));
        let catalogue = own.and_then(|file| Some((file.path.clone(), file.digest()?)));
        rules.chain(requirements).chain(catalogue).collect()
    }
}

/// Reads and checks a configuration text.
///
/// # Errors
/// Every problem with it, rendered.
pub fn parse(bytes: &[u8], colour: bool) -> Result<Config, Problem> {
    with_known(|known| pipeline::parse_bytes(bytes, CONFIG, known)).map_err(|all| told(&all, colour))
}

/// The JSON Schema of the configuration.
pub fn schema() -> serde_json::Value {
    with_known(pipeline::schema)
}

/// What the crates that do the work know, for the configuration to be checked against.
fn with_known<T>(use_it: impl FnOnce(&Known<'_>) -> T) -> T {
    let providers = toolchain::provider_names();
    let registries: Vec<&str> = Ecosystem::all().map(Ecosystem::name).collect();
    use_it(&Known { report_formats: findings::formats(), providers: &providers, registries: &registries })
}

/// The problems of a configuration as one, with their excerpts.
pub(crate) fn told(diagnostics: &Diagnostics, colour: bool) -> Problem {
    let list = diagnostics.list();
    let message = match list {
        [one] => one.message.clone(),
        more => format!("{} has {} problems", diagnostics.file(), more.len()),
    };
    let code = list.first().map_or("config-invalid", |d| d.code);
    Problem { excerpt: Some(diagnostics.render(colour)), ..Problem::new(code, Exit::Input, message) }
}

/// The `.rego` files that the configuration names; each can be used.
fn rules(root: &Path, config: &Config) -> Result<BTreeMap<String, String>, Problem> {
    let source = Source::read(root)?;
    let (mut rules, mut usable) = (BTreeMap::new(), policy::RuleSet::built_in());
    for path in source.files.iter().filter_map(|p| p.to_str()).filter(|p| config.gate.rules.matches(p)) {
        let bytes = read_bounded(&root.join(path), policy::RuleSet::MOST_BYTES as u64 + 1)?;
        let text = String::from_utf8(bytes).map_err(|_| {
            Problem::new("policy-syntax", Exit::Input, format!("{path}: a gate rule must be UTF-8 text"))
        })?;
        usable.add(path, &text).map_err(|e| erase(&e))?;
        rules.insert(path.to_owned(), text);
    }
    Ok(rules)
}

/// At most `limit` bytes of a regular file. A named pipe or device, which could keep a reader waiting or
/// never end, is refused.
///
/// # Errors
/// It is not there, not a regular file, or cannot be read.
pub fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>, Problem> {
    use std::{io::Read, os::unix::fs::OpenOptionsExt};
    let mut options = fs::OpenOptions::new();
    let file = options.read(true).custom_flags(nix::libc::O_NONBLOCK).open(path);
    let file = file.map_err(|e| cannot(path, "open", &e))?;
    let meta = file.metadata().map_err(|e| cannot(path, "look at", &e))?;
    if !meta.is_file() {
        let message = format!("{} is not a regular file", path.display());
        return Err(Problem::new("not-a-file", Exit::Input, message));
    }
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes).map_err(|e| cannot(path, "read", &e))?;
    Ok(bytes)
}
