//! The options that select the system, for another process.

use terminal::text::quote;

use super::defaults::{API_KEY, OPERATOR_KEY};
use super::{Connection, Target};

impl Connection {
    /// The options that select this system, with a space before each, so that a printed command can be typed as it stands.
    #[must_use]
    pub fn options(&self) -> String {
        let mut options = String::new();
        for (name, value) in self.selection() {
            options.extend([" ", name, " ", &quote(&value)]);
        }
        options
    }

    /// The same options as the arguments of a process, with the profile.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        let profile = Self::non_empty(self.profile.as_ref()).filter(|_| self.target == Target::Aws);
        let profile = profile.map(|profile| ("--profile", profile.to_owned()));
        let selected = self.selection().into_iter().chain(profile);
        selected.map(|(name, value)| format!("{name}={value}")).collect()
    }

    /// The variables of the environment with which a process of `orderctl` has the same access. They are secret, so that they
    /// are no arguments, which every user of the machine can read.
    #[must_use]
    pub fn secret_variables(&self) -> Vec<(&'static str, String)> {
        let operator = self.operator_key.iter().map(|key| (OPERATOR_KEY, key.to_pair()));
        let api_key = self.api_key().into_iter().map(|key| (API_KEY, key.to_owned()));
        operator.chain(api_key).collect()
    }

    /// The names and values of the options that select this system.
    fn selection(&self) -> Vec<(&'static str, String)> {
        let mut options = Vec::new();
        match self.target {
            Target::Local => {
                let directory = self.data_dir.as_deref();
                options.extend(directory.map(|path| ("--data-dir", path.display().to_string())));
            }
            Target::Aws => {
                options.push(("--target", "aws".to_owned()));
                options.extend((self.stack != "orders").then(|| ("--stack", self.stack.clone())));
                options.extend(self.region.clone().map(|region| ("--region", region)));
            }
        }
        options.extend(self.api_url.clone().map(|url| ("--api-url", url)));
        options.extend(
            self.aws_endpoint_url
                .clone()
                .map(|url| ("--aws-endpoint-url", url)),
        );
        options
    }
}
