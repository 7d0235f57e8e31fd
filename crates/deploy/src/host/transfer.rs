//! Brings a release's bytes into its folder, whole or not at all.

use std::{
    fs, io,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use super::layout::{Layout, is_ours, remove_release};
use crate::{driver::Release, error::DeployError, journal::sync_folder};

/// Copies artifact and evidence into `releases/<digest>`. The active release keeps its bytes (the
/// target verifies them) and gets the newer evidence, unless they were changed; any other of this digest
/// is brought anew.
pub(crate) fn transfer(layout: &Layout, release: &Release) -> Result<String, DeployError> {
    if is_ours(&release.artifact) {
        return Err(DeployError::Reserved(release.artifact.clone()));
    }
    let target = layout.release(&release.digest);
    let active = layout.current()? == Some(release.digest);
    let changed = active && layout.check_bytes(&release.digest).is_err();
    if !active || changed {
        let temporary = layout.root.join("releases").join(format!(".new-{}", release.deployment));
        let made = fill(&temporary, release, changed.then_some(target.as_path())).and_then(|()| {
            if target.exists() {
                remove_release(&target)?;
            }
            fs::rename(&temporary, &target)
        });
        if let Err(error) = made {
            let _ = remove_release(&temporary);
            return Err(DeployError::io(&target, "transfer the release")(error));
        }
    } else {
        write_evidence(&target, release).map_err(DeployError::io(&target, "write the evidence"))?;
    }
    sync_folder(&layout.root.join("releases")).map_err(DeployError::io(&target, "sync"))?;
    let how = match (active, changed) {
        (true, true) => "was changed on the target; transferred anew",
        (true, false) => "already active; evidence renewed",
        _ => "transferred",
    };
    Ok(format!("{} ({}) {how}", release.artifact, release.digest.short()))
}

/// `active`: the release that it takes the place of, which keeps how it is run.
fn fill(folder: &Path, release: &Release, active: Option<&Path>) -> io::Result<()> {
    if folder.exists() {
        remove_release(folder)?;
    }
    fs::create_dir_all(folder)?;
    copy(&release.source, &folder.join(&release.artifact))?;
    if let Some(service) = active.map(|active| active.join("service.json")).filter(|path| path.is_file()) {
        fs::copy(service, folder.join("service.json"))?;
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    write_evidence(folder, release)
}

fn write_evidence(folder: &Path, release: &Release) -> io::Result<()> {
    use io::Write;
    let (path, new) = (folder.join("evidence.jsonl"), folder.join(".evidence.new"));
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o644).open(&new)?;
    file.write_all(&release.evidence)?;
    file.sync_all()?;
    fs::rename(new, path)
}

/// Copies a file or folder, read-only for everyone, keeping the executable bit and links that stay inside.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let meta = fs::symlink_metadata(from)?;
    if meta.is_dir() {
        fs::create_dir(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return fs::set_permissions(to, fs::Permissions::from_mode(0o755));
    }
    if meta.is_symlink() {
        return std::os::unix::fs::symlink(fs::read_link(from)?, to);
    }
    let executable = meta.permissions().mode() & 0o111 != 0;
    let mut source = fs::File::open(from)?;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(to)?;
    io::copy(&mut source, &mut file)?;
    file.set_permissions(fs::Permissions::from_mode(if executable { 0o555 } else { 0o444 }))?;
    file.sync_all()
}
