"""Linux system calls as strace shows them: names, arguments with strings and flags, errno names."""
import errno
import os
import signal

from abi import quote
from records import signed

O_FLAGS = [(0o100, 'O_CREAT'), (0o200, 'O_EXCL'), (0o400, 'O_NOCTTY'), (0o1000, 'O_TRUNC'),
           (0o2000, 'O_APPEND'), (0o4000, 'O_NONBLOCK'), (0o10000, 'O_DSYNC'),
           (0o100000, 'O_LARGEFILE'), (0o20200000, 'O_TMPFILE'), (0o200000, 'O_DIRECTORY'),
           (0o400000, 'O_NOFOLLOW'), (0o1000000, 'O_NOATIME'), (0o2000000, 'O_CLOEXEC'),
           (0o10000000, 'O_PATH')]
PROT = [(1, 'PROT_READ'), (2, 'PROT_WRITE'), (4, 'PROT_EXEC')]
MAP = [(1, 'MAP_SHARED'), (2, 'MAP_PRIVATE'), (16, 'MAP_FIXED'), (32, 'MAP_ANONYMOUS'),
       (0x100, 'MAP_GROWSDOWN'), (0x800, 'MAP_DENYWRITE'), (0x4000, 'MAP_NORESERVE'),
       (0x8000, 'MAP_POPULATE'), (0x20000, 'MAP_STACK'), (0x100000, 'MAP_FIXED_NOREPLACE')]
AT_FLAGS = [(0x100, 'AT_SYMLINK_NOFOLLOW'), (0x200, 'AT_REMOVEDIR'), (0x400, 'AT_SYMLINK_FOLLOW'),
            (0x800, 'AT_NO_AUTOMOUNT'), (0x1000, 'AT_EMPTY_PATH')]
CLONE = [(0x100, 'CLONE_VM'), (0x200, 'CLONE_FS'), (0x400, 'CLONE_FILES'), (0x800, 'CLONE_SIGHAND'),
         (0x4000, 'CLONE_VFORK'), (0x8000, 'CLONE_PARENT'), (0x10000, 'CLONE_THREAD'),
         (0x40000, 'CLONE_SYSVSEM'), (0x80000, 'CLONE_SETTLS'), (0x100000, 'CLONE_PARENT_SETTID'),
         (0x200000, 'CLONE_CHILD_CLEARTID'), (0x400000, 'CLONE_DETACHED'),
         (0x1000000, 'CLONE_CHILD_SETTID')]
WAIT = [(1, 'WNOHANG'), (2, 'WUNTRACED'), (4, 'WEXITED'), (8, 'WCONTINUED'), (0x1000000, 'WNOWAIT')]
ACCESS = [(4, 'R_OK'), (2, 'W_OK'), (1, 'X_OK')]
FUTEX = ['FUTEX_WAIT', 'FUTEX_WAKE', 'FUTEX_FD', 'FUTEX_REQUEUE', 'FUTEX_CMP_REQUEUE',
         'FUTEX_WAKE_OP', 'FUTEX_LOCK_PI', 'FUTEX_UNLOCK_PI', 'FUTEX_TRYLOCK_PI',
         'FUTEX_WAIT_BITSET', 'FUTEX_WAKE_BITSET']
NAMES = {
    'whence': {0: 'SEEK_SET', 1: 'SEEK_CUR', 2: 'SEEK_END', 3: 'SEEK_DATA', 4: 'SEEK_HOLE'},
    'how': {0: 'SIG_BLOCK', 1: 'SIG_UNBLOCK', 2: 'SIG_SETMASK'},
    'arch': {0x1001: 'ARCH_SET_GS', 0x1002: 'ARCH_SET_FS', 0x1003: 'ARCH_GET_FS',
             0x1004: 'ARCH_GET_GS'},
    'clock': {0: 'CLOCK_REALTIME', 1: 'CLOCK_MONOTONIC', 2: 'CLOCK_PROCESS_CPUTIME_ID',
              3: 'CLOCK_THREAD_CPUTIME_ID', 4: 'CLOCK_MONOTONIC_RAW', 5: 'CLOCK_REALTIME_COARSE',
              6: 'CLOCK_MONOTONIC_COARSE', 7: 'CLOCK_BOOTTIME'},
    'fcntl': {0: 'F_DUPFD', 1: 'F_GETFD', 2: 'F_SETFD', 3: 'F_GETFL', 4: 'F_SETFL', 5: 'F_GETLK',
              6: 'F_SETLK', 7: 'F_SETLKW', 8: 'F_SETOWN', 9: 'F_GETOWN', 1030: 'F_DUPFD_CLOEXEC',
              1031: 'F_SETPIPE_SZ', 1032: 'F_GETPIPE_SZ'},
    'ioctl': {0x5401: 'TCGETS', 0x5402: 'TCSETS', 0x5403: 'TCSETSW', 0x5404: 'TCSETSF',
              0x540e: 'TIOCSCTTY', 0x540f: 'TIOCGPGRP', 0x5410: 'TIOCSPGRP', 0x5413: 'TIOCGWINSZ',
              0x5414: 'TIOCSWINSZ', 0x541b: 'FIONREAD', 0x5421: 'FIONBIO', 0x5422: 'TIOCNOTTY',
              0x5429: 'TIOCGSID', 0x5450: 'FIONCLEX', 0x5451: 'FIOCLEX'},
    'madvise': {4: 'MADV_DONTNEED', 8: 'MADV_FREE', 14: 'MADV_HUGEPAGE', 3: 'MADV_WILLNEED'},
    'prctl': {15: 'PR_SET_NAME', 16: 'PR_GET_NAME', 1: 'PR_SET_PDEATHSIG', 4: 'PR_SET_DUMPABLE',
              3: 'PR_GET_DUMPABLE', 38: 'PR_SET_NO_NEW_PRIVS', 23: 'PR_CAPBSET_READ'},
}
# What the kernels keep to themselves: a call that is to be executed again.
RESTARTS = {512: 'ERESTARTSYS', 513: 'ERESTARTNOINTR', 514: 'ERESTARTNOHAND',
            516: 'ERESTART_RESTARTBLOCK'}


def flags(value, table, none='0'):
    names = [name for bit, name in table if value & bit == bit]
    rest = value
    for bit, _ in table:
        if value & bit == bit:
            rest &= ~bit
    if rest:
        names.append(hex(rest))
    return '|'.join(names) or none


def signal_name(number):
    try:
        return signal.Signals(number).name
    except ValueError:
        return f'SIGRT_{number - 32}' if 32 <= number <= 64 else str(number)


class Memory:
    """What the servers have read and written of a caller's memory."""

    def __init__(self, copies):
        self.copies = copies

    def get(self, address, length, out=None):
        """Bytes from address on, as many as were seen; None: none were."""
        best = None
        for begin, size, to_caller, data in self.copies:
            if (out is None or out == to_caller) and begin <= address < begin + size:
                found = data[address - begin:address - begin + length], begin + size - address
                if best is None or len(found[0]) > len(best[0]):
                    best = found
        return best

    def word(self, address, out=None, size=8):
        found = self.get(address, size, out)
        return int.from_bytes(found[0], 'little') if found and len(found[0]) == size else None

    def string(self, address, most=64):
        found = self.get(address, 4096, False)
        if not found:
            return hex(address)
        data = found[0]
        end = data.find(b'\0')
        return quote(data if end < 0 else data[:end],
                     len(data) + most if end < 0 and len(data) < found[1] else None, most)


class Linux:
    def __init__(self):
        self.calls = {}
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'linux_calls.txt')
        with open(path, encoding='utf-8') as file:
            for line in file:
                if not line.startswith('#'):
                    number, name, *kinds = line.split()
                    self.calls[int(number)] = (name, kinds)

    @staticmethod
    def registers(words):
        """(number, the six arguments) of JN_KM_SYSCALL's words."""
        return words[4], (words[5], words[6], words[0], words[1], words[2], words[3])

    def name(self, call):
        number = self.registers(call.words)[0] & 0xffffffff
        return self.calls.get(number, (f'syscall_{number:#x}', None))[0]

    def arguments(self, call):
        number, values = self.registers(call.words)
        kinds = self.calls.get(number, ('', ['?']))[1]
        if kinds == ['?']:
            kinds = ['hex'] * 6
        memory = Memory(call.copies)
        result = signed(call.answer.words[0]) if call.answer else None
        if self.name(call) in ('open', 'openat') and kinds:
            create = values[len(kinds) - 2] & 0o20000100
            kinds = kinds if create else kinds[:-1]
        return [self.show(kind, values, i, memory, result) for i, kind in enumerate(kinds)]

    def show(self, kind, values, i, memory, result):
        value = values[i]
        small = signed(value, 32)
        if kind in NAMES:
            return NAMES[kind].get(value & 0xffffffff, hex(value))
        if kind in ('d', 'fd', 'msec'):
            return str(small)
        if kind == 'at':
            return 'AT_FDCWD' if small == -100 else str(small)
        if kind in ('u', 'size'):
            return str(value if kind == 'size' else value & 0xffffffff)
        if kind == 'off':
            return str(signed(value))
        if kind in ('hex', 'ptr'):
            return 'NULL' if not value and kind == 'ptr' else hex(value)
        if kind == 'mode':
            return f'{value & 0o7777777:#05o}'.replace('0o', '0')
        if kind == 'path':
            return memory.string(value) if value else 'NULL'
        if kind == 'in':
            return self.buffer(memory, value, values[i + 1], False)
        if kind == 'out':
            return self.buffer(memory, value, result, True) if result and result > 0 else hex(value)
        if kind == 'outs':
            found = memory.get(value, 4096, True)
            return quote(found[0].split(b'\0')[0], None, 64) if found else hex(value)
        if kind == 'open':
            mode = ('O_RDONLY', 'O_WRONLY', 'O_RDWR', 'O_ACCMODE')[value & 3]
            rest = flags(value & 0xffffffff & ~3, O_FLAGS, '')
            return mode + ('|' + rest if rest else '')
        table = {'prot': (PROT, 'PROT_NONE'), 'map': (MAP, '0'), 'atflags': (AT_FLAGS, '0'),
                 'wait': (WAIT, '0'), 'access': (ACCESS, 'F_OK')}.get(kind)
        if table:
            return flags(value & 0xffffffff, *table)
        if kind == 'clone':
            return flags(value & ~0xff, CLONE, '') + (f'|{signal_name(value & 0xff)}'
                                                      if value & 0xff else '') or '0'
        if kind == 'sig':
            return signal_name(small)
        if kind == 'futex':
            command = value & 127
            name = FUTEX[command] if command < len(FUTEX) else str(command)
            return name + ('_PRIVATE' if value & 128 else '')
        if kind == 'fds':
            pair = memory.get(value, 8, True)
            if pair and len(pair[0]) == 8:
                return '[{}, {}]'.format(*(int.from_bytes(pair[0][j:j + 4], 'little')
                                           for j in (0, 4)))
            return hex(value)
        if kind in ('timespec', 'outts'):
            return self.timespec(memory, value, kind == 'outts')
        if kind == 'argv':
            return self.vector(memory, value)
        if kind == 'iov':
            return self.iovec(memory, value, values[i + 1])
        return hex(value)

    @staticmethod
    def buffer(memory, address, length, out):
        found = memory.get(address, 33, out)
        if not address:
            return 'NULL'
        return quote(found[0][:min(length, 33)], length) if found else hex(address)

    @staticmethod
    def timespec(memory, address, out):
        seconds, nanoseconds = memory.word(address, out), memory.word(address + 8, out)
        if not address:
            return 'NULL'
        if seconds is None or nanoseconds is None:
            return hex(address)
        return f'{{tv_sec={seconds}, tv_nsec={nanoseconds}}}'

    @staticmethod
    def vector(memory, address):
        shown = []
        while address and len(shown) < 9:
            pointer = memory.word(address + 8 * len(shown), False)
            if pointer is None:
                return hex(address) if not shown else f'[{", ".join(shown)}, ...]'
            if not pointer:
                return f'[{", ".join(shown)}]'
            shown.append(memory.string(pointer, 32))
        return f'[{", ".join(shown)}, ...]' if address else 'NULL'

    def iovec(self, memory, address, count):
        shown = []
        for i in range(min(count, 4)):
            base, length = memory.word(address + 16 * i), memory.word(address + 16 * i + 8)
            if base is None or length is None:
                break
            shown.append(f'{{iov_base={self.buffer(memory, base, length, False)}, '
                         f'iov_len={length}}}')
        return f'[{", ".join(shown)}{", ..." if len(shown) < count else ""}]' if shown \
            else hex(address)

    def result(self, call):
        if call.answer is None:
            return '?'
        if call.answer.tag >> 17 & 1:
            return '? (to be restarted)'
        if call.answer.tag & 0x18000:
            return '?'                      # its registers were set: a signal, or rt_sigreturn
        value = signed(call.answer.words[0])
        if -4096 < value < 0:
            name = errno.errorcode.get(-value) or RESTARTS.get(-value)
            return f'-1 {name} ({os.strerror(-value)})' if name in errno.errorcode.values() \
                else f'? {name or value}'
        if self.name(call) in ('mmap', 'brk', 'mremap', 'shmat') or value > 1 << 31 or value < 0:
            return hex(call.answer.words[0])
        return str(value)
