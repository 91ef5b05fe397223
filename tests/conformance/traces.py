"""traces: replays queries that Spark Structured Streaming answered, epoch by epoch.

usage: traces.py FOLDER [NAME]… [--server BINARY] [--verbose]
FOLDER holds the recorded traces (*.json) and is not part of this repository. Each trace has its own
server. An epoch's rows become one file a source; with several sources a long trigger keeps the
stream still until WAIT FOR STREAM takes them all into one epoch. Compared as the traces' README
says: append by the rows
emitted, update by the rows after the change (unchanged groups may be left out), complete by the
whole answer. Ends with a list of what failed and what is not supported yet (0A000).
"""
import argparse
import collections
import concurrent.futures
import datetime
import glob
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness.server import (  # noqa: E402
    QueryError, Server, ServerError, read_lines, visible_files,
                            write_file)

# What we answer differently on purpose: docs/conformance.md says why.
DIFFERENCES = {"global-empty-first-complete", "group-sum-overflow", "union-one-watermark-update",
               "windows-then-union"}


class Difference(Exception):
    """An answer that is not Spark's."""


def is_replayable(trace):
    conf = trace.get("spark", {}).get("conf") or {}
    return not (trace.get("backlog") or trace.get("crash") or trace.get("quirk")
                or "spark.sql.streaming.noDataMicroBatches.enabled" in conf
                or (trace.get("refused") and not trace.get("must_refuse")))


def create_sources(trace, connection):
    for name, stream in trace["streams"].items():
        items = [f"{column} {kind}" for column, kind in stream["columns"]]
        if stream.get("watermark"):
            column, delay = stream["watermark"]
            items.append(f"WATERMARK FOR {column} AS {column} - INTERVAL '{delay}' "
                         "IDLE AFTER INTERVAL '1 hour'")
        connection.execute(f"CREATE SOURCE {name} ({', '.join(items)}) WITH (connector = 'file', "
                           f"path = 'in-{name}/', format = 'json')")
    for name, table in trace.get("tables", {}).items():
        columns = ", ".join(f"{column} {kind}" for column, kind in table["columns"])
        connection.execute(f"CREATE TABLE {name} ({columns})")


def create_stream(trace, connection):
    options = f" WITH (watermark_policy = '{trace['policy']}')" if trace.get("policy") else ""
    still = "TRIGGER EVERY INTERVAL '1 hour'" if len(trace["streams"]) > 1 else ""
    connection.execute("CREATE SINK result WITH (connector = 'file', path = 'out/', "
                       "format = 'json')")
    connection.execute(f"CREATE STREAM q INTO result OUTPUT MODE {trace['mode'].upper()} "
                       f"{still}{options} AS {trace['sql']}")


def normal_value(value, kind):
    """A value by its type, so that equal answers are equal here."""
    if value is None:
        return None
    if kind == "timestamptz":
        text = str(value).replace("Z", "+00:00")
        return datetime.datetime.fromisoformat(text).timestamp()
    if kind == "double precision" or kind.startswith("numeric"):
        return float(f"{float(value):.6g}") if kind.startswith("double") else float(value)
    if kind in ("bigint", "int", "integer", "smallint"):
        return float(value)
    return json.dumps(value) if isinstance(value, (list, dict)) else value


class Replay:
    """One trace against one server."""

    def __init__(self, trace, server):
        self.trace = trace
        self.server = server
        self.kinds = [kind for _, kind in trace.get("output", [])]
        self.seen_files = set()
        self.known = set()  # update mode: rows that came before

    def bag(self, rows):
        """Columns by place: a column without an alias has another name in Spark."""
        return collections.Counter(
            tuple(normal_value(value, kind) for value, kind in zip(row, self.kinds))
            for row in rows)

    def expected(self, epochs):
        emitted = epochs[-1:] if self.trace["mode"] == "complete" else epochs
        return self.bag(row for epoch in emitted for row in epoch.get("emitted", ()))

    def read_new(self):
        """The rows that came out since the last call."""
        out = os.path.join(self.server.work, "out")
        files = visible_files(out)
        if self.trace["mode"] != "complete":
            files = [f for f in files if f not in self.seen_files]
            self.seen_files.update(files)
        lines = [json.loads(line) for line in read_lines(files)]
        if self.trace["mode"] == "update":
            lines = [line for line in lines if line["op"] != "delete"]
        first = 2 if self.trace["mode"] == "update" else 0  # op and epoch
        return self.bag(list(line.values())[first:] for line in lines)

    def compare(self, number, expected, got):
        missing, extra = expected - got, got - expected
        if self.trace["mode"] == "update":
            # Spark also gives groups that a batch touched without changing them, and each of
            # several epochs' versions; we may have taken these epochs together.
            missing = collections.Counter({r: n for r, n in missing.items()
                                           if r not in self.known})
            self.known.update(got)
        if missing or extra:
            raise Difference(f"epoch {number}: missing {list(missing.elements())[:3]}, "
                             f"too many {list(extra.elements())[:3]}")

    def run(self):
        connection = self.server.connect()
        create_sources(self.trace, connection)
        if self.trace.get("must_refuse"):
            try:
                create_stream(self.trace, connection)
            except QueryError as error:
                if error.sqlstate.startswith("XX"):
                    raise
                return
            raise Difference("must be refused, but was accepted")
        create_stream(self.trace, connection)
        epochs = self.trace["epochs"]
        i = 0
        while i < len(epochs):
            first = i
            i += 1
            while i < len(epochs) and epochs[i].get("no_data") and not epochs[i].get("restart"):
                i += 1
            self.run_epochs(connection, first, epochs[first:i])
        self.server.stop()

    def run_epochs(self, connection, number, epochs):
        """One epoch with its input, and the no-data epochs after it."""
        if epochs[0].get("restart"):
            connection.execute("ALTER STREAM q RESTART")
        for name, rows in epochs[0]["input"].items():
            columns = [column for column, _ in self.trace["streams"][name]["columns"]]
            if rows:
                write_file(os.path.join(self.server.work, f"in-{name}"), f"{number:06}.json",
                           "".join(json.dumps(dict(zip(columns, row))) + "\n" for row in rows))
        try:
            connection.execute("WAIT FOR STREAM q")
        except QueryError:
            if any(epoch.get("failed") for epoch in epochs):
                return
            raise
        if any(epoch.get("failed") for epoch in epochs):
            raise Difference(f"epoch {number}: did not fail")
        self.compare(number, self.expected(epochs), self.read_new())


def run_trace(path, binary):
    """(name, family, outcome, detail)"""
    with open(path, encoding="utf-8") as file:
        trace = json.load(file)
    facts = trace["name"], trace["family"]
    if not is_replayable(trace):
        return *facts, "read only", ""
    try:
        with Server(binary) as server:
            for name in trace["streams"]:
                os.makedirs(os.path.join(server.work, f"in-{name}"))
            Replay(trace, server).run()
        if trace["name"] in DIFFERENCES:
            return *facts, "fail", "is listed as a difference, but is none"
        return *facts, "pass", ""
    except QueryError as error:
        return *facts, "not supported" if error.sqlstate == "0A000" else "fail", str(error)
    except (Difference, ServerError, OSError, KeyError, ValueError) as error:
        if isinstance(error, Difference) and trace["name"] in DIFFERENCES:
            return *facts, "different on purpose", ""
        return *facts, "fail", f"{type(error).__name__}: {error}"


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("folder")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--server", default="build/millrace")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    paths = sorted(glob.glob(os.path.join(options.folder, "*.json")))
    if options.names:
        paths = [p for p in paths if os.path.basename(p)[:-5] in options.names]
    families = collections.defaultdict(collections.Counter)
    total = collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, family, outcome, detail in pool.map(lambda p: run_trace(p, options.server),
                                                      paths):
            families[family][outcome] += 1
            total[outcome] += 1
            if outcome in ("fail", "not supported") or options.verbose:
                print(f"{outcome}: {name} ({family}) {detail[:400]}", flush=True)
    for family, counts in sorted(families.items()):
        print(f"{family}: " + ", ".join(f"{n} {what}" for what, n in sorted(counts.items())))
    print("total: " + ", ".join(f"{n} {what}" for what, n in sorted(total.items())))
    return 1 if total["fail"] else 0


if __name__ == "__main__":
    sys.exit(main())
