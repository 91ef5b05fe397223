"""seeds: random tests that replay from a seed, reported as TAP, one line a seed."""
import argparse
import concurrent.futures
import os

from harness.server import QueryError, ServerError


class Difference(Exception):
    """A stream did not give what it must."""


def parser(usage, count):
    """The options that they share; `count` is how many queries a seed makes."""
    result = argparse.ArgumentParser(usage=usage)
    result.add_argument("--seed", type=int)
    result.add_argument("--count", type=int, default=count)
    result.add_argument("--server", default="build/millrace")
    return result


def run_streams(name, usage, counts, make):
    """Random streams, side by side; `counts`: how many, and of how many steps, if not told else.
    make(seed, steps, binary) gives what has a title() and run(); returns the exit status."""
    options = parser(usage, counts[0])
    options.add_argument("--steps", type=int, default=counts[1])
    options = options.parse_args()
    first = 1 if options.seed is None else options.seed

    def run_one(seed):
        run = make(seed, options.steps, options.server)
        try:
            run.run()
            return run.title(), None
        except (Difference, ServerError, QueryError, OSError, ValueError, KeyError) as error:
            return run.title(), f"{type(error).__name__}: {error}"

    bad = 0
    print(f"1..{options.count}")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = pool.map(run_one, range(first, first + options.count))
        for number, (title, fault) in enumerate(runs, 1):
            bad += fault is not None
            print(f"{'not ok' if fault else 'ok'} {number} - {name} seed {first + number - 1}")
            print(f"# {title}" + (f"\n# {fault}" if fault else ""), flush=True)
    return 1 if bad else 0


def report(name, seeds, run):
    """Calls run(seed), which gives a list of faults, for each; returns the exit status."""
    bad = 0
    print(f"1..{len(seeds)}")
    for number, seed in enumerate(seeds, 1):
        try:
            faults = run(seed)
        except (ServerError, QueryError) as error:
            faults = [str(error)]
        bad += bool(faults)
        print(f"{'not ok' if faults else 'ok'} {number} - {name} seed {seed}")
        for fault in faults:
            print("# " + fault.replace("\n", "\n# "), flush=True)
    return 1 if bad else 0
