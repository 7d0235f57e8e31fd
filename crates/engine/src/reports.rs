//! Documents for people who read and sign on paper, one file each. What they say is computed elsewhere; here it
//! becomes headings, tables and charts of `report`.

pub mod controls;
