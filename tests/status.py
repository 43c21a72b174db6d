"""Write docs/status.md, what works by the evidence of the last test runs: status.py ROOT."""
import json
import sys

ROOT = sys.argv[1]
sys.path.insert(0, f'{ROOT}/tests/runner')
import suites  # noqa: E402

HEAD = """# What works

Made from the results of `./janus test` by `tests/status.py`; not edited by hand. `tests/README.md` says
what the suites are and against what their expectations were seen to hold.

| suite | shows | passed | failed |
|---|---|--:|--:|
"""


def main():
    with open(f'{ROOT}/build/test-results.json', encoding='utf-8') as file:
        results = json.load(file)
    lines, failing = [], []
    for name, suite in suites.available(ROOT).items():
        if name not in results:
            continue
        result = results[name]
        known = result['expected']
        passed = result['passed'] - len(known)
        lines.append(f"| `{name}` | {suite.summary} | {passed} | {len(result['failed']) + len(known)} |")
        failing += [f'- `{name}/{case}`: {reason}' for case, reason in sorted(known.items())]
        failing += [f'- `{name}/{case}` (not listed as expected)'
                    for case in sorted(result['failed'])]
    with open(f'{ROOT}/docs/status.md', 'w', encoding='utf-8') as file:
        file.write(HEAD + '\n'.join(lines) + '\n')
        if failing:
            file.write('\n## What does not\n\n' + '\n'.join(failing) + '\n')


main()
