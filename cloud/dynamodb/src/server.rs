//! The listener of the engine, on its own tokio runtime.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use dynoxide::Database;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::oneshot;

/// Number of threads that serve requests. The engine runs one request at a time anyway.
const THREADS: usize = 2;
/// How long running requests may take to finish at a stop.
const GRACE: Duration = Duration::from_millis(500);

pub(super) struct Server {
    address: SocketAddr,
    /// The sender stops the server. The receiver gets a signal when it has stopped.
    running: Mutex<Option<(oneshot::Sender<()>, oneshot::Receiver<()>)>>,
}

impl Server {
    pub(super) async fn start(database: Database) -> Result<Self, std::io::Error> {
        let (stop, stopping) = oneshot::channel();
        let (stopped, has_stopped) = oneshot::channel();
        let (listening, address) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("dynamodb")
            .enable_all()
            .build()?;
        std::thread::Builder::new()
            .name("dynamodb-server".to_owned())
            .spawn(move || {
                runtime.block_on(async move {
                    let listener = match listen() {
                        Ok(listener) => listener,
                        Err(error) => return drop(listening.send(Err(error))),
                    };
                    if listening.send(listener.local_addr()).is_err() {
                        return;
                    }
                    let stop = async { drop(stopping.await) };
                    if let Err(error) = dynoxide::server::serve_with_shutdown(listener, database, stop).await
                    {
                        tracing::error!(error, "the DynamoDB engine stopped serving");
                    }
                });
                runtime.shutdown_timeout(Duration::from_millis(100));
                // Sending fails if nobody waits.
                let _unheard = stopped.send(());
            })?;
        let address = address.await.map_err(std::io::Error::other)??;
        Ok(Self {
            address,
            running: Mutex::new(Some((stop, has_stopped))),
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) async fn stop(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((stop, has_stopped)) = running
            && stop.send(()).is_ok()
            && tokio::time::timeout(GRACE, has_stopped).await.is_err()
        {
            tracing::warn!("stopping the DynamoDB engine although requests are still running");
        }
    }
}

/// Creates a loopback listener with `TCP_NODELAY`. The connections inherit the option; the engine does not
/// set it. Without it, each answer would take 40 ms.
fn listen() -> Result<TcpListener, std::io::Error> {
    let socket = TcpSocket::new_v4()?;
    socket.set_nodelay(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    socket.listen(1024)
}
