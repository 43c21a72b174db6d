"""Names out of the sources that give them: statuses, kernel operations, interfaces."""
import glob
import os
import re
import sys


def read(root, path):
    with open(f'{root}/{path}', encoding='utf-8') as file:
        return re.sub(r'/\*.*?\*/', '', file.read(), flags=re.S)


def enum(text, name):
    """The names of an enum whose values count from 0."""
    body = re.search(r'enum ' + name + r' \{(.*?)\}', text, re.S)[1]
    return [word.strip() for word in body.split(',') if word.strip()]


class Abi:
    def __init__(self, root):
        status = read(root, 'mk/include/janus/abi/status.h')
        self.statuses = {int(value): name for name, value in
                         re.findall(r'X\(JN_(\w+), (-?\d+),', status)}
        ipc = read(root, 'mk/include/janus/abi/ipc.h')
        self.operations = {}
        for name in ('CALL', 'REPLY_WAIT', 'WAIT', 'SEND', 'REPLY', 'PARK', 'COPY', 'INVOKE',
                     'SIGNAL', 'YIELD', 'NULL', 'FOREIGN'):
            found = re.search(rf'#define JN_{name} (\d+)', ipc)
            if found:
                self.operations[int(found[1])] = name.lower()
        self.objects = [name[6:].lower() for name in
                        enum(read(root, 'mk/include/janus/abi/object.h'), 'jn_object_op')]
        sys.path.insert(0, f'{root}/tools')
        import jidl
        self.interfaces = {}
        for path in sorted(glob.glob(f'{root}/idl/*.idl')):
            idl = jidl.load(path)
            idl.known = {**idl.imported, **idl.structs}
            self.interfaces[idl.number] = idl

    def status(self, code):
        return self.statuses.get(code, str(code))

    def method(self, tag):
        """(interface, method) of a request's tag, or (None, None)."""
        method = tag >> 32
        idl = self.interfaces.get(method >> 8)
        if idl and method & 255 < len(idl.methods):
            return idl, idl.methods[method & 255]
        return idl, None

    def name_of(self, tag):
        idl, method = self.method(tag)
        if method:
            return f'{idl.name}.{method.name}'
        method = tag >> 32
        return f'{idl.name if idl else method >> 8}.{method & 255}'

    def values(self, idl, parameters, words):
        """`name=value` for each parameter that the words hold."""
        shown, at = [], 0
        for p in parameters:
            if p.kind == 'scalar':
                if at >= len(words):
                    break
                shown.append(f'{p.name}={scalar(p.detail, words[at])}')
                at += 1
            elif p.kind == 'struct':
                fields, size, _ = idl.known[p.detail]
                shown.append(f'{p.name}={structure(fields, words[at:at + (size + 7) // 8])}')
                at += (size + 7) // 8
            elif p.kind == 'string':
                if at >= len(words):
                    break
                length = words[at]
                data = b''.join(word.to_bytes(8, 'little') for word in
                                words[at + 1:at + 1 + (length + 7) // 8])[:length]
                shown.append(f'{p.name}={quote(data, length)}')
                at += 1 + (length + 7) // 8
            else:
                shown.append(f'{p.name}=<{p.kind}>')
        return shown


FIELDS_SHOWN = 6


def structure(fields, words):
    """A struct's first fields that are not zero."""
    data = b''.join(word.to_bytes(8, 'little') for word in words)
    shown, offset = [], 0
    for kind, name, count in fields:
        size = int(kind[1:]) // 8
        part = data[offset:offset + size * (count or 1)]
        offset += size * (count or 1)
        if count and kind == 'u8':
            text = part.split(b'\0')[0]
            if text:
                shown.append(f'{name}={quote(text)}')
        elif not count and any(part):
            shown.append(f'{name}={scalar(kind, int.from_bytes(part, "little"))}')
    return '{' + ' '.join(shown[:FIELDS_SHOWN]) + (' ...' if len(shown) > FIELDS_SHOWN else '') + '}'


def scalar(kind, word):
    if kind.startswith('i'):
        bits = int(kind[1:])
        word &= (1 << bits) - 1
        return str(word - (1 << bits) if word >> (bits - 1) else word)
    return str(word) if word < 1 << 16 else hex(word)


ESCAPES = {9: '\\t', 10: '\\n', 13: '\\r', 34: '\\"', 92: '\\\\'}


def quote(data, length=None, most=32):
    """Bytes as strace shows them; `...` after what is longer than what is shown."""
    text = ''.join(ESCAPES.get(byte) or (chr(byte) if 32 <= byte < 127 else f'\\{byte:o}')
                   for byte in data[:most])
    more = (len(data) if length is None else length) > most
    return f'"{text}"' + ('...' if more else '')
