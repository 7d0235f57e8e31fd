//! The parts of SARIF objects that are read; borrowed from the text where possible, tolerant of
//! missing and odd values.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};

use crate::json::lenient::{self, Scalar};

/// `result` (3.27).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SarifResult<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub rule_id: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::count")]
    pub rule_index: Option<u64>,
    #[serde(borrow)]
    pub rule: Option<DescriptorRef<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub kind: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub level: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub message: Option<Message<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    pub locations: Vec<Location<'a>>,
    #[serde(borrow)]
    pub fingerprints: Option<BTreeMap<Cow<'a, str>, Scalar<'a>>>,
    #[serde(borrow)]
    pub partial_fingerprints: Option<BTreeMap<Cow<'a, str>, Scalar<'a>>>,
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    pub suppressions: Vec<Suppression<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub baseline_state: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::number")]
    pub rank: Option<f64>,
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    pub taxa: Vec<DescriptorRef<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    pub fixes: Vec<Fix<'a>>,
    #[serde(borrow)]
    pub web_request: Option<WebRequest<'a>>,
    #[serde(default)]
    pub properties: Properties,
}

/// `reportingDescriptorReference` (3.52).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DescriptorRef<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub id: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::count")]
    pub index: Option<u64>,
    #[serde(borrow)]
    pub tool_component: Option<ComponentRef<'a>>,
}

/// `toolComponentReference` (3.54).
#[derive(Deserialize)]
pub(super) struct ComponentRef<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub name: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::count")]
    pub index: Option<u64>,
}

/// `message` (3.11) and `multiformatMessageString` (3.12).
#[derive(Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub text: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub markdown: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub id: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::many")]
    pub arguments: Vec<String>,
}

/// `location` (3.28).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Location<'a> {
    #[serde(borrow)]
    pub physical_location: Option<PhysicalLocation<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    pub logical_locations: Vec<LogicalLocation<'a>>,
}

/// `physicalLocation` (3.29).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PhysicalLocation<'a> {
    #[serde(borrow)]
    pub artifact_location: Option<ArtifactLocation<'a>>,
    #[serde(borrow)]
    pub region: Option<Region<'a>>,
    #[serde(borrow)]
    pub context_region: Option<Region<'a>>,
}

/// `artifactLocation` (3.4).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ArtifactLocation<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub uri: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub uri_base_id: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::count")]
    pub index: Option<u64>,
}

/// `region` (3.30).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Region<'a> {
    #[serde(default, deserialize_with = "lenient::position")]
    pub start_line: Option<u32>,
    #[serde(default, deserialize_with = "lenient::position")]
    pub start_column: Option<u32>,
    #[serde(default, deserialize_with = "lenient::position")]
    pub end_line: Option<u32>,
    #[serde(borrow)]
    pub snippet: Option<Message<'a>>,
}

/// `logicalLocation` (3.33).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LogicalLocation<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub fully_qualified_name: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub name: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::count")]
    pub index: Option<u64>,
}

/// `suppression` (3.35).
#[derive(Deserialize)]
pub(super) struct Suppression<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub kind: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub status: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub justification: Option<Cow<'a, str>>,
}

/// `fix` (3.55).
#[derive(Deserialize)]
pub(super) struct Fix<'a> {
    #[serde(borrow)]
    pub description: Option<Message<'a>>,
}

/// `webRequest` (3.46).
#[derive(Deserialize)]
pub(super) struct WebRequest<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub method: Option<Cow<'a, str>>,
}

/// `reportingDescriptor` (3.49).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub short_description: Option<Message<'a>>,
    #[serde(borrow)]
    pub full_description: Option<Message<'a>>,
    #[serde(borrow)]
    pub message_strings: Option<BTreeMap<Cow<'a, str>, Message<'a>>>,
    #[serde(borrow)]
    pub default_configuration: Option<Configuration<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub help_uri: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    pub relationships: Vec<Relationship<'a>>,
    #[serde(default)]
    pub properties: Properties,
}

/// `reportingConfiguration` (3.50).
#[derive(Deserialize)]
pub(super) struct Configuration<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub level: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::number")]
    pub rank: Option<f64>,
    /// Absent: the rule is applied.
    #[serde(default)]
    pub enabled: Option<bool>,
}

/// `configurationOverride` (3.51).
#[derive(Deserialize)]
pub(super) struct Override<'a> {
    #[serde(borrow)]
    pub descriptor: Option<DescriptorRef<'a>>,
    #[serde(borrow)]
    pub configuration: Option<Configuration<'a>>,
}

/// `reportingDescriptorRelationship` (3.53).
#[derive(Deserialize)]
pub(super) struct Relationship<'a> {
    #[serde(borrow)]
    pub target: Option<DescriptorRef<'a>>,
}

/// `notification` (3.58).
#[derive(Deserialize)]
pub(super) struct Notification<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub level: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub message: Option<Message<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::list")]
    pub locations: Vec<Location<'a>>,
}

/// The property bags (3.8) of results and rules: the conventions that tools share.
#[derive(Default)]
pub(super) struct Properties {
    /// `security-severity`, a CVSS score.
    pub score: Option<f64>,
    /// `precision`, `confidence` and keys that end with it.
    pub confidence: Option<String>,
    /// `cwe`, `cwes`.
    pub cwe: Vec<String>,
    /// `tags`.
    pub tags: Vec<String>,
    /// `purl`, `purls`.
    pub purls: Vec<String>,
    /// `problem.severity`, a level.
    pub level: Option<String>,
}

impl<'de> Deserialize<'de> for Properties {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_option(PropertiesVisitor)
    }
}

struct PropertiesVisitor;

impl<'de> Visitor<'de> for PropertiesVisitor {
    type Value = Properties;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a property bag")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Properties::default())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Properties::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut properties = Properties::default();
        while let Some(Key(key)) = map.next_key()? {
            match key.as_ref() {
                "security-severity" => properties.score = map.next_value::<Scalar<'de>>()?.number(),
                "cwe" | "cwes" | "cweIds" => properties.cwe.extend(map.next_value::<Many>()?.0),
                "tags" => properties.tags = map.next_value::<Many>()?.0,
                "purl" | "purls" => properties.purls = map.next_value::<Many>()?.0,
                "problem.severity" => properties.level = map.next_value::<Many>()?.0.into_iter().next(),
                "precision" => properties.confidence = map.next_value::<Many>()?.0.into_iter().next(),
                key if key.to_ascii_lowercase().ends_with("confidence") => {
                    let word = map.next_value::<Many>()?.0.into_iter().next();
                    properties.confidence = properties.confidence.take().or(word);
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(properties)
    }
}

struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::text(deserializer).map(|text| Self(text.unwrap_or_default()))
    }
}

struct Many(Vec<String>);

impl<'de> Deserialize<'de> for Many {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::many(deserializer).map(Self)
    }
}
