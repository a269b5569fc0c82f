//! The server as a whole: opened from a configuration, run on threads of its own, stopped in good order.

use crate::app::App;
use crate::auth::attempts::Attempts;
use crate::auth::keys::Keys;
use crate::config::Config;
use crate::housekeeping::Housekeeping;
use crate::http::middleware::{Methods, RequestSpan, dress, spare_streams};
use crate::insight::kept::Worked;
use crate::limits::{Limits, limit};
use crate::resources::exports::Room;
use crate::routes;
use crate::store::{Store, migrations};
use crate::sync::events::Watcher;
use crate::sync::lanes::Lanes;
use crate::sync::polls::Polls;
use actix_web::dev::ServerHandle;
use actix_web::middleware::{Compress, from_fn};
use actix_web::{HttpServer, web};
use anyhow::{Context as _, anyhow, ensure};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use std::time::Duration;
use tracing_actix_web::TracingLogger;
use utoipa_actix_web::AppExt as _;
use utoipa_swagger_ui::SwaggerUi;

/// How long requests under way may take when the server is told to stop, in seconds.
const GRACE: u64 = 8;

/// How long a connection may be idle. Longer than a reverse proxy keeps one to us open (nginx: 60 s), so that it is the proxy
/// who closes: else it sends a request into a connection that is just being closed, and tells its caller 502.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long the head of a connection's first request may take, for a phone on a bad network or a server with much to do.
const HEAD: Duration = Duration::from_secs(15);

/// Builds the app once, for `serve`, for the demo and for the tests: migrates (unless told not to), binds, and serves on
/// threads of its own until stopped.
pub fn start(config: Config) -> anyhow::Result<Running> {
    if config.migrate {
        migrations::migrate(&config.database_url)?;
    } else {
        ensure!(!migrations::is_pending(&config.database_url)?, "migrations are pending: run `ruhu migrate`");
    }
    let keys = Keys::open(&config.data_dir)?;
    let store = Store::open(&config)?;
    let listener = TcpListener::bind(config.listen).with_context(|| format!("cannot listen on {}", config.listen))?;
    let address = listener.local_addr()?;
    let workers = config.workers;
    // Each holds at most one connection at a time; some hold none, while they read a body or hash a password.
    let blocking = 2 * config.pool_size as usize;
    let watcher = Watcher::begin(store.clone())?;
    let (moves, limits) = (watcher.moves(), Limits::new(config.rate_limit));
    let (lanes, polls) = (Lanes::new(store.clone()), Polls::new(store.clone()));
    let (attempts, worked) = (Attempts::default(), Worked::default());
    let app = App { config, store, keys, lanes, polls, moves, limits, attempts, worked, exports: Room::default() };
    let housekeeping = Housekeeping::begin(app.clone())?;
    let app = web::Data::new(app);
    let (ready, started) = sync_channel(1);
    let thread = std::thread::Builder::new().name("ruhu".into()).spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let server = HttpServer::new(move || {
                let app = actix_web::App::new().app_data(app.clone());
                let (app, document) =
                    app.into_utoipa_app().openapi(routes::preamble()).configure(routes::register).split_for_parts();
                app.app_data(Methods::of(&document))
                    .service(SwaggerUi::new("/docs/{_:.*}").url("/openapi.json", document))
                    .service(web::redirect("/docs", "/docs/"))
                    .wrap(from_fn(spare_streams))
                    .wrap(Compress::default())
                    .wrap(from_fn(limit))
                    .wrap(from_fn(dress))
                    .wrap(TracingLogger::<RequestSpan>::new())
            });
            // Else the end of a compressed answer waits 40 ms for the acknowledgement of its beginning.
            let server = server.tcp_nodelay(true).keep_alive(KEEP_ALIVE).client_request_timeout(HEAD);
            let server = server.workers(workers).worker_max_blocking_threads(blocking.div_ceil(workers.max(1)));
            let server = server.shutdown_timeout(GRACE).disable_signals().listen(listener)?.run();
            // Whoever started it may have given up.
            let _ = ready.send(server.handle());
            server.await
        })
    })?;
    let handle = started.recv().map_err(|_| anyhow!("the server did not start"))?;
    Ok(Running { address, handle, watcher: Some(watcher), _housekeeping: housekeeping, thread: Some(thread) })
}

/// A server that runs in this process. Dropping it stops it.
pub struct Running {
    pub address: SocketAddr,
    handle: ServerHandle,
    watcher: Option<Watcher>,
    _housekeeping: Housekeeping,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

impl Running {
    /// `http://127.0.0.1:8080`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Finishes the requests under way, ends the event streams, and stops.
    pub fn stop(self) {}
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        // First, for a server does not stop while streams are open.
        self.watcher.take();
        // The command is sent as the future is made; the thread ends when it has been carried out.
        drop(self.handle.stop(true));
        match thread.join() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the server ended with an error"),
            Err(_) => tracing::error!("the server's thread panicked"),
        }
    }
}
