//! The parsed values of every key of one scope (`AbstractConfig.values`), with typed getters.
//!
//! A getter asked for a key of another name or type is a mistake in this program, not in a configuration, and panics; every
//! getter's key is a literal and is reached by the tests that build a node's configuration.

use super::def::{self, ConfigDef, Scope};
use super::value::{ConfigError, Value, parse_value};
use std::collections::BTreeMap;

/// A value for each key of a scope.
#[derive(Clone, Debug, PartialEq)]
pub struct Values {
    map: BTreeMap<&'static str, Option<Value>>,
}

impl Values {
    /// `ConfigDef.parse`: each key from `set` or its default. Stops at the first bad value, in order of the names.
    pub fn parse<'a>(scope: Scope, set: impl Fn(&str) -> Option<&'a str>) -> Result<Values, ConfigError> {
        Values::parse_with(scope, set, &[], |_, error| error)
    }

    /// [`Values::parse`], with a hook that may add to an error, and with keys that need not be set though Kafka requires them.
    pub(crate) fn parse_with<'a, E>(
        scope: Scope,
        set: impl Fn(&str) -> Option<&'a str>,
        optional: &[&str],
        refuse: impl Fn(&'static ConfigDef, ConfigError) -> E,
    ) -> Result<Values, E> {
        let mut map = BTreeMap::new();
        for def in def::table(scope) {
            let text = set(def.name);
            let value = if text.is_none() && optional.contains(&def.name) {
                None
            } else {
                parse_value(def, text.map(Some)).map_err(|error| refuse(def, error))?
            };
            map.insert(def.name, value);
        }
        Ok(Values { map })
    }

    /// The value of a key; `None` when it is null or there is no such key.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.map.get(name).and_then(Option::as_ref)
    }

    /// All keys in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Option<&Value>)> {
        self.map.iter().map(|(name, value)| (*name, value.as_ref()))
    }

    /// Any integer key that is not null.
    pub fn long(&self, name: &str) -> i64 {
        self.opt_long(name).unwrap_or_else(|| missing(name))
    }

    /// Any integer key that may be null.
    pub fn opt_long(&self, name: &str) -> Option<i64> {
        self.get(name).map(|value| value.as_i64().unwrap_or_else(|| missing(name)))
    }

    /// An INT key that is not null.
    pub fn int(&self, name: &str) -> i32 {
        match self.get(name) {
            Some(Value::Int(v)) => *v,
            _ => missing(name),
        }
    }

    /// An INT key that may be null.
    pub fn opt_int(&self, name: &str) -> Option<i32> {
        self.get(name).map(|_| self.int(name))
    }

    /// A SHORT key.
    pub fn short(&self, name: &str) -> i16 {
        match self.get(name) {
            Some(Value::Short(v)) => *v,
            _ => missing(name),
        }
    }

    pub fn double(&self, name: &str) -> f64 {
        match self.get(name) {
            Some(Value::Double(v)) => *v,
            _ => missing(name),
        }
    }

    pub fn boolean(&self, name: &str) -> bool {
        match self.get(name) {
            Some(Value::Boolean(v)) => *v,
            _ => missing(name),
        }
    }

    /// A STRING key; empty when it is null.
    pub fn string(&self, name: &str) -> &str {
        self.opt_string(name).unwrap_or_default()
    }

    /// A STRING key that may be null.
    pub fn opt_string(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Value::String(v)) => Some(v),
            None => None,
            Some(_) => missing(name),
        }
    }

    /// A LIST key; empty when it is null.
    pub fn list(&self, name: &str) -> &[String] {
        self.opt_list(name).unwrap_or_default()
    }

    /// A LIST key that may be null.
    pub fn opt_list(&self, name: &str) -> Option<&[String]> {
        match self.get(name) {
            Some(Value::List(v)) => Some(v),
            None => None,
            Some(_) => missing(name),
        }
    }
}

fn missing<T>(name: &str) -> T {
    panic!("{name} is not a key of this scope and type")
}
