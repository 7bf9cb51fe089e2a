//! What is known of each API from its schema: name, stable versions, header form, listeners.
//!
//! The facts are in [`crate::generated::table`]; which versions are *served* is for the broker's registry to say.

pub use crate::generated::table::APIS;

/// `ApiVersionsRequest`'s key. Its response header never has tagged fields, so that any client can read it (KIP-511).
pub const API_VERSIONS: i16 = 18;

/// Where Apache Kafka serves an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    /// Listeners of brokers.
    Broker,
    /// Listeners of controllers.
    Controller,
}

/// One API.
#[derive(Debug)]
pub struct Api {
    /// `api_key`.
    pub key: i16,
    /// Name without "Request".
    pub name: &'static str,
    /// Lowest version.
    pub min_version: i16,
    /// Highest version that is stable.
    pub max_version: i16,
    /// The first version with compact encodings and tagged fields (KIP-482), in request and response.
    pub flexible_from: Option<i16>,
    /// Where it is served.
    pub listeners: &'static [Listener],
    /// Index of the request in the table of shapes.
    pub(crate) root: usize,
}

impl Api {
    /// The API with this key. `None` for keys that Kafka 4.3.1 does not know, or has no versions of any more.
    pub fn of(key: i16) -> Option<&'static Api> {
        APIS.binary_search_by_key(&key, |api| api.key).ok().map(|i| &APIS[i])
    }

    /// Whether there is such a version.
    pub fn has_version(&self, version: i16) -> bool {
        (self.min_version..=self.max_version).contains(&version)
    }

    /// Whether `version`, known or not, uses compact encodings.
    pub fn is_flexible(&self, version: i16) -> bool {
        self.flexible_from.is_some_and(|from| version >= from)
    }

    /// Version of the request header: 2 has tagged fields, 1 has none.
    pub fn request_header_version(&self, version: i16) -> i16 {
        if self.is_flexible(version) { 2 } else { 1 }
    }

    /// Version of the response header: 1 has tagged fields, 0 has none.
    pub fn response_header_version(&self, version: i16) -> i16 {
        i16::from(self.is_flexible(version) && self.key != API_VERSIONS)
    }

    /// Whether Apache Kafka serves it on such a listener.
    pub fn is_on(&self, listener: Listener) -> bool {
        self.listeners.contains(&listener)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apis_are_found_by_key() {
        assert!(APIS.is_sorted_by_key(|api| api.key));
        let fetch = Api::of(1).unwrap();
        assert_eq!((fetch.name, fetch.min_version, fetch.max_version, fetch.flexible_from), ("Fetch", 4, 18, Some(12)));
        assert!(fetch.is_on(Listener::Broker) && fetch.is_on(Listener::Controller));
        assert!(Api::of(4).is_none() && Api::of(-1).is_none() && Api::of(i16::MAX).is_none());
    }

    #[test]
    fn unstable_versions_do_not_count() {
        assert_eq!(Api::of(22).unwrap().max_version, 5);
    }

    #[test]
    fn headers_follow_flexibility_except_for_api_versions() {
        let api = Api::of(API_VERSIONS).unwrap();
        assert_eq!((api.request_header_version(3), api.response_header_version(3)), (2, 0));
        assert_eq!((api.request_header_version(99), api.request_header_version(0)), (2, 1));
        let handshake = Api::of(17).unwrap();
        assert_eq!((handshake.request_header_version(1), handshake.response_header_version(1)), (1, 0));
        assert_eq!(Api::of(3).unwrap().response_header_version(9), 1);
    }
}
