"""Writes src/protocol/src/generated: the table of all APIs with the shape of every request (for the audit), and typed
codecs for the APIs that the kafka-protocol crate serves in part."""

from . import golden, rust
from .schema import MAX, camel, intersect, snake

# APIs of which 4.3.1 has versions that kafka-protocol 0.18 lacks: codecs for all their versions.
TYPED = ["ListOffsets", "OffsetCommit", "OffsetFetch", "WriteTxnMarkers", "DescribeLogDirs", "BrokerHeartbeat", "ShareFetch",
         "ShareAcknowledge", "AddRaftVoter", "WriteShareGroupState", "ReadShareGroupStateSummary",
         "DescribeShareGroupOffsets", "StreamsGroupHeartbeat", "StreamsGroupDescribe"]
# APIs that kafka-protocol 0.18 does not have at all.
NOT_IN_CRATE = ["StreamsGroupHeartbeat", "StreamsGroupDescribe"]

HEAD = """//! {title}
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka {version}; do not edit.

"""

WIRE_SIZE = {"bool": 1, "int8": 1, "int16": 2, "uint16": 2, "int32": 4, "int64": 8, "float64": 8, "uuid": 16}
# Sizes of kafka-protocol's types in memory. Strings and bytes are slices of the frame.
SLICE, VEC, UNKNOWN_TAGS = 32, 24, 24


def stable(message):
    """Supported versions without the newest if that is unstable."""
    low, high = message.valid
    return (low, high - 1 if message.unstable_latest else high)


def heap_size(struct):
    """Size of a struct in memory, estimated from above: no field is smaller, padding is at most 7 bytes."""
    total = UNKNOWN_TAGS
    for f in struct.fields:
        if f.array:
            total += VEC
        elif f.struct:
            total += heap_size(f.struct) + (8 if f.nullable else 0)
        else:
            total += WIRE_SIZE.get(f.type, SLICE)
    return (total + 7) // 8 * 8


def span(range_):
    low, high = range_
    return f"{low}, {'ANY' if high == MAX else high}"


def shape(struct, message, ids):
    valid = stable(message)
    fields = []
    for f in struct.fields:
        at = intersect(f.tagged or f.versions, valid)
        if at is None:
            continue
        assert not f.tagged or f.tagged == f.versions, f.name
        null = intersect(f.nullable, valid)
        tail = (".array()" if f.array else "") + (f".null({span(null)})" if null else "")
        tail += f".tag({f.tag})" if f.tagged else ""
        at = span((at[0], MAX if at[1] == valid[1] else at[1]))
        if f.struct:
            kind = f"sub({ids[id(f.struct)]}, {at})"
        elif f.type in WIRE_SIZE:
            if not tail and fields and fields[-1][0] == "fixed" and fields[-1][1] == at:
                fields[-1] = ("fixed", at, fields[-1][2] + WIRE_SIZE[f.type], "")
            else:
                fields.append(("fixed", at, WIRE_SIZE[f.type], tail))
            if tail:
                fields[-1] = ("other", at, 0, f"fixed({WIRE_SIZE[f.type]}, {at}){tail}")
            continue
        else:
            kind = f"{'text' if f.type == 'string' else 'blob'}({at})"
        fields.append(("other", at, 0, kind + tail))
    texts = [f"fixed({size}, {at})" if kind == "fixed" else text for kind, at, size, text in fields]
    return f"shape({heap_size(struct)}, &[{', '.join(texts)}]),"


def table(pairs, version):
    ids, shapes, apis = {}, [], []
    for request, _ in pairs:
        for s in request.structs:
            ids[id(s)] = len(ids)
    for request, response in pairs:
        assert (request.valid, request.flexible) == (response.valid, response.flexible), request.name
        low, high = stable(request)
        name = request.name.removesuffix("Request")
        shapes.append(f"// {name}")
        shapes += [shape(s, request, ids) for s in request.structs]
        flexible = f"Some({request.flexible[0]})" if request.flexible else "None"
        listeners = ", ".join(f"Listener::{camel(l)}" for l in sorted(request.listeners))
        apis.append(f'Api {{ key: {request.api_key}, name: "{name}", min_version: {low}, max_version: {high}, '
                    f"flexible_from: {flexible}, listeners: &[{listeners}], root: {ids[id(request.root)]} }},")
    return (HEAD.format(title="Every API of Apache Kafka, and the shape of its request in every stable version.",
                        version=version)
            + "use crate::api::{Api, Listener};\nuse crate::audit::{ANY, Shape, blob, fixed, shape, sub, text};\n\n"
            + "/// All APIs, ordered by key.\n#[rustfmt::skip]\npub static APIS: &[Api] = &[\n    "
            + "\n    ".join(apis) + "\n];\n\n"
            + "/// Shapes of requests and of the structs in them; a number in the table is an index into it.\n"
            + "#[rustfmt::skip]\npub(crate) static SHAPES: &[Shape] = &[\n    " + "\n    ".join(shapes) + "\n];\n")


def crate_checks(pairs, version):
    """Macros for tests that compare the table with kafka-protocol's types."""
    known = [(q, r) for q, r in pairs if q.name.removesuffix("Request") not in NOT_IN_CRATE]
    requests = "\n".join(f"            $f!({q.api_key}, {q.name});" for q, _ in known)
    sizes = []
    index = 0
    for q, _ in pairs:
        for s in q.structs:
            if (q, _) in known:
                sizes.append(f"            $f!({index}, {snake(q.name)}::{camel(s.name)});")
            index += 1
    typed = [f"            $f!({name}Request, {name}Response);" for name in TYPED]
    newline = "\n"
    return (HEAD.format(title="What kafka-protocol has of the table, for tests that compare the two.", version=version)
            + "/// Calls `$f!(key, Type)` for each request of kafka-protocol.\nmacro_rules! crate_requests {\n"
            + f"    ($f:ident) => {{\n        {{\n{requests}\n        }}\n    }};\n}}\n\n"
            + "/// Calls `$f!(index of the shape, module::Type)` for each struct of these requests.\n"
            + "macro_rules! crate_structs {\n"
            + f"    ($f:ident) => {{\n        {{\n{newline.join(sizes)}\n        }}\n    }};\n}}\n\n"
            + "/// Calls `$f!(Request, Response)` for each API whose codecs are generated.\nmacro_rules! typed_messages {\n"
            + f"    ($f:ident) => {{\n        {{\n{newline.join(typed)}\n        }}\n    }};\n}}\n\n"
            + "pub(crate) use {crate_requests, crate_structs, typed_messages};\n")


def codec(message, version):
    rust.name_structs([message])
    return (HEAD.format(title=f"{message.name}, versions {rust.span(stable(message))}.", version=version)
            + "use crate::codec::*;\n\n" + rust.message_code(message, rust.RPC) + "\n")


def files(jars, version):
    clients = jars["kafka-clients"]
    pairs = [(m, clients[m.name.removesuffix("Request") + "Response"])
             for m in clients.values() if m.kind == "request" and m.valid]
    pairs.sort(key=lambda pair: pair[0].api_key)
    out = {"table.rs": table(pairs, version), "crate_checks.rs": crate_checks(pairs, version)}
    modules = []
    for name in TYPED:
        for message in (clients[name + "Request"], clients[name + "Response"]):
            out[snake(message.name) + ".rs"] = codec(message, version)
            modules.append(message)
    out["golden.txt"] = golden.lines(modules)
    modules.sort(key=lambda m: m.name)
    ours = "".join(f"pub use super::{snake(m.name)}::{{self, {m.root.rust_name}}};\n" for m in modules)
    out["messages.rs"] = (HEAD.format(
        title="Every request and response, in all its versions: ours where kafka-protocol lacks some, else kafka-protocol's.",
        version=version) + "pub use kafka_protocol::messages::*;\n\n" + ours)
    out["mod.rs"] = (
        "//! The table of APIs, and typed codecs for those that kafka-protocol serves in part.\n//!\n"
        f"//! Written by `scripts/generate` from the message schemas of Apache Kafka {version}; do not edit.\n\n"
        "#![allow(missing_docs, clippy::field_reassign_with_default, clippy::nonminimal_bool)]\n\n"
        "#[cfg(test)]\npub(crate) mod crate_checks;\n"
        + "".join(f"pub mod {snake(m.name)};\n" for m in modules) + "pub mod messages;\npub mod table;\n\n"
        + "".join(f"pub use {snake(m.name)}::{m.root.rust_name};\n" for m in modules))
    return out
