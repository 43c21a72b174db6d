"""Where set-up and build say what they do: build/log always, standard error if it is a terminal."""
import os
import subprocess
import sys

from failure import Failure


class Log:
    def __init__(self, root):
        os.makedirs(f'{root}/build', exist_ok=True)
        self.path = f'{root}/build/log'
        self.file = open(self.path, 'ab', buffering=0)
        self.start = self.file.seek(0, os.SEEK_END)
        self.terminal = sys.stderr.isatty()

    def say(self, text):
        self.file.write(f'-- {text}\n'.encode())
        if self.terminal:
            sys.stderr.write(f'\r\033[Kjanus: {text}')
            sys.stderr.flush()

    def done(self):
        if self.terminal:
            sys.stderr.write('\r\033[K')
            sys.stderr.flush()

    def tail(self, lines=30):
        """The last lines written since this log was opened."""
        with open(self.path, 'rb') as file:
            file.seek(self.start)
            return b'\n'.join(file.read().splitlines()[-lines:]).decode(errors='replace')

    def run(self, command, failure, **keywords):
        """Run a command with its output in the log; its failing ends set-up with `failure`."""
        self.file.write(('$ ' + ' '.join(command) + '\n').encode())
        status = subprocess.call(command, stdin=subprocess.DEVNULL, stdout=self.file,
                                 stderr=self.file, **keywords)
        if status:
            self.fail(f'{failure} (status {status})')

    def fail(self, text):
        self.done()
        sys.stderr.write(self.tail() + '\n')
        raise Failure(f'{text}; build/log has all of it')
