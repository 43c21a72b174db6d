"""Call frame information: DWARF 5, 6.4, and .eh_frame of the LSB: how the caller's registers are found.

Registers are numbered as DWARF numbers them on x86-64 (System V ABI, figure 3.36); 16 is the return
address.
"""
import struct

RSP, RETURN = 7, 16


class Reader:
    def __init__(self, data, at=0, address=0):
        self.data, self.at, self.address = data, at, address

    def take(self, form):
        value, = struct.unpack_from('<' + form, self.data, self.at)
        self.at += struct.calcsize('<' + form)
        return value

    def uleb(self):
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return value

    def sleb(self):
        start = self.at
        value = self.uleb()
        bits = 7 * (self.at - start)
        return value - (1 << bits) if value >> (bits - 1) else value

    def block(self):
        size = self.uleb()
        self.at += size
        return self.data[self.at - size:self.at]

    def pointer(self, encoding):
        """DW_EH_PE_..: absolute or relative to where it stands; None for what nobody uses."""
        if encoding == 0xff:
            return None
        where = self.address + self.at
        form = {0: 'Q', 2: 'H', 3: 'I', 4: 'Q', 9: None, 0xa: 'h', 0xb: 'i', 0xc: 'q'}
        kind = form.get(encoding & 15, 'Q')
        value = self.sleb() if kind is None else self.take(kind)
        if encoding & 0x70 == 0x10:
            value += where
        return value & (1 << 64) - 1


class Cie:
    def __init__(self, reader, end, is_eh):
        version = reader.take('B')
        start = reader.at
        reader.at = reader.data.index(0, start) + 1
        augmentation = reader.data[start:reader.at - 1]
        if version >= 4:
            reader.take('H')
        self.code, self.data = reader.uleb(), reader.sleb()
        self.return_register = reader.take('B') if version == 1 else reader.uleb()
        self.encoding, self.is_signal = (0 if is_eh else 4), b'S' in augmentation
        self.augmented = augmentation[:1] == b'z'
        if self.augmented:
            size = reader.uleb()
            after = reader.at + size
            for letter in augmentation[1:]:
                if letter == ord('R'):
                    self.encoding = reader.take('B')
                elif letter == ord('P'):
                    reader.pointer(reader.take('B'))
                elif letter == ord('L'):
                    reader.take('B')
            reader.at = after
        self.program = reader.data[reader.at:end]


class Table:
    """All frame descriptions of one section, found by address."""

    def __init__(self, data, address=0, is_eh=True):
        self.functions, cies, at = [], {}, 0
        while at + 4 <= len(data):
            size, = struct.unpack_from('<I', data, at)
            if size in (0, 0xffffffff):
                break
            start, end = at + 4, at + 4 + size
            at = end
            if end > len(data):
                break
            reader = Reader(data, start, address)
            ident = reader.take('I')
            try:
                if ident == (0 if is_eh else 0xffffffff):
                    cies[start - 4] = Cie(reader, end, is_eh)
                    continue
                cie = cies.get(start - ident if is_eh else ident)
                if not cie:
                    continue
                begin = reader.pointer(cie.encoding)
                length = reader.pointer(cie.encoding & 15)
                if cie.augmented:
                    reader.block()
                self.functions.append((begin, begin + length, cie, data[reader.at:end]))
            except (IndexError, ValueError, struct.error, TypeError):
                continue

    def find(self, address):
        for begin, end, cie, program in self.functions:
            if begin <= address < end:
                return begin, cie, program
        return None


def run(program, cie, state, location, target, initial, stack):
    """Execute instructions until `target`; state = [rule of the CFA, {register: rule}]."""
    reader = Reader(program)
    while reader.at < len(program):
        byte = reader.take('B')
        high, low = byte >> 6, byte & 0x3f
        if high == 1 or byte in (0x01, 0x02, 0x03, 0x04):
            if byte == 0x01:
                location = reader.take('Q')
            else:
                delta = low if high == 1 else reader.take({2: 'B', 3: 'H', 4: 'I'}[byte])
                location += delta * cie.code
            if location > target:
                return
        elif high == 2:
            state[1][low] = ('offset', reader.uleb() * cie.data)
        elif high == 3:
            restore(state, initial, low)
        elif byte == 0x00:
            pass
        elif byte in (0x05, 0x11, 0x14, 0x15):
            register = reader.uleb()
            value = (reader.uleb() if byte in (0x05, 0x14) else reader.sleb()) * cie.data
            state[1][register] = ('offset' if byte < 0x14 else 'value', value)
        elif byte == 0x06:
            restore(state, initial, reader.uleb())
        elif byte in (0x07, 0x08):
            register = reader.uleb()
            state[1][register] = ('undefined' if byte == 7 else 'same', 0)
        elif byte == 0x09:
            register = reader.uleb()
            state[1][register] = ('register', reader.uleb())
        elif byte == 0x0a:
            stack.append([state[0], dict(state[1])])
        elif byte == 0x0b:
            state[0], state[1] = stack.pop()
        elif byte in (0x0c, 0x12):
            register = reader.uleb()
            state[0] = (register, reader.uleb() if byte == 0x0c else reader.sleb() * cie.data)
        elif byte == 0x0d:
            state[0] = (reader.uleb(), state[0][1])
        elif byte in (0x0e, 0x13):
            offset = reader.uleb() if byte == 0x0e else reader.sleb() * cie.data
            state[0] = (state[0][0], offset)
        elif byte == 0x0f:
            state[0] = ('expression', reader.block())
        elif byte in (0x10, 0x16):
            register = reader.uleb()
            state[1][register] = ('at' if byte == 0x10 else 'is', reader.block())
        elif byte == 0x2e:
            reader.uleb()
        else:
            raise ValueError(f'unknown instruction {byte:#x}')


def restore(state, initial, register):
    if initial and register in initial[1]:
        state[1][register] = initial[1][register]
    else:
        state[1].pop(register, None)


def evaluate(code, registers, memory, stack):
    """The part of DWARF's expressions that compilers and C libraries use in these tables."""
    reader = Reader(code)
    mask = (1 << 64) - 1
    while reader.at < len(code):
        op = reader.take('B')
        if op == 0x06:
            stack.append(memory(stack.pop()))
        elif op == 0x08:
            stack.append(reader.take('B'))
        elif op == 0x09:
            stack.append(reader.take('b'))
        elif op == 0x0a:
            stack.append(reader.take('H'))
        elif op == 0x0b:
            stack.append(reader.take('h'))
        elif op == 0x10:
            stack.append(reader.uleb())
        elif op == 0x11:
            stack.append(reader.sleb())
        elif op in (0x1a, 0x1c, 0x22, 0x24, 0x2a):
            right, left = stack.pop(), stack.pop()
            stack.append({0x1a: lambda: left & right, 0x1c: lambda: left - right,
                          0x22: lambda: left + right, 0x24: lambda: left << right,
                          0x2a: lambda: int(left >= right)}[op]() & mask)
        elif op == 0x23:
            stack.append(stack.pop() + reader.uleb() & mask)
        elif 0x30 <= op <= 0x4f:
            stack.append(op - 0x30)
        elif 0x70 <= op <= 0x8f:
            stack.append(registers[op - 0x70] + reader.sleb() & mask)
        else:
            raise ValueError(f'unknown operation {op:#x}')
    return stack[-1]


def step(found, address, registers, memory):
    """The caller's registers, from those of a function and what its table says (`found`, of find());
    KeyError, ValueError: they cannot be had. Also: is it a signal's frame?"""
    begin, cie, program = found
    state, stack = [(RSP, 8), {}], []
    run(cie.program, cie, state, 0, 1 << 64, None, stack)
    initial = [state[0], dict(state[1])]
    run(program, cie, state, begin, address, initial, stack)
    if state[0][0] == 'expression':
        cfa = evaluate(state[0][1], registers, memory, [])
    else:
        cfa = registers[state[0][0]] + state[0][1] & (1 << 64) - 1
    caller = {r: registers[r] for r in registers if r != RETURN}
    caller[RSP] = cfa
    for register, (kind, value) in state[1].items():
        if kind == 'offset':
            caller[register] = memory(cfa + value)
        elif kind == 'value':
            caller[register] = cfa + value
        elif kind == 'register':
            caller[register] = registers[value]
        elif kind in ('at', 'is'):
            result = evaluate(value, registers, memory, [cfa])
            caller[register] = memory(result) if kind == 'at' else result
        elif kind == 'undefined':
            caller.pop(register, None)
    return caller, cie.is_signal
