//! `proofhouse conformance`: other people's bundles by other people's rules, in the command-line
//! protocol that Sigstore clients share.

use std::path::Path;

use attest::{
    Bundle, PublicKey,
    sigstore::{self, Accepted, Artifact, Signer, TrustedRoot},
};
use model::{Clock, Exit, Problem, Sha256, problem::erase};
use serde_json::json;

use super::{
    keyless::{self, Asked},
    verify::{digest, read},
};
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
    if arguments.staging {
        let message = "no instance of Sigstore is built in, and so its staging services are not known";
        return Err(Problem::new("signing-services", Exit::Environment, message)
            .with_hint("name services and root with --signing-config and --trusted-root"));
    }
    if let (Some(services), Some(trusted_root)) = (&arguments.signing_config, &arguments.trusted_root) {
        let token = arguments.identity_token.as_ref().ok_or_else(keyless::no_token)?.as_bytes();
        let (in_toto, file) = (arguments.in_toto, arguments.artifact.as_path());
        let (bundle, accepted) = keyless::sign(&Asked { services, trusted_root, token, in_toto, file })?;
        super::sign::put(&bundle, &arguments.bundle)?;
        ui::note(&format!("signed by {}", accepted.identity.unwrap_or_default()));
        return Ok(Exit::Success);
    }
    if arguments.identity_token.is_some() {
        ui::note("the token is not used: this installation signs with an identity of its own");
    }
    let (app, file) = (App::open(global)?, &arguments.artifact);
    let (bundle, artifact) = match arguments.in_toto {
        true => {
            let statement = engine::wrap::statement_of(file)?;
            let subject = statement.subject.iter().find_map(model::Subject::sha256_digest);
            let (logged, _) = app.recorder.record(&[statement])?;
            (app.recorder.bundle(logged.first().map_or(0, |logged| logged.index))?, subject)
        }
        false => {
            let digest = digest(file)?;
            (app.recorder.sign_file("", digest)?, Some(digest))
        }
    };
    let verified = attest::verify::verify_bundle(&bundle, &app.recorder.trust()?, app.now());
    let verified = verified.map_err(|e| erase(&e))?;
    let (identity, issuer) = (verified.key, verified.issuer.unwrap_or_default());
    ui::note(&format!("signed by {identity}, of the issuer {issuer}"));
    if let (Some(root), Some(digest)) = (&arguments.trusted_root, artifact) {
        let (root, signer) = (trusted_root(Some(root))?, Signer::Identity { identity, issuer });
        sigstore::verify(&bundle, Artifact::Digest(digest), &signer, &root, app.now())
            .map_err(|e| erase(&e))?;
    }
    super::sign::put(&bundle, &arguments.bundle)?;
    Ok(Exit::Success)
}

fn verify(arguments: &VerifyBundleArgs) -> Result<Accepted, Problem> {
    let bundle = Bundle::parse(&read(&arguments.bundle)?).map_err(|e| erase(&e))?;
    let root = trusted_root(arguments.trusted_root.as_deref())?;
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
    // What is on the disk, or is no whole digest, is a file.
    let said = arguments.artifact.strip_prefix("sha256:").and_then(|hex| hex.parse::<Sha256>().ok());
    let digest = match said.filter(|_| !Path::new(&arguments.artifact).exists()) {
        Some(digest) => digest,
        None => digest(Path::new(&arguments.artifact))?,
    };
    let verdict = sigstore::verify(&bundle, Artifact::Digest(digest), &signer, &root, SystemClock.now());
    verdict.map_err(|e| erase(&e))
}

fn trusted_root(path: Option<&Path>) -> Result<TrustedRoot, Problem> {
    let Some(path) = path else {
        return Err(Problem::new(
            "trusted-root-missing",
            Exit::Input,
            "no instance of Sigstore is trusted by itself",
        )
        .with_hint("give --trusted-root; `proofhouse trust root` prints that of an installation"));
    };
    TrustedRoot::parse(&read(path)?).map_err(|e| erase(&e))
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
