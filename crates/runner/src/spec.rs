//! What to run: the description of a step as the runner takes it.

use std::{collections::BTreeMap, fmt, path::PathBuf, time::Duration};

use model::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::proxy::Rule;

/// Home folder inside the sandbox: the private `/tmp`, gone afterwards.
pub const HOME: &str = "/tmp";
/// Where commands are looked for, after the folders that tools add.
pub const BASE_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// A host file or folder that a tool makes visible, read-only, inside the sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bind {
    /// Path on the host.
    pub host: PathBuf,
    /// Absolute path inside.
    pub inside: String,
}

/// A pinned tool: its identity is part of the action digest, its host paths are not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolMount {
    /// Name as in the lock file.
    pub name: String,
    /// Tree digest as in the lock file.
    pub digest: Sha256,
    /// What becomes visible.
    pub binds: Vec<Bind>,
    /// Variables it needs. `PATH` is put before what is there already; others replace.
    pub env: Vec<(String, String)>,
}

/// A secret given to one step. Its value never enters a digest, a log or `Debug`.
#[derive(Clone)]
pub struct Secret {
    /// Name of the variable the step sees.
    pub name: String,
    /// Value; wiped when dropped.
    pub value: Zeroizing<Vec<u8>>,
}

impl Secret {
    /// A secret from text or bytes.
    pub fn new(name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), value: Zeroizing::new(value.into()) }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.name)
    }
}

/// How closely the command is observed from outside.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum TraceLevel {
    /// Not observed.
    None,
    /// Programs started and connections attempted.
    #[default]
    Processes,
    /// File opens too.
    Files,
}

/// Bounds of one step. `None` leaves the sandbox's own default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepLimits {
    /// Memory of the whole step in bytes.
    pub memory_bytes: Option<u64>,
    /// Processes and threads at one time.
    pub processes: Option<u64>,
    /// Processor time in percent of one processor (200 is two).
    pub cpu_percent: Option<u32>,
    /// Largest file the step can write, in bytes.
    pub file_bytes: Option<u64>,
    /// Bytes of disk the step can add to its tree, all files together.
    pub disk_bytes: Option<u64>,
    /// Open files of one process.
    pub open_files: Option<u64>,
    /// Size of the private `/tmp`, in bytes.
    pub tmp_bytes: Option<u64>,
    /// Log bytes kept; what comes later is counted and dropped.
    pub log_bytes: u64,
    /// Fail the step when it prints more than `log_bytes`.
    pub fail_on_long_log: bool,
    /// Sum of the sizes of all outputs.
    pub output_bytes: u64,
    /// Files, folders and links in all outputs.
    pub output_entries: u64,
}

impl Default for StepLimits {
    fn default() -> Self {
        Self {
            memory_bytes: None,
            processes: None,
            cpu_percent: None,
            file_bytes: None,
            disk_bytes: None,
            open_files: None,
            tmp_bytes: None,
            log_bytes: 64 << 20,
            fail_on_long_log: false,
            output_bytes: 16 << 30,
            output_entries: 500_000,
        }
    }
}

/// Whether a result may be taken from and put into the action cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Caching {
    /// Cached unless the step has network rules or secrets.
    #[default]
    Auto,
    /// Cached even with network rules or secrets.
    Always,
    /// Never cached.
    Never,
}

/// What the exit status of the command means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExitRule {
    /// Only zero passes.
    #[default]
    Zero,
    /// Only zero passes, but the outputs that are there are collected whatever it is (test reports).
    ZeroKeepOutputs,
    /// Any status passes when the outputs are there: scanners use it for both "found something" and
    /// "broke", so their report decides.
    Any,
}

/// One step, ready to run.
#[derive(Clone, Debug)]
pub struct ActionSpec {
    /// Step name, for people; not part of the digest.
    pub name: String,
    /// Program and arguments; at least the program.
    pub argv: Vec<String>,
    /// Variables of the step itself; they win over tools' and defaults.
    pub env: BTreeMap<String, String>,
    /// Root Directory digest of the input tree, present in the CAS.
    pub inputs: Digest,
    /// Declared outputs, relative to the root of the tree; each must exist afterwards.
    pub outputs: Vec<String>,
    /// Tools it sees.
    pub tools: Vec<ToolMount>,
    /// What it may reach; empty: no network at all.
    pub network: Vec<Rule>,
    /// Secrets it gets as variables.
    pub secrets: Vec<Secret>,
    /// Bounds.
    pub limits: StepLimits,
    /// Longest execution of one attempt.
    pub timeout: Duration,
    /// Further attempts after a failed one.
    pub retries: u32,
    /// Observation.
    pub trace: TraceLevel,
    /// Caching.
    pub caching: Caching,
    /// What the exit status means. Not part of the digest: it changes nothing about the execution.
    pub exit: ExitRule,
    /// `SOURCE_DATE_EPOCH`: seconds since 1970, usually of the commit; also the mtime of all inputs.
    pub source_date_epoch: i64,
}

impl ActionSpec {
    /// A step with defaults: no tools, no network, ten minutes, no retries.
    pub fn new(name: impl Into<String>, argv: Vec<String>, inputs: Digest) -> Self {
        Self {
            name: name.into(),
            argv,
            env: BTreeMap::new(),
            inputs,
            outputs: Vec::new(),
            tools: Vec::new(),
            network: Vec::new(),
            secrets: Vec::new(),
            limits: StepLimits::default(),
            timeout: Duration::from_secs(600),
            retries: 0,
            trace: TraceLevel::default(),
            caching: Caching::default(),
            exit: ExitRule::default(),
            source_date_epoch: 0,
        }
    }

    /// Whether the action cache may be read and written.
    pub fn may_cache(&self) -> bool {
        match self.caching {
            Caching::Always => true,
            Caching::Never => false,
            Caching::Auto => self.network.is_empty() && self.secrets.is_empty(),
        }
    }

    /// The whole environment without secrets: defaults, then tools in order, then the step's own.
    pub fn environment(&self) -> BTreeMap<String, String> {
        let mut env = BTreeMap::from(
            [("HOME", HOME), ("TMPDIR", "/tmp"), ("LANG", "C.UTF-8"), ("TZ", "UTC"), ("PATH", BASE_PATH)]
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        env.insert("SOURCE_DATE_EPOCH".to_owned(), self.source_date_epoch.to_string());
        let mut paths: Vec<&str> = Vec::new();
        for (name, value) in self.tools.iter().flat_map(|tool| &tool.env) {
            if name == "PATH" {
                paths.extend(value.split(':').filter(|path| !path.is_empty()));
            } else {
                env.insert(name.clone(), value.clone());
            }
        }
        if !paths.is_empty() {
            paths.push(BASE_PATH);
            env.insert("PATH".to_owned(), paths.join(":"));
        }
        env.extend(self.env.clone());
        env
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::build;

    fn spec() -> ActionSpec {
        let mut spec = ActionSpec::new("compile", vec!["make".into()], Digest::of(b""));
        spec.outputs = vec!["b".into(), "a".into()];
        spec
    }

    #[test]
    fn a_secret_changes_the_action_by_its_name_only() {
        let with = |name: &str, value: &str| {
            let secrets = vec![Secret::new(name, value)];
            build(&ActionSpec { secrets, ..spec() }).digest
        };
        assert_eq!(with("TOKEN", "one"), with("TOKEN", "two"));
        assert_ne!(with("TOKEN", "one"), with("OTHER", "one"));
        assert!(!format!("{:?}", Secret::new("TOKEN", "hunter2")).contains("hunter2"));
    }

    #[test]
    fn the_digest_depends_on_what_matters_and_not_on_order() {
        let base = build(&spec()).digest;
        let swapped = ActionSpec { outputs: vec!["a".into(), "b".into()], ..spec() };
        assert_eq!(base, build(&swapped).digest);
        assert_eq!(base, build(&ActionSpec { name: "other".into(), ..spec() }).digest);
        assert_ne!(base, build(&ActionSpec { source_date_epoch: 1, ..spec() }).digest);
        let tool = |host: &str, digest: &[u8]| ToolMount {
            name: "cc".into(),
            digest: Sha256::of(digest),
            binds: vec![Bind { host: host.into(), inside: "/opt/cc".into() }],
            env: vec![("PATH".into(), "/opt/cc/bin".into())],
        };
        let with = |tool| build(&ActionSpec { tools: vec![tool], ..spec() });
        assert_eq!(with(tool("/x", b"1")).digest, with(tool("/y", b"1")).digest);
        assert_ne!(with(tool("/x", b"1")).digest, with(tool("/x", b"2")).digest);
        assert_eq!(with(tool("/x", b"1")).env["PATH"], format!("/opt/cc/bin:{BASE_PATH}"));
    }
}
