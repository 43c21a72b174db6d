"""./janus study [--quick] [--out DIR] [--no-live] [--no-wall] [--placement central|library] [PART...]:
the same workloads under both placements, on Linux and Wine, and the four charges against the single
adapter; see docs/study.md."""
import os
import sys
import time

ROOT = sys.argv[1]
sys.path[:0] = [f'{ROOT}/tools/command', f'{ROOT}/bench', f'{ROOT}/bench/study']
import charges  # noqa: E402
import report  # noqa: E402
import systems  # noqa: E402
import workloads  # noqa: E402

PARTS = ('calls', 'rows', 'workloads', 'memory', 'bottleneck', 'slow_client', 'failure', 'flexibility',
         'isolation')
PLACEMENTS = ('central', 'library')


class Study:
    def __init__(self, quick, wall, parts):
        self.quick, self.wall, self.parts = quick, wall, parts
        self.records, self.methods, self.results, self.problems = [], {}, {}, []

    def say(self, text):
        if sys.stderr.isatty() or os.environ.get('JANUS_STUDY_VERBOSE'):
            print(f'-- {time.strftime("%H:%M:%S")} {text}', file=sys.stderr, flush=True)

    def note_method(self, key, system, text):
        """The first system's script stands in the report."""
        self.methods.setdefault(key, f'# {system.label}, run by sh in the guest; '
                                f'W=wine64 under Wine, empty on Janus\n{text}')

    def costs(self, key, system, script, read):
        """Runs a script by the instruction clock and, for wall ratios, by the host's."""
        self.note_method(key, system, script)
        text = system.run(script)
        found = read(text)
        if self.wall:
            for name, values in read(system.run(script, icount=False)).items():
                if name in found:
                    found[name]['ticks'] = values['instructions']
        for name, values in found.items():
            self.records.append({'section': key, 'name': name, 'system': system.name, **values})
        return text

    def of_workloads(self, system):
        def read(text):
            found = {}
            for name, values in workloads.probes(text).items():
                found[name] = {field: values[field] for field in workloads.FIELDS if field in values}
                found[name]['instructions'] = values['ticks']
            return found
        text = self.costs('workloads', system, workloads.workloads(system, self.quick), read)
        for name, result in workloads.results(text).items():
            if self.results.setdefault(name, result) != result:
                self.problems.append(f'workload {name}: {system.label} prints something else')

    def of_memory(self, system):
        script = workloads.memory(system)
        self.note_method('memory', system, script)
        for name, value in workloads.read_memory(system.run(script)).items():
            self.records.append({'section': 'memory', 'system': system.name, 'memory_kib': value,
                                 'name': {'used': 'idle', 'posix': 'one more POSIX process',
                                          'win32': 'one more Win32 process'}[name]})

    def run(self, part, system):
        posix = 'posix' in system.has
        if part == 'calls':
            self.costs(part, system, workloads.calls(system, self.quick),
                       lambda text: dict(workloads.per_operation(text)))
        elif part == 'rows' and not self.quick:
            self.costs(part, system, workloads.rows(system), workloads.read_rows)
        elif part == 'workloads':
            self.of_workloads(system)
        elif part == 'memory' and not self.quick:
            self.of_memory(system)
        elif part == 'bottleneck' and posix:
            self.note_method(part, system, charges.throughput_script(charges.CLIENTS, 64, charges.WARM))
            self.records += charges.bottleneck(system, self.quick)
        elif part == 'slow_client' and posix:
            self.note_method(part, system, '/bench/load slow KIND & sleep 0.03; /bench/latency 8000; kill -9 $!\n'
                             f'# KIND: {" ".join(charges.BURDENS)} (bench/load.c)')
            self.records += charges.burdens(system, self.quick)
        elif part == 'failure' and posix:
            self.note_method(part, system, '# boot with --set win32.end=NS at 6 points, and 2 with "restart 3"\n' +
                             charges.WATCH + '# the same with --posix=library --set posix.end=NS\n' +
                             charges.WATCH_POSIX + charges.SCRIBBLE)
            self.records += charges.failures(system, self.quick, ROOT)
            self.records += charges.scribbles(system)
        elif part == 'flexibility' and posix:
            self.note_method(part, system, charges.FLEXIBLE + '# boot with --set example=central\n' +
                             charges.BUILDS)
            self.records += charges.flexibility(system, ROOT)
        elif part == 'isolation' and posix:
            self.note_method(part, system, '/bench/pry PID_OF_A_SLEEPING_PROCESS_OF_ROOT\n' + charges.HOLD)
            self.records += charges.isolation(system, self.quick)

    def all(self, which):
        for system in which:
            for part in self.parts:
                self.say(f'{system.label}: {part}')
                try:
                    self.run(part, system)
                except RuntimeError as error:
                    self.problems.append(f'{system.label}: {part}: {str(error)[:300]}')


def options(words):
    chosen = {'quick': False, 'live': True, 'wall': True, 'out': f'{ROOT}/build/study', 'parts': [],
              'placements': list(PLACEMENTS)}
    words = list(words)
    while words:
        word = words.pop(0)
        name, equals, value = word.partition('=')
        if name in ('--out', '--placement'):
            if not equals and not words:
                raise ValueError(f'{name} wants a value')
            value = value if equals else words.pop(0)
            if name == '--out':
                chosen['out'] = value
            elif value in PLACEMENTS:
                chosen['placements'] = [value]
            else:
                raise ValueError(f'--placement is central or library, not "{value}"')
        elif word == '--quick':
            chosen.update(quick=True, live=False, wall=False)
        elif word in ('--no-live', '--no-wall'):
            chosen[word[5:]] = False
        elif word in PARTS:
            chosen['parts'].append(word)
        else:
            raise ValueError(f'unknown word {word}; parts are {" ".join(PARTS)}')
    return chosen


def main(words):
    try:
        chosen = options(words)
        os.makedirs(chosen['out'], exist_ok=True)
    except (ValueError, OSError) as error:
        print(f'janus: study: {error}', file=sys.stderr)
        return 125
    study = Study(chosen['quick'], chosen['wall'], chosen['parts'] or PARTS)
    which = systems.make(ROOT, chosen['placements'], chosen['live'])
    missing = [system for system in which if not system.is_available()]
    which = [system for system in which if system not in missing]
    study.problems += [f'{system.label} is not served by this build' for system in missing]
    try:
        study.all(which)
    finally:
        for system in which:
            system.close()
    records = report.finish(study.records)
    report.write_data(chosen['out'], records)
    labels = {system.name: system.label for system in which}
    emulator = os.popen('qemu-system-x86_64 --version').readline().strip()
    about = {'command': ' '.join(['./janus', 'study', *words]), 'lines': [
        f'Systems: {", ".join(labels.values())}.', f'Emulator: {emulator}, TCG; instructions by -icount '
        'shift=0,sleep=off, where one tick of the time-stamp counter is one instruction.',
        'Linux runs the distribution\'s cloud kernel and the same static binaries from an initramfs, without '
        'ERMS; Wine the distribution\'s, without SMAP as well.'] + study.problems}
    for system in which:
        if getattr(system, 'commands', None):
            study.methods.setdefault('machine', system.commands)
    report.Report(records, labels, study.methods, about).write(f'{chosen["out"]}/report.html')
    for problem in study.problems:
        print(f'janus: study: {problem}', file=sys.stderr)
    print(f'{chosen["out"]}/report.html')
    return 0 if records else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[2:]))
