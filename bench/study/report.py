"""The study's files: data.jsonl, data.csv, and report.html, which needs nothing but itself."""
import csv
import html
import json

import svg
import workloads

COLUMNS = ['section', 'name', 'system', 'cpus', 'clients', 'calls', 'instructions', 'ratio', 'entries',
           'switches', 'ipcs', 'faults', 'copied', 'memory_kib', 'ticks', 'wall_ratio',
           'calls_per_million', 'first_done', 'burden', 'call', 'median', 'p99', 'max', 'at_s', 'died',
           'survived', 'files', 'comes_back', 'held', 'result', 'note']

STYLE = '''body{font:15px/1.5 sans-serif;max-width:62em;margin:2em auto;padding:0 1em;color:#222}
h1,h2,h3{line-height:1.2}h2{margin-top:2.2em;border-bottom:1px solid #bbb}
table{border-collapse:collapse;font-size:12px;margin:1em 0}td,th{padding:2px 8px;border-bottom:1px solid #ddd}
td{text-align:right}td:first-child,td.t,th:first-child{text-align:left}th{background:#f3f3f3;text-align:right}
pre{background:#f6f6f6;padding:.7em;overflow-x:auto;font-size:12px}svg{width:100%;height:auto;font-family:sans-serif}
.grid{stroke:#ddd}.mark{stroke:#b03030;stroke-dasharray:4 3}.how{font-size:12px;color:#666}'''


def write_data(directory, records):
    with open(f'{directory}/data.jsonl', 'w', encoding='utf-8') as file:
        for record in records:
            ordered = {key: record[key] for key in COLUMNS if record.get(key) is not None}
            file.write(json.dumps(ordered) + '\n')
    with open(f'{directory}/data.csv', 'w', encoding='utf-8', newline='') as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction='ignore', restval='', lineterminator='\n')
        writer.writeheader()
        writer.writerows(records)


def cell(value):
    if isinstance(value, (int, float)):
        return f'<td>{svg.number(value)}</td>'
    return f'<td class="t">{html.escape(str(value)) if value is not None else "-"}</td>'


def table(records, columns, names):
    head = ''.join(f'<th>{html.escape(names.get(c, c.replace("_", " ")))}</th>' for c in columns)
    body = ''.join('<tr>' + ''.join(cell(names.get(r.get(c), r.get(c)) if c == 'system' else r.get(c))
                                    for c in columns) + '</tr>\n' for r in records)
    return f'<table><tr>{head}</tr>\n{body}</table>'


def how(key):
    return f'<p class="how"><a href="#how-{key}">How this was made</a></p>'


class Report:
    def __init__(self, records, labels, methods, about):
        self.records, self.labels, self.methods, self.about = records, labels, methods, about
        self.out = []

    def of(self, section, **wanted):
        return [r for r in self.records if r['section'] == section and
                all(r.get(k) == v for k, v in wanted.items())]

    def add(self, text):
        self.out.append(text)

    def heading(self, title, text, level=2):
        self.add(f'<h{level}>{html.escape(title)}</h{level}>\n<p>{text}</p>')

    def ratio_bars(self, section, title):
        """Instructions of each system over those of Linux or Wine, whichever has the row."""
        rows = {}
        for r in self.of(section):
            if r.get('ratio') and r['system'] not in ('linux', 'wine'):
                rows.setdefault(r['name'], {})[self.labels[r['system']]] = r['ratio']
        if rows:
            series = [self.labels[s] for s in self.labels if s not in ('linux', 'wine')]
            self.add(svg.bars(list(rows.items()), series, title, 1.0))
        else: # without a reference: the instructions themselves
            for r in self.of(section):
                if r.get('instructions'):
                    rows.setdefault(r['name'], {})[self.labels[r['system']]] = r['instructions']
            self.add(svg.bars(list(rows.items()), list(self.labels.values()), 'instructions'))

    def costs(self, section, title, text, key):
        if not self.of(section):
            return
        self.heading(title, text)
        self.ratio_bars(section, 'instructions, as a multiple of Linux (POSIX) or Wine (Win32); less is better')
        self.add(how(key))
        columns = ['name', 'system', 'instructions', 'ratio', 'entries', 'switches', 'ipcs', 'faults',
                   'copied', 'ticks', 'wall_ratio']
        self.add(table(sorted(self.of(section), key=lambda r: r['order']), columns,
                       dict(self.labels, copied='bytes copied', ipcs='IPCs', entries='kernel entries',
                            switches='space switches', ticks='plain ticks')))

    def charges(self):
        self.heading('Charge 1: the bottleneck', 'A single adapter serves everybody. Total calls of 1 to 64 '
                     'client processes per million instructions of the one CPU: a flat line says that '
                     'clients do not get in each other\'s way beyond sharing the processor. Fresh clients have '
                     'made three rounds of calls before, the others a thousand.')
        series = {}
        for r in self.of('bottleneck', cpus=1):
            if r.get('instructions'):
                series.setdefault(self.labels[r['system']] + ', fresh' * r['fresh'], []).append(
                    (r['clients'], r['calls_per_million']))
        self.add(svg.lines(series, 'clients', 'calls per million instructions'))
        wall = {}
        for r in self.of('bottleneck'):
            if r.get('ticks'):
                wall.setdefault(f'{self.labels[r["system"]]}, {r["cpus"]} CPU', []).append(
                    (r['clients'], r['calls_per_million']))
        if wall:
            self.add('<p>The same on 1, 2 and 4 CPUs, calls per million ticks of the host\'s clock. This is '
                     'wall time of an emulator on a shared machine: it changes from run to run.</p>')
            self.add(svg.lines(wall, 'clients', 'calls per million host ticks'))
        self.add(how('bottleneck'))
        notes = [r for r in self.of('bottleneck') if r.get('note')]
        if notes:
            self.add(table(notes, ['name', 'system', 'note'], self.labels))
        self.heading('One slow client', 'Ticks of one call (instructions, with whatever ran in between) of a '
                     'client beside another that is a burden. p99 and max show who had to wait for whom; '
                     'a time slice is 10 million.', 3)
        self.add(table(self.of('slow_client'), ['call', 'burden', 'system', 'median', 'p99', 'max'],
                       self.labels))
        self.add(how('slow_client'))
        self.heading('Charge 2: the single point of failure', 'Four clients work: two Win32 programs (w1, w2), '
                     'two POSIX ones (p1, p2; p2 starts programs under the other placement). The Win32 '
                     'personality\'s server is taken away at points spread over the work. Under the library '
                     'placement that server is in nobody\'s path.')
        self.add(table(self.of('failure'), ['name', 'system', 'died', 'survived', 'files', 'comes_back',
                                            'note'], self.labels))
        self.add(how('failure'))
        self.heading('Charge 3: little flexibility', 'What it takes to give one process another adapter.')
        self.add(table(self.of('flexibility'), ['name', 'system', 'instructions', 'entries', 'switches',
                                                'memory_kib', 'note'], self.labels))
        self.add(how('flexibility'))
        self.heading('Charge 4: no isolation', 'What a process of another user can learn or take, and what the '
                     'others have left when one client takes all that it can get.')
        grid = {}
        for r in self.of('isolation'):
            value = r['result'] if r.get('held') is None else \
                f'{r["held"]} held; {r["result"]}; stat median {svg.number(r["median"])}'
            grid.setdefault(r['name'], {})[r['system']] = value
        systems = [s for s in self.labels if any(s in row for row in grid.values())]
        self.add(table([dict(row, name=name) for name, row in grid.items()], ['name'] + systems,
                       self.labels))
        self.add(how('isolation'))

    def write(self, path):
        self.costs('calls', 'Each system call and NT service', 'Costs of one call: instructions from call to '
                   'return on the instruction clock, everything included that ran meanwhile. Kernel entries, '
                   'address-space switches, IPCs and bytes copied are what Janus\' kernel counted.', 'calls')
        self.costs('rows', 'The rows of the micro-benchmarks', 'ubench.c and wbench.c, unmodified.', 'rows')
        self.costs('workloads', 'Workloads', 'Whole programs. The counts are of the whole run; every system '
                   'printed the same.', 'workloads')
        if self.of('memory'):
            self.heading('Memory', 'KiB in use after the start (idle), and what one more waiting process '
                         'takes (sleep; cmd.exe).')
            self.add(table(self.of('memory'), ['name', 'system', 'memory_kib'], self.labels))
            self.add(how('memory'))
        self.charges()
        self.heading('How each figure was made', 'One command makes all of it again: <code>' +
                     html.escape(self.about['command']) + '</code>. What is counted in instructions comes out '
                     'the same each time; host ticks and wall ratios do not.')
        for key, text in self.methods.items():
            self.add(f'<h3 id="how-{key}">{key.replace("_", " ")}</h3>\n<pre>{html.escape(text.strip())}</pre>')
        lead = ''.join(f'<li>{html.escape(line)}</li>' for line in self.about['lines'])
        with open(path, 'w', encoding='utf-8') as file:
            file.write('<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
                       '<title>Janus: one adapter, or one in each process</title>'
                       f'<style>{STYLE}</style></head><body>\n'
                       '<h1>One adapter for all, or one in each process</h1>\n'
                       '<p>The same unmodified programs under a single adapter (central), under an adapter '
                       'library (library), and where they come from (Linux, Wine), in one emulator. The data '
                       'of everything here: <a href="data.csv">data.csv</a>, <a href="data.jsonl">'
                       f'data.jsonl</a>.</p>\n<ul>{lead}</ul>\n' + '\n'.join(self.out) + '\n</body></html>\n')


def finish(records):
    """Ratios to Linux or Wine, and an order by name in the sequence of measurement."""
    base, order = {}, {}
    for r in records:
        key = (r['section'], r['name'])
        r['order'] = order.setdefault(key, len(order))
        if r['system'] in ('linux', 'wine'):
            base[key] = r
    for r in records:
        reference = base.get((r['section'], r['name']))
        if not reference or r['section'] not in ('calls', 'rows', 'workloads') or r is reference:
            continue
        for field, name in (('instructions', 'ratio'), ('ticks', 'wall_ratio')):
            if r.get(field) and reference.get(field):
                r[name] = round(r[field] / reference[field], 3)
    return records


__all__ = ['Report', 'finish', 'write_data', 'workloads']
