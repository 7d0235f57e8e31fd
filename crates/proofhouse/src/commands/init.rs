//! `proofhouse init`: a first configuration for the project in this folder.

use std::{fs, io::Write, path::Path};

use engine::{
    home::cannot,
    project::read_bounded,
    source::{CONFIG, Source},
};
use model::{Exit, Problem};

use crate::{
    args::{Format, Global},
    ui::{self, BOLD, eprintln, println},
};

/// Largest manifest that is looked at.
const LARGEST: u64 = 1 << 20;

pub fn init(global: &Global) -> Result<Exit, Problem> {
    let folder = engine::given::folder(&global.directory)?;
    let path = folder.join(CONFIG);
    let source = Source::read(&folder)?;
    let files: Vec<String> = source.files.iter().filter_map(|f| Some(f.to_str()?.to_owned())).collect();
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let read = |path: &str| read_text(&folder.join(path));
    let project = pipeline::init::Project { folder: &name, files: &files, read: &read };
    let draft = pipeline::init::init(&project);
    write_new(&path, &draft.text)?;
    if global.format == Format::Json {
        ui::json(
            &serde_json::json!({ "file": CONFIG, "recognised": draft.ecosystems, "missed": draft.missed }),
        );
        return Ok(Exit::Success);
    }
    let found =
        if draft.ecosystems.is_empty() { "nothing it knows".to_owned() } else { draft.ecosystems.join(", ") };
    eprintln!("found {found}");
    draft.missed.iter().for_each(|missed| eprintln!("{missed}"));
    println!("wrote {BOLD}{CONFIG}{BOLD:#}: look at it, then try `proofhouse plan` and `proofhouse run`");
    Ok(Exit::Success)
}

fn read_text(path: &Path) -> Option<String> {
    let bytes = read_bounded(path, LARGEST + 1).ok().filter(|bytes| bytes.len() as u64 <= LARGEST)?;
    String::from_utf8(bytes).ok()
}

/// Writes the file if there is none; never over another.
fn write_new(path: &Path, text: &str) -> Result<(), Problem> {
    match fs::OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => file.write_all(text.as_bytes()).map_err(|e| cannot(path, "write", &e)),
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
            let message = format!("{CONFIG} is already there; it is left as it is");
            Err(Problem::new("config-exists", Exit::Input, message)
                .with_hint("remove it first if you want a new one"))
        }
        Err(e) => Err(cannot(path, "write", &e)),
    }
}
