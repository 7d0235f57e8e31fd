//! Building `WHERE`, and pages by key.

use crate::{
    Result, StoreError,
    db::{Cells, Value},
    dialect::Db,
    views::{Page, PageRequest},
};

/// Conditions joined by `AND`, with their parameters.
#[derive(Default)]
pub(super) struct Filter {
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Filter {
    /// A condition with one parameter, written `$` in it.
    pub(super) fn and(&mut self, condition: &str, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        self.conditions.push(condition.replace('$', &format!("${}", self.values.len())));
        self
    }

    /// The same, unless the value is absent.
    pub(super) fn and_maybe(&mut self, condition: &str, value: Option<impl Into<Value>>) -> &mut Self {
        match value {
            Some(value) => self.and(condition, value),
            None => self,
        }
    }

    /// The column has one of these values; no condition when there is no list.
    pub(super) fn among(&mut self, column: &str, values: Option<&[String]>) -> &mut Self {
        let Some(values) = values else { return self };
        let from = self.values.len();
        self.values.extend(values.iter().map(Value::from));
        let names: Vec<_> = (from..self.values.len()).map(|n| format!("${}", n + 1)).collect();
        self.plain(match names.is_empty() {
            true => "1 = 0".to_owned(),
            false => format!("{column} IN ({})", names.join(", ")),
        })
    }

    /// Rows of `tallies`: those over all projects, or those of some.
    pub(super) fn tier(&mut self, projects: Option<&[String]>) -> &mut Self {
        self.plain(format!("wide = {}", i64::from(projects.is_none()))).among("project", projects)
    }

    /// A column that must be one of some values, with a parameter each.
    pub(super) fn any_of(
        &mut self,
        column: &str,
        values: impl Iterator<Item = impl Into<Value>>,
    ) -> &mut Self {
        let mut names = Vec::new();
        for value in values {
            self.values.push(value.into());
            names.push(format!("${}", self.values.len()));
        }
        self.conditions.push(format!("{column} IN ({})", names.join(", ")));
        self
    }

    /// A condition without parameters.
    pub(super) fn plain(&mut self, condition: impl Into<String>) -> &mut Self {
        self.conditions.push(condition.into());
        self
    }

    /// ` WHERE …`, or nothing.
    pub(super) fn sql(&self) -> String {
        if self.conditions.is_empty() {
            return String::new();
        }
        format!(" WHERE ({})", self.conditions.join(") AND ("))
    }

    pub(super) fn values(&self) -> Vec<Value> {
        self.values.clone()
    }
}

/// A `LIKE` pattern for texts that contain `text`, lower case, with `\` as escape.
pub(super) fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c.to_ascii_lowercase());
    }
    pattern.push('%');
    pattern
}

/// A page of a table that is read from its newest ledger index backwards. `head` is `SELECT … FROM …`;
/// the column of the index is `idx`.
pub(super) async fn newest_first<T>(
    db: &Db,
    table: &'static str,
    head: &str,
    mut filter: Filter,
    page: &PageRequest,
    read: impl Fn(&mut Cells) -> Result<T>,
    index: impl Fn(&T) -> u64,
) -> Result<Page<T>> {
    if let Some(after) = &page.after {
        filter.and("idx < $", cursor(after)?);
    }
    let size = page.size() as usize;
    let sql = format!("{head}{} ORDER BY idx DESC LIMIT {}", filter.sql(), size + 1);
    let items = all(db, table, sql, filter.values(), read).await?;
    Ok(cut(items, size, |last| index(last).to_string()))
}

/// Keeps `size` items; when there were more, names the last one kept.
pub(super) fn cut<T>(mut items: Vec<T>, size: usize, marker: impl Fn(&T) -> String) -> Page<T> {
    let more = items.len() > size;
    items.truncate(size);
    let next = items.last().filter(|_| more).map(marker);
    Page { items, next }
}

/// All rows as views.
pub(super) async fn all<T>(
    db: &Db,
    table: &'static str,
    sql: String,
    values: Vec<Value>,
    read: impl Fn(&mut Cells) -> Result<T>,
) -> Result<Vec<T>> {
    let rows = db.fetch(sql, values).await?;
    rows.into_iter().map(|row| read(&mut row.cells(table))).collect()
}

/// The first row as a view.
pub(super) async fn one<T>(
    db: &Db,
    table: &'static str,
    sql: String,
    values: Vec<Value>,
    read: impl Fn(&mut Cells) -> Result<T>,
) -> Result<Option<T>> {
    db.first(sql, values).await?.map(|row| read(&mut row.cells(table))).transpose()
}

/// A marker that is one number.
pub(super) fn cursor(text: &str) -> Result<u64> {
    text.parse().map_err(|_| StoreError::BadCursor(text.chars().take(80).collect()))
}
