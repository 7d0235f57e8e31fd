//! The kernel's interface: every `unsafe` block of the product is in this folder.
//!
//! Each function wraps one system call (or one inseparable group) and has a safe signature;
//! what a call is used for, and in which order, is decided elsewhere.
#![allow(unsafe_code)]

pub mod channel;
pub mod mount;
pub mod net;
pub mod notify;
pub mod process;

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Turns the C convention (negative: look at `errno`) into a `Result`.
fn check(result: libc::c_long) -> io::Result<libc::c_long> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn c_path(path: &Path) -> io::Result<CString> {
    CString::new(path.as_os_str().as_bytes()).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))
}
