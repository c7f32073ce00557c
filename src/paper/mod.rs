//! Papers that leave the house: 季度通报, 单位台账, 要求落实情况表, 督办单.
//!
//! - [`draw`] takes the figures from a [`crate::figures::Picture`], as the pages do, and puts them into a [`Content`]:
//!   sentences and tables in which each figure stands with its key and the place where it is explained. People write
//!   the passages between; a figure is never typed.
//! - A draft is a row of the [`store`]; [`issue`] gives it a number and freezes its [`file`].
//! - [`document`] and [`sheets`] lay a content out as .docx and .xlsx. The same content gives the same bytes.

mod content;
pub mod file;
pub mod issue;
mod layout;
mod maker;
mod order;
mod quarterly;
mod sheets;
mod states;
pub mod store;
mod unit_file;

pub use content::{Change, Content, Figure, Kind, Part, Passage, Piece, Place, changes, digest};
pub use layout::{Stamp, document};
pub use maker::{NO_SUCH_UNIT, Wanted, draw};
pub use sheets::sheets;
