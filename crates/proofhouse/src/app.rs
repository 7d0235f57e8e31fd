//! An open installation: home, ledger, blobs, database, clock.

use std::{
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use engine::{Home, people, project::Project, record::Recorder};
use govern::organisation::{Organisation, Permission};
use model::{By, Clock, Exit, Problem, Timestamp, Via, ports::Blobs, problem::erase};
use store::{LocalBlobs, Store};

use crate::{
    args::{Format, Global},
    database::Database,
    ui,
};

/// Everything a command may need.
pub struct App {
    /// Global options.
    pub global: Global,
    /// The home.
    pub home: Home,
    /// For what is async.
    pub runtime: tokio::runtime::Runtime,
    /// The database.
    pub store: Arc<Store>,
    /// The database behind the engine's port.
    pub database: Arc<Database>,
    /// The blobs.
    pub blobs: Arc<LocalBlobs>,
    /// The ledger.
    pub recorder: Arc<Recorder>,
}

/// The system's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

impl App {
    /// Opens the installation, recovers from a crash of an earlier command, and says so.
    pub fn open(global: &Global) -> Result<Self, Problem> {
        let app = Self::open_unprojected(global)?;
        // First the database: what it does not know yet, recovery would take for never recorded.
        app.recorder.catch_up()?;
        crate::commands::finish_removal(&app)?;
        for sentence in engine::active::recover(&app.recorder)? {
            ui::note(&sentence);
        }
        Ok(app)
    }

    /// As [`Self::open`], without bringing the database up to the ledger (it may be damaged).
    pub fn open_unprojected(global: &Global) -> Result<Self, Problem> {
        install_crypto();
        let runtime = runtime()?;
        let home = Home::open(&home_folder(global)?)?.signed_at(global.signer.clone());
        let url = match &global.database {
            Some(url) => url.clone(),
            None => format!("sqlite:{}", home.database().display()),
        };
        let store = Arc::new(runtime.block_on(Store::open(&url)).map_err(|e| erase(&e))?);
        let blobs =
            LocalBlobs::open(home.blobs()).map_err(|e| engine::home::cannot(&home.blobs(), "open", &e))?;
        let blobs = Arc::new(blobs);
        let database = Arc::new(Database::new(Arc::clone(&store), runtime.handle().clone()));
        let (recorder, sentences) = Recorder::open(
            &home,
            executable()?,
            Arc::clone(&blobs) as Arc<dyn Blobs>,
            Arc::clone(&database) as Arc<dyn engine::ports::Projection>,
            Arc::new(SystemClock),
        )?;
        sentences.iter().for_each(|sentence| ui::note(sentence));
        Ok(Self {
            global: global.clone(),
            home,
            runtime,
            store,
            database,
            blobs,
            recorder: Arc::new(recorder),
        })
    }

    /// The project of the working folder.
    pub fn project(&self) -> Result<Project, Problem> {
        load_project(&self.global)
    }

    /// The organisation that holds now.
    pub fn organisation(&self) -> Result<Organisation, Problem> {
        let applied = self.database.wait(self.store.organisation())?;
        engine::people::current(applied.as_ref().map(|applied| applied.text.as_str()))
    }

    /// Who runs this command, with the roles that the organisation gives to that name; before there is one,
    /// whoever holds the installation has all of them.
    pub fn by(&self, project: Option<&str>) -> Result<By, Problem> {
        let name = actor();
        let roles = self.organisation()?.roles_here(&name, project);
        Ok(By { name, roles, via: Via::Local })
    }

    /// Who runs this command, if their roles let them; see [`App::by`].
    ///
    /// # Errors
    /// `role-missing`, or the organisation's file cannot be read.
    pub fn allowed(&self, project: &str, permission: Permission, what: &str) -> Result<By, Problem> {
        let by = self.by(Some(project))?;
        people::allowed(&by, permission, what, &self.recorder)?;
        Ok(by)
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.recorder.clock().now()
    }

    /// Results as JSON.
    pub fn json(&self) -> bool {
        self.global.format == Format::Json
    }

    /// The one finding of a project whose id begins with `prefix`.
    pub fn finding(&self, project: &str, prefix: &str) -> Result<store::views::FindingView, Problem> {
        let unusable = |message: String| {
            Problem::new("finding-unknown", Exit::Input, message).with_hint(
                "`proofhouse findings` lists them; give at least 8 characters of the id, or a rule's id",
            )
        };
        let hex = prefix.len() >= 8 && prefix.chars().all(|c| c.is_ascii_hexdigit());
        if !hex {
            return Err(unusable(format!(
                "{prefix:?} is neither a rule nor the beginning of a finding's id"
            )));
        }
        let found = self.database.wait(self.store.findings_by_prefix(&prefix.to_lowercase(), 20))?;
        let mut found: Vec<_> = found.into_iter().filter(|finding| finding.project == project).collect();
        found.dedup_by_key(|finding| finding.id);
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err(unusable(format!("{project} has no finding {prefix}"))),
            _ => Err(unusable(format!("several findings begin with {prefix}"))),
        }
    }

    /// Folder for environments that name no root. As root the application runs as another user, who
    /// must be able to get there.
    pub fn environments(&self) -> PathBuf {
        // Beside the home, not in it: the home is closed to everyone else.
        let beside = self.home.root().parent().map(|parent| parent.join("environments"));
        match (nix::unistd::geteuid().is_root(), &self.global.home, beside) {
            (true, None, _) => PathBuf::from("/var/lib/proofhouse/environments"),
            (true, Some(_), Some(beside)) => beside,
            _ => self.home.environments(),
        }
    }
}

/// The project of the working folder.
pub fn load_project(global: &Global) -> Result<Project, Problem> {
    Project::load(&global.directory, ui::colour() && global.format == Format::Text)
}

/// Home of the installation: given, or the user's data folder.
pub fn home_folder(global: &Global) -> Result<PathBuf, Problem> {
    if let Some(home) = &global.home {
        return Ok(home.clone());
    }
    let data = std::env::var_os("XDG_DATA_HOME").filter(|d| !d.is_empty()).map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    let data = data.or_else(home).ok_or_else(|| {
        Problem::new("home-unknown", Exit::Environment, "neither HOME nor XDG_DATA_HOME is set")
            .with_hint("say where this installation lives with --home or PROOFHOUSE_HOME")
    })?;
    Ok(data.join("proofhouse"))
}

/// This program's own file.
pub fn executable() -> Result<PathBuf, Problem> {
    std::env::current_exe().map_err(|e| {
        Problem::new("executable-unknown", Exit::Environment, format!("cannot find this program's file: {e}"))
    })
}

/// The one crypto provider.
pub fn install_crypto() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

fn runtime() -> Result<tokio::runtime::Runtime, Problem> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all();
    builder
        .build()
        .map_err(|e| Problem::new("runtime", Exit::Environment, format!("cannot start threads: {e}")))
}

/// For whom commands run that the demo types; see [`act_as`].
static PLAYED: RwLock<Option<String>> = RwLock::new(None);

/// Lets the demo's people act, in its own home: from now on commands of this process are theirs. There is no
/// way to it from outside.
pub fn act_as(person: Option<&str>) {
    *PLAYED.write().unwrap_or_else(PoisonError::into_inner) = person.map(str::to_owned);
}

/// Who runs this command, as the operating system knows them.
pub fn actor() -> String {
    if let Some(person) = PLAYED.read().unwrap_or_else(PoisonError::into_inner).clone() {
        return person;
    }
    let uid = nix::unistd::getuid();
    let name = nix::unistd::User::from_uid(uid).ok().flatten().map(|user| user.name);
    name.unwrap_or_else(|| format!("uid {uid}"))
}
