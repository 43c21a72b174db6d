"""What runs under every system, and how its costs are read. Scripts are for `sh`; $W stands before a Win32
program (nothing on Janus, Wine's loader on Linux)."""
import re

# Rows of ubench.c and wbench.c; what needs a network is not among them.
UBENCH = ['clock_gettime', 'getpid', 'yield', 'read1', 'write1', 'fstat', 'stat', 'open_close',
          'select_10', 'select_100', 'poll_100', 'sig_install', 'sig_deliver', 'pipe_lat', 'pipe_bw',
          'cond_lat', 'sem_lat', 'thread', 'fork', 'fork_exec', 'spawn_exec', 'mmap_1', 'mmap_256',
          'fault', 'fault_file', 'create', 'file_write', 'file_read', 'pread_4k']
WBENCH = ['qpc', 'yield', 'write1', 'attributes', 'open_close', 'event', 'event_lat', 'mutex',
          'cond_lat', 'pipe_lat', 'thread', 'process', 'alloc_1', 'alloc_256', 'registry', 'file_write',
          'file_read']

# name: (family, what it is, script whose output must be the same everywhere)
WORKLOADS = {
    'pipe': ('posix', '8 MiB from dd to wc through a pipe',
             'dd if=/dev/zero bs=65536 count=128 2> /dev/null | wc -c'),
    'file': ('posix', 'a tree of 200 files: written, copied, searched, packed, removed',
             'rm -rf /tmp/t /tmp/u; mkdir -p /tmp/t/a /tmp/t/b; i=0\n'
             'while [ $i -lt 100 ]; do echo file $i > /tmp/t/a/$i; echo $i $i > /tmp/t/b/$i; '
             'i=$((i + 1)); done\n'
             'cp -r /tmp/t /tmp/u; grep -r -l 7 /tmp/u | wc -l; find /tmp/u -type f | wc -l\n'
             'tar -C /tmp/u -c . | wc -c; rm -rf /tmp/t /tmp/u'),
    'fork_exec': ('posix', 'a static program started 40 times by a shell',
                  'i=0; while [ $i -lt 40 ]; do /bench/uhello; i=$((i + 1)); done | sort | uniq -c'),
    'threads': ('posix', '250 threads made and joined, 1,000 hand-overs between two',
                '/bench/ubench -r 1 -s 50 thread cond_lat > /dev/null; echo $?'),
    'shell': ('posix', 'a shell script: arithmetic, strings, functions, command substitution',
              'f() { r=$(( ($1 * 7 + 3) % 1009 )); }\ni=0; s=\n'
              'while [ $i -lt 2000 ]; do f $i; case $r in *7) s=$s.;; esac; i=$((i + 1)); done\n'
              'i=0; while [ $i -lt 20 ]; do t=$(echo $i | tr 0-9 a-j); s=$s$t; i=$((i + 1)); done\n'
              'echo ${#s} $r'),
    'compression': ('posix', '256 KiB of text through gzip and back',
                    'seq 1 45000 | head -c 262144 > /tmp/c; gzip < /tmp/c > /tmp/c.gz\n'
                    'gunzip < /tmp/c.gz | md5sum; wc -c < /tmp/c.gz; rm /tmp/c /tmp/c.gz'),
    'win32_file': ('win32', 'cmd.exe writes 20 files, shows and deletes them',
                   'cd /tmp; $W cmd.exe /c "for /L %i in (1,1,20) do @echo hello %i> w%i.txt"\n'
                   '$W cmd.exe /c "for /L %i in (1,1,20) do @type w%i.txt" | tr -d "\\r" | md5sum\n'
                   '$W cmd.exe /c "for /L %i in (1,1,20) do @del w%i.txt"; ls /tmp/w*.txt 2> /dev/null | wc -l'),
    'win32_process': ('win32', 'a console program started 5 times by CreateProcess',
                      '$W /bench/wbench.exe -r 1 -s 40 process > /dev/null; echo $?'),
    'mixed': ('mixed', 'a pipeline of both kinds: seq, findstr.exe, sort, find.exe, wc',
              'seq 1 2000 | $W findstr.exe 7 | sort -r | $W find.exe /c "77" | tr -d "\\r\\n "; echo'),
}
QUICK = ('pipe', 'fork_exec', 'win32_process', 'mixed')
QUICK_CALLS = ['getpid', 'read', 'stat', 'pipe_write_read']
QUICK_NT = ['NtQueryPerformanceCounter', 'NtSetEvent', 'NtCreateEvent+NtClose']

SCALES = (20, 40)  # per cent of the operations; the instruction clock needs no more
# But more of short calls: a library redirects their sites in the course of it.
LONG_SCALES = (100, 200)
LONG = {f'posix.{name}' for name in UBENCH[:UBENCH.index('pipe_bw')] + ['pread_4k']}
FIELDS = ('instructions', 'entries', 'switches', 'ipcs', 'faults', 'copied')


def prologue(system):
    return 'W=wine64; ' if system.name == 'wine' else 'W=; '


def per_operation(text):
    """Records of "call NAME ops=N ticks=T ..." lines: costs of one call."""
    for line in re.findall(r'^call (.*)$', text, re.M):
        name, *words = line.split()
        values = {key: int(value) for key, value in (word.split('=') for word in words)}
        ops = values.pop('ops')
        values['instructions'] = values.pop('ticks')
        yield name, {key: round(value / ops, 2) for key, value in values.items()}


def probes(text):
    """{label: values} of the lines that bench/probe wrote."""
    found = {}
    for label, rest in re.findall(r'^probe (\S+) (.*)$', text, re.M):
        values = {key: int(value) for key, value in (word.split('=') for word in rest.split())}
        found[label] = values
    return found


def calls(system, quick):
    """Each system call and NT service of the lists: one script."""
    script, posix, win32 = prologue(system), '', ''
    if 'posix' in system.has:
        posix = '/bench/calls -n %d %s\n' % ((100, ' '.join(QUICK_CALLS)) if quick else (200, ''))
    if 'win32' in system.has:
        win32 = '$W /bench/ntcalls.exe -n %d %s\n' % (
            (60, ' '.join(QUICK_NT)) if quick else (150, ''))
    return script + '\n' + posix + win32


def scales(row):
    return LONG_SCALES if row in LONG else SCALES


def rows(system):
    """The rows of ubench and wbench: values by themselves, counts from two runs of different length."""
    script = prologue(system) + 'rm -f /tmp/p\n'
    if 'posix' in system.has:
        script += '/bench/ubench -c -r 3 %s\n' % ' '.join(UBENCH)
        for name in UBENCH:
            small, large = scales(f'posix.{name}')
            for scale in (small, small, large): # the first finds nothing in memory: it does not count
                script += (f'/bench/probe posix.{name}.{scale} /tmp/p /bench/ubench -c -r 1 -s {scale} '
                           f'{name} | sed -n "s/^\\({name},[0-9]*\\),.*/ops posix.{scale},\\1/p"\n')
    if 'win32' in system.has:
        common = "-d 'C:\\windows\\temp'"
        script += '$W /bench/wbench.exe %s -r 1 %s\n' % (common, ' '.join(WBENCH))
        for name in WBENCH:
            for scale in (SCALES[0], *SCALES): # the first finds nothing in memory: it does not count
                script += (f'/bench/probe win32.{name}.{scale} /tmp/p $W /bench/wbench.exe {common} -r 1 '
                           f'-s {scale} {name} | sed -n "s/^\\({name}\\) *\\([0-9]*\\) .*/'
                           f'ops win32.{scale},\\1,\\2/p"\n')
    return script + 'cat /tmp/p\n'


def read_rows(text):
    """{row: values of one operation}."""
    found, operations = {}, {}
    for line in text.splitlines():
        words = line.split(',')
        if len(words) == 7 and words[1].isdigit():
            found[f'posix.{words[0]}'] = {'instructions': float(words[5])}
        elif line.startswith('ops ') and len(words) == 3:
            family, scale = words[0][4:].split('.')
            operations[f'{family}.{words[1]}', int(scale)] = int(words[2]) + int(words[2]) // 10 + 1
        else:
            words = line.split()
            if len(words) == 6 and words[1].isdigit():
                found[f'win32.{words[0]}'] = {'instructions': float(words[5])}
    costs = probes(text)
    for row, values in found.items():
        less, more = scales(row)
        small, large = costs.get(f'{row}.{less}'), costs.get(f'{row}.{more}')
        n = operations.get((row, more), 0) - operations.get((row, less), 0)
        if not small or not large or n <= 0:
            continue
        for field in FIELDS[1:]:
            if field in large:
                values[field] = round((large[field] - small[field]) / n, 2)
    return found


def workloads(system, quick):
    """Every workload twice: the second run finds its programs in memory and is the one that counts."""
    script = prologue(system) + 'export W; rm -f /tmp/p\n'
    for name, (family, _, body) in WORKLOADS.items():
        if family not in system.has or (quick and name not in QUICK):
            continue
        script += f"cat > /tmp/work <<'END'\n{body}\nEND\nsh /tmp/work > /dev/null 2>&1\n"
        script += f'/bench/probe {name} /tmp/p sh /tmp/work > /tmp/o; echo "result {name} $(md5sum < /tmp/o)"\n'
    return script + 'cat /tmp/p\n'


def results(text):
    return dict(re.findall(r'^result (\S+) (.*)$', text, re.M))


MEMORY = r'''
free() { sleep 0.2; sed -n 's/^MemFree: *\([0-9]*\).*/\1/p' /proc/meminfo; }
a=$(free); b=$(free)
i=0; while [ $i -lt 16 ]; do sleep 1000 & i=$((i + 1)); done
c=$(free)
echo "memory used $(( $(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo) - b ))"
echo "memory posix $(( (b - c) / 16 ))"
kill $(jobs -p) 2> /dev/null; wait 2> /dev/null
'''
MEMORY_WIN32 = r'''
mkfifo /tmp/fifo; sleep 1000 > /tmp/fifo & keep=$!
$W cmd.exe /c echo warm > /dev/null
c=$(free)
i=0; while [ $i -lt 6 ]; do $W cmd.exe < /tmp/fifo > /dev/null 2>&1 & i=$((i + 1)); done
sleep 20; d=$(free)
echo "memory win32 $(( (c - d) / 6 ))"
'''


def memory(system):
    text = prologue(system) + MEMORY
    return text + (MEMORY_WIN32 if 'win32' in system.has else '')


def read_memory(text):
    return {name: int(value) for name, value in re.findall(r'^memory (\w+) (-?\d+)$', text, re.M)}
