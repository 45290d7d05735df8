//! The console: a page on which people see the system work.
//!
//! `orderctl up` serves it beside the REST API, and `orderctl console` serves it for a stack on AWS. The page is in the folder
//! `assets`: plain HTML, CSS and JavaScript modules, which are part of the program. The server side is thin. It reads the status
//! document of `orderctl status`, passes orders on to the public API, and runs the commands of `orderctl dlq`.
//!
//! **Invariants**
//!
//! - A page of another origin, another site or another host gets nothing (`cloud_http::refuse_foreign_pages`).
//! - A request that changes something carries the token of this run (`token`).
//! - Texts of customers reach the page as JSON, and the page shows them as text. The content security policy allows no inline
//!   code, so a text that became markup could run nothing.
//! - Nothing is read while nobody looks: see `live`.

mod assets;
mod burst;
mod failure;
mod live;
mod orders;
mod poison;
mod session;
mod system;
mod token;

use axum::extract::FromRef;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use cloud_http::{Listener, Origins, Router, refuse_foreign_pages, serve};

use live::Live;
pub use system::{ReadStatus, System};
use token::Token;

/// The path of the page.
pub const PATH: &str = "/console";

/// The console of one system. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Console {
    system: System,
    token: Token,
    live: Live,
}

impl Console {
    /// A console. It answers at once, and shows the system once [`System::connect`] was called.
    #[must_use]
    pub fn new(system: System) -> Self {
        Self {
            live: Live::new(system.clone()),
            system,
            token: Token::generate(),
        }
    }

    /// The routes, all below [`PATH`].
    pub fn routes(&self) -> Router {
        let changes = Router::new()
            .route("/console/api/orders", post(orders::place))
            .route("/console/api/poison", post(poison::send))
            .route("/console/api/burst", post(burst::send))
            .route_layer(from_fn_with_state(self.token.clone(), token::require));
        let reads = Router::new()
            .route("/console", get(assets::page))
            .route("/console/", get(assets::page))
            .route("/console/{file}", get(assets::file))
            .route("/console/api/session", get(session::show))
            .route("/console/api/live", get(live::stream))
            .route("/console/api/orders/{id}", get(orders::show));
        refuse_foreign_pages(reads.merge(changes).with_state(self.clone()))
    }

    /// Serves the console alone, until `stop` is ready.
    pub async fn serve(
        &self,
        listener: Listener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        serve(listener, self.routes(), Origins::None, stop)
            .await
            .unwrap_or_else(|error| Err(std::io::Error::other(error)))
    }
}

// Each handler names the parts of the console that it uses.

impl FromRef<Console> for System {
    fn from_ref(console: &Console) -> Self {
        console.system.clone()
    }
}

impl FromRef<Console> for Token {
    fn from_ref(console: &Console) -> Self {
        console.token.clone()
    }
}

impl FromRef<Console> for Live {
    fn from_ref(console: &Console) -> Self {
        console.live.clone()
    }
}

#[cfg(test)]
mod tests;
