//! Rust: cargo does not print its index, so it is watched fetching one crate for an empty project,
//! with the user's configuration but an empty cache.

use std::{fs, path::Path, process::Command};

use super::{Ask, Endpoint, RegistryError, ask::proxy_env};

const MANIFEST: &str = "[package]\nname = \"ask\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\
                        [lib]\npath = \"lib.rs\"\n[dependencies]\nlibc = \"0.2\"\n";

pub(super) fn endpoints(ask: &Ask) -> Result<Vec<Endpoint>, RegistryError> {
    // Without this a missing cargo would be taken for a cargo that connects nowhere.
    ask.run("cargo", "cargo", &["--version"])?;
    let home = ask.var("CARGO_HOME").or_else(|| ask.var("HOME").map(|home| format!("{home}/.cargo")));
    ask.watch("cargo", "cargo", |folder, port| {
        let fresh = folder.join("home");
        fs::create_dir_all(&fresh)?;
        copy_configuration(home.as_deref().map(Path::new), &fresh);
        fs::write(folder.join("Cargo.toml"), MANIFEST)?;
        fs::write(folder.join("lib.rs"), "")?;
        let mut command = Command::new("cargo");
        command.arg("fetch").current_dir(folder).env("CARGO_HOME", fresh);
        command.env("CARGO_HTTP_PROXY", format!("http://127.0.0.1:{port}")).env("CARGO_NET_RETRY", "0");
        proxy_env(&mut command, port);
        Ok(command)
    })
}

/// Copies the settings, never the credentials.
fn copy_configuration(from: Option<&Path>, to: &Path) {
    for name in ["config.toml", "config"] {
        if let Some(from) = from {
            let _ = fs::copy(from.join(name), to.join(name));
        }
    }
}
