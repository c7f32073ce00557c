//! Addresses of verdicts.

use super::view::{url::segment, words::Link};
use crate::{
    names::Names,
    subjects::{self, key},
    verdict::{engine::Engine, store::Stored},
};

/// The verdict's page under the subject's title.
pub(super) fn link(engine: &Engine, i: usize, v: &Stored, names: &Names) -> Link {
    Link::new(subjects::title(engine, i, &key(v), names), href(engine, i, v, names))
}

/// The verdict's page.
pub(super) fn href(engine: &Engine, i: usize, v: &Stored, names: &Names) -> String {
    let id = &engine.compiled[i].requirement.id;
    let code = subjects::code(engine, i, &key(v), names);
    format!("/verdicts/{}/{}/{}", segment(id), segment(&code), segment(&v.window))
}
