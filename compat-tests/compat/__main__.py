"""python3 -m compat SUITE [--target ottla|kafka] …: what scripts/compat runs."""

import argparse
import signal
import sys

from . import cache


def main():
    parser = argparse.ArgumentParser(prog="scripts/compat", description=__doc__)
    suites = parser.add_subparsers(dest="suite", required=True)

    def suite(name, help):
        command = suites.add_parser(name, help=help)
        command.add_argument("--target", choices=["ottla", "kafka"], default="ottla",
                             help="the broker under test; `kafka` shows that the test itself is sound")
        return command

    differential = suite("differential", "Kafka's console tools on both brokers")
    differential.add_argument("--only", action="append", help="a file of compat-tests/differential, without .runs")
    differential.add_argument("--verbose", action="store_true", help="print every outcome of the target")
    suite("oracles", "kafka-dump-log, kafka-metadata-shell and Apache Kafka itself over a broker's directory")
    clients = suite("clients", "stock clients x scenarios")
    clients.add_argument("--client", action="append", help="a client of scenarios.toml; default: all")
    clients.add_argument("--only", action="append", help="a scenario; default: all")
    suite("crashes", "kill -9 under load ($OTTLA_KILLS times)")
    suites.add_parser("process", help="the binary as a process: start, stop, refusals, sizes")
    bench = suites.add_parser("bench", help="figures beside Apache Kafka's")
    bench.add_argument("--pairs", type=int, default=5)
    bench.add_argument("--scale", type=float, default=1.0, help="multiplies the record counts")
    bench.add_argument("--no-document", action="store_true", help="do not write docs/benchmarks.md")
    suites.add_parser("fetch", help="fetch and build everything that the suites need")
    args = parser.parse_args()

    # Brokers and JVMs are ended by their context managers: a SIGTERM must unwind like Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    cache.directory()
    if args.suite == "differential":
        from . import differential
        return differential.main(args.target, args.only, args.verbose)
    if args.suite == "oracles":
        from . import oracles
        return oracles.main(args.target)
    if args.suite == "clients":
        from . import clients
        return clients.main(args.target, args.client, args.only)
    if args.suite == "crashes":
        from . import crashes
        return crashes.main(args.target)
    if args.suite == "process":
        from . import process
        return process.main()
    if args.suite == "bench":
        from . import bench
        return bench.main(args.pairs, args.scale, not args.no_document)
    if args.suite == "fetch":
        from . import clients
        return clients.fetch()


sys.exit(main())
