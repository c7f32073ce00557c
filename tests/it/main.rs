//! Integration tests, one binary; the modules mirror those of the library.

mod directive;
