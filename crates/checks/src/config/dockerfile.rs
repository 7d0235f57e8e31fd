//! Dockerfile rules.

use model::Severity::{High, Low, Medium};

use super::{
    Checked,
    containers::{Pin, pin},
    dockerfile_parser::{Instruction, parse},
    rule::{Hit, Hits, Rule},
    shell,
};

/// Parses a Dockerfile and applies every rule.
pub fn check(text: &str) -> Checked {
    let instructions = parse(text)?;
    let stages = stage_names(&instructions);
    let mut hits = Hits::new(RULES);
    for instruction in &instructions {
        let symbol = stages.get(instruction.stage).cloned();
        let hit = || Hit {
            line: instruction.line,
            end_line: instruction.end_line,
            symbol: symbol.clone(),
            detail: None,
        };
        match instruction.keyword.as_str() {
            "FROM" => from(instruction, &stages, &mut hits, hit),
            "RUN" => run(&instruction.arguments, &mut hits, hit),
            "ENV" | "ARG" => variables(instruction, &mut hits, hit),
            "ADD" => {
                let unchecked = !instruction.arguments.contains("--checksum=");
                let remote = instruction.without_flags().split_whitespace().any(|w| w.starts_with("http"));
                hits.when(remote && unchecked, "docker-add-url", hit);
                copy(instruction, &mut hits, hit);
            }
            "COPY" => copy(instruction, &mut hits, hit),
            "EXPOSE" => {
                let ssh = instruction.arguments.split_whitespace().any(|p| matches!(p, "22" | "22/tcp"));
                hits.when(ssh, "docker-expose-ssh", hit);
            }
            _ => {}
        }
    }
    user(&instructions, &stages, &mut hits);
    Ok(hits.found)
}

fn stage_names(instructions: &[Instruction]) -> Vec<String> {
    let from = instructions.iter().filter(|i| i.keyword == "FROM").enumerate();
    let name = |(n, i): (usize, &Instruction)| {
        let words: Vec<&str> = i.without_flags().split_whitespace().collect();
        match words.as_slice() {
            [_, r#as, name, ..] if r#as.eq_ignore_ascii_case("as") => (*name).to_owned(),
            _ => format!("stage {n}"),
        }
    };
    from.map(name).collect()
}

fn from(instruction: &Instruction, stages: &[String], hits: &mut Hits, hit: impl Fn() -> Hit) {
    let image = instruction.without_flags().split_whitespace().next().unwrap_or_default();
    let earlier = stages.iter().take(instruction.stage).any(|name| name.eq_ignore_ascii_case(image));
    match pin(image) {
        _ if earlier => {}
        Pin::Floating => hits.add("docker-floating-image", hit().with(image)),
        Pin::Tag => hits.add("docker-image-without-digest", hit().with(image)),
        Pin::Digest | Pin::Unknown => {}
    }
}

fn run(command: &str, hits: &mut Hits, hit: impl Fn() -> Hit) {
    hits.when(shell::pipes_to_shell(command), "docker-pipe-to-shell", &hit);
    hits.when(shell::ignores_certificates(command), "docker-insecure-tls", &hit);
    hits.when(shell::downloads_in_clear(command), "docker-clear-text-download", &hit);
    hits.when(shell::uses_sudo(command), "docker-sudo", &hit);
    hits.when(shell::opens_to_everyone(command), "docker-world-writable", &hit);
    hits.when(shell::skips_signatures(command), "docker-unsigned-packages", &hit);
}

fn variables(instruction: &Instruction, hits: &mut Hits, hit: impl Fn() -> Hit) {
    let words: Vec<&str> = instruction.arguments.split_whitespace().collect();
    let old_form = instruction.keyword == "ENV" && words.first().is_some_and(|w| !w.contains('='));
    let pairs: Vec<(&str, &str)> = match old_form {
        true => {
            words.first().map(|name| (*name, words.get(1).copied().unwrap_or_default())).into_iter().collect()
        }
        false => words.iter().filter_map(|w| w.split_once('=')).collect(),
    };
    for (name, _) in pairs.into_iter().filter(|(name, value)| shell::is_literal_secret(name, value)) {
        hits.add("docker-secret-in-variable", hit().with(name));
    }
}

fn copy(instruction: &Instruction, hits: &mut Hits, hit: impl Fn() -> Hit) {
    let words: Vec<&str> = instruction.without_flags().split_whitespace().collect();
    let Some((_, sources)) = words.split_last() else { return };
    let secret = |path: &&&str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        let known =
            ["id_rsa", "id_ed25519", "id_ecdsa", ".env", ".npmrc", ".pypirc", ".netrc", ".git-credentials"];
        known.contains(&name)
            || name.starts_with(".env.") && !name.contains("example")
            || name.ends_with(".key")
            || name.ends_with(".p12")
    };
    if let Some(found) = sources.iter().find(secret) {
        hits.add("docker-copy-secret", hit().with(*found));
    }
}

/// The user of the last stage decides who the container runs as.
fn user(instructions: &[Instruction], stages: &[String], hits: &mut Hits) {
    let Some(last) = instructions.iter().rfind(|i| i.keyword == "FROM") else { return };
    let user = instructions.iter().rfind(|i| i.keyword == "USER" && i.stage == last.stage);
    let symbol = stages.get(last.stage).map(String::as_str);
    let image = last.without_flags().split_whitespace().next().unwrap_or_default();
    let unprivileged_base =
        image.contains("nonroot") || image.contains("rootless") || image.contains("unprivileged");
    // A stage that is built on an earlier one takes its user from there.
    let from_stage = stages.iter().take(last.stage).position(|name| name == image);
    let inherited =
        from_stage.is_some_and(|n| instructions.iter().any(|i| i.keyword == "USER" && i.stage == n));
    match user {
        None if !unprivileged_base && !inherited => hits.add("docker-root-user", Hit::at(last.line, symbol)),
        Some(user) if matches!(user.arguments.split(':').next(), Some("root" | "0")) => {
            hits.add("docker-root-user", Hit::at(user.line, symbol));
        }
        _ => {}
    }
}

/// The rules of this file.
pub const RULES: &[Rule] = &[
    Rule {
        id: "docker-floating-image",
        title: "Base image without a version",
        cwe: 1357,
        severity: Medium,
        why: "Without a tag, or with one like `latest`, every build may start from other content, also from content that someone replaced.",
        fix: "Name a version and its digest: FROM image:1.2.3@sha256:…",
        vulnerable: "FROM python:latest\nUSER app\n",
        safe: "FROM python:3.12@sha256:0000000000000000000000000000000000000000000000000000000000000000\nUSER app\n",
    },
    Rule {
        id: "docker-image-without-digest",
        title: "Base image pinned by tag only",
        cwe: 1357,
        severity: Low,
        why: "A tag can be moved to other content; a digest cannot.",
        fix: "Add the digest: FROM image:1.2.3@sha256:…",
        vulnerable: "FROM python:3.12\nUSER app\n",
        safe: "FROM scratch AS base\nFROM base\nUSER app\n",
    },
    Rule {
        id: "docker-root-user",
        title: "The container runs as root",
        cwe: 250,
        severity: Medium,
        why: "Whoever breaks into the application is root in the container, one kernel bug away from the host.",
        fix: "Make a user and switch to it in the last stage: USER 10001",
        vulnerable: "FROM scratch\nCMD [\"/app\"]\n",
        safe: "FROM scratch\nUSER 10001\nCMD [\"/app\"]\n",
    },
    Rule {
        id: "docker-add-url",
        title: "ADD fetches a remote file without checking it",
        cwe: 494,
        severity: Medium,
        why: "What the address serves at build time goes into the image unseen.",
        fix: "Use ADD --checksum=sha256:… or download and compare in a RUN step.",
        vulnerable: "FROM scratch\nADD https://files.example/app.tar.gz /app/\nUSER 1\n",
        safe: "FROM scratch\nADD --checksum=sha256:00 https://files.example/app.tar.gz /app/\nUSER 1\n",
    },
    Rule {
        id: "docker-secret-in-variable",
        title: "Credential in an image variable",
        cwe: 798,
        severity: High,
        why: "ENV and ARG values are stored in the image and its history, readable by everyone who can pull it.",
        fix: "Mount it for the one step that needs it (RUN --mount=type=secret) or pass it in at run time.",
        vulnerable: "FROM scratch\nENV DB_PASSWORD=Winter-2031-x\nUSER 1\n",
        safe: "FROM scratch\nENV DB_PASSWORD_FILE=/run/secrets/db\nUSER 1\n",
    },
    Rule {
        id: "docker-pipe-to-shell",
        title: "A download is executed unseen",
        cwe: 494,
        severity: High,
        why: "Whoever controls the address or the way to it runs commands in the build.",
        fix: "Download to a file, compare its SHA-256, then run it.",
        vulnerable: "FROM scratch\nRUN curl https://files.example/install.sh | bash\nUSER 1\n",
        safe: "FROM scratch\nRUN curl -o i.sh https://files.example/install.sh && sha256sum -c sums && sh i.sh\nUSER 1\n",
    },
    Rule {
        id: "docker-insecure-tls",
        title: "Certificate check switched off",
        cwe: 295,
        severity: Medium,
        why: "Without the check anyone on the way can replace what is downloaded.",
        fix: "Remove the option; add the missing certificate authority instead.",
        vulnerable: "FROM scratch\nRUN curl -k https://files.example/a -o a\nUSER 1\n",
        safe: "FROM scratch\nRUN curl --fail https://files.example/a -o a\nUSER 1\n",
    },
    Rule {
        id: "docker-clear-text-download",
        title: "Download without encryption",
        cwe: 319,
        severity: Medium,
        why: "Anyone on the way can read and replace what is downloaded.",
        fix: "Use https and compare a checksum.",
        vulnerable: "FROM scratch\nRUN wget http://files.example/a.tar.gz\nUSER 1\n",
        safe: "FROM scratch\nRUN wget https://files.example/a.tar.gz && wget http://localhost/x\nUSER 1\n",
    },
    Rule {
        id: "docker-sudo",
        title: "sudo in an image",
        cwe: 250,
        severity: Low,
        why: "A build step is root already; sudo in the image is a way up for an attacker.",
        fix: "Leave sudo out; switch with USER where another user is wanted.",
        vulnerable: "FROM scratch\nRUN sudo make install\nUSER 1\n",
        safe: "FROM scratch\nRUN make install\nUSER 1\n",
    },
    Rule {
        id: "docker-world-writable",
        title: "Files that everyone may write",
        cwe: 732,
        severity: Medium,
        why: "Any process in the container can replace them, also one that was broken into.",
        fix: "Give the files to the user that needs them: COPY --chown, chmod 750.",
        vulnerable: "FROM scratch\nRUN chmod -R 777 /app\nUSER 1\n",
        safe: "FROM scratch\nRUN chmod -R 750 /app\nUSER 1\n",
    },
    Rule {
        id: "docker-unsigned-packages",
        title: "Package signatures are not checked",
        cwe: 347,
        severity: High,
        why: "Packages from anyone on the way are accepted.",
        fix: "Remove the option and install the repository's key.",
        vulnerable: "FROM scratch\nRUN apt-get install -y --allow-unauthenticated curl\nUSER 1\n",
        safe: "FROM scratch\nRUN apt-get install -y --no-install-recommends curl\nUSER 1\n",
    },
    Rule {
        id: "docker-copy-secret",
        title: "Credential file copied into the image",
        cwe: 538,
        severity: High,
        why: "It stays readable in a layer, even when a later step deletes it.",
        fix: "Mount it for the one step that needs it: RUN --mount=type=secret.",
        vulnerable: "FROM scratch\nCOPY .env /app/.env\nUSER 1\n",
        safe: "FROM scratch\nCOPY .env.example /app/.env\nUSER 1\n",
    },
    Rule {
        id: "docker-expose-ssh",
        title: "An SSH server in the container",
        cwe: 1125,
        severity: Low,
        why: "A second way in that nobody watches; the platform already gives a shell.",
        fix: "Remove the SSH server and EXPOSE 22.",
        vulnerable: "FROM scratch\nEXPOSE 22 80\nUSER 1\n",
        safe: "FROM scratch\nEXPOSE 8022\nUSER 1\n",
    },
];
