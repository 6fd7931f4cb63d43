//! Whatever a file holds, reading it ends with a config or with places and ways out.

use proptest::prelude::*;

use crate::config::{EXAMPLE, Flags, parse};

/// Pieces of files that are likely to meet in interesting ways.
const PIECES: [&str; 40] = [
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    ".",
    ",",
    "\"",
    "'''",
    "\"\"\"",
    "#",
    "\n",
    "\r\n",
    "\u{feff}",
    "[server]\n",
    "[models.a]\n",
    "[[aliases]]\n",
    "[providers.a]\n",
    "kind = \"bedrock\"\n",
    "server",
    "aliases",
    "providers.a.kind",
    " = ",
    "true",
    "nan",
    "-1",
    "99999999999999999999",
    "0x7f",
    "1e999",
    "1979-05-27",
    "creds = { kind = \"static\" }\n",
    "price = {}",
    "auth.tokens = []\n",
    "a = \"a\"\n",
    "payload_extras = { a = inf }\n",
    "\u{0}",
    "\u{1f600}",
    "retry_allowlist = [1]\n",
];

/// Reads a text, and holds what is said of it to what is promised.
fn check(text: &str) {
    let Err(errors) = parse(text, "f", Flags::default()) else { return };
    assert!(!errors.0.is_empty());
    let lines = text.split('\n').count();
    for error in &errors.0 {
        let place = error.place.expect("every mistake has a place");
        assert!((1..=lines).contains(&place.line), "{error}");
        // what the types refuse, the check of the shape must have told before
        assert!(!error.message.contains("the types refuse it"), "{error}\n{text}");
    }
}

proptest! {
    #[test]
    fn g12_no_text_makes_it_panic(text in "\\PC{0,200}") {
        check(&text);
    }

    #[test]
    fn g12_no_pieces_make_it_panic(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..40)) {
        check(&pieces.concat());
    }

    #[test]
    fn g12_no_change_of_a_good_file_makes_it_panic(
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), 0_usize..30, prop::sample::select(&PIECES[..])),
            1..6,
        )
    ) {
        let mut text = EXAMPLE.to_owned();
        for (at, length, piece) in changes {
            let from = text.floor_char_boundary(at.index(text.len() + 1));
            let to = text.floor_char_boundary((from + length).min(text.len())).max(from);
            text.replace_range(from..to, piece);
        }
        check(&text);
    }
}

#[test]
fn g12_depth_and_length_have_bounds() {
    check(&"[".repeat(100_000));
    check(&format!("a = {}", "[".repeat(100_000)));
    check(&format!("a = {}1{}", "{b=".repeat(1000), "}".repeat(1000)));
    check(&format!("[providers.{}]", vec!["a"; 5000].join(".")));
    let many: String = (0..2000).map(|index| format!("a{index} = \"a{}\"\n", index + 1)).collect();
    check(&format!("[aliases]\n{many}"));
}
