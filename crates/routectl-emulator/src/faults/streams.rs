//! Faults of the connection and of the stream: errors, cuts, ends and silences at every stage.

use super::{Act, Applies, Fault, Hosts, Leave, Modes, Phase, Piece};
use Hosts::{Both, Chat, Messages};
use Leave::{Clean, Close, Reset, Stall};
use Piece::{AllContent, Content, EndlessPings, HalfCharacter, HalfEvent, Pings, Preamble, Text};

const fn raw(name: &'static str, class: &'static str, bytes: &'static [u8], end: Leave) -> Fault {
    let applies = Applies { hosts: Both, modes: Modes::Both };
    Fault { name, class, phase: Phase::BeforeHead, applies, act: Act::Raw { bytes, end } }
}

/// A fault of streams and of whole answers.
const fn breaks(
    name: &'static str,
    class: &'static str,
    phase: Phase,
    pieces: &'static [Piece],
    end: Leave,
) -> Fault {
    let applies = Applies { hosts: Both, modes: Modes::Both };
    Fault { name, class, phase, applies, act: Act::Play { pieces, end } }
}

/// A fault that only a stream can have.
const fn streams(
    name: &'static str,
    class: &'static str,
    hosts: Hosts,
    phase: Phase,
    pieces: &'static [Piece],
    end: Leave,
) -> Fault {
    let applies = Applies { hosts, modes: Modes::Streamed };
    Fault { name, class, phase, applies, act: Act::Play { pieces, end } }
}

const fn both(chat: &'static str, messages: &'static str) -> Piece {
    Text { chat, messages }
}

const fn chat(text: &'static str) -> Piece {
    Text { chat: text, messages: "" }
}

const BROKE: Piece = both(
    "data: {\"error\":{\"message\":\"The server had an error while processing your request.\",\"type\":\"server_error\",\"param\":null,\"code\":null}}\n\n",
    "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"Internal server error\"},\"request_id\":\"req_fault\"}\n\n",
);
const BUSY: Piece = both(
    "data: {\"error\":{\"message\":\"The engine is currently overloaded, please try again later.\",\"type\":\"server_error\",\"param\":null,\"code\":\"server_is_overloaded\"}}\n\n",
    "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n",
);
const LIMITED: Piece = both(
    "data: {\"error\":{\"message\":\"Rate limit reached for requests\",\"type\":\"requests\",\"param\":null,\"code\":\"rate_limit_exceeded\"}}\n\n",
    "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"Number of request tokens has exceeded your rate limit\"}}\n\n",
);
/// An error event with the envelope of the other vendor.
const FOREIGN: Piece = both(
    "data: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"Internal server error\"}}\n\n",
    "event: error\ndata: {\"error\":{\"message\":\"The server had an error\",\"type\":\"server_error\",\"param\":null,\"code\":null}}\n\n",
);
const OPENROUTER: Piece = chat(
    "data: {\"id\":\"gen-1\",\"object\":\"chat.completion.chunk\",\"created\":1795000000,\"model\":\"mock-1\",\"error\":{\"code\":502,\"message\":\"Provider disconnected\"},\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}]}\n\n",
);
const GARBLED: Piece = both(
    "data: {\"id\":\"chatcmpl-\u{fffd}\",\"choices\":[{\"ind\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"del\n\n",
);

use Phase::{AfterContent, BeforeContent};

#[rustfmt::skip]
pub(super) const STREAMS: &[Fault] = &[
    // No HTTP head.
    raw("close-before-head", "network", b"", Close),
    raw("reset-before-head", "network", b"", Reset),
    raw("stall-before-head", "timeout", b"", Stall),
    raw("garbage", "network", b"\x16\x03\x01\x02\x00\x01\x00\x01 this is not HTTP\r\n\r\n\x00\xff\xfe", Close),
    raw("half-head", "network", b"HTTP/1.1 200 OK\r\ncontent-type: text/ev", Close),
    Fault { name: "huge-head", class: "network", phase: Phase::BeforeHead, applies: Applies { hosts: Both, modes: Modes::Both }, act: Act::HugeHead },

    // A head, then no content.
    breaks("stall-before-content", "timeout", BeforeContent, &[], Stall),
    breaks("cut-before-content", "network", BeforeContent, &[Preamble], Close),
    breaks("reset-before-content", "network", BeforeContent, &[Preamble], Reset),
    streams("stall-after-preamble", "timeout", Both, BeforeContent, &[Preamble], Stall),
    streams("pings-for-ever", "timeout", Both, BeforeContent, &[Preamble, EndlessPings], Stall),
    streams("comments-only", "server-error", Both, BeforeContent, &[both(": keep-alive\n\n", ": keep-alive\n\n")], Clean),
    streams("end-before-content", "server-error", Both, BeforeContent, &[Preamble], Clean),
    streams("end-after-pings", "server-error", Both, BeforeContent, &[Preamble, Pings(3)], Clean),
    streams("done-first", "server-error", Chat, BeforeContent, &[chat("data: [DONE]\n\n")], Clean),
    streams("stop-first", "server-error", Messages, BeforeContent, &[both("", "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")], Clean),
    streams("error-first", "server-error", Both, BeforeContent, &[BROKE], Clean),
    streams("error-first-overloaded", "overloaded", Both, BeforeContent, &[BUSY], Clean),
    streams("error-first-rate-limit", "rate-limited", Both, BeforeContent, &[LIMITED], Clean),
    streams("error-first-quota", "quota", Chat, BeforeContent, &[chat("data: {\"error\":{\"message\":\"You exceeded your current quota\",\"type\":\"insufficient_quota\",\"param\":null,\"code\":\"insufficient_quota\"}}\n\n")], Clean),
    streams("error-first-foreign", "server-error", Both, BeforeContent, &[FOREIGN], Clean),
    streams("error-after-preamble", "server-error", Both, BeforeContent, &[Preamble, BROKE], Clean),
    streams("error-after-preamble-overloaded", "overloaded", Both, BeforeContent, &[Preamble, BUSY], Clean),
    streams("error-after-pings", "server-error", Both, BeforeContent, &[Preamble, Pings(3), BROKE], Clean),
    streams("error-openrouter", "server-error", Chat, BeforeContent, &[Preamble, OPENROUTER, chat("data: [DONE]\n\n")], Clean),
    streams("error-then-stall", "server-error", Both, BeforeContent, &[Preamble, BROKE], Stall),
    streams("garbled-before-content", "server-error", Both, BeforeContent, &[Preamble, GARBLED], Clean),

    // The answer has begun.
    streams("error-after-content", "server-error", Both, AfterContent, &[Preamble, Content, BROKE], Clean),
    streams("error-after-content-overloaded", "overloaded", Both, AfterContent, &[Preamble, Content, BUSY], Clean),
    streams("error-after-content-foreign", "server-error", Both, AfterContent, &[Preamble, Content, FOREIGN], Clean),
    streams("error-after-content-openrouter", "server-error", Chat, AfterContent, &[Preamble, Content, OPENROUTER, chat("data: [DONE]\n\n")], Clean),
    streams("end-after-content", "network", Both, AfterContent, &[Preamble, Content], Clean),
    streams("end-before-terminator", "network", Both, AfterContent, &[Preamble, AllContent], Clean),
    streams("end-mid-event", "network", Both, AfterContent, &[Preamble, Content, HalfEvent], Clean),
    streams("done-after-content", "network", Chat, AfterContent, &[Preamble, Content, chat("data: [DONE]\n\n")], Clean),
    streams("garbled-after-content", "server-error", Both, AfterContent, &[Preamble, Content, GARBLED], Clean),
    breaks("cut-after-content", "network", AfterContent, &[Preamble, Content], Close),
    breaks("reset-after-content", "network", AfterContent, &[Preamble, Content], Reset),
    breaks("cut-mid-event", "network", AfterContent, &[Preamble, Content, HalfEvent], Close),
    breaks("cut-mid-character", "network", AfterContent, &[Preamble, HalfCharacter], Close),
    breaks("stall-after-content", "timeout", AfterContent, &[Preamble, Content], Stall),
    streams("stall-mid-event", "timeout", Both, AfterContent, &[Preamble, Content, HalfEvent], Stall),
];
