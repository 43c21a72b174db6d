"""The interface compiler: what it makes compiles, and what it must refuse it refuses with a line.

Oracle: docs/idl.md. Every interface of idl/ is compiled by the build itself.
"""
import os
import subprocess
import sys
import tempfile
import unittest

JIDL = sys.argv.pop(1)


def run(text, mode='header', extra=None):
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, 'sample.idl')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        for name, content in (extra or {}).items():
            with open(os.path.join(directory, name), 'w', encoding='utf-8') as file:
                file.write(content)
        out = os.path.join(directory, 'out')
        done = subprocess.run([sys.executable, JIDL, mode, path, out], capture_output=True,
                              text=True, check=False)
        made = ''
        if done.returncode == 0:
            with open(out, encoding='utf-8') as file:
                made = file.read()
        return done.returncode, done.stderr, made


class Makes(unittest.TestCase):
    SAMPLE = '''
        /// A sample.
        interface sample = 7 {
            /// Adds.
            add(u64 a, i32 b, in window data) -> (u64 sum) repeatable;
            name(string<16> text, cap object) -> (string<16> text, move cap other, map pages);
        }
        struct pair { u64 a; u32 b; u32 c[3]; }
        const SAMPLE_X = 3;
    '''

    def test_header(self):
        status, _, made = run(self.SAMPLE)
        self.assertEqual(status, 0)
        self.assertIn('SAMPLE_METHOD_ADD = 1792', made)
        self.assertIn('struct jn_window data', made)
        self.assertIn('char *new_text', made)
        self.assertIn('_Static_assert(sizeof(struct pair) == 24', made)
        self.assertIn('#define SAMPLE_X 3', made)

    def test_source_and_page(self):
        for mode, mark in (('source', 'jn_registers_call_repeatable(jn_server, &jn_r, 1)'),
                           ('page', '## add(u64 a, i32 b, in window data)')):
            status, _, made = run(self.SAMPLE, mode)
            self.assertEqual(status, 0)
            self.assertIn(mark, made)

    def test_import(self):
        text = 'import other; interface sample = 1 { f() -> (struct s x); }'
        status, _, _ = run(text, extra={'other.idl': 'interface other = 2 {} struct s { u64 a; }'})
        self.assertEqual(status, 0)


class Refuses(unittest.TestCase):
    CASES = {
        'no interface': 'const A = 1;',
        'unknown struct': 'interface i = 1 { f(struct nothing x); }',
        'unknown parameter type': 'interface i = 1 { f(float x); }',
        'the request may need': 'interface i = 1 { f(string<600> x); }',
        'the answer may need': 'interface i = 1 { f() -> (string<400> x, string<400> y); }',
        'more than two windows': 'interface i = 1 { f(in window a, in window b, out window c); }',
        'stands twice': 'interface i = 1 { f(u64 a, u64 a); }',
        'is not aligned': 'interface i = 1 {} struct s { u32 a; u64 b; }',
        'not a multiple': 'interface i = 1 {} struct s { u64 a; u32 b; }',
        'unexpected': 'interface i = 1 { f(); } $',
        'expected': 'interface i = 1 { f() }',
    }

    def test_each(self):
        for message, text in self.CASES.items():
            with self.subTest(message):
                status, error, _ = run(text)
                self.assertNotEqual(status, 0)
                self.assertIn(message, error)
                self.assertNotIn('Traceback', error)


unittest.main()
