//! The recorded requests of real clients, as tests send them again.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::{HeaderName, Request};

use crate::harness::*;

/// One recorded request of a real client.
pub(crate) struct Recording {
    pub(crate) name: String,
    pub(crate) format: Format,
    pub(crate) head: String,
    pub(crate) body: Bytes,
}

impl Recording {
    /// The request as its client sent it, in its own headers.
    pub(crate) fn request(&self) -> Request<Bytes> {
        let mut lines = self.head.lines();
        let target = lines.next().unwrap().split(' ').nth(1).unwrap();
        let mut request = Request::post(target).body(self.body.clone()).unwrap();
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            let name: HeaderName = name.parse().unwrap();
            // The client of this test has its own connection.
            if !["host", "connection", "content-length", "transfer-encoding"]
                .contains(&name.as_str())
            {
                request.headers_mut().append(name, value.parse().unwrap());
            }
        }
        native(self.format, request)
    }

    pub(crate) fn is_streamed(&self) -> bool {
        let body: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        body["stream"] == true
    }
}

pub(crate) fn recordings() -> Vec<Recording> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/requests");
    let folders = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let files = folders.filter(|it| it.is_dir()).flat_map(|it| fs::read_dir(it).unwrap());
    let mut files: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    let read = |file: PathBuf| {
        let head = fs::read_to_string(file.with_extension("head")).unwrap();
        let format = if head.contains("/chat/completions") { Chat } else { Messages };
        let name = file.strip_prefix(file.ancestors().nth(2).unwrap()).unwrap();
        Recording {
            name: name.display().to_string(),
            format,
            head,
            body: fs::read(&file).unwrap().into(),
        }
    };
    let recordings: Vec<Recording> = files.into_iter().map(read).collect();
    assert!(recordings.len() > 40, "only {} recordings", recordings.len());
    recordings
}
