//! What secrets promise: found where the reference says, and never shown.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use tempfile::TempDir;

use crate::{BadReference, Secret, SecretRef, SecretSource};

/// A value that must turn up nowhere.
const CANARY: &str = "sk-canary-0123456789";

struct Drawer(TempDir);

impl Drawer {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("key")
    }

    fn write(&self, content: impl AsRef<[u8]>) -> SecretRef {
        std::fs::write(self.path(), content).unwrap();
        chmod(&self.path(), 0o600);
        SecretRef::parse(&format!("file://{}", self.path().display())).unwrap()
    }
}

#[cfg(unix)]
fn chmod(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;

    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn chmod(_path: &Path, _mode: u32) {}

/// What a reading gives: the value, or what is wrong.
fn told(reference: &SecretRef) -> String {
    match reference.read() {
        Ok(secret) => secret.expose().to_owned(),
        Err(error) => error.fault.to_string(),
    }
}

#[test]
fn a_reference_is_one_of_four_forms() {
    let check = |text: &str, expected: Result<&str, BadReference>| {
        let shown = SecretRef::parse(text).map(|reference| reference.to_string());
        assert_eq!(shown.as_deref().map_err(|bad| *bad), expected, "{text}");
    };
    check("env://OPENAI_API_KEY", Ok("env://OPENAI_API_KEY"));
    check("env://_x1", Ok("env://_x1"));
    check("literal:not-needed", Ok("literal:***"));
    check("literal:a b", Ok("literal:***"));
    check("oauth://codex", Ok("oauth://codex"));
    check("oauth://anthropic#work", Ok("oauth://anthropic#work"));
    check("", Err(BadReference::UnknownForm));
    check(CANARY, Err(BadReference::UnknownForm));
    check("vault://x", Err(BadReference::UnknownForm));
    check("ENV://X", Err(BadReference::UnknownForm));
    check(" env://X", Err(BadReference::UnknownForm));
    check("env://", Err(BadReference::BadVariable));
    check("env://1X", Err(BadReference::BadVariable));
    check("env://A=B", Err(BadReference::BadVariable));
    check("env://A\0B", Err(BadReference::BadVariable));
    check(&format!("env://{CANARY}"), Err(BadReference::BadVariable));
    check("file://", Err(BadReference::BadPath));
    check("file://keys/openai", Err(BadReference::BadPath));
    check("file://~/keys", Err(BadReference::BadPath));
    check("file:///", Err(BadReference::BadPath));
    check("file:///a\0b", Err(BadReference::BadPath));
    check("literal:", Err(BadReference::BadLiteral));
    check("literal: ", Err(BadReference::BadLiteral));
    check("literal:a\nb", Err(BadReference::BadLiteral));
    check("oauth://", Err(BadReference::BadLogin));
    check("oauth://google", Err(BadReference::BadLogin));
    check("oauth://codex#", Err(BadReference::BadLogin));
    if cfg!(unix) {
        check("file:///run/keys/open ai%20", Ok("file:///run/keys/open ai%20"));
    }
}

#[test]
fn the_environment_and_literals_are_read() {
    // Cargo sets this one for every test; nothing may be set in a running process.
    let check = |text: &str, expected: &str| {
        assert_eq!(told(&SecretRef::parse(text).unwrap()), expected, "{text}");
    };
    check("env://CARGO_PKG_NAME", "routectl-auth");
    check(
        "env://ROUTECTL_NO_SUCH_VARIABLE",
        "the environment variable is not set. Set it where routectl is started.",
    );
    check("literal:not-needed", "not-needed");
    check("oauth://codex", "logins are not served yet. Use an API key, by env:// or file://.");
}

#[test]
fn a_file_is_one_line_of_text() {
    let drawer = Drawer::new();
    let check = |content: &[u8], expected: &str| {
        assert_eq!(told(&drawer.write(content)), expected, "{content:?}");
    };
    check(b"sk-1", "sk-1");
    check(b"sk-1\n", "sk-1");
    check(b"sk-1 \r\n\t\n", "sk-1");
    let empty = "is empty. Put the secret there.";
    check(b"", empty);
    check(b" \n", empty);
    let control = "has a line break or another control character inside. A secret is one line.";
    check(b"sk-1\nx-evil: 1", control);
    check(b"sk-1\r\nx-evil: 1\r\n", control);
    check(b"sk\0", control);
    let binary =
        "is not UTF-8 text. Write the secret anew, without a byte order mark or binary content.";
    check(b"sk-\xff", binary);
    check("\u{feff}sk-1".as_bytes(), binary);
    check(&[b'a'; 64 << 10], &"a".repeat(64 << 10));
    let large = "is larger than 64 KiB, so it is no key. Point the reference at the file that holds the secret.";
    check(&[b'a'; (64 << 10) + 1], large);
}

#[test]
fn an_error_names_the_reference() {
    let error = SecretRef::parse("file:///no/such/key").unwrap().read().unwrap_err();
    let words = error.to_string();
    assert!(words.starts_with("file:///no/such/key: cannot be read: No such file"), "{words}");
}

#[cfg(unix)]
mod unix {
    use super::{CANARY, Drawer, Path, SecretRef, chmod, told};
    use crate::read::check_owner;

    #[test]
    fn only_a_file_of_this_user_or_root_that_others_cannot_use_is_read() {
        let check = |owner: u32, mode: u32, me: u32, expected: &str| {
            let told = check_owner(true, owner, mode, me, Path::new("/key"));
            let told = told.map_or_else(|fault| fault.to_string(), |()| "ok".to_owned());
            assert_eq!(told, expected, "{owner} {mode:o} {me}");
        };
        check(1000, 0o100_600, 1000, "ok");
        check(1000, 0o100_400, 1000, "ok");
        check(0, 0o100_600, 1000, "ok");
        check(0, 0o100_600, 0, "ok");
        check(1001, 0o100_600, 1000, "belongs to user 1001. Run: chown 1000 \"/key\"");
        check(1001, 0o100_600, 0, "belongs to user 1001. Run: chown 0 \"/key\"");
        for bit in [0o40, 0o20, 0o10, 0o4, 0o2, 0o1] {
            let way_out = "Run: chmod 600 \"/key\"";
            let mode = 0o600 | bit;
            let expected = format!("others than its owner may use it (mode {mode:04o}). {way_out}");
            check(1000, 0o100_000 | mode, 1000, &expected);
        }
    }

    #[test]
    fn a_file_that_others_may_read_is_refused_and_told_how_to_mend_it() {
        let drawer = Drawer::new();
        let reference = drawer.write(CANARY);
        chmod(&drawer.path(), 0o640);
        let words = reference.read().unwrap_err().to_string();
        let path = drawer.path();
        assert_eq!(
            words,
            format!(
                "{reference}: others than its owner may use it (mode 0640). Run: chmod 600 {path:?}"
            )
        );
    }

    #[test]
    fn a_link_counts_as_the_file_behind_it() {
        let drawer = Drawer::new();
        drawer.write("sk-1");
        let link = drawer.0.path().join("link");
        std::os::unix::fs::symlink(drawer.path(), &link).unwrap();
        let reference = SecretRef::parse(&format!("file://{}", link.display())).unwrap();
        assert_eq!(told(&reference), "sk-1");
        chmod(&drawer.path(), 0o604);
        assert!(told(&reference).contains("mode 0604"));
    }

    #[test]
    fn what_is_no_file_is_refused_and_nothing_hangs() {
        let drawer = Drawer::new();
        let pipe = drawer.0.path().join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        for path in [pipe.as_path(), drawer.0.path(), Path::new("/dev/null")] {
            let reference = SecretRef::parse(&format!("file://{}", path.display())).unwrap();
            let expected =
                "is not a regular file. Point the reference at the file that holds the secret.";
            assert_eq!(told(&reference), expected, "{}", path.display());
        }
    }

    #[test]
    fn rights_that_are_taken_later_are_noticed() {
        let drawer = Drawer::new();
        let source = crate::SecretSource::new(drawer.write("sk-1"));
        let now = std::time::Instant::now();
        assert_eq!(source.current(now).unwrap().expose(), "sk-1");
        chmod(&drawer.path(), 0o644);
        assert!(source.current(now).is_err());
        chmod(&drawer.path(), 0o600);
        assert_eq!(source.current(now).unwrap().expose(), "sk-1");
    }
}

#[test]
fn a_rotated_key_serves_the_next_request() {
    let drawer = Drawer::new();
    let source = SecretSource::new(drawer.write("first"));
    let now = Instant::now();
    assert_eq!(source.current(now).unwrap().expose(), "first");
    assert_eq!(source.current(now).unwrap().expose(), "first");
    drawer.write("the second");
    assert_eq!(source.current(now).unwrap().expose(), "the second");
    // Replaced as editors and secret stores do: a new file is moved over the old one.
    let new = drawer.0.path().join("new");
    std::fs::write(&new, "third").unwrap();
    chmod(&new, 0o600);
    std::fs::rename(&new, drawer.path()).unwrap();
    assert_eq!(source.current(now).unwrap().expose(), "third");
    std::fs::remove_file(drawer.path()).unwrap();
    assert!(source.current(now).is_err(), "a removed key is not used on");
    drawer.write("fourth");
    assert_eq!(source.current(now).unwrap().expose(), "fourth");
}

#[test]
fn a_write_that_leaves_the_same_time_and_length_is_noticed_a_tick_later() {
    let drawer = Drawer::new();
    let source = SecretSource::new(drawer.write("first"));
    let now = Instant::now();
    assert_eq!(source.current(now).unwrap().expose(), "first");
    // As if the file had been written twice within one tick of the file system's clock.
    source.pretend_it_read("stale");
    assert_eq!(source.current(now).unwrap().expose(), "stale");
    let later = now + Duration::from_secs(1);
    assert_eq!(source.current(later).unwrap().expose(), "first");
    // And once it is sure, an unchanged file is not read again.
    source.pretend_it_read("kept");
    assert_eq!(source.current(later + Duration::from_secs(60)).unwrap().expose(), "kept");
}

#[test]
fn a_secret_is_never_shown() {
    let drawer = Drawer::new();
    let file = drawer.write(CANARY);
    let source = SecretSource::new(file);
    let secret = source.current(Instant::now()).unwrap();
    assert_eq!(secret.expose(), CANARY);
    let literal = SecretRef::parse(&format!("literal:{CANARY}")).unwrap();
    let bad = SecretRef::parse(CANARY).unwrap_err();
    let error = drawer.write(format!("{CANARY}\n{CANARY}")).read().unwrap_err();
    let shown = [
        format!("{secret} {secret:?} {secret:#?}"),
        format!("{literal} {literal:?} {literal:#?}"),
        format!("{source:?} {source:#?}"),
        format!("{bad} {bad:?}"),
        format!("{error} {error:?} {error:#?}"),
        format!("{:?}", SecretSource::new(literal)),
    ];
    for shown in shown {
        assert!(!shown.contains("canary"), "{shown}");
    }
}

#[test]
fn a_source_can_be_shared() {
    fn shared<T: Send + Sync>() {}
    shared::<SecretSource>();
    shared::<Secret>();
}

proptest! {
    /// Whatever stands in a config: it is a reference whose shown form leads to the same place, or
    /// an error that does not repeat it.
    #[test]
    fn any_text_is_a_reference_or_an_error(text in "((env|file|oauth)://|literal:)?[a-z/#~= \\PC]{0,12}") {
        match SecretRef::parse(&text) {
            Ok(literal @ SecretRef::Literal(_)) => prop_assert_eq!(literal.to_string(), "literal:***"),
            Ok(reference) => prop_assert_eq!(SecretRef::parse(&reference.to_string()), Ok(reference)),
            Err(bad) => prop_assert!(text.len() < 9 || !bad.to_string().contains(&text)),
        }
    }
}
