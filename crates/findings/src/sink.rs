//! Where findings go, one at a time.

use std::io;

use model::Finding;

/// Takes findings as an import yields them: identity set, every field clean and bounded.
pub trait Sink {
    /// Takes one finding.
    ///
    /// # Errors
    /// Any IO error of the store behind it; the import stops.
    fn accept(&mut self, finding: Finding) -> io::Result<()>;
}

impl Sink for Vec<Finding> {
    fn accept(&mut self, finding: Finding) -> io::Result<()> {
        self.push(finding);
        Ok(())
    }
}

impl<F: FnMut(Finding) -> io::Result<()>> Sink for F {
    fn accept(&mut self, finding: Finding) -> io::Result<()> {
        self(finding)
    }
}
