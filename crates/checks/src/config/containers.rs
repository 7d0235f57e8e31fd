//! What image names and mounts say, for every kind of configuration that starts containers.

/// How an image name may move to other content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pin {
    /// By digest: it cannot.
    Digest,
    /// By a tag that says a version.
    Tag,
    /// No tag, or one that always means the newest.
    Floating,
    /// Decided by a variable, or not an image.
    Unknown,
}

/// How `image` is pinned. `scratch` is not an image.
pub fn pin(image: &str) -> Pin {
    let image = image.trim();
    if image.is_empty() || image == "scratch" || image.contains(['$', '{']) {
        return Pin::Unknown;
    }
    if image.contains("@sha256:") {
        return Pin::Digest;
    }
    let name = image.rsplit('/').next().unwrap_or(image);
    match name.split_once(':').map(|(_, tag)| tag) {
        None | Some("latest" | "stable" | "edge" | "main" | "master" | "nightly" | "") => Pin::Floating,
        Some(_) => Pin::Tag,
    }
}

/// Whether a mounted path gives control over the host's containers.
pub fn is_runtime_socket(path: &str) -> bool {
    ["docker.sock", "containerd.sock", "crio.sock", "podman.sock"].iter().any(|socket| path.contains(socket))
}

/// Whether a capability is as good as root.
pub fn is_strong_capability(name: &str) -> bool {
    let name = name.trim_start_matches("CAP_").to_ascii_uppercase();
    let strong =
        ["ALL", "SYS_ADMIN", "SYS_PTRACE", "SYS_MODULE", "NET_ADMIN", "DAC_READ_SEARCH", "SYS_RAWIO", "BPF"];
    strong.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_pinned_by_digest_or_tag_or_not() {
        let pins =
            ["a@sha256:00", "host:5000/a", "host:5000/a:1.2", "a:latest", "a:${TAG}", "scratch"].map(pin);
        let expected = [Pin::Digest, Pin::Floating, Pin::Tag, Pin::Floating, Pin::Unknown, Pin::Unknown];
        assert_eq!(pins, expected);
    }
}
