//! A REST API of the template as API Gateway takes it.

use std::collections::BTreeMap;

use cloud_api_gateway::{
    ApiContext, ApiKey, ApiKeys, ApiMetrics, BinaryMediaTypes, GatewayResponse, GatewayResponses,
    Integration, MockIntegration, RestApiSettings, Route, Routes, ThrottleSetting, Throttles,
};
use cloud_cloudformation::{Api, Integration as Declared, Route as DeclaredRoute};
use cloud_http::{Origins, Router};
use cloud_lambda::Function;

use super::error::StartError;
use super::stacks::Located;
use crate::services::Services;

pub(super) fn settings(
    located: &Located,
    api: &Api,
    services: &Services,
    functions: BTreeMap<String, Function>,
) -> Result<RestApiSettings, StartError> {
    let Located { stack, location, .. } = located;
    let origins = stack.parameters.get(&located.origins_parameter);
    let pages = located.pages.as_ref();
    let routes = api.routes.iter().map(read_route).collect::<Result<Vec<_>, _>>()?;
    let responses = api.gateway_responses.iter().map(|declared| {
        let response = GatewayResponse {
            status: declared.status,
            headers: declared.headers.clone(),
            template: declared.template.clone(),
        };
        (declared.kind.clone(), response)
    });
    let throttles = api.throttles.iter().map(|throttle| ThrottleSetting {
        resource: throttle.resource.clone(),
        method: throttle.method.clone(),
        rate: throttle.rate,
        burst: throttle.burst,
    });
    let api_keys = stack.api_keys.iter().filter_map(|key| {
        Some(ApiKey {
            id: key.id.clone(),
            value: key.value.clone()?,
            throttle: key.plan.throttle,
            daily_quota: key.plan.daily_quota,
        })
    });
    Ok(RestApiSettings {
        context: ApiContext {
            account_id: location.account_id.clone(),
            api_id: api.id.clone(),
            stage: api.stage.clone(),
        },
        routes: Routes::new(&routes),
        functions,
        origins: Origins::parse(origins.map_or("", String::as_str)),
        binary_media_types: BinaryMediaTypes::new(api.binary_media_types.iter().map(String::as_str)),
        gateway_responses: GatewayResponses::new(responses),
        throttles: Throttles::new(throttles.collect()),
        api_keys: ApiKeys::new(api_keys.collect()),
        pages: pages.map_or_else(Router::new, |pages| pages.routes.clone()),
        metrics: ApiMetrics {
            cloud_watch: services.cloud_watch.clone(),
            meter: services.meter.clone(),
            api_name: api.name.clone(),
            stage: api.stage.clone(),
        },
    })
}

/// Fails if a response template has a construct that is not supported.
fn read_route(route: &DeclaredRoute) -> Result<Route, StartError> {
    let integration = match &route.integration {
        Declared::Function(name) => Integration::Function(name.clone()),
        Declared::Mock(mock) => {
            let taken = MockIntegration::new(mock.status, mock.headers.clone(), &mock.template);
            Integration::Mock(taken.map_err(|source| StartError::ResponseTemplate {
                route: format!("{} {}", route.method, route.path),
                source,
            })?)
        }
    };
    Ok(Route {
        method: route.method.clone(),
        path: route.path.clone(),
        integration,
        requires_api_key: route.requires_api_key,
    })
}
