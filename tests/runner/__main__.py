"""./janus test [quick|soak|SUITE...] [smp=N] [posix=PLACEMENT] [win32=PLACEMENT] [-l] [-v]: run the suites; see tests/README.md."""
import sys

import report
import suites

USAGE = 'janus: test takes quick, soak, names of suites (test -l lists them), smp=N, posix= and win32=central|library, -l and -v'


def main(root, words):
    listing = verbose = False
    mode, chosen, smp, placement = 'full', [], 1, {}
    available = suites.available(root)
    for word in words:
        if word == '-l':
            listing = True
        elif word == '-v':
            verbose = True
        elif word in ('quick', 'soak'):
            mode = word
        elif word.startswith('smp=') and word[4:].isdigit():
            smp = int(word[4:])
        elif (word.partition('=')[0] in suites.PERSONALITIES and
              word.partition('=')[2] in ('central', 'library')):
            placement[word.partition('=')[0]] = word.partition('=')[2]
        elif word in available:
            chosen.append(word)
        else:
            print(f'{USAGE}; there is no suite "{word}"', file=sys.stderr)
            return 125
    if listing:
        for name, suite in available.items():
            print(f'{name:10} {suite.summary}')
        return 0
    context = suites.Context(root, mode, smp)
    outcome = report.Report(root, verbose)
    for suite in [available[name] for name in chosen or available]:
        outcome.begin(suite.name)
        for result in suite.run(context, placement):
            outcome.add(suite.name, result)
    return outcome.finish(complete=not chosen and not placement and smp == 1 and mode != 'quick')


sys.exit(main(sys.argv[1], sys.argv[2:]))
