# Jobs: members, messages, ends, between processes. Oracle: Wine.
jobs.exe central
jobs.exe library
