/* Waits for a console event and says which came. */
#include <stdio.h>
#include <windows.h>

static HANDLE came;
static DWORD which;

static BOOL WINAPI handler(DWORD event)
{
    which = event;
    SetEvent(came);
    return TRUE;
}

int main(void)
{
    came = CreateEventA(NULL, TRUE, FALSE, NULL);
    SetConsoleCtrlHandler(handler, TRUE);
    printf("ready\n");
    fflush(stdout);
    WaitForSingleObject(came, INFINITE);
    printf("event %lu\n", which);
    return 0;
}
