//! `gate.expect` names steps and checks that exist: an expectation that nothing can meet would deny
//! every deployment.

use model::Technique;

use super::Context;
use crate::{
    config::{Expect, StepKind},
    diagnostic::{Diagnostic, shown},
    suggest::nearest,
    yaml::Node,
};

pub(super) fn check(context: &mut Context<'_>) {
    let items = context.root.get("gate").and_then(|gate| gate.get("expect")).map_or(&[][..], Node::items);
    for (item, expect) in items.iter().zip(&context.config.gate.expect) {
        if let Some((why, hint)) = unmeetable(context, expect) {
            let message = format!("nothing can give `{}`: {why}", shown(item.text().unwrap_or_default()));
            let problem = Diagnostic::new("config-unknown-expectation", &item.span, message);
            context.problems.push(problem.label("every deployment would be denied").hint(hint));
        }
    }
}

fn unmeetable(context: &Context<'_>, expect: &Expect) -> Option<(String, Option<String>)> {
    let of = |kind: StepKind| context.config.steps.iter().filter(move |step| step.kind == kind);
    let named = |kind: StepKind, name: &str| {
        let scans =
            Technique::ALL.into_iter().filter(|t| kind == StepKind::Scan && context.config.scans.has(*t));
        let near =
            nearest(name, of(kind).map(|step| step.name.as_str()).chain(scans.map(|t| -> &str { t.name() })));
        let hint = near.map(|near| format!("did you mean `{}:{near}`?", kind.name()));
        let missing = !of(kind).any(|step| step.name == name);
        missing.then(|| (format!("there is no {} step named `{}`", kind.name(), shown(name)), hint))
    };
    match expect {
        Expect::Test(None) if of(StepKind::Test).next().is_none() => {
            Some(("there is no test step".into(), None))
        }
        Expect::Test(Some(name)) => named(StepKind::Test, name),
        Expect::ScanStep(name) => named(StepKind::Scan, name),
        Expect::Sbom if !context.config.scans.sbom && of(StepKind::Scan).next().is_none() => {
            Some(("`scans.sbom` is off".into(), None))
        }
        // People test outside of any run; and each run that makes something is checked for hardening.
        Expect::Scan(Technique::Manual | Technique::Hardening) => None,
        Expect::Scan(technique) if !context.config.scans.has(*technique) => {
            // A scan step may be of any technique, by its report; with none, nothing can scan.
            let none = of(StepKind::Scan).next().is_none();
            none.then(|| (format!("no built-in check and no scan step does `{technique}`"), None))
        }
        _ => None,
    }
}
