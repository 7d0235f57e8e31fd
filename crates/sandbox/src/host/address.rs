//! Socket addresses as the kernel's structures have them.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::Family;

/// Family, address and port of a `sockaddr` (any bytes, any length); `None` when it is too short
/// to have a family, or says `AF_UNSPEC` (which only disconnects).
pub fn parse(bytes: &[u8]) -> Option<(Family, String, u16)> {
    let family = u16::from_ne_bytes(take(bytes, 0)?);
    match i32::from(family) {
        libc::AF_UNSPEC => None,
        libc::AF_INET => {
            let (port, address): ([u8; 2], [u8; 4]) = (take(bytes, 2)?, take(bytes, 4)?);
            Some((Family::Inet, Ipv4Addr::from(address).to_string(), u16::from_be_bytes(port)))
        }
        libc::AF_INET6 => {
            let (port, address): ([u8; 2], [u8; 16]) = (take(bytes, 2)?, take(bytes, 8)?);
            Some((Family::Inet6, Ipv6Addr::from(address).to_string(), u16::from_be_bytes(port)))
        }
        libc::AF_UNIX => Some((Family::Unix, unix_name(&bytes[2..]), 0)),
        _ => Some((Family::Other(family), String::new(), 0)),
    }
}

/// A path ends at its NUL; an abstract name starts with one and has its own length.
fn unix_name(name: &[u8]) -> String {
    match name {
        [0, rest @ ..] => format!("@{}", String::from_utf8_lossy(rest)),
        _ => String::from_utf8_lossy(name.split(|byte| *byte == 0).next().unwrap_or_default()).into_owned(),
    }
}

fn take<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_each_family() {
        let v4 = [2, 0, 0x01, 0xbb, 192, 0, 2, 7, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(parse(&v4), Some((Family::Inet, "192.0.2.7".into(), 443)));
        let mut v6 = [0; 28];
        (v6[0], v6[3], v6[23]) = (10, 80, 1);
        assert_eq!(parse(&v6), Some((Family::Inet6, "::1".into(), 80)));
        assert_eq!(parse(b"\x01\0/run/x\0junk"), Some((Family::Unix, "/run/x".into(), 0)));
        assert_eq!(parse(b"\x01\0\0name"), Some((Family::Unix, "@name".into(), 0)));
        assert_eq!(parse(&[0, 0]), None);
        assert_eq!(parse(&v4[..6]), None);
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..140), family in 0u8..12) {
            parse(&bytes);
            let mut mutated = bytes;
            if let Some(first) = mutated.first_mut() {
                *first = family;
            }
            parse(&mutated);
        }
    }
}
