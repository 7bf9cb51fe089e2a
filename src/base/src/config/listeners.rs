//! Listeners: the URIs of `listeners` and `advertised.listeners`, the protocol map, and the rules about ports and names
//! (`SocketServerConfigs.listenerListToEndPoints`, `AbstractKafkaConfig.validate`).

use super::value::ConfigError;
use regex::Regex;
use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

/// How bytes travel on a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SecurityProtocol {
    Plaintext,
    Ssl,
    SaslPlaintext,
    SaslSsl,
}

impl SecurityProtocol {
    /// Code in registration records and requests.
    pub const fn id(self) -> i16 {
        match self {
            SecurityProtocol::Plaintext => 0,
            SecurityProtocol::Ssl => 1,
            SecurityProtocol::SaslPlaintext => 2,
            SecurityProtocol::SaslSsl => 3,
        }
    }

    /// Kafka's name.
    pub const fn name(self) -> &'static str {
        match self {
            SecurityProtocol::Plaintext => "PLAINTEXT",
            SecurityProtocol::Ssl => "SSL",
            SecurityProtocol::SaslPlaintext => "SASL_PLAINTEXT",
            SecurityProtocol::SaslSsl => "SASL_SSL",
        }
    }

    /// `SecurityProtocol.forName`, in any case.
    pub fn for_name(name: &str) -> Option<SecurityProtocol> {
        use SecurityProtocol::*;
        [Plaintext, Ssl, SaslPlaintext, SaslSsl].into_iter().find(|p| p.name() == name.to_uppercase())
    }
}

impl fmt::Display for SecurityProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One listener, bound or advertised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Upper-case, as Kafka normalises it.
    pub listener: String,
    pub protocol: SecurityProtocol,
    /// `None`: every interface (bound), or this machine's own name (advertised).
    pub host: Option<String>,
    /// 0: the system chooses.
    pub port: u16,
}

/// Names of listeners to their protocols.
pub type ProtocolMap = BTreeMap<String, SecurityProtocol>;

/// Java's way to print a list.
pub(crate) fn java_list(items: &[String]) -> String {
    format!("[{}]", items.join(", "))
}

/// Whether two listeners may share a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ports {
    /// Bound listeners: no, unless one is an IPv4 and the other an IPv6 address.
    Distinct,
    /// Advertised listeners: yes.
    Any,
}

/// Parses a list of listener URIs.
pub fn parse_listeners(uris: &[String], protocols: &ProtocolMap, ports: Ports) -> Result<Vec<Endpoint>, ConfigError> {
    let parsed: Result<Vec<Endpoint>, String> = uris.iter().map(|uri| parse_listener(uri, protocols)).collect();
    parsed
        .and_then(|endpoints| check(&endpoints, uris, ports).map(|()| endpoints))
        .map_err(|reason| ConfigError(format!("Error creating broker listeners from '{}': {reason}", java_list(uris))))
}

fn parse_listener(uri: &str, protocols: &ProtocolMap) -> Result<Endpoint, String> {
    static URI: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^(.*)://\[?([0-9a-zA-Z\-%._:]*)\]?:(-?[0-9]+)$").ok());
    let captures = URI
        .as_ref()
        .and_then(|re| re.captures(uri))
        .ok_or_else(|| format!("Unable to parse {uri} to a broker endpoint"))?;
    let listener = captures[1].to_uppercase();
    let host = Some(captures[2].to_owned()).filter(|host| !host.is_empty());
    let protocol =
        *protocols.get(&listener).ok_or_else(|| format!("No security protocol defined for listener {listener}"))?;
    // Kafka takes any integer here and fails when it binds; one answer at the start is better.
    let port = captures[3].parse().map_err(|_| format!("port out of range: {}", &captures[3]))?;
    Ok(Endpoint { listener, protocol, host, port })
}

fn check(endpoints: &[Endpoint], uris: &[String], ports: Ports) -> Result<(), String> {
    let uris = java_list(uris);
    for (i, endpoint) in endpoints.iter().enumerate() {
        if endpoints[..i].iter().any(|other| other.listener == endpoint.listener) {
            return Err(format!("Each listener must have a different name, listeners: {uris}"));
        }
    }
    if ports == Ports::Any {
        return Ok(());
    }
    let mut by_port: BTreeMap<u16, Vec<&Endpoint>> = BTreeMap::new();
    for endpoint in endpoints.iter().filter(|e| e.port != 0) {
        by_port.entry(endpoint.port).or_default().push(endpoint);
    }
    for (port, sharing) in by_port.into_iter().filter(|(_, sharing)| sharing.len() > 1) {
        let v4 = sharing.iter().filter(|e| is_ip::<Ipv4Addr>(e)).count();
        let v6 = sharing.iter().filter(|e| is_ip::<Ipv6Addr>(e)).count();
        let named = sharing.len() - v4 - v6;
        if named > 1 {
            return Err(format!("Each listener must have a different port, listeners: {uris}"));
        }
        if v4 + v6 == 2 && (v4 != 1 || named > 0) {
            return Err(format!(
                "If you have two listeners on the same port then one needs to be IPv4 and the other IPv6, listeners: \
                 {uris}, port: {port}"
            ));
        }
        if v4 + v6 != 2 && v4 + v6 > 0 {
            return Err(format!(
                "Each listener must have a different port unless exactly one listener has an IPv4 address and the other \
                 IPv6 address, listeners: {uris}, port: {port}"
            ));
        }
    }
    Ok(())
}

fn is_ip<A: std::str::FromStr>(endpoint: &Endpoint) -> bool {
    endpoint.host.as_ref().is_some_and(|host| host.parse::<A>().is_ok())
}

/// `Csv.parseCsvMap`: `name:value` pairs between commas.
pub(crate) fn parse_csv_map(key: &str, text: &str) -> Result<Vec<(String, String)>, ConfigError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    super::value::split_list(text)
        .into_iter()
        .map(|pair| match pair.rsplit_once(':') {
            Some((name, value)) => Ok((name.trim().to_owned(), value.trim().to_owned())),
            None => Err(ConfigError(format!(
                "Error parsing configuration property '{key}': {pair} is not of the form name:value"
            ))),
        })
        .collect()
}
