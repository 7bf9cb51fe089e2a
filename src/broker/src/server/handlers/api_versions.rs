//! ApiVersions (key 18), versions 0–4.
//!
//! Behaviour
//! - Lists the registry. Features are those that the image holds (finalized) and the binary implements (supported).
//! - A version above 4 is answered in version 0 with error 35 and this API's own range (KIP-511; see the registry).
//! - Version 3+: a client software name or version that does not match Kafka's pattern is INVALID_REQUEST.
//! Versions
//! - 3: flexible body (the response header never is), features. 4: supported features whose minimum is 0 are listed;
//!   older clients refuse such ranges, so they are dropped for versions 0–3.

use super::{text, typed_api};
use crate::server::context::RequestContext;
use crate::server::registry;
use kafka_protocol::messages::api_versions_response::{ApiVersion, FinalizedFeatureKey, SupportedFeatureKey};
use kafka_protocol::messages::{ApiVersionsRequest, ApiVersionsResponse};
use ottla_core::metadata::features::{FEATURES, KRAFT_VERSION, KRAFT_VERSION_RANGE};

typed_api!("ApiVersions", 18, 0..=4, ApiVersionsRequest, handle);

async fn handle(context: RequestContext, request: ApiVersionsRequest) -> ApiVersionsResponse {
    let version = context.version();
    let mut response = ApiVersionsResponse::default();
    if version >= 3 {
        let name = request.client_software_name.as_str();
        let software_version = request.client_software_version.as_str();
        if !is_valid_software(name) || !is_valid_software(software_version) {
            response.error_code = 42;
            return response;
        }
        // The first one counts; a client has no reason to change.
        let _ = context.connection.software.set((name.to_owned(), software_version.to_owned()));
    }
    response.api_keys = registry::APIS
        .iter()
        .filter(|api| !context.connection.is_controller || api.key == API.key)
        .map(|api| {
            let mut entry = ApiVersion::default();
            entry.api_key = api.key;
            entry.min_version = api.advertised_min;
            entry.max_version = api.max;
            entry
        })
        .collect();
    if version >= 3 {
        let node = context.node();
        let image = node.metadata.image();
        let ranges = FEATURES.iter().map(|f| (f.name, f.min, f.max)).chain([(
            KRAFT_VERSION,
            KRAFT_VERSION_RANGE.0,
            KRAFT_VERSION_RANGE.1,
        )]);
        response.supported_features = ranges
            .filter(|(_, min, _)| version >= 4 || *min > 0)
            .map(|(name, min, max)| {
                let mut key = SupportedFeatureKey::default();
                key.name = text(name);
                key.min_version = min;
                key.max_version = max;
                key
            })
            .collect();
        response.finalized_features_epoch = image.last_offset();
        response.finalized_features = image
            .finalized_features()
            .chain(Some((KRAFT_VERSION, node.metadata.kraft_version())))
            .filter(|(_, level)| *level > 0)
            .map(|(name, level)| {
                let mut key = FinalizedFeatureKey::default();
                key.name = text(name);
                key.max_version_level = level;
                key.min_version_level = level;
                key
            })
            .collect();
    }
    response
}

/// `[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?`
fn is_valid_software(text: &str) -> bool {
    let bytes = text.as_bytes();
    let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::is_valid_software;

    #[test]
    fn software_names_follow_kafkas_pattern() {
        for good in ["a", "apache-kafka-java", "3.1.0", "A.b-c"] {
            assert!(is_valid_software(good), "{good}");
        }
        for bad in ["", "-a", "a-", "a b", "a_b", "ä"] {
            assert!(!is_valid_software(bad), "{bad}");
        }
    }
}
