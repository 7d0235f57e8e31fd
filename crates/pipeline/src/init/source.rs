//! No build system: the sources themselves, packed so that equal sources give equal bytes.

use super::{Section, Source, StepText};

/// One `package` step.
pub(super) fn section(project: &Source<'_>) -> Section {
    let folder = project.artifacts("source");
    let run = vec![
        format!("mkdir -p {folder}"),
        format!(
            "tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --exclude=./{folder} -cf - . \\"
        ),
        format!("  | gzip -n > {folder}/source.tar.gz"),
    ];
    let step = StepText {
        name: "package",
        kind: "package",
        comment: "The sources as one archive; replace this by your build.",
        run,
        outputs: vec![format!("{folder}/source.tar.gz")],
        ..StepText::default()
    };
    Section { steps: vec![step], ..Section::default() }
}
