//! 每日一题、每周一课、每月一考: planned ahead, published by the clock, answered by whoever likes.
//!
//! The requirement is judged by what was published. Who answers is nobody's business: the only trace is what is left of a
//! question in the own memory, which the person alone sees and may wipe out, and of which groups are told no more than a
//! rounded mean, from ten persons on.

pub mod own;
pub mod plan;
pub mod ready;
pub mod release;
pub mod remember;
