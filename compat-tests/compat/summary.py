"""Counts cases and prints them: failures in full, then one closing line `NAME: N passed, N failed, N skipped`."""

import sys


class Report:
    def __init__(self, name, out=sys.stdout):
        self.name, self.out = name, out
        self.passed, self.failed, self.skipped = [], [], []

    def check(self, case, good, why=""):
        if good:
            self.passed.append(case)
        else:
            self.failed.append(case)
            print(f"FAIL {case}: {why}", file=self.out, flush=True)
        return good

    def skip(self, case, why):
        self.skipped.append((case, why))
        print(f"skip {case}: {why}", file=self.out, flush=True)

    def close(self) -> int:
        """The exit code: 0 when something was run and nothing failed."""
        print(f"{self.name}: {len(self.passed)} passed, {len(self.failed)} failed, {len(self.skipped)} skipped",
              file=self.out, flush=True)
        return 0 if self.passed and not self.failed else 1
