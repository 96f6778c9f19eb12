"""Sends a running server what it should answer, and what it should refuse; needs Python 3.9 and nothing else.

    .build/release/darkroom serve --port 8190 &
    python3 scripts/abuse --port 8190

Prints each case that went wrong, then `N passed, M failed`; the status is 0 when none failed. With `--token` every
request carries it and the cases about tokens are run too, with `--origin` those about a listed one, and those about
pictures being made where the server makes one of 64 × 64. Cases that wait for the server's deadlines, some 80 s, run
beside the others; `--quick` leaves them out.
"""

import argparse
import concurrent.futures
import re
import resource
import sys
import threading
import time

from case import Failure
from judge import Context, judge
from tables import ALL


def arguments():
    parser = argparse.ArgumentParser(prog="abuse", description=__doc__.split("\n")[0])
    parser.add_argument("--host", default="127.0.0.1", help="an address (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="(8000)")
    parser.add_argument("--token", help="a token that the server accepts")
    parser.add_argument("--origin", help="an origin the server was started with: --allow-origin ORIGIN")
    parser.add_argument("--max-connections", type=int, default=4096, help="as the server was started (4096)")
    parser.add_argument("--filter", default="", help="a regular expression; only cases with such names")
    parser.add_argument("--list", action="store_true", help="prints the cases' names and ends")
    parser.add_argument("--quick", action="store_true", help="without those that wait for deadlines")
    parser.add_argument("--jobs", type=int, default=6, help="cases at a time (6)")
    return parser.parse_args()


def shown(data, limit=400):
    text = repr(data[:limit])[2:-1]
    return text + (f"… ({len(data)} bytes)" if len(data) > limit else "")


def expected(case):
    if case.script:
        return (case.script.__doc__ or "as its name says").strip()
    def names(statuses):
        return "2xx" if statuses is None else "/".join(map(str, sorted(statuses))) if len(statuses) < 20 else "4xx or 5xx"
    allow = " then ".join(map(names, case.allow)) if isinstance(case.allow, list) else names(case.allow)
    words = [allow, f"{case.count} times" if case.count > 1 else "", {"either": ""}.get(case.fate, case.fate)]
    words += ["or a silent close" if case.silent else "", "or waiting" if case.waiting else ""]
    return ", ".join(filter(None, words))


class Runner:
    def __init__(self, context):
        self.context = context
        self.lock = threading.Lock()
        self.failed = {}
        self.passed = {}
        self.dead = False

    def run(self, case):
        if self.dead:
            return
        problem = None
        try:
            judge(case, self.context)
        except Failure as failure:
            problem = str(failure)
        except OSError as error:
            problem = f"{type(error).__name__}: {error}"
        except Exception as error:  # a fault of the case itself counts as one of the server
            problem = f"the case broke: {type(error).__name__}: {error}"
        with self.lock:
            counts = self.failed if problem else self.passed
            counts[case.family] = counts.get(case.family, 0) + 1
            if problem:
                data = case.bytes_for(self.context)
                print(f"FAIL {case.name} ({case.level})", flush=True)
                print(f"  sent      {shown(data) if data else 'see its script'}")
                print(f"  expected  {expected(case)}")
                print(f"  got       {problem[:1200]}", flush=True)
        if problem:
            self.probe(case)

    def probe(self, case):
        try:
            self.context.expect_alive()
        except (Failure, OSError) as error:
            if not self.dead:
                self.dead = True
                print(f"the server does not answer any more after {case.name}: {error}", flush=True)


def main():
    options = arguments()
    context = Context(options.host, options.port, options.token, options.origin, options.max_connections)
    cases = [c for c in ALL if re.search(options.filter, c.name) and not (options.quick and c.slow)]
    if options.list:
        for case in cases:
            print(case.level, case.name)
        print(len(cases), "cases", file=sys.stderr)
        return 0
    limit = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 1 << 16)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    start = time.monotonic()
    runner = Runner(context)
    try:
        context.expect_alive()
        context.find_model()
    except (Failure, OSError) as error:
        print(f"no server at {context.host}: {error}")
        return 1
    if not context.model:
        print("the server makes no pictures: cases about making them are left out", flush=True)
    cases = [c for c in cases if c.needs <= context.options]
    waiting = [threading.Thread(target=runner.run, args=(case,)) for case in cases if case.slow]
    for thread in waiting:
        thread.start()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(runner.run, [c for c in cases if not c.slow and not c.alone]))
    for case in cases:
        if case.alone and not case.slow:
            runner.run(case)
    for thread in waiting:
        thread.join()
    if not runner.dead:
        try:
            context.expect_alive()
        except (Failure, OSError) as error:
            print(f"the server does not answer any more: {error}")
            runner.dead = True
    summary(runner, time.monotonic() - start)
    return 1 if runner.failed or runner.dead else 0


def summary(runner, seconds):
    for family in sorted(runner.passed.keys() | runner.failed.keys()):
        print(f"{family:12} {runner.passed.get(family, 0):4} passed {runner.failed.get(family, 0):4} failed")
    passed, failed = sum(runner.passed.values()), sum(runner.failed.values())
    print(f"{passed} passed, {failed} failed ({seconds:.0f} s)")


if __name__ == "__main__":
    sys.exit(main())
