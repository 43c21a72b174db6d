/* What Windows says of the processors, and that a mask binds. */
#include <stdio.h>
#include <windows.h>

int main(void)
{
    SYSTEM_INFO info;
    DWORD_PTR process, system, before;
    SYSTEM_LOGICAL_PROCESSOR_INFORMATION list[256];
    DWORD bytes = sizeof list, cores = 0, wrong = 0;

    GetSystemInfo(&info);
    printf("%lu processors, mask %llx\n", info.dwNumberOfProcessors,
           (unsigned long long)info.dwActiveProcessorMask);
    GetProcessAffinityMask(GetCurrentProcess(), &process, &system);
    printf("process %llx system %llx\n", (unsigned long long)process, (unsigned long long)system);
    if (!GetLogicalProcessorInformation(list, &bytes))
        return 1;
    for (DWORD i = 0; i < bytes / sizeof list[0]; i++)
        cores += list[i].Relationship == RelationProcessorCore;
    printf("%lu cores\n", cores);
    for (DWORD i = 0; i < info.dwNumberOfProcessors; i++) {
        before = SetThreadAffinityMask(GetCurrentThread(), (DWORD_PTR)1 << i);
        if (!i)
            printf("was %llx\n", (unsigned long long)before);
        for (int k = 0; k < 100; k++)
            wrong += GetCurrentProcessorNumber() != i;
    }
    printf("%lu times elsewhere\n", wrong);
    printf("%d\n", SetThreadAffinityMask(GetCurrentThread(), (DWORD_PTR)1 << 60) != 0);
    printf("%d\n", SetProcessAffinityMask(GetCurrentProcess(), 1) != 0);
    printf("%lu\n", GetCurrentProcessorNumber());
    return 0;
}
