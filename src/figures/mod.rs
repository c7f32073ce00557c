//! What is told of the whole and of each unit: lights, states, shortfalls, days that come. Plain functions from verdicts
//! to figures, so that a page and the paper about it say the very same.
//!
//! [`Picture`] is what they are taken from: the verdicts as they stand, or as judged at the end of a past [`Period`].

mod organ;
mod overview;
mod past;
mod period;
mod picture;
mod progress;
mod share;
mod unit;
mod words;

pub use organ::{Organ, organs, short};
pub use overview::{Attention, Cell, Columns, Due, Overview, States, UnitFigures, overview};
pub use past::Pasts;
pub use period::Period;
pub use picture::Picture;
pub use progress::{Progress, progress};
pub use share::{on_system, percent, permille, share_light};
pub use unit::{After, Demand, UnitPicture, Why, after, bad, needed, unit};
pub use words::{target_text, value_text, values_text};
