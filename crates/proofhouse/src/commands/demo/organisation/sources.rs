//! The files of the organisation, compiled in: `PROJECT/LAYER/PATH`, where layers follow each other as the
//! project's commits do.

use std::{fs, net::TcpListener, path::Path};

use engine::home::cannot;
use model::{Exit, Problem};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../examples/organisation"]
#[exclude = "*.pyc"]
struct Organisation;

/// One bundled file as text.
pub fn text(name: &str) -> Result<String, Problem> {
    let file = Organisation::get(name).and_then(|file| String::from_utf8(file.data.into_owned()).ok());
    file.ok_or_else(|| Problem::new("demo-file", Exit::Environment, format!("{name} is not in this program")))
}

/// The files of a layer: where they go, and their bytes.
pub fn layer(project: &str, layer: &str) -> impl Iterator<Item = (String, Vec<u8>)> {
    let below = format!("{project}/{layer}/");
    Organisation::iter().filter_map(move |name| {
        let path = name.strip_prefix(&below)?.to_owned();
        Some((path, Organisation::get(&name)?.data.into_owned()))
    })
}

/// Writes a layer over what is in the folder.
pub fn unpack(project: &str, name: &str, to: &Path) -> Result<(), Problem> {
    for (path, bytes) in layer(project, name) {
        let path = to.join(path);
        let parent = path.parent().unwrap_or(to);
        fs::create_dir_all(parent).map_err(|e| cannot(parent, "make", &e))?;
        let bytes = if path.ends_with("proofhouse.yaml") { with_free_ports(bytes) } else { bytes };
        fs::write(&path, bytes).map_err(|e| cannot(&path, "write", &e))?;
    }
    Ok(())
}

/// Each `port: 18101` stays, unless something listens there that is not ours: then it is a free one.
fn with_free_ports(config: Vec<u8>) -> Vec<u8> {
    let Ok(text) = String::from_utf8(config.clone()) else { return config };
    let free = |line: &str| {
        let wanted: u16 = line.trim().strip_prefix("port: ")?.parse().ok()?;
        let bind = |port| TcpListener::bind(("127.0.0.1", port));
        let port = bind(wanted).or_else(|_| bind(0)).ok()?.local_addr().ok()?.port();
        Some(line.replace(&wanted.to_string(), &port.to_string()))
    };
    let lines = text.lines().map(|line| free(line).unwrap_or_else(|| line.to_owned()) + "\n");
    lines.collect::<String>().into_bytes()
}
