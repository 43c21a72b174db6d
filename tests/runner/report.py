"""Counting results, with the expected failures taken into account."""
import json
import os
import sys
import time


class Result:
    """What one case came to. `problem` is empty if it passed."""

    def __init__(self, name, problem=''):
        self.name, self.problem = name, problem


def read_expected(root):
    """tests/expected-failures: {suite/case: reason}."""
    expected = {}
    with open(f'{root}/tests/expected-failures', encoding='utf-8') as file:
        for line in file:
            line = line.split('#', 1)[0].strip()
            if line:
                name, _, reason = line.partition(' ')
                expected[name] = reason.strip()
    return expected


class Report:
    def __init__(self, root, verbose):
        self.expected = read_expected(root)
        self.path = f'{root}/build/test-results.json'
        self.record = {}
        self.verbose = verbose
        self.passed = self.failed = 0
        self.seen = set()
        self.suite = None
        self.counts = [0, 0]

    def begin(self, suite):
        self.end_suite()
        self.suite, self.counts, self.started = suite, [0, 0], time.monotonic()
        self.record[suite] = {'passed': 0, 'failed': {}, 'expected': {}}

    def end_suite(self):
        if self.suite:
            print(f'{self.suite}: {self.counts[0]} passed, {self.counts[1]} failed, '
                  f'{time.monotonic() - self.started:.0f} s', flush=True)
            self.save()
        self.suite = None

    def add(self, suite, result):
        name = f'{suite}/{result.name}'
        problem, note = result.problem, ''
        if name in self.seen:
            problem = problem or 'two cases have this name'
        self.seen.add(name)
        if name in self.expected:
            if problem:
                problem, note = '', f' (fails as expected: {self.expected[name]})'
            else:
                problem = 'is listed as an expected failure but passes'
        if problem:
            self.failed += 1
            self.counts[1] += 1
            self.record[suite]['failed'][result.name] = problem
            print(f'FAIL {name}: {problem}', flush=True)
        else:
            self.passed += 1
            self.counts[0] += 1
            self.record[suite]['passed'] += 1
            if note:
                self.record[suite]['expected'][result.name] = self.expected[name]
            if self.verbose or note:
                print(f'ok   {name}{note}', flush=True)

    def save(self):
        """build/test-results.json: the last results of every suite, for tests/status.py."""
        try:
            with open(self.path, encoding='utf-8') as file:
                results = json.load(file)
        except (OSError, ValueError):
            results = {}
        results.update(self.record)
        with open(self.path + '.new', 'w', encoding='utf-8') as file:
            json.dump(results, file, indent=1)
        os.replace(self.path + '.new', self.path)

    def finish(self, complete):
        self.end_suite()
        if complete:
            for name in sorted(set(self.expected) - self.seen):
                self.failed += 1
                print(f'FAIL {name}: is listed as an expected failure but there is no such case')
        sys.stderr.flush()
        print(f'{self.passed} passed, {self.failed} failed', flush=True)
        return 1 if self.failed else 0
