//! Asking a program something, bounded in time and output.

use std::{
    ffi::OsStr,
    io::Read,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use crate::{error::ToolError, resolve::Session};

/// Longest wait for an answer. Generous: a JVM on a busy machine needs seconds.
const PATIENCE: Duration = Duration::from_secs(20);
/// Most bytes read of either stream.
const MOST: u64 = 64 * 1024;

/// Runs `program` with `arguments` and returns what it printed: stdout, or stderr when that is empty
/// (`java -version`).
pub(crate) fn ask<S: AsRef<OsStr>>(
    tool: &str,
    program: &Path,
    arguments: &[S],
    session: &Session<'_>,
) -> Result<String, ToolError> {
    let host = session.host;
    let question = || {
        let words = arguments.iter().map(|word| word.as_ref().to_string_lossy().into_owned());
        std::iter::once(program.display().to_string()).chain(words).collect::<Vec<_>>().join(" ")
    };
    let failed = |why: String| ToolError::NoAnswer { tool: tool.to_owned(), question: question(), why };
    let mut command = Command::new(program);
    command.args(arguments).current_dir("/").env_clear().stdin(Stdio::null());
    command
        .env("PATH", &host.path_env)
        .env("HOME", &host.home)
        .env("LC_ALL", "C.UTF-8")
        .envs(&host.variables);
    // rustup must answer from what is installed, python must not write byte code into its tree.
    command.env("RUSTUP_AUTO_INSTALL", "0").env("PYTHONDONTWRITEBYTECODE", "1");
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let (success, stdout, stderr) =
        finish(child.map_err(|error| failed(error.to_string()))?).map_err(failed)?;
    let text = if stdout.trim().is_empty() { stderr } else { stdout };
    match success {
        true => Ok(text),
        false => Err(failed(format!("it failed and said `{}`", first_line(&text)))),
    }
}

fn finish(mut child: Child) -> Result<(bool, String, String), String> {
    let (sender, receiver) = mpsc::channel();
    let streams: [Option<Box<dyn Read + Send>>; 2] = [
        child.stdout.take().map(|stream| Box::new(stream) as _),
        child.stderr.take().map(|stream| Box::new(stream) as _),
    ];
    for (n, stream) in streams.into_iter().enumerate() {
        let sender = sender.clone();
        thread::spawn(move || {
            let mut bytes = vec![];
            let read = stream.map(|stream| stream.take(MOST).read_to_end(&mut bytes));
            let _ = sender.send((n, read.is_some().then(|| String::from_utf8_lossy(&bytes).into_owned())));
        });
    }
    let mut texts = [String::new(), String::new()];
    for _ in 0..2 {
        match receiver.recv_timeout(PATIENCE) {
            Ok((n, text)) => texts[n] = text.unwrap_or_default(),
            Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("no answer within {} seconds", PATIENCE.as_secs()));
            }
        }
    }
    // Both streams are closed or over the limit; a program that goes on regardless is stopped.
    let status = wait(&mut child)?;
    let [stdout, stderr] = texts;
    Ok((status, stdout, stderr))
}

fn wait(child: &mut Child) -> Result<bool, String> {
    for _ in 0..200 {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status.success()),
            Ok(None) => thread::sleep(Duration::from_millis(5)),
            Err(error) => return Err(error.to_string()),
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    Err("it answered and did not end".into())
}

/// The first line with something in it, bounded, without control characters.
pub(crate) fn first_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("");
    line.chars().filter(|c| !c.is_control()).take(200).collect()
}
