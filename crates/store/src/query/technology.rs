//! What projects use besides packages, and what they used at a time.

use model::Timestamp;

use super::paging::all;
use crate::{
    Result, Store,
    db::{Cells, Value},
    views::UsedView,
};

fn used(cells: &mut Cells) -> Result<UsedView> {
    Ok(UsedView {
        project: cells.text()?,
        package: cells.maybe_text()?,
        name: cells.text()?,
        version: cells.maybe_text()?,
    })
}

impl Store {
    /// Ledger index of the newest look at what a project uses besides packages.
    ///
    /// # Errors
    /// Any database error.
    pub async fn newest_technologies(&self, project: &str) -> Result<Option<u64>> {
        let sql = "SELECT idx FROM technologies WHERE project = $1 ORDER BY idx DESC LIMIT 1";
        let found =
            all(&self.db, "technologies", sql.to_owned(), vec![project.into()], |cells| cells.count());
        Ok(found.await?.pop())
    }

    /// Every package and everything else that every project used just before `moment`, once each, sorted.
    ///
    /// # Errors
    /// Any database error.
    pub async fn used_at(&self, moment: Timestamp) -> Result<Vec<UsedView>> {
        let newest = |table: &str| {
            format!(
                "SELECT MAX(idx) FROM {table} WHERE project IS NOT NULL AND logged_at < $1 GROUP BY project"
            )
        };
        let packages = format!(
            "SELECT DISTINCT s.project, c.package, c.name, c.version FROM components c JOIN sboms s ON s.idx = c.idx \
             WHERE c.package IS NOT NULL AND c.idx IN ({})",
            newest("sboms")
        );
        let others = format!(
            "SELECT DISTINCT t.project, u.package, u.name, u.version FROM technology_uses u JOIN technologies t \
             ON t.idx = u.idx WHERE u.idx IN ({})",
            newest("technologies")
        );
        let mut found = all(&self.db, "components", packages, vec![Value::time(moment)], used).await?;
        found.extend(all(&self.db, "technology_uses", others, vec![Value::time(moment)], used).await?);
        // Databases order texts and absent ones differently.
        found.sort();
        Ok(found)
    }
}
