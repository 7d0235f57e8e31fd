//! Request heads of HTTP/1.1 (RFC 9112), read strictly: whatever two programs could understand
//! differently is refused.

use super::{Method, rules::canonical_host};

/// Longest head in bytes.
pub(crate) const MAX_HEAD: usize = 32 << 10;
const MAX_HEADERS: usize = 100;

/// A malformed request, with the phrase that the client is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadHead(pub(crate) &'static str);

/// How long the request's body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Length(u64),
    Chunked,
}

/// A request to the proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) method: Method,
    /// Canonical.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The head to send on (plain HTTP only), in origin form, for a connection that is closed after.
    pub(crate) forward: Vec<u8>,
    pub(crate) body: Body,
    pub(crate) expects_continue: bool,
}

/// Position behind the blank line that ends a head, when it is there.
pub(crate) fn head_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

/// Reads a complete head, including its blank line.
pub(crate) fn parse(bytes: &[u8]) -> Result<Head, BadHead> {
    let text = std::str::from_utf8(bytes).map_err(|_| BadHead("the head is not text"))?;
    let text = text.strip_suffix("\r\n\r\n").ok_or(BadHead("the head is not complete"))?;
    let mut lines = text.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some(verb), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(BadHead("the request line has not three words"));
    };
    if !is_token(verb) || !matches!(version, "HTTP/1.1" | "HTTP/1.0") {
        return Err(BadHead("not an HTTP/1 request"));
    }
    // A server that ends lines at a bare CR or LF would see a header, or a second request, in it.
    if target.bytes().any(|byte| byte.is_ascii_control()) {
        return Err(BadHead("the address has a control character"));
    }
    let headers: Vec<(&str, &str)> = lines.map(header).collect::<Result<_, _>>()?;
    if headers.len() > MAX_HEADERS {
        return Err(BadHead("too many headers"));
    }
    if verb == "CONNECT" {
        let (host, port) = authority(target, None)?;
        let body = Body::Length(0);
        return Ok(Head {
            method: Method::Connect,
            host,
            port,
            forward: Vec::new(),
            body,
            expects_continue: false,
        });
    }
    plain(verb, target, &headers)
}

fn plain(verb: &str, target: &str, headers: &[(&str, &str)]) -> Result<Head, BadHead> {
    let scheme = target.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("http://"));
    scheme.ok_or(BadHead("only absolute http:// addresses and CONNECT are served here"))?;
    let rest = &target[7..];
    let (name, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let path = path.split('#').next().unwrap_or_default();
    let (host, port) = authority(name, Some(80))?;
    let slash = if path.starts_with('/') { "" } else { "/" };
    // The name asked for and the name sent on are one: no second name rides along in `Host`.
    let mut forward = format!("{verb} {slash}{path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n");
    let named: Vec<String> = headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("connection"))
        .flat_map(|(_, value)| value.split(',').map(|token| token.trim().to_ascii_lowercase()))
        .collect();
    for (name, value) in headers {
        let lower = name.to_ascii_lowercase();
        if !is_hop_by_hop(&lower) && !named.contains(&lower) {
            forward.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    let body = body(headers)?;
    forward.push_str(&match body {
        Body::Length(0) if !matches!(verb, "POST" | "PUT" | "PATCH") => String::new(),
        Body::Length(length) => format!("Content-Length: {length}\r\n"),
        Body::Chunked => "Transfer-Encoding: chunked\r\n".to_owned(),
    });
    forward.push_str("\r\n");
    let expects_continue = headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("expect") && value.eq_ignore_ascii_case("100-continue")
    });
    Ok(Head { method: Method::Http, host, port, forward: forward.into_bytes(), body, expects_continue })
}

fn is_hop_by_hop(name: &str) -> bool {
    matches!(
        name,
        "host"
            | "connection"
            | "proxy-connection"
            | "proxy-authorization"
            | "keep-alive"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "content-length"
            | "upgrade"
            | "expect"
    )
}

fn header(line: &str) -> Result<(&str, &str), BadHead> {
    let (name, value) = line.split_once(':').ok_or(BadHead("a header has no colon"))?;
    let value = value.trim_matches([' ', '\t']);
    if !is_token(name) || value.bytes().any(|byte| byte != b'\t' && byte.is_ascii_control()) {
        return Err(BadHead("a header is malformed"));
    }
    Ok((name, value))
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

fn authority(text: &str, usual: Option<u16>) -> Result<(String, u16), BadHead> {
    let bad = BadHead("the host or port is malformed");
    let (host, port) = match text.rsplit_once(':') {
        // A colon inside brackets belongs to an IPv6 address.
        Some((host, port)) if !port.contains(']') => {
            let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
            (host, digits.then(|| port.parse().ok()).flatten().ok_or(bad)?)
        }
        _ => (text, usual.ok_or(bad)?),
    };
    Ok((canonical_host(host).ok_or(bad)?, port))
}

fn body(headers: &[(&str, &str)]) -> Result<Body, BadHead> {
    let all = |wanted: &str| {
        let found = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| *value).collect::<Vec<_>>()
    };
    match (&all("transfer-encoding")[..], &all("content-length")[..]) {
        ([], []) => Ok(Body::Length(0)),
        ([], [length]) if !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit()) => {
            length.parse().map(Body::Length).map_err(|_| BadHead("the length is too large"))
        }
        ([encoding], []) if encoding.eq_ignore_ascii_case("chunked") => Ok(Body::Chunked),
        _ => Err(BadHead("the length of the body is not clear")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absolute_request_is_sent_on_in_origin_form_under_one_name() {
        let request = "GET http://A.example:8080/x?y#z HTTP/1.1\r\nHost: other.example\r\nAccept: */*\r\n\
            Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nProxy-Authorization: Basic eA==\r\n\r\n";
        let head = parse(request.as_bytes()).unwrap();
        assert_eq!((head.host.as_str(), head.port, head.body), ("a.example", 8080, Body::Length(0)));
        let sent = String::from_utf8(head.forward).unwrap();
        assert_eq!(
            sent,
            "GET /x?y HTTP/1.1\r\nHost: A.example:8080\r\nConnection: close\r\nAccept: */*\r\n\r\n"
        );
    }

    #[test]
    fn connect_needs_a_port() {
        let head = parse(b"CONNECT [::1]:443 HTTP/1.1\r\n\r\n").unwrap();
        assert_eq!((head.method, head.host.as_str(), head.port), (Method::Connect, "::1", 443));
        assert!(parse(b"CONNECT a.example HTTP/1.1\r\n\r\n").is_err());
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for request in [
            "GET /local HTTP/1.1\r\n\r\n",
            "GET https://a.example/ HTTP/1.1\r\n\r\n",
            "GET http://user@a.example/ HTTP/1.1\r\n\r\n",
            "GET http://a.example:+80/ HTTP/1.1\r\n\r\n",
            "GET  http://a.example/ HTTP/1.1\r\n\r\n",
            "GET http://a.example/ HTTP/2\r\n\r\n",
            "GET http://a.example/\nX:y HTTP/1.1\r\n\r\n",
            "GET http://a.example/\rX:y HTTP/1.1\r\n\r\n",
            "POST http://a.example/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "POST http://a.example/ HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST http://a.example/ HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "POST http://a.example/ HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
            "GET http://a.example/ HTTP/1.1\r\nX : 1\r\n\r\n",
            "GET http://a.example/ HTTP/1.1\r\n folded\r\n\r\n",
            "GET http://a.example/ HTTP/1.1\r\nX: a\nHost: b\r\n\r\n",
        ] {
            assert!(parse(request.as_bytes()).is_err(), "{request:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn foreign_bytes_never_panic(bytes in proptest::collection::vec(0u8.., 0..400), at in 0usize..60) {
            let _ = parse(&bytes);
            let mut request = b"GET http://a.example/ HTTP/1.1\r\nContent-Length: 1\r\n\r\n".to_vec();
            if let (Some(slot), Some(byte)) = (request.get_mut(at), bytes.first()) {
                *slot = *byte;
            }
            let _ = parse(&request);
        }
    }
}
