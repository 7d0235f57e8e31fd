//! How fast and in how much memory a large SARIF report is taken: `cargo run --release --example
//! import_bench [MEGABYTES]`. Makes the report in a temporary folder (rules before and after the
//! results), imports it into nothing and into a findings blob, and prints one JSON line per measure.

use std::{
    fs::File,
    io::{self, BufWriter, Read, Write},
    path::Path,
    time::Instant,
};

use findings::{BlobReader, BlobWriter, FileSource, ImportOptions, Limits, import};
use model::{Digest, Finding, Hasher, Sha256, ports::Blobs};
use serde_json::json;

const RULES: usize = 400;

fn main() -> io::Result<()> {
    let megabytes: u64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(300);
    let folder = tempfile::tempdir()?;
    for rules_first in [true, false] {
        let path = folder.path().join("report.sarif");
        generate(&path, megabytes << 20, rules_first)?;
        let bytes = path.metadata()?.len();
        let order = if rules_first { "rules-first" } else { "results-first" };
        measure("import", order, bytes, || run(&path, &mut |_: Finding| Ok(())))?;
        let mut written = None;
        let store = Files(folder.path().to_owned());
        measure("import-into-blob", order, bytes, || {
            let mut writer = BlobWriter::new(folder.path());
            let count = run(&path, &mut writer)?;
            written = Some(writer.finish(&store)?);
            Ok(count)
        })?;
        let Some(blob) = written else { continue };
        measure("read-blob", order, blob.digest.size, || {
            let read = BlobReader::new(store.open(&blob.digest.hash)?).filter(Result::is_ok).count() as u64;
            if read != blob.count {
                return Err(io::Error::other("the blob does not hold what was imported"));
            }
            Ok(read)
        })?;
    }
    Ok(())
}

fn run(path: &Path, sink: &mut dyn findings::Sink) -> io::Result<u64> {
    let limits = Limits { findings: 10_000_000, ..Limits::default() };
    let options = ImportOptions { limits, ..ImportOptions::default() };
    let source = FileSource(path.to_owned());
    Ok(import(&source, None, &options, sink).map_err(io::Error::other)?.findings)
}

fn measure(name: &str, order: &str, bytes: u64, work: impl FnOnce() -> io::Result<u64>) -> io::Result<()> {
    // Resets the peak (proc(5)); without the right to do so the peak is that of the whole process.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let (start, cpu) = (Instant::now(), on_cpu());
    let count = work()?;
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), on_cpu() - cpu);
    let line = json!({
        "measure": name, "order": order, "megabytes": bytes >> 20, "findings": count,
        "seconds": round(seconds), "cpu_seconds": round(cpu), "megabytes_per_second": round(bytes as f64 / 1e6 / seconds),
        "findings_per_second": round(count as f64 / seconds), "peak_rss_megabytes": peak() >> 10,
    });
    writeln!(io::stdout(), "{line}")
}

fn round(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

/// Seconds this thread ran; on a busy machine they say more than the clock.
fn on_cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

/// Peak resident memory in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// A report as a static analyser writes it, about as large as asked for.
fn generate(path: &Path, size: u64, rules_first: bool) -> io::Result<()> {
    let mut out = Counted { inner: BufWriter::new(File::create(path)?), written: 0 };
    let rules: Vec<_> = (0..RULES)
        .map(|n| {
            json!({"id": format!("rule/{n}"), "shortDescription": {"text": format!("Weakness number {n} of the bench")},
                "helpUri": format!("https://rules.example/{n}"), "defaultConfiguration": {"level": "warning"},
                "properties": {"tags": ["security", format!("external/cwe/cwe-{:03}", 20 + n)], "precision": "high"}})
        })
        .collect();
    let tool = json!({"driver": {"name": "bench", "version": "1.0.0", "rules": rules}});
    write!(out, "{{\"version\":\"2.1.0\",\"runs\":[{{")?;
    if rules_first {
        write!(out, "\"tool\":{tool},")?;
    }
    write!(out, "\"results\":[")?;
    let mut n = 0_usize;
    while out.written < size {
        let rule = n * 7 % RULES;
        let result = json!({
            "ruleId": format!("rule/{rule}"), "ruleIndex": rule, "level": "error",
            "message": {"text": format!("A value from `request.args` reaches a query in [handler {n}](1) unchecked.")},
            "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": format!("src/module{}/file{}.py", n % 97, n / 40), "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": n % 1000 + 1, "startColumn": 5, "endColumn": 60,
                    "snippet": {"text": format!("    cursor.execute(\"SELECT * FROM t{n} WHERE id = \" + value)")}}}}],
            "partialFingerprints": {"primaryLocationLineHash": format!("{:016x}:1", n.wrapping_mul(0x9e37_79b9_7f4a_7c15))},
            "codeFlows": [{"threadFlows": [{"locations": [{"location": {"message": {"text": "source"}}}]}]}],
            "properties": {"confidence": "high", "likelihood": "medium"}
        });
        write!(out, "{}{result}", if n == 0 { "" } else { "," })?;
        n += 1;
    }
    write!(out, "],\"originalUriBaseIds\":{{\"%SRCROOT%\":{{\"uri\":\"file:///build/\"}}}}")?;
    if !rules_first {
        write!(out, ",\"tool\":{tool}")?;
    }
    write!(out, "}}]}}")?;
    out.inner.flush()
}

struct Counted<W> {
    inner: W,
    written: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Blobs as files of a folder; enough for measuring.
struct Files(std::path::PathBuf);

impl Blobs for Files {
    fn put(&self, mut bytes: &[u8]) -> io::Result<Digest> {
        self.put_from(&mut bytes)
    }

    fn put_from(&self, source: &mut dyn Read) -> io::Result<Digest> {
        let (path, mut hasher) = (self.0.join("new"), Hasher::new());
        let mut file = File::create(&path)?;
        let mut buffer = vec![0; 256 << 10];
        loop {
            let got = source.read(&mut buffer)?;
            if got == 0 {
                break;
            }
            hasher.update(&buffer[..got]);
            file.write_all(&buffer[..got])?;
        }
        let digest = hasher.finish_sized();
        std::fs::rename(path, self.0.join(digest.hash.hex()))?;
        Ok(digest)
    }

    fn get(&self, hash: &Sha256) -> io::Result<Vec<u8>> {
        std::fs::read(self.0.join(hash.hex()))
    }

    fn open(&self, hash: &Sha256) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(File::open(self.0.join(hash.hex()))?))
    }

    fn remove(&self, hash: &Sha256) -> io::Result<bool> {
        std::fs::remove_file(self.0.join(hash.hex())).map(|()| true)
    }
}
