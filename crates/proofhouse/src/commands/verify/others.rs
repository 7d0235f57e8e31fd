//! Statements by themselves, and how many say the same.

use std::path::Path;

use attest::{
    Trust,
    verify::{Failure, Threshold, Verifier, agreement, follow},
};
use model::{Clock, Exit, Problem, UserError, problem::erase};
use serde_json::json;

use super::{digest, given, read};
use crate::{
    app::SystemClock,
    args::{Format, Global, VerifyArgs},
    ui::{self, BAD, DIM, GOOD, println},
};

/// Every statement of the evidence: who said what about what.
pub fn statements(global: &Global, arguments: &VerifyArgs) -> Result<Exit, Problem> {
    let nothing = |_: &crate::app::App| Ok(Vec::new());
    let (bundles, trust) = given(global, arguments, &nothing)?;
    let now = SystemClock.now();
    let followed = follow(&trust, &bundles, now);
    let verifier = Verifier::new(followed.as_ref().unwrap_or(&trust));
    let verdicts: Vec<_> = bundles.iter().map(|bundle| verifier.verify(bundle, now)).collect();
    let ok = !verdicts.is_empty() && verdicts.iter().all(Result::is_ok);
    if global.format == Format::Json {
        let each = verdicts.iter().map(|verdict| match verdict {
            Ok(held) => json!({
                "index": held.index, "log": held.log, "signer": held.key,
                "predicateType": held.statement.predicate_type, "subject": held.statement.subject,
            }),
            Err(failure) => json!({ "code": failure.code(), "message": failure.to_string() }),
        });
        ui::json(&json!({ "ok": ok, "statements": each.collect::<Vec<_>>() }));
        return Ok(if ok { Exit::Success } else { Exit::Verdict });
    }
    for (n, verdict) in verdicts.iter().enumerate() {
        match verdict {
            Ok(held) => {
                let names = held.statement.subject.iter().map(|subject| subject.name.as_str());
                println!(
                    "{GOOD}good{GOOD:#}  {} about {} {DIM}by {}, entry {} of {}{DIM:#}",
                    ui::one_line(&held.statement.predicate_type),
                    ui::one_line(&names.collect::<Vec<_>>().join(", ")),
                    ui::one_line(&held.key),
                    held.index,
                    ui::one_line(&held.log),
                );
            }
            Err(failure) => {
                println!("{BAD}fails{BAD:#} line {}: {failure} {DIM}[{}]{DIM:#}", n + 1, failure.code())
            }
        }
    }
    match ok {
        true => println!("{GOOD}verified{GOOD:#}: {}", ui::count(verdicts.len() as u64, "statement")),
        false => println!("{BAD}not verified{BAD:#}"),
    }
    Ok(if ok { Exit::Success } else { Exit::Verdict })
}

/// Whether enough organisations or keys say the same of the artifact.
pub fn threshold(global: &Global, arguments: &VerifyArgs, artifact: &Path) -> Result<Exit, Problem> {
    let digest = digest(artifact)?;
    let evidence = arguments.bundle.as_deref().map(read).transpose()?.unwrap_or_default();
    let bundles = attest::bundle::parse_evidence(&evidence).map_err(|e| erase(&e))?;
    let parse = |path: &std::path::PathBuf| Trust::parse(&read(path)?).map_err(|e| erase(&e));
    let trusts = arguments.trust.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    let asked = Threshold {
        least: arguments.threshold.unwrap_or(1).into(),
        predicate_type: arguments.predicate_type.clone(),
        signers: arguments.by.clone(),
    };
    let agreed = agreement(&digest, &bundles, &trusts, SystemClock.now(), &asked);
    if global.format == Format::Json {
        ui::json(&agreed);
    } else {
        for signer in &agreed.signers {
            println!("{GOOD}good{GOOD:#}  {}", ui::one_line(signer));
        }
    }
    match agreed.ok {
        true => Ok(Exit::Success),
        false => Err(erase(&Failure::TooFewSigners { found: agreed.signers.len(), least: agreed.least })),
    }
}
