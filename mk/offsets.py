#!/usr/bin/env python3
"""Compiles offsets.c to assembly text and writes its `=> NAME value` lines as NASM definitions."""
import re
import subprocess
import sys

output, command = sys.argv[1], sys.argv[2:]
text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
with open(output, "w") as file:
    for name, value in re.findall(r"^=> (\w+) (-?\d+)", text, re.M):
        file.write(f"%define {name} {value}\n")
