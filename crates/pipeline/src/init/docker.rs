//! A Dockerfile: images are not built in the sandbox, but the file is checked.

use super::{Section, Source};

pub(super) fn recognise(project: &Source<'_>) -> Option<Section> {
    let named = |file: &&String| {
        let name = file.rsplit('/').next().unwrap_or("");
        name == "Dockerfile" || name == "Containerfile" || name.ends_with(".dockerfile")
    };
    let file = project.files.iter().find(named)?;
    let notes =
        vec![format!("{file} is checked by `scans.config`; building images is not part of this file.")];
    Some(Section { notes, ..Section::default() })
}
