//! `proofhouse ledger monitor`: follow somebody's log from its public files.

use std::{cell::Cell, time::Duration};

use attest::log::monitor::Expected;
use engine::publiclog::{Event, Monitor, Seen, Source, expect_keys, log_keys, witness_keys};
use model::{Clock, Exit, Problem};

use super::serve::stop_signal;
use crate::{
    app::{SystemClock, install_crypto},
    args::{Format, Global, MonitorArgs},
    ui::{self, BAD, GOOD, WARN, println},
};

pub fn monitor(global: &Global, arguments: &MonitorArgs) -> Result<Exit, Problem> {
    install_crypto();
    let monitor = open(arguments)?;
    if monitor.expected.is_empty() && !global.quiet {
        ui::note(
            "no identity is expected, so that none is unexpected: see --expect-identity and --expect-key",
        );
    }
    let Some(seconds) = arguments.every else { return look(&monitor, global.format) };
    let (worst, wait) = (Cell::new(Exit::Success), Duration::from_secs(seconds));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Problem::new("runtime", Exit::Environment, e.to_string()))?;
    // A stop during a look is heard after it; what was seen is durable by then.
    let stop = runtime.spawn(stop_signal());
    tokio::pin!(stop);
    loop {
        match look(&monitor, global.format) {
            Ok(exit) => worst.set(worse(worst.get(), exit)),
            Err(problem) => {
                worst.set(worse(worst.get(), problem.exit));
                tell_problem(&problem, global.format);
            }
        }
        let stopped = runtime.block_on(async { tokio::time::timeout(wait, &mut stop).await.is_ok() });
        if stopped {
            return Ok(worst.get());
        }
    }
}

fn open(arguments: &MonitorArgs) -> Result<Monitor, Problem> {
    let keys = log_keys(&arguments.key, SystemClock.now())?;
    let source = Source::open(&arguments.log)?;
    let witnesses = witness_keys(&arguments.witness_key)?;
    let quorum = arguments.quorum.unwrap_or(witnesses.len());
    if quorum > witnesses.len() {
        return Err(Problem::new(
            "witness-list",
            Exit::Input,
            "the quorum is larger than the number of witnesses",
        )
        .with_hint("give --witness-key for each witness"));
    }
    let mut monitor = Monitor::new(source, keys, &arguments.state)?;
    monitor.witnesses = witnesses;
    monitor.quorum = quorum;
    monitor.expected = Expected {
        identities: arguments.expect_identity.clone(),
        issuers: arguments.expect_issuer.clone(),
        ..Expected::default()
    };
    expect_keys(&mut monitor.expected, &arguments.expect_key)?;
    if let Some(place) = &arguments.compare {
        monitor.compare = Some((place.clone(), Source::open(place)?));
    }
    Ok(monitor)
}

fn look(monitor: &Monitor, format: Format) -> Result<Exit, Problem> {
    let seen = monitor.look(&mut |event| tell(event, format))?;
    let Seen { examined, unexpected, size } = seen;
    match format {
        Format::Json => ui::json_line(&serde_json::json!({
            "event": "done", "size": size, "examined": examined, "unexpected": unexpected,
        })),
        Format::Text if unexpected > 0 => {
            println!("{WARN}examined {examined} new entries{WARN:#}: {unexpected} of them unexpected");
        }
        Format::Text => println!("{GOOD}examined {examined} new entries{GOOD:#}: as they should be"),
    }
    Ok(if unexpected > 0 { Exit::Verdict } else { Exit::Success })
}

fn tell(event: &Event, format: Format) {
    if format == Format::Json {
        return ui::json_line(event);
    }
    match event {
        Event::Checkpoint { origin, size, root, seen, witnesses } => {
            let cosigned = match witnesses.len() {
                0 => String::new(),
                _ => format!(", cosigned by {}", witnesses.join(", ")),
            };
            println!("{origin}: {size} entries ({seen} at the last look), root {}{cosigned}", root.short());
        }
        Event::UnexpectedEntry { index, identity } => {
            let who = match identity {
                i if i.unreadable.is_some() => i.unreadable.clone().unwrap_or_default(),
                i if i.key.is_some() => i.key.map(|key| format!("key {key}")).unwrap_or_default(),
                i => format!("{} of issuer {}", i.names.join(", "), i.issuer.as_deref().unwrap_or("(none)")),
            };
            println!("{BAD}unexpected{BAD:#} entry {index}: {}", ui::one_line(&who));
        }
        Event::Compared { with, size } => println!("{with} tells the same history ({size} entries)"),
    }
}

/// In a loop a problem is one event among others.
fn tell_problem(problem: &Problem, format: Format) {
    match format {
        Format::Json => ui::json_line(&serde_json::json!({ "event": "problem", "problem": problem })),
        Format::Text => ui::problem(problem, format),
    }
}

/// What was changed goes before what was unexpected, and that before what could not be reached.
fn worse(one: Exit, other: Exit) -> Exit {
    let rank = |exit: Exit| match exit {
        Exit::Success => 0,
        Exit::Environment => 1,
        Exit::Input => 2,
        Exit::Verdict => 3,
        Exit::Integrity => 4,
    };
    if rank(other) > rank(one) { other } else { one }
}
