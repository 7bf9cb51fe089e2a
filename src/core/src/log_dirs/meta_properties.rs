//! `meta.properties` of each log directory: which cluster and node it belongs to, and its own id. Texts of refusals are
//! Kafka's (`MetaPropertiesEnsemble`, `KafkaRaftServer.initializeLogDirs`).

use ottla_base::ids::{CLUSTER_METADATA_TOPIC, Uuid, random_uuid, uuid_from_text, uuid_to_text};
use ottla_base::rng::Rng;
use ottla_base::storage::Storage;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The file's name.
pub const META_PROPERTIES: &str = "meta.properties";

/// Directory ids below this are reserved.
const RESERVED_IDS: u128 = 100;

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetaProperties {
    /// 0 (of ZooKeeper's time) or 1.
    pub version: u8,
    /// `cluster.id`.
    pub cluster_id: Option<String>,
    /// `node.id` (in version 0 `broker.id`).
    pub node_id: Option<i32>,
    /// `directory.id`.
    pub directory_id: Option<Uuid>,
}

impl MetaProperties {
    /// Version 1.
    pub fn new(cluster_id: &str, node_id: i32, directory_id: Uuid) -> MetaProperties {
        MetaProperties {
            version: 1,
            cluster_id: Some(cluster_id.to_owned()),
            node_id: Some(node_id),
            directory_id: Some(directory_id),
        }
    }

    /// Parses the file. The error says what is wrong with it.
    pub fn parse(text: &str) -> Result<MetaProperties, String> {
        let properties = parse_properties(text);
        let get = |key: &str| properties.get(key).map(String::as_str);
        let version = match get("version").unwrap_or("0").trim() {
            "0" => 0,
            "1" => 1,
            other => return Err(format!("Invalid version number string {other}")),
        };
        let number = |key: &str, value: &str| {
            value.trim().parse::<i32>().map_err(|_| format!("Unable to read {key} as a base-10 number."))
        };
        let node_key = if version == 0 { "broker.id" } else { "node.id" };
        let node_id = get(node_key).map(|v| number(node_key, v)).transpose()?;
        if version > 0 && node_id.is_none() {
            return Err("Failed to find node.id".to_owned());
        }
        let directory_id = match get("directory.id") {
            None => None,
            Some(v) => {
                Some(uuid_from_text(v.trim()).ok_or_else(|| format!("Unable to read directory.id as a Uuid: {v}"))?)
            }
        };
        let cluster_id = get("cluster.id").map(str::to_owned);
        if version > 0 && cluster_id.is_none() {
            return Err("cluster.id was not found.".to_owned());
        }
        Ok(MetaProperties { version, cluster_id, node_id, directory_id })
    }

    /// The file's content.
    pub fn encode(&self) -> String {
        let mut out = String::from("#\n");
        let mut line = |key: &str, value: &str| out.push_str(&format!("{key}={value}\n"));
        if let Some(id) = &self.cluster_id {
            line("cluster.id", id);
        }
        if let Some(id) = self.directory_id {
            line("directory.id", &uuid_to_text(id));
        }
        if let Some(id) = self.node_id {
            line(if self.version == 0 { "broker.id" } else { "node.id" }, &id.to_string());
        }
        line("version", &self.version.to_string());
        out
    }

    /// Writes it into `dir`; returns when it is on the medium.
    pub fn write(&self, storage: &dyn Storage, dir: &Path) -> io::Result<()> {
        storage.write_atomically(&dir.join(META_PROPERTIES), self.encode().as_bytes())
    }
}

/// Java's properties, as far as this file needs them: comments, `=` or `:` or blanks as separators, backslashes.
fn parse_properties(text: &str) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for line in text.lines() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        let (mut key, mut value, mut in_key) = (String::new(), String::new(), true);
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            let (c, escaped) = if c == '\\' { (chars.next().unwrap_or('\\'), true) } else { (c, false) };
            if !in_key {
                value.push(c);
            } else if escaped || !matches!(c, '=' | ':' | ' ' | '\t') {
                key.push(c);
            } else {
                in_key = false;
                let mut separator = c;
                while let Some(next) = chars.peek().copied() {
                    let first_sign = matches!(next, '=' | ':') && matches!(separator, ' ' | '\t');
                    if !first_sign && !matches!(next, ' ' | '\t') {
                        break;
                    }
                    if first_sign {
                        separator = next;
                    }
                    chars.next();
                }
            }
        }
        out.insert(key, value);
    }
    out
}

/// A log directory as found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetaState {
    /// No file: not formatted.
    Empty,
    /// It could not be read; the directory is broken.
    Error(String),
    /// Formatted.
    Formatted(MetaProperties),
}

/// Why a node does not start on these directories.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MetaPropertiesError {
    /// None is formatted.
    #[error("No readable meta.properties files found.")]
    NoneReadable,
    /// Of another cluster.
    #[error("Invalid cluster.id in: {path}. Expected {expected}, but read {found}")]
    ClusterId {
        /// The file.
        path: String,
        /// Of the others, or given.
        expected: String,
        /// In the file.
        found: String,
    },
    /// Of another node.
    #[error(
        "Stored node id {found} doesn't match previous node id {expected} in {path}. If you moved your data, make sure your \
         configured node id matches. If you intend to create a new node, you should remove all data in your data directories."
    )]
    NodeId {
        /// The file.
        path: String,
        /// Configured.
        expected: i32,
        /// In the file.
        found: i32,
    },
    /// An id that means something else.
    #[error("Invalid reserved directory ID {id} found in {dir}")]
    ReservedId {
        /// As text.
        id: String,
        /// Where.
        dir: String,
    },
    /// A directory was copied.
    #[error("Duplicate directory ID Optional[{id}] found. It was the ID of {first}, but also of {second}")]
    DuplicateId {
        /// As text.
        id: String,
        /// Where.
        first: String,
        /// And where.
        second: String,
    },
    /// The metadata directory cannot be read.
    #[error("Encountered I/O error in metadata log directory {dir}. Cannot continue.")]
    MetadataDir {
        /// Which.
        dir: String,
    },
    /// Some are formatted, this one is not.
    #[error("No `meta.properties` found in {dir} (have you run `kafka-storage.sh` to format the directory?)")]
    NotFormatted {
        /// Which.
        dir: String,
    },
    /// A file of version 0 without the ids.
    #[error("Error: {what} not found in {dir}")]
    Missing {
        /// "node ID" or "cluster ID".
        what: &'static str,
        /// Which.
        dir: String,
    },
    /// The metadata log lies in a directory that is not the metadata directory.
    #[error(
        "Found unexpected metadata location in data directory `{found}` (the configured metadata directory is {configured})."
    )]
    UnexpectedMetadata {
        /// Where it is.
        found: String,
        /// Where it should be.
        configured: String,
    },
    /// An id could not be written.
    #[error("Error while writing meta.properties to {dir}: {reason}")]
    Write {
        /// Which.
        dir: String,
        /// What the system said.
        reason: String,
    },
    /// Listed twice.
    #[error("Duplicate log directory found: {dirs}")]
    DuplicateDir {
        /// All that were listed.
        dirs: String,
    },
}

/// The files of all log directories together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetaPropertiesEnsemble {
    /// By directory.
    pub dirs: BTreeMap<PathBuf, MetaState>,
    /// Where the metadata log is.
    pub metadata_dir: PathBuf,
}

impl MetaPropertiesEnsemble {
    /// Reads the file of every directory.
    pub fn load(storage: &dyn Storage, log_dirs: &[PathBuf], metadata_dir: &Path) -> MetaPropertiesEnsemble {
        let mut dirs = BTreeMap::new();
        for dir in log_dirs.iter().map(PathBuf::as_path).chain([metadata_dir]) {
            let state = match storage.read(&dir.join(META_PROPERTIES)) {
                Ok(bytes) => match MetaProperties::parse(&String::from_utf8_lossy(&bytes)) {
                    Ok(properties) => MetaState::Formatted(properties),
                    Err(reason) => MetaState::Error(reason),
                },
                Err(e) if e.kind() == io::ErrorKind::NotFound => MetaState::Empty,
                Err(e) => MetaState::Error(e.to_string()),
            };
            if let MetaState::Error(reason) = &state {
                tracing::error!(
                    "Error while reading meta.properties file {}: {reason}",
                    dir.join(META_PROPERTIES).display()
                );
            }
            dirs.insert(dir.to_path_buf(), state);
        }
        MetaPropertiesEnsemble { dirs, metadata_dir: metadata_dir.to_path_buf() }
    }

    /// Whether nothing is formatted yet.
    pub fn is_empty(&self) -> bool {
        self.dirs.values().all(|state| *state == MetaState::Empty)
    }

    /// Formatted directories and what they say.
    pub fn formatted(&self) -> impl Iterator<Item = (&Path, &MetaProperties)> {
        self.dirs.iter().filter_map(|(dir, state)| match state {
            MetaState::Formatted(properties) => Some((dir.as_path(), properties)),
            _ => None,
        })
    }

    /// The cluster that they belong to.
    pub fn cluster_id(&self) -> Option<&str> {
        self.formatted().find_map(|(_, properties)| properties.cluster_id.as_deref())
    }

    /// The id of a directory.
    pub fn directory_id(&self, dir: &Path) -> Option<Uuid> {
        match self.dirs.get(dir)? {
            MetaState::Formatted(properties) => properties.directory_id,
            _ => None,
        }
    }

    /// Checks that the directories belong together and to this node.
    pub fn verify(&self, cluster_id: Option<&str>, node_id: i32) -> Result<(), MetaPropertiesError> {
        let mut expected_cluster = cluster_id.map(str::to_owned);
        let mut seen: BTreeMap<Uuid, &Path> = BTreeMap::new();
        if self.formatted().next().is_none() {
            return Err(MetaPropertiesError::NoneReadable);
        }
        for (dir, properties) in self.formatted() {
            let path = dir.join(META_PROPERTIES).display().to_string();
            if let Some(found) = &properties.cluster_id {
                let expected = expected_cluster.get_or_insert_with(|| found.clone());
                if expected != found {
                    let (expected, found) = (expected.clone(), found.clone());
                    return Err(MetaPropertiesError::ClusterId { path, expected, found });
                }
            }
            if let Some(found) = properties.node_id.filter(|found| *found != node_id) {
                return Err(MetaPropertiesError::NodeId { path, expected: node_id, found });
            }
            if let Some(id) = properties.directory_id {
                let text = uuid_to_text(id);
                if id.as_u128() < RESERVED_IDS {
                    return Err(MetaPropertiesError::ReservedId { id: text, dir: dir.display().to_string() });
                }
                if let Some(first) = seen.insert(id, dir) {
                    let (first, second) = (first.display().to_string(), dir.display().to_string());
                    return Err(MetaPropertiesError::DuplicateId { id: text, first, second });
                }
            }
        }
        if let Some(MetaState::Error(_)) = self.dirs.get(&self.metadata_dir) {
            return Err(MetaPropertiesError::MetadataDir { dir: self.metadata_dir.display().to_string() });
        }
        Ok(())
    }

    /// What a node does before it opens its logs: check, and give an id to directories that have none.
    pub fn initialize(
        &mut self,
        storage: &dyn Storage,
        node_id: i32,
        rng: &mut Rng,
    ) -> Result<(), MetaPropertiesError> {
        self.verify(None, node_id)?;
        let metadata_log = format!("{CLUSTER_METADATA_TOPIC}-0");
        for dir in self.dirs.keys().filter(|dir| **dir != self.metadata_dir) {
            let found = dir.join(&metadata_log);
            if storage.exists(&found) {
                return Err(MetaPropertiesError::UnexpectedMetadata {
                    found: found.display().to_string(),
                    configured: self.metadata_dir.display().to_string(),
                });
            }
        }
        for (dir, state) in &mut self.dirs {
            let name = || dir.display().to_string();
            match state {
                MetaState::Empty => return Err(MetaPropertiesError::NotFormatted { dir: name() }),
                MetaState::Error(_) => {}
                MetaState::Formatted(properties) => {
                    if properties.node_id.is_none() {
                        return Err(MetaPropertiesError::Missing { what: "node ID", dir: name() });
                    }
                    if properties.cluster_id.is_none() {
                        return Err(MetaPropertiesError::Missing { what: "cluster ID", dir: name() });
                    }
                    if properties.directory_id.is_none() {
                        properties.directory_id = Some(random_uuid(rng));
                        properties
                            .write(storage, dir)
                            .map_err(|e| MetaPropertiesError::Write { dir: name(), reason: e.to_string() })?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Formats every directory that is not: writes its file with a fresh id, or for the metadata directory the one that
    /// was given (a dynamic quorum's voter names it).
    pub fn format(
        &mut self,
        storage: &dyn Storage,
        cluster_id: &str,
        node_id: i32,
        metadata_dir_id: Option<Uuid>,
        rng: &mut Rng,
    ) -> Result<(), MetaPropertiesError> {
        let metadata_dir = &self.metadata_dir;
        for (dir, state) in self.dirs.iter_mut().filter(|(_, state)| **state == MetaState::Empty) {
            let id = metadata_dir_id.filter(|_| dir == metadata_dir).unwrap_or_else(|| random_uuid(rng));
            let properties = MetaProperties::new(cluster_id, node_id, id);
            let write = || storage.create_dir_all(dir).and_then(|()| properties.write(storage, dir));
            write()
                .map_err(|e| MetaPropertiesError::Write { dir: dir.display().to_string(), reason: e.to_string() })?;
            *state = MetaState::Formatted(properties);
        }
        Ok(())
    }
}

/// Refuses a directory that is listed twice.
pub fn check_duplicates(log_dirs: &[PathBuf]) -> Result<(), MetaPropertiesError> {
    let unique: std::collections::BTreeSet<&PathBuf> = log_dirs.iter().collect();
    if unique.len() == log_dirs.len() {
        return Ok(());
    }
    let dirs: Vec<String> = log_dirs.iter().map(|d| d.display().to_string()).collect();
    Err(MetaPropertiesError::DuplicateDir { dirs: dirs.join(", ") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ottla_base::storage::{DiskStorage, SyncMode};

    fn setup(dirs: usize) -> (tempfile::TempDir, Vec<PathBuf>, DiskStorage) {
        let root = tempfile::tempdir().unwrap();
        let dirs: Vec<PathBuf> = (0..dirs).map(|i| root.path().join(format!("d{i}"))).collect();
        dirs.iter().for_each(|d| std::fs::create_dir(d).unwrap());
        (root, dirs, DiskStorage::new(SyncMode::Ephemeral))
    }

    #[test]
    fn reads_what_kafka_writes() {
        let text = "#\n#Fri Nov 20 12:00:00 UTC 2026\nnode.id=1\ndirectory.id=7n0Ti2lLS2KEjuHRmYWnHg\nversion=1\ncluster.id=MkU3OEVBNTcwNTJENDM2Qg\n";
        let properties = MetaProperties::parse(text).unwrap();
        assert_eq!(properties.node_id, Some(1));
        assert_eq!(properties.cluster_id.as_deref(), Some("MkU3OEVBNTcwNTJENDM2Qg"));
        assert_eq!(uuid_to_text(properties.directory_id.unwrap()), "7n0Ti2lLS2KEjuHRmYWnHg");
        assert_eq!(MetaProperties::parse(&properties.encode()), Ok(properties));
        let old = MetaProperties::parse("broker.id : 3\ncluster.id=a\\=b").unwrap();
        assert_eq!((old.version, old.node_id, old.cluster_id.as_deref()), (0, Some(3), Some("a=b")));
        assert_eq!(
            MetaProperties::parse("version=1\nnode.id=x").unwrap_err(),
            "Unable to read node.id as a base-10 number."
        );
        assert_eq!(MetaProperties::parse("version=1").unwrap_err(), "Failed to find node.id");
    }

    #[test]
    fn fresh_directories_are_formatted_and_accepted() {
        let (_root, dirs, disk) = setup(2);
        let mut rng = Rng::from_seed(1);
        let mut ensemble = MetaPropertiesEnsemble::load(&disk, &dirs, &dirs[0]);
        assert!(ensemble.is_empty());
        assert_eq!(ensemble.verify(None, 1), Err(MetaPropertiesError::NoneReadable));
        ensemble.format(&disk, "cluster", 1, None, &mut rng).unwrap();
        let mut again = MetaPropertiesEnsemble::load(&disk, &dirs, &dirs[0]);
        assert_eq!(again, ensemble);
        again.initialize(&disk, 1, &mut rng).unwrap();
        assert_eq!(again.cluster_id(), Some("cluster"));
        assert_ne!(again.directory_id(&dirs[0]), again.directory_id(&dirs[1]));
    }

    #[test]
    fn refusals_say_what_kafka_says() {
        let (_root, dirs, disk) = setup(2);
        let mut rng = Rng::from_seed(1);
        let id = |n: u128| Uuid::from_u128(n << 64);
        let write = |i: usize, cluster: &str, node, directory| {
            MetaProperties::new(cluster, node, directory).write(&disk, &dirs[i]).unwrap();
        };
        let mut message = || {
            let mut ensemble = MetaPropertiesEnsemble::load(&disk, &dirs, &dirs[0]);
            ensemble.initialize(&disk, 1, &mut rng).unwrap_err().to_string()
        };
        let path = |i: usize| dirs[i].join(META_PROPERTIES).display().to_string();
        write(0, "a", 1, id(1));
        assert_eq!(
            message(),
            format!(
                "No `meta.properties` found in {} (have you run `kafka-storage.sh` to format the directory?)",
                dirs[1].display()
            )
        );
        write(1, "b", 1, id(2));
        assert_eq!(message(), format!("Invalid cluster.id in: {}. Expected a, but read b", path(1)));
        write(1, "a", 2, id(2));
        assert!(message().starts_with("Stored node id 2 doesn't match previous node id 1 in "));
        write(1, "a", 1, id(1));
        assert!(message().starts_with("Duplicate directory ID Optional["));
        write(1, "a", 1, Uuid::from_u128(2));
        assert!(message().starts_with("Invalid reserved directory ID AAAAAAAAAAAAAAAAAAAAAg found in "));
        write(1, "a", 1, id(2));
        std::fs::create_dir(dirs[1].join("__cluster_metadata-0")).unwrap();
        assert!(message().starts_with("Found unexpected metadata location in data directory `"));
        assert!(check_duplicates(&[dirs[0].clone(), dirs[0].clone()]).is_err());
    }
}
