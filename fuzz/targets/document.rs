//! Request bodies: what parses can be read and spliced, and an edit touches only its member.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use routectl_wire::{Document, Edit, CLIENT_FORMATS};

fuzz_target!(|data: &[u8]| {
    let Ok(body) = Document::parse(Bytes::copy_from_slice(data)) else { return };
    for format in CLIENT_FORMATS {
        let _ = (format.needs(&body), format.max_tokens(&body));
    }
    let value = Bytes::from_static(b"\"other\"");
    let set = body.spliced(&[Edit::set("model", "model", value.clone())]).joined();
    let set = Document::parse(set).expect("a spliced body is a body");
    assert_eq!(set.get("model"), Some(&value[..]));
    let names = |body: &Document| {
        body.names().filter(|name| name != "model").map(String::from).collect::<Vec<_>>()
    };
    assert_eq!(names(&set), names(&body));
    let gone = body.spliced(&[Edit::remove("model", "model")]).joined();
    let gone = Document::parse(gone).expect("a spliced body is a body");
    assert_eq!((gone.count("model"), names(&gone)), (0, names(&body)));
});
