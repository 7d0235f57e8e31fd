//! One result becomes one finding, or is withdrawn, or waits for a table.

use model::{Confidence, Coverage, Finding, Place, Severity, TaggedRules, Technique};

use super::{
    message,
    place::{self, NeedsMore},
    rules::{self, Rule},
    tables::Run,
    tools,
    types::{Location, Region, SarifResult},
};
use crate::{
    ImportError,
    intake::{Intake, Spot},
    normalise::{cwe, path::Uri, purl, secret, severity, text},
};

/// What became of a result.
pub(super) enum Outcome {
    /// It is dealt with.
    Done,
    /// It refers to a table that has not been read yet; nothing was passed on.
    NeedsMore,
}

/// Where a result is, resolved.
struct Where<'r> {
    file: Option<Uri>,
    symbol: Option<&'r str>,
    region: Option<&'r Region<'r>>,
    snippet: Option<&'r str>,
    wider: Option<&'r str>,
}

/// Deals with one result. With `last` all tables are known, and what they do not hold is absent.
pub(super) fn pass(
    result: &SarifResult<'_>,
    run: &Run,
    last: bool,
    intake: &mut Intake<'_>,
    coverage: &mut Coverage,
) -> Result<Outcome, ImportError> {
    if result.kind.as_deref() == Some("notApplicable") || result.baseline_state.as_deref() == Some("absent") {
        return Ok(Outcome::Done);
    }
    if !run.seen_tool && !last {
        return Ok(Outcome::NeedsMore);
    }
    if result.kind.as_deref() == Some("pass") {
        let rule = run.rules.of(result);
        let name = text::line(rule_id(result, rule), 200);
        tell(result, rule, intake, coverage, |tagged| (&mut tagged.rules, name.clone()));
        return Ok(Outcome::Done);
    }
    let Ok(place) = resolve(result.locations.first(), run, last) else { return Ok(Outcome::NeedsMore) };
    let rule = run.rules.of(result);
    if let Some(why) = suppressed(result) {
        let path = place.file.as_ref().map(|uri| label(uri, intake)).unwrap_or_default();
        let what = format!("{path} ({})", rule_id(result, rule));
        intake.suppress(coverage, &what, &why);
        let name = text::line(&format!("{what}: {why}"), 300);
        tell(result, rule, intake, coverage, |tagged| (&mut tagged.withdrawn, name.clone()));
        return Ok(Outcome::Done);
    }
    let finding = finding(result, rule, run, &place, intake);
    let name = text::line(&format!("{} at {}", finding.rule, finding.place.label()), 300);
    tell(result, rule, intake, coverage, |tagged| (&mut tagged.found, name.clone()));
    intake.push(finding).map(|()| Outcome::Done)
}

/// Keeps a name with every security requirement that a result or its rule is tagged with.
fn tell(
    result: &SarifResult<'_>,
    rule: Option<&Rule>,
    intake: &Intake<'_>,
    coverage: &mut Coverage,
    list: impl Fn(&mut TaggedRules) -> (&mut Vec<String>, String),
) {
    let own = rules::requirements(&result.properties.tags, intake.options.requirements);
    for id in own.iter().chain(rule.iter().flat_map(|rule| &rule.requirements)) {
        if let Some(tagged) = coverage.tagged(id) {
            let (list, name) = list(tagged);
            TaggedRules::keep(list, name);
        }
    }
}

fn label(uri: &Uri, intake: &mut Intake<'_>) -> String {
    match uri {
        Uri::File { path, .. } => intake.path(path),
        Uri::Web { route } => route.clone(),
    }
}

/// All suppressions accepted (3.27.23, 3.35.3: an absent status is accepted).
fn suppressed(result: &SarifResult<'_>) -> Option<String> {
    let first = result.suppressions.first()?;
    let accepted = |status: Option<&str>| matches!(status, None | Some("accepted"));
    if !result.suppressions.iter().all(|s| accepted(s.status.as_deref())) {
        return None;
    }
    let kind = if first.kind.as_deref() == Some("external") { "outside the code" } else { "in the code" };
    let reason = first.justification.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
    Some(format!("suppressed {kind}{reason}"))
}

fn resolve<'r>(location: Option<&'r Location<'r>>, run: &'r Run, last: bool) -> Result<Where<'r>, NeedsMore> {
    let Some(location) = location else {
        return Ok(Where { file: None, symbol: None, region: None, snippet: None, wider: None });
    };
    let physical = location.physical_location.as_ref();
    let artifact = physical.and_then(|p| p.artifact_location.as_ref());
    let file = artifact.map(|artifact| place::file(artifact, run, last)).transpose()?.flatten();
    let region = physical.and_then(|p| p.region.as_ref());
    let code = |region: Option<&'r Region<'r>>| region?.snippet.as_ref()?.text.as_deref();
    Ok(Where {
        file,
        symbol: place::symbol(location, run, last)?,
        region,
        snippet: code(region),
        wider: code(physical.and_then(|p| p.context_region.as_ref())),
    })
}

fn rule_id<'r>(result: &'r SarifResult<'_>, rule: Option<&'r Rule>) -> &'r str {
    let own = result.rule_id.as_deref().or_else(|| result.rule.as_ref()?.id.as_deref());
    own.or(rule.map(|rule| rule.id.as_str())).filter(|id| !id.is_empty()).unwrap_or("unnamed")
}

fn finding(
    result: &SarifResult<'_>,
    rule: Option<&Rule>,
    run: &Run,
    place: &Where<'_>,
    intake: &mut Intake<'_>,
) -> Finding {
    let id = rule_id(result, rule);
    let web = matches!(place.file, Some(Uri::Web { .. })).then_some(Technique::Dast);
    let own = intake.options.technique.or(web).or_else(|| tools::technique(run.scanner()));
    let technique = own.or_else(|| rule?.technique).unwrap_or(match tools::is_advisory(id) {
        true => Technique::Sca,
        false => Technique::Sast,
    });
    let mut finding = intake.finding(run.scanner(), id, technique);
    finding.severity = severity_of(result, rule, technique);
    finding.cvss = (technique == Technique::Sca).then(|| score(result, rule)).flatten();
    finding.confidence = confidence(result, rule);
    finding.message = message::text_of(result.message.as_ref(), rule);
    finding.title = rule.map(|rule| rule.title.clone()).unwrap_or_default();
    finding.cwe = cwe::parse_all(result.properties.cwe.iter().map(String::as_str));
    finding.cwe.extend(result.taxa.iter().filter_map(rules::cwe_of));
    finding.cwe.extend(rule.iter().flat_map(|rule| &rule.cwe));
    if technique == Technique::Secrets && finding.cwe.is_empty() {
        finding.cwe = vec![798];
    }
    if tools::is_advisory(id) {
        finding.aliases = vec![id.to_owned()];
    }
    finding.help = rule.and_then(|rule| rule.help.clone());
    finding.fix =
        result.fixes.iter().find_map(|fix| Some(fix.description.as_ref()?.text.as_deref()?.to_owned()));
    if technique == Technique::Secrets
        && let Some(shown) = place.snippet.filter(|code| !secret::is_redacted(code))
    {
        finding.message = secret::hide(&finding.message, shown).into_owned();
        finding.title = secret::hide(&finding.title, shown).into_owned();
    }
    finding.place = place_of(result, rule, run, place, technique, intake);
    finding
}

fn place_of(
    result: &SarifResult<'_>,
    rule: Option<&Rule>,
    run: &Run,
    place: &Where<'_>,
    technique: Technique,
    intake: &mut Intake<'_>,
) -> Place {
    let raw = match &place.file {
        Some(Uri::Web { route }) => {
            let method =
                result.web_request.as_ref().and_then(|request| request.method.as_deref()).unwrap_or("GET");
            return Place::Route { method: method.to_owned(), route: route.clone(), parameter: None };
        }
        Some(Uri::File { path, .. }) => path.as_str(),
        None => "",
    };
    let line = place.region.and_then(|region| region.start_line);
    let fingerprint = place::fingerprint(result);
    if technique == Technique::Sca {
        let purls = result.properties.purls.first().or_else(|| rule?.purl.as_ref());
        if let Some(purl) = purls.and_then(|text| purl::clean(text)) {
            let manifest = Some(intake.path(raw)).filter(|path| !path.is_empty());
            return Place::Package { purl, manifest };
        }
    }
    if technique == Technique::Secrets && !raw.is_empty() {
        let path = intake.path(raw);
        let shown = place.snippet.filter(|code| !secret::is_redacted(code));
        let hidden = || {
            let parts =
                [run.scanner(), rule_id(result, rule), &path, fingerprint.as_deref().unwrap_or_default()];
            secret::substitute(&parts)
        };
        let fingerprint = shown.map_or_else(hidden, secret::fingerprint);
        return Place::Secret { path, line, fingerprint };
    }
    // A component's finding stands at an arbitrary line of its manifest: the tool's fingerprint says more.
    let snippet =
        if technique == Technique::Sca { fingerprint.as_deref().or(place.snippet) } else { place.snippet };
    intake.code(&Spot {
        path: raw,
        line,
        column: place.region.and_then(|region| region.start_column),
        end_line: place.region.and_then(|region| region.end_line),
        symbol: place.symbol,
        snippet,
        instead: fingerprint.as_deref().or(place.wider),
    })
}

fn score(result: &SarifResult<'_>, rule: Option<&Rule>) -> Option<f64> {
    result.properties.score.filter(|score| *score > 0.0).or_else(|| rule?.score)
}

fn severity_of(result: &SarifResult<'_>, rule: Option<&Rule>, technique: Technique) -> Severity {
    if result.kind.as_deref() == Some("informational") {
        return Severity::Info;
    }
    if let Some(score) = score(result, rule) {
        return Severity::from_cvss(score);
    }
    let word = result.level.as_deref().or_else(|| rule?.level.as_deref());
    let rated = !rule.is_some_and(|rule| rule.unrated);
    if let Some(level) = word.filter(|_| rated).and_then(severity::from_word) {
        return level;
    }
    let rank = result.rank.or_else(|| rule?.rank).filter(|rank| *rank > 0.0);
    // Scanners for credentials often rate nothing; their own formats are read as high too.
    let unrated = if technique == Technique::Secrets { Severity::High } else { severity::UNRATED };
    rank.map_or(unrated, |rank| Severity::from_cvss(rank / 10.0))
}

fn confidence(result: &SarifResult<'_>, rule: Option<&Rule>) -> Confidence {
    if matches!(result.kind.as_deref(), Some("open" | "review")) {
        return Confidence::Low;
    }
    let word = result.properties.confidence.as_deref().or_else(|| rule?.confidence.as_deref());
    severity::confidence(word)
}
