//! The two kinds of values that tables hold, and rows read back, the same for every database.

mod insert;
mod value;

pub(crate) use insert::Insert;
pub(crate) use value::{Cell, Cells, Row, Value, micros, number};
