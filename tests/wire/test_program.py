"""The program as a shell sees it: command line, exit statuses, scripts, --check, the lock."""
import contextlib
import os
import re
import signal
import sqlite3
import subprocess

import pytest
from harness.server import ROOT, Server

BINARY = os.path.join(ROOT, os.environ.get("MILLRACE_TEST_SERVER", "build/millrace"))
TIMEOUT_S = 60


def run(*arguments, stdin="", cwd=None):
    return subprocess.run([BINARY, *arguments], input=stdin, capture_output=True, text=True,
                          timeout=TIMEOUT_S, cwd=cwd)


def test_version_and_help():
    assert run("--version").stdout == "millrace 0.1.0\n"
    help_run = run("--help")
    assert help_run.returncode == 0 and "--data DIR" in help_run.stdout


@pytest.mark.parametrize("arguments", [
    ["--nothing"], ["word"], ["--set", "x"], ["--set", "nonsense=1"], ["--workers", "many"],
    ["--config", "/nothing/there.conf"], ["-f"], ["--listen", "nowhere"],
])
def test_usage_errors_exit_with_2(arguments):
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("millrace: ") and "--help" in done.stderr


def test_a_script_prints_rows_as_psql_does(tmp_path):
    done = run("-f", "-", stdin="SELECT 1, NULL, 'x|y'; SELECT 2;", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1||x|y\n2\n", "")
    assert not os.listdir(tmp_path)  # its data went with it


def test_a_script_error_has_its_place(tmp_path):
    script = tmp_path / "s.sql"
    script.write_text("SELECT 1;\n\n  SELECT 'ü', nonsense;\nSELECT 3;\n")
    done = run("-f", str(script), cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout == "1\n"
    assert done.stderr.startswith(f"{script}:3:15: ERROR: 42703: ")


def test_a_script_notice_goes_to_stderr(tmp_path):
    done = run("-f", "-", stdin="DROP VIEW IF EXISTS nothing;", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr == 'NOTICE: view "nothing" does not exist, skipping\n'


def test_a_missing_script_is_an_error(tmp_path):
    assert run("-f", "nothing.sql", cwd=tmp_path).returncode == 1


def test_a_script_keeps_its_data_when_told(tmp_path):
    data = tmp_path / "data"
    create = "CREATE SINK o WITH (connector = 'blackhole');"
    assert run("--data", str(data), "-f", "-", stdin=create, cwd=tmp_path).returncode == 0
    done = run("--data", str(data), "-f", "-", stdin="SELECT name FROM millrace.sinks",
               cwd=tmp_path)
    assert done.stdout == "o\n"


def test_a_data_directory_has_one_owner():
    with Server(os.environ.get("MILLRACE_TEST_SERVER", "build/millrace")) as server:
        done = run("--data", server.data, "--listen", "127.0.0.1:0")
        assert done.returncode == 1
        assert "in use by another millrace" in done.stderr
        os.unlink(os.path.join(server.data, "lock"))  # tidied away by a person
        done = run("--data", server.data, "--listen", "127.0.0.1:0")
        assert "in use by another millrace" in done.stderr


@contextlib.contextmanager
def inherited(number, disposition):
    """What this process starts inherits it, as from a shell or from nohup."""
    before = signal.signal(number, disposition)
    try:
        yield
    finally:
        signal.signal(number, before)


def test_a_closed_terminal_is_an_orderly_stop():
    binary = os.environ.get("MILLRACE_TEST_SERVER", "build/millrace")
    with inherited(signal.SIGHUP, signal.SIG_DFL), Server(binary) as server:
        os.kill(server.process.pid, signal.SIGHUP)
        assert server.wait_dead() == 0
        assert 'msg="stopping"' in server.log_tail()


def test_under_nohup_a_closed_terminal_changes_nothing():
    binary = os.environ.get("MILLRACE_TEST_SERVER", "build/millrace")
    with inherited(signal.SIGHUP, signal.SIG_IGN), Server(binary) as server:
        os.kill(server.process.pid, signal.SIGHUP)
        assert server.connect().value("SELECT 1") == "1"


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS])
def test_a_death_leaves_a_line(number):
    with Server(os.environ.get("MILLRACE_TEST_SERVER", "build/millrace")) as server:
        os.kill(server.process.pid, number)
        status = server.wait_dead()
        if "Sanitizer" not in server.log_tail():  # which tells more
            assert status == -number
            assert re.search(rf'level=fatal area=server msg="the server dies of {number.name}" '
                             r'version=\S+ address=0x[0-9a-f]+ callers="[+0-9a-fx ]+"\n$',
                             server.log_tail())


def test_a_port_in_use_is_told(tmp_path):
    with Server(os.environ.get("MILLRACE_TEST_SERVER", "build/millrace")) as server:
        done = run("--data", str(tmp_path / "d"), "--listen", f"127.0.0.1:{server.port}")
        assert done.returncode == 1
        assert f"could not listen on 127.0.0.1:{server.port}" in done.stderr


def test_check_finds_damage(tmp_path):
    data = tmp_path / "data"
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.json").write_text('{"v": 1}\n')
    script = (f"CREATE SOURCE s (v int8) WITH (connector = 'file', path = '{tmp_path}/in/');"
              "CREATE STREAM q AS SELECT count(*) AS n FROM s; WAIT FOR STREAM q;")
    assert run("--data", str(data), "-f", "-", stdin=script, cwd=tmp_path).returncode == 0
    sound = run("--check", str(data))  # from another folder: it may look anywhere
    assert (sound.returncode, sound.stdout) == (0, "1 streams checked, 0 damaged\n")
    (folder,) = (data / "streams").iterdir()
    with sqlite3.connect(folder / "checkpoint.db") as database:
        database.execute("UPDATE meta SET value = x'00'")
    database.close()
    hurt = run("--check", str(data))
    assert hurt.returncode == 1
    assert 'stream "q": ' in hurt.stdout
    assert run("--check", str(tmp_path / "nothing")).returncode == 1


def test_check_opens_secrets(tmp_path):
    data = tmp_path / "data"
    script = "CREATE SECRET s AS 'canary'; CREATE SECRET t AS 'canary';"
    assert run("--data", str(data), "-f", "-", stdin=script, cwd=tmp_path).returncode == 0
    key = data / "secret.key"
    assert run("--check", str(data)).returncode == 0
    right = key.read_text()
    key.write_text("ab" * 32 + "\n")
    other = run("--check", str(data))
    assert other.returncode == 1 and other.stdout.splitlines() == [
        f'secret "{name}": 55000: secret "{name}" was not sealed with the key of "{key}"'
        for name in "st"] + ["0 streams checked, 2 damaged"]
    key.unlink()
    missing = run("--check", str(data))
    assert missing.returncode == 1 and not key.exists()
    assert f'secret "s": 58P01: key file "{key}" is missing' in missing.stdout
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text(right)
    elsewhere.chmod(0o600)
    given = ("--set", f"secret_key_file={elsewhere}")
    assert run(*given, "--check", str(data)).returncode == 0
    with sqlite3.connect(data / "catalog.db") as database:
        database.execute("UPDATE objects SET definition = replace(definition, 'v1:', 'v1:00') "
                         "WHERE name = 's'")
    database.close()
    assert run(*given, "--check", str(data)).returncode == 1


def test_a_damaged_catalog_is_named(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "catalog.db").write_bytes(b"not a database" * 1000)
    done = run("--data", str(data), "-f", "-", stdin="SELECT 1")
    assert done.returncode == 1
    assert "catalog.db" in done.stderr


def test_config_file_sets_what_the_command_line_leaves(tmp_path):
    config = tmp_path / "c.conf"
    config.write_text("TimeZone = 'Europe/Rome' # here\nworkers = 3\n")
    done = run("--config", str(config), "--workers", "2", "-f", "-",
               stdin="SHOW timezone; SHOW workers", cwd=tmp_path)
    assert done.stdout == "Europe/Rome\n2\n", done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("script", [
    "", "SELECT 1;\nSELECT count(*) FROM generate_series(1, 1000000000000);"])
def test_a_script_that_is_interrupted_leaves_no_folder(tmp_path, script, number):
    """Both while it is read and while a statement runs."""
    process = subprocess.Popen([BINARY, "-f", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, cwd=tmp_path,
                               env={**os.environ, "TMPDIR": str(tmp_path)})
    try:
        if script:
            process.stdin.write(script)
            process.stdin.close()
            assert process.stdout.readline() == "1\n"
        else:
            while not os.listdir(tmp_path):
                assert process.poll() is None
        process.send_signal(number)
        assert process.wait(TIMEOUT_S) == 1
        assert "ERROR: 57" in process.stderr.read()
    finally:
        process.kill()
    assert not os.listdir(tmp_path)
