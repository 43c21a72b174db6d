#!/usr/bin/env python3
"""jidl: the interface compiler. One .idl file becomes client stubs, server dispatch and tables.

    jidl.py header FILE.idl OUT.h      types, stubs' and operations' declarations
    jidl.py source FILE.idl OUT.c      client stubs, server dispatch, method table for traces
    jidl.py page FILE.idl OUT.md       a reference page
    jidl.py shapes FILE.idl... OUT.h   numbers, constants and the shapes of all requests, without stubs

Grammar (docs/idl.md): `interface NAME = NUMBER { METHOD... }`, `struct NAME { fields }`,
`const NAME = VALUE;`, `import NAME;` (its structs), `///` documents what follows. Every scalar parameter takes one message word;
structs and strings are packed into whole words; capabilities and mappings are typed items;
windows are offered memory (janus/abi/utcb.h), numbered in the order of declaration.
"""
import os
import re
import sys

SCALARS = {'u8': 1, 'u16': 2, 'u32': 4, 'u64': 8, 'i32': 4, 'i64': 8}
C_SCALAR = {'u8': 'uint8_t', 'u16': 'uint16_t', 'u32': 'uint32_t', 'u64': 'uint64_t',
            'i32': 'int32_t', 'i64': 'int64_t'}
WORDS_MAX = 64


class IdlError(Exception):
    pass


class Parameter:
    def __init__(self, kind, name, detail=None, size=0):
        self.kind, self.name, self.detail, self.size = kind, name, detail, size


class Method:
    def __init__(self, name, number, doc, ins, outs, repeatable):
        self.name, self.number, self.doc = name, number, doc
        self.repeatable = repeatable
        self.ins = [p for p in ins if p.kind != 'window']
        self.windows = [p for p in ins if p.kind == 'window']
        self.outs = outs


def tokenize(text):
    pattern = re.compile(r'(///[^\n]*)|(//[^\n]*|/\*.*?\*/)|(->|[A-Za-z_]\w*|-?0x[0-9a-fA-F]+|-?\d+|[{}()\[\]<>=;,])|(\s+)|(.)', re.S)
    line = 1
    for match in pattern.finditer(text):
        doc, _, token, _, bad = match.groups()
        if bad:
            raise IdlError(f'line {line}: unexpected {bad!r}')
        if doc is not None:
            yield ('doc', doc[3:].strip(), line)
        elif token is not None:
            yield ('token', token, line)
        line += match.group(0).count('\n')
    yield ('end', '', line)


class Parser:
    def __init__(self, text):
        self.tokens = list(tokenize(text))
        self.at = 0
        self.structs, self.consts, self.methods = {}, [], []
        self.name, self.number, self.doc = None, 0, []
        self.imports, self.imported = [], {}

    def docs(self):
        lines = []
        while self.tokens[self.at][0] == 'doc':
            lines.append(self.tokens[self.at][1])
            self.at += 1
        return lines

    def peek(self):
        at = self.at
        while self.tokens[at][0] == 'doc':
            at += 1
        return self.tokens[at][1]

    def next(self, expected=None):
        self.docs()
        kind, value, line = self.tokens[self.at]
        if expected is not None and value != expected:
            raise IdlError(f'line {line}: expected {expected!r}, found {value!r}')
        self.at += 1
        return value

    def parse(self):
        while True:
            doc = self.docs()
            word = self.tokens[self.at][1]
            if self.tokens[self.at][0] == 'end':
                break
            if word == 'interface':
                self.interface(doc)
            elif word == 'struct':
                self.struct(doc)
            elif word == 'import':
                self.next()
                self.imports.append(self.next())
                self.next(';')
            elif word == 'const':
                self.next()
                name = self.next()
                self.next('=')
                self.consts.append((name, self.next(), doc))
                self.next(';')
            else:
                raise IdlError(f'line {self.tokens[self.at][2]}: unexpected {word!r}')
        if self.name is None:
            raise IdlError('no interface')
        return self

    def interface(self, doc):
        self.next('interface')
        self.name, self.doc = self.next(), doc
        self.next('=')
        self.number = int(self.next(), 0)
        self.next('{')
        while self.peek() != '}':
            doc = self.docs()
            name = self.next()
            ins = self.parameters()
            outs = []
            if self.peek() == '->':
                self.next()
                outs = self.parameters()
            repeatable = self.peek() == 'repeatable'
            if repeatable:
                self.next()
            self.next(';')
            self.methods.append(Method(name, len(self.methods), doc, ins, outs, repeatable))
        self.next('}')
        if self.peek() == ';':
            self.next()

    def struct(self, doc):
        self.next('struct')
        name = self.next()
        fields, offset, align = [], 0, 1
        self.next('{')
        while self.peek() != '}':
            kind = self.next()
            if kind not in SCALARS:
                raise IdlError(f'struct {name}: field type {kind!r}')
            size = SCALARS[kind]
            field, count = self.next(), 1
            array = self.peek() == '['
            if array:
                self.next()
                count = int(self.next(), 0)
                self.next(']')
            self.next(';')
            if offset % size:
                raise IdlError(f'struct {name}: {field} is not aligned')
            align = max(align, size)
            fields.append((kind, field, count if array else None))
            offset += size * count
        self.next('}')
        if self.peek() == ';':
            self.next()
        if offset % align:
            raise IdlError(f'struct {name}: its size {offset} is not a multiple of {align}')
        self.structs[name] = (fields, offset, doc)

    def parameters(self):
        found = []
        self.next('(')
        while self.peek() != ')':
            word = self.next()
            if word in SCALARS:
                found.append(Parameter('scalar', self.next(), word))
            elif word == 'struct':
                struct = self.next()
                found.append(Parameter('struct', self.next(), struct))
            elif word in ('string', 'bytes'):
                self.next('<')
                size = int(self.next(), 0)
                self.next('>')
                found.append(Parameter('string', self.next(), word, size))
            elif word in ('in', 'out'):
                self.next('window')
                found.append(Parameter('window', self.next(), word))
            elif word == 'move':
                self.next('cap')
                found.append(Parameter('cap', self.next(), 'move'))
            elif word == 'cap':
                found.append(Parameter('cap', self.next(), 'share'))
            elif word == 'map':
                found.append(Parameter('map', self.next()))
            else:
                raise IdlError(f'unknown parameter type {word!r}')
            if self.peek() == ',':
                self.next()
        self.next(')')
        return found

    def check(self):
        for method in self.methods:
            for side, parameters in (('request', method.ins), ('answer', method.outs)):
                words = 0
                for p in parameters:
                    if p.kind == 'scalar':
                        words += 1
                    elif p.kind == 'struct':
                        known = self.structs.get(p.detail) or self.imported.get(p.detail)
                        if not known:
                            raise IdlError(f'{method.name}: unknown struct {p.detail}')
                        words += (known[1] + 7) // 8
                    elif p.kind == 'string':
                        words += 1 + (p.size + 7) // 8
                if words > WORDS_MAX:
                    raise IdlError(f'{method.name}: the {side} may need {words} words')
            if len(method.windows) > 2:
                raise IdlError(f'{method.name}: more than two windows')
            names = [p.name for p in method.ins + method.windows]
            if len(set(names)) != len(names):
                raise IdlError(f'{method.name}: a name stands twice')
        return self


def c_names(method):
    """Out parameters whose name an in parameter has already get the prefix new_."""
    taken = {p.name for p in method.ins + method.windows}
    result = {}
    for p in method.outs:
        name = p.name
        while name in taken:
            name = 'new_' + name
        taken.add(name)
        result[p] = name
    return result


def declare_in(p, window_value=True):
    if p.kind == 'scalar':
        return [f'{C_SCALAR[p.detail]} {p.name}']
    if p.kind == 'struct':
        return [f'const struct {p.detail} *{p.name}']
    if p.kind == 'string':
        return [f'const char *{p.name}', f'size_t {p.name}_length']
    if p.kind == 'cap':
        return [f'cap_t {p.name}']
    if p.kind == 'map':
        raise IdlError('a mapping can only be an answer')
    return [f'struct jn_window {p.name}']


def declare_out(p, name, server):
    if p.kind == 'scalar':
        return [f'{C_SCALAR[p.detail]} *{name}']
    if p.kind == 'struct':
        return [f'struct {p.detail} *{name}']
    if p.kind == 'string':
        if server:
            return [f'char *{name}', f'size_t *{name}_length']
        return [f'char *{name}', f'size_t {name}_capacity', f'size_t *{name}_length']
    if p.kind == 'cap':
        return [f'cap_t *{name}']
    if p.kind == 'map':
        if server:
            return [f'struct jn_pages *{name}']
        return [f'struct jn_map_window {name}']


def prefix(idl, method):
    return f'{idl.name}_{method.name}'


def client_signature(idl, method):
    names = c_names(method)
    args = ['cap_t jn_server']
    for p in method.ins + method.windows:
        args += declare_in(p)
    for p in method.outs:
        args += declare_out(p, names[p], False)
    return f'jn_status_t {prefix(idl, method)}({", ".join(args)})'


def server_member(idl, method):
    names = c_names(method)
    args = ['struct jn_call *call']
    for p in method.ins:
        args += declare_in(p)
    for p in method.outs:
        args += declare_out(p, names[p], True)
    return f'jn_status_t (*{method.name})({", ".join(args)})'


def reply_signature(idl, method):
    names = c_names(method)
    args = ['cap_t jn_reply', 'jn_status_t jn_status']
    for p in method.outs:
        for item in declare_in(Parameter(p.kind, names[p], p.detail, p.size)) if p.kind != 'map' \
                else [f'struct jn_pages {names[p]}']:
            args.append(item)
    return f'jn_status_t {prefix(idl, method)}_reply({", ".join(args)})'


def wrap(text, indent='    ', width=98):
    lines, line = [], ''
    for word in text.split(' '):
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = indent + word
        else:
            line = line + ' ' + word if line else word
    lines.append(line)
    return '\n'.join(lines)


def comment(lines, indent=''):
    if not lines:
        return ''
    return indent + '/* ' + ('\n' + indent + ' * ').join(lines) + ' */\n'


def header(idl):
    guard = f'JANUS_IDL_{idl.name.upper()}_H'
    out = [f'/* Generated by tools/jidl.py from idl/{idl.name}.idl. */', f'#ifndef {guard}',
           f'#define {guard}', '']
    out += [f'#include "janus/idl/{name}.h"' for name in idl.imports]
    out += ['#include "janus/message.h"', '', comment(idl.doc).rstrip()]
    out.append(f'enum {{ {idl.name.upper()}_INTERFACE = {idl.number} }};')
    if idl.methods:
        out.append(f'enum {idl.name}_method {{')
        for m in idl.methods:
            out.append(f'    {idl.name.upper()}_METHOD_{m.name.upper()} = '
                       f'{idl.number << 8 | m.number},')
        out.append('};')
    for name, value, doc in idl.consts:
        out.append(comment(doc) + f'#define {name} {value}')
    for name, (fields, size, doc) in idl.structs.items():
        out.append(comment(doc) + f'struct {name} {{')
        for kind, field, count in fields:
            array = '' if count is None else f'[{count}]'
            out.append(f'    {C_SCALAR[kind]} {field}{array};')
        out.append('};')
        out.append(f'_Static_assert(sizeof(struct {name}) == {size}, "interface");')
    out.append('')
    for m in idl.methods:
        out.append(comment(m.doc).rstrip() if m.doc else '')
        out.append('JN_CHECKED ' + wrap(client_signature(idl, m)) + ';')
    out += ['', '/* The server side: an operation that is NULL answers BAD_CALL. */',
            f'struct {idl.name}_ops {{']
    for m in idl.methods:
        out.append('    ' + wrap(server_member(idl, m), '            ') + ';')
    out += ['};', f'struct jn_interface {idl.name}_interface(const struct {idl.name}_ops *ops);', '']
    for m in idl.methods:
        out.append(wrap(reply_signature(idl, m)) + ';')
    out += [f'extern const struct jn_method_table {idl.name}_methods;', '', '#endif', '']
    return '\n'.join(line for line in out)


def put(idl, p, name, by_pointer):
    """Statements that append parameter p to message m; by_pointer: name is an out variable."""
    if p.kind == 'scalar':
        return [f'jn_put(jn_m, (uint64_t){name});']
    if p.kind == 'struct':
        ref = f'&{name}' if by_pointer else name
        return [f'jn_put_bytes(jn_m, {ref}, sizeof(struct {p.detail}));']
    if p.kind == 'string':
        return [f'jn_put_string(jn_m, {name}, {name}_length, {p.size});']
    if p.kind == 'cap':
        move = 'true' if p.detail == 'move' else 'false'
        return [f'jn_put_cap(jn_m, {name}, {move});']
    if p.kind == 'map':
        return [f'jn_put_pages(jn_m, &{name});']
    return []


WORDS_REGISTERS = 10


def all_scalars(parameters):
    return len(parameters) <= WORDS_REGISTERS and all(p.kind == 'scalar' for p in parameters)


def is_scalar(method):
    """Whether request and answer are words in registers, with windows at most."""
    return all_scalars(method.ins) and all_scalars(method.outs)


def scalar_stub(idl, m):
    names = c_names(m)
    out = [wrap(client_signature(idl, m)), '{', '    struct jn_registers jn_r = {',
           f'        .tag = (uint64_t){idl.name.upper()}_METHOD_{m.name.upper()} << JN_TAG_METHOD_SHIFT |',
           f'               {len(m.windows)} << JN_TAG_WINDOWS_SHIFT | {len(m.ins)},']
    if m.ins:
        words = ', '.join(f'(uint64_t){p.name}' for p in m.ins)
        out.append('        ' + wrap(f'.words = {{{words}}},', '                  '))
    out.append('    };')
    for number, p in enumerate(m.windows):
        access = 'JN_R' if p.detail == 'in' else 'JN_W'
        out.append(f'    jn_offer_window({number}, {p.name}, {access});')
    call = 'jn_registers_call_repeatable' if m.repeatable else 'jn_registers_call'
    call = f'{call}(jn_server, &jn_r, {len(m.outs)})'
    if not m.outs:
        return out + [f'    return {call};', '}', '']
    out.append(f'    jn_status_t jn_status = {call};')
    for number, p in enumerate(m.outs):
        out.append(f'    *{names[p]} = ({C_SCALAR[p.detail]})jn_r.words[{number}];')
    return out + ['    return jn_status;', '}', '']


def client_stub(idl, m):
    names = c_names(m)
    out = [wrap(client_signature(idl, m)), '{', '    struct jn_message jn_message, *jn_m = &jn_message;',
           f'    jn_begin(jn_m, {idl.name.upper()}_METHOD_{m.name.upper()});']
    for p in m.ins:
        out += ['    ' + line for line in put(idl, p, p.name, False)]
    for p in m.windows:
        access = 'JN_R' if p.detail == 'in' else 'JN_W'
        out.append(f'    jn_put_window(jn_m, {p.name}, {access});')
    for p in m.outs:
        if p.kind == 'map':
            out.append(f'    jn_receive_pages({names[p]});')
    repeat = 'true' if m.repeatable else 'false'
    out.append(f'    jn_status_t jn_status = jn_message_call(jn_server, jn_m, {repeat});')
    for p in m.outs:
        name = names[p]
        if p.kind == 'scalar':
            out.append(f'    *{name} = ({C_SCALAR[p.detail]})jn_get(jn_m);')
        elif p.kind == 'struct':
            out.append(f'    jn_get_bytes(jn_m, {name}, sizeof(struct {p.detail}));')
        elif p.kind == 'string':
            out.append(f'    jn_get_string(jn_m, {name}, {name}_capacity, {name}_length, {p.size},'
                       ' &jn_status);')
        elif p.kind == 'cap':
            out.append(f'    *{name} = jn_get_cap(jn_m);')
    return out + ['    return jn_message_end(jn_m, jn_status);', '}', '']


def source(idl):
    out = [f'/* Generated by tools/jidl.py from idl/{idl.name}.idl. */',
           f'#include "janus/idl/{idl.name}.h"', '', '#include "janus/message.h"', '']
    for m in idl.methods:
        names = c_names(m)
        out += scalar_stub(idl, m) if is_scalar(m) else client_stub(idl, m)
        # ---- held reply
        out += [wrap(reply_signature(idl, m)), '{', '    struct jn_message jn_message, *jn_m = &jn_message;',
                '    jn_begin_answer(jn_m);']
        for p in m.outs:
            out += ['    ' + line for line in put(idl, p, names[p], False)]
        out += ['    return jn_message_reply(jn_reply, jn_m, jn_status);', '}', '']
    # ---- dispatch
    out += ['static jn_status_t dispatch(const void *jn_table, struct jn_call *jn_call, uint32_t jn_method)',
            '{', f'    const struct {idl.name}_ops *jn_ops = jn_table;',
            '    struct jn_message *jn_m = &jn_call->message;', '    jn_status_t jn_status;', '    (void)jn_m;',
            '    switch (jn_method) {']
    for m in idl.methods:
        names = c_names(m)
        out += [f'    case {m.number}: {{', f'        if (!jn_ops->{m.name})',
                '            return JN_BAD_CALL;']
        args = ['jn_call']
        plain = all_scalars(m.ins)
        if plain and m.ins:
            out.append(f'        jn_m->bad = jn_m->words_count < {len(m.ins)};')
        for number, p in enumerate(m.ins):
            if p.kind == 'scalar':
                word = f'jn_m->words[{number}]' if plain else 'jn_get(jn_m)'
                out.append(f'        {C_SCALAR[p.detail]} {p.name} = ({C_SCALAR[p.detail]}){word};')
                args.append(p.name)
            elif p.kind == 'struct':
                out.append(f'        struct {p.detail} {p.name};')
                out.append(f'        jn_get_bytes(jn_m, &{p.name}, sizeof {p.name});')
                args.append('&' + p.name)
            elif p.kind == 'string':
                out.append(f'        size_t {p.name}_length;')
                out.append(f'        const char *{p.name} = jn_get_inline(jn_m, &{p.name}_length, '
                           f'{p.size});')
                args += [p.name, f'{p.name}_length']
            elif p.kind == 'cap':
                out.append(f'        cap_t {p.name} = jn_get_cap(jn_m);')
                args.append(p.name)
        out += ['        if (!jn_request_complete(jn_call))', '            return JN_BAD_MESSAGE;']
        for p in m.outs:
            name = names[p]
            if p.kind == 'scalar':
                out.append(f'        {C_SCALAR[p.detail]} {name} = 0;')
                args.append('&' + name)
            elif p.kind == 'struct':
                out.append(f'        struct {p.detail} {name} = {{0}};')
                args.append('&' + name)
            elif p.kind == 'string':
                out.append(f'        char {name}[{p.size}];')
                out.append(f'        size_t {name}_length = 0;')
                args += [name, f'&{name}_length']
            elif p.kind == 'cap':
                out.append(f'        cap_t {name} = JN_CAP_NULL;')
                args.append('&' + name)
            elif p.kind == 'map':
                out.append(f'        struct jn_pages {name} = {{0}};')
                args.append('&' + name)
        out.append('        jn_status = ' + wrap(f'jn_ops->{m.name}({", ".join(args)});', '                '))
        out.append('        if (jn_status == JN_HELD)')
        out.append('            return jn_status;')
        if all_scalars(m.outs):
            out.append(f'        jn_answer_words(jn_m, {len(m.outs)});')
            for number, p in enumerate(m.outs):
                out.append(f'        jn_m->words[{number}] = (uint64_t){names[p]};')
        else:
            out.append('        jn_begin_answer(jn_m);')
            for p in m.outs:
                out += ['        ' + line for line in put(idl, p, names[p], True)]
        out += ['        return jn_status;', '    }']
    out += ['    }', '    return JN_BAD_CALL;', '}', '',
            f'struct jn_interface {idl.name}_interface(const struct {idl.name}_ops *ops)', '{',
            f'    return (struct jn_interface){{{idl.name.upper()}_INTERFACE, ops, dispatch}};',
            '}', '']
    out.append('static const struct jn_method methods[] = {')
    for m in idl.methods:
        text = ' '.join(f'{p.name}' for p in m.ins if p.kind in ('scalar',))
        outs = ' '.join(f'{p.name}' for p in m.outs if p.kind in ('scalar',))
        repeat = 'true' if m.repeatable else 'false'
        out.append(f'    {{"{m.name}", "{text}", "{outs}", {repeat}}},')
    out += ['};', f'const struct jn_method_table {idl.name}_methods = '
            f'{{"{idl.name}", {idl.number}, {len(idl.methods)}, methods}};', '']
    return '\n'.join(out)


def page(idl):
    out = [f'# Interface `{idl.name}` ({idl.number})', '', ' '.join(idl.doc), '']
    for m in idl.methods:
        def show(p):
            return {'scalar': f'{p.detail} {p.name}', 'struct': f'struct {p.detail} {p.name}',
                    'string': f'{p.detail}<{p.size}> {p.name}',
                    'window': f'{p.detail} window {p.name}', 'map': f'map {p.name}',
                    'cap': ('move ' if p.detail == 'move' else '') + f'cap {p.name}'}[p.kind]
        out.append(f'## {m.name}({", ".join(show(p) for p in m.ins + m.windows)})')
        if m.outs:
            out.append(f'→ {", ".join(show(p) for p in m.outs)}')
        if m.repeatable:
            out.append('(repeatable after a restart of the server)')
        out += ['', ' '.join(m.doc), '']
    return '\n'.join(out)


def request_shape(idl, method):
    """What stands in a request, a number each: bytes of a scalar; 0x8000 + limit of a string."""
    shape = []
    for p in method.ins:
        if p.kind == 'scalar':
            shape.append(SCALARS[p.detail])
        elif p.kind == 'struct':
            known = idl.structs.get(p.detail) or idl.imported.get(p.detail)
            shape += [8] * ((known[1] + 7) // 8)
        elif p.kind == 'string':
            shape.append(0x8000 + p.size)
    return shape


def shapes(idls):
    out = ['/* Generated by tools/jidl.py from idl/. */', '#ifndef JANUS_IDL_SHAPES_H',
           '#define JANUS_IDL_SHAPES_H', '', '#include <stdint.h>', '']
    for idl in idls:
        for m in idl.methods:
            out.append(f'#define {idl.name.upper()}_METHOD_{m.name.upper()} {idl.number << 8 | m.number}')
        out += [f'#define {name} {value}' for name, value, _ in idl.consts]
    out += ['', '/* fields, ended by 0: bytes of a scalar, or 0x8000 + limit of a string (docs/idl.md) */',
            'struct idl_shape {', '    const char *interface, *method;', '    uint32_t number;',
            '    uint8_t windows, caps;', '    uint16_t fields[65];', '};', '',
            'static const struct idl_shape idl_shapes[] = {']
    for idl in idls:
        for m in idl.methods:
            fields = ', '.join(str(size) for size in request_shape(idl, m) + [0])
            caps = sum(p.kind == 'cap' for p in m.ins)
            out.append(f'    {{"{idl.name}", "{m.name}", {idl.number << 8 | m.number}, '
                       f'{len(m.windows)}, {caps}, {{{fields}}}}},')
    return '\n'.join(out + ['};', '', '#endif', ''])


def load(path):
    """Parse one file; structs of the interfaces that it imports are known to it."""
    with open(path, encoding='utf-8') as file:
        idl = Parser(file.read()).parse()
    for name in idl.imports:
        other = load(os.path.join(os.path.dirname(path), name + '.idl'))
        idl.imported.update(other.imported)
        idl.imported.update(other.structs)
    return idl.check()


def main():
    mode, source_path, *more, target = sys.argv[1:]
    try:
        if mode == 'shapes':
            text = shapes([load(path) for path in [source_path] + more])
        else:
            text = {'header': header, 'source': source, 'page': page}[mode](load(source_path))
    except IdlError as error:
        sys.exit(f'{source_path}: {error}')
    with open(target, 'w', encoding='utf-8') as file:
        file.write(text)


if __name__ == '__main__':
    main()
