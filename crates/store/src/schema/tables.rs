//! The tables with their columns and keys, read from the migrations themselves, so that comparing
//! and rebuilding can never forget one.

use std::sync::OnceLock;

use super::MIGRATIONS;

/// A table of the projection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: Vec<&'static str>,
    pub(crate) key: Vec<&'static str>,
}

/// All tables, in the order of the migrations.
pub(crate) fn tables() -> &'static [Table] {
    static TABLES: OnceLock<Vec<Table>> = OnceLock::new();
    TABLES.get_or_init(|| {
        let mut tables = Vec::new();
        MIGRATIONS.iter().for_each(|(_, sql)| read(sql, &mut tables));
        tables
    })
}

/// The names of all tables.
pub(crate) fn names() -> Vec<&'static str> {
    tables().iter().map(|table| table.name).collect()
}

/// Understands the three forms that migrations use: `CREATE TABLE t (` with one column or key a line,
/// and `ALTER TABLE t ADD COLUMN c …`.
fn read(sql: &'static str, tables: &mut Vec<Table>) {
    let mut open = false;
    for line in sql.lines().map(str::trim) {
        let words: Vec<&'static str> = line.split([' ', ',', '(', ')']).filter(|w| !w.is_empty()).collect();
        match words.as_slice() {
            ["CREATE", "TABLE", name, ..] => {
                tables.push(Table { name, ..Table::default() });
                open = true;
            }
            ["ALTER", "TABLE", name, "ADD", "COLUMN", column, ..] => {
                let table = tables.iter_mut().find(|table| table.name == *name);
                table.into_iter().for_each(|table| table.columns.push(column));
            }
            _ if line.starts_with(')') => open = false,
            words if open => tables.last_mut().into_iter().for_each(|table| column(table, words)),
            _ => {}
        }
    }
}

fn column(table: &mut Table, words: &[&'static str]) {
    match words {
        ["PRIMARY", "KEY", key @ ..] => table.key = key.to_vec(),
        ["UNIQUE", ..] | [] => {}
        [name, rest @ ..] => {
            table.columns.push(name);
            if rest.contains(&"PRIMARY") {
                table.key.push(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_columns_and_a_key_among_them() {
        assert!(tables().len() > 15);
        for table in tables() {
            assert!(!table.key.is_empty(), "{table:?}");
            assert!(table.key.iter().all(|key| table.columns.contains(key)), "{table:?}");
            assert!(table.columns.iter().all(|c| c.chars().all(|c| c.is_ascii_lowercase() || c == '_')));
        }
    }
}
