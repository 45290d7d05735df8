//! Finds the route of a request, as API Gateway does.
//!
//! `matchit` is not used: API Gateway's precedence is one sort, and its resource is chosen by the path alone.

use std::collections::BTreeMap;

use crate::mock::MockIntegration;

/// Who answers the requests of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Integration {
    /// The function with this physical name.
    Function(String),
    /// The gateway itself.
    Mock(MockIntegration),
}

/// A method on a path, and who answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// An HTTP method in capitals, or `ANY`.
    pub method: String,
    /// Such as `/orders/{id}` or `/{proxy+}`.
    pub path: String,
    /// Who answers.
    pub integration: Integration,
    /// Whether a request needs an API key.
    pub requires_api_key: bool,
}

/// The routes of an API.
#[derive(Debug)]
pub struct Routes(Vec<Resource>);

/// A path and what answers its methods.
#[derive(Debug)]
struct Resource {
    path: String,
    segments: Vec<Segment>,
    /// The routes by their methods, or `ANY`.
    methods: BTreeMap<String, Handler>,
}

#[derive(Debug)]
struct Handler {
    integration: Integration,
    requires_api_key: bool,
}

/// The order is the precedence: a literal comes before a parameter, a parameter before a greedy parameter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Literal(String),
    Parameter(String),
    Greedy(String),
}

/// The route of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Match<'r> {
    /// The path of the resource, for example `/orders/{id}`.
    pub(crate) resource: &'r str,
    /// The method of the route, which may be `ANY`.
    pub(crate) method: &'r str,
    /// Who answers.
    pub(crate) integration: &'r Integration,
    /// Whether the request needs an API key.
    pub(crate) requires_api_key: bool,
    /// The path parameters as they stand in the path, not decoded (recorded on AWS).
    pub(crate) parameters: BTreeMap<&'r str, String>,
}

impl Routes {
    /// Sorts routes by their precedence.
    #[must_use]
    pub fn new(routes: &[Route]) -> Self {
        let mut resources: Vec<Resource> = Vec::new();
        for route in routes {
            let found = resources.iter().position(|resource| resource.path == route.path);
            let index = found.unwrap_or_else(|| {
                let segments = split(&route.path).map(Segment::parse).collect();
                resources.push(Resource {
                    path: route.path.clone(),
                    segments,
                    methods: BTreeMap::new(),
                });
                resources.len() - 1
            });
            let handler = Handler {
                integration: route.integration.clone(),
                requires_api_key: route.requires_api_key,
            };
            resources[index].methods.insert(route.method.clone(), handler);
        }
        // Compare the paths segment by segment, so that the more specific path comes first.
        resources.sort_by(|left, right| left.segments.cmp(&right.segments));
        Self(resources)
    }

    /// Finds the route of a method and a path. The path alone chooses the resource. If this resource does not
    /// have the method, less specific resources are not searched.
    pub(crate) fn find(&self, method: &str, path: &str) -> Option<Match<'_>> {
        let segments: Vec<&str> = split(path).collect();
        let (resource, parameters) = self
            .0
            .iter()
            .find_map(|resource| Some((resource, resource.capture(&segments)?)))?;
        let (method, handler) = resource
            .methods
            .get_key_value(method)
            .or_else(|| resource.methods.get_key_value("ANY"))?;
        Some(Match {
            resource: &resource.path,
            method,
            integration: &handler.integration,
            requires_api_key: handler.requires_api_key,
            parameters,
        })
    }
}

impl Resource {
    fn capture(&self, path: &[&str]) -> Option<BTreeMap<&str, String>> {
        let mut parameters = BTreeMap::new();
        let mut rest = path;
        for segment in &self.segments {
            let (first, others) = rest.split_first()?;
            match segment {
                Segment::Literal(literal) if literal == first => {}
                Segment::Literal(_) => return None,
                Segment::Parameter(name) => {
                    parameters.insert(name.as_str(), (*first).to_owned());
                }
                Segment::Greedy(name) => {
                    parameters.insert(name.as_str(), rest.join("/"));
                    return Some(parameters);
                }
            }
            rest = others;
        }
        rest.is_empty().then_some(parameters)
    }
}

impl Segment {
    fn parse(segment: &str) -> Self {
        match segment
            .strip_prefix('{')
            .and_then(|segment| segment.strip_suffix('}'))
        {
            None => Self::Literal(segment.to_owned()),
            Some(name) => match name.strip_suffix('+') {
                Some(name) => Self::Greedy(name.to_owned()),
                None => Self::Parameter(name.to_owned()),
            },
        }
    }
}

/// Splits a path into segments. A slash at the end is ignored. `/` has no segments.
fn split(path: &str) -> impl Iterator<Item = &str> {
    let trimmed = path.strip_prefix('/').unwrap_or(path);
    let trimmed = trimmed.strip_suffix('/').unwrap_or(trimmed);
    trimmed.split('/').skip(usize::from(trimmed.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> Routes {
        let route = |method: &str, path: &str| Route {
            method: method.to_owned(),
            path: path.to_owned(),
            integration: Integration::Function(format!("{method} {path}")),
            requires_api_key: false,
        };
        Routes::new(&[
            route("ANY", "/{proxy+}"),
            route("ANY", "/"),
            route("POST", "/orders"),
            route("GET", "/orders/{id}"),
            route("GET", "/orders/mine"),
        ])
    }

    fn find(method: &str, path: &str) -> Option<String> {
        routes().find(method, path).map(|found| match found.integration {
            Integration::Function(name) => name.clone(),
            Integration::Mock(_) => unreachable!(),
        })
    }

    #[test]
    fn the_most_specific_path_wins() {
        assert_eq!(find("GET", "/").as_deref(), Some("ANY /"));
        assert_eq!(find("POST", "/orders").as_deref(), Some("POST /orders"));
        assert_eq!(find("POST", "/orders/").as_deref(), Some("POST /orders"));
        assert_eq!(find("GET", "/orders/7").as_deref(), Some("GET /orders/{id}"));
        assert_eq!(find("GET", "/orders/mine").as_deref(), Some("GET /orders/mine"));
        assert_eq!(find("GET", "/orders/7/items").as_deref(), Some("ANY /{proxy+}"));
    }

    #[test]
    fn a_method_is_looked_for_only_in_the_most_specific_resource() {
        assert_eq!(find("DELETE", "/orders/7"), None);
    }

    #[test]
    fn parameters_are_not_decoded() {
        let routes = routes();
        let found = routes.find("GET", "/orders/a%20b%2Fc").unwrap();
        assert_eq!(found.parameters, BTreeMap::from([("id", "a%20b%2Fc".to_owned())]));
        let path = "/test-path/test%2Balias@gmail.com/plus/test+alias@gmail.com/";
        assert_eq!(
            routes.find("GET", path).unwrap().parameters["proxy"],
            "test-path/test%2Balias@gmail.com/plus/test+alias@gmail.com"
        );
    }
}
