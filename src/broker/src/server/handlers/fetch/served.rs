//! A segment file on its way to a client: what the disk says while it is read, after the fetch was answered, still reaches
//! the replica that it belongs to.

use crate::node::Node;
use crate::replica::Replica;
use ottla_base::storage::File;
use ottla_core::log::{ReadError, StorageError};
use std::io::{self, IoSlice};
use std::sync::Arc;

/// See the module.
#[derive(Debug)]
pub(super) struct ServedFile {
    file: Arc<dyn File>,
    node: Arc<Node>,
    replica: Arc<Replica>,
}

impl ServedFile {
    /// `file` of `replica`.
    pub(super) fn of(file: Arc<dyn File>, node: &Arc<Node>, replica: &Arc<Replica>) -> Arc<dyn File> {
        Arc::new(ServedFile { file, node: Arc::clone(node), replica: Arc::clone(replica) })
    }

    fn told<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result {
            let source = match error.raw_os_error() {
                Some(code) => io::Error::from_raw_os_error(code),
                None => io::Error::new(error.kind(), error.to_string()),
            };
            let replicas = &self.node.replicas;
            let error = StorageError::new(replicas.path_of(&self.replica), source);
            replicas.report_read(&self.replica, 0, &ReadError::Storage(error));
        }
        result
    }
}

impl File for ServedFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.told(self.file.read_at(buf, offset))
    }

    fn read_at_now(&self, buf: &mut [u8], offset: u64) -> io::Result<Option<usize>> {
        self.told(self.file.read_at_now(buf, offset))
    }

    fn write_vectored_at(&self, _: &[IoSlice<'_>], _: u64) -> io::Result<()> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn set_len(&self, _: u64) -> io::Result<()> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }

    fn as_std(&self) -> Option<&std::fs::File> {
        self.file.as_std()
    }
}
