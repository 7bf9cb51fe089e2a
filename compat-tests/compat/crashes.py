"""kill -9 under load: what was acknowledged is there, once, in order (compat-tests/crashes/CrashLoad.java checks it).

The broker is killed $OTTLA_KILLS times at random moments and started again on the same directory and port, once in a while killed again
while it recovers. The seed of the moments is printed; OTTLA_SEED repeats it (the interleaving is the machine's).
"""

import os
import queue
import random
import subprocess
import threading
import time

from . import cache, nodes, summary


class Load:
    def __init__(self, bootstrap, codec):
        classes = cache.java_classes("crash-load", [cache.COMPAT / "crashes" / "CrashLoad.java"])
        self.process = subprocess.Popen(
            ["java", "-Xmx768m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=off",
             "-cp", cache.classpath(classes), "CrashLoad", bootstrap, codec],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.lines = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()
        self.expect("started")

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def expect(self, start, seconds=60):
        line = self.lines.get(timeout=seconds)
        if line is None or not line.startswith(start):
            raise RuntimeError(f"the load said {line!r} instead of {start!r}")
        return line

    def say(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def acknowledged(self):
        self.say("progress")
        return int(self.expect("acknowledged").split()[1])

    def rest(self, seconds=240):
        self.say("stop")
        lines = []
        while (line := self.lines.get(timeout=seconds)) is not None:
            lines.append(line)
        return lines


def main(target):
    report = summary.Report("crashes")
    kills = int(os.environ.get("OTTLA_KILLS", "5"))
    seed = int(os.environ.get("OTTLA_SEED", random.randrange(1 << 32)))
    draw = random.Random(seed)
    print(f"{kills} kills for each of two codecs, seed {seed}")
    for codec in ("none", "lz4"):
        # Small segments: recovery, rolled segments and producer snapshots all take part.
        with nodes.node(target, settings={"log.segment.bytes": "2000000"}) as node:
            load = Load(node.bootstrap, codec)
            try:
                recoveries, alive = [], load.acknowledged()
                for kill in range(kills):
                    deadline = time.monotonic() + 60
                    while load.acknowledged() <= alive + 500:  # the load goes on before the next kill
                        if time.monotonic() > deadline or load.process.poll() is not None:
                            raise RuntimeError(f"the load does not go on after kill {kill}: {alive} acknowledged\n{node.tail()}")
                        time.sleep(0.02)
                    time.sleep(draw.uniform(0, 0.6))
                    alive = load.acknowledged()
                    node.kill()
                    if draw.random() < 0.3:
                        try:
                            node.start(seconds=draw.uniform(0.002, 0.05))  # killed again in the middle of its start
                        except RuntimeError:
                            pass
                        node.kill()
                    begin = time.monotonic()
                    node.start(60)
                    recoveries.append(time.monotonic() - begin)
                for line in load.rest():
                    name, _, answer = line.rpartition(" ok") if line.endswith(" ok") else line.partition(" fail ")
                    if line.endswith(" ok") or " fail " in line:
                        report.check(f"{codec}: {name}", line.endswith(" ok"), answer)
                    else:
                        print(f"  {codec}: {line}; start after a kill took {min(recoveries):.3f} to {max(recoveries):.3f} s")
                report.check(f"{codec}: the load ran to its end", load.process.wait(10) == 0, "it did not")
            finally:
                load.process.kill()
    return report.close()
