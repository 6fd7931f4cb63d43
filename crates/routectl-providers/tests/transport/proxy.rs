//! Proxies that keep what they were asked: HTTP's CONNECT and SOCKS.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// What a proxy does with those who come.
#[derive(Clone)]
pub(crate) enum Manner {
    /// CONNECT, answered with this status; 200 opens the way.
    Http(&'static str),
    /// SOCKS5, for everyone or for those with this user and password.
    Socks5(Option<(&'static str, &'static str)>),
    /// SOCKS5 that answers requests with this code.
    Socks5Refusing(u8),
    /// SOCKS4 that answers requests with this code.
    Socks4(u8),
    /// Hangs up when it has heard something.
    HangUp,
}

/// Ways lead to one host, whatever name is asked for.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

impl Proxy {
    pub(crate) async fn start(manner: Manner, to: SocketAddr) -> Self {
        Self::listen(manner, to, None).await
    }

    /// A proxy that is spoken to over TLS.
    pub(crate) async fn start_tls(
        manner: Manner,
        to: SocketAddr,
        config: Arc<ServerConfig>,
    ) -> Self {
        Self::listen(manner, to, Some(config.into())).await
    }

    async fn listen(manner: Manner, to: SocketAddr, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let (shared, mut tasks) = (Arc::clone(&heard), JoinSet::new());
        tasks.spawn(async move {
            let mut visits = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let visit = Visit { manner: manner.clone(), to, heard: Arc::clone(&shared) };
                let tls = tls.clone();
                visits.spawn(async move {
                    // How it ends is seen by both sides.
                    let _ = match tls {
                        None => visit.serve(stream).await,
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => visit.serve(stream).await,
                            Err(error) => Err(error),
                        },
                    };
                });
            }
        });
        Self { address, heard, _tasks: tasks }
    }

    /// What it was asked so far.
    pub(crate) fn heard(&self) -> Vec<String> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }
}

struct Visit {
    manner: Manner,
    to: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Visit {
    async fn serve(self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
        let opened = match self.manner {
            Manner::Http(status) => self.connect(&mut stream, status).await?,
            Manner::Socks5(login) => self.socks5(&mut stream, login, 0).await?,
            Manner::Socks5Refusing(code) => self.socks5(&mut stream, None, code).await?,
            Manner::Socks4(code) => self.socks4(&mut stream, code).await?,
            Manner::HangUp => {
                stream.read_u8().await?;
                false
            }
        };
        if opened {
            let mut host = TcpStream::connect(self.to).await?;
            tokio::io::copy_bidirectional(&mut stream, &mut host).await?;
        }
        stream.shutdown().await
    }

    fn hear(&self, what: String) {
        self.heard.lock().unwrap().push(what);
    }

    async fn connect(
        &self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
        status: &str,
    ) -> io::Result<bool> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        self.hear(String::from_utf8(head).unwrap());
        stream.write_all(format!("HTTP/1.1 {status}\r\nx-proxy: here\r\n\r\n").as_bytes()).await?;
        Ok(status.starts_with("200"))
    }

    /// RFC 1928, with the login of RFC 1929.
    async fn socks5(
        &self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
        login: Option<(&str, &str)>,
        code: u8,
    ) -> io::Result<bool> {
        assert_eq!(stream.read_u8().await?, 5);
        let methods = counted(stream).await?;
        let method = if login.is_some() { 2 } else { 0 };
        if !methods.contains(&method) {
            stream.write_all(&[5, 0xff]).await?;
            return Ok(false);
        }
        stream.write_all(&[5, method]).await?;
        if let Some(login) = login {
            assert_eq!(stream.read_u8().await?, 1);
            let (user, password) = (text(counted(stream).await?), text(counted(stream).await?));
            let good = login == (user.as_str(), password.as_str());
            self.hear(format!("login {user} {password}"));
            stream.write_all(&[1, u8::from(!good)]).await?;
            if !good {
                return Ok(false);
            }
        }
        let mut head = [0; 4];
        stream.read_exact(&mut head).await?;
        assert_eq!(head[..3], [5, 1, 0], "connect");
        let host = match head[3] {
            1 => {
                let mut address = [0; 4];
                stream.read_exact(&mut address).await?;
                std::net::Ipv4Addr::from(address).to_string()
            }
            3 => text(counted(stream).await?),
            other => panic!("an address of kind {other}"),
        };
        self.hear(format!("connect {host}:{}", stream.read_u16().await?));
        stream.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
        Ok(code == 0)
    }

    /// SOCKS4 with the names of SOCKS4A.
    async fn socks4(
        &self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
        code: u8,
    ) -> io::Result<bool> {
        assert_eq!(stream.read_u16().await?, 0x0401, "connect");
        let port = stream.read_u16().await?;
        let mut address = [0; 4];
        stream.read_exact(&mut address).await?;
        let _user = until_zero(stream).await?;
        let named = address[..3] == [0, 0, 0];
        let host = match named {
            true => text(until_zero(stream).await?),
            false => std::net::Ipv4Addr::from(address).to_string(),
        };
        self.hear(format!("connect {host}:{port}"));
        stream.write_all(&[0, code, 0, 0, 0, 0, 0, 0]).await?;
        Ok(code == 90)
    }
}

/// Bytes behind one that tells how many.
async fn counted(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; stream.read_u8().await?.into()];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn until_zero(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        match stream.read_u8().await? {
            0 => return Ok(bytes),
            byte => bytes.push(byte),
        }
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}
