/* Files with the C library and with the Win32 API, in the current directory or the one given. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#define SAY(call) printf("%s -> %lu\n", #call, (unsigned long)((call) ? 0 : GetLastError()))

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void list(void)
{
    static char names[64][300];
    WIN32_FIND_DATAW data;
    HANDLE find = FindFirstFileW(L"*", &data);
    int n = 0;

    if (find == INVALID_HANDLE_VALUE) {
        printf("list: %lu\n", GetLastError());
        return;
    }
    do {
        char name[260];
        WideCharToMultiByte(CP_UTF8, 0, data.cFileName, -1, name, sizeof name, NULL, NULL);
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && n < 64)
            snprintf(names[n++], sizeof *names, "%s %s %lu", name,
                     data.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY ? "dir" : "file",
                     data.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY ? 0 : data.nFileSizeLow);
    } while (FindNextFileW(find, &data));
    printf("end of list: %lu\n", GetLastError());
    FindClose(find);
    qsort(names, n, sizeof *names, compare);
    for (int i = 0; i < n; i++)
        printf("  %s\n", names[i]);
}

int main(int argc, char **argv)
{
    char text[256] = "";
    DWORD n;
    LARGE_INTEGER size;
    HANDLE file;
    FILE *stream;

    if (argc > 1)
        SAY(SetCurrentDirectoryA(argv[1]));
    stream = fopen("text.txt", "w");
    fprintf(stream, "one\ntwo\n");
    fclose(stream);
    stream = fopen("text.txt", "rb");
    n = fread(text, 1, sizeof text, stream);
    fclose(stream);
    printf("%lu bytes, %d carriage returns\n", n, strchr(text, '\r') != NULL);
    stream = fopen("text.txt", "a+b");
    fseek(stream, 1, SEEK_SET);
    printf("%c%c ", fgetc(stream), fgetc(stream));
    fseek(stream, 0, SEEK_END);
    printf("%ld\n", ftell(stream));
    fclose(stream);
    printf("%d %d\n", fopen("no/such", "r") == NULL, errno);

    file = CreateFileW(L"caf\x00e9 \x4e16.bin", GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_NEW,
                       FILE_ATTRIBUTE_NORMAL, NULL);
    printf("create %d\n", file != INVALID_HANDLE_VALUE);
    SAY(WriteFile(file, "0123456789", 10, &n, NULL));
    printf("%lu\n", SetFilePointer(file, 4, NULL, FILE_BEGIN));
    SAY(ReadFile(file, text, 3, &n, NULL));
    printf("%.*s\n", (int)n, text);
    SAY(SetEndOfFile(file));
    SAY(GetFileSizeEx(file, &size));
    printf("%lld\n", size.QuadPart);
    printf("shared %d",
           CreateFileW(L"caf\x00e9 \x4e16.bin", GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0,
                       NULL) == INVALID_HANDLE_VALUE);
    printf(" %lu\n", GetLastError());
    CloseHandle(file);
    file = CreateFileW(L"CAF\x00c9 \x4e16.BIN", GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0,
                       NULL);
    printf("any case %d\n", file != INVALID_HANDLE_VALUE);
    CloseHandle(file);
    SAY(CreateDirectoryA("sub", NULL));
    SAY(CreateDirectoryA("sub", NULL));
    SAY(CopyFileA("text.txt", "sub\\copy.txt", TRUE));
    SAY(CopyFileA("text.txt", "sub\\copy.txt", TRUE));
    SAY(MoveFileA("sub\\copy.txt", "sub\\moved.txt"));
    SAY(RemoveDirectoryA("sub"));
    list();
    SAY(DeleteFileA("sub\\moved.txt"));
    SAY(DeleteFileA("sub\\moved.txt"));
    SAY(RemoveDirectoryA("sub"));
    SAY(SetFileAttributesA("text.txt", FILE_ATTRIBUTE_READONLY));
    printf("%lx\n", GetFileAttributesA("text.txt") & FILE_ATTRIBUTE_READONLY);
    SAY(DeleteFileA("text.txt"));
    SAY(SetFileAttributesA("text.txt", FILE_ATTRIBUTE_NORMAL));
    SAY(DeleteFileA("text.txt"));
    file = CreateFileA("gone", GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_FLAG_DELETE_ON_CLOSE, NULL);
    CloseHandle(file);
    printf("%lx\n", GetFileAttributesA("gone"));
    SAY(DeleteFileW(L"caf\x00e9 \x4e16.bin"));
    list();
    return 0;
}
