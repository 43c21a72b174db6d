"""From registers and a piece of the stack to the calls that led there."""
import cfi
import pe_unwind

LIMIT = 64
NAMES = ('rax', 'rdx', 'rcx', 'rbx', 'rsi', 'rdi', 'rbp', 'rsp', 'r8', 'r9', 'r10', 'r11', 'r12',
         'r13', 'r14', 'r15', 'rip')
RBP, RSP, RETURN = 6, 7, 16


def find(report, places, address):
    """(module, file or None) of an address, or (None, None)."""
    for module in report.modules:
        file = places.file(module.path) if module.has(address) else None
        if module.begin is not None and module.has(address) or file and file.holds(address):
            return module, file
    return None, None


def describe(module, file, address, is_return):
    """A return address names the instruction after the call: look at the call."""
    if not module:
        return 'in no program'
    name = linked = ''
    if file:
        linked = file.linked(module, address)
        name = file.name(linked - is_return)
        linked = f'+{linked:#x}'
    return (f'{name} ' if name else '') + f'({module.path}{linked if not name else ""})'


def caller(module, file, registers, memory, is_return):
    """The caller's registers, whether this was a signal's frame; KeyError, ValueError."""
    address = registers[RETURN]
    if file:
        linked = file.linked(module, address)
        if file.pe:
            return pe_unwind.step(file.pe, linked, registers, memory), False
        for table in file.tables:
            found = table.find(linked - is_return)
            if found:
                return cfi.step(found, linked - is_return, registers, memory)
    if not module and not is_return:
        # A call of something that is no code: only the call's own push has happened.
        return {**registers, RETURN: memory(registers[RSP]), RSP: registers[RSP] + 8}, False
    frame = registers[RBP]
    if frame >= registers[RSP] and frame % 8 == 0:  # code without tables: perhaps a frame pointer
        return {**registers, RETURN: memory(frame + 8), RBP: memory(frame), RSP: frame + 16}, False
    raise KeyError('no table')


def frames(report, places):
    """Lines "#0 0x401234 name at file:line (path)"."""
    registers = {i: report.registers[name] for i, name in enumerate(NAMES)
                 if name in report.registers}
    is_return = False
    for number in range(LIMIT):
        address = registers.get(RETURN)
        if not address:
            return
        module, file = find(report, places, address)
        yield f'#{number} {address:#x} {describe(module, file, address, is_return)}'
        try:
            registers, was_signal = caller(module, file, registers,
                                           lambda at: report.memory[at], is_return)
        except (KeyError, ValueError, IndexError, TypeError) as error:
            missing = error.args[0] if isinstance(error, KeyError) else None
            if len(report.memory) > 500 and isinstance(missing, int) and missing > 4096:
                yield '... the stack goes on beyond what the report has'
            return
        is_return = not was_signal
