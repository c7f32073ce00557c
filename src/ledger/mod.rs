//! temp
pub mod schema;
/// t
pub mod secret {
    /// t
    pub struct Keys;
}
