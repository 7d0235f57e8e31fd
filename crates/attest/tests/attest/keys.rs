//! The vault: made once, encrypted, private, and any changed byte noticed.

use std::{os::unix::fs::PermissionsExt, path::Path};

use attest::{
    LogSigner, SignerClient,
    keys::{Unlock, Vault},
};
use model::UserError;
use zeroize::Zeroizing;

use crate::support::{CHILD, Home, at, flip};

fn open(keys: &Path) -> Result<Vault, attest::keys::KeyError> {
    let unlock = Unlock::MachineKey(keys.join("unlock.key"));
    Vault::open_or_create(keys, &unlock, at(0)).map(|(vault, _)| vault)
}

#[test]
fn eight_first_uses_at_once_make_one_key() {
    let home = Home::new();
    let signers: Vec<_> = std::thread::scope(|scope| {
        let start = || scope.spawn(|| home.signer().keys().clone());
        let running: Vec<_> = (0..8).map(|_| start()).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(signers.iter().all(|keys| *keys == signers[0]));
    let mode = |name: &str| std::fs::metadata(home.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("keys"), 0o700);
    for file in ["vault.json", "unlock.key", "last-checkpoint", "lock"] {
        assert_eq!(mode(&format!("keys/{file}")), 0o600, "{file}");
    }
}

#[test]
fn keys_that_others_can_read_are_refused() {
    let home = Home::new();
    home.signer();
    for (name, mode) in [("keys/vault.json", 0o640), ("keys/unlock.key", 0o604), ("keys", 0o755)] {
        let path = home.path().join(name);
        let good = std::fs::metadata(&path).unwrap().permissions();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let error = SignerClient::spawn(Path::new(CHILD), &["sign"], home.path()).err().unwrap();
        assert_eq!(error.code(), "key-permissions");
        assert!(error.to_string().contains(name.rsplit('/').next().unwrap()), "{error}");
        std::fs::set_permissions(&path, good).unwrap();
    }
}

#[test]
fn a_changed_byte_anywhere_in_the_vault_is_noticed() {
    let home = Home::new();
    let keys = home.path().join("keys");
    open(&keys).unwrap();
    for file in ["vault.json", "unlock.key"] {
        let path = keys.join(file);
        let length = std::fs::metadata(&path).unwrap().len() as usize;
        for offset in 0..length {
            flip(&path, offset);
            if let Err(error) = open(&keys) {
                assert!(
                    matches!(error.code(), "key-vault-sealed" | "key-file-damaged" | "key-unlock-kind"),
                    "{error}"
                );
                let named = error.to_string().contains("vault") || error.to_string().contains(file);
                assert!(named, "{error}");
            } else {
                panic!("byte {offset} of {file}");
            }
            flip(&path, offset);
        }
    }
    open(&keys).unwrap();
}

#[test]
fn a_passphrase_opens_only_its_own_vault() {
    let home = Home::new();
    let keys = home.path().join("keys");
    let pass = |text: &str| Unlock::Passphrase(Zeroizing::new(text.as_bytes().to_vec()));
    let open = |unlock: &Unlock| {
        Vault::open_or_create(&keys, unlock, at(0)).map(|(vault, made)| (vault.origin().to_owned(), made))
    };
    let (origin, made) = open(&pass("right")).unwrap();
    assert!(made);
    assert_eq!(open(&pass("right")).unwrap(), (origin, false));
    assert_eq!(open(&pass("wrong")).unwrap_err().code(), "key-vault-sealed");
    assert_eq!(open(&Unlock::MachineKey(keys.join("unlock.key"))).unwrap_err().code(), "key-unlock-kind");
    assert!(!keys.join("unlock.key").exists());
}

#[test]
fn a_lost_machine_key_does_not_make_new_keys() {
    let home = Home::new();
    let keys = home.path().join("keys");
    open(&keys).unwrap();
    std::fs::remove_file(keys.join("unlock.key")).unwrap();
    assert_eq!(open(&keys).err().unwrap().code(), "key-unlock-missing");
}

#[test]
fn the_signer_inherits_nothing_is_not_dumpable_and_ends_with_its_client() {
    let home = Home::new();
    let signer = home.signer();
    let proc = format!("/proc/{}", signer.pid().unwrap());
    let environment = std::fs::read(format!("{proc}/environ")).unwrap_or_default();
    assert!(!String::from_utf8_lossy(&environment).contains("CARGO"));
    // Files of an undumpable process belong to root; as root, the memory map still tells nothing else.
    let limits = std::fs::read_to_string(format!("{proc}/limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"));
    drop(signer);
    assert!(!Path::new(&proc).exists());
}
