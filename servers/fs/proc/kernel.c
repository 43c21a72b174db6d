/* /proc/sys/kernel and what programs look for in /proc/net on a machine without network. */
#include "proc.h"

static PROC_TEXT(release)
{
    (void)client;
    (void)tag;
    text_print(text, PROC_RELEASE "\n");
    return JN_OK;
}

static PROC_TEXT(type)
{
    (void)client;
    (void)tag;
    text_print(text, "Linux\n");
    return JN_OK;
}

static PROC_TEXT(version)
{
    (void)client;
    (void)tag;
    text_print(text, "#1 SMP Janus\n");
    return JN_OK;
}

static PROC_TEXT(pid_max)
{
    (void)client;
    (void)tag;
    text_print(text, "%d\n", PROC_PID_MAX);
    return JN_OK;
}

static PROC_TEXT(host_name)
{
    (void)client;
    (void)tag;
    text_print(text, "janus\n");
    return JN_OK;
}

static PROC_TEXT(domain_name)
{
    (void)client;
    (void)tag;
    text_print(text, "(none)\n");
    return JN_OK;
}

#define FILE_MODE (MODE_FILE | 0444)

static const struct made_item kernel_items[] = {
    {.name = "domainname", .mode = FILE_MODE, .text = domain_name, .number = 40},
    {.name = "hostname", .mode = FILE_MODE, .text = host_name, .number = 41},
    {.name = "osrelease", .mode = FILE_MODE, .text = release, .number = 42},
    {.name = "ostype", .mode = FILE_MODE, .text = type, .number = 43},
    {.name = "pid_max", .mode = FILE_MODE, .text = pid_max, .number = 44},
    {.name = "version", .mode = FILE_MODE, .text = version, .number = 45},
};
const struct made_directory proc_kernel = MADE_DIRECTORY(kernel_items);

static PROC_TEXT(devices)
{
    (void)client;
    (void)tag;
    text_print(text,
               "Inter-|   Receive                                                |  Transmit\n"
               " face |bytes    packets errs drop fifo frame compressed multicast|bytes    "
               "packets errs drop fifo colls carrier compressed\n");
    return JN_OK;
}

static PROC_TEXT(routes)
{
    (void)client;
    (void)tag;
    text_print(text, "%-127s\n", "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask"
                                 "\t\tMTU\tWindow\tIRTT");
    return JN_OK;
}

static PROC_TEXT(sockets)
{
    (void)client;
    (void)tag;
    text_print(text, "%-149s\n", "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when"
                                 " retrnsmt   uid  timeout inode");
    return JN_OK;
}

static PROC_TEXT(unix_sockets)
{
    (void)client;
    (void)tag;
    text_print(text, "Num       RefCount Protocol Flags    Type St Inode Path\n");
    return JN_OK;
}

static const struct made_item network_items[] = {
    {.name = "dev", .mode = FILE_MODE, .text = devices, .number = 50},
    {.name = "route", .mode = FILE_MODE, .text = routes, .number = 51},
    {.name = "tcp", .mode = FILE_MODE, .text = sockets, .number = 52},
    {.name = "udp", .mode = FILE_MODE, .text = sockets, .number = 53},
    {.name = "unix", .mode = FILE_MODE, .text = unix_sockets, .number = 54},
};
const struct made_directory proc_network = MADE_DIRECTORY(network_items);
