//! Opening a store, projecting into it and rebuilding it.

use std::sync::Arc;

use model::ports::{Blobs, LoggedStatement};

use crate::{
    Result, StoreError,
    db::Value,
    dialect::{Db, Tx},
    project, schema,
};

/// A database with projections. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(crate) db: Db,
    /// Removes the folder of a temporary database with the last clone.
    _folder: Option<Arc<tempfile::TempDir>>,
}

impl Store {
    /// Opens `sqlite:/path/db.sqlite` (made when absent, mode 0600) or `postgres://…` and brings its
    /// schema up to date.
    ///
    /// # Errors
    /// `database-url`, `database-unreachable`, `database-locked`, `database-newer`, `database-damaged`,
    /// `database-disk-full`.
    pub async fn open(url: &str) -> Result<Self> {
        let db = Db::open(url).await?;
        schema::migrate(&db).await?;
        Ok(Self { db, _folder: None })
    }

    /// A SQLite database in a temporary folder that goes away with the last clone.
    ///
    /// # Errors
    /// `store-io`, `database-disk-full`.
    pub async fn temporary() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("proofhouse-").tempdir();
        let folder = folder.map_err(|source| StoreError::Io { path: "temporary folder".into(), source })?;
        let path = folder.path().join("db.sqlite");
        let store = Self::open(&format!("sqlite:{}", path.display())).await?;
        Ok(Self { _folder: Some(Arc::new(folder)), ..store })
    }

    /// Waits for what is under way and closes all connections.
    pub async fn close(&self) {
        self.db.close().await;
    }

    /// Index of the next statement to project.
    ///
    /// # Errors
    /// Any database error.
    pub async fn next_index(&self) -> Result<u64> {
        match self.db.first(NEXT, vec![]).await? {
            Some(row) => row.cells("projected").count(),
            None => Err(StoreError::BadRow { table: "projected", what: "the only row is missing".into() }),
        }
    }

    /// Applies one statement in one transaction. `false`: it was already applied.
    ///
    /// # Errors
    /// `projection-gap` when it is not the next one, `projection-blob` when a blob it names cannot be
    /// read or was changed, and any database error. On error nothing is changed.
    pub async fn project(&self, statement: &LoggedStatement, blobs: &dyn Blobs) -> Result<bool> {
        Ok(self.project_many(std::slice::from_ref(statement), blobs).await? == 1)
    }

    /// Applies several in one transaction; those already applied are passed over. Returns how many
    /// were applied.
    ///
    /// # Errors
    /// As [`Store::project`]; on error none is applied.
    pub async fn project_many(&self, statements: &[LoggedStatement], blobs: &dyn Blobs) -> Result<u64> {
        let mut tx = self.db.begin().await?;
        tx.lock().await?;
        let first = next(&mut tx).await?;
        let mut expected = first;
        for statement in statements.iter().filter(|statement| statement.index >= first) {
            if statement.index > expected {
                return Err(StoreError::Gap { expected, found: statement.index });
            }
            if statement.index == expected {
                project::apply(&mut tx, statement, blobs).await?;
                expected += 1;
            }
        }
        if expected > first {
            advance(&mut tx, expected).await?;
            tx.commit().await?;
        }
        Ok(expected - first)
    }

    /// Throws all tables away and applies `statements` from index 0 to new ones, in one transaction: a
    /// crash or an error leaves the old tables, and readers see the old ones until the end.
    ///
    /// # Errors
    /// As [`Store::project`], and `projection-ledger` when the iterator yields an error.
    pub async fn rebuild<I>(&self, statements: I, blobs: &dyn Blobs) -> Result<u64>
    where
        I: IntoIterator<Item = std::io::Result<LoggedStatement>>,
        I::IntoIter: Send,
    {
        let mut statements = statements.into_iter();
        let mut tx = self.db.begin().await?;
        tx.lock().await?;
        tx.begin_rebuild(&schema::names()).await?;
        schema::create(&mut tx).await?;
        let mut expected = 0;
        while let Some(statement) = statements.next().transpose().map_err(StoreError::Ledger)? {
            if statement.index != expected {
                return Err(StoreError::Gap { expected, found: statement.index });
            }
            project::apply(&mut tx, &statement, blobs).await?;
            expected += 1;
        }
        tx.execute("INSERT INTO projected (id, next_index) VALUES (1, $1)", vec![expected.into()]).await?;
        tx.finish_rebuild(&schema::names()).await?;
        tx.commit().await?;
        Ok(expected)
    }
}

const NEXT: &str = "SELECT next_index FROM projected WHERE id = 1";

async fn next(tx: &mut Tx) -> Result<u64> {
    match tx.first(NEXT, vec![]).await? {
        Some(row) => row.cells("projected").count(),
        None => Err(StoreError::BadRow { table: "projected", what: "the only row is missing".into() }),
    }
}

async fn advance(tx: &mut Tx, to: u64) -> Result<()> {
    tx.execute("UPDATE projected SET next_index = $1 WHERE id = 1", vec![Value::from(to)]).await.map(drop)
}
