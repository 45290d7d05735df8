//! The function's configuration, from its environment.

use function_runtime::{ConfigError, Environment};
use rest_function::AllowedOrigins;

/// The function's settings. `shop/template.yaml` sets each variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `BOOKS_TABLE`: the table's name.
    pub books_table: String,
    /// `UPLOADS_BUCKET`: the name of the bucket that takes the uploads of covers.
    pub uploads_bucket: String,
    /// `COVERS_BUCKET`: the name of the bucket of the pictures.
    pub covers_bucket: String,
    /// `ALLOWED_ORIGINS`: the origins of web pages that may call the API. If it is missing or empty, there are none.
    pub allowed_origins: AllowedOrigins,
}

impl Config {
    /// Reads the settings.
    pub fn read<L>(environment: &Environment<L>) -> Result<Self, ConfigError>
    where
        L: Fn(&str) -> Option<String>,
    {
        Ok(Self {
            books_table: environment.required("BOOKS_TABLE")?,
            uploads_bucket: environment.required("UPLOADS_BUCKET")?,
            covers_bucket: environment.required("COVERS_BUCKET")?,
            allowed_origins: environment.optional("ALLOWED_ORIGINS")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_required_and_origins_are_checked() {
        let config = |table: &'static str, origins: &'static str| {
            Config::read(&Environment::new(move |name: &str| match name {
                "BOOKS_TABLE" => Some(table.to_owned()),
                "UPLOADS_BUCKET" => Some("uploads".to_owned()),
                "COVERS_BUCKET" => Some("covers".to_owned()),
                _ => Some(origins.to_owned()),
            }))
        };
        assert_eq!(config("", ""), Err(ConfigError::Missing("BOOKS_TABLE")));
        assert_eq!(
            config("books", "").unwrap().allowed_origins,
            AllowedOrigins::These(Vec::new())
        );
        assert!(config("books", "shop.example.com").is_err());
    }
}
