"""seeds: random tests that replay from a seed, reported as TAP, one line a seed."""
import argparse

from harness.server import QueryError, ServerError


def parser(usage, count):
    """The options that they share; `count` is how many queries a seed makes."""
    result = argparse.ArgumentParser(usage=usage)
    result.add_argument("--seed", type=int)
    result.add_argument("--count", type=int, default=count)
    result.add_argument("--server", default="build/millrace")
    return result


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
