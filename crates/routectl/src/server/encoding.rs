//! Request bodies that arrive compressed. What comes out is bounded, so that a small body cannot
//! become a large one.

use std::io::{self, Read};

use bytes::Bytes;
use routectl_core::{Class, Failure, Origin};

use super::parse::too_large;

/// A body without its encodings, the last applied first.
///
/// # Errors
/// An encoding nobody here knows, a body that is not what it says, or one that is too large.
pub(super) fn decode(body: Bytes, encodings: &str, limit: usize) -> Result<Bytes, Failure> {
    let mut body = body;
    for encoding in encodings.rsplit(',').map(str::trim) {
        body = match encoding.to_ascii_lowercase().as_str() {
            "" | "identity" => body,
            "gzip" | "x-gzip" => {
                read(flate2::read::MultiGzDecoder::new(&body[..]), encoding, limit)?
            }
            "deflate" => deflate(&body, limit)?,
            "br" => read(brotli_decompressor::Decompressor::new(&body[..], 4096), encoding, limit)?,
            "zstd" => zstd(&body, limit)?,
            other => return Err(unsupported(other)),
        };
    }
    Ok(body)
}

/// `deflate` is zlib by the standard, and bare by the habit of some clients (RFC 9110, 8.4.1.2).
fn deflate(body: &[u8], limit: usize) -> Result<Bytes, Failure> {
    let zlib = matches!(body, [first, second, ..]
        if first & 0x0f == 8 && (u16::from(*first) << 8 | u16::from(*second)) % 31 == 0);
    if zlib {
        read(flate2::read::ZlibDecoder::new(body), "deflate", limit)
    } else {
        read(flate2::read::DeflateDecoder::new(body), "deflate", limit)
    }
}

fn zstd(body: &[u8], limit: usize) -> Result<Bytes, Failure> {
    let decoder = ruzstd::decoding::StreamingDecoder::new(body)
        .map_err(|error| corrupt("zstd", &error.to_string()))?;
    read(decoder, "zstd", limit)
}

fn read(decoder: impl Read, encoding: &str, limit: usize) -> Result<Bytes, Failure> {
    let mut plain = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    decoder
        .take(most)
        .read_to_end(&mut plain)
        .map_err(|error: io::Error| corrupt(encoding, &error.to_string()))?;
    if plain.len() > limit { Err(too_large(limit)) } else { Ok(plain.into()) }
}

fn corrupt(encoding: &str, why: &str) -> Failure {
    let message = format!("the body is not valid {encoding}: {why}");
    Failure::new(Class::BadRequest, Origin::Client, message)
}

fn unsupported(encoding: &str) -> Failure {
    let message =
        format!("content-encoding {encoding:?} is not known; gzip, zstd, br and deflate are");
    let mut failure = Failure::new(Class::BadRequest, Origin::Client, message);
    failure.status = Some(415);
    failure
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const PLAIN: &[u8] = b"{\"model\":\"m\"}";

    fn gzip(plain: &[u8]) -> Bytes {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap().into()
    }

    fn zlib(plain: &[u8]) -> Bytes {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap().into()
    }

    fn bare(plain: &[u8]) -> Bytes {
        let mut encoder =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap().into()
    }

    fn zstd(plain: &[u8]) -> Bytes {
        ruzstd::encoding::compress_to_vec(plain, ruzstd::encoding::CompressionLevel::Fastest).into()
    }

    #[test]
    fn every_encoding_is_taken_off() {
        for (encoding, body) in [
            ("identity", Bytes::from_static(PLAIN)),
            ("gzip", gzip(PLAIN)),
            ("GZIP", gzip(PLAIN)),
            ("deflate", zlib(PLAIN)),
            ("deflate", bare(PLAIN)),
            ("zstd", zstd(PLAIN)),
            ("gzip, zstd", zstd(&gzip(PLAIN))),
        ] {
            assert_eq!(decode(body, encoding, 1000).unwrap(), PLAIN, "{encoding}");
        }
    }

    #[test]
    fn a_bomb_is_refused_at_the_limit() {
        let zeros = vec![0; 10 << 20];
        for (encoding, body) in [("gzip", gzip(&zeros)), ("zstd", zstd(&zeros))] {
            assert_eq!(decode(body, encoding, 1 << 20).unwrap_err().status, Some(413));
        }
    }

    #[test]
    fn what_is_not_what_it_says_is_refused() {
        for encoding in ["gzip", "deflate", "br", "zstd"] {
            let failure = decode(Bytes::from_static(b"\xff{}"), encoding, 1000).unwrap_err();
            assert_eq!(failure.class, Class::BadRequest, "{encoding}");
        }
        assert_eq!(decode(Bytes::new(), "lzma", 1000).unwrap_err().status, Some(415));
    }
}
