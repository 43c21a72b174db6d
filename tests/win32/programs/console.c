/* The console as a Win32 program sees it on a terminal: modes, size, colours, keys, code pages. */
#include <windows.h>
#include <conio.h>
#include <stdio.h>
#include <string.h>

static HANDLE in, out;

static void say(const char *what, long value)
{
    printf("%s %ld\r\n", what, value);
    fflush(stdout);
}

int main(void)
{
    CONSOLE_SCREEN_BUFFER_INFO info;
    CONSOLE_CURSOR_INFO cursor = {25, TRUE};
    INPUT_RECORD record;
    DWORD mode, n, pids[16];
    WCHAR text[64];
    char bytes[64];
    int c;

    setvbuf(stdout, NULL, _IONBF, 0);
    in = GetStdHandle(STD_INPUT_HANDLE);
    out = GetStdHandle(STD_OUTPUT_HANDLE);
    /* Each step is awaited by the test before it types what follows. */
    say("type", GetFileType(in) * 10 + GetFileType(out));
    GetConsoleMode(in, &mode);
    say("input mode", mode);
    GetConsoleMode(out, &mode);
    say("output mode", mode);
    say("code pages", GetConsoleCP() * 1000 + GetConsoleOutputCP());
    say("info", GetConsoleScreenBufferInfo(out, &info));
    printf("size %d %d window %d %d attributes %d\r\n", info.dwSize.X, info.dwSize.Y,
           info.srWindow.Right, info.srWindow.Bottom, info.wAttributes);
    say("attribute", SetConsoleTextAttribute(out, FOREGROUND_RED | FOREGROUND_INTENSITY));
    printf("red\r\n");
    SetConsoleTextAttribute(out, 7);
    say("title", SetConsoleTitleW(L"a title"));
    n = GetConsoleTitleW(text, 64);
    printf("title %ld %ls\r\n", (long)n, text);
    say("write", WriteConsoleW(out, L"\x4e2d\xd83d\xde00 caf\xe9\r\n", 10, &n, NULL));
    say("written", n);
    SetConsoleOutputCP(65001);
    WriteFile(out, "utf8 \xc3\xa4\xe2\x82\xac\r\n", 12, &n, NULL);
    SetConsoleOutputCP(437);
    WriteFile(out, "oem \x84\x9b\r\n", 8, &n, NULL);
    say("cursor", SetConsoleCursorInfo(out, &cursor));
    say("processes", GetConsoleProcessList(pids, 16) > 0);
    say("window", GetConsoleWindow() != NULL);
    say("bad size", SetConsoleScreenBufferSize(out, (COORD){5000, 5000}));
    printf("keys\r\n");
    say("hit", _kbhit() != 0);
    c = _getch();
    say("key", c);
    c = _getch();
    say("arrow", c);
    if (c == 0xe0 || c == 0)
        say("code", _getch());
    FlushConsoleInputBuffer(in);
    printf("records\r\n");
    while (ReadConsoleInputW(in, &record, 1, &n) && n == 1) {
        if (record.EventType != KEY_EVENT)
            continue;
        printf("key %d down %d unit %d state %lx\r\n", record.Event.KeyEvent.wVirtualKeyCode,
               record.Event.KeyEvent.bKeyDown, record.Event.KeyEvent.uChar.UnicodeChar,
               record.Event.KeyEvent.dwControlKeyState & 0x1f);
        if (!record.Event.KeyEvent.bKeyDown)
            break;
    }
    GetNumberOfConsoleInputEvents(in, &n);
    say("events", n);
    FlushConsoleInputBuffer(in);
    printf("line\r\n");
    say("read", ReadConsoleW(in, text, 64, &n, NULL));
    printf("units %ld:", (long)n);
    for (DWORD i = 0; i < n; i++)
        printf(" %x", text[i]);
    printf("\r\n");
    GetConsoleMode(in, &mode);
    SetConsoleMode(in, mode & ~(ENABLE_LINE_INPUT | ENABLE_ECHO_INPUT));
    printf("raw\r\n");
    say("read", ReadConsoleW(in, text, 64, &n, NULL));
    say("units", n);
    SetConsoleMode(in, mode);
    printf("gets\r\n");
    if (fgets(bytes, sizeof bytes, stdin))
        printf("got %d <%.*s>\r\n", (int)strlen(bytes), (int)strcspn(bytes, "\r\n"), bytes);
    printf("conin %d\r\n", CreateFileA("CONIN$", GENERIC_READ | GENERIC_WRITE, 3, NULL, OPEN_EXISTING,
                                       0, NULL) != INVALID_HANDLE_VALUE);
    return 0;
}
