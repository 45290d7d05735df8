//! The service: opens its state, and answers requests.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Body;
use cloud_async_invocation::AsyncInvocations;
use cloud_iam::{AccessKeys, Iam, Policy, Principal};
use cloud_store::{Durability, Store};
use cloud_wire::Clock;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use s3s::auth::SecretKey;
use s3s::host::{S3Host, VirtualHost};
use s3s::service::{S3Service, S3ServiceBuilder};
use uuid::Uuid;

use crate::access::{Access, Judge};
use crate::bucket::{Bucket, BucketSettings, Buckets};
use crate::callers::Callers;
use crate::cors::{self, PageRequest};
use crate::error::S3Failure;
use crate::files::Files;
use crate::operations::Operations;
use crate::request::place;
use crate::{form, object, stand_in, stand_in_v2, website};

/// The configuration of an [`S3`].
#[derive(Clone, Debug)]
pub struct S3Config {
    /// The data directory, where the files of objects are in the folder `objects`. `None` keeps them in a temporary folder.
    pub directory: Option<PathBuf>,
    /// Which kind of failure an acknowledged write survives.
    pub durability: Durability,
    /// The store of all rows.
    pub store: Store,
    /// The source of the current time.
    pub clock: Clock,
    /// The policies of roles and buckets.
    pub iam: Iam,
    /// Whose access key is whose.
    pub access_keys: AccessKeys,
    /// Where the events for functions go.
    pub invocations: AsyncInvocations,
}

/// The object service. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct S3 {
    store: Store,
    clock: Clock,
    access: Arc<Access>,
    stand_in: Arc<str>,
    wire: S3Service,
}

impl S3 {
    /// Reads the buckets, and removes the files that no object has.
    ///
    /// # Errors
    /// The store or the folder of the objects cannot be read.
    pub async fn open(config: S3Config) -> Result<Self, S3Failure> {
        let files = Files::open(config.directory.as_deref(), config.durability)?;
        let named = config.store.run(object::named_files).await?;
        let swept = files.clone();
        let removed = tokio::task::spawn_blocking(move || swept.sweep(&named)).await;
        let removed = removed.map_err(io::Error::other)??;
        if removed > 0 {
            tracing::info!(
                removed,
                "removed files of objects that were not stored or are deleted"
            );
        }
        let buckets = Buckets::open(&config.store, config.iam.clone()).await?;
        let access = Arc::new(Access {
            keys: config.access_keys.clone(),
            iam: config.iam,
            buckets,
        });
        let stand_in = Uuid::new_v4().to_string();
        let mut wire = S3ServiceBuilder::new(Operations {
            store: config.store.clone(),
            clock: config.clock.clone(),
            files: files.clone(),
            access: Arc::clone(&access),
            invocations: config.invocations,
        });
        wire.set_auth(Callers {
            access_keys: config.access_keys,
            stand_in: SecretKey::from(stand_in.as_str()),
        });
        wire.set_access(Judge(Arc::clone(&access)));
        wire.set_host(Localhost);
        Ok(Self {
            store: config.store,
            clock: config.clock,
            access,
            stand_in: stand_in.into(),
            wire: wire.build(),
        })
    }

    /// Answers a request.
    pub async fn call(&self, request: Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let (name, key) = place(&parts.headers, &parts.uri);
        let bucket = self.bucket(&name);
        let rules = bucket.as_ref().map(|bucket| bucket.settings.cors.as_slice());
        if parts.method == Method::OPTIONS {
            return cors::preflight(&parts, !key.is_empty(), rules);
        }
        let page = PageRequest::of(&parts);
        let headers = page.map(|page| page.answer_headers(rules.unwrap_or_default()));
        let mut response = match website::bucket_of(&parts.headers, &parts.uri) {
            Some(bucket) => self.answer_website(&bucket, &parts).await,
            None => self.answer_api(parts, &name, body).await,
        };
        response.headers_mut().extend(headers.unwrap_or_default());
        response
    }

    /// Whether a page of another origin may send a request: a rule of the bucket allows it, or it is a preflight, which does nothing.
    #[must_use]
    pub fn allows_page(&self, parts: &Parts) -> bool {
        if parts.method == Method::OPTIONS {
            return true;
        }
        let (name, _) = place(&parts.headers, &parts.uri);
        let page = PageRequest::of(parts);
        self.bucket(&name)
            .zip(page)
            .is_some_and(|(bucket, page)| page.is_allowed(&bucket.settings.cors))
    }

    pub(crate) fn bucket(&self, name: &str) -> Option<Arc<Bucket>> {
        self.access.buckets.get(name)
    }

    async fn answer_api(&self, mut parts: Parts, bucket: &str, body: Body) -> Response<Body> {
        let is_form = parts.method == Method::POST && form::is_form(&parts.headers);
        let body = if is_form {
            match form::sign_again(body, bucket, |key| self.secret_unless_known(key)).await {
                Ok(body) => body,
                Err(response) => return *response,
            }
        } else {
            self.sign_again(&mut parts);
            body
        };
        let mut response = self.answer(Request::from_parts(parts, body)).await;
        // A page that somebody uploaded must not run as a page of this endpoint, which serves more than buckets.
        let sandbox = HeaderValue::from_static("sandbox");
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, sandbox);
        response
    }

    /// Has the wire library answer a request.
    pub(crate) async fn answer(&self, request: Request<Body>) -> Response<Body> {
        match self.wire.call(request.map(s3s::Body::http_body_unsync)).await {
            Ok(response) => response.map(Body::new),
            Err(error) => {
                tracing::error!(?error, "an answer of S3 could not be written");
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                response
            }
        }
    }

    /// Signs a request again, if nobody here knows the secret of its access key.
    fn sign_again(&self, parts: &mut Parts) {
        let secret = |key: Option<String>| self.secret_unless_known(&key?);
        if let Some(secret) = secret(stand_in::access_key(parts)) {
            stand_in::sign_again(parts, &secret);
        } else if let Some(secret) = secret(stand_in_v2::access_key(parts)) {
            stand_in_v2::sign_again(parts, &secret);
        }
    }

    /// The secret to sign again with, for a key whose own secret nobody here knows.
    fn secret_unless_known(&self, access_key: &str) -> Option<Arc<str>> {
        let keys = &self.access.keys;
        let is_operator = matches!(keys.principal(access_key), Principal::Operator { .. });
        (is_operator && keys.secret(access_key).is_none()).then(|| Arc::clone(&self.stand_in))
    }

    /// Creates a bucket, or changes its settings to these.
    ///
    /// # Errors
    /// The policy cannot be enforced, a CORS rule is not valid, or the store fails.
    pub async fn converge_bucket(&self, name: &str, settings: BucketSettings) -> Result<(), S3Failure> {
        if let Some(policy) = &settings.policy {
            let parsed = Policy::resource(policy);
            parsed.map_err(|error| S3Failure::Malformed("MalformedPolicy", error.to_string()))?;
        }
        if !settings.cors.is_empty() {
            cors::check(&settings.cors)?;
        }
        let (buckets, name) = (self.access.buckets.clone(), name.to_owned());
        let created_at = self.clock.wall_ms(self.clock.now_ms());
        let stored = self.store.run(move |tx| {
            let created_at = buckets.get(&name).map_or(created_at, |bucket| bucket.created_at);
            buckets.put(tx, &name, Bucket { created_at, settings })
        });
        stored.await
    }
}

/// A bucket can be in the name of the host: `BUCKET.localhost`.
struct Localhost;

impl S3Host for Localhost {
    fn parse_host_header<'a>(&'a self, host: &'a str) -> s3s::S3Result<VirtualHost<'a>> {
        let name = host.split(':').next().unwrap_or_default();
        let all = VirtualHost::new(name);
        Ok(match name.strip_suffix(".localhost") {
            Some(bucket) => all.with_bucket(bucket),
            None => all,
        })
    }
}
