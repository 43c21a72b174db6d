"""Set-up of the machine: distribution packages, installed or only unpacked into build/packages.

Programs that run on the host are installed. What goes into the guest's image, and headers used as
a reference, is downloaded and unpacked: that needs no root and leaves the machine as it is. The
downloads use apt with lists and sources of our own in build/apt, derived from the machine's.
"""
import glob
import os
import re
import shutil
import subprocess

from failure import Failure

# Package, and a file whose presence shows that it (or something as good) is there.
INSTALLED = [
    ('gcc', '/usr/bin/gcc'),
    ('libc6-dev', '/usr/include/stdio.h'),
    ('binutils', '/usr/bin/objcopy'),
    ('nasm', '/usr/bin/nasm'),
    ('meson', '/usr/bin/meson'),
    ('ninja-build', '/usr/bin/ninja'),
    ('qemu-system-x86', '/usr/bin/qemu-system-x86_64'),
    ('gcc-mingw-w64-x86-64', '/usr/bin/x86_64-w64-mingw32-gcc'),
    ('g++-mingw-w64-x86-64', '/usr/bin/x86_64-w64-mingw32-g++'),
    ('musl-tools', '/usr/bin/musl-gcc'),
    ('dpkg-dev', '/usr/bin/dpkg-source'),
    ('make', '/usr/bin/make'),
    ('patch', '/usr/bin/patch'),
    ('spin', '/usr/bin/spin'),
    ('xz-utils', '/usr/bin/xz'),
    ('ca-certificates', '/usr/sbin/update-ca-certificates'),
]

# Only `./janus test` needs these.
INSTALLED_FOR_TESTS = [
    ('npm', '/usr/bin/npm'),
]

# Package, and the paths in it that are wanted (all if none are named).
UNPACKED = [
    ('busybox-static', []),
    ('bash-static', []),
    ('mksh', []),
    ('libwine', ['./usr/lib/x86_64-linux-gnu/wine/x86_64-windows', './usr/share/wine/nls']),
    ('libwine-dev', ['./usr/include']),
    ('libz-mingw-w64', []),
]

# Source packages whose libraries are built for the guest; each is unpacked into build/sources/NAME.
SOURCES = ['musl']

SUITES = re.compile(r'^(bookworm|stable|oldstable)([-/].*)?$')


def check_machine():
    facts = {}
    try:
        with open('/etc/os-release', encoding='utf-8') as file:
            for line in file:
                name, _, value = line.strip().partition('=')
                facts[name] = value.strip('"')
    except OSError:
        pass
    machine = os.uname().machine
    if facts.get('ID') != 'debian' or facts.get('VERSION_ID') != '12' or machine != 'x86_64':
        system = facts.get('PRETTY_NAME', os.uname().sysname)
        raise Failure(f'set-up works on Debian 12 on amd64; this is {system} on {machine}')


def install_missing(log, wanted):
    missing = [package for package, file in wanted if not os.path.exists(file)]
    if not missing:
        return
    apt = ['apt-get', '-q', '-o', 'DPkg::Lock::Timeout=300']
    prefix = []
    if os.geteuid() != 0:
        if not shutil.which('sudo'):
            raise Failure('packages are missing; as root: apt-get update && apt-get install '
                          '--no-install-recommends ' + ' '.join(missing))
        prefix = ['sudo']
        apt = ['env', 'DEBIAN_FRONTEND=noninteractive'] + apt
    environment = dict(os.environ, DEBIAN_FRONTEND='noninteractive')
    log.say('installing ' + ' '.join(missing))
    log.run(prefix + apt + ['update'], 'apt-get update failed', env=environment)
    log.run(prefix + apt + ['install', '-y', '--no-install-recommends'] + missing,
            'packages could not be installed', env=environment)
    for package, file in wanted:
        if package in missing and not os.path.exists(file):
            log.fail(f'package {package} was installed but brought no {file}')


# ---- a private apt: lists and sources in build/apt ----

def one_line_sources(text):
    """Yield (options, uri, suite, components) of the active `deb` lines of a .list file."""
    for line in text.splitlines():
        line = line.split('#', 1)[0].strip()
        match = re.match(r'deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)\s*(.*)$', line)
        if match:
            yield (match[1] or '').split(), match[2], match[3], match[4].split()


def deb822_sources(text):
    """The same, of the stanzas of a .sources file."""
    for stanza in re.split(r'\n[ \t]*\n', text):
        fields, name = {}, None
        for line in stanza.splitlines():
            if line.startswith('#') or not line.strip():
                continue
            if line[0] in ' \t' and name:
                fields[name] += '\n' + line.strip()
                continue
            name, _, value = line.partition(':')
            name = name.strip().lower()
            fields[name] = value.strip()
        if 'deb' not in fields.get('types', '').split():
            continue
        if fields.get('enabled', 'yes').lower() in ('no', 'false', '0'):
            continue
        options = []
        for field, option in (('signed-by', 'signed-by'), ('architectures', 'arch'),
                              ('trusted', 'trusted')):
            value = fields.get(field, '')
            if value and '\n' not in value:
                options.append(f'{option}=' + ','.join(value.split()))
        for uri in fields.get('uris', '').split():
            for suite in fields.get('suites', '').split():
                yield options, uri, suite, fields.get('components', '').split()


def machine_sources():
    found = []
    for path in ['/etc/apt/sources.list'] + sorted(glob.glob('/etc/apt/sources.list.d/*')):
        try:
            with open(path, encoding='utf-8', errors='replace') as file:
                text = file.read()
        except OSError:
            continue
        if path.endswith('.sources'):
            found += deb822_sources(text)
        elif path.endswith('.list'):
            found += one_line_sources(text)
    return [source for source in found if SUITES.match(source[2])]


class PrivateApt:
    """apt-get with sources (binary and source packages), lists and cache of our own."""

    def __init__(self, root, log):
        self.directory = f'{root}/build/apt'
        self.log = log
        self.current = False

    def options(self):
        base = self.directory
        settings = {
            'Dir::Etc::SourceList': f'{base}/sources.list',
            'Dir::Etc::SourceParts': '/dev/null',
            'Dir::State': f'{base}/state',
            'Dir::State::Lists': f'{base}/lists',
            'Dir::State::status': '/var/lib/dpkg/status',
            'Dir::Cache': f'{base}/cache',
            'Acquire::Languages': 'none',
            'Acquire::Retries': '3',
            'APT::Sandbox::User': 'root' if os.geteuid() == 0 else '',
            'Debug::NoLocking': 'true',
        }
        command = ['apt-get', '-q']
        for name, value in settings.items():
            if value:
                command += ['-o', f'{name}={value}']
        return command

    def update(self):
        if self.current:
            return
        sources = machine_sources()
        if not sources:
            raise Failure("no source of Debian 12's packages is configured in /etc/apt")
        for directory in ('state', 'lists/partial', 'cache/archives/partial'):
            os.makedirs(f'{self.directory}/{directory}', exist_ok=True)
        lines = []
        for options, uri, suite, components in sources:
            option = f'[{" ".join(options)}] ' if options else ''
            for kind in ('deb', 'deb-src'):
                line = f'{kind} {option}{uri} {suite} {" ".join(components)}'.rstrip()
                if line not in lines:
                    lines.append(line)
        with open(f'{self.directory}/sources.list', 'w', encoding='utf-8') as file:
            file.write('\n'.join(lines) + '\n')
        self.log.say('reading the package lists')
        self.log.run(self.options() + ['update'], 'the package lists could not be read')
        self.current = True

    def download(self, package, directory):
        """Bring PACKAGE's .deb into an empty directory; return its path."""
        self.update()
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(directory)
        self.log.run(self.options() + ['download', package],
                     f'package {package} could not be downloaded', cwd=directory)
        found = glob.glob(f'{directory}/{package}_*.deb')
        if len(found) != 1:
            self.log.fail(f'the download of {package} brought {len(found)} files')
        return found[0]

    def source(self, package, directory):
        """Bring the unpacked source package into an empty directory; return the tree's path."""
        self.update()
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(directory)
        self.log.run(self.options() + ['source', package],
                     f'source package {package} could not be had', cwd=directory)
        trees = [entry.path for entry in os.scandir(directory) if entry.is_dir()]
        if len(trees) != 1:
            self.log.fail(f'the source of {package} brought {len(trees)} trees')
        return trees[0]


def unpack(root, log, apt, wanted):
    """Unpack the packages that are not there yet below build/packages."""
    target = f'{root}/build/packages'
    stamps = f'{target}/.unpacked'
    os.makedirs(stamps, exist_ok=True)
    for package, paths in wanted:
        stamp = f'{stamps}/{package}'
        mark = '\n'.join(paths)
        if os.path.exists(stamp) and open(stamp, encoding='utf-8').read() == mark:
            continue
        log.say(f'unpacking {package}')
        work = f'{root}/build/apt/download'
        archive = apt.download(package, work)
        stream = subprocess.Popen(['dpkg-deb', '--fsys-tarfile', archive],
                                  stdout=subprocess.PIPE, stderr=log.file)
        status = subprocess.call(['tar', '-x', '--no-same-owner', '-C', target] + paths,
                                 stdin=stream.stdout, stderr=log.file)
        stream.stdout.close()
        if stream.wait() or status:
            log.fail(f'package {package} could not be unpacked')
        shutil.rmtree(work)
        with open(stamp, 'w', encoding='utf-8') as file:
            file.write(mark)


def unpack_sources(root, log, apt, wanted):
    """Bring the source packages that are not there yet into build/sources/NAME."""
    for package in wanted:
        target = f'{root}/build/sources/{package}'
        if os.path.isdir(target):
            continue
        log.say(f'unpacking the source of {package}')
        work = f'{root}/build/apt/source'
        tree = apt.source(package, work)
        os.makedirs(f'{root}/build/sources', exist_ok=True)
        os.rename(tree, target)
        shutil.rmtree(work)
