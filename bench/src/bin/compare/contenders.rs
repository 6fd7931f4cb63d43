//! The processes of a run: the emulator, and the proxies that are compared. Each is started on a
//! free loopback port and ended by its process id.

use std::env;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use bench::process::Family;
use bench::{Format, Trouble};

use crate::workloads;

/// A process that is not ready by then has failed to start.
const START: Duration = Duration::from_secs(10);
/// A process that has not ended by then is killed.
const END: Duration = Duration::from_secs(5);
/// Between two looks at a process that is starting or ending.
const LOOK: Duration = Duration::from_millis(2);
/// The emulator and the floor end by themselves after this, whatever happens to the run.
const LONGEST: &str = "3600";

/// What the contenders have in common: the emulator's hosts, and a folder for their files.
pub(crate) struct Site {
    chat: SocketAddr,
    messages: SocketAddr,
    nginx: PathBuf,
    floor: PathBuf,
    work: PathBuf,
    _emulator: Process,
}

impl Site {
    /// Starts the emulator.
    pub(crate) fn open(emulator: &Path, nginx: &Path, work: &Path) -> Result<Self, Trouble> {
        let (chat, messages) = (free_port()?, free_port()?);
        let mut command = Command::new(emulator);
        command.args(["--for", LONGEST]);
        command.args(["--chat-port", &chat.port().to_string()]);
        command.args(["--messages-port", &messages.port().to_string()]);
        let emulator = Process::start(&mut command, "emulator", work, || connects(chat))?;
        let floor = env::current_exe()?.with_file_name("floor");
        let (nginx, work) = (nginx.to_owned(), work.to_owned());
        Ok(Self { chat, messages, nginx, floor, work, _emulator: emulator })
    }

    /// The emulator's host that speaks this format.
    pub(crate) fn host(&self, format: Format) -> SocketAddr {
        match format {
            Format::Chat => self.chat,
            Format::Messages => self.messages,
        }
    }
}

/// One of the proxies that are compared.
pub(crate) struct Contender {
    pub(crate) name: String,
    kind: Kind,
}

enum Kind {
    Nginx,
    Floor,
    FloorPerCore,
    Routectl { program: PathBuf, log: Option<&'static str> },
}

/// Everyone who takes part: one pair of rows for each routectl, as it is shipped and without its
/// line of log per request.
pub(crate) fn all(routectl: &[PathBuf]) -> Vec<Contender> {
    let mut all = vec![
        Contender { name: "nginx".to_owned(), kind: Kind::Nginx },
        Contender { name: "floor".to_owned(), kind: Kind::Floor },
        Contender { name: "floor-per-core".to_owned(), kind: Kind::FloorPerCore },
    ];
    for (index, program) in routectl.iter().enumerate() {
        let number = if index == 0 { String::new() } else { format!("-{}", index + 1) };
        for (quiet, log) in [("", None), ("-quiet", Some("warn"))] {
            let kind = Kind::Routectl { program: program.clone(), log };
            all.push(Contender { name: format!("routectl{number}{quiet}"), kind });
        }
    }
    all
}

impl Contender {
    pub(crate) fn may_be_missing(&self) -> bool {
        self.is_routectl()
    }

    pub(crate) fn is_routectl(&self) -> bool {
        matches!(self.kind, Kind::Routectl { .. })
    }

    /// A routectl with the log it is shipped with.
    pub(crate) fn is_shipped_routectl(&self) -> bool {
        matches!(self.kind, Kind::Routectl { log: None, .. })
    }

    /// The name by which a client asks this contender for the `model` of one of the emulator's
    /// hosts: routectl has an alias of the same length, so that it must change the body and its
    /// size stays comparable.
    pub(crate) fn spelling(&self, model: &str, host: Format) -> String {
        if self.is_routectl() { alias(model, host) } else { model.to_owned() }
    }

    pub(crate) fn start(&self, site: &Site) -> Result<Running, Trouble> {
        let address = free_port()?;
        let work = site.work.join(&self.name);
        fs::create_dir_all(&work)?;
        let mut command = match &self.kind {
            Kind::Nginx => nginx(site, address, &work)?,
            Kind::Floor => floor(site, address),
            Kind::FloorPerCore => {
                let mut command = floor(site, address);
                command.arg("--per-core");
                command
            }
            Kind::Routectl { program, log } => routectl(site, address, &work, program, *log)?,
        };
        let healthy = self.is_routectl();
        let ready = || if healthy { is_healthy(address) } else { connects(address) };
        let process = Process::start(&mut command, &self.name, &site.work, ready)?;
        Ok(Running { address, family: Family(process.child.id()), _process: process })
    }
}

/// A contender at work; dropping it ends it.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) family: Family,
    _process: Process,
}

fn alias(model: &str, host: Format) -> String {
    let prefix = match host {
        Format::Chat => "chat--",
        Format::Messages => "msgs--",
    };
    model.replacen("bench-", prefix, 1)
}

fn floor(site: &Site, address: SocketAddr) -> Command {
    let mut command = Command::new(&site.floor);
    command.args(["--listen", &address.to_string(), "--to", &site.chat.to_string()]);
    command.args(["--for", LONGEST]);
    command
}

fn nginx(site: &Site, address: SocketAddr, work: &Path) -> Result<Command, Trouble> {
    let upstream = site.chat;
    let config = format!(
        "worker_processes 2;\n\
         daemon off;\n\
         user root root;\n\
         pid nginx.pid;\n\
         error_log error.log;\n\
         events {{ worker_connections 8192; }}\n\
         http {{\n\
           access_log off;\n\
           client_max_body_size 64m;\n\
           client_body_temp_path client; proxy_temp_path proxy; fastcgi_temp_path fastcgi;\n\
           uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n\
           keepalive_requests 1000000000;\n\
           upstream emulator {{ server {upstream}; keepalive 1024; keepalive_requests 1000000000; }}\n\
           server {{\n\
             listen {address} backlog=1024;\n\
             location / {{\n\
               proxy_pass http://emulator;\n\
               proxy_http_version 1.1;\n\
               proxy_set_header Connection \"\";\n\
               # Of the ways to pass 1 MiB up, the cheapest for nginx; its default, a file on the\n\
               # disk, costs almost six times as much.\n\
               proxy_request_buffering off;\n\
               client_body_buffer_size 256k;\n\
               proxy_buffering off;\n\
             }}\n\
           }}\n\
         }}\n"
    );
    fs::write(work.join("nginx.conf"), config)?;
    let mut command = Command::new(&site.nginx);
    command.arg("-p").arg(work).args(["-c", "nginx.conf", "-e", "error.log"]);
    Ok(command)
}

fn routectl(
    site: &Site,
    address: SocketAddr,
    work: &Path,
    program: &Path,
    log: Option<&str>,
) -> Result<Command, Trouble> {
    let mut config = format!(
        "[server]\nport = {}\n\n\
         [providers.chat]\n\
         kind = \"openai-compat\"\n\
         base_url = \"http://{}/v1\"\n\
         api_key_ref = \"literal:dummy\"\n\n\
         [providers.messages]\n\
         kind = \"anthropic-api\"\n\
         base_url = \"http://{}\"\n\
         api_key_ref = \"literal:dummy\"\n",
        address.port(),
        site.chat,
        site.messages
    );
    let mut aliases = String::from("\n[aliases]\n");
    for (provider, host) in [("chat", Format::Chat), ("messages", Format::Messages)] {
        for upstream in workloads::models() {
            let model = format!("{provider}-{upstream}");
            write!(
                config,
                "\n[models.{model}]\nprovider = \"{provider}\"\nupstream = \"{upstream}\"\n"
            )?;
            writeln!(aliases, "{} = \"{model}\"", alias(upstream, host))?;
        }
    }
    config.push_str(&aliases);
    let path = work.join("routectl.toml");
    fs::write(&path, config)?;
    let mut command = Command::new(program);
    command.arg("serve").arg("--config").arg(path);
    // Nothing of the person who runs this takes part, and nothing of theirs is touched.
    command.env("HOME", work).env("XDG_CONFIG_HOME", work);
    for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]
    {
        command.env_remove(name);
    }
    command.env_remove("ROUTECTL_LOG");
    if let Some(log) = log {
        command.env("ROUTECTL_LOG", log);
    }
    Ok(command)
}

/// A child that ends with this value: asked first, killed if it does not listen.
struct Process {
    child: Child,
}

impl Process {
    /// Starts it, its words going to `work/NAME.log`, and waits until it is ready. Its id is noted
    /// in `work/pids`, so that `run.sh` can end it if this program is killed.
    fn start(
        command: &mut Command,
        name: &str,
        work: &Path,
        ready: impl Fn() -> bool,
    ) -> Result<Self, Trouble> {
        let log = work.join(format!("{name}.log"));
        let words = File::create(&log)?;
        command.stdin(Stdio::piped()).stdout(words.try_clone()?).stderr(words);
        let child = command
            .spawn()
            .map_err(|e| format!("starting {}: {e}", command.get_program().display()))?;
        let mut process = Self { child };
        process.note(work)?;
        let start = Instant::now();
        while !ready() {
            let ended = process.child.try_wait()?;
            if ended.is_some() || start.elapsed() > START {
                let words = fs::read_to_string(&log)?;
                return Err(format!("{name} does not start: {}", words.trim()).into());
            }
            thread::sleep(LOOK);
        }
        Ok(process)
    }

    fn note(&self, work: &Path) -> Result<(), Trouble> {
        let mut pids = OpenOptions::new().append(true).create(true).open(work.join("pids"))?;
        Ok(writeln!(pids, "{}", self.child.id())?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // nginx's workers end with their master only when it is asked to end.
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        let start = Instant::now();
        while asked.is_ok() && start.elapsed() < END {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(LOOK);
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A port that nobody listens on at this moment.
fn free_port() -> Result<SocketAddr, Trouble> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

fn connects(address: SocketAddr) -> bool {
    TcpStream::connect(address).is_ok()
}

fn is_healthy(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut socket = TcpStream::connect(address)?;
        socket.set_read_timeout(Some(END))?;
        write!(socket, "GET /health HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
        let mut head = [0; 12];
        socket.read_exact(&mut head)?;
        Ok(head == *b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}
