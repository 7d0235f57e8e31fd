//! JVM: Maven keeps its central repository inside its own archives, so it is watched looking for a
//! plugin with an empty local repository; mirrors in its settings are respected by itself.

use std::process::Command;

use super::{Ask, Endpoint, RegistryError};

pub(super) fn endpoints(ask: &Ask) -> Result<Vec<Endpoint>, RegistryError> {
    ask.watch("maven", "mvn", |folder, port| {
        let mut command = Command::new("mvn");
        command.arg("-B").arg(format!("-Dmaven.repo.local={}", folder.join("repository").display()));
        for scheme in ["http", "https"] {
            command
                .arg(format!("-D{scheme}.proxyHost=127.0.0.1"))
                .arg(format!("-D{scheme}.proxyPort={port}"));
        }
        // Java otherwise goes around the proxy for names it takes to be near.
        command.arg("-Dhttp.nonProxyHosts=").arg("-Daether.connector.http.useSystemProperties=true");
        command.args(["-Dmaven.wagon.http.retryHandler.count=0", "help:help"]).current_dir(folder);
        Ok(command)
    })
}
