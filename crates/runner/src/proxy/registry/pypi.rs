//! Python: pip says which index it is configured for, or which it uses by default. An index of its
//! own may serve files from another host; pip is watched asking for one file of its own package.

use std::process::Command;

use super::{Ask, Endpoint, RegistryError, ask::proxy_env};

/// Prints pip's built-in index and file host.
const DEFAULTS: &str = "from pip._internal.models.index import PyPI as p; \
                        print(p.simple_url); print('https://' + p.file_storage_domain + '/')";

pub(super) fn endpoints(ask: &Ask) -> Result<Vec<Endpoint>, RegistryError> {
    let python = |args: &[&str]| ask.run("pypi", "python3", args);
    let listed = python(&["-m", "pip", "config", "list"])?;
    let configured = configured(&listed);
    let indexes: Vec<Endpoint> = configured.iter().filter_map(|url| Endpoint::of_url(url)).collect();
    let defaults: Vec<Endpoint> = python(&["-c", DEFAULTS])?.lines().filter_map(Endpoint::of_url).collect();
    if indexes.is_empty() {
        return Ok(defaults);
    }
    // Only the default index is known to keep its files where pip says.
    let mut found = indexes;
    if found.iter().any(|index| defaults.first() == Some(index)) {
        found.extend(defaults);
    }
    let watched = ask.watch("pypi", "python3", |folder, port| {
        let mut command = Command::new("python3");
        command.args(["-m", "pip", "download", "--no-deps", "--no-cache-dir", "--disable-pip-version-check"]);
        command.args(["--retries", "0", "--timeout", "10", "--dest", ".", "pip"]).current_dir(folder);
        proxy_env(&mut command, port);
        Ok(command)
    });
    found.extend(watched.unwrap_or_default());
    Ok(found)
}

/// Index URLs of `pip config list`: lines such as `global.index-url='https://packages.example/'`,
/// and of variables, `:env:.index-url='…'`.
fn configured(listed: &str) -> Vec<String> {
    let index = |line: &str| {
        let (key, value) = line.split_once('=')?;
        let key = key.trim();
        (key.ends_with(".index-url") || key.ends_with(".extra-index-url")).then(|| value.trim().to_owned())
    };
    let values = listed.lines().filter_map(index);
    values
        .flat_map(|value| {
            let plain = value.trim_matches(['\'', '"']).replace("\\n", " ");
            plain.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_of_a_configuration() {
        let listed = "global.index-url='https://packages.example/simple'\nglobal.timeout='5'\n\
                      :env:.extra-index-url='https://a.example/x https://b.example/y'\n";
        assert_eq!(
            configured(listed),
            ["https://packages.example/simple", "https://a.example/x", "https://b.example/y"]
        );
    }
}
