//! A writer whose member order is the order of the calls: the same request is the same bytes.

use std::io::Write as _;

/// A JSON object being written. It closes when it is dropped.
pub(crate) struct Object<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

/// A JSON list being written. It closes when it is dropped.
pub(crate) struct List<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl<'a> Object<'a> {
    /// Begins an object.
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, first: true }
    }

    /// A string.
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        quoted(text, self.out);
    }

    /// A string, if there is one.
    pub(crate) fn text_if(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    /// A value that is JSON already.
    pub(crate) fn raw(&mut self, name: &str, json: &str) {
        self.name(name);
        self.out.extend_from_slice(json.as_bytes());
    }

    /// A boolean.
    pub(crate) fn bool(&mut self, name: &str, value: bool) {
        self.raw(name, if value { "true" } else { "false" });
    }

    /// A whole number.
    pub(crate) fn count(&mut self, name: &str, count: u64) {
        self.name(name);
        // Writing to a vector cannot fail.
        let _ = write!(self.out, "{count}");
    }

    /// A number. What is not finite has no spelling and becomes null.
    pub(crate) fn number(&mut self, name: &str, number: f64) {
        self.name(name);
        if serde_json::to_writer(&mut *self.out, &number).is_err() {
            self.out.extend_from_slice(b"null");
        }
    }

    /// `null`.
    pub(crate) fn null(&mut self, name: &str) {
        self.raw(name, "null");
    }

    /// An object below.
    pub(crate) fn object(&mut self, name: &str) -> Object<'_> {
        self.name(name);
        Object::new(self.out)
    }

    /// A list below.
    pub(crate) fn list(&mut self, name: &str) -> List<'_> {
        self.name(name);
        List::new(self.out)
    }

    fn name(&mut self, name: &str) {
        if !std::mem::replace(&mut self.first, false) {
            self.out.push(b',');
        }
        quoted(name, self.out);
        self.out.push(b':');
    }
}

impl<'a> List<'a> {
    /// Begins a list.
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        out.push(b'[');
        Self { out, first: true }
    }

    /// A string.
    pub(crate) fn text(&mut self, text: &str) {
        self.next();
        quoted(text, self.out);
    }

    /// A value that is JSON already.
    pub(crate) fn raw(&mut self, json: &str) {
        self.next();
        self.out.extend_from_slice(json.as_bytes());
    }

    /// An object as the next element.
    pub(crate) fn object(&mut self) -> Object<'_> {
        self.next();
        Object::new(self.out)
    }

    fn next(&mut self) {
        if !std::mem::replace(&mut self.first, false) {
            self.out.push(b',');
        }
    }
}

impl Drop for Object<'_> {
    fn drop(&mut self) {
        self.out.push(b'}');
    }
}

impl Drop for List<'_> {
    fn drop(&mut self) {
        self.out.push(b']');
    }
}

/// A text as a JSON string.
pub(crate) fn quoted(text: &str, out: &mut Vec<u8>) {
    // Writing a string to a vector cannot fail.
    let _ = serde_json::to_writer(out, text);
}
