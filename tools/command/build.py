"""Bring build/ up to date: set-up, meson and ninja, the boot image. Under a lock.

build/stamp records name, size, mtime and ctime of every file that a build reads, as they were
when the last successful build began; while they are the same there is nothing to do.
"""
import fcntl
import hashlib
import os
import shutil
import sys

PARTS = ('mk', 'lib', 'idl', 'servers', 'drivers', 'bootstrap', 'personalities', 'tools', 'tests',
         'bench', 'meson.build', 'meson_options.txt', 'janus')
# Read by tests when they run, never by the build.
NOT_BUILT = ('tests/golden', 'tests/runner')
PRODUCTS = ('build/janus.img', 'build/tools/host/janus-host')


def fingerprint(root, names_only=False):
    """A digest of names, sizes and times of what a build reads, or of the names alone."""
    lines = [root]

    def visit(name):
        path = f'{root}/{name}'
        try:
            entries = sorted(os.scandir(path), key=lambda entry: entry.name)
        except OSError:
            return
        for entry in entries:
            if entry.name == '__pycache__' or entry.name.endswith('.pyc'):
                continue
            below = f'{name}/{entry.name}'
            if entry.is_dir(follow_symlinks=False):
                if below not in NOT_BUILT:
                    visit(below)
            else:
                note(below, entry.stat(follow_symlinks=False))

    def note(name, status):
        if names_only:
            lines.append(name)
        else:
            lines.append(f'{name} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}')

    for part in PARTS:
        path = f'{root}/{part}'
        if os.path.isdir(path):
            visit(part)
        elif os.path.exists(path):
            note(part, os.stat(path))
    text = '\n'.join(lines).encode('utf-8', 'surrogateescape')
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def is_current(root, mark):
    try:
        with open(f'{root}/build/stamp', encoding='utf-8') as file:
            return file.read() == mark and all(os.path.exists(f'{root}/{p}') for p in PRODUCTS)
    except OSError:
        return False


def bring_up_to_date(root):
    if is_current(root, fingerprint(root)):
        return
    os.makedirs(f'{root}/build', exist_ok=True)
    with open(f'{root}/build/lock', 'w', encoding='utf-8') as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if sys.stderr.isatty():
                print('janus: waiting for another build', file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        mark = fingerprint(root)
        if not is_current(root, mark):
            make(root)
            with open(f'{root}/build/stamp.new', 'w', encoding='utf-8') as file:
                file.write(mark)
            os.replace(f'{root}/build/stamp.new', f'{root}/build/stamp')


def remove(path):
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.exists(path):
        os.remove(path)


def environment_for_tools():
    """The caller's environment without what would change the build."""
    environment = dict(os.environ, PATH='/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL='C.UTF-8')
    for name in ('CC', 'CFLAGS', 'CPPFLAGS', 'LDFLAGS', 'CC_LD'):
        environment.pop(name, None)
    return environment


def configure(root, log, environment):
    """Configure build/: anew if it was for another place or with other options, again if files were
    added or removed (meson.build files may ask the tree which there are)."""
    command = ['/usr/bin/meson', 'setup', f'{root}/build', root,
               f'-Dpackages={root}/build/packages', f'-Dsources={root}/build/sources']
    marks = ['\n'.join(command), fingerprint(root, names_only=True)]
    note = f'{root}/build/configured'
    before = ['', '']
    if os.path.exists(f'{root}/build/build.ninja') and os.path.exists(note):
        with open(note, encoding='utf-8') as file:
            before = file.read().split('\0')
    if before == marks:
        return
    log.say('configuring')
    if before[0] == marks[0]:
        command.append('--reconfigure')
    else:
        for name in ('build.ninja', 'meson-private', 'meson-info'):
            remove(f'{root}/build/{name}')
    log.run(command, 'meson could not configure the build', env=environment)
    with open(note, 'w', encoding='utf-8') as file:
        file.write('\0'.join(marks))


def targets(root):
    """What an ordinary build makes. Meson 1.0 lets `all` depend on every test's programs as well."""
    with open(f'{root}/build/build.ninja', encoding='utf-8') as file:
        words = next(line for line in file if line.startswith('build all: phony ')).split()[3:]
    return [word for word in words if not word.startswith('meson-')]


def make_unit_tests(root):
    """Compile what meson.build files register with test(): not part of an ordinary build."""
    import progress
    with open(f'{root}/build/lock', 'w', encoding='utf-8') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        log = progress.Log(root)
        log.say('compiling the unit tests')
        log.run(['/usr/bin/ninja', '-C', f'{root}/build', 'meson-test-prereq'],
                'the unit tests do not compile', env=environment_for_tools())
        log.done()


def make(root):
    import packages
    import progress
    packages.check_machine()
    log = progress.Log(root)
    packages.install_missing(log, packages.INSTALLED)
    apt = packages.PrivateApt(root, log)
    packages.unpack(root, log, apt, packages.UNPACKED)
    packages.unpack_sources(root, log, apt, packages.SOURCES)

    environment = environment_for_tools()
    configure(root, log, environment)
    log.say('compiling')
    ninja = ['/usr/bin/ninja', '-C', f'{root}/build']
    log.run([*ninja, 'build.ninja'], 'meson could not configure the build', env=environment)
    log.run([*ninja, *targets(root)], 'the build failed', env=environment)
    log.say('packing the boot image')
    log.run([sys.executable, '-IB', f'{root}/tools/image/mkimage.py', root,
             f'{root}/build/janus.img'], 'the boot image could not be made', env=environment)
    log.done()
