//! The one table of APIs (design D7). Dispatch, ApiVersions, the compatibility page and the golden tests derive from it.
//!
//! Deliberately absent: an API that is not in this table is not advertised and closes the connection, as in Kafka.

use super::context::{ConnectionInfo, RequestContext, finish_frame};
use super::handlers;
use super::output::Part;
use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::ApiVersionsResponse;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::protocol::{Decodable, Encodable};
use ottla_base::wire::WireError;
use ottla_protocol::header::RequestHeader;
use std::future::Future;
use std::pin::Pin;

/// Key of Produce.
pub const PRODUCE_KEY: i16 = 0;
/// Key of ApiVersions.
pub const API_VERSIONS_KEY: i16 = 18;

/// APIs that may wait for minutes for what others do: Fetch, JoinGroup, SyncGroup. While they do, nothing of theirs holds a
/// slice of the request's frame.
pub const WAITING_KEYS: [i16; 3] = [1, 11, 14];

/// How a request ends.
#[derive(Debug)]
pub enum Reply {
    /// A whole response frame, size included.
    Frame(Bytes),
    /// The same in pieces.
    Parts(Vec<Part>),
    /// No response (acks=0).
    Nothing,
    /// The connection is closed, with the reason for the debug log.
    Close(&'static str),
}

/// A request in progress. Whatever must happen in request order happens in its first poll.
pub type HandlerFuture = Pin<Box<dyn Future<Output = Reply> + Send>>;

/// One API: its versions and what handles it.
#[derive(Clone, Copy)]
pub struct Api {
    /// The API key.
    pub key: i16,
    /// Kafka's name.
    pub name: &'static str,
    /// Lowest version that is handled.
    pub min: i16,
    /// Highest version that is handled and advertised.
    pub max: i16,
    /// Lowest version that is advertised; differs from `min` for Produce only (KAFKA-18659).
    pub advertised_min: i16,
    /// Starts it.
    pub handle: fn(RequestContext, Bytes) -> HandlerFuture,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}) {}..={}", self.name, self.key, self.min, self.max)
    }
}

/// Every API that is implemented, by key.
pub static APIS: &[Api] = &[
    handlers::produce::API,
    handlers::fetch::API,
    handlers::list_offsets::API,
    handlers::metadata::API,
    handlers::offset_commit::API,
    handlers::offset_fetch::API,
    handlers::find_coordinator::API,
    handlers::join_group::API,
    handlers::heartbeat::API,
    handlers::leave_group::API,
    handlers::sync_group::API,
    handlers::describe_groups::API,
    handlers::list_groups::API,
    handlers::api_versions::API,
    handlers::create_topics::API,
    handlers::delete_topics::API,
    handlers::delete_records::API,
    handlers::init_producer_id::API,
    handlers::offset_for_leader_epoch::API,
    handlers::acls::DESCRIBE,
    handlers::acls::CREATE,
    handlers::acls::DELETE,
    handlers::describe_configs::API,
    handlers::create_partitions::API,
    handlers::delete_groups::API,
    handlers::incremental_alter_configs::API,
    handlers::list_partition_reassignments::API,
    handlers::describe_quorum::API,
    handlers::describe_cluster::API,
    handlers::describe_topic_partitions::API,
];

/// What dispatch makes of a header.
#[derive(Debug)]
pub enum Found {
    /// Handled by this API.
    Api(&'static Api),
    /// ApiVersions in a version that is not known: answered in version 0 (KIP-511).
    ApiVersionsFallback,
    /// The connection is closed, with Kafka's reason.
    Refused(String),
}

/// Finds the API of a request.
pub fn find(header: &RequestHeader, connection: &ConnectionInfo) -> Found {
    // The controllers' own APIs are not served to others yet.
    if connection.is_controller && header.api_key != API_VERSIONS_KEY {
        return Found::Refused(format!("Received request api key {} which is not enabled", header.api_key));
    }
    match APIS.binary_search_by_key(&header.api_key, |api| api.key).ok().map(|i| &APIS[i]) {
        Some(api) if (api.min..=api.max).contains(&header.api_version) => Found::Api(api),
        Some(api) if api.key == API_VERSIONS_KEY => Found::ApiVersionsFallback,
        Some(api) => Found::Refused(format!(
            "Received request for api with key {} ({}) and unsupported version {}",
            api.key, api.name, header.api_version
        )),
        None => Found::Refused(format!("Received request api key {} which is not enabled", header.api_key)),
    }
}

/// The answer to an ApiVersions request of an unknown version: version 0, error 35, ApiVersions' own range (KIP-511).
pub fn api_versions_fallback(header: &RequestHeader) -> Reply {
    let mut own = ApiVersion::default();
    own.api_key = API_VERSIONS_KEY;
    own.min_version = handlers::api_versions::API.min;
    own.max_version = handlers::api_versions::API.max;
    let mut response = ApiVersionsResponse::default();
    response.error_code = 35;
    response.api_keys = vec![own];
    let mut out = BytesMut::with_capacity(32);
    out.put_i32(0);
    out.put_i32(header.correlation_id);
    match response.encode(&mut out, 0).ok().and_then(|()| finish_frame(out)) {
        Some(frame) => Reply::Frame(frame),
        None => Reply::Close("response cannot be encoded"),
    }
}

/// Decodes a request with kafka-protocol, runs `handle`, encodes what it returns.
pub fn typed<Req, Resp, Fut>(
    context: RequestContext,
    mut body: Bytes,
    handle: fn(RequestContext, Req) -> Fut,
) -> HandlerFuture
where
    Req: Decodable + Send + 'static,
    Resp: Encodable + Send,
    Fut: Future<Output = Resp> + Send + 'static,
{
    let request = match Req::decode(&mut body, context.version()) {
        Ok(request) => request,
        Err(error) => {
            tracing::debug!(api = context.header.api_key, version = context.version(), %error, "request cannot be decoded");
            return Box::pin(std::future::ready(Reply::Close("request cannot be decoded")));
        }
    };
    Box::pin(async move {
        let response = handle(context.clone(), request).await;
        context.reply(&response)
    })
}

/// As [`typed`], for messages whose codecs are our own: kafka-protocol lacks their newest versions.
pub fn typed_generated<Req, Resp, Fut>(
    context: RequestContext,
    mut body: Bytes,
    decode: fn(&mut Bytes, i16) -> Result<Req, WireError>,
    handle: fn(RequestContext, Req) -> Fut,
    encode: fn(&Resp, &mut BytesMut, i16) -> Result<(), WireError>,
) -> HandlerFuture
where
    Req: Send + 'static,
    Resp: Send + 'static,
    Fut: Future<Output = Resp> + Send + 'static,
{
    let request = match decode(&mut body, context.version()) {
        Ok(request) => request,
        Err(error) => {
            tracing::debug!(api = context.header.api_key, version = context.version(), %error, "request cannot be decoded");
            return Box::pin(std::future::ready(Reply::Close("request cannot be decoded")));
        }
    };
    Box::pin(async move {
        let response = handle(context.clone(), request).await;
        context.reply_with(|out, version| encode(&response, out, version).map_err(|e| e.to_string()))
    })
}

/// docs/compatibility.md: every API of a Kafka 4.3.1 broker listener, and what of it is served here.
pub fn compatibility_page() -> String {
    use ottla_protocol::api::{APIS as KAFKA, Listener};
    use std::fmt::Write;
    let mut page = String::from(
        "# Compatibility\n\nGenerated from the registry of APIs (`src/broker/src/server/registry.rs`); a test keeps it so.\n\n\
         The versions of an API that is served are exactly those of Apache Kafka 4.3.1. An API that is not served is not\n\
         advertised, and a request for it closes the connection, as Kafka does with what it does not know.\n\n\
         | key | API | Kafka 4.3.1 | Ottla |\n|---|---|---|---|\n",
    );
    for kafka in KAFKA.iter().filter(|api| api.is_on(Listener::Broker)) {
        let served = match APIS.iter().find(|api| api.key == kafka.key) {
            Some(api) if api.advertised_min != api.min => {
                format!("{}–{} (advertised from {})", api.min, api.max, api.advertised_min)
            }
            Some(api) => format!("{}–{}", api.min, api.max),
            None => "–".to_owned(),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            page,
            "| {} | {} | {}–{} | {served} |",
            kafka.key, kafka.name, kafka.min_version, kafka.max_version
        );
    }
    page.push_str(
        "\nNotes\n\n\
         - Produce 0–2 are advertised because librdkafka tells the message format by them; using them closes the connection.\n\
         - DescribeAcls, CreateAcls and DeleteAcls answer SECURITY_DISABLED: there is no authorizer.\n\
         - FindCoordinator for transactions, and InitProducerId with a transactional id, answer\n  \
           TRANSACTIONAL_ID_AUTHORIZATION_FAILED: clients take it as final. FindCoordinator for share groups answers\n  \
           UNSUPPORTED_VERSION.\n\
         - IncrementalAlterConfigs changes topics only.\n\n\
         Declared differences\n\n\
         - Where Kafka answers with a retriable error only because its own work is not finished (a topic that is being\n  \
           auto-created, the offsets topic that is being made, a coordinator that is being loaded), Ottla waits, for at most two\n  \
           seconds, and answers the result.\n\
         - Records of a batch may take at most 512 MiB when decompressed; above that a batch is MESSAGE_TOO_LARGE.\n\
         - At most 10,000 refused records are named in one Produce response; the message counts all.\n\
         - `queued.max.request.bytes` is 256 MiB unless set.\n",
    );
    page
}

/// The table is searched by key, so its order matters.
pub fn assert_sorted() {
    assert!(APIS.is_sorted_by_key(|api| api.key), "the registry must be sorted by API key");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `OTTLA_REGENERATE=1 cargo test -p ottla-broker compatibility` writes the page anew.
    #[test]
    fn the_compatibility_page_is_what_the_registry_says() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/compatibility.md");
        if std::env::var_os("OTTLA_REGENERATE").is_some() {
            std::fs::write(&path, compatibility_page()).unwrap();
        }
        assert!(
            std::fs::read_to_string(&path).unwrap() == compatibility_page(),
            "docs/compatibility.md is out of date"
        );
    }

    #[test]
    fn the_table_is_sorted_and_its_ranges_are_kafkas() {
        assert_sorted();
        for api in APIS {
            let kafka = ottla_protocol::api::Api::of(api.key).expect(api.name);
            assert_eq!((api.name, api.min, api.max), (kafka.name, kafka.min_version, kafka.max_version));
        }
    }
}
