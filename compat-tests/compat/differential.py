"""The same runs of Kafka's console tools on Ottla and on Apache Kafka: output and exit code must be equal.

The runs are data (compat-tests/differential/*.runs, one line each; the grammar is in docs/testing.md). Each broker has its own JVM and
its own temporary directory for files; both go through all the runs in the same order, side by side. What may differ is listed in
differential/normalisers.toml, each entry with its reason, and `self_test` shows that the entries hide nothing else.
"""

import re
import shlex
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from . import cache, nodes, summary, tools

DATA = cache.COMPAT / "differential"
MODIFIERS = {"bare", "unordered", "advertised", "quiet"}


@dataclass
class Step:
    where: str
    kind: str  # run, start, stop, file, let, until
    words: list
    stdin: str = ""
    name: str = ""
    modifiers: set = field(default_factory=set)
    pattern: str = ""

    def title(self):
        return f"{self.where} {' '.join(self.words)}"


def unescape(text):
    return text.encode().decode("unicode_escape").encode("latin-1").decode("utf-8")


def parse(path: Path) -> list[Step]:
    """
    kafka-x --arg …                 a run; `--bootstrap-server` is added
    MODIFIER… kafka-x …             bare: nothing is added; unordered: lines are compared sorted; quiet: the outcome is not compared;
                                    advertised: rows of APIs that Ottla does not advertise are not compared
    kafka-x … <<< "a\\nb"           with standard input
    until "regex" kafka-x …         repeated until the output matches (for 20 s), then compared
    start NAME kafka-x …            stays under way; `stop NAME` ends it as SIGTERM would, and its outcome is compared
    file NAME "content"             writes a file; $DIR/NAME is its path
    let NAME "regex"                keeps group 1 of the last output as $NAME
    """
    steps = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        where = f"{path.stem}:{number}"
        stdin = ""
        if " <<< " in line:
            line, _, text = line.rpartition(" <<< ")
            stdin = unescape(shlex.split(text)[0])
        words = shlex.split(line)
        step = Step(where, "run", words, stdin)
        if words[0] == "file":
            step.kind, step.name, step.pattern = "file", words[1], unescape(words[2])
        elif words[0] == "let":
            step.kind, step.name, step.pattern = "let", words[1], words[2]
        elif words[0] == "stop":
            step.kind, step.name = "stop", words[1]
        else:
            while words[0] in MODIFIERS or words[0] in ("start", "until"):
                word = words.pop(0)
                if word == "start":
                    step.kind, step.name = "start", words.pop(0)
                elif word == "until":
                    step.kind, step.pattern = "until", words.pop(0)
                else:
                    step.modifiers.add(word)
            if words[0] not in tools.CLASSES:
                raise SystemExit(f"{where}: {words[0]} is not a tool")
        steps.append(step)
    return steps


def all_steps(only=None) -> list[Step]:
    steps = []
    for path in sorted(DATA.glob("*.runs")):
        if not only or path.stem in only:
            steps += parse(path)
    return steps


class Lane:
    """One broker, one JVM, one directory; goes through the steps in order."""

    def __init__(self, node, jvm, directory):
        self.node, self.jvm, self.directory = node, jvm, directory
        self.variables = {"DIR": str(directory), "BOOTSTRAP": node.bootstrap}
        self.running, self.last = {}, None

    def words(self, step):
        args = [re.sub(r"\$([A-Z_]+)", lambda m: self.variables.get(m[1], m[0]), w) for w in step.words]
        tool, args = args[0], args[1:]
        if "bare" not in step.modifiers:
            args += ["--bootstrap-server", self.node.bootstrap]
        return tool, args

    def run(self, step):
        if step.kind == "file":
            (self.directory / step.name).write_text(step.pattern)
            return None
        if step.kind == "let":
            found = re.search(step.pattern, self.last.out) if self.last else None
            self.variables[step.name] = found[1] if found else f"no-{step.name}"
            return None
        if step.kind == "stop":
            run, future = self.running.pop(step.name)
            self.jvm.stop(run)
            try:
                return future.result(20)
            except tools.RunTimeout:
                return tools.Outcome("timeout", "", "did not stop")
        tool, args = self.words(step)
        if step.kind == "start":
            self.running[step.name] = self.jvm.start(tool, args, step.stdin)
            return None
        deadline = time.monotonic() + 20
        while True:
            self.last = self.jvm.run(tool, args, step.stdin, seconds=25)
            if step.kind != "until" or re.search(step.pattern, self.last.out) or time.monotonic() > deadline:
                return self.last
            time.sleep(0.1)

    def localised(self, text):
        """The lane's own address and directory, as the words that they stand for. Exact strings, not patterns."""
        return text.replace(self.node.bootstrap, "BOOTSTRAP").replace(str(self.directory), "DIR")


class Normalisers:
    """A list of (pattern, replacement, reason), applied in one pass from left to right."""

    def __init__(self, entries):
        self.entries = entries
        self.used = {entry["name"]: 0 for entry in entries}
        self.patterns = [re.compile(entry["pattern"], re.MULTILINE) for entry in entries]

    @classmethod
    def load(cls):
        return cls(tomllib.loads((DATA / "normalisers.toml").read_text())["normaliser"])

    def spans(self, text, tool):
        """[(begin, end, replacement, name)] without overlaps, leftmost first, ties to the earlier entry."""
        found = []
        for entry, pattern in zip(self.entries, self.patterns):
            if tool and entry.get("tools") and tool not in entry["tools"]:
                continue
            for match in pattern.finditer(text):
                # Only the group named `x` is replaced, if the pattern has one: the rest is context.
                group = "x" if "x" in pattern.groupindex else 0
                if match.start(group) != match.end(group):
                    found.append((match.start(group), match.end(group), entry["with"], entry["name"]))
        found.sort(key=lambda span: (span[0], -span[1]))
        kept, end = [], 0
        for span in found:
            if span[0] >= end:
                kept.append(span)
                end = span[1]
        return kept

    def apply(self, text, tool):
        parts, end = [], 0
        for begin, stop, replacement, name in self.spans(text, tool):
            parts += [text[end:begin], replacement]
            self.used[name] += 1
            end = stop
        return "".join(parts) + text[end:]


def normal_form(step, lane, outcome, normalisers, advertised=None):
    """What is compared: exit code, output and error output."""
    texts = []
    for stream in (outcome.out, outcome.err):
        text = normalisers.apply(lane.localised(stream), step.words[0])
        if "unordered" in step.modifiers:
            text = text.replace("}{", "}\n{")  # formatters of stored records put no line end between them
        lines = text.split("\n")
        if "advertised" in step.modifiers and advertised is not None:
            lines = [line for line in lines if row_key(line) is None or row_key(line) in advertised]
            lines = [line.rstrip(",") for line in lines]
        if "unordered" in step.modifiers:
            lines.sort()
        texts.append("\n".join(lines))
    return outcome.exit, texts[0], texts[1]


def row_key(line):
    """The API of a row like `Produce(0): 0 to 13 [usable: 13],`, None for other lines."""
    found = re.match(r"\t(\w+)\((\d+)\): ", line)
    return int(found[2]) if found else None


def advertised_rows(outcome):
    return {row_key(line) for line in outcome.out.split("\n")
            if row_key(line) is not None and "UNSUPPORTED" not in line}


def mutations(text, spans, at_most=40):
    """Copies of text with one character outside the spans changed: a digit to another, a letter to another."""
    every = len(text) // at_most + 1
    hidden = [False] * len(text)
    for begin, end, *_ in spans:
        hidden[begin:end] = [True] * (end - begin)
    for index, char in enumerate(text):
        if hidden[index] or index % every:
            continue
        if char.isdigit():
            other = str((int(char) + 1) % 10)
        elif char.isalpha():
            other = "q" if char.lower() != "q" else "z"
        else:
            continue
        yield index, text[:index] + other + text[index + 1:]


def self_test(normalisers, outputs, report):
    """Shows that the normalisers hide what they name and nothing else.

    Each entry's `hides` examples become equal and its `keeps` examples stay different; and in every real output, each
    character outside what was replaced matters: changing it changes the normal form.
    """
    for entry in normalisers.entries:
        alone = Normalisers([entry])
        tool = entry["tools"][0] if entry.get("tools") else None
        name = f"normaliser {entry['name']}"
        for a, b in entry["hides"]:
            report.check(name, alone.apply(a, tool) == alone.apply(b, tool), f"does not hide {a!r} / {b!r}")
        for a, b in entry["keeps"]:
            report.check(name, alone.apply(a, tool) != alone.apply(b, tool), f"hides {a!r} / {b!r}")
    changed = blind = 0
    example = ""
    for tool, text in outputs:
        whole = normalisers.apply(text, tool)
        for index, mutant in mutations(text, normalisers.spans(text, tool)):
            changed += 1
            if normalisers.apply(mutant, tool) == whole:
                blind += 1
                example = example or f"{tool}: {text[max(0, index - 40):index + 40]!r} at {index}"
    report.check("every character that is not named by a normaliser counts", changed > 1000 and blind == 0,
                 f"{blind} of {changed} mutations were not seen, e.g. {example}")


def differing(a, b):
    lines = []
    for what, left, right in zip(("exit", "stdout", "stderr"), a, b):
        if left == right:
            continue
        if what == "exit":
            lines.append(f"    exit code: kafka {left}, other {right}")
            continue
        old, new = left.split("\n"), right.split("\n")
        for i in range(max(len(old), len(new))):
            x, y = old[i] if i < len(old) else None, new[i] if i < len(new) else None
            if x != y:
                lines.append(f"    {what} line {i + 1}:\n      kafka: {x!r}\n      other: {y!r}")
                if len(lines) > 6:
                    return "\n".join(lines)
    return "\n".join(lines)


def main(target, only=None, verbose=False):
    report = summary.Report("differential")
    steps = all_steps(only)
    with tempfile.TemporaryDirectory(prefix="ottla-differential-") as scratch, \
            nodes.Kafka() as kafka, nodes.node(target) as other, tools.ToolJvm() as jvm_a, tools.ToolJvm() as jvm_b:
        lanes = []
        for name, node, jvm in (("a", kafka, jvm_a), ("b", other, jvm_b)):
            directory = Path(scratch) / name
            directory.mkdir()
            lanes.append(Lane(node, jvm, directory))

        def go(lane):
            outcomes = []
            for step in steps:
                begin = time.monotonic()
                outcomes.append(lane.run(step))
                if verbose and lane is lanes[1]:
                    outcome = outcomes[-1]
                    print(f"--- {time.monotonic() - begin:.2f} s  {step.title()}", file=sys.stderr)
                    if outcome:
                        print(f"exit {outcome.exit}\n{outcome.out}\n2> {outcome.err}", file=sys.stderr)
            return outcomes

        reference, tried = nodes.together(*[lambda lane=lane: go(lane) for lane in lanes])

    normalisers, outputs = Normalisers.load(), []
    for step, expected, got in zip(steps, reference, tried):
        if expected is None or "quiet" in step.modifiers:
            continue
        advertised = advertised_rows(got) if "advertised" in step.modifiers else None
        a = normal_form(step, lanes[0], expected, normalisers, advertised)
        b = normal_form(step, lanes[1], got, normalisers, advertised)
        problem = differing(a, b)
        if "advertised" in step.modifiers and not advertised:
            problem = "    no row is advertised"
        report.check(step.title(), not problem, "\n" + problem)
        outputs += [(step.words[0], lanes[0].localised(text)) for text in (expected.out, expected.err) if text]
    used = dict(normalisers.used)
    self_test(normalisers, outputs, report)
    if not only:
        # `optional` entries match only when the timing is unlucky; the others must earn their place.
        for entry in normalisers.entries:
            if not entry.get("optional"):
                report.check(f"normaliser {entry['name']} is needed", used[entry["name"]] > 0,
                             "it matched nothing: remove it")
    return report.close()
