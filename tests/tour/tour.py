"""tour: does what README.md's tour says, block by block, and compares what it prints.

usage: tour.py [--server BINARY]
Blocks: `sh` runs in bash, `sql` in psql, in one folder; a `text` block right behind is the output.
`sh server` stands for starting the server (here on a free port), `sh kill` for SIGKILL and a start.
The whole tour is one test.
"""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness.server import ROOT, Server, ServerError  # noqa: E402

BLOCK_TIMEOUT_S = 60


class Wrong(Exception):
    """A block that does not do what is printed."""


def blocks(text):
    """(line, kind, body) of each fenced block."""
    for match in re.finditer(r"^```(\w+ ?\w*)\n(.*?)^```$", text, re.M | re.S):
        yield text.count("\n", 0, match.start()) + 1, match[1], match[2]


def run_block(kind, body, server):
    """What the block prints."""
    if kind == "sql":
        command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p",
                   str(server.port), "-U", "test", "millrace"]
    else:
        command = ["bash", "-e"]
    run = subprocess.run(command, input=body, cwd=server.work, text=True, capture_output=True,
                         timeout=BLOCK_TIMEOUT_S)
    if run.returncode != 0:
        raise Wrong(f"ended with {run.returncode}: {run.stderr.strip()}")
    return run.stdout


def run_tour(text, server):
    printed = ""
    for line, kind, body in blocks(text):
        try:
            if kind == "sh server":
                server.start()
            elif kind == "sh kill":
                server.kill()
                server.start()
            elif kind == "text":
                if printed.rstrip() != body.rstrip():
                    raise Wrong(f"printed\n{printed}")
            elif kind in ("sh", "sql"):
                printed = run_block(kind, body, server)
            else:
                raise Wrong(f"unknown kind of block: {kind}")
        except (Wrong, ServerError, subprocess.TimeoutExpired) as error:
            raise Wrong(f"README.md:{line}: {error}") from error
    server.stop()


def main():
    binary = sys.argv[2] if sys.argv[1:2] == ["--server"] else "build/millrace"
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        text = file.read()
    print("1..1")
    server = Server(binary)
    try:
        run_tour(text, server)
        print("ok 1 - the tour in README.md")
        return 0
    except (Wrong, ServerError) as error:
        print("not ok 1 - the tour in README.md")
        print("# " + f"{error}\nlog: {server.log_tail(1000)}".replace("\n", "\n# "))
        return 1
    finally:
        server.destroy()


if __name__ == "__main__":
    sys.exit(main())
