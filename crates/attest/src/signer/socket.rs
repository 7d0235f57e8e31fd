//! The signer as a service of another user: a Unix socket that only named users may talk to.
//!
//! Whoever connects is known to the kernel. They may have statements, files and checkpoints signed under the
//! same rules as over pipes; they may look at the keys and not change them.

use std::{
    convert::Infallible,
    fs, io,
    os::unix::{
        fs::{FileTypeExt, PermissionsExt},
        net::{UnixListener, UnixStream},
    },
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use model::Clock;
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};

use super::{
    SignerError,
    protocol::{Reply, write_frame},
    service::{Desk, harden},
};
use crate::keys::Unlock;

/// Most connections at one time.
const MOST: usize = 64;
/// A client that says nothing for so long is let go.
const PATIENCE: Duration = Duration::from_secs(3600);

/// Serves the socket at `path` until the process ends. `home` is the signer's own folder, with its keys;
/// `users` are those who may connect.
///
/// # Errors
/// The socket cannot be made, or another signer serves it.
pub fn listen(
    home: &Path,
    path: &Path,
    users: &[u32],
    clock: &Arc<dyn Clock>,
) -> Result<Infallible, SignerError> {
    harden()?;
    let keys = home.join("keys");
    Unlock::from_env(&|name| std::env::var_os(name), &keys)?;
    let listener = bind(path).map_err(SignerError::Spawn)?;
    let running = Arc::new(AtomicUsize::new(0));
    loop {
        let Ok((stream, _)) = listener.accept() else {
            // Out of descriptors, most likely: some will end.
            thread::sleep(Duration::from_millis(100));
            continue;
        };
        let known = getsockopt(&stream, PeerCredentials).is_ok_and(|peer| users.contains(&peer.uid()));
        if !known {
            refuse(&stream, "signer-foreign-user", "this user may not have anything signed here");
        } else if running.fetch_add(1, Ordering::AcqRel) >= MOST {
            running.fetch_sub(1, Ordering::AcqRel);
            refuse(&stream, "signer-busy", "the signer serves as many as it can");
        } else {
            let (running, keys, clock) = (Arc::clone(&running), keys.clone(), Arc::clone(clock));
            thread::spawn(move || {
                let _ = converse(&stream, &keys, &*clock);
                running.fetch_sub(1, Ordering::AcqRel);
            });
        }
    }
}

fn converse(stream: &UnixStream, keys: &Path, clock: &dyn Clock) -> Result<(), SignerError> {
    stream.set_read_timeout(Some(PATIENCE)).map_err(SignerError::Gone)?;
    let unlock = Unlock::from_env(&|name| std::env::var_os(name), keys)?;
    Desk::new(keys, unlock).guarded().serve(&mut &*stream, &mut &*stream, clock)
}

fn refuse(mut stream: &UnixStream, code: &str, message: &str) {
    let reply = Reply::Refused { code: code.to_owned(), message: message.to_owned() };
    let _ = write_frame(&mut stream, &reply.encode());
}

/// A socket that a signer left behind is replaced; one that somebody serves is not.
fn bind(path: &Path) -> io::Result<UnixListener> {
    if fs::symlink_metadata(path).is_ok_and(|data| data.file_type().is_socket()) {
        match UnixStream::connect(path) {
            Ok(_) => {
                return Err(io::Error::new(io::ErrorKind::AddrInUse, "another signer serves this socket"));
            }
            Err(_) => fs::remove_file(path)?,
        }
    }
    let listener = UnixListener::bind(path)?;
    // Who may connect is decided by the credentials that the kernel tells, not by the file's mode.
    fs::set_permissions(path, fs::Permissions::from_mode(0o666))?;
    Ok(listener)
}
