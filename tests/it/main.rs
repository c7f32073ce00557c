//! The integration tests: one binary, the paths mirror the modules.

mod brute;
