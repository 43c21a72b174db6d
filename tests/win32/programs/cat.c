/* Copies standard input to standard output with ReadFile and WriteFile; status 5 for a broken pipe. */
#include <windows.h>

static char block[65536];

int main(void)
{
    HANDLE in = GetStdHandle(STD_INPUT_HANDLE), out = GetStdHandle(STD_OUTPUT_HANDLE);
    DWORD n, done;

    for (;;) {
        if (!ReadFile(in, block, sizeof block, &n, NULL))
            return GetLastError() == ERROR_BROKEN_PIPE ? 0 : 4;
        if (n == 0)
            return 0;
        for (DWORD at = 0; at < n; at += done)
            if (!WriteFile(out, block + at, n - at, &done, NULL))
                return GetLastError() == ERROR_NO_DATA || GetLastError() == ERROR_BROKEN_PIPE ? 5 : 6;
    }
}
