//! A local S3 server: started on a free port of this machine, stopped when dropped.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use omnigraph_storage::{Location, S3Config};

/// The variable that names a Python in whose environment the server is installed; `make test` sets it.
pub const PYTHON_VARIABLE: &str = "OMNIGRAPH_TEST_S3_PYTHON";

/// The variable that names an installed executable of the server. Without either variable the path is searched.
pub const EXECUTABLE_VARIABLE: &str = "OMNIGRAPH_TEST_MOTO";

/// Limits the start of a server on a busy machine.
const STARTUP_TIMEOUT: Duration = Duration::from_secs(60);

/// Number of ports to try: another process may take a port between its choice and its use.
const MAX_PORT_ATTEMPTS: u32 = 5;

/// A running server with its buckets.
#[derive(Debug)]
pub struct MotoServer {
    child: Child,
    address: SocketAddr,
    buckets: AtomicU64,
}

/// A fresh bucket and how to reach it.
#[derive(Debug, Clone)]
pub struct S3Bucket {
    /// Its name.
    pub name: String,
    /// Endpoint and credentials.
    pub config: S3Config,
    /// Keeps the server alive.
    server: Arc<MotoServer>,
}

impl S3Bucket {
    /// Returns the location `prefix` in this bucket.
    pub fn location(&self, prefix: &str) -> Location {
        Location::S3 { bucket: self.name.clone(), prefix: prefix.to_owned() }
    }

    /// Returns the server of the bucket.
    pub fn server(&self) -> &MotoServer {
        &self.server
    }
}

impl MotoServer {
    /// Starts a server.
    ///
    /// # Errors
    /// The executable is missing, or the server does not start.
    pub fn start() -> io::Result<Self> {
        let mut last = None;
        for _ in 0..MAX_PORT_ATTEMPTS {
            match Self::start_once() {
                Ok(server) => return Ok(server),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(error),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| io::ErrorKind::AddrInUse.into()))
    }

    /// Returns the server that the tests of this process share while any of them holds it.
    ///
    /// # Errors
    /// As [`MotoServer::start`].
    pub fn shared() -> io::Result<Arc<Self>> {
        static SHARED: Mutex<Weak<MotoServer>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            return Ok(server);
        }
        let server = Arc::new(Self::start()?);
        *shared = Arc::downgrade(&server);
        Ok(server)
    }

    /// Creates a bucket on the shared server, which is enough for most tests.
    ///
    /// # Errors
    /// As [`MotoServer::start`].
    pub fn fresh_bucket() -> io::Result<S3Bucket> {
        let server = Self::shared()?;
        let name = server.create_bucket()?;
        Ok(S3Bucket { name, config: server.config(), server })
    }

    /// Creates a bucket and returns its name.
    ///
    /// # Errors
    /// The server returns another status than 200.
    pub fn create_bucket(&self) -> io::Result<String> {
        let name = format!("bucket-{}", self.buckets.fetch_add(1, Ordering::Relaxed));
        match self.request("PUT", &format!("/{name}"))? {
            200 => Ok(name),
            status => Err(io::Error::other(format!("cannot create a bucket: the S3 server returned {status}"))),
        }
    }

    /// Returns the URL of the server.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns endpoint and credentials; the server accepts any.
    pub fn config(&self) -> S3Config {
        S3Config::from_pairs([
            ("AWS_ENDPOINT_URL", self.endpoint().as_str()),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
        ])
    }

    fn start_once() -> io::Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let mut command = command();
        let child = command
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| missing(&command.get_program().to_string_lossy(), &error))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut server = Self { child, address, buckets: AtomicU64::new(0) };
        server.wait_until_up()?;
        Ok(server)
    }

    #[expect(clippy::disallowed_methods, reason = "another process comes up in real time")]
    fn wait_until_up(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + STARTUP_TIMEOUT;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                return Err(io::Error::other(format!("the S3 server exited on start: {status}")));
            }
            if self.request("GET", "/moto-api/").is_ok_and(|status| status == 200) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(io::Error::new(io::ErrorKind::TimedOut, format!("the S3 server did not start within {STARTUP_TIMEOUT:?}")))
    }

    /// Sends one request without a body and returns the status. Creating buckets needs no more of HTTP.
    fn request(&self, method: &str, path: &str) -> io::Result<u16> {
        let mut stream = TcpStream::connect_timeout(&self.address, Duration::from_secs(5))?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let host = self.address;
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let status = String::from_utf8_lossy(&answer).split(' ').nth(1).and_then(|status| status.parse().ok());
        status.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the S3 server does not speak HTTP"))
    }
}

/// Returns the command of the server, before its arguments.
#[expect(clippy::disallowed_methods, reason = "the tests have no main of their own that could read the environment")]
fn command() -> Command {
    match (std::env::var_os(PYTHON_VARIABLE), std::env::var_os(EXECUTABLE_VARIABLE)) {
        (Some(python), _) => {
            let mut command = Command::new(python);
            command.args(["-m", "moto.server"]);
            command
        }
        (None, Some(executable)) => Command::new(executable),
        (None, None) => Command::new("moto_server"),
    }
}

fn missing(executable: &str, error: &io::Error) -> io::Error {
    let advice = format!(
        "cannot run {executable:?} ({error}). The tests need this S3 server and do not skip without it: `make test` \
         installs it into a venv; for other ways of running them set {PYTHON_VARIABLE} to what scripts/s3-venv.sh prints"
    );
    io::Error::new(io::ErrorKind::NotFound, advice)
}

impl Drop for MotoServer {
    fn drop(&mut self) {
        // It may have ended by itself; either way it does not run after this.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
