//! Any bytes as the head of a request to the egress proxy: what is sent on means one thing, to us
//! and to whoever reads it next.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proofhouse_fuzz::is_plain;
use runner::proxy::read_head;

fuzz_target!(|bytes: &[u8]| {
    let Some((host, port, sent)) = read_head(bytes) else { return };
    assert!(is_plain(&host) && host == host.to_lowercase() && !host.contains([' ', '/', '@']), "{host:?}");
    if sent.is_empty() {
        return; // a tunnel
    }
    let text = std::str::from_utf8(&sent).expect("a head is text");
    assert_eq!(text.find("\r\n\r\n"), Some(text.len() - 4), "a second head: {text:?}");
    let (request, headers) = text.split_once("\r\n").expect("lines");
    let words: Vec<_> = request.split(' ').collect();
    let &[verb, path, "HTTP/1.1"] = words.as_slice() else { panic!("{request:?}") };
    assert!(path.starts_with('/'), "{path:?}");
    // Some servers end a line at a bare line feed, or at a carriage return.
    assert!(text.split("\r\n").all(|line| !line.contains(['\r', '\n', '\0'])), "{text:?}");
    let of = |wanted: &'static str| {
        let lines = headers.lines().filter_map(|line| line.split_once(':'));
        lines.filter(move |(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
    };
    assert!(of("content-length").count() + of("transfer-encoding").count() <= 1, "{text:?}");
    assert_eq!((of("host").count(), of("proxy-authorization").count()), (1, 0), "{text:?}");
    if headers.lines().count() > 90 {
        return; // With the headers that were added it may be one too many to be read again.
    }
    let name = of("host").next().expect("a host");
    let headers = headers.replacen("Connection: close\r\n", "", 1);
    let absolute = format!("{verb} http://{name}{path} HTTP/1.1\r\n{headers}");
    assert_eq!(read_head(absolute.as_bytes()), Some((host, port, sent)), "it is understood differently");
});
