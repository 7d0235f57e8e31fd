//! The store.
use crate::Result;
use model::ports::{Blobs, LoggedStatement};
/// A database with projections. Cheap to clone.
#[derive(Clone)]
pub struct Store {}
impl Store {
    /// Opens `sqlite:/path/db.sqlite` (made when absent, 0600) or `postgres://…` and brings its schema up to date.
    pub async fn open(url: &str) -> Result<Self> {
        todo!()
    }
    /// A SQLite database in a temporary folder that goes away with the last clone.
    pub async fn temporary() -> Result<Self> {
        todo!()
    }
    /// Waits for what is under way and closes all connections.
    pub async fn close(&self) {
        todo!()
    }
    /// Index of the next statement to project.
    pub async fn next_index(&self) -> Result<u64> {
        todo!()
    }
    /// Applies one statement in one transaction. `false`: it was already applied.
    pub async fn project(&self, statement: &LoggedStatement, blobs: &dyn Blobs) -> Result<bool> {
        todo!()
    }
    /// Applies several in one transaction; those already applied are passed over. Returns how many were applied.
    pub async fn project_many(&self, statements: &[LoggedStatement], blobs: &dyn Blobs) -> Result<u64> {
        todo!()
    }
    /// Throws everything away and applies `statements` from index 0, atomically: a crash or error leaves the old tables.
    pub async fn rebuild<I>(&self, statements: I, blobs: &dyn Blobs) -> Result<u64>
    where
        I: IntoIterator<Item = std::io::Result<LoggedStatement>>,
        I::IntoIter: Send,
    {
        todo!()
    }
}
