//! The web pages that may call.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;

/// Whether the request of a page may pass.
type Question = dyn Fn(&Parts) -> bool + Send + Sync;

/// The origins of web pages that may call a listener from a browser.
#[derive(Clone, Debug, Default)]
pub enum Origins {
    /// No page of another origin.
    #[default]
    None,
    /// Pages of every origin.
    Any,
    /// Pages of these origins, as browsers write them: `https://shop.example.com`.
    These(Vec<String>),
    /// Pages of origins that a service knows.
    Asked(Asked),
}

/// A service that knows which page may send which request.
#[derive(Clone)]
pub struct Asked(Arc<Question>);

impl fmt::Debug for Asked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Asked")
    }
}

impl Origins {
    /// Reads origins that are separated by commas, or `*` for every origin.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.trim() {
            "" => Self::None,
            "*" => Self::Any,
            list => Self::These(list.split(',').map(|origin| origin.trim().to_owned()).collect()),
        }
    }

    /// Asks a service about each request of a page.
    pub fn asking(question: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        Self::Asked(Asked(Arc::new(question)))
    }

    pub(crate) fn allow(&self, parts: &Parts, origin: &str) -> bool {
        match self {
            Self::None => false,
            Self::Any => true,
            Self::These(origins) => origins.iter().any(|allowed| allowed == origin),
            Self::Asked(Asked(allows)) => allows(parts),
        }
    }
}
