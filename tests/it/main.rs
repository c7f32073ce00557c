//! The integration tests: one binary; paths mirror the modules of the library.

mod brute;
mod directive;
