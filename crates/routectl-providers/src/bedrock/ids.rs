//! Names of models on Bedrock: ids, inference profiles and ARNs. (facts: Bedrock, section 1.1)

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// A model's name is one segment of the path: the slash of an ARN would make it two. The set that
/// AWS's own SDKs leave as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How Claude Code asks for the long window in a model's name.
const SUFFIX: &str = "[1m]";

/// The beta that the suffix stands for.
pub(super) const LONG_WINDOW: &str = "context-1m-2025-08-07";

/// The name as it stands in the path.
pub(super) fn segment(upstream: &str) -> String {
    utf8_percent_encode(bare(upstream), SEGMENT).to_string()
}

/// The name without what only clients put there.
pub(super) fn bare(upstream: &str) -> &str {
    upstream.strip_suffix(SUFFIX).unwrap_or(upstream)
}

/// Whether the name asks for the long window.
pub(super) fn wants_long_window(upstream: &str) -> bool {
    upstream.ends_with(SUFFIX)
}
