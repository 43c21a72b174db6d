#!/usr/bin/env python3
"""Writes upcase.c: simple upper-casing of the basic plane, by Unicode's data as Python has it.

Only mappings that lead back (lower(upper(c)) == c) are taken, as l_intl's table does, so that two
different upper-case letters never become one."""
import sys


def simple(character, method):
    for name in (method, 'title'):
        result = getattr(character, name)()
        if len(result) == 1 and ord(result) < 0x10000:
            return result
    return character


def main():
    deltas = []
    for code in range(0x10000):
        character = chr(code)
        delta = 0
        if not 0xd800 <= code < 0xe000:
            upper = simple(character, 'upper')
            if upper != character and upper.lower() == character:
                delta = (ord(upper) - code) & 0xffff
        deltas.append(delta)
    pages, index = [], []
    for start in range(0, 0x10000, 256):
        page = deltas[start:start + 256]
        if page not in pages:
            pages.append(page)
        index.append(pages.index(page))
    with open(sys.argv[1], 'w', encoding='ascii') as out:
        out.write('/* Made by make_upcase.py. */\n#include "fold.h"\n\n')
        out.write('const uint8_t upcase_pages[256] = {%s};\n' % ', '.join(map(str, index)))
        out.write('const uint16_t upcase_deltas[] = {\n')
        for page in pages:
            out.write('    %s,\n' % ', '.join(map(str, page)))
        out.write('};\n')


main()
