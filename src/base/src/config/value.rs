//! Values: parsing and validation exactly as `ConfigDef.parseType` and its validators do, with Kafka's error texts,
//! because clients see them (INVALID_CONFIG).
//!
//! The texts are held against Kafka's by `tests/golden/config-validation.tsv`.
//! Deliberately different: a class name is checked for its form only, since no Java class can be loaded.

use super::def::{ConfigDef, Default, Number, Type, Validator};
use regex::Regex;
use std::fmt;
use std::sync::LazyLock;

/// Why a value is refused; the text is Kafka's `ConfigException`'s.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

impl ConfigError {
    /// `new ConfigException(name, value, message)`.
    pub(crate) fn invalid(name: &str, value: impl fmt::Display, message: impl fmt::Display) -> ConfigError {
        ConfigError(format!("Invalid value {value} for configuration {name}: {message}"))
    }
}

/// A parsed value. Null is the `None` of an `Option<Value>`.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Boolean(bool),
    String(String),
    Int(i32),
    Short(i16),
    Long(i64),
    Double(f64),
    List(Vec<String>),
    Class(String),
    Password(String),
}

impl Value {
    /// `ConfigDef.convertToString`, the form of DescribeConfigs. A password's real text: for internal use.
    pub fn to_text(&self) -> String {
        match self {
            Value::Boolean(v) => v.to_string(),
            Value::String(v) | Value::Class(v) | Value::Password(v) => v.clone(),
            Value::Int(v) => v.to_string(),
            Value::Short(v) => v.to_string(),
            Value::Long(v) => v.to_string(),
            Value::Double(v) => java_double(*v),
            Value::List(v) => v.join(","),
        }
    }

    /// As an integer of any width.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Int(v) => Some((*v).into()),
            Value::Short(v) => Some((*v).into()),
            Value::Long(v) => Some(*v),
            _ => None,
        }
    }
}

/// Java's `toString` of the object, as error texts print it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::List(v) => write!(f, "[{}]", v.join(", ")),
            Value::Class(v) => write!(f, "class {v}"),
            Value::Password(_) => f.write_str("[hidden]"),
            other => f.write_str(&other.to_text()),
        }
    }
}

/// Parses and validates what was set for `def` (`ConfigDef.parseValue`): `None` when it was not set, `Some(None)` when it was
/// set to null.
pub fn parse_value(def: &ConfigDef, set: Option<Option<&str>>) -> Result<Option<Value>, ConfigError> {
    let mut parsed = match (set, def.default) {
        (Some(text), _) => parse_type(def.name, text, def.ty)?,
        (None, Default::Text(text)) => parse_type(def.name, Some(text), def.ty)?,
        (None, Default::Null) => None,
        (None, Default::Required) => {
            return Err(ConfigError(format!(
                "Missing required configuration \"{}\" which has no default value.",
                def.name
            )));
        }
    };
    if let (Validator::List { .. }, Some(Value::List(values))) = (&def.validator, &mut parsed) {
        let mut distinct: Vec<String> = Vec::with_capacity(values.len());
        for value in values.drain(..) {
            if !distinct.contains(&value) {
                distinct.push(value);
            }
        }
        *values = distinct;
    }
    validate(def.name, &def.validator, parsed.as_ref())?;
    Ok(parsed)
}

/// `ConfigDef.parseType` of a string.
pub fn parse_type(name: &str, text: Option<&str>, ty: Type) -> Result<Option<Value>, ConfigError> {
    let Some(text) = text else { return Ok(None) };
    let trimmed = java_trim(text);
    let not_a_number = || ConfigError::invalid(name, text, format_args!("Not a number of type {}", ty.kafka_name()));
    let value = match ty {
        Type::Boolean if trimmed.eq_ignore_ascii_case("true") => Value::Boolean(true),
        Type::Boolean if trimmed.eq_ignore_ascii_case("false") => Value::Boolean(false),
        Type::Boolean => {
            return Err(ConfigError::invalid(name, text, "Expected value to be either true or false"));
        }
        Type::Password => Value::Password(trimmed.to_owned()),
        Type::String => Value::String(trimmed.to_owned()),
        Type::Int => Value::Int(trimmed.parse().map_err(|_| not_a_number())?),
        Type::Short => Value::Short(trimmed.parse().map_err(|_| not_a_number())?),
        Type::Long => Value::Long(trimmed.parse().map_err(|_| not_a_number())?),
        Type::Double => Value::Double(parse_java_double(trimmed).ok_or_else(not_a_number)?),
        Type::List => Value::List(split_list(trimmed)),
        Type::Class if is_class_name(trimmed) => Value::Class(trimmed.to_owned()),
        Type::Class => {
            return Err(ConfigError::invalid(name, text, format_args!("Class {text} could not be found.")));
        }
    };
    Ok(Some(value))
}

/// A validator's `ensureValid`.
pub fn validate(name: &str, validator: &Validator, value: Option<&Value>) -> Result<(), ConfigError> {
    match validator {
        Validator::Any => Ok(()),
        Validator::Range { min, max } => validate_range(name, value, *min, *max),
        Validator::OneOf(valid) => match value {
            Some(Value::String(s)) if valid.contains(&s.as_str()) => Ok(()),
            other => Err(ConfigError::invalid(
                name,
                or_null(other),
                format_args!("String must be one of: {}", valid.join(", ")),
            )),
        },
        Validator::OneOfIgnoreCase(valid) => match value {
            Some(Value::String(s)) if valid.contains(&s.to_uppercase().as_str()) => Ok(()),
            other => Err(ConfigError::invalid(
                name,
                or_null(other),
                format_args!("String must be one of (case insensitive): {}", valid.join(", ")),
            )),
        },
        Validator::List { valid, empty_allowed, null_allowed } => {
            validate_list(name, value, valid, *empty_allowed, *null_allowed)
        }
        Validator::ListSize(max) => match value {
            Some(Value::List(values)) if values.len() > *max => {
                Err(ConfigError::invalid(name, or_null(value), format_args!("exceeds maximum list size of [{max}].")))
            }
            _ => Ok(()),
        },
        Validator::NonNull => match value {
            Some(_) => Ok(()),
            None => Err(ConfigError::invalid(name, "null", "entry must be non null")),
        },
        Validator::NonEmptyString => match value {
            Some(Value::String(s)) if s.is_empty() => Err(ConfigError::invalid(name, s, "String must be non-empty")),
            _ => Ok(()),
        },
        Validator::GzipLevel => match value.and_then(Value::as_i64) {
            None => Err(ConfigError::invalid(name, "null", "Value must be non-null")),
            Some(-1 | 1..=9) => Ok(()),
            Some(level) => Err(ConfigError::invalid(name, level, "Value must be between 1 and 9 or equal to -1")),
        },
        Validator::ThrottledReplicas => validate_throttled_replicas(name, value),
        Validator::QuorumVoters => parse_voters(list_or_null(name, value)?).map(|_| ()),
        Validator::QuorumBootstrapServers => parse_bootstrap_servers(list_or_null(name, value)?).map(|_| ()),
        Validator::ShareAutoOffsetReset => validate_share_auto_offset_reset(name, value),
    }
}

fn or_null(value: Option<&Value>) -> String {
    value.map_or_else(|| "null".to_owned(), Value::to_string)
}

fn list_or_null<'a>(name: &str, value: Option<&'a Value>) -> Result<&'a [String], ConfigError> {
    match value {
        Some(Value::List(list)) => Ok(list),
        other => Err(ConfigError(format!("Invalid value {} for configuration {name}", or_null(other)))),
    }
}

fn validate_range(
    name: &str,
    value: Option<&Value>,
    min: Option<Number>,
    max: Option<Number>,
) -> Result<(), ConfigError> {
    // Kafka compares as doubles, whatever the types.
    let number = match value {
        Some(Value::Double(v)) => *v,
        Some(other) => other.as_i64().unwrap_or_default() as f64,
        None => return Err(ConfigError::invalid(name, "null", "Value must be non-null")),
    };
    let as_double = |bound: Number| match bound {
        Number::Int(v) => v as f64,
        Number::Double(v) => v,
    };
    let shown = |bound: Number| match bound {
        Number::Int(v) => v.to_string(),
        Number::Double(v) => java_double(v),
    };
    if let Some(min) = min
        && number < as_double(min)
    {
        return Err(ConfigError::invalid(name, or_null(value), format_args!("Value must be at least {}", shown(min))));
    }
    if let Some(max) = max
        && number > as_double(max)
    {
        return Err(ConfigError::invalid(
            name,
            or_null(value),
            format_args!("Value must be no more than {}", shown(max)),
        ));
    }
    Ok(())
}

fn validate_list(
    name: &str,
    value: Option<&Value>,
    valid: &[&str],
    empty_allowed: bool,
    null_allowed: bool,
) -> Result<(), ConfigError> {
    let Some(Value::List(values)) = value else {
        return if null_allowed {
            Ok(())
        } else {
            Err(ConfigError(format!("Configuration '{name}' values must not be null.")))
        };
    };
    if !empty_allowed && values.is_empty() {
        let allowed =
            if valid.is_empty() { "any non-empty value".to_owned() } else { format!("[{}]", valid.join(", ")) };
        return Err(ConfigError(format!("Configuration '{name}' must not be empty. Valid values include: {allowed}")));
    }
    for value in values {
        if value.is_empty() {
            return Err(ConfigError(format!("Configuration '{name}' values must not be empty.")));
        }
        if !valid.is_empty() && !valid.contains(&value.as_str()) {
            return Err(ConfigError::invalid(name, value, format_args!("String must be one of: {}", valid.join(", "))));
        }
    }
    Ok(())
}

fn validate_throttled_replicas(name: &str, value: Option<&Value>) -> Result<(), ConfigError> {
    let replica = |s: &str| {
        s.is_empty()
            || s.split_once(':').is_some_and(|(partition, broker)| {
                [partition, broker].iter().all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
            })
    };
    let proposed = list_or_null(name, value)?;
    let all_pairs = proposed.iter().all(|s| replica(java_trim(s)));
    let joined: String = proposed.iter().map(|s| java_trim(s)).collect();
    if all_pairs || joined == "*" {
        return Ok(());
    }
    Err(ConfigError::invalid(
        name,
        or_null(value),
        format_args!(
            "{name} must be the literal '*' or a list of replicas in the following format: \
             [partitionId]:[brokerId],[partitionId]:[brokerId],..."
        ),
    ))
}

fn validate_share_auto_offset_reset(name: &str, value: Option<&Value>) -> Result<(), ConfigError> {
    let text = or_null(value);
    let valid = match text.strip_prefix("by_duration:") {
        Some(duration) => is_iso_duration(duration),
        None => text == "earliest" || text == "latest",
    };
    if valid {
        return Ok(());
    }
    Err(ConfigError::invalid(
        name,
        &text,
        format_args!(
            "Invalid value `{text}` for configuration {name}. The value must be either 'earliest', 'latest' or of the \
             format 'by_duration:<PnDTnHnMn.nS>'."
        ),
    ))
}

/// Whether `java.time.Duration.parse` takes it and the result is not negative.
fn is_iso_duration(text: &str) -> bool {
    static DURATION: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"(?i)^([-+]?)P(?:([-+]?[0-9]+)D)?(T(?:([-+]?[0-9]+)H)?(?:([-+]?[0-9]+)M)?(?:([-+]?[0-9]+)(?:[.,]([0-9]{0,9}))?S)?)?$",
        )
        .ok()
    });
    let Some(captures) = DURATION.as_ref().and_then(|re| re.captures(text)) else {
        return false;
    };
    let part = |i: usize| captures.get(i).map(|m| m.as_str());
    if part(3).is_some_and(|time| time.eq_ignore_ascii_case("t")) || [2, 4, 5, 6].iter().all(|&i| part(i).is_none()) {
        return false;
    }
    let mut nanos: i128 = 0;
    for (i, seconds) in [(2, 86_400), (4, 3_600), (5, 60), (6, 1)] {
        let Some(amount) = part(i) else { continue };
        let Ok(amount) = amount.parse::<i64>() else {
            return false;
        };
        nanos += i128::from(amount) * seconds * 1_000_000_000;
    }
    if let Some(fraction) = part(7).filter(|f| !f.is_empty()) {
        let digits: i128 = format!("{fraction:0<9}").parse().unwrap_or_default();
        nanos += if part(6).is_some_and(|s| s.starts_with('-')) { -digits } else { digits };
    }
    (if part(1) == Some("-") { -nanos } else { nanos }) >= 0
}

/// One entry of `controller.quorum.voters`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voter {
    pub node_id: i32,
    pub host: String,
    pub port: u16,
}

/// `QuorumConfig.parseVoterConnections`, without its check for routable addresses. A later entry of the same id wins.
pub fn parse_voters(entries: &[String]) -> Result<Vec<Voter>, ConfigError> {
    let mut voters: Vec<Voter> = Vec::new();
    for entry in entries {
        const FORM: &str = "Each entry should be in the form `{id}@{host}:{port}`.";
        // Java's split drops empty strings at the end: "1@" has one part, "@x" has two.
        let mut parts: Vec<&str> = entry.split('@').collect();
        while parts.len() > 1 && parts.last().is_some_and(|p| p.is_empty()) {
            parts.pop();
        }
        let [id, address] = parts[..] else {
            return Err(ConfigError(format!("Invalid configuration value for controller.quorum.voters. {FORM}")));
        };
        let node_id =
            id.parse().map_err(|_| ConfigError(format!("Failed to parse voter ID as an integer from {id}")))?;
        let Some((host, port)) = parse_host_port(address) else {
            return Err(ConfigError(format!(
                "Failed to parse host name from entry {entry} for the configuration controller.quorum.voters. {FORM}"
            )));
        };
        let port = port?;
        voters.retain(|v| v.node_id != node_id);
        voters.push(Voter { node_id, host, port });
    }
    Ok(voters)
}

/// `QuorumConfig.parseBootstrapServers`.
pub fn parse_bootstrap_servers(entries: &[String]) -> Result<Vec<(String, u16)>, ConfigError> {
    let parse = |entry: &String| {
        let (host, port) = parse_host_port(entry).ok_or_else(|| {
            ConfigError(format!(
                "Failed to parse host name from {entry} for the configuration controller.quorum.bootstrap.servers. Each \
                 entry should be in the form \"{{host}}:{{port}}\""
            ))
        })?;
        Ok((host, port?))
    };
    entries.iter().map(parse).collect()
}

/// `Utils.getHost` and `getPort`. `None` when the form is wrong; the inner error when the port is out of range (Kafka's own
/// `InetSocketAddress` text).
fn parse_host_port(address: &str) -> Option<(String, Result<u16, ConfigError>)> {
    static HOST_PORT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^(?:[0-9a-zA-Z\-%._]*://)?\[?([0-9a-zA-Z\-%._:]*)\]?:([0-9]+)$").ok());
    let captures = HOST_PORT.as_ref()?.captures(address)?;
    let port = match captures[2].parse::<i32>() {
        Ok(port) => u16::try_from(port).map_err(|_| ConfigError(format!("port out of range:{port}"))),
        Err(_) => Err(ConfigError(format!("For input string: \"{}\"", &captures[2]))),
    };
    Some((captures[1].to_owned(), port))
}

/// `String.trim`: everything up to U+0020 at both ends.
pub fn java_trim(text: &str) -> &str {
    text.trim_matches(|c| c <= ' ')
}

/// A list's text, split as Kafka does: at commas, with the white space around them dropped. An empty text is an empty list.
pub fn split_list(trimmed: &str) -> Vec<String> {
    if trimmed.is_empty() {
        return Vec::new();
    }
    let space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\x0b' | '\x0c' | '\r');
    trimmed.split(',').map(|part| part.trim_matches(space).to_owned()).collect()
}

/// The form of a binary class name.
fn is_class_name(text: &str) -> bool {
    text.split('.').all(|part| {
        let mut chars = part.chars();
        chars.next().is_some_and(|c| c.is_alphabetic() || c == '_' || c == '$')
            && chars.all(|c| c.is_alphanumeric() || c == '_' || c == '$')
    })
}

/// `Double.parseDouble` of trimmed text, without hexadecimal forms.
fn parse_java_double(text: &str) -> Option<f64> {
    let digits = text.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(text);
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    match unsigned {
        "NaN" => return Some(f64::NAN),
        "Infinity" => {
            return Some(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY });
        }
        _ => {}
    }
    // Rust also reads "inf", "nan" and "infinity" in any case; Java does not.
    if !digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-')) {
        return None;
    }
    digits.parse().ok()
}

/// `Double.toString`.
pub fn java_double(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-3..1e7).contains(&magnitude) {
        let text = value.to_string();
        return if text.contains('.') { text } else { format!("{text}.0") };
    }
    let text = format!("{value:E}");
    match text.split_once('E') {
        Some((mantissa, exponent)) if !mantissa.contains('.') => format!("{mantissa}.0E{exponent}"),
        _ => text,
    }
}
