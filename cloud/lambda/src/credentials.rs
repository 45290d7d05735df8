//! The access keys of functions.

use uuid::Uuid;

/// The access key with which a function signs its AWS calls. The endpoint finds the calling role by the access key id.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `ASIA` and 16 letters and digits, the form of temporary credentials.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// The session token, which temporary credentials have. The token of a process begins with it.
    pub session_token: String,
}

impl Credentials {
    /// Creates random credentials. They are valid until the system stops.
    #[must_use]
    pub fn generate() -> Self {
        let random = || Uuid::new_v4().simple().to_string();
        Self {
            access_key_id: format!("ASIA{}", &random().to_uppercase()[..16]),
            secret_access_key: random(),
            session_token: random(),
        }
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}
