//! The web pages that may call.

/// The origins of web pages that may call a listener from a browser.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origins {
    /// No page of another origin.
    #[default]
    None,
    /// Pages of every origin.
    Any,
    /// Pages of these origins, as browsers write them: `https://shop.example.com`.
    These(Vec<String>),
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

    pub(crate) fn allow(&self, origin: &str) -> bool {
        match self {
            Self::None => false,
            Self::Any => true,
            Self::These(origins) => origins.iter().any(|allowed| allowed == origin),
        }
    }
}
