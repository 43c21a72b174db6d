"""Plots as SVG text, without any library: bars on a logarithmic scale, and lines."""
import html
import math

COLOURS = ['#1f5fa8', '#d97a1d', '#5b5b5b', '#8c3b8c', '#2f8f4e', '#b03030', '#a08a20', '#3aa0a0']


def number(value):
    if value is None:
        return '-'
    if abs(value) >= 1000:
        return f'{value:,.0f}'
    return f'{value:.4g}'


def _text(x, y, what, anchor='start', size=11, extra=''):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" {extra}>'
            f'{html.escape(str(what))}</text>')


def _ticks(low, high):
    """Powers of ten (and their 2 and 5 fold when there are few) in a range."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    steps = (1,) if last - first > 3 else (1, 2, 5)
    return [step * 10.0 ** power for power in range(first, last + 1) for step in steps
            if low * 0.999 <= step * 10.0 ** power <= high * 1.001]


def bars(rows, series, unit, line=None):
    """rows: [(label, {series: value})]; one group of bars a row, logarithmic. line: a value to mark."""
    values = [v for _, row in rows for v in row.values() if v and v > 0]
    if not values:
        return '<p>nothing was measured</p>'
    low, high = min(values + ([line] if line else [])), max(values + ([line] if line else []))
    low, high = low / 1.3, high * 1.3
    left, width, bar = 20 + max(90, *(6 * len(label) for label, _ in rows)), 900, 11
    group = bar * len(series) + 8
    height = group * len(rows) + 60

    def place(value):
        return left + (width - left - 70) * math.log(value / low) / math.log(high / low)

    parts = [f'<svg viewBox="0 0 {width} {height}" role="img">']
    for tick in _ticks(low, high):
        x = place(tick)
        parts.append(f'<line x1="{x:.1f}" y1="24" x2="{x:.1f}" y2="{height - 30}" class="grid"/>')
        parts.append(_text(x, height - 16, number(tick), 'middle', 10))
    parts.append(_text((left + width) / 2, height - 3, unit, 'middle', 10))
    for i, name in enumerate(series):
        parts.append(f'<rect x="{left + i * 170}" y="4" width="10" height="10" fill="{COLOURS[i]}"/>')
        parts.append(_text(left + i * 170 + 14, 13, name))
    for r, (label, row) in enumerate(rows):
        top = 24 + r * group
        parts.append(_text(left - 6, top + group / 2, label, 'end'))
        for i, name in enumerate(series):
            value = row.get(name)
            if not value or value <= 0:
                continue
            x = place(value)
            parts.append(f'<rect x="{left}" y="{top + i * bar}" width="{max(x - left, 1):.1f}" '
                         f'height="{bar - 2}" fill="{COLOURS[i]}"><title>{html.escape(label)}, '
                         f'{html.escape(name)}: {number(value)}</title></rect>')
            parts.append(_text(x + 3, top + i * bar + 8, number(value), size=9))
    if line:
        x = place(line)
        parts.append(f'<line x1="{x:.1f}" y1="20" x2="{x:.1f}" y2="{height - 30}" class="mark"/>')
    return '\n'.join(parts) + '</svg>'


def lines(series, x_label, y_label):
    """series: {name: [(x, y)]}, x on a scale of doublings, y linear from zero."""
    points = [p for line in series.values() for p in line]
    if not points:
        return '<p>nothing was measured</p>'
    xs = sorted({x for x, _ in points})
    top = max(y for _, y in points) * 1.1
    width, height, left, bottom = 900, 360, 70, 50

    def place(x, y):
        span = math.log(xs[-1] / xs[0]) or 1
        return (left + (width - left - 190) * math.log(x / xs[0]) / span,
                height - bottom - (height - bottom - 20) * y / top)

    parts = [f'<svg viewBox="0 0 {width} {height}" role="img">']
    for step in range(6):
        y = top * step / 5
        _, at = place(xs[0], y)
        parts.append(f'<line x1="{left}" y1="{at:.1f}" x2="{width - 190}" y2="{at:.1f}" class="grid"/>')
        parts.append(_text(left - 5, at + 4, number(y), 'end', 10))
    for x in xs:
        parts.append(_text(place(x, 0)[0], height - bottom + 16, number(x), 'middle', 10))
    parts.append(_text((left + width - 190) / 2, height - 8, x_label, 'middle'))
    parts.append(_text(4, 12, y_label))
    for i, (name, line) in enumerate(series.items()):
        colour = COLOURS[i % len(COLOURS)]
        path = ' '.join('%.1f,%.1f' % place(x, y) for x, y in sorted(line))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for x, y in line:
            at = place(x, y)
            parts.append(f'<circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="3" fill="{colour}"><title>'
                         f'{html.escape(name)}: {number(x)}, {number(y)}</title></circle>')
        parts.append(f'<rect x="{width - 180}" y="{20 + i * 18}" width="10" height="10" fill="{colour}"/>')
        parts.append(_text(width - 165, 29 + i * 18, name))
    return '\n'.join(parts) + '</svg>'
