"""`./janus study --quick`: the shape of what it writes, and that it comes out the same twice."""
import csv
import html.parser
import json
import os
import re
import subprocess

SECTIONS = {'calls', 'workloads', 'bottleneck', 'slow_client', 'failure', 'flexibility', 'isolation'}


def study(context, name, *words):
    directory = f'{context.scratch}/study-{name}'
    subprocess.run(['rm', '-rf', directory], check=True)
    done = subprocess.run([f'{context.root}/janus', 'study', '--quick', '--out', directory, *words],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=1200)
    assert done.returncode == 0, done.stderr.decode()[-400:]
    # Every problem that it met is a line here.
    assert done.stderr == b'', done.stderr.decode()[-400:]
    with open(f'{directory}/data.jsonl', encoding='utf-8') as file:
        records = [json.loads(line) for line in file]
    return directory, records


class Page(html.parser.HTMLParser):
    """Collects what a page links to, its anchors, and whether its tags close."""

    def __init__(self):
        super().__init__()
        self.links, self.anchors, self.open, self.plots, self.foreign = [], set(), [], 0, []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == 'a':
            self.links.append(attributes.get('href', ''))
        if 'id' in attributes:
            self.anchors.add(attributes['id'])
        self.plots += tag == 'svg'
        self.foreign += [value for name, value in attributes.items()
                         if name in ('src', 'href', 'data') and re.match(r'\w+:|//', value or '')]
        if tag not in ('meta', 'line', 'rect', 'circle', 'polyline'):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in ('line', 'rect', 'circle', 'polyline'):
            return
        assert self.open and self.open[-1] == tag, f'</{tag}> closes {self.open[-1:]}'
        self.open.pop()


def shape(context):
    """One file that needs no network, its data as CSV and JSON lines; each figure says how it was made."""
    directory, records = study(context, 'shape')
    assert {r['section'] for r in records} == SECTIONS, {r['section'] for r in records}
    systems = {r['system'] for r in records}
    assert systems == {'central', 'library'}, systems
    with open(f'{directory}/data.csv', encoding='utf-8') as file:
        rows = list(csv.DictReader(file))
    assert [(r['section'], r['name'], r['system']) for r in rows] == \
        [(r['section'], r['name'], r['system']) for r in records], 'CSV and JSON lines differ'
    with open(f'{directory}/report.html', encoding='utf-8') as file:
        page = Page()
        page.feed(file.read())
    assert not page.open and page.plots >= 3 and not page.foreign, (page.open, page.plots, page.foreign)
    hows = {link[1:] for link in page.links if link.startswith('#')}
    assert hows <= page.anchors and {f'how-{name}' for name in SECTIONS} <= hows, (hows, page.anchors)
    for link in page.links:
        assert link.startswith('#') or os.path.exists(f'{directory}/{link}'), link
    claims(records)


def claims(records):
    """What must hold whatever the figures are."""
    def one(**wanted):
        found = [r for r in records if all(r.get(k) == v for k, v in wanted.items())]
        assert len(found) == 1, (wanted, len(found))
        return found[0]
    central = one(section='calls', name='getpid', system='central')
    library = one(section='calls', name='getpid', system='library')
    assert central['entries'] >= 1 and central['switches'] >= 2, central
    # In the library placement no other address space is entered for what the process knows itself.
    assert library['switches'] < 0.5, library
    # The kernel copies the byte that a server gives; an adapter may give it itself.
    copied = [one(section='calls', name='read', system=s)['copied'] for s in ('central', 'library')]
    assert 0.9 <= copied[0] <= 3 and copied[1] <= 3, copied
    ended = [r for r in records if r['section'] == 'failure' and r['name'].startswith('win32 server ends')]
    by_system = {r['system']: r for r in ended}
    # The server's clients go with it, the others' files and processes stay.
    assert by_system['central']['died'].startswith('w1') and 'p1' in by_system['central']['survived']
    assert by_system['library']['died'] == 'nobody', by_system['library']
    ended_posix = [r for r in records if r['section'] == 'failure' and r['name'].startswith('posix server')]
    of_posix = {r['system']: r for r in ended_posix}
    assert of_posix['central']['died'].startswith('p') and 'l1' in of_posix['central']['survived'], of_posix
    assert of_posix['library']['died'] == 'nobody', of_posix
    assert all(r['files'] == 'kept' for r in ended + ended_posix)


def same_twice(context):
    """What is counted by the instruction clock is the same in a second run."""
    parts = ('calls', 'bottleneck', 'isolation', 'flexibility')
    _, first = study(context, 'first', '--placement', 'central', *parts)
    _, second = study(context, 'second', '--placement', 'central', *parts)
    assert len(first) == len(second) and first, 'another number of records'
    for a, b in zip(first, second):
        assert a == b, f'{a} then {b}'


def refusals(context):
    """Words that it does not know."""
    for words in (['--bogus'], ['--placement', 'elsewhere'], ['--out'], ['no-part']):
        done = subprocess.run([f'{context.root}/janus', 'study', *words], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=60)
        assert done.returncode == 125 and len(done.stderr.splitlines()) == 1, (words, done)


def cases(context):
    if context.mode == 'quick': # the whole of it has no room in three minutes
        return [('refusals', refusals)]
    return [('shape', shape), ('same-twice', same_twice), ('refusals', refusals)]
