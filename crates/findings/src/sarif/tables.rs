//! What a run says around its results: tool, rules, bases, artifacts, logical locations, invocations.

use std::collections::HashMap;

use model::{Coverage, TaggedRules, requirement::Requirements};
use serde::Deserialize;

use super::{
    message,
    rules::Rules,
    tools,
    types::{ArtifactLocation, Descriptor, LogicalLocation, Notification, Override},
};
use crate::{
    ImportError,
    json::{Scanner, lenient},
    normalise::text,
};

/// The keys of a run that are read.
pub(super) const FIELDS: [&str; 7] = [
    "tool",
    "invocations",
    "artifacts",
    "originalUriBaseIds",
    "logicalLocations",
    "results",
    "externalPropertyFileReferences",
];

/// What collecting tables needs beside the run.
pub(super) struct Reading<'r> {
    pub coverage: &'r mut Coverage,
    /// Bytes of all tables so far.
    pub size: &'r mut usize,
    pub limit: usize,
    /// Security requirements of the project.
    pub requirements: Option<&'r Requirements>,
}

impl Reading<'_> {
    fn grow(&mut self, bytes: usize) -> Result<(), ImportError> {
        *self.size += bytes;
        if *self.size > self.limit {
            return Err(ImportError::TooLarge {
                what: "the tables of rules and files",
                limit: self.limit as u64,
            });
        }
        Ok(())
    }
}

/// A file by URI and base.
pub(super) struct Artifact {
    pub uri: String,
    pub base: Option<String>,
}

/// One run's tables.
#[derive(Default)]
pub(super) struct Run {
    name: Option<String>,
    version: Option<String>,
    pub rules: Rules,
    pub bases: HashMap<String, Artifact>,
    pub artifacts: Vec<Artifact>,
    pub logical: Vec<String>,
    pub seen_tool: bool,
    pub seen_bases: bool,
    pub seen_artifacts: bool,
    pub seen_logical: bool,
    files: u64,
    results: bool,
    external_results: bool,
}

impl Run {
    /// Name of the scanner.
    pub(super) fn scanner(&self) -> &str {
        self.name.as_deref().unwrap_or("unknown")
    }

    /// Version of the scanner, empty when the run does not say.
    pub(super) fn version(&self) -> &str {
        self.version.as_deref().unwrap_or_default()
    }

    /// Reads the value of one of [`FIELDS`] other than `results`.
    pub(super) fn table(
        &mut self,
        scanner: &mut Scanner<'_>,
        key: &str,
        reading: &mut Reading<'_>,
    ) -> Result<(), ImportError> {
        match key {
            "tool" => self.tool(scanner, reading),
            "invocations" => scanner.elements(|s| self.invocation(s, reading)),
            "artifacts" => self.artifacts(scanner, reading),
            "originalUriBaseIds" => self.bases(scanner, reading),
            "logicalLocations" => self.logical(scanner, reading),
            _ => scanner.fields(&["results"], |s, _| {
                self.external_results = true;
                s.skip()
            }),
        }
    }

    /// Notes that results follow; `null` says that the tool did not get as far as having any.
    pub(super) fn saw_results(
        &mut self,
        scanner: &mut Scanner<'_>,
        coverage: &mut Coverage,
    ) -> Result<(), ImportError> {
        self.results = true;
        if scanner.peek()? == b'n' {
            coverage.error("the tool says that it produced no results");
        }
        Ok(())
    }

    /// Accounts for the run as a whole.
    pub(super) fn end(&mut self, coverage: &mut Coverage) {
        if self.external_results {
            coverage.error("the results are in separate files that were not given");
        } else if !self.results {
            coverage.error("a run has no list of results");
        }
        coverage.seen += self.files;
        coverage.scanned += self.files;
        coverage.stated |= self.files > 0;
        for (requirement, rule) in self.rules.tagged() {
            let Some(tagged) = coverage.tagged(requirement) else { continue };
            match self.files > 0 {
                true => TaggedRules::keep(&mut tagged.rules, rule.to_owned()),
                // Another run of the file may say what it covered.
                false => {
                    let why = format!("{rule}: its run does not say what it covered");
                    TaggedRules::keep(&mut tagged.withdrawn, why);
                }
            }
        }
        let rules = self.rules.count();
        if rules > 0 {
            coverage.rules = Some(coverage.rules.unwrap_or(0) + rules);
        }
    }

    fn tool(&mut self, scanner: &mut Scanner<'_>, reading: &mut Reading<'_>) -> Result<(), ImportError> {
        self.seen_tool = true;
        let mut extensions = 0;
        scanner.fields(&["driver", "extensions"], |s, key| match key {
            "driver" => self.component(s, 0, reading),
            _ => s.elements(|s| {
                extensions += 1;
                self.component(s, extensions, reading)
            }),
        })
    }

    fn component(
        &mut self,
        scanner: &mut Scanner<'_>,
        number: usize,
        reading: &mut Reading<'_>,
    ) -> Result<(), ImportError> {
        reading.grow(64)?;
        let mut semantic = None;
        scanner.fields(&["name", "version", "semanticVersion", "rules"], |s, key| {
            match key {
                "rules" => {
                    return s.elements(|s| {
                        let descriptor: Descriptor<'_> = s.value()?;
                        reading.grow(self.rules.add(number, descriptor, reading.requirements))
                    });
                }
                _ if number > 0 => return s.skip(),
                "name" => self.name = Some(tools::scanner(&s.value::<String>()?)),
                "version" => self.version = s.value()?,
                _ => semantic = s.value()?,
            }
            Ok(())
        })?;
        if number == 0 {
            self.version = self.version.take().or(semantic);
        }
        Ok(())
    }

    fn artifacts(&mut self, scanner: &mut Scanner<'_>, reading: &mut Reading<'_>) -> Result<(), ImportError> {
        #[derive(Deserialize)]
        struct Item<'a> {
            #[serde(borrow)]
            location: Option<ArtifactLocation<'a>>,
            #[serde(default, deserialize_with = "lenient::many")]
            roles: Vec<String>,
        }
        self.seen_artifacts = true;
        scanner.elements(|s| {
            let item: Item<'_> = s.value()?;
            // Files that only carry a result do not show what else was looked at.
            self.files +=
                u64::from(item.roles.iter().any(|role| role != "resultFile") || item.roles.is_empty());
            let artifact = item.location.map_or_else(Artifact::nowhere, |location| Artifact::of(&location));
            reading.grow(artifact.uri.len() + 64)?;
            self.artifacts.push(artifact);
            Ok(())
        })
    }

    fn bases(&mut self, scanner: &mut Scanner<'_>, reading: &mut Reading<'_>) -> Result<(), ImportError> {
        self.seen_bases = true;
        scanner.entries(|s, key| {
            let location: ArtifactLocation<'_> = s.value()?;
            let artifact = Artifact::of(&location);
            reading.grow(key.len() + artifact.uri.len() + 100)?;
            self.bases.insert(key.to_owned(), artifact);
            Ok(())
        })
    }

    fn logical(&mut self, scanner: &mut Scanner<'_>, reading: &mut Reading<'_>) -> Result<(), ImportError> {
        self.seen_logical = true;
        scanner.elements(|s| {
            let location: LogicalLocation<'_> = s.value()?;
            let name = location.fully_qualified_name.or(location.name).unwrap_or_default();
            reading.grow(name.len() + 32)?;
            self.logical.push(name.into_owned());
            Ok(())
        })
    }
}

impl Run {
    /// `invocation` (3.20): whether the run worked, and what it complained about.
    fn invocation(
        &mut self,
        scanner: &mut Scanner<'_>,
        reading: &mut Reading<'_>,
    ) -> Result<(), ImportError> {
        let names = [
            "ruleConfigurationOverrides",
            "executionSuccessful",
            "exitCodeDescription",
            "toolExecutionNotifications",
            "toolConfigurationNotifications",
        ];
        let (mut failed, mut why) = (false, None::<String>);
        scanner.fields(&names, |s, key| match key {
            "executionSuccessful" => s.value().map(|worked: Option<bool>| failed = worked == Some(false)),
            "exitCodeDescription" => s.value().map(|text| why = text),
            "ruleConfigurationOverrides" => s.elements(|s| {
                let turned: Override<'_> = s.value()?;
                if let Some((rule, on)) = turned.descriptor.zip(turned.configuration.and_then(|c| c.enabled))
                {
                    reading.grow(self.rules.turn(&rule, on))?;
                }
                Ok(())
            }),
            _ => s.elements(|s| {
                notification(&s.value()?, reading.coverage);
                Ok(())
            }),
        })?;
        if failed {
            let why = why.map(|why| format!(": {why}")).unwrap_or_default();
            reading.coverage.error(text::line(&format!("the tool says that its run failed{why}"), 300));
        }
        Ok(())
    }
}

impl Artifact {
    fn of(location: &ArtifactLocation<'_>) -> Self {
        let uri = location.uri.as_deref().unwrap_or_default().to_owned();
        Self { uri, base: location.uri_base_id.as_deref().map(str::to_owned) }
    }

    fn nowhere() -> Self {
        Self { uri: String::new(), base: None }
    }
}

fn notification(notification: &Notification<'_>, coverage: &mut Coverage) {
    let message = text::line(&message::text_of(notification.message.as_ref(), None), 300);
    let place =
        notification.locations.first().and_then(|l| l.physical_location.as_ref()?.artifact_location.as_ref());
    let path = place.and_then(|place| place.uri.as_deref()).map(|uri| text::line(uri, 300));
    match (notification.level.as_deref().unwrap_or("warning"), path) {
        ("error", Some(path)) => coverage.error(format!("{path}: {message}")),
        ("error", None) => coverage.error(message),
        ("warning", Some(path)) => coverage.skip(path, message),
        _ => {}
    }
}
