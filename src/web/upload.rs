//! Forms with files: who posts is settled before the body is read, the form's token before the first byte of a file, and a
//! file goes straight to the disk while it is measured and hashed. Whatever way out is taken, no file stays behind.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use axum::{
    body::{Body, Bytes},
    extract::{
        DefaultBodyLimit, FromRequest as _, Multipart, Request,
        multipart::{Field, MultipartError},
    },
    http::StatusCode,
    response::Response,
};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;
use tokio::sync::mpsc;

use super::{
    app::App,
    body::{self, Broken},
    error::PageError,
    frame::Ask,
    post::{self, Fields, Seat, blocking},
};
use crate::{auth::token, harmless::is_harmless, hex::hex, private};

/// All fields that are no files, together.
const TEXTS: usize = 64 * 1024;
/// Fields of a form, files included.
const FIELDS: usize = 200;
/// The longest name of a file, in characters.
const NAME: usize = 150;
/// How to mend a file that is too large, where nothing better is known.
pub(super) const SMALLER: &str = "请删去无关的内容，或分成几个文件。";
/// Where files lie while they come in, in the data directory.
const ARRIVING: &str = "uploads";

/// What a form may bring.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    /// How many files.
    pub(super) files: usize,
    /// How large each may be, in bytes.
    pub(super) each: u64,
}

/// A file that was sent. It is gone when this is dropped, unless it was kept.
#[derive(Debug)]
pub(super) struct Upload {
    /// What the sender calls it, without directories and unseen characters; never a path of ours.
    pub(super) name: String,
    /// Bytes; never 0.
    pub(super) size: u64,
    /// SHA-256, in hex.
    pub(super) sha256: String,
    /// Locked as long as it is ours, so that [`sweep`] passes it over.
    file: NamedTempFile,
}

impl Upload {
    /// Where it lies now.
    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }
}

/// What a form has brought besides its fields.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// The files, in their order.
    pub(super) files: Vec<Upload>,
    /// The first file that was not taken, and why. Fields that stood after it were not read.
    pub(super) wrong: Option<(StatusCode, String)>,
}

/// Takes a form with files, as [`post::act`] takes one without: `handler` gets the fields in the seat, and the files. The
/// form's token must stand before the first file. Who posts is asked again once all has come: that may take long, and a
/// session that ended meanwhile, or a role that was withdrawn, counts for nothing.
pub(super) async fn receive<F>(app: App, ask: Ask, request: Request, rule: Rule, handler: F) -> Response
where
    F: FnOnce(&Seat, Sent) -> anyhow::Result<Response> + Send + 'static,
{
    let read = read(&app, &ask, request, rule).await;
    blocking(app, ask, move |app, ask| {
        let (fields, sent) = read?;
        handler(&Seat { fields, ..post::seat(app, ask)? }, sent)
    })
    .await
}

async fn read(app: &App, ask: &Ask, request: Request, rule: Rule) -> anyhow::Result<(Fields, Sent)> {
    let (parts, body) = request.into_parts();
    // From here on the body is read to its end, so that a browser shows the answer whatever it is.
    let pieces = body::pieces(body);
    if !ask.own_site {
        return Err(PageError::Stale.into());
    }
    {
        let (app, ask) = (app.clone(), ask.clone());
        tokio::task::spawn_blocking(move || post::seat(&app, &ask)).await??;
    }
    let mut request = Request::from_parts(parts, Body::from_stream(pieces));
    // The gate has its own limit for this address.
    DefaultBodyLimit::disable().apply(&mut request);
    // No page of ours has such a form.
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| PageError::Stale)?;
    let session = ask.session.as_deref().unwrap_or_default();
    let (mut texts, mut sent, mut length) = (Vec::new(), Sent::default(), 0);
    let is_ours = |texts: &Vec<(String, String)>| {
        let token = texts.iter().find(|(k, _)| k == post::TOKEN).map_or("", |(_, v)| v);
        if token::is_form_token(session, token) { Ok(()) } else { Err(PageError::Stale) }
    };
    for n in 0.. {
        let Some(field) = form.next_field().await.map_err(|e| broken(&e))? else { break };
        if n >= FIELDS {
            return Err(refused(StatusCode::BAD_REQUEST, "表单里的栏目过多。"));
        }
        if field.file_name().is_none() {
            let key = field.name().unwrap_or_default().to_owned();
            texts.push((key, text(field, &mut length).await?));
            continue;
        }
        is_ours(&texts)?;
        match file(field, &directory(app)?, rule).await? {
            Came::Nothing => {}
            Came::File(_) if sent.files.len() == rule.files => {
                sent.wrong = Some((StatusCode::BAD_REQUEST, format!("一次最多上传{}个文件。", rule.files)));
            }
            Came::File(file) => sent.files.push(file),
            Came::Wrong(status, told) => sent.wrong = Some((status, told)),
        }
        if sent.wrong.is_some() {
            break;
        }
    }
    is_ours(&texts)?;
    Ok((Fields::of(texts), sent))
}

/// What a field for a file has brought.
enum Came {
    /// No file was chosen.
    Nothing,
    File(Upload),
    /// What is wrong with it.
    Wrong(StatusCode, String),
}

/// A field that is no file.
async fn text(mut field: Field<'_>, length: &mut usize) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(|e| broken(&e))? {
        *length += piece.len();
        if *length > TEXTS {
            return Err(refused(StatusCode::PAYLOAD_TOO_LARGE, "填写的文字超过64KB，请缩短。"));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A field for a file.
async fn file(mut field: Field<'_>, dir: &Path, rule: Rule) -> anyhow::Result<Came> {
    let name = plain_name(field.file_name().unwrap_or_default());
    let (to, from) = mpsc::channel::<Bytes>(4);
    let dir = dir.to_owned();
    let writer = tokio::task::spawn_blocking(move || written(&dir, from));
    let mut size = 0;
    let came = loop {
        match field.chunk().await {
            Err(e) => break Err(broken(&e)),
            Ok(None) => break Ok(None),
            Ok(Some(piece)) => {
                size += piece.len() as u64;
                if size > rule.each {
                    let told = format!("文件“{name}”超过上限{}，没有收下。{SMALLER}", megabytes(rule.each));
                    break Ok(Some(Came::Wrong(StatusCode::PAYLOAD_TOO_LARGE, told)));
                }
                // The writer has failed; its error says why.
                if to.send(piece).await.is_err() {
                    break Ok(None);
                }
            }
        }
    };
    drop(to);
    let written = writer.await?;
    if let Some(wrong) = came? {
        return Ok(wrong);
    }
    let (file, sha256) = written.map_err(unwritten)?;
    Ok(match (size, name.is_empty()) {
        (0, true) => Came::Nothing,
        (0, false) => {
            let told = format!("文件“{name}”是空的，没有内容。请打开核对后重新保存，再上传。");
            Came::Wrong(StatusCode::UNPROCESSABLE_ENTITY, told)
        }
        _ => Came::File(Upload { name, size, sha256, file }),
    })
}

/// Writes what comes into a new file that only we may read.
fn written(dir: &Path, mut from: mpsc::Receiver<Bytes>) -> io::Result<(NamedTempFile, String)> {
    let mut file = tempfile::Builder::new().prefix(".").suffix(".part").tempfile_in(dir)?;
    file.as_file().lock()?;
    let mut hash = Sha256::new();
    while let Some(piece) = from.blocking_recv() {
        hash.update(&piece);
        file.write_all(&piece)?;
    }
    Ok((file, hex(&hash.finalize())))
}

/// Why a file could not be written: the disk is full, or a fault.
pub(super) fn unwritten(e: io::Error) -> anyhow::Error {
    match e.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            refused(StatusCode::INSUFFICIENT_STORAGE, "服务器的磁盘空间不足，请告诉管理员。")
        }
        _ => anyhow::Error::from(e).context("上传的文件写不了"),
    }
}

fn refused(status: StatusCode, told: &str) -> anyhow::Error {
    PageError::Upload(status, told.to_owned()).into()
}

/// Why the form could not be read on: the body's own reason where it ended before its end, else that it is malformed.
fn broken(e: &MultipartError) -> anyhow::Error {
    let mut at: Option<&(dyn std::error::Error + 'static)> = Some(e);
    while let Some(error) = at {
        if let Some(found) = error.downcast_ref::<Broken>() {
            return PageError::from(*found).into();
        }
        at = error.source();
    }
    PageError::from(Broken::Gone).into()
}

/// `50MB`
pub(super) fn megabytes(bytes: u64) -> String {
    format!("{}MB", bytes >> 20)
}

/// The last part of what a browser calls a file, on one line.
fn plain_name(sent: &str) -> String {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.chars().filter(|c| is_harmless(*c)).collect();
    let (name, length) = (name.trim(), name.trim().chars().count());
    // The ending says what it is, so the middle is left out.
    let tail: String = name.chars().skip(length.saturating_sub(20)).collect();
    if length <= NAME {
        name.to_owned()
    } else {
        format!("{}…{tail}", name.chars().take(NAME - 21).collect::<String>())
    }
}

/// Where files come in.
fn directory(app: &App) -> anyhow::Result<PathBuf> {
    let dir = app.installation.data()?.join(ARRIVING);
    private::create_dir(&dir)?;
    Ok(dir)
}

/// Takes away what a process that ended has left of files that were coming in.
///
/// # Errors
/// When the directory cannot be read.
pub(super) fn sweep(data: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(data.join(ARRIVING)) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        // Another process may be writing it.
        if File::open(&path).is_ok_and(|file| file.try_lock().is_ok()) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_no_paths() {
        for (sent, name) in [
            ("花名册.xlsx", "花名册.xlsx"),
            (r"C:\fakepath\花名册.xlsx", "花名册.xlsx"),
            ("../../etc/passwd", "passwd"),
            ("a\r\nb\u{202e}xslx.exe", "abxslx.exe"),
            ("a\u{2028}b\u{2029}c\u{61c}.csv", "abc.csv"),
            ("..", ".."),
            ("", ""),
        ] {
            assert_eq!(plain_name(sent), name);
        }
        let long = plain_name(&format!("{}.xlsx", "名".repeat(500)));
        assert!(long.chars().count() <= NAME && long.ends_with("名.xlsx"), "{long}");
    }

    #[test]
    fn what_nobody_writes_any_more_is_taken_away_and_the_rest_stays() {
        let data = tempfile::tempdir().unwrap();
        sweep(data.path()).unwrap();
        let dir = data.path().join(ARRIVING);
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join(".left.part"), "x").unwrap();
        let (to, from) = mpsc::channel(4);
        to.try_send(Bytes::from_static(b"half")).unwrap();
        drop(to);
        let (coming, sha256) = written(&dir, from).unwrap();
        sweep(data.path()).unwrap();
        let left: Vec<_> = fs::read_dir(&dir).unwrap().map(|e| e.unwrap().path()).collect();
        assert_eq!(left, [coming.path().to_owned()]);
        assert_eq!(sha256, hex(&Sha256::digest(b"half")));
        drop(coming);
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 0);
    }
}
