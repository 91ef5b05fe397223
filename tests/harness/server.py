"""server: starts, talks to, and ends one millrace server for a test.

Server owns its process and two temporary folders: `data`, and `work`, which is the server's
current folder and so its allowed_directories. Connection is one session over the simple query
protocol; values come back as the text that the server sent. Nothing here sleeps: everything waits
for an event, with a deadline that kills the server, so that a hang becomes a failure.
"""
import os
import re
import selectors
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from psycopg import pq

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 20
STATEMENT_TIMEOUT_S = 60
# Sanitizer builds are slower; a loaded machine may be, too.
TIME_FACTOR = float(os.environ.get("MILLRACE_TEST_TIME_FACTOR", "1"))


class ServerError(Exception):
    """The server did not do what every server must: start, answer, stop."""


class QueryError(Exception):
    """An ErrorResponse, by its fields."""

    def __init__(self, fields):
        super().__init__(f"{fields.get('sqlstate')}: {fields.get('message')}")
        self.fields = fields
        self.sqlstate = fields.get("sqlstate", "")


FIELDS = {
    "severity": pq.DiagnosticField.SEVERITY_NONLOCALIZED,
    "sqlstate": pq.DiagnosticField.SQLSTATE,
    "message": pq.DiagnosticField.MESSAGE_PRIMARY,
    "detail": pq.DiagnosticField.MESSAGE_DETAIL,
    "hint": pq.DiagnosticField.MESSAGE_HINT,
    "context": pq.DiagnosticField.CONTEXT,
    "position": pq.DiagnosticField.STATEMENT_POSITION,
}


def diagnostics(result):
    """The fields of an error or a notice that are there, as text."""
    found = {name: result.error_field(field) for name, field in FIELDS.items()}
    return {name: value.decode() for name, value in found.items() if value is not None}


class Result:
    """One result of a Query message: column names, rows of text or None, command tag."""

    def __init__(self, result):
        self.columns = [result.fname(i).decode() for i in range(result.nfields)]
        self.type_oids = [result.ftype(i) for i in range(result.nfields)]
        self.rows = [[self._text(result.get_value(r, c)) for c in range(result.nfields)]
                     for r in range(result.ntuples)]
        self.tag = (result.command_status or b"").decode()

    @staticmethod
    def _text(value):
        return None if value is None else value.decode()


class Connection:
    """One session. execute() gives the last Result, execute_all() each."""

    def __init__(self, conninfo, on_hang=None, timeout_s=STATEMENT_TIMEOUT_S):
        self._pg = pq.PGconn.connect(conninfo.encode())
        if self._pg.status != pq.ConnStatus.OK:
            raise ServerError(f"cannot connect: {self._pg.error_message.decode().strip()}")
        self.notices = []
        self._pg.notice_handler = lambda result: self.notices.append(diagnostics(result))
        self._on_hang = on_hang
        self._timeout_s = timeout_s * TIME_FACTOR

    def execute_all(self, sql, timeout_s=None):
        """Runs a string of statements; raises the first QueryError after all results are read."""
        self.notices.clear()
        watchdog = threading.Timer(timeout_s or self._timeout_s, self._on_hang or self._pg.finish)
        watchdog.daemon = True
        watchdog.start()
        try:
            self._pg.send_query(sql.encode())
            results, error = [], None
            while (result := self._pg.get_result()) is not None:
                if result.status == pq.ExecStatus.FATAL_ERROR:
                    error = error or QueryError(diagnostics(result))
                elif result.status in (pq.ExecStatus.COPY_OUT, pq.ExecStatus.COPY_IN):
                    raise ServerError("COPY is not for this connection")
                else:
                    results.append(Result(result))
        finally:
            watchdog.cancel()
        if error:
            if "sqlstate" not in error.fields:  # libpq's own: the connection broke
                raise ServerError(f"the connection broke: {error.fields.get('message', '').strip()}"
                                  f" in: {sql[:200]}")
            raise error
        return results

    def execute(self, sql, timeout_s=None):
        results = self.execute_all(sql, timeout_s)
        return results[-1] if results else None

    def rows(self, sql):
        return self.execute(sql).rows

    def value(self, sql):
        return self.execute(sql).rows[0][0]

    def cancel(self):
        """What runs now, from another thread."""
        self._pg.get_cancel().cancel()

    def close(self):
        self._pg.finish()


class Server:
    """A millrace process and its folders; use it in a `with`."""

    def __init__(self, binary="build/millrace", settings=(), environment=None, work=None):
        self.binary = os.path.join(ROOT, binary)
        self.root = tempfile.mkdtemp(prefix="millrace-test-")
        self.data = os.path.join(self.root, "data")
        self.work = work or os.path.join(self.root, "work")
        os.makedirs(self.work, exist_ok=True)
        self.settings = list(settings)
        self.environment = dict(environment or {})
        self.process = None
        self.port = 0
        self.log_path = os.path.join(self.root, "server.log")

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.destroy()
            raise
        return self

    def __exit__(self, kind, value, traceback):
        self.destroy()

    def start(self, extra_environment=None):
        """Starts it and waits for the ready line."""
        command = [self.binary, "--data", self.data, "--listen", "127.0.0.1:0",
                   "--http", "127.0.0.1:0"]
        for setting in self.settings:
            command += ["--set", setting]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.work, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=log, env={**os.environ, **self.environment, **(extra_environment or {})})
        line = self._read_ready_line()
        match = re.match(r"millrace \S+ ready: psql -h (\S+) -p (\d+)", line)
        if not match:
            self.kill()
            raise ServerError(f"no ready line, but {line!r}; log: {self.log_tail()}")
        self.port = int(match[2])
        # Whatever else it prints (console sinks) must never block it.
        threading.Thread(target=self._drain, args=(self.process.stdout,), daemon=True).start()
        return self

    def _read_ready_line(self):
        deadline = time.monotonic() + START_TIMEOUT_S * TIME_FACTOR
        seen = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while b"\n" not in seen and time.monotonic() < deadline:
                if selector.select(max(0.0, deadline - time.monotonic())):
                    chunk = os.read(self.process.stdout.fileno(), 4096)
                    if not chunk:
                        break
                    seen += chunk
        return seen.decode(errors="replace").split("\n")[0]

    @staticmethod
    def _drain(stream):
        while stream.read(65536):
            pass

    def connect(self, **options):
        return Connection(f"host=127.0.0.1 port={self.port} user=test dbname=millrace "
                          "sslmode=disable gssencmode=disable connect_timeout=20",
                          on_hang=self.hung, **options)

    def hung(self):
        """A statement took too long: leave a trace in the log, and end the server."""
        with open(self.log_path, "ab") as log:
            log.write(b"harness: a statement ran into its deadline; killing the server\n")
        self.kill()

    def stop(self):
        """SIGTERM; returns the exit status. It must end in time, and with 0."""
        if self.process is None:
            return 0
        process, self.process = self.process, None
        process.terminate()
        try:
            status = process.wait(STOP_TIMEOUT_S * TIME_FACTOR)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise ServerError("did not end after SIGTERM") from None
        if status != 0:
            raise ServerError(f"ended with {status}; log: {self.log_tail()}")
        return status

    def kill(self):
        """SIGKILL, as a crash."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def wait_dead(self, timeout_s=30):
        """Waits until it has ended by itself (a crash point); returns the exit status."""
        return self.process.wait(timeout_s * TIME_FACTOR)

    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def log_tail(self, size=3000):
        try:
            with open(self.log_path, "rb") as log:
                return log.read()[-size:].decode(errors="replace")
        except OSError:
            return ""

    def cpu_seconds(self):
        """User and system time of the process so far."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def peak_bytes(self):
        """The most memory that it ever had."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"^VmHWM:\s+(\d+) kB", status.read(), re.M)[1]) << 10

    def destroy(self):
        self.kill()
        shutil.rmtree(self.root, ignore_errors=True)


def write_file(folder, name, content):
    """Puts a file into a folder as a source wants it: whole, by a rename."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name)
    hidden = os.path.join(os.path.dirname(path), "." + os.path.basename(path) + ".tmp")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(hidden, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    os.rename(hidden, path)


def visible_files(folder):
    """The data files that a reader of a file sink sees; in complete mode those of `current`."""
    current = os.path.join(folder, "current")
    top = current if os.path.islink(current) else folder
    found = []
    for path, folders, names in os.walk(top):
        folders[:] = sorted(f for f in folders if not f.startswith((".", "_")))
        found += [os.path.join(path, n) for n in sorted(names) if not n.startswith((".", "_"))]
    return found


def read_lines(paths):
    lines = []
    for path in paths:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            lines += file.read().splitlines()
    return lines
