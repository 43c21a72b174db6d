"""NT system services: their names from the ntdll.dll that is loaded, arguments as far as they are known,
results by their STATUS names."""
import re
import struct

from abi import quote, read
from linux import Memory

# Kinds of arguments: h handle, H where a handle is put, o OBJECT_ATTRIBUTES, u UNICODE_STRING, a
# access mask, b what is written (the next argument is its length), B what was read, P a pointer to
# a word in and out, i LARGE_INTEGER, d number, . anything. What is not here is shown in hexadecimal.
SIGNATURES = {
    'NtAllocateVirtualMemory': 'hP.PXX', 'NtFreeVirtualMemory': 'hPPX', 'NtClose': 'h',
    'NtProtectVirtualMemory': 'hPPX.', 'NtQueryVirtualMemory': 'h.d.d.',
    'NtCreateFile': 'Hao..XXXd.d', 'NtOpenFile': 'Hao.XX', 'NtQueryAttributesFile': 'o.',
    'NtQueryFullAttributesFile': 'o.', 'NtDeleteFile': 'o', 'NtWriteFile': 'h....bdi.',
    'NtReadFile': 'h....Bdi.', 'NtQueryInformationFile': 'h..dd', 'NtSetInformationFile': 'h..dd',
    'NtQueryDirectoryFile': 'h.....dddud', 'NtQueryVolumeInformationFile': 'h..dd',
    'NtDeviceIoControlFile': 'h....X.d.d', 'NtFsControlFile': 'h....X.d.d',
    'NtOpenKey': 'Hao', 'NtOpenKeyEx': 'HaoX', 'NtCreateKey': 'HaodudP', 'NtQueryValueKey': 'hud.d.',
    'NtSetValueKey': 'hudd.d', 'NtEnumerateKey': 'hdd.d.', 'NtEnumerateValueKey': 'hdd.d.',
    'NtDeleteKey': 'h', 'NtDeleteValueKey': 'hu', 'NtQueryKey': 'hd.d.', 'NtFlushKey': 'h',
    'NtOpenSection': 'Hao', 'NtCreateSection': 'HaoPXXh', 'NtMapViewOfSection': 'hhP.diPdXX',
    'NtUnmapViewOfSection': 'h.', 'NtQuerySection': 'hd.d.',
    'NtCreateEvent': 'Haodd', 'NtOpenEvent': 'Hao', 'NtSetEvent': 'h.', 'NtResetEvent': 'h.',
    'NtCreateMutant': 'Haod', 'NtReleaseMutant': 'h.', 'NtCreateSemaphore': 'Haodd',
    'NtReleaseSemaphore': 'hd.', 'NtWaitForSingleObject': 'hdi', 'NtWaitForMultipleObjects': 'd.ddi',
    'NtDelayExecution': 'di', 'NtTerminateProcess': 'hX', 'NtTerminateThread': 'hX',
    'NtCreateUserProcess': 'HHaaooXX...', 'NtCreateThreadEx': 'Haoh..X....', 'NtResumeThread': 'h.',
    'NtSuspendThread': 'h.', 'NtOpenProcess': 'Hao.', 'NtOpenThread': 'Hao.',
    'NtQueryInformationProcess': 'hd.d.', 'NtSetInformationProcess': 'hd.d',
    'NtQueryInformationThread': 'hd.d.', 'NtSetInformationThread': 'hd.d',
    'NtQuerySystemInformation': 'd.d.', 'NtQuerySystemTime': '.', 'NtQueryPerformanceCounter': '..',
    'NtDuplicateObject': 'hhhHaXX', 'NtQueryObject': 'hd.d.', 'NtSetInformationObject': 'hd.d',
    'NtOpenProcessToken': 'haH', 'NtOpenProcessTokenEx': 'haXH', 'NtOpenThreadToken': 'hadH',
    'NtQueryInformationToken': 'hd.d.', 'NtOpenDirectoryObject': 'Hao', 'NtCreateDirectoryObject': 'Hao',
    'NtOpenSymbolicLinkObject': 'Hao', 'NtRaiseException': '..d', 'NtContinue': '.d',
    'NtCreateNamedPipeFile': 'Hao.XXXdddddd.', 'NtFlushBuffersFile': 'h.', 'NtYieldExecution': '',
    'NtWaitForAlertByThreadId': '.i', 'NtAlertThreadByThreadId': 'h', 'NtGetContextThread': 'h.',
    'NtSetContextThread': 'h.', 'NtFlushInstructionCache': 'h.d', 'NtGetNlsSectionPtr': 'dd.P.',
    'NtInitializeNlsFiles': 'PP.', 'NtQueryDefaultLocale': 'd.', 'NtLockFile': 'h....iidd',
    'NtUnlockFile': 'h.iid', 'NtCancelIoFileEx': 'h..', 'NtAddAtom': '.d.', 'NtCreateTimer': 'Haod',
}
PSEUDO = {-1: 'NtCurrentProcess', -2: 'NtCurrentThread', -4: 'NtCurrentProcessToken',
          -5: 'NtCurrentThreadToken', -6: 'NtCurrentThreadEffectiveToken'}


def exports(data):
    """(name, address in the file) of every exported function of a PE32+ file."""
    header = struct.unpack_from('<I', data, 0x3c)[0]
    count, size = struct.unpack_from('<H', data, header + 6)[0], \
        struct.unpack_from('<H', data, header + 20)[0]
    optional = header + 24
    sections = [struct.unpack_from('<IIII', data, optional + size + 40 * i + 8) for i in range(count)]

    def at(rva):
        for virtual, address, raw_size, raw in sections:
            if address <= rva < address + max(virtual, raw_size):
                return rva - address + raw
        raise ValueError(f'{rva:#x} is in no section')

    directory = at(struct.unpack_from('<I', data, optional + 112)[0])
    names_count, functions, names, ordinals = struct.unpack_from('<4I', data, directory + 24)
    for i in range(names_count):
        name = at(struct.unpack_from('<I', data, at(names) + 4 * i)[0])
        ordinal = struct.unpack_from('<H', data, at(ordinals) + 2 * i)[0]
        yield data[name:data.index(b'\0', name)].decode('ascii', 'replace'), \
            at(struct.unpack_from('<I', data, at(functions) + 4 * ordinal)[0])


def service_names(data):
    """Number: name of the services that the stubs of an ntdll call (mov r10, rcx; mov eax, N)."""
    found = {}
    for name, at in exports(data):
        if data[at:at + 4] == b'\x4c\x8b\xd1\xb8' and name.startswith('Nt'):
            found[struct.unpack_from('<I', data, at + 4)[0]] = name
    return found


def guest_file(root, image, path):
    """A file of the boot image."""
    import sys
    sys.path.insert(0, f'{root}/tools/image')
    import lsimage
    for found, _, size, offset, target in lsimage.entries(f'{root}/build/{image}'):
        if found.lower() == path and not target:
            with open(f'{root}/build/{image}', 'rb') as file:
                file.seek(offset)
                return file.read(size)
    return None


class Nt:
    def __init__(self, root, image='janus.img'):
        data = guest_file(root, image, 'c/windows/system32/ntdll.dll')
        self.names = service_names(data) if data else {}
        self.counts = {name: int(count) for name, count in
                       re.findall(r'X\((Nt\w+), \w+, (\d+)\)',
                                  read(root, 'personalities/win32-lite/core/nt_services.c'))}
        self.statuses = {int(value, 16): name for name, value in
                         re.findall(r'X\((\w+), (0x[0-9a-f]{8})\)',
                                    read(root, 'personalities/win32-lite/core/nt_status.h'))}

    def name(self, call):
        number = call.words[4] & 0xffffffff
        return self.names.get(number, f'service_{number:#x}')

    def arguments(self, call):
        words, memory, name = call.words, Memory(call.copies), self.name(call)
        kinds = SIGNATURES.get(name)
        count = len(kinds) if kinds is not None else self.counts.get(name, 4)
        values = [words[1], words[0], words[2], words[3]][:count]
        for i in range(4, count):
            word = memory.word(words[8] + 8 + 8 * i, False)
            if word is None:
                break
            values.append(word)
        kinds = kinds or '.' * count
        shown = [self.show(kinds[i], values, i, memory, call) for i in range(len(values))]
        return shown + ['...'] * (len(values) < count)

    def show(self, kind, values, i, memory, call):
        value = values[i]
        if kind == 'h':
            signed = value - (1 << 64) if value >> 63 else value
            return PSEUDO.get(signed, hex(value) if value else 'NULL')
        if kind == 'H':
            handle = memory.word(value, True)
            return f'[{handle:#x}]' if handle is not None else hex(value)
        if kind == 'P':
            old, new = memory.word(value, False), memory.word(value, True)
            if old is None and new is None:
                return hex(value) if value else 'NULL'
            return f'[{old:#x} => {new:#x}]' if None not in (old, new) and old != new \
                else f'[{new if old is None else old:#x}]'
        if kind == 'o':
            return self.attributes(memory, value)
        if kind == 'u':
            return self.unicode(memory, value)
        if kind == 'i':
            number = memory.word(value, False)
            if not value:
                return 'NULL'
            return f'[{number - (1 << 64) if number >> 63 else number}]' if number is not None \
                else hex(value)
        if kind == 'd':
            return str(value & 0xffffffff)
        if kind in 'aX':
            return hex(value & 0xffffffff)
        if kind in 'bB':
            found = memory.get(value, 33, kind == 'B')
            length = min(values[i + 1] & 0xffffffff, found[1]) if found and i + 1 < len(values) else 0
            return quote(found[0][:length], length) if found else hex(value)
        return hex(value) if value else 'NULL'

    @staticmethod
    def unicode(memory, address):
        head = memory.word(address, False)
        pointer = memory.word(address + 8, False)
        if not address:
            return 'NULL'
        if head is None or pointer is None:
            return hex(address)
        found = memory.get(pointer, head & 0xffff, False)
        if not found:
            return '""' if not head & 0xffff else hex(address)
        return quote(found[0].decode('utf-16-le', 'replace').encode(), None, 120)

    def attributes(self, memory, address):
        if not address:
            return 'NULL'
        root, name = memory.word(address + 8, False), memory.word(address + 16, False)
        if name is None:
            return hex(address)
        text = self.unicode(memory, name) if name else 'NULL'
        return f'{{{root:#x}, {text}}}' if root else text

    def result(self, call):
        if call.answer is None:
            return '?'
        if call.answer.tag & 0x18000:
            return '?'
        value = call.answer.words[0] & 0xffffffff
        name = self.statuses.get(value)
        if name is None:
            return hex(value)
        return '0' if value == 0 else f'{value:#x} STATUS_{name}'
