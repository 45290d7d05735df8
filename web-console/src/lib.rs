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
//! - Nothing is read while nobody looks and nothing happens: see `live`.
//! - Personal data is hidden until somebody asks for it, and the audit log says who asked for what (`reveal`).

mod assets;
mod burst;
mod command;
mod failure;
mod fault_control;
mod faults;
mod function_logs;
mod history;
mod letters;
mod live;
mod mail;
mod mask;
mod orders;
mod plots;
mod poison;
mod reveal;
mod session;
mod system;
mod token;

use axum::extract::FromRef;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post, put};
use cloud_http::{Listener, Origins, Router, refuse_foreign_pages, serve};

use fault_control::LastSwitches;
use letters::Letters;
use live::Live;
use orders::index::Index;
pub use system::{ReadStatus, ReadingStatus, System};
use token::Token;

/// The path of the page.
pub const PATH: &str = "/console";

/// The console of one system. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Console {
    system: System,
    token: Token,
    live: Live,
    orders: Index,
    letters: Letters,
    switches: LastSwitches,
}

impl Console {
    /// A console. It answers at once, and shows the system once [`System::connect`] was called.
    #[must_use]
    pub fn new(system: System) -> Self {
        Self {
            live: Live::new(system.clone()),
            orders: Index::default(),
            letters: Letters::default(),
            switches: LastSwitches::default(),
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
            .route("/console/api/reveal", post(reveal::reveal))
            .route("/console/api/faults", put(faults::set))
            .route("/console/api/letters/replay", post(letters::replay))
            .route_layer(from_fn_with_state(self.token.clone(), token::require));
        let reads = Router::new()
            .route("/console", get(assets::page))
            .route("/console/", get(assets::page))
            .route("/console/{file}", get(assets::file))
            .route("/console/api/session", get(session::show))
            .route("/console/api/live", get(live::stream))
            .route("/console/api/orders", get(orders::search))
            .route("/console/api/orders/{id}", get(orders::show))
            .route("/console/api/orders/{id}/stage", get(orders::stage))
            .route("/console/api/mail", get(mail::list))
            .route("/console/api/faults", get(faults::show))
            .route("/console/api/letters", get(letters::list))
            .route("/console/api/letters/audit", get(letters::audit))
            .route("/console/api/letters/{id}", get(letters::show_one))
            .route("/console/api/plots", get(plots::show));
        refuse_foreign_pages(reads.merge(changes).with_state(self.clone()))
    }

    /// Begins to watch the connected system, for the plots of the last hour.
    pub fn watch(&self) {
        self.live.start();
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

impl FromRef<Console> for Index {
    fn from_ref(console: &Console) -> Self {
        console.orders.clone()
    }
}

impl FromRef<Console> for Letters {
    fn from_ref(console: &Console) -> Self {
        console.letters.clone()
    }
}

impl FromRef<Console> for LastSwitches {
    fn from_ref(console: &Console) -> Self {
        console.switches.clone()
    }
}

#[cfg(test)]
mod tests;
