//! `proofhouse outputs`: what a run built, as a list or as files.

use std::{
    fs,
    io::{Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use engine::{gate::find_run, home::cannot};
use model::{
    Exit, Problem,
    predicate::{OutputRecord, Run},
};

use crate::{
    app::App,
    args::{Global, OutputsArgs},
    ui::{self, DIM, eprintln, println},
};

pub fn outputs(global: &Global, arguments: &OutputsArgs) -> Result<Exit, Problem> {
    let app = App::open(global)?;
    let project = app.project()?;
    let (run, _) = find_run(&project.config.project, arguments.run, &app.recorder)?;
    let Some(to) = &arguments.to else {
        match app.json() {
            true => ui::json(&all(&run).collect::<Vec<_>>()),
            false => tell(&run),
        }
        return Ok(Exit::Success);
    };
    for output in all(&run) {
        if !output.directory {
            write(&app, output, to)?;
            println!("{}", ui::one_line(&to.join(&output.path).to_string_lossy()));
        } else if inside(&run, output) == 0 {
            eprintln!("{} is left out: it is kept for later steps only", ui::one_line(&output.path));
        }
    }
    Ok(Exit::Success)
}

fn all(run: &Run) -> impl Iterator<Item = &OutputRecord> {
    run.steps.iter().flat_map(|step| &step.outputs)
}

/// Files listed below a folder.
fn inside(run: &Run, folder: &OutputRecord) -> usize {
    let below = |path: &str| path.strip_prefix(&folder.path).is_some_and(|rest| rest.starts_with('/'));
    all(run).filter(|output| !output.directory && below(&output.path)).count()
}

/// One line for each file, and for each folder whose files are not listed.
pub fn tell(run: &Run) {
    for output in all(run) {
        let (path, hash) = (ui::one_line(&output.path), output.digest.hash);
        match output.directory {
            false => println!("  {path} {DIM}sha256:{hash}{DIM:#}"),
            true if inside(run, output) == 0 => println!("  {path}/ {DIM}tree:{hash}{DIM:#}"),
            true => {}
        }
    }
}

/// Writes a file, hashed again on the way. A file that is there is not overwritten, unless it is this one.
fn write(app: &App, output: &OutputRecord, folder: &Path) -> Result<(), Problem> {
    outside_of_git(&output.path)?;
    let path = folder.join(&output.path);
    let parent = path.parent().unwrap_or(folder);
    let mut above = parent.ancestors().take_while(|above| *above != folder);
    if let Some(link) = above.find(|above| above.is_symlink()) {
        let message = format!("{} is a link, and could lead anywhere", link.display());
        return Err(Problem::new("output-behind-link", Exit::Input, message).with_hint("give another folder"));
    }
    fs::create_dir_all(parent).map_err(|e| cannot(parent, "make", &e))?;
    if path.is_file() && super::verify::digest(&path)? == output.digest.hash {
        return Ok(());
    }
    let mut source =
        app.recorder.blobs().open(&output.digest.hash).map_err(|e| cannot(&path, "fetch", &e))?;
    let mut head = [0; 4];
    let mut read = 0;
    while read < head.len() {
        match source.read(&mut head[read..]).map_err(|e| cannot(&path, "fetch", &e))? {
            0 => break,
            more => read += more,
        }
    }
    // The mode is not part of the evidence: what the system can start by itself gets the bit for it.
    let program = head == *b"\x7fELF" || head.starts_with(b"#!");
    let mode = if program { 0o755 } else { 0o644 };
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&path);
    let mut file = file.map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => {
            let message = format!("{} is there already and is another file", path.display());
            Problem::new("output-exists", Exit::Input, message)
                .with_hint("give another folder, or remove the file")
        }
        _ => cannot(&path, "write", &e),
    })?;
    let done = file.write_all(&head[..read]).and_then(|()| std::io::copy(&mut source, &mut file));
    done.map(drop).map_err(|e| {
        let _ = fs::remove_file(&path);
        cannot(&path, "write", &e)
    })
}

/// Runs of before may have kept what a step put into a `.git`: git would run what is configured there.
fn outside_of_git(path: &str) -> Result<(), Problem> {
    if !path.split('/').any(runner::action::is_git) {
        return Ok(());
    }
    let message = format!("{path} lies in a git folder; git would run what is configured in it");
    Err(Problem::new("output-git-folder", Exit::Input, message)
        .with_hint("let the step remove it, and run again"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_into_a_git_folder() {
        for path in [".git", "dist/.git/config", "dist/.GIT/hooks/x"] {
            assert!(outside_of_git(path).is_err(), "{path}");
        }
        assert!(outside_of_git("dist/.gitignore").is_ok());
    }
}
