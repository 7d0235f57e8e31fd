//! Any bytes as a report of any format: whatever comes out is clean, bounded, has an identity of its
//! own, and survives being written as a blob.

#![no_main]

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Read},
    sync::Mutex,
};

use findings::{BlobReader, BlobWriter, ImportOptions, Limits, Sink, formats, import};
use libfuzzer_sys::fuzz_target;
use model::{Digest, Finding, Place, Sha256, ports::Blobs};
use proofhouse_fuzz::{is_inside, is_plain, named};

fuzz_target!(|input: &[u8]| {
    let Some((name, report)) = named(input) else { return };
    if name == "blob" {
        let read: Result<Vec<Finding>, _> = BlobReader::new(report).collect();
        if let Ok(all) = read {
            assert!(all.is_sorted_by(|a, b| a.id < b.id));
        }
        return;
    }
    // A name that is no format: the format is recognised.
    let format = formats().iter().copied().find(|format| *format == name);
    let limits = Limits { bytes: 1 << 20, value: 1 << 18, ..Limits::default() };
    let options = ImportOptions { limits, ..ImportOptions::default() };
    let mut all: Vec<Finding> = Vec::new();
    let Ok(info) = import(&report, format, &options, &mut all) else { return };
    assert_eq!(info.findings, all.len() as u64);
    assert_eq!(info.by_severity.total(), info.findings);
    assert!(format.is_none_or(|format| format == info.format));
    all.iter().for_each(clean);
    let ids: BTreeSet<_> = all.iter().map(|finding| finding.id).collect();
    assert_eq!(ids.len(), all.len(), "two findings have one identity");
    assert_eq!(written(&all), all.into_iter().map(|f| (f.id, f)).collect());
});

fn clean(finding: &Finding) {
    match &finding.place {
        Place::Code { path, .. } | Place::Secret { path, .. } => {
            assert!(path.is_empty() || is_inside(path), "{path:?}");
        }
        Place::Package { manifest: Some(path), .. } => assert!(is_inside(path), "{path:?}"),
        _ => {}
    }
    let texts = [&finding.title, &finding.rule, &finding.scanner, &finding.place.label()];
    assert!(texts.iter().all(|text| is_plain(text)), "{texts:?}");
    assert!(!finding.rule.is_empty() && !finding.title.is_empty());
    assert!(finding.title.chars().count() <= 300);
    assert!(finding.aliases.iter().all(|alias| is_plain(alias)) && finding.aliases.len() <= 50);
    assert!(finding.cvss.is_none_or(|score| (0.0..=10.0).contains(&score)));
    let line = serde_json::to_string(finding).expect("a finding can be written");
    assert!(line.len() < findings::blob::LONGEST_LINE, "{} bytes", line.len());
}

/// The findings as a reader of their blob sees them.
fn written(all: &[Finding]) -> BTreeMap<model::FindingId, Finding> {
    let (blobs, mut writer) = (Memory::default(), BlobWriter::new(std::env::temp_dir()));
    all.iter().for_each(|finding| writer.accept(finding.clone()).expect("writing"));
    let blob = writer.finish(&blobs).expect("writing");
    let read = BlobReader::new(blobs.open(&blob.digest.hash).expect("reading"));
    read.map(|finding| finding.expect("what was written can be read")).map(|f| (f.id, f)).collect()
}

#[derive(Default)]
struct Memory(Mutex<Vec<u8>>);

impl Blobs for Memory {
    fn put(&self, bytes: &[u8]) -> io::Result<Digest> {
        *self.0.lock().expect("one thread") = bytes.to_vec();
        Ok(Digest::of(bytes))
    }

    fn put_from(&self, source: &mut dyn Read) -> io::Result<Digest> {
        let mut bytes = Vec::new();
        source.read_to_end(&mut bytes)?;
        self.put(&bytes)
    }

    fn get(&self, _: &Sha256) -> io::Result<Vec<u8>> {
        Ok(self.0.lock().expect("one thread").clone())
    }

    fn open(&self, hash: &Sha256) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(io::Cursor::new(self.get(hash)?)))
    }

    fn remove(&self, _: &Sha256) -> io::Result<bool> {
        self.0.lock().expect("one thread").clear();
        Ok(true)
    }
}
