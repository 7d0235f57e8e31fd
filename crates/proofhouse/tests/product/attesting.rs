//! `proofhouse attest`: commands of other pipelines, and attestations of others, through the binary.

mod commands;
mod identity;
mod imports;
