//! Arguments of `proofhouse radar`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use govern::catalogue::{Ring, evaluate::BY_PEOPLE};
use model::Role;

#[derive(Subcommand)]
pub enum RadarCommand {
    /// What the projects of this installation really use, by their newest bills of materials and tools
    Identify {
        /// Write a first catalogue of what is known to this file, everything in the ring `assess`
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Which projects ship a technology of the catalogue, a known one, or a package, and in which versions
    Who {
        /// Name, or package URL without version
        technology: String,
        #[command(flatten)]
        from: CatalogueArg,
    },
    /// How many projects used a technology at the end of each month
    Trend {
        /// Only this technology or package
        technology: Option<String>,
        /// So many months back
        #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=120))]
        months: u16,
        #[command(flatten)]
        from: CatalogueArg,
    },
    /// Evaluate a technology by what is known of it: incidents, fixes, releases, licence, use, opinions
    Evaluate {
        /// Name of an entry or of a known technology, or a package URL
        technology: String,
        /// Keep the evaluation as evidence, and print the line for the entry
        #[arg(long)]
        save: bool,
        #[command(flatten)]
        from: CatalogueArg,
    },
    /// Evaluate alternatives side by side
    Compare {
        /// Names as for `evaluate`; of one name alone, the alternatives that its entry names
        #[arg(required = true)]
        technologies: Vec<String>,
        #[command(flatten)]
        from: CatalogueArg,
    },
    /// Record what somebody thinks of a technology: a score for a criterion, or a vote for a ring
    Assess(AssessArgs),
    /// Record the result that the OpenSSF Scorecard tool wrote for a technology
    Scorecard {
        /// Name of the technology
        technology: String,
        /// The result, as `scorecard --format json` writes it
        file: PathBuf,
        #[command(flatten)]
        from: CatalogueArg,
    },
    /// Sign an entry of the catalogue as it stands, or refuse it
    Sign(SignEntryArgs),
    /// How far each entry is: effective, pending, void, expired, reopened, and why
    Status {
        /// Only this entry
        technology: Option<String>,
        /// Fail (status 1) unless everything shown is effective
        #[arg(long)]
        fail: bool,
        #[command(flatten)]
        from: CatalogueArg,
    },
    /// Moves from ring to ring as they were signed: who, when, why
    History {
        /// Only this technology
        technology: Option<String>,
    },
    /// Who still ships what the catalogue does not want, by when, and who answers for it
    Deadlines {
        /// Only this technology
        technology: Option<String>,
        /// Fail (status 1) when something of it denies today
        #[arg(long)]
        fail: bool,
        #[command(flatten)]
        from: CatalogueArg,
    },
    /// Entries that are recommended and used nowhere, and entries that are used and not wanted
    Unused {
        #[command(flatten)]
        from: CatalogueArg,
    },
    /// How far the objectives of the catalogue are
    Objectives {
        /// Fail (status 1) when one was missed
        #[arg(long)]
        fail: bool,
        #[command(flatten)]
        from: CatalogueArg,
    },
    /// Hold this project's newest bill of materials and tools against the catalogue
    Check {
        #[command(flatten)]
        from: CatalogueArg,
    },
    /// Write the catalogue as JSON, CSV, Markdown or as a picture
    Export {
        /// File; its ending says how: json, csv, md or svg
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        #[command(flatten)]
        from: CatalogueArg,
        /// Title of page and picture
        #[arg(long, default_value = "Technology radar")]
        title: String,
    },
    /// Turn a radar file of Zalando, AOE, Backstage or "build your own radar" into a catalogue
    Import(RadarImportArgs),
}

#[derive(Args)]
pub struct CatalogueArg {
    /// The catalogue [default: the one that proofhouse.yaml names]
    #[arg(long, value_name = "FILE")]
    pub catalogue: Option<PathBuf>,
}

#[derive(Args)]
pub struct RadarImportArgs {
    /// The radar file, JSON or CSV
    pub file: PathBuf,
    /// Whose form it has [default: found out]
    #[arg(long, value_name = "NAME", value_parser = clap::builder::PossibleValuesParser::new(govern::catalogue::import::Format::NAMES))]
    pub radar_format: Option<String>,
    /// Write the catalogue to this file [default: print it]
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

#[derive(Args)]
#[command(group = clap::ArgGroup::new("opinion").required(true))]
pub struct AssessArgs {
    /// Name of the technology
    pub technology: String,
    /// The criterion that is scored
    #[arg(long, group = "opinion", requires = "score", value_parser = clap::builder::PossibleValuesParser::new(BY_PEOPLE))]
    pub criterion: Option<String>,
    /// 1 (poor) to 5 (very good)
    #[arg(long, requires = "criterion", value_parser = clap::value_parser!(u8).range(1..=5))]
    pub score: Option<u8>,
    /// The ring that it belongs into
    #[arg(long, group = "opinion", value_name = "RING", value_parser = clap::builder::PossibleValuesParser::new(Ring::NAMES.iter().copied()))]
    pub vote: Option<String>,
    /// In words
    #[arg(long)]
    pub comment: Option<String>,
    #[command(flatten)]
    pub who: WhoArgs,
    #[command(flatten)]
    pub from: CatalogueArg,
}

#[derive(Args)]
pub struct SignEntryArgs {
    /// Name of the entry
    pub technology: String,
    /// The role in which it is signed
    #[arg(long, value_name = "ROLE", value_parser = role)]
    pub role: Role,
    /// Refuse it instead; needs a reason
    #[arg(long, requires = "reason")]
    pub reject: bool,
    /// Why
    #[arg(long)]
    pub reason: Option<String>,
    #[command(flatten)]
    pub who: WhoArgs,
    #[command(flatten)]
    pub from: CatalogueArg,
}

#[derive(Args)]
pub struct WhoArgs {
    /// Who it is, when you enter it for somebody else; the statement says that you did [default: you]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
}

/// A role by its word.
fn role(word: &str) -> Result<Role, String> {
    word.parse().map_err(|()| format!("there are: {}", Role::ALL.map(Role::name).join(", ")))
}
