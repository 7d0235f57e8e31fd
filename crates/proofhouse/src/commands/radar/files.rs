//! Catalogue files: found, exported, imported.

use std::{io::Write, path::Path};

use engine::{home::cannot, project::read_bounded, radar::CatalogueFile};
use govern::catalogue::{
    export::{self, Form},
    import::{self, Format},
    yaml,
};
use model::{Exit, Problem, problem::erase};

use crate::{
    app::load_project,
    args::{Global, RadarImportArgs},
    ui::{self, eprintln, println},
};

/// The catalogue that is named on the command line, or by the project.
pub(crate) fn catalogue(global: &Global, given: Option<&Path>) -> Result<CatalogueFile, Problem> {
    if let Some(path) = given {
        return Ok(CatalogueFile::read(&global.directory, &path.to_string_lossy()));
    }
    load_project(global)?.catalogue.ok_or_else(|| {
        Problem::new("catalogue-unnamed", Exit::Input, "proofhouse.yaml names no technology catalogue")
            .with_hint("add `catalogue: technologies.yaml` to it, or give --catalogue FILE")
    })
}

/// Writes the catalogue in the form that the file's ending says.
pub(super) fn export(file: &CatalogueFile, to: &Path, title: &str) -> Result<Exit, Problem> {
    let ending = to.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let form = Form::from_ending(ending).ok_or_else(|| {
        let message = format!("{} does not say how to write it", to.display());
        Problem::new("radar-ending", Exit::Input, message)
            .with_hint(format!("the name must end in one of: {}", Form::ENDINGS.join(", ")))
    })?;
    let text = export::export(&file.open()?, form, title);
    // What is exported is made anew each time; a first catalogue is somebody's work and never overwritten.
    std::fs::write(to, text).map_err(|e| cannot(to, "write", &e))?;
    println!("{}", ui::one_line(&to.to_string_lossy()));
    Ok(Exit::Success)
}

/// Reads a radar of others and writes it as a catalogue.
pub(super) fn import(global: &Global, arguments: &RadarImportArgs) -> Result<Exit, Problem> {
    let path = global.directory.join(&arguments.file);
    let bytes = read_bounded(&path, import::MOST_BYTES as u64 + 1)?;
    let format = arguments.radar_format.as_deref().and_then(Format::from_name);
    let imported = import::import(&bytes, format).map_err(|e| erase(&e))?;
    imported.notes.iter().for_each(|note| ui::note(&ui::one_line(note)));
    let text = yaml(&imported.catalogue);
    match &arguments.to {
        Some(to) => {
            write_new(to, &text)?;
            println!("{}", ui::one_line(&to.to_string_lossy()));
        }
        None => println!("{}", text.trim_end()),
    }
    let number = imported.catalogue.technologies.len() as u64;
    eprintln!("{}; none has rules under `match` yet, so nothing counts as them", technologies(number));
    Ok(Exit::Success)
}

fn technologies(number: u64) -> String {
    if number == 1 { "1 technology".to_owned() } else { format!("{number} technologies") }
}

/// Writes a file that is not there yet.
pub(super) fn write_new(to: &Path, text: &str) -> Result<(), Problem> {
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(to);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => {
            let message = format!("{} is there already", to.display());
            Problem::new("catalogue-exists", Exit::Input, message)
                .with_hint("give another name, or remove the file")
        }
        _ => cannot(to, "write", &e),
    })
}
