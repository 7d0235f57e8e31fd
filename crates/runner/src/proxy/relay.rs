//! Moving bytes between two sockets, counted, with an end to idleness.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// Longest line of a chunked body (RFC 9112 section 7.1).
const MAX_LINE: usize = 4096;
/// Sockets wake up this often to see whether both directions are idle.
pub(crate) const TICK: Duration = Duration::from_secs(5);

/// When either direction of a connection last moved a byte.
pub(crate) struct Activity {
    start: Instant,
    last: AtomicU64,
    idle: Duration,
}

impl Activity {
    pub(crate) fn new(idle: Duration) -> Self {
        Self { start: Instant::now(), last: AtomicU64::new(0), idle }
    }

    fn moved(&self) {
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        let last = Duration::from_millis(self.last.load(Ordering::Relaxed));
        self.start.elapsed().saturating_sub(last) > self.idle
    }
}

/// A socket's reading half that survives ticks while the connection is not idle.
pub(crate) struct Patient<'a> {
    pub(crate) stream: &'a TcpStream,
    pub(crate) activity: &'a Activity,
}

impl Read for Patient<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match (&mut &*self.stream).read(buffer) {
                Ok(n) => {
                    self.activity.moved();
                    return Ok(n);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    if self.activity.is_over() {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// Copies until the source ends, then tells the other side; after an error both are shut.
pub(crate) fn pump(from: &mut dyn Read, to: &TcpStream, counter: &AtomicU64) {
    match copy(from, to, u64::MAX, counter) {
        Ok(_) => {
            let _ = to.shutdown(Shutdown::Write);
        }
        Err(_) => {
            let _ = to.shutdown(Shutdown::Both);
        }
    }
}

/// Copies at most `most` bytes; gives how many.
pub(crate) fn copy(
    from: &mut dyn Read,
    mut to: &TcpStream,
    most: u64,
    counter: &AtomicU64,
) -> io::Result<u64> {
    let mut buffer = vec![0; 32 << 10];
    let mut copied = 0;
    while copied < most {
        let want = usize::try_from(most - copied).unwrap_or(usize::MAX).min(buffer.len());
        let n = from.read(&mut buffer[..want])?;
        if n == 0 {
            break;
        }
        to.write_all(&buffer[..n])?;
        copied += n as u64;
        counter.fetch_add(n as u64, Ordering::Relaxed);
    }
    Ok(copied)
}

/// Copies a chunked body, chunk by chunk, so that nothing behind its end is sent on.
pub(crate) fn copy_chunked(from: &mut dyn Read, to: &TcpStream, counter: &AtomicU64) -> io::Result<()> {
    let bad = || io::Error::new(io::ErrorKind::InvalidData, "malformed chunk");
    let send = |bytes: &[u8]| {
        counter.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        (&mut &*to).write_all(bytes)
    };
    loop {
        let size = chunk_size(&line(from)?).ok_or_else(bad)?;
        send(format!("{size:x}\r\n").as_bytes())?;
        if size == 0 {
            break;
        }
        if copy(from, to, size, counter)? != size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if !line(from)?.is_empty() {
            return Err(bad());
        }
        send(b"\r\n")?;
    }
    for _ in 0..100 {
        // Trailers are read and not sent on.
        if line(from)?.is_empty() {
            return send(b"\r\n");
        }
    }
    Err(bad())
}

/// Size in the first line of a chunk; extensions are ignored.
pub(crate) fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.split(|byte| *byte == b';').next()?.trim_ascii_end();
    let hex = !digits.is_empty() && digits.len() <= 15 && digits.iter().all(u8::is_ascii_hexdigit);
    hex.then(|| u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()).flatten()
}

fn line(from: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut byte = [0];
    while line.len() <= MAX_LINE {
        from.read_exact(&mut byte)?;
        line.push(byte[0]);
        if line.ends_with(b"\r\n") {
            line.truncate(line.len() - 2);
            return Ok(line);
        }
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, "line too long"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunk_sizes() {
        assert_eq!(chunk_size(b"1a;name=value"), Some(26));
        for bad in [&b""[..], b"+1", b"0x1", b"-1", b"g", b"ffffffffffffffff"] {
            assert_eq!(chunk_size(bad), None, "{bad:?}");
        }
    }
}
