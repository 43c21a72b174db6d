"""./janus bench [--json] [--live] [NAME...]: the benchmarks, beside recorded figures; see README.md."""
import glob
import json
import os
import re
import subprocess
import sys
import time

PLACEMENTS = ('central', 'library')  # rows posix.* and win32.* are measured under each
UBENCH_REPETITIONS = '3'
# Per cent of the operations: of short ones, more of which it takes until a library's call sites are redirected, and
# of others.
COUNT_SCALES, LONG_SCALES = (100, 200), (20, 40)
SHORT = 10000  # instructions


class Row:
    """One line of the result; None where nothing was measured."""

    def __init__(self, name, unit, placement):
        self.name, self.unit, self.value = name, unit, None
        self.placement = placement
        self.entries = self.switches = self.ticks = None
        self.problem = ''


class Bench:
    def __init__(self, root, wanted):
        sys.path[:0] = [f'{root}/tools/command', f'{root}/bench']
        import cli
        import runner
        self.cli, self.runner = cli, runner
        self.root, self.wanted = root, wanted
        self.rows = {}
        self.placement = PLACEMENTS[0]
        self.reference, self.reference_ticks = {}, {}
        with open(f'{root}/bench/reference.tsv', encoding='utf-8') as file:
            for line in file:
                if not line.startswith('#'):
                    name, _, value, _, ticks = line.rstrip('\n').split('\t')
                    self.reference[name] = float(value)
                    if ticks:
                        self.reference_ticks[name] = float(ticks)
        self.image = self.make_image()

    def is_wanted(self, name):
        """Whether a row (or a family, ending in a dot) may be among the wanted."""
        return not self.wanted or any(name.startswith(w) or w.startswith(name)
                                      for w in self.wanted)

    def measured(self, prefix):
        """Rows with a value; of a family with placements, those under the current one."""
        return [row for row in self.chosen() if row.name.startswith(prefix) and
                row.placement in (None, self.placement) and row.value is not None]

    def row(self, name, unit='instructions'):
        placement = self.placement if name.split('.')[0] in ('posix', 'win32') else None
        if (name, placement) not in self.rows:
            self.rows[name, placement] = Row(name, unit, placement)
        return self.rows[name, placement]

    def make_image(self):
        path = f'{self.root}/build/bench/image.list'
        with open(path, 'w', encoding='utf-8') as file:
            for name in ('ubench', 'uhello', 'measure', 'fwq', 'probe', 'wbench.exe', 'bhello.exe'):
                file.write(f'file bench/{name} 755 build/bench/guest/{name}\n')
        image = 'bench.img'
        subprocess.run(['/usr/bin/python3', '-IB', f'{self.root}/tools/image/mkimage.py',
                        self.root, f'{self.root}/build/{image}', path],
                       check=True, stdout=subprocess.DEVNULL)
        return image

    def janus(self, options, program, limit=600, **keywords):
        """Run a program in the guest; return what it wrote, or None with the reason on stderr."""
        parsed, words = self.cli.parse_options(['--timeout', str(limit), *options, '--', *program])
        parsed.notes = True
        command = self.runner.host_command(self.root, parsed, words, image=self.image)
        keywords.setdefault('stdin', subprocess.DEVNULL)
        if 'input' in keywords:
            del keywords['stdin']
        return subprocess.run(command, stdout=keywords.pop('stdout', subprocess.PIPE),
                              stderr=subprocess.PIPE, **keywords)

    def counts(self, command, rows, placed):
        """Kernel entries and address-space switches of one operation: the difference of two runs that
        differ in the number of operations, all in one boot (bench/probe.c)."""
        names = [row.name.split('.', 1)[1] for row in rows]
        if not names:
            return
        quoted = ' '.join(f"'{word}'" for word in command)
        scales = {name: COUNT_SCALES if (row.value or SHORT) < SHORT else LONG_SCALES
                  for row, name in zip(rows, names)}
        runs = ' '.join(f'{name}:{scale}' for name in names
                        for scale in (scales[name][0], *scales[name]))
        script = (f'for r in {runs}; do n=${{r%:*}}; s=${{r#*:}}; '
                  # of the two with the same scale the first finds nothing in memory: the second counts
                  f'/bench/probe $n.$s /tmp/p {quoted} -r 1 -s $s $n | sed "s/^/$s /"; done; '
                  'cat /tmp/p')
        done = self.janus(['--icount', *placed], ['sh', '-c', script], 1800)
        text = done.stdout.decode(errors='replace')
        operations = {(name, int(scale)): int(ops) for scale, name, ops in
                      re.findall(r'^(\d+) (\w+)[ ,]+(\d+)[ ,]', text, re.M)}
        probes = {label: dict(word.split('=') for word in rest.split())
                  for label, rest in re.findall(r'^probe (\S+) (.*)$', text, re.M)}
        for row, name in zip(rows, names):
            found = []
            for scale in scales[name]:
                ops, probe = operations.get((name, scale)), probes.get(f'{name}.{scale}')
                if ops and probe and 'entries' in probe:
                    # The benchmarks warm up with a tenth of the operations.
                    found.append((ops + ops // 10 + 1, int(probe['entries']), int(probe['switches'])))
            if len(found) == 2 and found[1][0] > found[0][0]:
                more = found[1][0] - found[0][0]
                row.entries = round((found[1][1] - found[0][1]) / more, 2)
                row.switches = round((found[1][2] - found[0][2]) / more, 2)

    # ---- families ----

    def posix(self):
        for self.placement in PLACEMENTS if self.is_wanted('posix.') else ():
            self.posix_rows([f'--posix={self.placement}'])
        self.placement = PLACEMENTS[0]

    def posix_rows(self, placed):
        names = [w[6:] for w in self.wanted if w.startswith('posix.') and w != 'posix.']
        for options, field in ((['--icount'], 'value'), ([], 'ticks')):
            done = self.janus(options + placed, ['/bench/ubench', '-c', '-r', UBENCH_REPETITIONS, *names])
            for line in done.stdout.decode(errors='replace').splitlines():
                words = line.split(',')
                if len(words) >= 3 and words[1] == 'FAIL':
                    self.row(f'posix.{words[0]}').problem = ','.join(words[2:])
                elif len(words) == 7 and words[1].isdigit():
                    setattr(self.row(f'posix.{words[0]}'), field, float(words[5]))
            self.explain('posix', done)
        self.counts(['/bench/ubench', '-c'], self.measured('posix.'), placed)

    def win32(self):
        for self.placement in PLACEMENTS if self.is_wanted('win32.') else ():
            self.win32_rows([f'--win32={self.placement}'])
        self.placement = PLACEMENTS[0]

    def win32_rows(self, placed):
        names = [w[6:] for w in self.wanted if w.startswith('win32.') and w != 'win32.']
        for options, field in ((['--icount'], 'value'), ([], 'ticks')):
            done = self.janus(options + placed, ['/bench/wbench.exe', '-d', 'C:\\windows\\temp', '-r',
                                        UBENCH_REPETITIONS, *names])
            for line in done.stdout.decode(errors='replace').splitlines():
                words = line.split()
                if len(words) >= 2 and words[1] == 'FAIL':
                    self.row(f'win32.{words[0]}').problem = ' '.join(words[2:])
                elif len(words) == 6 and words[1].isdigit():
                    setattr(self.row(f'win32.{words[0]}'), field, float(words[5]))
            self.explain('win32', done)
        self.counts(['/bench/wbench.exe', '-d', 'C:\\windows\\temp'], self.measured('win32.'), placed)

    def kernel(self):
        """A root task in the root pager's place writes "bench: NAME VALUE [ENTRIES SWITCHES]"."""
        task = f'{self.root}/build/bench/kernel/kernel-bench.elf'
        if not self.is_wanted('kernel.') or not os.path.exists(task):
            return
        for options, field in ((['--icount'], 'value'), ([], 'ticks')):
            parsed, _ = self.cli.parse_options(['--verbose', '--timeout', '120', *options])
            command = self.runner.host_command(self.root, parsed, ['true'], image=self.image)
            command = [w.replace('servers/pager/root/root-pager.elf', 'bench/kernel/kernel-bench.elf')
                       for w in command]
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
            pattern = rb'bench: (\w+) (\d+)(?: (\d+) (\d+))?'
            for name, value, entries, switches in re.findall(pattern, done.stderr):
                row = self.row(f'kernel.{name.decode()}')
                setattr(row, field, float(value))
                if entries:
                    row.entries, row.switches = int(entries), int(switches)

    def fwq(self):
        """Instructions that others add to a quantum of 4.25 million, at worst and mostly: a program
        alone on its CPU, and beside one that keeps its personality busy (promises E10, E11)."""
        if not self.is_wanted('fwq.'):
            return
        for name, option in (('alone', []), ('shared', ['-b'])):
            done = self.janus(['--icount'], ['/bench/fwq', '-n', '1000', *option])
            found = re.match(rb'fwq \d+ (\d+) (\d+) (\d+) (\d+)\n', done.stdout)
            for i, part in enumerate(('min', 'median', 'p999', 'max'), 1):
                self.row(f'fwq.{name}_{part}').value = float(found[i]) if found else None
            self.explain('fwq', done)

    def explain(self, family, done):
        if done.returncode not in range(0, 100):
            tail = done.stderr.decode(errors='replace').strip().splitlines()[-3:]
            print(f'janus: bench {family}: status {done.returncode}: ' + ' | '.join(tail),
                  file=sys.stderr)

    def system(self):
        for name, method in (('boot', self.boot), ('run_true_ms', self.run_true),
                             ('memory_kib', self.memory), ('kernel_lines', self.kernel_lines),
                             ('channel_in', self.channel_in), ('channel_out', self.channel_out),
                             ('hello_pe', self.hello_pe)):
            if self.is_wanted(f'system.{name}'):
                method(f'system.{name}')

    def ticks_of(self, done):
        match = re.search(rb'ticks (\d+)(?: status (\d+))?', done.stderr)
        return float(match[1]) if match and match[2] in (None, b'0') else None

    def boot(self, name):
        done = self.janus(['--icount'], ['/bench/measure'], 60)
        self.row(name).value = self.ticks_of(done)
        self.row(name).ticks = self.ticks_of(self.janus([], ['/bench/measure'], 60))
        self.explain(name, done)

    def run_true(self, name):
        best = None
        for _ in range(5):
            start = time.monotonic()
            done = subprocess.run([f'{self.root}/janus', 'run', 'true'], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            if done.returncode != 0:
                return self.explain(name, done)
            taken = (time.monotonic() - start) * 1000
            best = taken if best is None else min(best, taken)
        self.row(name, 'ms').value = best
        return None

    def memory(self, name):
        done = self.janus([], ['awk', '/^MemTotal/ {t=$2} /^MemFree/ {f=$2} END {print t-f}',
                               '/proc/meminfo'], 60)
        text = done.stdout.decode().strip()
        self.row(name, 'kib').value = float(text) if text.isdigit() else None

    def kernel_lines(self, name):
        """Lines of mk/ that are neither blank nor only a comment."""
        count = 0
        for path in glob.glob(f'{self.root}/mk/**/*', recursive=True):
            if path.endswith(('.c', '.h')):
                with open(path, encoding='utf-8') as file:
                    text = re.sub(r'/\*.*?\*/', '', file.read(), flags=re.S)
                lines = (line.split('//')[0] for line in text.splitlines())
            elif path.endswith(('.asm', '.inc')):
                with open(path, encoding='utf-8') as file:
                    lines = [line.split(';')[0] for line in file]
            else:
                continue
            count += sum(1 for line in lines if line.strip())
        self.row(name, 'lines').value = float(count)

    def rate(self, run):
        """MiB/s from the difference of two sizes, so that the boot does not count."""
        times, sizes = [], []
        for size in (1, 65):
            start = time.monotonic()
            sizes.append(run(size << 20))
            times.append(time.monotonic() - start)
        if sizes[1] <= sizes[0]:
            return None
        return (sizes[1] - sizes[0]) / (1 << 20) / max(times[1] - times[0], 0.001)

    def channel_in(self, name):
        def run(size):
            done = self.janus([], ['sh', '-c', 'dd bs=65536 of=/dev/null 2>/dev/null && echo ok'],
                              120, input=bytes(size))
            return size if done.stdout == b'ok\n' else 0
        self.row(name, 'mib_s').value = self.rate(run)

    def channel_out(self, name):
        def run(size):
            done = self.janus([], ['dd', 'if=/dev/zero', 'bs=65536', f'count={size >> 16}'], 120)
            return len(done.stdout)
        self.row(name, 'mib_s').value = self.rate(run)

    def hello_pe(self, name):
        """The second start in a session: the first one finds nothing in memory."""
        script = '/bench/bhello.exe >/dev/null; /bench/measure /bench/bhello.exe >/dev/null'
        for options, field in ((['--icount'], 'value'), ([], 'ticks')):
            done = self.janus(options, ['sh', '-c', script], 120)
            setattr(self.row(name), field, self.ticks_of(done))
            self.explain(name, done)

    # ---- Linux and Wine, now ----

    def measure_references(self):
        """Replaces the recorded figures of Linux and Wine by ones measured in the same emulator."""
        import live
        names = ('ubench', 'uhello', 'measure', 'wbench.exe', 'bhello.exe')
        guest = live.Live(self.root, {f'bench/{n}': f'{self.root}/build/bench/guest/{n}'
                                      for n in names})
        posix = [row.name[6:] for row in self.measured('posix.')]
        win32 = [row.name[6:] for row in self.measured('win32.')]
        hello = self.measured('system.hello_pe')
        for icount, figures in ((True, self.reference), (False, self.reference_ticks)):
            if posix or self.measured('system.'):
                start = time.monotonic()
                text = guest.boot('/bench/measure; grep -E "^Mem(Total|Free)" /proc/meminfo\n' +
                                  (f'/bench/ubench -c -r {UBENCH_REPETITIONS} {" ".join(posix)}'
                                   if posix else 'true'), icount, mem=1024)
                self.live_system(text, icount, (time.monotonic() - start) * 1000, not posix)
                for line in text.splitlines():
                    words = line.split(',')
                    if len(words) == 7 and words[1].isdigit():
                        figures[f'posix.{words[0]}'] = float(words[5])
            if win32 or hello:
                text = guest.boot('/bench/measure wine64 /bench/bhello.exe\n' +
                                  ("wine64 /bench/wbench.exe -d 'C:\\windows\\temp' -r "
                                   f'{UBENCH_REPETITIONS} {" ".join(win32)}' if win32 else 'true'),
                                  icount, wine=True)
                for line in text.splitlines():
                    words = line.split()
                    if len(words) == 6 and words[1].isdigit():
                        figures[f'win32.{words[0]}'] = float(words[5])
                match = re.search(r'ticks (\d+) status 0', text)
                if match:
                    figures['system.hello_pe'] = float(match[1])

    def live_system(self, text, icount, wall_ms, alone):
        """What a Linux boot says of the rows system.*; its wall time only if it did nothing else."""
        boot = re.search(r'ticks (\d+)', text)
        memory = dict(re.findall(r'(Mem\w+):\s+(\d+)', text))
        if boot and icount:
            self.reference['system.boot'] = float(boot[1])
        elif boot:
            self.reference_ticks['system.boot'] = float(boot[1])
            self.reference['system.memory_kib'] = float(memory['MemTotal']) - float(memory['MemFree'])
            if alone:
                self.reference['system.run_true_ms'] = wall_ms

    # ---- output ----

    def finished(self, row):
        reference = self.reference.get(row.name)
        reference_ticks = self.reference_ticks.get(row.name)
        return {
            'name': row.name, 'placement': row.placement, 'unit': row.unit, 'value': row.value,
            'instructions': row.value if row.unit == 'instructions' else None,
            'entries': row.entries, 'switches': row.switches, 'ticks': row.ticks,
            'reference': reference, 'ratio': ratio(row.value, reference),
            'reference_ticks': reference_ticks, 'ticks_ratio': ratio(row.ticks, reference_ticks),
        }

    def chosen(self):
        for row in self.rows.values():
            if not self.wanted or any(row.name.startswith(w) for w in self.wanted):
                yield row


def ratio(value, reference):
    return round(value / reference, 4) if reference and value is not None else None


def number(value):
    if value is None:
        return '-'
    return f'{value:,.0f}' if value >= 1000 else f'{value:,.1f}'


def small(value):
    return '-' if value is None else f'{value:.3f}'


def main(root, words):
    as_json = '--json' in words
    wanted = [word for word in words if word not in ('--json', '--live')]
    for word in wanted:
        if word.startswith('-'):
            print(f'janus: bench: unknown option {word}', file=sys.stderr)
            return 125
    bench = Bench(root, wanted)
    for family in (bench.kernel, bench.posix, bench.win32, bench.fwq, bench.system):
        family()
    if '--live' in words:
        bench.measure_references()
    rows = list(bench.chosen())
    if as_json:
        for row in rows:
            print(json.dumps(bench.finished(row)))
    else:
        print(f'{"name":24} {"placement":9} {"unit":12} {"value":>15} {"reference":>15} {"ratio":>8} '
              f'{"entries":>8} {"switches":>8} {"ticks":>15} {"ratio":>8}')
        for row in rows:
            done = bench.finished(row)
            print(f'{row.name:24} {row.placement or "":9} {row.unit:12} {number(row.value):>15} '
                  f'{number(done["reference"]):>15} {small(done["ratio"]):>8} {number(row.entries):>8} '
                  f'{number(row.switches):>8} {number(row.ticks):>15} {small(done["ticks_ratio"]):>8}'
                  + (f'  {row.problem}' if row.problem else ''))
    return 0 if rows else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1], sys.argv[2:]))
