//! The text that `up` prints when everything runs.

use std::fmt;

use local_cloud::data_dir::Endpoints;
use stack_client::Connection;
use terminal::invocation;
use terminal::text::quote_path;

use super::arguments::{Arguments, Sync};

/// The text about the running system, and the commands to type next.
pub(super) struct Banner<'a> {
    pub(super) endpoints: &'a Endpoints,
    pub(super) connection: &'a Connection,
    pub(super) arguments: &'a Arguments,
    /// The inbox that is notified of orders, if there is one.
    pub(super) mail_to: Option<&'a str>,
}

impl fmt::Display for Banner<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Endpoints {
            api_url,
            aws_endpoint_url,
            console_url,
            shop_url,
            catalog_url,
            data_dir,
            operator,
            api_key,
            ..
        } = self.endpoints;
        writeln!(formatter, "orders is up")?;
        if let Some(url) = console_url {
            writeln!(formatter, "  console        {url}   (look at it in a browser)")?;
        }
        if let Some(url) = shop_url {
            writeln!(
                formatter,
                "  shop           {url}   (a book store; `shop seed` fills it)"
            )?;
        }
        writeln!(formatter, "  API            {api_url}")?;
        if let Some(url) = catalog_url {
            writeln!(formatter, "  catalogue      {url}   (of the shop)")?;
        }
        let keys = match operator {
            None => "any access key",
            Some(_) => "the access key below",
        };
        writeln!(
            formatter,
            "  AWS endpoint   {aws_endpoint_url}   ({keys}, region us-east-1)"
        )?;
        if let Some(key) = operator {
            let (id, secret) = (&key.access_key_id, &key.secret_access_key);
            writeln!(
                formatter,
                "  access key     AWS_ACCESS_KEY_ID={id} AWS_SECRET_ACCESS_KEY={secret}"
            )?;
        }
        if let Some(key) = api_key {
            writeln!(formatter, "  API key        {key}   (in the header x-api-key)")?;
        }
        match data_dir {
            Some(path) => {
                let survives = match self.arguments.sync {
                    Sync::Normal => {
                        "survives kill -9; --sync full also survives a power cut, with slower writes"
                    }
                    Sync::Full => "survives kill -9 and a power cut",
                };
                writeln!(formatter, "  state          {}   ({survives})", path.display())?;
                writeln!(formatter, "  logs           {}", path.join("logs").display())?;
            }
            None => writeln!(formatter, "  state          in memory, lost when this ends")?,
        }
        if let Some(address) = self.mail_to {
            writeln!(
                formatter,
                "  mail to        {address}   (kept here, no mail is sent)"
            )?;
        }
        if let Some(file) = &self.arguments.faults {
            writeln!(
                formatter,
                "  faults         {}   (`faults off` ends them)",
                file.display()
            )?;
        }
        writeln!(formatter, "\nPlace an order from a second terminal:")?;
        writeln!(
            formatter,
            "  curl -sS -X POST {api_url}/orders -H 'content-type: application/json'{} -d @events/order.json",
            api_key
                .as_ref()
                .map(|key| format!(" -H 'x-api-key: {key}'"))
                .unwrap_or_default()
        )?;
        writeln!(formatter, "\nOr:")?;
        for command in ["place events/order.json", "get ID --wait", "inbox", "dlq list"] {
            writeln!(
                formatter,
                "  {} {command}{}",
                invocation::program_name(),
                self.connection_options()
            )?;
        }
        if self.arguments.confirm_manually {
            writeln!(
                formatter,
                "\nEmails are sent once you follow the link in the first mail of the inbox."
            )?;
        }
        write!(formatter, "\nCtrl-C stops it.")
    }
}

impl Banner<'_> {
    /// The options by which a command in another terminal finds this system.
    fn connection_options(&self) -> String {
        let Endpoints {
            api_url,
            aws_endpoint_url,
            data_dir,
            ..
        } = self.endpoints;
        let directory = self.connection.data_dir();
        match data_dir {
            None => format!(" --api-url {api_url} --aws-endpoint-url {aws_endpoint_url}"),
            Some(_) if directory.as_os_str() == ".orders" => String::new(),
            Some(_) => format!(" --data-dir {}", quote_path(directory)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::arguments::tests::arguments;
    use super::*;

    fn banner(line: &str, data_dir: Option<&str>) -> String {
        let endpoints = Endpoints {
            api_url: "http://127.0.0.1:8080".to_owned(),
            aws_endpoint_url: "http://127.0.0.1:4566".to_owned(),
            console_url: Some("http://127.0.0.1:8080/console".to_owned()),
            shop_url: Some("http://127.0.0.1:8081/shop/".to_owned()),
            catalog_url: Some("http://127.0.0.1:8081".to_owned()),
            data_dir: data_dir.map(Into::into),
            instance_id: String::new(),
            operator: None,
            api_key: None,
        };
        let connection = Connection::local(".orders".into());
        let banner = Banner {
            endpoints: &endpoints,
            connection: &connection,
            arguments: &arguments(line),
            mail_to: Some("you@example.com"),
        };
        // Under Cargo the hints name Cargo.
        banner.to_string().replace(invocation::program_name(), "orderctl")
    }

    #[test]
    fn it_shows_what_runs_and_what_to_type() {
        insta::assert_snapshot!(banner("", Some("/home/you/orders/.orders")), @r"
        orders is up
          console        http://127.0.0.1:8080/console   (look at it in a browser)
          shop           http://127.0.0.1:8081/shop/   (a book store; `shop seed` fills it)
          API            http://127.0.0.1:8080
          catalogue      http://127.0.0.1:8081   (of the shop)
          AWS endpoint   http://127.0.0.1:4566   (any access key, region us-east-1)
          state          /home/you/orders/.orders   (survives kill -9; --sync full also survives a power cut, with slower writes)
          logs           /home/you/orders/.orders/logs
          mail to        you@example.com   (kept here, no mail is sent)

        Place an order from a second terminal:
          curl -sS -X POST http://127.0.0.1:8080/orders -H 'content-type: application/json' -d @events/order.json

        Or:
          orderctl place events/order.json
          orderctl get ID --wait
          orderctl inbox
          orderctl dlq list

        Ctrl-C stops it.
        ");
    }

    #[test]
    fn without_a_directory_the_commands_name_the_urls() {
        insta::assert_snapshot!(banner("--ephemeral --confirm-manually", None), @r"
        orders is up
          console        http://127.0.0.1:8080/console   (look at it in a browser)
          shop           http://127.0.0.1:8081/shop/   (a book store; `shop seed` fills it)
          API            http://127.0.0.1:8080
          catalogue      http://127.0.0.1:8081   (of the shop)
          AWS endpoint   http://127.0.0.1:4566   (any access key, region us-east-1)
          state          in memory, lost when this ends
          mail to        you@example.com   (kept here, no mail is sent)

        Place an order from a second terminal:
          curl -sS -X POST http://127.0.0.1:8080/orders -H 'content-type: application/json' -d @events/order.json

        Or:
          orderctl place events/order.json --api-url http://127.0.0.1:8080 --aws-endpoint-url http://127.0.0.1:4566
          orderctl get ID --wait --api-url http://127.0.0.1:8080 --aws-endpoint-url http://127.0.0.1:4566
          orderctl inbox --api-url http://127.0.0.1:8080 --aws-endpoint-url http://127.0.0.1:4566
          orderctl dlq list --api-url http://127.0.0.1:8080 --aws-endpoint-url http://127.0.0.1:4566

        Emails are sent once you follow the link in the first mail of the inbox.

        Ctrl-C stops it.
        ");
    }
}
