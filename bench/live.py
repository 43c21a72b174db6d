"""Linux and Wine in the emulator that Janus runs in: an initramfs with the same programs, one script a
boot. Used by `./janus bench --live` and `./janus study`.

Linux is the distribution's cloud kernel, unpacked from its package below build/; Wine is the
distribution's, with a prefix made once on this machine. Everything is in memory (the initramfs), so
nothing waits for a disk. Configuration: QEMU's -cpu max without ERMS (every byte of a `rep movsb` would
count as an instruction), for Wine also without SMAP (QEMU 7.2 faults in a user's iretq with it).
"""
import glob
import os
import re
import shutil
import stat
import subprocess
import sys

META = 'linux-image-cloud-amd64'
WINE_PACKAGES = [('wine64', '/usr/lib/wine/wine64'),
                 ('libwine', '/usr/lib/x86_64-linux-gnu/wine/x86_64-unix/ntdll.so')]
WINE_DLLS = '/usr/lib/x86_64-linux-gnu/wine/x86_64-windows'
WINE_UNIX = '/usr/lib/x86_64-linux-gnu/wine/x86_64-unix'
# What a Wine session starts by itself, beside the programs that are measured.
WINE_SESSION = ['services.exe', 'wineboot.exe', 'explorer.exe', 'conhost.exe', 'winedevice.exe',
                'plugplay.exe', 'svchost.exe', 'rpcss.exe', 'start.exe', 'rundll32.exe', 'cmd.exe',
                'mountmgr.sys', 'nsiproxy.sys', 'ndis.sys', 'winebus.sys', 'winehid.sys',
                'winexinput.sys', 'wineusb.sys', 'http.sys', 'mouhid.sys', 'cng.sys', 'find.exe',
                'findstr.exe', 'reg.exe', 'xcopy.exe', 'where.exe', 'sort.exe', 'ntdll.dll',
                'kernelbase.dll', 'kernel32.dll', 'msvcrt.dll', 'ucrtbase.dll', 'advapi32.dll',
                'sechost.dll', 'ws2_32.dll', 'user32.dll', 'gdi32.dll', 'win32u.dll', 'ole32.dll',
                'shell32.dll', 'rpcrt4.dll', 'setupapi.dll', 'apisetschema.dll', 'bcrypt.dll']
BEGIN, END = b'=== study begins ===', b'=== study ends '
INIT = '''#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /tmp /run
mount -t proc proc /proc
mount -t devtmpfs dev /dev
mount -t tmpfs -o mode=1777 tmp /tmp
ln -sf /proc/self/fd /dev/fd
export PATH=/bin:/usr/bin:/sbin:/usr/sbin HOME=/root USER=root SHELL=/bin/sh LANG=C.UTF-8 TERM=dumb
cd /root
sh /study/script > /tmp/study.out 2>&1 < /dev/null
status=$?
{ echo; echo '=== study begins ==='; cat /tmp/study.out; echo; echo "=== study ends $status ==="; } > /dev/ttyS0
sync
poweroff -f
'''
WINE_ENVIRONMENT = ('export WINEPREFIX=/wine WINEDEBUG=-all WINELOADER=/usr/lib/wine/wine64 '
                    'WINESERVER=/usr/lib/wine/wineserver64 '
                    'WINEDLLOVERRIDES="mscoree,mshtml=;winemenubuilder.exe=d" '
                    'PATH=$PATH:/usr/lib/wine\n'
                    # A session starts services; they are left to it before anything is measured.
                    'wineserver64 -p; wine64 /bench/bhello.exe; sleep 60; '
                    'wine64 /bench/bhello.exe > /tmp/warm 2>&1; sleep 10\n')


class Archive:
    """A cpio archive in the kernel's newc form."""

    def __init__(self, path):
        self.file = open(path, 'wb')
        self.inode = 1
        self.known = set()

    def put(self, name, mode, data=b'', device=(0, 0)):
        parent = os.path.dirname(name)
        if parent and parent not in self.known:
            self.put(parent, stat.S_IFDIR | 0o755)
        if name in self.known:
            return
        self.known.add(name)
        path = name.encode('utf-8', 'surrogateescape') + b'\0'
        fields = [self.inode, mode, 0, 0, 1, 0, len(data), 0, 0, device[0], device[1], len(path), 0]
        self.inode += 1
        self.file.write(b'070701' + b''.join(b'%08x' % field for field in fields))
        self.file.write(path + bytes(-(110 + len(path)) % 4))
        self.file.write(data + bytes(-len(data) % 4))

    def copy(self, name, source, mode=None):
        with open(source, 'rb') as file:
            data = file.read()
        self.put(name, stat.S_IFREG | (mode or os.stat(source).st_mode & 0o777), data)

    def link(self, name, target):
        self.put(name, stat.S_IFLNK | 0o777, target.encode())

    def tree(self, name, source):
        for directory, names, files in os.walk(source):
            names.sort()
            at = os.path.normpath(f'{name}/{os.path.relpath(directory, source)}')
            self.put(at, stat.S_IFDIR | 0o755)
            for file in sorted(files):
                path = f'{directory}/{file}'
                if os.path.islink(path):
                    self.link(f'{at}/{file}', os.readlink(path))
                else:
                    self.copy(f'{at}/{file}', path)

    def close(self):
        self.put('TRAILER!!!', 0)
        self.file.close()


class Live:
    """files: {path in the guest: path here} of programs that every boot gets."""

    def __init__(self, root, files):
        sys.path[:0] = [f'{root}/tools/command', f'{root}/tools/image']
        import packages
        import progress
        self.root, self.files = root, files
        self.work = f'{root}/build/live'
        os.makedirs(self.work, exist_ok=True)
        self.log = progress.Log(root)
        self.packages = packages
        self.kernel = self.unpack_kernel()
        self.has_wine = False

    def unpack_kernel(self):
        """The newest cloud kernel of the distribution, kept from the first time on."""
        found = sorted(glob.glob(f'{self.work}/boot/vmlinuz-*'))
        if found:
            return found[-1]
        apt = self.packages.PrivateApt(self.root, self.log)
        meta = apt.download(META, f'{self.work}/download')
        depends = subprocess.run(['dpkg-deb', '-f', meta, 'Depends'], check=True,
                                 stdout=subprocess.PIPE).stdout.decode()
        name = re.search(r'linux-image-[\w.+-]+', depends)[0]
        archive = apt.download(name, f'{self.work}/download')
        subprocess.run(['dpkg-deb', '-x', archive, f'{self.work}/unpacked'], check=True)
        shutil.rmtree(f'{self.work}/boot', ignore_errors=True)
        os.rename(f'{self.work}/unpacked/boot', f'{self.work}/boot')
        shutil.rmtree(f'{self.work}/unpacked')
        shutil.rmtree(f'{self.work}/download')
        return sorted(glob.glob(f'{self.work}/boot/vmlinuz-*'))[-1]

    def version(self):
        return os.path.basename(self.kernel)[len('vmlinuz-'):]

    # ---- Wine ----

    def prepare_wine(self):
        if self.has_wine:
            return
        self.packages.install_missing(self.log, WINE_PACKAGES)
        prefix = f'{self.work}/prefix'
        if not os.path.exists(f'{prefix}/.done'):
            shutil.rmtree(prefix, ignore_errors=True)
            environment = dict(os.environ, WINEPREFIX=prefix, WINEDEBUG='-all', DISPLAY='',
                               WINEDLLOVERRIDES='mscoree,mshtml=;winemenubuilder.exe=d')
            self.log.say('making a Wine prefix')
            self.log.run(['/usr/lib/wine/wine64', 'wineboot', '-i'], 'no Wine prefix',
                         env=environment)
            self.log.run(['/usr/lib/wine/wineserver64', '-w'], 'Wine does not end', env=environment)
            with open(f'{prefix}/.update-timestamp', 'w', encoding='utf-8') as file:
                file.write('disable\n')
            open(f'{prefix}/.done', 'w', encoding='utf-8').close()
        self.has_wine = True

    def add_wine(self, archive):
        import pe
        self.prepare_wine()
        mingw = '/usr/x86_64-w64-mingw32/lib'
        wanted = [name for name in WINE_SESSION if os.path.exists(f'{WINE_DLLS}/{name}')]
        closure, _ = pe.closure(wanted, [WINE_DLLS, mingw])
        unix = sorted(glob.glob(f'{WINE_UNIX}/*.so'))
        keep = [path for path in unix if os.path.basename(path) in (
            'ntdll.so', 'win32u.so', 'bcrypt.so', 'crypt32.so', 'dnsapi.so', 'mountmgr.so',
            'nsiproxy.so', 'ws2_32.so', 'winebus.so', 'secur32.so', 'netapi32.so', 'localspl.so')]
        libraries = {}
        extra = [path for path in ('/lib/x86_64-linux-gnu/libgcc_s.so.1',
                                   '/usr/lib/x86_64-linux-gnu/libfreetype.so.6')
                 if os.path.exists(path)]
        libraries.update((path, os.path.realpath(path)) for path in extra)
        for program in keep + extra + ['/usr/lib/wine/wine64', '/usr/lib/wine/wineserver64']:
            text = subprocess.run(['ldd', program], stdout=subprocess.PIPE).stdout.decode()
            for path in re.findall(r'(/\S+) \(0x', text):
                libraries[path] = os.path.realpath(path)
        for path in keep + ['/usr/lib/wine/wine64', '/usr/lib/wine/wineserver64']:
            archive.copy(path[1:], path, 0o755)
        for path, real in libraries.items():
            archive.copy(path[1:], real, 0o755)
        archive.tree('usr/share/wine/nls', '/usr/share/wine/nls')
        archive.copy('usr/share/wine/wine.inf', '/usr/share/wine/wine.inf')
        names = set()
        for name, source in sorted(closure.items()):
            stripped = f'{self.work}/stripped/{name}'
            if not os.path.exists(stripped):
                os.makedirs(os.path.dirname(stripped), exist_ok=True)
                subprocess.run(['x86_64-w64-mingw32-strip', '--strip-all', '-o', stripped, source],
                               check=True)
            if source.startswith(WINE_DLLS):
                names.add(name.lower())
                archive.copy(f'{WINE_DLLS[1:]}/{name}', stripped, 0o755)
        self.add_prefix(archive, names)

    def add_prefix(self, archive, names):
        """The prefix; Wine's own files in it are links to where Wine has them."""
        prefix = f'{self.work}/prefix'
        for name in ('system.reg', 'user.reg', 'userdef.reg', '.update-timestamp'):
            archive.copy(f'wine/{name}', f'{prefix}/{name}')
        archive.link('wine/dosdevices/c:', '../drive_c')
        archive.link('wine/dosdevices/z:', '/')
        for directory, _, files in os.walk(f'{prefix}/drive_c'):
            at = os.path.normpath(f'wine/drive_c/{os.path.relpath(directory, f"{prefix}/drive_c")}')
            if os.path.islink(directory) or '/syswow64' in at or '/winsxs' in at:
                continue
            archive.put(at, stat.S_IFDIR | 0o755)
            for file in sorted(files):
                if file.lower() in names:
                    archive.link(f'{at}/{file}', f'{WINE_DLLS}/{file}')
                elif os.stat(f'{directory}/{file}').st_size < 65536 and '.' in file and \
                        not file.lower().endswith(('.dll', '.exe', '.sys')):
                    archive.copy(f'{at}/{file}', f'{directory}/{file}')
        archive.put('wine/drive_c/windows/temp', stat.S_IFDIR | 0o777)

    # ---- a boot ----

    def initramfs(self, script, wine):
        path = f'{self.work}/{"wine" if wine else "linux"}-{os.getpid()}.cpio'
        archive = Archive(path)
        packages = f'{self.root}/build/packages'
        archive.put('init', stat.S_IFREG | 0o755, INIT.encode())
        archive.put('dev', stat.S_IFDIR | 0o755)
        archive.put('dev/console', stat.S_IFCHR | 0o600, device=(5, 1))
        archive.put('root', stat.S_IFDIR | 0o700)
        archive.copy('bin/busybox', f'{packages}/bin/busybox', 0o755)
        listed = subprocess.run([f'{packages}/bin/busybox', '--list-full'], check=True,
                                stdout=subprocess.PIPE).stdout.decode().split()
        for name in listed:
            archive.link(name, '/bin/busybox')
        archive.copy('bin/bash-static', f'{packages}/bin/bash-static', 0o755)
        archive.link('bin/bash', 'bash-static')
        archive.copy('bin/mksh-static', f'{packages}/usr/lib/klibc/bin/mksh', 0o755)
        for name in ('passwd', 'group', 'hosts', 'nsswitch.conf'):
            archive.copy(f'etc/{name}', f'{self.root}/tools/image/etc/{name}', 0o644)
        for name, source in self.files.items():
            archive.copy(name, source, 0o755)
        if wine:
            script = WINE_ENVIRONMENT + script
            self.add_wine(archive)
        archive.put('study/script', stat.S_IFREG | 0o755, script.encode())
        archive.close()
        return path

    def boot(self, script, icount, wine=False, smp=1, mem=2048, limit=3600):
        """Run a shell script; its output (standard error too). Raises if the guest does not end so."""
        image = self.initramfs(script, wine)
        command = ['qemu-system-x86_64', '-accel', 'tcg,thread=multi' if smp > 1 else 'tcg',
                   '-machine', 'pc', '-cpu', 'max,erms=off' + (',smap=off' if wine else ''),
                   '-m', str(mem), '-smp', str(smp), '-nodefaults', '-no-user-config', '-nic', 'none',
                   '-display', 'none', '-monitor', 'none', '-no-reboot', '-serial', 'stdio',
                   '-rtc', 'base=2026-01-01T00:00:00,clock=vm', '-seed', '42',
                   '-kernel', self.kernel, '-initrd', image,
                   '-append', 'console=ttyS0 panic=-1 quiet loglevel=1']
        if icount:
            command += ['-icount', 'shift=0,sleep=off']
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=limit)
        finally:
            os.unlink(image)
        text = done.stdout.replace(b'\r', b'')
        start, end = text.rfind(BEGIN), text.rfind(END)
        if start < 0 or end < start:
            raise RuntimeError('Linux did not come to its end: ' +
                               (text[-300:] + done.stderr[-300:]).decode(errors='replace'))
        return text[start + len(BEGIN):end].decode(errors='replace')
