"""Unwinding PE32+ images by .pdata and .xdata (x64 exception handling, UNWIND_INFO)."""
import struct

# UNWIND_INFO numbers registers as the instruction encoding does; DWARF's numbers of the same.
DWARF = (0, 2, 1, 3, 7, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15)
RSP, RETURN = 7, 16


class Pe:
    def __init__(self, data):
        if data[:2] != b'MZ':
            raise ValueError('not a PE file')
        at, = struct.unpack_from('<I', data, 60)
        if data[at:at + 4] != b'PE\0\0' or struct.unpack_from('<H', data, at + 24) != (0x20b,):
            raise ValueError('not a PE32+ file')
        count, = struct.unpack_from('<H', data, at + 6)
        optional, = struct.unpack_from('<H', data, at + 20)
        self.base, = struct.unpack_from('<Q', data, at + 48)
        self.pdata, self.pdata_size = struct.unpack_from('<II', data, at + 24 + 112 + 24)
        self.exports, _ = struct.unpack_from('<II', data, at + 24 + 112)
        self.sections = [struct.unpack_from('<8sIIII', data, at + 24 + optional + 40 * i)
                         for i in range(count)]
        self.data = data

    def read(self, rva, form):
        for _, virtual, address, size, offset in self.sections:
            if address <= rva < address + max(virtual, size):
                return struct.unpack_from('<' + form, self.data, offset + rva - address)
        raise ValueError('not in a section')

    def function(self, rva):
        for at in range(self.pdata, self.pdata + self.pdata_size, 12):
            begin, end, info = self.read(at, 'III')
            if begin <= rva < end:
                return begin, info
        return None

    def export_before(self, rva):
        """(name, offset) of the exported function at or next below, or None."""
        if not self.exports:
            return None
        count, functions, names, ordinals = self.read(self.exports, '10I')[6:]
        best = None
        for i in range(count):
            name, = self.read(names + 4 * i, 'I')
            ordinal, = self.read(ordinals + 2 * i, 'H')
            address, = self.read(functions + 4 * ordinal, 'I')
            if address <= rva and (not best or address > best[1]):
                best = name, address
        return best and (self.text(best[0]), rva - best[1])

    def text(self, rva):
        out = b''
        while len(out) < 200:
            byte, = self.read(rva + len(out), 'B')
            if not byte:
                break
            out += bytes([byte])
        return out.decode(errors='replace')


def step(pe, rva, registers, memory):
    """The caller's registers; ValueError, KeyError: they cannot be had."""
    caller = dict(registers)
    found = pe.function(rva)
    while found:
        begin, info = found
        head, prolog, count, frame = pe.read(info, 'BBBB')
        inside = rva - begin if rva - begin < prolog and begin <= rva else prolog
        if frame & 15:
            caller[RSP] = caller[DWARF[frame & 15]] - 16 * (frame >> 4)
        i = 0
        while i < count:
            offset, code = pe.read(info + 4 + 2 * i, 'BB')
            operation, extra = code & 15, code >> 4
            more = lambda n, form: pe.read(info + 4 + 2 * (i + n), form)[0]
            done = offset <= inside
            if operation == 0:  # PUSH_NONVOL
                if done:
                    caller[DWARF[extra]] = memory(caller[RSP])
                    caller[RSP] += 8
                slots = 1
            elif operation == 1:  # ALLOC_LARGE
                size = more(1, 'I') if extra else more(1, 'H') * 8
                caller[RSP] += size if done else 0
                slots = 3 if extra else 2
            elif operation == 2:  # ALLOC_SMALL
                caller[RSP] += extra * 8 + 8 if done else 0
                slots = 1
            elif operation == 3:  # SET_FPREG
                slots = 1
            elif operation in (4, 5):  # SAVE_NONVOL
                size = more(1, 'I') if operation == 5 else more(1, 'H') * 8
                if done:
                    caller[DWARF[extra]] = memory(caller[RSP] + size)
                slots = 3 if operation == 5 else 2
            elif operation in (6, 8):  # epilogue (version 2), SAVE_XMM128
                slots = 2
            elif operation in (7, 9):
                slots = 3
            elif operation == 10:  # PUSH_MACHFRAME
                at = caller[RSP] + (8 if extra else 0)
                caller[RETURN], caller[RSP] = memory(at), memory(at + 24)
                return caller
            else:
                raise ValueError('unknown unwind code')
            i += slots
        if head >> 3 & 4:  # UNW_FLAG_CHAININFO
            begin, _, info = pe.read(info + 4 + 2 * (count + count % 2), 'III')
            found, rva = (begin, info), begin + 0xffffff
            continue
        break
    caller[RETURN] = memory(caller[RSP])
    caller[RSP] += 8
    return caller
