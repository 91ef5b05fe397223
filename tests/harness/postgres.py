"""postgres: a throw-away PostgreSQL 15 server, the oracle for answers and text forms."""
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from harness.server import Connection, ServerError

ACCOUNT = "postgres"


def binaries():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"))
    if not found:
        raise ServerError("PostgreSQL is not installed: scripts/deps test")
    return os.path.dirname(found[-1])


class Postgres:
    """initdb in a temporary folder, a server on a free loopback port; use it in a `with`."""

    def __init__(self):
        self.root = tempfile.mkdtemp(prefix="millrace-oracle-")
        self.process = None
        self.port = 0
        # PostgreSQL refuses to run as root: then it runs as its own account.
        self._as_account = {"user": ACCOUNT, "group": ACCOUNT, "extra_groups": []} \
            if os.getuid() == 0 else {}

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.destroy()
            raise

    def __exit__(self, kind, value, traceback):
        self.destroy()

    def start(self):
        if self._as_account:
            account = pwd.getpwnam(ACCOUNT)
            os.chown(self.root, account.pw_uid, account.pw_gid)
        data = os.path.join(self.root, "data")
        subprocess.run([f"{binaries()}/initdb", "-D", data, "-A", "trust", "-U", "test",
                        "--no-sync", "-E", "UTF8", "--locale=C"], check=True, cwd=self.root,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **self._as_account)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        with open(os.path.join(self.root, "log"), "wb") as log:
            self.process = subprocess.Popen(
                [f"{binaries()}/postgres", "-D", data, "-p", str(self.port),
                 "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
                 "-c", "fsync=off", "-c", "timezone=UTC", "-c", "datestyle=ISO,MDY"],
                cwd=self.root, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                **self._as_account)
        deadline = time.monotonic() + 30
        while True:
            try:
                self.connect().close()
                return self
            except ServerError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)  # poll until it listens

    def connect(self):
        return Connection(f"host=127.0.0.1 port={self.port} user=test dbname=postgres "
                          "sslmode=disable")

    def destroy(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait()
            self.process = None
        shutil.rmtree(self.root, ignore_errors=True)
