//! Arguments of `proofhouse radar`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Subcommand)]
pub enum RadarCommand {
    /// What the projects of this installation really use, by their newest bills of materials and tools
    Identify {
        /// Write a first catalogue of what is known to this file, everything in the ring `assess`
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Hold this project's newest bill of materials and tools against the catalogue
    Check {
        /// The catalogue [default: the one that proofhouse.yaml names]
        #[arg(long, value_name = "FILE")]
        catalogue: Option<PathBuf>,
    },
    /// Write the catalogue as JSON, CSV, Markdown or as a picture
    Export {
        /// File; its ending says how: json, csv, md or svg
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        /// The catalogue [default: the one that proofhouse.yaml names]
        #[arg(long, value_name = "FILE")]
        catalogue: Option<PathBuf>,
        /// Title of page and picture
        #[arg(long, default_value = "Technology radar")]
        title: String,
    },
    /// Turn a radar file of Zalando, AOE, Backstage or "build your own radar" into a catalogue
    Import(RadarImportArgs),
    /// Which projects ship a technology of the catalogue, a known one, or a package, and in which versions
    Who {
        /// Name, or package URL without version
        technology: String,
        /// The catalogue [default: the one that proofhouse.yaml names, when there is one]
        #[arg(long, value_name = "FILE")]
        catalogue: Option<PathBuf>,
    },
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
