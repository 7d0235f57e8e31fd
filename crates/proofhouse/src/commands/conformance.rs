//! `proofhouse conformance`: other people's bundles by other people's rules, in the command-line
//! protocol that Sigstore clients share.

use std::path::Path;

use attest::{
    Bundle, PublicKey,
    sigstore::{self, Accepted, Artifact, Signer, TrustedRoot},
};
use model::{Clock, Exit, Problem, Sha256, problem::erase};
use serde_json::json;

use super::verify::{digest, read};
use crate::{
    app::{App, SystemClock},
    args::{ConformanceCommand, Format, Global, SignBundleArgs, VerifyBundleArgs},
    ui::{self, GOOD, println},
};

pub fn conformance(global: &Global, command: &ConformanceCommand) -> Result<Exit, Problem> {
    let arguments = match command {
        ConformanceCommand::VerifyBundle(arguments) => arguments,
        ConformanceCommand::SignBundle(arguments) => return sign(global, arguments),
    };
    let accepted = verify(arguments)?;
    match global.format {
        Format::Json => ui::json(&json!({
            "verified": true,
            "identity": accepted.identity,
            "signedAt": accepted.signed_at,
            "predicateType": accepted.statement.as_ref().map(|s| &s.predicate_type),
            "log": accepted.log,
            "index": accepted.index,
        })),
        Format::Text => tell(&accepted),
    }
    Ok(Exit::Success)
}

fn sign(global: &Global, arguments: &SignBundleArgs) -> Result<Exit, Problem> {
    if arguments.identity_token.is_some() {
        ui::note("the token is not used: this installation signs with an identity of its own");
    }
    super::sign::write(&App::open(global)?, &arguments.artifact, "", &arguments.bundle)?;
    Ok(Exit::Success)
}

fn verify(arguments: &VerifyBundleArgs) -> Result<Accepted, Problem> {
    let bundle = Bundle::parse(&read(&arguments.bundle)?).map_err(|e| erase(&e))?;
    let root = TrustedRoot::parse(&read(&arguments.trusted_root)?).map_err(|e| erase(&e))?;
    let signer = match (&arguments.certificate_identity, &arguments.certificate_oidc_issuer, &arguments.key) {
        (Some(identity), Some(issuer), _) => {
            Signer::Identity { identity: identity.clone(), issuer: issuer.clone() }
        }
        (_, _, Some(key)) => Signer::Key(public_key(key)?),
        _ => {
            return Err(Problem::new("usage", Exit::Input, "who must have signed is not said")
                .with_hint("give --certificate-identity and --certificate-oidc-issuer, or --key"));
        }
    };
    let digest = match arguments.artifact.strip_prefix("sha256:") {
        Some(hex) => hex.parse::<Sha256>().map_err(|_| {
            Problem::new("digest-malformed", Exit::Input, format!("`{}` is no digest", arguments.artifact))
                .with_hint("expected is sha256: and 64 hexadecimal digits")
        })?,
        None => digest(Path::new(&arguments.artifact))?,
    };
    let verdict = sigstore::verify(&bundle, Artifact::Digest(digest), &signer, &root, SystemClock.now());
    verdict.map_err(|e| erase(&e))
}

/// A public key from a PEM file.
pub fn public_key(path: &Path) -> Result<PublicKey, Problem> {
    let text = String::from_utf8(read(path)?).unwrap_or_default();
    PublicKey::from_text(&text).map_err(|error| {
        Problem::new("key-malformed", Exit::Input, format!("{}: {error}", path.display()))
            .with_hint("expected is PEM that begins with BEGIN PUBLIC KEY")
    })
}

fn tell(accepted: &Accepted) {
    println!("{GOOD}verified{GOOD:#}");
    if let Some(identity) = &accepted.identity {
        println!("  signed by   {}", identity);
    }
    if let Some(at) = accepted.signed_at {
        println!("  signed at   {at}");
    }
    if let Some(statement) = &accepted.statement {
        println!("  statement   {}", statement.predicate_type);
    }
    println!("  logged in   {}, entry {}", accepted.log, accepted.index);
}
