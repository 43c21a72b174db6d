"""ELF files as a backtrace needs them: segments, sections, and where the frames' tables are."""
import struct

PT_LOAD, PT_GNU_EH_FRAME = 1, 0x6474e550
ET_EXEC = 2


class Elf:
    """A 64-bit ELF file. Raises ValueError for anything else."""

    def __init__(self, data):
        self.data = data
        if data[:5] != b'\x7fELF\x02' or len(data) < 64:
            raise ValueError('not a 64-bit ELF file')
        self.type, = struct.unpack_from('<H', data, 16)
        phoff, shoff = struct.unpack_from('<QQ', data, 32)
        phsize, phcount, shsize, shcount, names = struct.unpack_from('<HHHHH', data, 54)
        try:
            self.segments = [struct.unpack_from('<IIQQQQQQ', data, phoff + i * phsize)
                             for i in range(phcount)]
            headers = [struct.unpack_from('<IIQQQQIIQQ', data, shoff + i * shsize)
                       for i in range(shcount)] if shoff else []
        except struct.error as error:
            raise ValueError('damaged ELF headers') from error
        self.sections = {}
        if names < len(headers):
            table = headers[names][4]
            for header in headers:
                at = table + header[0]
                name = data[at:data.find(b'\0', at)].decode(errors='replace')
                self.sections[name] = header

    def is_fixed(self):
        return self.type == ET_EXEC

    def address_of_offset(self, offset):
        """The address, as linked, of a byte of the file; None: no segment shows it."""
        for kind, _, start, address, _, size, _, _ in self.segments:
            # A mapping is of whole pages.
            if kind == PT_LOAD and start // 4096 * 4096 <= offset < start + size:
                return address + offset - start
        return None

    def section(self, name):
        """(address, bytes) or None."""
        header = self.sections.get(name)
        if not header or header[1] == 8 or header[2] & 0x800:  # NOBITS, compressed
            return None
        return header[3], self.data[header[4]:header[4] + header[5]]

    def eh_frame(self):
        """The same for .eh_frame, which a file without section headers has by its program header."""
        found = self.section('.eh_frame')
        if found:
            return found
        for kind, _, start, address, _, _, _, _ in self.segments:
            if kind == PT_GNU_EH_FRAME and self.data[start + 1] == 0x1b:
                offset, = struct.unpack_from('<i', self.data, start + 4)
                where = address + 4 + offset
                for kind2, _, start2, address2, _, size2, _, _ in self.segments:
                    if kind2 == PT_LOAD and address2 <= where < address2 + size2:
                        return where, self.data[start2 + where - address2:start2 + size2]
        return None
