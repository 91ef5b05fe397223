"""suites: runs every test suite and sums up. Called by scripts/test.

Each suite is a command that reports on stdout in TAP ("ok 1 - name", "not ok 2 - name",
"# SKIP reason"), or a pytest run that leaves a JUnit file. The laws of counting:
1. One line of TAP, one pytest item, counts one. Nothing else counts as passed.
2. A runner that dies, runs out of time, or announces more tests than it reports is one failure
   more. A suite that cannot start (its build failed, its program is missing) is one failure.
3. A skip is a failure, unless MILLRACE_SKIP names the suite, what it needs, or the test.
4. The exit status is 0 only with 0 failed.
"""
import concurrent.futures
import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PYTHON = [sys.executable, "-B"]
CPU_COUNT = os.cpu_count() or 1
UNIT_TIMEOUT_S = 120
# What a sanitizer finds ends the program, also a server that a runner started.
TSAN_SUPPRESSIONS = os.path.join(ROOT, "tests", "tsan.supp")
SANITIZERS = {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=1",
              "TSAN_OPTIONS": f"halt_on_error=1:suppressions={TSAN_SUPPRESSIONS}",
              "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}
# What measures memory: the sanitizer's is larger than the server's. What opens a client of Kafka:
# librdkafka makes its threads by C11's thrd_create, which this sanitizer does not know and dies of.
# What masks signals: the sanitizer's own thread takes them.
NOT_UNDER_TSAN = (
    "--ignore=tests/wire/test_memory.py", "--ignore=tests/wire/test_broker_away.py",
    "--ignore=tests/wire/test_secrets.py",
    "--deselect=tests/wire/test_program.py::test_a_script_that_is_interrupted_leaves_no_folder")
# The tests of Kafka that take the longest; each half has a broker of its own.
KAFKA_HALF = ("tests/kafka/test_deferral.py", "tests/kafka/test_exactly_once.py",
              "tests/kafka/test_outages.py")
TSAN_UNITS = ("pool", "memory", "exec", "stage", "exchange", "state", "stream", "server", "worker")


@dataclasses.dataclass
class Result:
    """What one runner reported."""
    passed: int = 0
    failures: list = dataclasses.field(default_factory=list)  # names
    skips: list = dataclasses.field(default_factory=list)  # names
    log: str = ""


@dataclasses.dataclass
class Suite:
    """A named suite: `build` must succeed first, then `run(suite)` gives a list of Results."""
    name: str
    build: str
    run: object
    command: tuple = ()
    half: tuple = ()  # of run_pytest_halves: the files of the first run
    timeout_s: int = 900
    needs: str = ""  # what MILLRACE_SKIP names to leave out all that need it
    environment: dict = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        """Under a sanitizer a statement takes many times as long, and patience is no test."""
        if self.build in ("asan", "tsan"):
            self.environment = {"MILLRACE_TEST_TIME_FACTOR": "4", **self.environment}


def run_process(command, timeout_s, env=None):
    """Returns (exit status or a word, output). The whole process group ends with its leader."""
    try:
        process = subprocess.Popen(command, cwd=ROOT, text=True,
                                   env={**SANITIZERS, **os.environ, **(env or {})},
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, errors="replace",
                                   start_new_session=True)
    except OSError as error:
        return "did not start", str(error)
    try:
        output, _ = process.communicate(timeout=timeout_s)
        return process.returncode, output
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        return f"took more than {timeout_s} s", output


def read_tap(label, status, output):
    """Sums up one runner's TAP. `label` prefixes the names."""
    result = Result(log=output)
    planned = reported = 0
    for line in output.splitlines():
        if plan := re.fullmatch(r"1\.\.(\d+)", line):
            planned += int(plan[1])
        elif skip := re.match(r"(?:not )?ok\b[ 0-9]*-?\s*(.*?)\s*# SKIP\s*(.*)", line, re.I):
            reported += 1
            result.skips.append(f"{label}:{skip[1] or skip[2]}")
        elif passed := re.match(r"(not )?ok\b[ 0-9]*-?\s*(.*)", line):
            reported += 1
            if passed[1]:
                result.failures.append(f"{label}:{passed[2]}")
            else:
                result.passed += 1
    if reported < planned:
        result.failures.append(f"{label}: {planned - reported} planned tests did not report")
    elif status != 0 and not result.failures:
        result.failures.append(f"{label}: ended with {status}")
    elif reported == 0:
        result.failures.append(f"{label}: reported no test")
    return result


def run_tap(suite):
    """A suite that is one TAP program."""
    status, output = run_process(suite.command, suite.timeout_s, suite.environment)
    return [read_tap(suite.name, status, output)]


def run_pytest(suite):
    """A suite that is one pytest run."""
    return [read_pytest(suite, suite.name, suite.command)]


def run_pytest_halves(suite):
    """A suite that mostly waits, in two runs side by side: its half's files, and all others."""
    others = (*suite.command, *(f"--ignore={path}" for path in suite.half))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda run: read_pytest(suite, *run),
                             ((f"{suite.name}-1", suite.half), (f"{suite.name}-2", others))))


def read_pytest(suite, name, arguments):
    """One pytest run, and what its JUnit file says."""
    junit = os.path.join(ROOT, "build", f"junit-{name}.xml")
    if os.path.exists(junit):
        os.unlink(junit)
    command = [*PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={junit}",
               *arguments]
    status, output = run_process(command, suite.timeout_s, suite.environment)
    result = Result(log=output)
    if not os.path.exists(junit):
        result.failures.append(f"{name}: no report, ended with {status}")
        return result
    for case in ElementTree.parse(junit).getroot().iter("testcase"):
        test = f"{suite.name}:{case.get('classname')}.{case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            result.failures.append(test)
        elif case.find("skipped") is not None:
            result.skips.append(test)
        else:
            result.passed += 1
    if status != 0 and not result.failures:
        result.failures.append(f"{name}: ended with {status}")
    return result


def run_units(suite):
    """The cmocka programs and fuzz corpora that meson knows of, two at a time or as cores allow."""
    folder = suite.build_folder
    listing = subprocess.run(["meson", "introspect", "--tests", folder], cwd=ROOT, text=True,
                             stdin=subprocess.DEVNULL, capture_output=True, check=True).stdout
    tests = [t for t in json.loads(listing)
             if any(s.split(":")[-1] in ("fast", "unit", "fuzz") for s in t["suite"])]
    if suite.name.endswith("tsan"):
        tests = [t for t in tests if any(word in t["name"] for word in TSAN_UNITS)]

    def run_one(test):
        label = f"{suite.name}:{test['name']}"
        env = {**test.get("env", {}), "CMOCKA_MESSAGE_OUTPUT": "TAP"}
        status, output = run_process(test["cmd"], UNIT_TIMEOUT_S, env)
        if re.search(r"^(not )?ok\b", output, re.M):
            return read_tap(label, status, output)
        if status == 0:
            return Result(passed=1, log=output)  # a fuzz corpus: one program, one test
        return Result(failures=[f"{label}: ended with {status}"], log=output)

    with concurrent.futures.ThreadPoolExecutor(CPU_COUNT) as pool:
        return list(pool.map(run_one, tests))


def suites():
    """Every suite, in the order in which they run: the quick ones first."""
    runner = [*PYTHON, "tests/sqltest.py"]
    asan = ["--server", "build-asan/millrace"]
    tsan = ["--server", "build-tsan/millrace"]
    return [
        Suite("style", "release", run_tap, (*PYTHON, "tests/style/style.py")),
        Suite("unit", "release", run_units),
        Suite("grammar", "release", run_tap, (*PYTHON, "tests/grammar/coverage.py")),
        Suite("sql", "release", run_tap, (*runner, "tests/sql")),
        Suite("sql-no-rules", "release", run_tap, (*runner, "--no-rules", "tests/sql")),
        Suite("wire", "release", run_pytest, ("tests/wire",)),
        Suite("oracle", "release", run_tap, (*PYTHON, "tests/oracle/oracle.py")),
        Suite("oracle-wide", "release", run_tap, (*PYTHON, "tests/oracle/wide.py")),
        Suite("rules", "release", run_tap, (*PYTHON, "tests/oracle/rules.py")),
        Suite("prefix", "release", run_tap, (*PYTHON, "tests/prefix/prefix.py")),
        Suite("shapes", "release", run_tap, (*PYTHON, "tests/prefix/shapes.py")),
        Suite("recover", "release", run_tap, (*PYTHON, "tests/recover/torture.py", "--ci")),
        Suite("recover-sink", "release", run_tap, (*PYTHON, "tests/recover/simulated.py")),
        Suite("laws", "release", run_tap, (*PYTHON, "tests/laws/laws.py")),
        Suite("kafka", "release", run_pytest_halves, ("tests/kafka",), KAFKA_HALF, timeout_s=1200,
              needs="kafka"),
        Suite("tour", "release", run_tap, (*PYTHON, "tests/tour/tour.py"), timeout_s=2400),
        Suite("clang", "clang", None),
        Suite("unit-asan", "asan", run_units),
        Suite("sql-asan", "asan", run_tap, (*runner, *asan, "tests/sql"), timeout_s=1200),
        Suite("kafka-asan", "asan", run_pytest, ("tests/kafka/test_examples.py",),
              timeout_s=1200, needs="kafka", environment={"MILLRACE_TEST_SERVER": asan[1]}),
        Suite("unit-tsan", "tsan", run_units),
        Suite("sql-tsan", "tsan", run_tap, (*runner, *tsan, "tests/sql"), timeout_s=1200),
        Suite("wire-tsan", "tsan", run_pytest, ("tests/wire", *NOT_UNDER_TSAN),
              environment={"MILLRACE_TEST_SERVER": tsan[1]}),
        Suite("recover-tsan", "tsan", run_tap,
              (*PYTHON, "tests/recover/torture.py", *tsan, "windows", "8")),
        Suite("workers-tsan", "tsan", run_tap,
              (*PYTHON, "tests/laws/laws.py", *tsan, "--megabytes", "5", "workers")),
    ]


def build(kind):
    """Builds once; returns the error output of a failure, or None."""
    started = time.monotonic()
    status, output = run_process(["scripts/build", kind], 900)
    print(f"build {kind}: {'ok' if status == 0 else 'FAILED'} "
          f"({time.monotonic() - started:.0f} s)", flush=True)
    return None if status == 0 else output[-8000:] + f"\nbuild {kind}: ended with {status}"


def run_suite(suite, builds):
    """Runs one suite, building first what it needs. Returns its Results."""
    if suite.build not in builds:
        builds[suite.build] = build(suite.build)
        if builds[suite.build]:
            print(builds[suite.build])
    if builds[suite.build]:
        return [Result(failures=[f"{suite.name}: build {suite.build} failed"])]
    if suite.run is None:
        return []
    suite.build_folder = "build" if suite.build == "release" else f"build-{suite.build}"
    try:
        return suite.run(suite)
    except Exception as error:  # whatever stops a suite is its failure, not the end of the run
        return [Result(failures=[f"{suite.name}: could not start: {error}"])]


def heed_signals():
    """What nohup or an ampersand starts inherits ignored signals, which tests send."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def main():
    heed_signals()
    wanted = sys.argv[1:]
    every = suites()
    if wanted == ["--list"]:
        print(*(suite.name for suite in every), sep="\n")
        return 0
    unknown = set(wanted) - {suite.name for suite in every}
    if unknown:
        print(f"test: no such suite: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    allowed = set(re.split(r"[\s,]+", os.environ.get("MILLRACE_SKIP", ""))) - {""}
    builds, skipped = {}, []
    passed = failed = 0
    for suite in every:
        if wanted and suite.name not in wanted:
            continue
        if suite.name in allowed or suite.needs in allowed:
            skipped.append(suite.name)
            continue
        started = time.monotonic()
        results = run_suite(suite, builds)
        bad = []
        for result in results:
            uncalled = [name for name in result.skips
                        if name not in allowed and name.split(":")[-1] not in allowed]
            skipped.extend(result.skips)
            problems = result.failures + [f"{name} (skipped)" for name in uncalled]
            if problems and result.log:
                print(result.log[-6000:])
            bad.extend(problems)
        good = sum(result.passed for result in results)
        passed, failed = passed + good, failed + len(bad)
        for name in bad:
            print(f"FAILED {name}")
        print(f"{suite.name}: {good} passed, {len(bad)} failed "
              f"({time.monotonic() - started:.0f} s)", flush=True)
    print("skipped: " + (", ".join(skipped) or "none"))
    print(f"{passed} passed, {failed} failed", flush=True)
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
