//! The shop: a second stack beside the orders, which know nothing of it.

use std::collections::BTreeMap;

use local_cloud::config::{FurtherStack, Pages, Port};
use local_cloud::data_dir::Endpoints;
use storefront::{Addresses, Buckets, Storefront};

use super::arguments::Arguments;
use super::parameters::UNLIMITED;

/// The template of the shop.
const TEMPLATE: &str = include_str!("../../../../shop/template.yaml");

/// The name of the stack.
const STACK_NAME: &str = "shop";

/// The programs of the shop's functions.
pub(super) const PROGRAMS: [&str; 2] = ["catalog-api", "cover-resizer"];

/// The shop's stack, unless the arguments leave it out. Another template than the built-in one may be another system, which has no
/// shop.
pub(super) fn make_stack(arguments: &Arguments, storefront: &Storefront) -> Option<FurtherStack> {
    if arguments.shop.no_shop || arguments.template.is_some() {
        return None;
    }
    let parameters = [
        // This program serves the pages.
        ("Hosting", "NONE"),
        // Nothing stands before the buckets of this machine.
        ("PublicCovers", "true"),
        ("ApiRateLimit", UNLIMITED),
        ("ApiBurstLimit", UNLIMITED),
    ];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Some(FurtherStack {
        name: STACK_NAME.to_owned(),
        template: TEMPLATE.to_owned(),
        parameters: BTreeMap::from(parameters),
        api_port: choose_port(arguments),
        port_option: "--shop-port",
        pages: Some(Pages {
            path: storefront::PATH,
            routes: storefront.routes(),
        }),
        announce,
    })
}

/// Names the addresses by which other programs know the shop.
fn announce(endpoints: &mut Endpoints, api_url: &str) {
    endpoints.shop_url = Some(format!("{api_url}{}", storefront::PATH));
    endpoints.catalog_url = Some(api_url.to_owned());
}

/// Tells the pages where the APIs and the buckets are. `client` calls S3. The catalogue is on their own port, under whichever name of this machine they were opened.
pub(super) fn connect(storefront: &Storefront, endpoints: &Endpoints, client: reqwest::Client) {
    let bucket = |name: &str| format!("{}/{}", endpoints.aws_endpoint_url, bucket_name(name));
    storefront.connect(
        Addresses {
            catalog_url: "..".to_owned(),
            order_url: endpoints.api_url.clone(),
            covers_url: ".".to_owned(),
            upload_url: "upload".to_owned(),
        },
        Buckets {
            client,
            covers_url: bucket("covers"),
            uploads_url: bucket("uploads"),
        },
    );
}

/// The name of a bucket, as the template makes it.
fn bucket_name(name: &str) -> String {
    format!("shop-{name}-000000000000-us-east-1")
}

/// The port beside that of the API, so that two systems on different ports do not meet. Nobody asked for it by its number, so a free
/// one does as well.
fn choose_port(arguments: &Arguments) -> Port {
    match (arguments.shop.shop_port, arguments.api_port) {
        (Some(port), _) => Port::Exactly(port),
        (None, 0) => Port::Exactly(0),
        (None, api_port) => Port::Preferably(api_port.checked_add(1).unwrap_or(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::arguments::tests::arguments;
    use super::*;

    #[test]
    fn the_shop_is_there_unless_it_is_left_out() {
        let has_shop = |line| make_stack(&arguments(line), &Storefront::default()).is_some();
        assert!(has_shop(""));
        assert!(!has_shop("--no-shop"));
        assert!(!has_shop("--template other.yaml"));
    }

    #[test]
    fn the_buckets_have_the_names_of_the_template() {
        let stack = make_stack(&arguments(""), &Storefront::default()).unwrap();
        let location = local_cloud::template::StackLocation {
            region: "us-east-1".to_owned(),
            account_id: "000000000000".to_owned(),
            stack_name: STACK_NAME.to_owned(),
            aws_endpoint_url: "http://127.0.0.1:1".to_owned(),
            api_url: "http://127.0.0.1:2".to_owned(),
        };
        let stack =
            local_cloud::template::Stack::load(&stack.template, &stack.parameters, &location).unwrap();
        let names: Vec<&str> = stack.buckets.iter().map(|bucket| bucket.name.as_str()).collect();
        assert_eq!(names, [bucket_name("uploads"), bucket_name("covers")]);
        let notified: Vec<_> = stack
            .buckets
            .iter()
            .map(|bucket| (bucket.notifications.len(), bucket.allows_public_policy))
            .collect();
        assert_eq!(notified, [(1, false), (0, true)]);
    }

    #[test]
    fn its_port_is_beside_that_of_the_api() {
        for (line, port) in [
            ("", Port::Preferably(8081)),
            ("--api-port 9000", Port::Preferably(9001)),
            ("--api-port 65535", Port::Preferably(0)),
            ("--api-port 0", Port::Exactly(0)),
            ("--shop-port 8081", Port::Exactly(8081)),
        ] {
            assert_eq!(choose_port(&arguments(line)), port, "{line}");
        }
    }
}
