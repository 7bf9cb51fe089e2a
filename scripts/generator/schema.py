"""Reads Kafka's message schemas (JSON with comments) out of its jars.

A schema becomes a Message with Structs and Fields; version ranges become (low, high) pairs, None for "none".
"""

import json
import re
import zipfile
from dataclasses import dataclass, field
from typing import Optional

MAX = 32767
PRIMITIVES = {"bool", "int8", "int16", "uint16", "int32", "int64", "float64", "uuid", "string", "bytes", "records"}


def snake(name):
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


def camel(name):
    return name[0].upper() + name[1:]


def versions(text):
    """"0+" -> (0, MAX), "3" -> (3, 3), "none" -> None"""
    if text is None or text == "none":
        return None
    if text.endswith("+"):
        return (int(text[:-1]), MAX)
    low, _, high = text.partition("-")
    return (int(low), int(high or low))


def intersect(a, b):
    if a is None or b is None:
        return None
    low, high = max(a[0], b[0]), min(a[1], b[1])
    return (low, high) if low <= high else None


@dataclass
class Field:
    name: str
    type: str  # element type for arrays
    array: bool
    versions: Optional[tuple]  # within what the message supports
    nullable: Optional[tuple]
    tagged: Optional[tuple]
    tag: Optional[int]
    ignorable: bool
    default: Optional[str]  # "null", a literal, or None
    flexible_off: bool  # a string that stays classic in flexible versions
    struct: Optional["Struct"] = None


@dataclass
class Struct:
    name: str
    fields: list = field(default_factory=list)
    rust_name: str = ""


@dataclass
class Message:
    name: str
    kind: str
    api_key: Optional[int]
    valid: Optional[tuple]
    flexible: Optional[tuple]
    listeners: list
    unstable_latest: bool
    root: Optional[Struct]
    structs: list  # root first, then in order of appearance


def strip_comments(text):
    return re.sub(r'("(?:\\.|[^"\\])*")|//[^\n]*', lambda m: m.group(1) or "", text)


def parse(text):
    doc = json.loads(strip_comments(text))
    valid = versions(doc["validVersions"])
    message = Message(
        name=doc["name"], kind=doc["type"], api_key=doc.get("apiKey"), valid=valid,
        flexible=intersect(versions(doc.get("flexibleVersions")), valid), listeners=doc.get("listeners", []),
        unstable_latest=doc.get("latestVersionUnstable", False), root=None, structs=[])
    if valid is None:
        return message
    common = {c["name"]: c for c in doc.get("commonStructs", [])}
    made = {}

    def struct(name, fields):
        if name in made:
            return made[name]
        made[name] = result = Struct(name)
        message.structs.append(result)
        result.fields = [parse_field(f) for f in fields]
        return result

    def parse_field(f):
        array = f["type"].startswith("[]")
        kind = f["type"][2:] if array else f["type"]
        tagged = intersect(versions(f.get("taggedVersions")), valid)
        present = intersect(versions(f.get("versions", f.get("taggedVersions"))), valid)
        default = f.get("default", None)
        if "default" in f and default is None:
            default = "null"
        if isinstance(default, bool):
            default = str(default).lower()
        result = Field(
            name=f["name"], type=kind, array=array, versions=present,
            nullable=intersect(versions(f.get("nullableVersions")), present), tagged=tagged,
            tag=f.get("tag") if tagged else None, ignorable=f.get("ignorable", False),
            default=None if default is None else str(default), flexible_off=f.get("flexibleVersions") == "none")
        if kind not in PRIMITIVES:
            result.struct = struct(kind, f["fields"] if "fields" in f else common[kind]["fields"])
        return result

    message.root = struct(message.name, doc["fields"])
    return message


def load(jar, folder):
    """All messages of a jar, by name."""
    out = {}
    with zipfile.ZipFile(jar) as z:
        for name in sorted(z.namelist()):
            if name.startswith(folder) and name.endswith(".json"):
                message = parse(z.read(name).decode())
                out[message.name] = message
    return out
