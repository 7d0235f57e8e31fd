//! Bills of materials and their components.

use model::RunId;

use super::paging::{Filter, all, containing, cursor, cut, newest_first, one};
use crate::{
    Result, Store,
    db::{Cells, Value},
    views::{ComponentView, Page, PageRequest, SbomView},
};

const SELECT: &str =
    "SELECT idx, envelope, project, run, subjects, spec_version, components, logged_at FROM sboms";

fn read(cells: &mut Cells) -> Result<SbomView> {
    Ok(SbomView {
        index: cells.count()?,
        envelope: cells.parse()?,
        project: cells.maybe_text()?,
        run: cells.maybe_parse()?,
        subjects: cells.json()?,
        spec_version: cells.text()?,
        components: cells.count()?,
        logged_at: cells.time()?,
    })
}

fn component(cells: &mut Cells) -> Result<ComponentView> {
    Ok(ComponentView {
        sbom: cells.count()?,
        position: cells.count()?,
        purl: cells.maybe_text()?,
        name: cells.text()?,
        version: cells.maybe_text()?,
        kind: cells.text()?,
        licenses: cells.json()?,
    })
}

impl Store {
    /// Bills of materials, newest first.
    ///
    /// # Errors
    /// `page-marker`, and any database error.
    pub async fn sboms(&self, project: Option<&str>, page: &PageRequest) -> Result<Page<SbomView>> {
        let mut filter = Filter::default();
        filter.and_maybe("project = $", project);
        newest_first(&self.db, "sboms", SELECT, filter, page, read, |view| view.index).await
    }

    /// The bill of materials at this ledger index.
    ///
    /// # Errors
    /// Any database error.
    pub async fn sbom(&self, index: u64) -> Result<Option<SbomView>> {
        one(&self.db, "sboms", format!("{SELECT} WHERE idx = $1"), vec![index.into()], read).await
    }

    /// Components of one bill of materials in its order; `text` filters name and package URL.
    ///
    /// # Errors
    /// `page-marker`, and any database error.
    pub async fn components(
        &self,
        sbom: u64,
        text: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<ComponentView>> {
        let mut filter = Filter::default();
        filter.and("idx = $", sbom);
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            let condition = "LOWER(name) LIKE $ ESCAPE '\\' OR LOWER(COALESCE(purl, '')) LIKE $ ESCAPE '\\'";
            filter.and(condition, containing(text));
        }
        if let Some(after) = &page.after {
            filter.and("position > $", cursor(after)?);
        }
        let size = page.size() as usize;
        let sql = format!(
            "SELECT idx, position, purl, name, version, kind, licenses FROM components{} ORDER BY position LIMIT {}",
            filter.sql(),
            size + 1
        );
        let items = all(&self.db, "components", sql, filter.values(), component).await?;
        Ok(cut(items, size, |last| last.position.to_string()))
    }

    /// Bills of materials that have a component with this package URL (version optional), newest first.
    ///
    /// # Errors
    /// `page-marker`, and any database error.
    pub async fn sboms_with(&self, purl: &str, page: &PageRequest) -> Result<Page<SbomView>> {
        let package = model::identity::unversioned(purl);
        let mut filter = Filter::default();
        filter.and("idx IN (SELECT idx FROM components WHERE package = $)", package);
        if package != purl {
            filter.and("idx IN (SELECT idx FROM components WHERE purl = $)", purl);
        }
        newest_first(&self.db, "sboms", SELECT, filter, page, read, |view| view.index).await
    }

    /// Bills of materials of a run, oldest first.
    pub(super) async fn sboms_of_run(&self, run: RunId) -> Result<Vec<SbomView>> {
        let sql = format!("{SELECT} WHERE run = $1 ORDER BY idx");
        all(&self.db, "sboms", sql, vec![Value::maybe(Some(run))], read).await
    }
}
