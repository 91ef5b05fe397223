"""tour: does what README.md's tour says, block by block, and compares what it prints.

usage: tour.py [--server BINARY]
Blocks: `sh` runs in bash, `sql` in psql, in one folder; a `text` block right behind is the output.
`sh server` stands for starting the server (here on a free port), `sh kill` for SIGKILL and a start,
`sh kafka` for starting a broker (here, too). The whole tour is one test; the chapter whose title
says Kafka is another, which MILLRACE_SKIP=kafka leaves out.
"""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness.server import ROOT, Server, ServerError  # noqa: E402

BLOCK_TIMEOUT_S = 300
PRINTED_BROKER = "127.0.0.1:19092"
PRINTED_SCRIPT = "tests/kafka/broker"


class Wrong(Exception):
    """A block that does not do what is printed."""


def blocks(text):
    """(line, kind, body) of each fenced block."""
    for match in re.finditer(r"^```(\w+ ?\w*)\n(.*?)^```$", text, re.M | re.S):
        yield text.count("\n", 0, match.start()) + 1, match[1], match[2]


def chapters(text):
    """The tour without its Kafka chapter, and that; lines keep their numbers."""
    match = re.search(r"^## [^\n]*Kafka.*?(?=^## |\Z)", text, re.M | re.S)
    if not match:
        return text, ""
    before, after = text[:match.start()], text[match.end():]
    return (before + "\n" * match[0].count("\n") + after, "\n" * before.count("\n") + match[0])


class Tour:
    """A server, and a broker when a block starts one."""

    def __init__(self, binary):
        self.server = Server(binary)
        self.broker = None

    def run_block(self, kind, body):
        """What the block prints."""
        if self.broker:
            body = body.replace(PRINTED_BROKER, self.broker.address)
        if kind == "sql":
            command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p",
                       str(self.server.port), "-U", "test", "millrace"]
        else:
            body = body.replace(PRINTED_SCRIPT, os.path.join(ROOT, PRINTED_SCRIPT))
            command = ["bash", "-e"]
        environment = dict(os.environ)
        if self.broker:
            environment["MILLRACE_KAFKA_ADDRESS"] = self.broker.address
        run = subprocess.run(command, input=body, cwd=self.server.work, text=True,
                             capture_output=True, timeout=BLOCK_TIMEOUT_S, env=environment)
        if run.returncode != 0:
            raise Wrong(f"ended with {run.returncode}: {run.stderr.strip()}")
        return run.stdout

    def start_broker(self):
        from harness.kafka import Broker  # needs a Kafka client, which the rest does not
        self.broker = Broker()
        self.broker.start()

    def run(self, text):
        printed = ""
        for line, kind, body in blocks(text):
            try:
                if kind == "sh server":
                    self.server.start()
                elif kind == "sh kill":
                    self.server.kill()
                    self.server.start()
                elif kind == "sh kafka":
                    self.start_broker()
                elif kind == "text":
                    if printed.rstrip() != body.rstrip():
                        raise Wrong(f"printed\n{printed}")
                elif kind in ("sh", "sql"):
                    printed = self.run_block(kind, body)
                else:
                    raise Wrong(f"unknown kind of block: {kind}")
            except Exception as error:  # whatever stops a block, its line is said
                raise Wrong(f"README.md:{line}: {error}") from error

    def destroy(self):
        self.server.destroy()
        if self.broker:
            self.broker.destroy()


def report(number, name, steps):
    """One line of TAP; whether the steps did what is printed."""
    try:
        for step in steps:
            step()
        print(f"ok {number} - {name}", flush=True)
        return True
    except (Wrong, ServerError) as error:
        print(f"not ok {number} - {name}")
        print("# " + str(error).replace("\n", "\n# "), flush=True)
        return False


def main():
    binary = sys.argv[2] if sys.argv[1:2] == ["--server"] else "build/millrace"
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        tour_text, kafka_text = chapters(file.read())
    tour = Tour(binary)
    print("1..2")
    try:
        good = report(1, "the tour in README.md", [lambda: tour.run(tour_text)])
        if "kafka" in re.split(r"[\s,]+", os.environ.get("MILLRACE_SKIP", "")):
            print("ok 2 - kafka # SKIP MILLRACE_SKIP says so")
        elif good:
            good = report(2, "kafka", [lambda: tour.run(kafka_text), tour.server.stop])
        else:
            print("not ok 2 - kafka\n# it goes on where the tour ends")
        return 0 if good else 1
    finally:
        tour.destroy()


if __name__ == "__main__":
    sys.exit(main())
