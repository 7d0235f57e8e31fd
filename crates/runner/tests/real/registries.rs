//! What the clients on this machine say about the registries they use.

use std::{fs, os::unix::fs::PermissionsExt};

use model::UserError;
use runner::proxy::{Ecosystem, RegistryError};

use crate::{
    Test,
    lab::{Lab, ask},
};

pub const TESTS: &[Test] = &[
    ("registry_hosts_come_from_the_clients_that_are_here", here),
    ("registry_without_its_client_is_a_clear_error", missing),
    ("registry_configured_by_the_user_is_respected", configured),
];

fn here() {
    let lab = Lab::new();
    for ecosystem in Ecosystem::all() {
        match ecosystem.endpoints(&ask(lab.dir.path())) {
            Ok(found) => {
                println!("  {ecosystem}: {} hosts", found.len());
                assert!(
                    found.iter().all(|endpoint| endpoint.host.contains(['.', ':']) && endpoint.port != 0)
                );
            }
            Err(RegistryError::NoClient { program, .. }) => println!("  {ecosystem}: no {program} here"),
            Err(error) => println!("  {ecosystem}: {error}"),
        }
    }
    assert_eq!(fs::read_dir(lab.dir.path()).unwrap().count(), 3, "trial folders are gone");
}

fn missing() {
    let lab = Lab::new();
    let mut ask = ask(lab.dir.path());
    ask.env.retain(|(name, _)| name != "PATH");
    ask.env.push(("PATH".into(), lab.dir.path().join("nothing").into()));
    for ecosystem in Ecosystem::all() {
        let error = ecosystem.endpoints(&ask).unwrap_err();
        assert_eq!(error.code(), "registry-client-missing", "{ecosystem}: {error}");
        assert!(error.hint().unwrap().contains("install"));
    }
}

fn configured() {
    let lab = Lab::new();
    let mut ask = ask(lab.dir.path());
    let bin = lab.dir.path().join("bin");
    fs::create_dir(&bin).unwrap();
    let gem = "#!/bin/sh\nprintf '*** CURRENT SOURCES ***\\n\\nhttps://packages.example:8443/\\n'\n";
    fs::write(bin.join("gem"), gem).unwrap();
    fs::set_permissions(bin.join("gem"), fs::Permissions::from_mode(0o755)).unwrap();
    ask.env.retain(|(name, _)| name != "PATH");
    ask.env.push(("PATH".into(), format!("{}:/usr/bin:/bin", bin.display()).into()));
    let found = Ecosystem::Rubygems.endpoints(&ask).unwrap();
    assert_eq!((found[0].host.as_str(), found[0].port), ("packages.example", 8443));
}
