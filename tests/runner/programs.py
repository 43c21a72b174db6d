"""The third-party Win32 programs of tests/golden: fetched and built into build/test-programs.

Nothing of them is committed. Each has a name, the files it brings and a function that makes them; one
that fails is tried again in the next run, and the cases that need it count as failed.
"""
import glob
import os
import shutil
import subprocess
import sys

CC = 'x86_64-w64-mingw32-gcc'


class Workshop:
    def __init__(self, root):
        sys.path.insert(0, f'{root}/tools/command')
        import packages
        import progress
        self.root = root
        self.bin = f'{root}/build/test-programs/bin'
        self.work = f'{root}/build/test-programs/work'
        os.makedirs(self.bin, exist_ok=True)
        os.makedirs(self.work, exist_ok=True)
        self.log = progress.Log(root)
        self.packages = packages
        self.apt = packages.PrivateApt(root, self.log)

    def call(self, *command, cwd=None, shell_path=False):
        environment = dict(os.environ, PATH='/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL='C.UTF-8')
        if shell_path:
            environment = dict(os.environ)
        self.log.file.write(('$ ' + ' '.join(command) + '\n').encode())
        subprocess.run(command, cwd=cwd or self.work, check=True, stdin=subprocess.DEVNULL,
                       stdout=self.log.file, stderr=self.log.file, env=environment)

    def directory(self, name):
        path = f'{self.work}/{name}'
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        return path

    def unpacked(self, package):
        target = self.directory(f'x-{package}')
        archive = self.apt.download(package, f'{self.work}/download')
        self.call('dpkg-deb', '-x', archive, target)
        return target

    def keep(self, *files):
        for file in files:
            shutil.copy2(file, self.bin)


def seven_zip(shop):
    work = shop.directory('7zip')
    shop.packages.install_missing(shop.log, shop.packages.INSTALLED_FOR_TESTS)
    npm = '/usr/bin/npm' if os.path.exists('/usr/bin/npm') else shutil.which('npm')
    shop.call(npm, 'pack', '7zip-bin@5.2.0', cwd=work)
    archive, = glob.glob(f'{work}/*.tgz')
    shop.call('tar', 'xzf', archive, cwd=work)
    shop.keep(f'{work}/package/win/x64/7za.exe')


def gcrypt(shop):
    x = shop.unpacked('libgcrypt-mingw-w64-dev') + '/usr/x86_64-w64-mingw32/bin'
    y = shop.unpacked('libgpg-error-mingw-w64-dev') + '/usr/x86_64-w64-mingw32/bin'
    shop.keep(f'{x}/hmac256.exe', *glob.glob(f'{x}/*.dll'), *glob.glob(f'{y}/*.dll'))


def zlib(shop):
    shop.keep(f'{shop.root}/build/packages/usr/x86_64-w64-mingw32/lib/zlib1.dll')
    tree = shop.apt.source('zlib', f'{shop.work}/zlib')
    if not os.path.exists(f'{tree}/zconf.h'):
        shutil.copy(f'{tree}/zconf.h.in', f'{tree}/zconf.h')
    shop.call(CC, '-O2', '-s', '-I.', '-o', f'{shop.bin}/minigzip.exe', 'test/minigzip.c',
              f'{shop.bin}/zlib1.dll', cwd=tree)


def lua(shop):
    tree = shop.apt.source('lua5.4', f'{shop.work}/lua') + '/src'
    sources = [name for name in sorted(os.listdir(tree))
               if name.endswith('.c') and name != 'luac.c']
    shop.call(CC, '-O2', '-s', '-o', f'{shop.bin}/lua.exe', *sources, '-lm', cwd=tree)


def sqlite(shop):
    shop.packages.install_missing(shop.log, [('tcl', '/usr/bin/tclsh')])
    tree = shop.apt.source('sqlite3', f'{shop.work}/sqlite')
    os.makedirs(f'{tree}/bld')
    shop.call('../configure', '--disable-tcl', cwd=f'{tree}/bld')
    shop.call('make', 'sqlite3.c', 'shell.c', cwd=f'{tree}/bld')
    shop.call(CC, '-O1', '-s', '-DSQLITE_THREADSAFE=1', '-DSQLITE_ENABLE_FTS5', '-o',
              f'{shop.bin}/sqlite3.exe', 'shell.c', 'sqlite3.c', cwd=f'{tree}/bld')


def own(shop):
    source = f'{shop.root}/tests/golden/win32-src'
    shop.call(CC, '-O2', '-o', f'{shop.bin}/t1_console.exe', f'{source}/t1_console.c')
    shop.call('x86_64-w64-mingw32-g++', '-O2', '-static', '-o', f'{shop.bin}/t1_seh.exe',
              f'{source}/t1_seh.cpp')


MAKERS = {
    '7za.exe': seven_zip,
    'hmac256.exe': gcrypt,
    'minigzip.exe': zlib,
    'lua.exe': lua,
    'sqlite3.exe': sqlite,
    't1_console.exe': own,
    't1_seh.exe': own,
}


def bring(root):
    """Make what is missing; return the directory and {program: why it is missing}."""
    shop = None
    missing = {}
    for name, maker in MAKERS.items():
        if os.path.exists(f'{root}/build/test-programs/bin/{name}'):
            continue
        shop = shop or Workshop(root)
        try:
            shop.log.say(f'getting {name} for the tests')
            maker(shop)
        except Exception as error:  # whatever it is, the cases say so
            missing[name] = f'{name} could not be had: {error}'
    if shop:
        shop.log.done()
        shutil.rmtree(shop.work, ignore_errors=True)
    return f'{root}/build/test-programs/bin', missing
