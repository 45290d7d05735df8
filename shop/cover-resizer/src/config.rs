//! The function's configuration, from its environment.

use function_runtime::{ConfigError, Environment};

/// The function's settings. `shop/template.yaml` sets each variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `BOOKS_TABLE`: the name of the table of books.
    pub books_table: String,
    /// `COVERS_BUCKET`: the name of the bucket that gets the pictures.
    pub covers_bucket: String,
}

impl Config {
    /// Reads the settings.
    pub fn read<L>(environment: &Environment<L>) -> Result<Self, ConfigError>
    where
        L: Fn(&str) -> Option<String>,
    {
        Ok(Self {
            books_table: environment.required("BOOKS_TABLE")?,
            covers_bucket: environment.required("COVERS_BUCKET")?,
        })
    }
}
