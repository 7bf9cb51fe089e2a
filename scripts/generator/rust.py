"""Writes a Rust codec for a schema: one struct each, with `read` and `write` for every version.

The composite encodings live in `ottla_base::codec`; what is written here is the order of fields and their versions.
"""

import re

from .schema import MAX, camel, intersect, snake

INTS = {"int8": "i8", "int16": "i16", "uint16": "u16", "int32": "i32", "int64": "i64", "float64": "f64"}
KEYWORDS = {"type", "match", "ref", "use", "mod", "fn", "in", "move", "self"}


class Types:
    """Names that differ between records (owned strings) and requests (slices of the frame)."""

    def __init__(self, text, text_from_empty, reader):
        self.text, self.empty, self.reader = text, text_from_empty, reader


RECORD = Types("String", "String::new()", "Reader<'_>")
RPC = Types("StrBytes", "StrBytes::default()", "FrameReader<'_>")


def when(range_, within):
    """Condition that `version`, known to be within `within`, is in `range_`: "true", "false" or an expression."""
    range_ = intersect(range_, within)
    if range_ is None:
        return "false"
    low, high = range_
    if low <= within[0] and high >= within[1]:
        return "true"
    if high >= within[1]:
        return f"version >= {low}"
    if low <= within[0]:
        return f"version <= {high}"
    return f"version == {low}" if low == high else f"({low}..={high}).contains(&version)"


def ident(name):
    name = snake(name)
    return f"r#{name}" if name in KEYWORDS else name


def element_type(f, types):
    if f.type in INTS:
        return INTS[f.type]
    return {"bool": "bool", "uuid": "Uuid", "string": types.text, "bytes": "Bytes", "records": "Bytes"}.get(
        f.type) or f.struct.rust_name


def field_type(f, types):
    t = element_type(f, types)
    t = f"Vec<{t}>" if f.array else t
    return f"Option<{t}>" if f.nullable else t


def default_value(f, types):
    """(expression, is it what `Default::default()` gives)"""
    if f.nullable and (f.default == "null" or f.type == "records"):
        return "None", True
    if f.array:
        value, plain = "Vec::new()", True
    elif f.type in INTS:
        number = str(int(f.default, 0)) if f.default else "0"
        value, plain = (number, number == "0") if f.type != "float64" else ("0.0", True)
    elif f.type == "bool":
        value, plain = (f.default, f.default == "false") if f.default else ("false", True)
    elif f.type == "string":
        value, plain = types.empty, True
        assert not f.default, f"string default {f.default}"
    elif f.type in ("bytes", "records"):
        value, plain = "Bytes::new()", True
    elif f.type == "uuid":
        value, plain = "Uuid::nil()", True
    else:
        value, plain = f"{f.struct.rust_name}::default()", True
    return (f"Some({value})", False) if f.nullable else (value, plain)


def is_set(f, types, me):
    """Expression: the field differs from its default."""
    value, _ = default_value(f, types)
    if value == "None":
        return f"{me}.is_some()"
    if f.array or f.type in ("string", "bytes", "records"):
        return f"!matches!(&{me}, Some(v) if v.is_empty())" if f.nullable else f"!{me}.is_empty()"
    if f.type == "bool":
        return f"!{me}" if value == "true" else me
    if f.type == "uuid":
        return f"!{me}.is_nil()"
    return f"{me} != {value}"


def read_element(f, flex, reader="r"):
    if f.type in INTS:
        return f"{reader}.get_{INTS[f.type]}()"
    if f.type in ("bool", "uuid"):
        return f"{reader}.get_{f.type}()"
    if f.type == "string":
        return f"{reader}.get_text({flex})"
    if f.type in ("bytes", "records"):
        return f"{reader}.get_blob({flex})"
    return f"{f.struct.rust_name}::read(version, {reader})"


def read_value(f, flex, within, tagged):
    null = "nullable_" if f.nullable else ""
    if f.array:
        if f.type in INTS or f.type in ("bool", "uuid"):
            element = f"Source::get_{INTS.get(f.type, f.type)}"
        else:
            element = f"|r| {read_element(f, flex)}"
        value = f"r.get_{null}vec({flex}, {element})?"
    elif not f.nullable:
        return f"{read_element(f, flex)}?"
    elif f.type == "string":
        value = f"r.get_nullable_text({flex})?"
    elif f.type in ("bytes", "records"):
        value = f"r.get_nullable_blob({flex})?"
    else:
        kind = "tagged" if tagged else "nullable"
        value = f"r.get_{kind}_struct(|r| {read_element(f, flex)})?"
    if f.nullable:
        allowed = when(f.nullable, within)
        if allowed != "true":
            value = f"nullable_if({allowed}, {value})?"
    return value


def write_element(f, flex, value, by_ref):
    """Expression of type Result<(), WireError>, or a statement if it cannot fail."""
    plain = f"*{value}" if by_ref else value
    ref = value if by_ref else f"&{value}"
    if f.type in INTS:
        return f"out.put_{INTS[f.type]}({plain})", False
    if f.type in ("bool", "uuid"):
        return f"out.put_{f.type}({plain})", False
    if f.type == "string":
        return f"out.put_text({flex}, {ref})", True
    if f.type in ("bytes", "records"):
        return f"out.put_blob({flex}, {ref})", True
    return f"{value}.write(version, out)", True


def write_value(f, flex, within, tagged, me):
    """Statement that writes the field."""
    nullable = f.nullable is not None
    check = ""
    if nullable:
        allowed = when(f.nullable, within)
        if allowed != "true":
            check = f"nullable_if({allowed}, {me}.as_ref())?; "
    if f.array:
        body, fails = write_element(f, flex, "x", True)
        element = f"|out, x| {body}" if fails else f"|out, x| {{ {body}; Ok(()) }}"
        call = (f"out.put_nullable_vec({flex}, {me}.as_deref(), {element})?;" if nullable
                else f"out.put_vec({flex}, &{me}, {element})?;")
    elif not nullable:
        body, fails = write_element(f, flex, me, False)
        call = f"{body}?;" if fails else f"{body};"
    elif f.type == "string":
        call = f"out.put_nullable_text({flex}, {me}.as_deref())?;"
    elif f.type in ("bytes", "records"):
        call = f"out.put_nullable_blob({flex}, {me}.as_deref())?;"
    else:
        kind = "tagged" if tagged else "nullable"
        call = f"out.put_{kind}_struct({me}.as_ref(), |out, x| x.write(version, out))?;"
    return check + call


def struct_code(message, struct, types, docs):
    valid = message.valid
    name = struct.rust_name
    flex = when(message.flexible, valid)
    fields = [f for f in struct.fields if f.versions]
    out = []
    defaults = [default_value(f, types) for f in fields]
    derive = "Clone, Debug, PartialEq" + (", Default" if all(plain for _, plain in defaults) else "")
    out.append(f"/// {docs}\n#[derive({derive})]\npub struct {name} {{")
    for f in fields:
        out.append(f"    pub {ident(f.name)}: {field_type(f, types)},")
    out.append("}")
    if "Default" not in derive:
        out.append(f"impl Default for {name} {{ fn default() -> Self {{ Self {{")
        out += [f"{ident(f.name)}: {value}," for f, (value, _) in zip(fields, defaults)]
        out.append("} } }")

    flex_var = "flex" if flex not in ("true", "false") else flex
    read, write, used = [], [], False
    for f in fields:
        plain_in = f.versions if not f.tagged else None
        if f.tagged and f.versions[0] < f.tagged[0]:
            plain_in = (f.versions[0], f.tagged[0] - 1)
        me = f"self.{ident(f.name)}"
        fx = "false" if f.flexible_off else flex_var
        condition = when(plain_in, valid)
        if condition != "false":
            value = read_value(f, fx, plain_in, False)
            read.append(f"m.{ident(f.name)} = {value};" if condition == "true"
                        else f"if {condition} {{ m.{ident(f.name)} = {value}; }}")
            used = True
        present = when(f.versions, valid)
        statement = write_value(f, fx, plain_in, False, me) if condition != "false" else None
        check = None
        if present != "true" and not f.ignorable:
            check = f"absent({is_set(f, types, me)}, \"{name}.{snake(f.name)}\", version)?;"
        if f.tagged:
            if statement:
                write.append(f"if {condition} {{ {statement} }}")
            if check:
                write.append(f"if !({present}) {{ {check} }}")
        elif condition == "true":
            write.append(statement)
        else:
            write.append(f"if {condition} {{ {statement} }}" + (f" else {{ {check} }}" if check else ""))
    if message.flexible:
        tagged = sorted((f for f in fields if f.tagged), key=lambda f: f.tag)
        if tagged:
            arms, puts = [], []
            for f in tagged:
                condition = when(f.tagged, message.flexible)
                guard = "" if condition == "true" else f" if {condition}"
                arms.append(f"{f.tag}{guard} => m.{ident(f.name)} = {read_value(f, 'true', f.tagged, True)},")
                me = f"self.{ident(f.name)}"
                set_ = is_set(f, types, me)
                set_ = set_ if condition == "true" else f"{condition} && {set_}"
                body = write_value(f, "true", f.tagged, True, me)
                puts.append(f"tags.put({f.tag}, {set_}, |out| {{ {body} Ok(()) }})?;")
            r = f"r.get_tags(|tag, r| {{ match tag {{ {' '.join(arms)} _ => return Ok(false), }} Ok(true) }})?;"
            w = f"let mut tags = Tags::default(); {' '.join(puts)} tags.write(out);"
        else:
            r, w = "r.skip_tags()?;", "out.put_no_tags();"
        read.append(r if flex == "true" else f"if flex {{ {r} }}")
        write.append(w if flex == "true" else f"if flex {{ {w} }}")
    body_read, body_write = "\n".join(read), "\n".join(write)

    def fn(signature, body, result, mut):
        let = f"let flex = {flex};\n" if "flex" in _words(body) else ""
        version = "version" if "version" in _words(body + let) else "_version"
        return f"{signature.replace('VERSION', version)} {{ {let}{mut}{body}\n{result} }}"

    reader = "r" if "r" in _words(body_read) else "_r"
    writer = "out" if "out" in _words(body_write) else "_out"
    mut = "let mut m = Self::default();\n" if read and "m" in _words(body_read) else ""
    out.append(f"impl {name} {{")
    out.append(fn(f"pub(crate) fn read(VERSION: i16, {reader}: &mut {types.reader}) -> Result<Self, WireError>",
                  body_read, "Ok(m)" if mut else "Ok(Self::default())", mut))
    out.append(fn(f"pub(crate) fn write(&self, VERSION: i16, {writer}: &mut BytesMut) -> Result<(), WireError>",
                  body_write, "Ok(())", ""))
    out.append("}")
    return "\n".join(out)


def _words(text):
    """Names that a body uses, without fields, methods and strings."""
    return set(re.findall(r"(?<![.\w])[A-Za-z_]\w*", re.sub(r'"[^"]*"', "", text)))


def span(range_):
    if range_ is None:
        return "none"
    low, high = range_
    return str(low) if low == high else f"{low}–{high}" if high != MAX else f"{low}+"


def name_structs(messages):
    """Gives each struct its Rust name: its own if unique among `messages`, else prefixed by its message's."""
    count = {}
    for m in messages:
        for s in m.structs:
            count[camel(s.name)] = count.get(camel(s.name), 0) + 1
    for m in messages:
        for s in m.structs:
            unique = s is m.root or count[camel(s.name)] == 1
            s.rust_name = camel(s.name) if unique else camel(m.name) + camel(s.name)


def message_code(message, types):
    """All structs of a message and the `message!` line that gives the root its public face."""
    out = []
    for s in message.structs:
        if s is message.root:
            docs = f"{message.name}, versions {span(message.valid)} (flexible: {span(message.flexible)})."
        else:
            docs = f"Part of [`{message.root.rust_name}`]."
        out.append(struct_code(message, s, types, docs))
        if s is message.root:
            key = f", {message.api_key}" if message.api_key is not None else ""
            if types is RPC:
                key += f", {message.kind}, {message.flexible[0] if message.flexible else MAX}"
            out.append(f"message!({s.rust_name}, {message.valid[0]}, {message.valid[1]}{key});")
    return "\n\n".join(out)
