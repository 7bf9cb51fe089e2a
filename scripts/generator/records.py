"""Writes src/record/src/generated: records of the internal topics, of the metadata log and of control batches."""

from . import golden, rust

HEAD = """//! {title}
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka {version}; do not edit.

use crate::codec::*;
"""

CONTROL = ["EndTxnMarker", "LeaderChangeMessage", "SnapshotHeaderRecord", "SnapshotFooterRecord", "KRaftVersionRecord",
           "VotersRecord"]
CONSUMER = ["ConsumerProtocolSubscription", "ConsumerProtocolAssignment"]


def module(title, messages, tail, version):
    rust.name_structs(messages)
    return "\n".join([HEAD.format(title=title, version=version)]
                     + [rust.message_code(m, rust.RECORD) for m in messages] + [tail])


def metadata(messages, version):
    messages = sorted(messages, key=lambda m: m.api_key)
    variants = ", ".join(f"{m.name.removesuffix('Record')}({m.name})" for m in messages)
    tail = f"metadata_records!({variants});\n"
    return module("Records of `__cluster_metadata` and of its snapshots.", messages, tail, version)


def coordinator(title, messages, version):
    keys = sorted((m for m in messages if m.kind == "coordinator-key"), key=lambda m: m.api_key)
    values = {m.api_key: m for m in messages if m.kind == "coordinator-value"}
    ordered = [m for k in keys for m in (k, values[k.api_key])]
    assert len(ordered) == len(messages)
    variants = ", ".join(f"{k.name.removesuffix('Key')}({k.name}, {values[k.api_key].name})" for k in keys)
    return module(title, ordered, f"coordinator_records!({variants});\n", version)


def files(jars, version):
    """jars: name -> {message name: Message}. Returns {file name: text}."""
    clients = jars["kafka-clients"]
    pick = lambda names: [clients[n] for n in names]
    names = ["consumer_protocol", "control", "group", "metadata", "share", "transaction"]
    mod = ("//! Codecs of what Kafka keeps in its own logs, one module for each family.\n//!\n"
           f"//! Written by `scripts/generate` from the message schemas of Apache Kafka {version}; do not edit.\n\n"
           "#![allow(missing_docs, clippy::field_reassign_with_default, clippy::nonminimal_bool)]\n\n"
           "#[cfg(test)]\npub(crate) mod list;\n"
           + "".join(f"pub mod {n};\n" for n in names))
    families = {
        "consumer_protocol": pick(CONSUMER), "control": pick(CONTROL),
        "group": list(jars["kafka-group-coordinator"].values()), "metadata": list(jars["kafka-metadata"].values()),
        "share": list(jars["kafka-share-coordinator"].values()),
        "transaction": list(jars["kafka-transaction-coordinator"].values())}
    calls = "\n".join(f"            $f!({family}::{m.name});" for family, ms in families.items() for m in ms)
    return {
        "golden.txt": golden.lines([m for ms in families.values() for m in ms]),
        "list.rs": HEAD.format(title="Every record, for tests.", version=version).replace("use crate::codec::*;\n", "")
        + "/// Calls `$f!(module::Type)` for each record.\nmacro_rules! each_record {\n"
        + f"    ($f:ident) => {{\n        {{\n{calls}\n        }}\n    }};\n}}\n\npub(crate) use each_record;\n",
        "mod.rs": mod,
        "metadata.rs": metadata(list(jars["kafka-metadata"].values()), version),
        "group.rs": coordinator("Records of `__consumer_offsets`.", list(jars["kafka-group-coordinator"].values()), version),
        "transaction.rs": coordinator(
            "Records of `__transaction_state`.", list(jars["kafka-transaction-coordinator"].values()), version),
        "share.rs": coordinator(
            "Records of `__share_group_state`.", list(jars["kafka-share-coordinator"].values()), version),
        "control.rs": module("Bodies of control records.", pick(CONTROL), "", version),
        "consumer_protocol.rs": module(
            "The consumer protocol that is embedded in JoinGroup and SyncGroup.", pick(CONSUMER), "", version),
    }
