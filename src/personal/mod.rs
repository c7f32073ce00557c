//! What a person may know and ask about the data that is kept about him (个人信息保护法 arts 17, 44 to 47): the own
//! records whole (`own`), what is judged from them (`verdicts`), tests that he sat (`sittings`), what he has learned
//! (`learning`), who looked or changed (`trace`), all of it as a file (`file`), and a request for correction (`request`).

pub mod file;
pub mod learning;
pub mod own;
pub mod request;
pub mod sittings;
pub mod trace;
pub mod verdicts;
