/* What is asked of a file again and again: attributes by name, before and after each thing that changes the answer,
 * also when another process does it; and names that lie where memory begins and ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <winternl.h>

static NTSTATUS(NTAPI *query)(OBJECT_ATTRIBUTES *, void *);
static NTSTATUS(NTAPI *query_full)(OBJECT_ATTRIBUTES *, void *);

/* The answers of six questions, if they are not all the same; else the one. */
static void ask(const char *when, const char *name)
{
    printf("%s: %s:", when, strrchr(name, '\\') ? strrchr(name, '\\') + 1 : name);
    for (int i = 0, same = 0; i < 6; i++) {
        static DWORD last, last_size;
        WIN32_FILE_ATTRIBUTE_DATA data = {0};
        DWORD attributes = GetFileAttributesA(name), error = GetLastError();
        if (attributes == INVALID_FILE_ATTRIBUTES)
            attributes = 0x80000000 | error;
        else if (!GetFileAttributesExA(name, GetFileExInfoStandard, &data) ||
                 data.dwFileAttributes != attributes)
            attributes = 0xbad;
        if (!i || attributes != last || data.nFileSizeLow != last_size)
            printf(same++ ? " then %lx %lu" : " %lx %lu", attributes, data.nFileSizeLow);
        last = attributes;
        last_size = data.nFileSizeLow;
    }
    printf("\n");
}

static void write_file(const char *name, DWORD how, const char *text)
{
    DWORD done;
    HANDLE h = CreateFileA(name, GENERIC_WRITE, 7, NULL, how, 0, NULL);
    SetFilePointer(h, 0, NULL, FILE_END);
    if (h == INVALID_HANDLE_VALUE || !WriteFile(h, text, strlen(text), &done, NULL))
        printf("write: %lu\n", GetLastError());
    CloseHandle(h);
}

static void other_process(char *self, const char *what, const char *name)
{
    char line[2 * MAX_PATH];
    STARTUPINFOA si = {.cb = sizeof si};
    PROCESS_INFORMATION pi;
    snprintf(line, sizeof line, "\"%s\" %s \"%s\"", self, what, name);
    if (!CreateProcessA(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &si, &pi)) {
        printf("process: %lu\n", GetLastError());
        return;
    }
    WaitForSingleObject(pi.hProcess, INFINITE);
    CloseHandle(pi.hThread);
    CloseHandle(pi.hProcess);
}

/* OBJECT_ATTRIBUTES, name and text each at the beginning or the end of the only page around. */
static void at_edges(const char *name)
{
    WCHAR text[MAX_PATH] = L"\\??\\";
    MultiByteToWideChar(CP_ACP, 0, name, -1, text + 4, MAX_PATH - 4);
    size_t bytes = wcslen(text) * 2;
    char *pages[4], result[2][64];
    for (int i = 0; i < 4; i++)
        pages[i] = (char *)VirtualAlloc(NULL, 0x10000, MEM_RESERVE, PAGE_READWRITE) + 0x4000,
        VirtualAlloc(pages[i], 4096, MEM_COMMIT, PAGE_READWRITE);
    for (int edge = 0; edge < 2; edge++) {
        OBJECT_ATTRIBUTES *a = (void *)(pages[0] + (edge ? 4096 - sizeof *a : 0));
        UNICODE_STRING *n = (void *)(pages[1] + (edge ? 4096 - sizeof *n : 0));
        char *t = pages[2] + (edge ? 4096 - bytes : 0);
        memcpy(t, text, bytes);
        *n = (UNICODE_STRING){bytes, bytes, (WCHAR *)t};
        *a = (OBJECT_ATTRIBUTES){
            .Length = sizeof *a, .ObjectName = n, .Attributes = OBJ_CASE_INSENSITIVE};
        for (int i = 0; i < 5; i++) {
            memset(result, 0, sizeof result);
            NTSTATUS s = query(a, result[0]), f = query_full(a, result[1]);
            if (i == 0 || i == 4)
                printf("edge %d: %lx %lx %x %x\n", edge, s, f, *(unsigned *)(result[0] + 32),
                       *(unsigned *)(result[1] + 48));
        }
        printf("bad results: %lx %lx\n", query(a, NULL), query_full(a, pages[3] + 4096 - 8));
        n->Buffer = (WCHAR *)(pages[3] + 4096);
        printf("bad text: %lx\n", query(a, result[0]));
        n->Buffer = (WCHAR *)t;
        a->ObjectName = (void *)(pages[3] - 8);
        printf("bad name: %lx\n", query(a, result[0]));
    }
}

int main(int argc, char **argv)
{
    char self[MAX_PATH], here[MAX_PATH], one[MAX_PATH], two[MAX_PATH], folder[MAX_PATH], inside[MAX_PATH],
        renamed[MAX_PATH], inside_renamed[MAX_PATH], longer[MAX_PATH];
    HMODULE ntdll = GetModuleHandleA("ntdll.dll");
    if (argc == 3) {
        if (!strcmp(argv[1], "append"))
            write_file(argv[2], OPEN_EXISTING, "more");
        else if (!strcmp(argv[1], "hide"))
            SetFileAttributesA(argv[2], FILE_ATTRIBUTE_READONLY);
        else
            SetFileAttributesA(argv[2], FILE_ATTRIBUTE_NORMAL), DeleteFileA(argv[2]);
        return 0;
    }
    query = (void *)GetProcAddress(ntdll, "NtQueryAttributesFile");
    query_full = (void *)GetProcAddress(ntdll, "NtQueryFullAttributesFile");
    GetModuleFileNameA(NULL, self, sizeof self);
    GetCurrentDirectoryA(sizeof here, here);
    snprintf(one, sizeof one, "%.200s\\kept.one", here);
    snprintf(two, sizeof two, "%.200s\\kept.two", here);
    snprintf(folder, sizeof folder, "%.200s\\kept.dir", here);
    snprintf(renamed, sizeof renamed, "%.200s\\kept.moved", here);
    snprintf(inside, sizeof inside, "%.220s\\a", folder);
    snprintf(inside_renamed, sizeof inside_renamed, "%.220s\\a", renamed);
    ask("nothing", one);
    write_file(one, CREATE_NEW, "12345");
    ask("made", one);
    write_file(one, OPEN_EXISTING, "678");
    ask("grown", one);
    SetFileAttributesA(one, FILE_ATTRIBUTE_READONLY);
    ask("read-only", one);
    SetFileAttributesA(one, FILE_ATTRIBUTE_NORMAL);
    ask("normal", one);
    other_process(self, "append", one);
    ask("another appends", one);
    other_process(self, "hide", one);
    ask("another protects", one);
    SetFileAttributesA(one, FILE_ATTRIBUTE_NORMAL);
    MoveFileA(one, two);
    ask("moved", one);
    ask("moved", two);
    CreateDirectoryA(folder, NULL);
    ask("folder", folder);
    write_file(inside, CREATE_NEW, "x");
    ask("inside", inside);
    MoveFileA(folder, renamed);
    ask("folder moved", inside);
    ask("folder moved", inside_renamed);
    DeleteFileA(inside_renamed);
    RemoveDirectoryA(renamed);
    ask("removed", inside_renamed);
    ask("removed", renamed);
    snprintf(longer, sizeof longer, "%.100s\\%0*d", here, 120, 7);
    write_file(longer, CREATE_NEW, "long");
    ask("long", longer);
    DeleteFileA(longer);
    ask("long gone", longer);
    at_edges(two);
    other_process(self, "delete", two);
    ask("another deletes", two);
    CreateDirectoryA(two, NULL);
    ask("a folder instead", two);
    RemoveDirectoryA(two);
    return 0;
}
