//! Running a client of the host to learn about its configuration, and watching where it connects.

use std::{
    ffi::OsString,
    fs,
    io::Read,
    net::{IpAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use model::Clock;

use super::{Endpoint, RegistryError};
use crate::{
    cas::remove_tree,
    proxy::{Decide, Method, Proxy, ProxyLimits, Refusal, SystemResolver},
};

/// Longest answer of a client.
const MAX_ANSWER: u64 = 4 << 20;

/// The means of asking: the surroundings of the clients, a folder for trials, a clock.
#[derive(Clone)]
pub struct Ask {
    /// Environment that the clients get: the user's own, because it is their configuration.
    pub env: Vec<(OsString, OsString)>,
    /// Folder below which trial folders are made and removed; it is made itself when needed.
    pub scratch: PathBuf,
    /// Time for the log of a trial.
    pub clock: Arc<dyn Clock>,
    /// Longest time of one client.
    pub timeout: Duration,
}

impl Ask {
    /// The environment's value of a variable.
    pub(crate) fn var(&self, name: &str) -> Option<String> {
        let found = self.env.iter().rev().find(|(known, _)| known == name);
        found.and_then(|(_, value)| value.to_str()).map(str::to_owned)
    }

    /// Runs a client and gives its standard output.
    pub(crate) fn run(
        &self,
        ecosystem: &'static str,
        program: &str,
        args: &[&str],
    ) -> Result<String, RegistryError> {
        let mut command = Command::new(program);
        command.args(args).current_dir(&self.scratch);
        let (ok, answer, complaint) = self.execute(ecosystem, program, command)?;
        if ok {
            return Ok(answer);
        }
        let why = complaint.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it failed");
        Err(RegistryError::Client {
            program: program.to_owned(),
            why: why.trim().chars().take(300).collect(),
        })
    }

    fn execute(
        &self,
        ecosystem: &'static str,
        program: &str,
        mut command: Command,
    ) -> Result<(bool, String, String), RegistryError> {
        let failed = |why: String| RegistryError::Client { program: program.to_owned(), why };
        // A folder that is not there looks like a program that is not there: the system says "not found".
        fs::create_dir_all(&self.scratch).map_err(|error| failed(error.to_string()))?;
        let inherited = command.get_envs().map(|(k, v)| (k.to_owned(), v.map(OsString::from)));
        let own: Vec<_> = inherited.collect();
        command.env_clear().envs(self.env.iter().cloned());
        for (name, value) in own {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = match command.spawn() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(RegistryError::NoClient { ecosystem, program: program.to_owned() });
            }
            other => other.map_err(|error| failed(error.to_string()))?,
        };
        let (out, err) = (drain(child.stdout.take()), drain(child.stderr.take()));
        let ok = wait(&mut child, self.timeout).map_err(|error| failed(error.to_string()))?;
        let text = |handle: std::thread::JoinHandle<Vec<u8>>| {
            String::from_utf8_lossy(&handle.join().unwrap_or_default()).into_owned()
        };
        let ok = ok.ok_or_else(|| failed("it took too long".to_owned()))?;
        Ok((ok, text(out), text(err)))
    }

    /// Runs a client in a fresh folder behind a proxy that lets it reach only the first host it asks
    /// for (its index), and gives every host it asked for. The client failing is expected: the
    /// packages themselves are not fetched.
    pub(crate) fn watch(
        &self,
        ecosystem: &'static str,
        program: &str,
        prepare: impl FnOnce(&Path, u16) -> std::io::Result<Command>,
    ) -> Result<Vec<Endpoint>, RegistryError> {
        let failed = |error: std::io::Error| RegistryError::Client {
            program: program.to_owned(),
            why: error.to_string(),
        };
        let folder = Trial::new(&self.scratch).map_err(failed)?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let limits = ProxyLimits::default();
        let proxy = Proxy::start(
            listener,
            OnlyFirst::default(),
            Arc::new(SystemResolver),
            self.clock.clone(),
            limits,
        )
        .map_err(failed)?;
        let command = prepare(&folder.0, port).map_err(failed)?;
        let outcome = self.execute(ecosystem, program, command);
        let log = proxy.stop();
        let asked = log.attempts.into_iter().filter(|attempt| !attempt.host.is_empty());
        let seen: Vec<_> = asked.map(|a| Endpoint { host: a.host, port: a.port }).collect();
        match outcome {
            Err(error) if seen.is_empty() => Err(error),
            Ok((false, _, complaint)) if seen.is_empty() => {
                let why = complaint.lines().next_back().unwrap_or("it failed").to_owned();
                Err(RegistryError::Client { program: program.to_owned(), why })
            }
            _ => Ok(seen),
        }
    }
}

/// Variables that send most clients through the proxy.
pub(crate) fn proxy_env(command: &mut Command, port: u16) {
    let url = format!("http://127.0.0.1:{port}");
    for name in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
        command.env(name, &url);
    }
    command.env_remove("no_proxy").env_remove("NO_PROXY");
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.by_ref().take(MAX_ANSWER).read_to_end(&mut bytes);
            let _ = std::io::copy(&mut pipe, &mut std::io::sink());
        }
        bytes
    })
}

/// Whether the child succeeded; `None` when it was killed at its time limit.
fn wait(child: &mut Child, timeout: Duration) -> std::io::Result<Option<bool>> {
    let deadline = Instant::now() + timeout;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.success()));
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

struct Trial(PathBuf);

impl Trial {
    fn new(scratch: &Path) -> std::io::Result<Self> {
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let folder = scratch.join(format!("ask-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        let _ = remove_tree(&self.0);
    }
}

/// Lets only the first host through, at whatever address this machine finds it.
#[derive(Default)]
struct OnlyFirst(Mutex<Option<String>>);

impl Decide for OnlyFirst {
    fn host(&self, host: &str, _: u16, _: Method) -> Result<(), Refusal> {
        let mut first = self.0.lock().unwrap_or_else(|poison| poison.into_inner());
        let first = first.get_or_insert_with(|| host.to_owned());
        if first == host { Ok(()) } else { Err(Refusal::Host) }
    }

    fn address(&self, _: IpAddr, _: u16) -> Result<(), Refusal> {
        Ok(())
    }
}
