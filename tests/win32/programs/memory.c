/* malloc, heaps and virtual memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static void query(const char *what, void *at)
{
    MEMORY_BASIC_INFORMATION info;

    VirtualQuery(at, &info, sizeof info);
    printf("%s: state %lx protect %lx size %llx\n", what, info.State,
           info.State == MEM_COMMIT ? info.Protect : 0, (unsigned long long)info.RegionSize);
}

int main(void)
{
    unsigned sum = 0;
    void *blocks[1000];
    DWORD old;

    for (int i = 0; i < 1000; i++) {
        blocks[i] = malloc(i * 37 + 1);
        memset(blocks[i], i, i * 37 + 1);
    }
    for (int i = 0; i < 1000; i++) {
        sum += ((unsigned char *)blocks[i])[i * 36];
        blocks[i] = realloc(blocks[i], i + 1);
        sum += ((unsigned char *)blocks[i])[i];
        free(blocks[i]);
    }
    printf("%u\n", sum);
    char *large = calloc(64, 1 << 20);
    printf("%d %d\n", large[0], large[(64 << 20) - 1]);
    large[40 << 20] = 1;
    free(large);

    char *area = VirtualAlloc(NULL, 1 << 20, MEM_RESERVE, PAGE_NOACCESS);
    printf("aligned %d\n", ((ULONG_PTR)area & 0xffff) == 0);
    query("reserved", area);
    printf("%d\n", VirtualAlloc(area + 0x10000, 0x3000, MEM_COMMIT, PAGE_READWRITE) == area + 0x10000);
    area[0x10000] = 1;
    query("before", area);
    query("committed", area + 0x10000);
    query("after", area + 0x13000);
    VirtualProtect(area + 0x11000, 0x1000, PAGE_READONLY, &old);
    printf("old %lx\n", old);
    query("read-write", area + 0x10000);
    query("read-only", area + 0x11000);
    printf("%d\n", VirtualFree(area + 0x10000, 0x1000, MEM_DECOMMIT));
    query("decommitted", area + 0x10000);
    printf("%d\n", VirtualFree(area, 0, MEM_RELEASE));
    HANDLE heap = HeapCreate(0, 0, 0);
    char *p = HeapAlloc(heap, HEAP_ZERO_MEMORY, 100);
    printf("%d %d\n", p[99], (int)HeapSize(heap, 0, p));
    printf("%d\n", HeapDestroy(heap));
    return 0;
}
