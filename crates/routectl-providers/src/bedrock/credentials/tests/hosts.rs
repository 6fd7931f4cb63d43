//! What AWS's chain asks, on loopback: roles (STS), logins (SSO), containers and instances.

#![expect(clippy::disallowed_methods, reason = "what is spawned ends with the test's runtime")]

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A host that answers by a table, and what it was asked.
pub(super) struct Host {
    pub(super) url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

/// What a request must hold, and the body of the answer to it.
type Answers = Vec<(&'static str, String)>;

impl Host {
    /// A host that lives as long as the runtime. A request that no row fits gets a 404.
    pub(super) async fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        tokio::task::spawn(async move {
            let answers = Arc::new(answers);
            while let Ok((stream, _)) = listener.accept().await {
                tokio::task::spawn(answer(stream, Arc::clone(&answers), Arc::clone(&heard)));
            }
        });
        Self { url, asked }
    }

    /// The requests so far, whole.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn answer(mut stream: TcpStream, answers: Arc<Answers>, heard: Arc<Mutex<Vec<String>>>) {
    let request = read(&mut stream).await;
    let found = answers.iter().find(|(holds, _)| request.contains(holds));
    let (status, body) = match found {
        None => ("404 Not Found", ""),
        Some((_, body)) if body.starts_with("<ErrorResponse") => ("403 Forbidden", body.as_str()),
        Some((_, body)) => ("200 OK", body.as_str()),
    };
    heard.lock().unwrap().push(request);
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\
         x-aws-ec2-metadata-token-ttl-seconds: 21600\r\nconnection: close\r\n\r\n{body}"
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
}

async fn read(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return text;
            }
        }
        if stream.read_buf(&mut bytes).await.unwrap() == 0 {
            return text;
        }
    }
}

/// STS's answer to `AssumeRole` and its like.
pub(super) fn role(action: &str, id: &str) -> String {
    format!(
        "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result>\
         <Credentials><AccessKeyId>{id}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>\
         <SessionToken>token of {id}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>\
         </Credentials></{action}Result></{action}Response>"
    )
}

/// STS's no.
pub(super) fn refused() -> String {
    "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
     <Code>AccessDenied</Code><Message>User: arn:aws:iam::123456789012:user/me is not authorized to \
     perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/r</Message></Error>\
     </ErrorResponse>"
        .to_owned()
}

/// What metadata of containers and instances say.
pub(super) fn metadata(id: &str) -> String {
    format!(
        r#"{{"Code":"Success","Type":"AWS-HMAC","LastUpdated":"2026-11-23T00:00:00Z","AccessKeyId":"{id}","SecretAccessKey":"secret","Token":"token of {id}","Expiration":"2099-01-01T00:00:00Z"}}"#
    )
}
