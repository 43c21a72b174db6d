/* Structured exceptions: handlers that mend, that pass on, and what ends a process. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static char *page;
static int depth;

static LONG CALLBACK mend(EXCEPTION_POINTERS *info)
{
    EXCEPTION_RECORD *record = info->ExceptionRecord;

    printf("code %lx", record->ExceptionCode);
    if (record->ExceptionCode == EXCEPTION_ACCESS_VIOLATION) {
        printf(" %s at %+lld", record->ExceptionInformation[0] ? "write" : "read",
               (long long)(record->ExceptionInformation[1] - (ULONG_PTR)page));
        if ((char *)record->ExceptionInformation[1] == page + 8) {
            DWORD old;
            VirtualProtect(page, 4096, PAGE_READWRITE, &old);
            printf(" mended\n");
            return EXCEPTION_CONTINUE_EXECUTION;
        }
    }
    if (record->ExceptionCode == 0xe0001234) {
        printf(" with %lu: %llu\n", record->NumberParameters,
               (unsigned long long)record->ExceptionInformation[0]);
        return EXCEPTION_CONTINUE_EXECUTION;
    }
    if (record->ExceptionCode == EXCEPTION_BREAKPOINT) {
        printf(" breakpoint\n");
        info->ContextRecord->Rip++;
        return EXCEPTION_CONTINUE_EXECUTION;
    }
    if (record->ExceptionCode == EXCEPTION_INT_DIVIDE_BY_ZERO && depth++ == 0) {
        printf(" divide\n");
        info->ContextRecord->Rcx = 5;
        return EXCEPTION_CONTINUE_EXECUTION;
    }
    printf(" passed on\n");
    return EXCEPTION_CONTINUE_SEARCH;
}

static LONG WINAPI last(EXCEPTION_POINTERS *info)
{
    printf("unhandled %lx\n", info->ExceptionRecord->ExceptionCode);
    fflush(stdout);
    return EXCEPTION_EXECUTE_HANDLER;
}

int main(int argc, char **argv)
{
    ULONG_PTR argument = 99;
    long result;

    page = VirtualAlloc(NULL, 4096, MEM_COMMIT, PAGE_READONLY);
    AddVectoredExceptionHandler(1, mend);
    page[8] = 'x';
    printf("%c\n", page[8]);
    RaiseException(0xe0001234, 0, 1, &argument);
    __asm__ volatile("int3");
    __asm__ volatile("mov $0, %%ecx\n\tmov $40, %%eax\n\tcltd\n\tidivl %%ecx"
                     : "=a"(result)
                     :
                     : "ecx", "edx");
    printf("%ld\n", result);
    fflush(stdout);
    if (argc > 1 && strcmp(argv[1], "filter") == 0)
        SetUnhandledExceptionFilter(last);
    if (argc > 1 && strcmp(argv[1], "abort") == 0)
        abort();
    if (argc > 1)
        page[-0x10000000000] = 1;
    return 0;
}
