//! Opens a store on each database, and a small ledger to project from.

use model::{Hasher, Sha256};
use store::{LocalBlobs, Store};
pub use testkit::{deployment_id, finding, hour, run_id, run_predicate, story, technologies};

pub type Ledger = testkit::Ledger<LocalBlobs>;

/// Makes two tests of one: `name::sqlite` and `name::postgres`.
macro_rules! on_both {
    ($(async fn $name:ident($base:ident: $kind:ty) $body:block)*) => { $(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn run($base: $kind) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                run(crate::support::Base::sqlite()).await
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                run(crate::support::Base::postgres()).await
            }
        }
    )* };
}

/// Where databases of one kind come from.
pub struct Base {
    folder: tempfile::TempDir,
    pub postgres: bool,
}

impl Base {
    pub fn sqlite() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), postgres: false }
    }

    pub fn postgres() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), postgres: true }
    }

    /// URL of a new, empty database.
    pub fn url(&self) -> String {
        if self.postgres {
            return testkit::postgres().database();
        }
        let name = format!("{}.sqlite", uuid::Uuid::now_v7());
        format!("sqlite:{}", self.folder.path().join(name).display())
    }

    pub async fn store(&self) -> Store {
        Store::open(&self.url()).await.unwrap()
    }

    pub fn ledger(&self) -> Ledger {
        let blobs = LocalBlobs::open(self.folder.path().join(uuid::Uuid::now_v7().to_string())).unwrap();
        Ledger::new(blobs)
    }

    /// Changes the database behind the store's back.
    pub async fn tamper(&self, url: &str, sql: &str) {
        if self.postgres {
            return testkit::postgres().sql(url, sql);
        }
        let pool = sqlx::SqlitePool::connect(url).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&pool).await.unwrap();
        pool.close().await;
    }
}

/// Projects what the store does not have yet.
pub async fn project(ledger: &Ledger, store: &Store) {
    let next = store.next_index().await.unwrap() as usize;
    store.project_many(&ledger.statements[next..], &ledger.blobs).await.unwrap();
}

/// Digest of everything in a store.
pub async fn print(store: &Store) -> Sha256 {
    let mut hasher = Hasher::new();
    for table in store.fingerprint().await.unwrap() {
        hasher.update(table.digest.as_bytes());
    }
    hasher.finish()
}
