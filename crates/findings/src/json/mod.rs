//! Walking JSON of any size: a streaming scanner for the outline, serde for one element at a time.
//!
//! Why not one `DeserializeSeed` over a reader: measured on the same SARIF file, cutting elements
//! out of the stream and parsing them as slices is over twice as fast (strings are borrowed, bytes
//! are searched many at a time), skipping a value costs no parsing, and the depth and size of
//! skipped values are bounded too, which `serde::de::IgnoredAny` over a reader does not do.

pub(crate) mod lenient;
mod scanner;

pub(crate) use scanner::Scanner;
