/* Every service the core knows: name, function, number of arguments. Sorted by name (strcmp).
 * What is missing here answers STATUS_NOT_IMPLEMENTED and is logged (nt_core.c). */
#include "core.h"

#define SERVICES(X) \
    X(NtAccessCheck, NtAccessCheck, 8) \
    X(NtAddAtom, NtAddAtom, 3) \
    X(NtAdjustPrivilegesToken, NtAdjustPrivilegesToken, 6) \
    X(NtAlertResumeThread, NtAlertResumeThread, 2) \
    X(NtAlertThread, NtAlertThread, 1) \
    X(NtAlertThreadByThreadId, NtAlertThreadByThreadId, 1) \
    X(NtAllocateLocallyUniqueId, NtAllocateLocallyUniqueId, 1) \
    X(NtAllocateUuids, NtAllocateUuids, 4) \
    X(NtAllocateVirtualMemory, NtAllocateVirtualMemory, 6) \
    X(NtAllocateVirtualMemoryEx, NtAllocateVirtualMemoryEx, 7) \
    X(NtAreMappedFilesTheSame, NtAreMappedFilesTheSame, 2) \
    X(NtAssignProcessToJobObject, NtAssignProcessToJobObject, 2) \
    X(NtCancelIoFile, NtCancelIoFile, 2) \
    X(NtCancelIoFileEx, NtCancelIoFileEx, 3) \
    X(NtCancelSynchronousIoFile, NtCancelSynchronousIoFile, 3) \
    X(NtCancelTimer, NtCancelTimer, 2) \
    X(NtClearEvent, NtClearEvent, 1) \
    X(NtClose, NtClose, 1) \
    X(NtCompareObjects, NtCompareObjects, 2) \
    X(NtContinue, NtContinue, 2) \
    X(NtCreateDirectoryObject, NtCreateDirectoryObject, 3) \
    X(NtCreateEvent, NtCreateEvent, 5) \
    X(NtCreateFile, NtCreateFile, 11) \
    X(NtCreateIoCompletion, NtCreateIoCompletion, 4) \
    X(NtCreateJobObject, NtCreateJobObject, 3) \
    X(NtCreateKey, NtCreateKey, 7) \
    X(NtCreateKeyedEvent, NtCreateKeyedEvent, 4) \
    X(NtCreateMutant, NtCreateMutant, 4) \
    X(NtCreateNamedPipeFile, NtCreateNamedPipeFile, 14) \
    X(NtCreatePagingFile, privilege_missing, 0) \
    X(NtCreateSection, NtCreateSection, 7) \
    X(NtCreateSemaphore, NtCreateSemaphore, 5) \
    X(NtCreateSymbolicLinkObject, NtCreateSymbolicLinkObject, 4) \
    X(NtCreateThreadEx, NtCreateThreadEx, 11) \
    X(NtCreateTimer, NtCreateTimer, 4) \
    X(NtCreateUserProcess, NtCreateUserProcess, 11) \
    X(NtDelayExecution, NtDelayExecution, 2) \
    X(NtDeleteAtom, NtDeleteAtom, 1) \
    X(NtDeleteFile, NtDeleteFile, 1) \
    X(NtDeleteKey, NtDeleteKey, 1) \
    X(NtDeleteValueKey, NtDeleteValueKey, 2) \
    X(NtDeviceIoControlFile, NtDeviceIoControlFile, 10) \
    X(NtDisplayString, NtDisplayString, 1) \
    X(NtDuplicateObject, NtDuplicateObject, 7) \
    X(NtDuplicateToken, NtDuplicateToken, 6) \
    X(NtEnumerateKey, NtEnumerateKey, 6) \
    X(NtEnumerateValueKey, NtEnumerateValueKey, 6) \
    X(NtExtendSection, NtExtendSection, 2) \
    X(NtFindAtom, NtFindAtom, 3) \
    X(NtFlushBuffersFile, NtFlushBuffersFile, 2) \
    X(NtFlushInstructionCache, NtFlushInstructionCache, 3) \
    X(NtFlushKey, NtFlushKey, 1) \
    X(NtFlushProcessWriteBuffers, NtFlushProcessWriteBuffers, 0) \
    X(NtFlushVirtualMemory, NtFlushVirtualMemory, 4) \
    X(NtFreeVirtualMemory, NtFreeVirtualMemory, 4) \
    X(NtFsControlFile, NtFsControlFile, 10) \
    X(NtGetContextThread, NtGetContextThread, 2) \
    X(NtGetCurrentProcessorNumber, NtGetCurrentProcessorNumber, 0) \
    X(NtGetNextThread, NtGetNextThread, 6) \
    X(NtGetNlsSectionPtr, NtGetNlsSectionPtr, 5) \
    X(NtGetTickCount, NtGetTickCount, 1) \
    X(NtGetWriteWatch, NtGetWriteWatch, 7) \
    X(NtInitializeNlsFiles, NtInitializeNlsFiles, 3) \
    X(NtInitiatePowerAction, privilege_missing, 0) \
    X(NtIsProcessInJob, NtIsProcessInJob, 2) \
    X(NtLoadDriver, privilege_missing, 0) \
    X(NtLockFile, NtLockFile, 10) \
    X(NtLockVirtualMemory, NtLockVirtualMemory, 4) \
    X(NtMakeTemporaryObject, NtMakeTemporaryObject, 1) \
    X(NtMapViewOfSection, NtMapViewOfSection, 10) \
    X(NtMapViewOfSectionEx, NtMapViewOfSectionEx, 9) \
    X(NtNotifyChangeDirectoryFile, NtNotifyChangeDirectoryFile, 9) \
    X(NtNotifyChangeKey, NtNotifyChangeKey, 10) \
    X(NtNotifyChangeMultipleKeys, NtNotifyChangeMultipleKeys, 12) \
    X(NtOpenDirectoryObject, NtOpenDirectoryObject, 3) \
    X(NtOpenEvent, NtOpenEvent, 3) \
    X(NtOpenFile, NtOpenFile, 6) \
    X(NtOpenIoCompletion, NtOpenIoCompletion, 3) \
    X(NtOpenJobObject, NtOpenJobObject, 3) \
    X(NtOpenKey, NtOpenKey, 3) \
    X(NtOpenKeyEx, NtOpenKeyEx, 4) \
    X(NtOpenKeyedEvent, NtOpenKeyedEvent, 3) \
    X(NtOpenMutant, NtOpenMutant, 3) \
    X(NtOpenProcess, NtOpenProcess, 4) \
    X(NtOpenProcessToken, NtOpenProcessToken, 3) \
    X(NtOpenProcessTokenEx, NtOpenProcessTokenEx, 4) \
    X(NtOpenSection, NtOpenSection, 3) \
    X(NtOpenSemaphore, NtOpenSemaphore, 3) \
    X(NtOpenSymbolicLinkObject, NtOpenSymbolicLinkObject, 3) \
    X(NtOpenThread, NtOpenThread, 4) \
    X(NtOpenThreadToken, NtOpenThreadToken, 4) \
    X(NtOpenThreadTokenEx, NtOpenThreadTokenEx, 5) \
    X(NtOpenTimer, NtOpenTimer, 3) \
    X(NtPowerInformation, NtPowerInformation, 5) \
    X(NtPrivilegeCheck, NtPrivilegeCheck, 3) \
    X(NtProtectVirtualMemory, NtProtectVirtualMemory, 5) \
    X(NtPulseEvent, NtPulseEvent, 2) \
    X(NtQueryAttributesFile, NtQueryAttributesFile, 2) \
    X(NtQueryDefaultLocale, NtQueryDefaultLocale, 2) \
    X(NtQueryDefaultUILanguage, NtQueryDefaultUILanguage, 1) \
    X(NtQueryDirectoryFile, NtQueryDirectoryFile, 11) \
    X(NtQueryDirectoryObject, NtQueryDirectoryObject, 7) \
    X(NtQueryEaFile, NtQueryEaFile, 9) \
    X(NtQueryEvent, NtQueryEvent, 5) \
    X(NtQueryFullAttributesFile, NtQueryFullAttributesFile, 2) \
    X(NtQueryInformationAtom, NtQueryInformationAtom, 5) \
    X(NtQueryInformationFile, NtQueryInformationFile, 5) \
    X(NtQueryInformationJobObject, NtQueryInformationJobObject, 5) \
    X(NtQueryInformationProcess, NtQueryInformationProcess, 5) \
    X(NtQueryInformationThread, NtQueryInformationThread, 5) \
    X(NtQueryInformationToken, NtQueryInformationToken, 5) \
    X(NtQueryInstallUILanguage, NtQueryInstallUILanguage, 1) \
    X(NtQueryIoCompletion, NtQueryIoCompletion, 5) \
    X(NtQueryKey, NtQueryKey, 5) \
    X(NtQueryMultipleValueKey, NtQueryMultipleValueKey, 6) \
    X(NtQueryMutant, NtQueryMutant, 5) \
    X(NtQueryObject, NtQueryObject, 5) \
    X(NtQueryPerformanceCounter, NtQueryPerformanceCounter, 2) \
    X(NtQuerySection, NtQuerySection, 5) \
    X(NtQuerySecurityObject, NtQuerySecurityObject, 5) \
    X(NtQuerySemaphore, NtQuerySemaphore, 5) \
    X(NtQuerySymbolicLinkObject, NtQuerySymbolicLinkObject, 3) \
    X(NtQuerySystemInformation, NtQuerySystemInformation, 4) \
    X(NtQuerySystemInformationEx, NtQuerySystemInformationEx, 6) \
    X(NtQuerySystemTime, NtQuerySystemTime, 1) \
    X(NtQueryTimer, NtQueryTimer, 5) \
    X(NtQueryTimerResolution, NtQueryTimerResolution, 3) \
    X(NtQueryValueKey, NtQueryValueKey, 6) \
    X(NtQueryVirtualMemory, NtQueryVirtualMemory, 6) \
    X(NtQueryVolumeInformationFile, NtQueryVolumeInformationFile, 5) \
    X(NtQueueApcThread, NtQueueApcThread, 5) \
    X(NtRaiseException, NtRaiseException, 3) \
    X(NtRaiseHardError, NtRaiseHardError, 6) \
    X(NtReadFile, NtReadFile, 9) \
    X(NtReadFileScatter, NtReadFileScatter, 9) \
    X(NtReadVirtualMemory, NtReadVirtualMemory, 5) \
    X(NtReleaseKeyedEvent, NtReleaseKeyedEvent, 4) \
    X(NtReleaseMutant, NtReleaseMutant, 2) \
    X(NtReleaseSemaphore, NtReleaseSemaphore, 3) \
    X(NtRemoveIoCompletion, NtRemoveIoCompletion, 5) \
    X(NtRemoveIoCompletionEx, NtRemoveIoCompletionEx, 6) \
    X(NtRenameKey, NtRenameKey, 2) \
    X(NtResetEvent, NtResetEvent, 2) \
    X(NtResetWriteWatch, NtResetWriteWatch, 3) \
    X(NtResumeProcess, NtResumeProcess, 1) \
    X(NtResumeThread, NtResumeThread, 2) \
    X(NtSetContextThread, NtSetContextThread, 2) \
    X(NtSetDebugFilterState, NtSetDebugFilterState, 3) \
    X(NtSetDefaultLocale, NtSetDefaultLocale, 2) \
    X(NtSetDefaultUILanguage, NtSetDefaultUILanguage, 1) \
    X(NtSetEaFile, NtSetEaFile, 4) \
    X(NtSetEvent, NtSetEvent, 2) \
    X(NtSetInformationFile, NtSetInformationFile, 5) \
    X(NtSetInformationJobObject, NtSetInformationJobObject, 4) \
    X(NtSetInformationKey, NtSetInformationKey, 4) \
    X(NtSetInformationObject, NtSetInformationObject, 4) \
    X(NtSetInformationProcess, NtSetInformationProcess, 4) \
    X(NtSetInformationThread, NtSetInformationThread, 4) \
    X(NtSetInformationToken, NtSetInformationToken, 4) \
    X(NtSetInformationVirtualMemory, NtSetInformationVirtualMemory, 6) \
    X(NtSetIoCompletion, NtSetIoCompletion, 5) \
    X(NtSetSecurityObject, NtSetSecurityObject, 3) \
    X(NtSetSystemInformation, NtSetSystemInformation, 3) \
    X(NtSetSystemTime, NtSetSystemTime, 2) \
    X(NtSetThreadExecutionState, NtSetThreadExecutionState, 2) \
    X(NtSetTimer, NtSetTimer, 7) \
    X(NtSetTimerResolution, NtSetTimerResolution, 3) \
    X(NtSetValueKey, NtSetValueKey, 6) \
    X(NtSetVolumeInformationFile, NtSetVolumeInformationFile, 5) \
    X(NtShutdownSystem, privilege_missing, 0) \
    X(NtSignalAndWaitForSingleObject, NtSignalAndWaitForSingleObject, 4) \
    X(NtSuspendProcess, NtSuspendProcess, 1) \
    X(NtSuspendThread, NtSuspendThread, 2) \
    X(NtSystemDebugControl, privilege_missing, 0) \
    X(NtTerminateJobObject, NtTerminateJobObject, 2) \
    X(NtTerminateProcess, NtTerminateProcess, 2) \
    X(NtTerminateThread, NtTerminateThread, 2) \
    X(NtTestAlert, NtTestAlert, 1) \
    X(NtUnloadDriver, privilege_missing, 0) \
    X(NtUnlockFile, NtUnlockFile, 5) \
    X(NtUnlockVirtualMemory, NtUnlockVirtualMemory, 4) \
    X(NtUnmapViewOfSection, NtUnmapViewOfSection, 2) \
    X(NtUnmapViewOfSectionEx, NtUnmapViewOfSectionEx, 3) \
    X(NtUserCallHwnd, user_nothing, 0) \
    X(NtUserCallNoParam, user_nothing, 0) \
    X(NtUserCallOneParam, user_nothing, 0) \
    X(NtUserDestroyWindow, user_nothing, 0) \
    X(NtUserFindExistingCursorIcon, user_nothing, 0) \
    X(NtUserGetClassInfoEx, user_nothing, 0) \
    X(NtUserGetMessage, user_nothing, 0) \
    X(NtUserGetProcessDpiAwarenessContext, user_nothing, 0) \
    X(NtUserGetProcessWindowStation, user_nothing, 0) \
    X(NtUserGetSystemDpiForProcess, user_nothing, 0) \
    X(NtUserGetThreadDesktop, user_nothing, 0) \
    X(NtUserInitializeClientPfnArrays, user_nothing, 0) \
    X(NtUserMessageCall, user_nothing, 0) \
    X(NtUserMsgWaitForMultipleObjectsEx, user_nothing, 0) \
    X(NtUserPeekMessage, user_nothing, 0) \
    X(NtUserRegisterClassExWOW, user_nothing, 0) \
    X(NtUserSetProcessDpiAwarenessContext, user_nothing, 0) \
    X(NtUserSetWinEventHook, user_nothing, 0) \
    X(NtWaitForAlertByThreadId, NtWaitForAlertByThreadId, 2) \
    X(NtWaitForKeyedEvent, NtWaitForKeyedEvent, 4) \
    X(NtWaitForMultipleObjects, NtWaitForMultipleObjects, 5) \
    X(NtWaitForSingleObject, NtWaitForSingleObject, 3) \
    X(NtWriteFile, NtWriteFile, 9) \
    X(NtWriteFileGather, NtWriteFileGather, 9) \
    X(NtWriteVirtualMemory, NtWriteVirtualMemory, 5) \
    X(NtYieldExecution, NtYieldExecution, 0) \
    X(__wine_dbg_write, wine_dbg_write, 2)

nt_status NtAccessCheck(struct nt_thread *, const uint64_t *);
nt_status NtAddAtom(struct nt_thread *, const uint64_t *);
nt_status NtAdjustPrivilegesToken(struct nt_thread *, const uint64_t *);
nt_status NtAlertResumeThread(struct nt_thread *, const uint64_t *);
nt_status NtAlertThread(struct nt_thread *, const uint64_t *);
nt_status NtAlertThreadByThreadId(struct nt_thread *, const uint64_t *);
nt_status NtAllocateLocallyUniqueId(struct nt_thread *, const uint64_t *);
nt_status NtAllocateUuids(struct nt_thread *, const uint64_t *);
nt_status NtAllocateVirtualMemory(struct nt_thread *, const uint64_t *);
nt_status NtAllocateVirtualMemoryEx(struct nt_thread *, const uint64_t *);
nt_status NtAreMappedFilesTheSame(struct nt_thread *, const uint64_t *);
nt_status NtAssignProcessToJobObject(struct nt_thread *, const uint64_t *);
nt_status NtCancelIoFile(struct nt_thread *, const uint64_t *);
nt_status NtCancelIoFileEx(struct nt_thread *, const uint64_t *);
nt_status NtCancelSynchronousIoFile(struct nt_thread *, const uint64_t *);
nt_status NtCancelTimer(struct nt_thread *, const uint64_t *);
nt_status NtClearEvent(struct nt_thread *, const uint64_t *);
nt_status NtClose(struct nt_thread *, const uint64_t *);
nt_status NtCompareObjects(struct nt_thread *, const uint64_t *);
nt_status NtContinue(struct nt_thread *, const uint64_t *);
nt_status NtCreateDirectoryObject(struct nt_thread *, const uint64_t *);
nt_status NtCreateEvent(struct nt_thread *, const uint64_t *);
nt_status NtCreateFile(struct nt_thread *, const uint64_t *);
nt_status NtCreateIoCompletion(struct nt_thread *, const uint64_t *);
nt_status NtCreateJobObject(struct nt_thread *, const uint64_t *);
nt_status NtCreateKey(struct nt_thread *, const uint64_t *);
nt_status NtCreateKeyedEvent(struct nt_thread *, const uint64_t *);
nt_status NtCreateMutant(struct nt_thread *, const uint64_t *);
nt_status NtCreateNamedPipeFile(struct nt_thread *, const uint64_t *);
nt_status NtCreateSection(struct nt_thread *, const uint64_t *);
nt_status NtCreateSemaphore(struct nt_thread *, const uint64_t *);
nt_status NtCreateSymbolicLinkObject(struct nt_thread *, const uint64_t *);
nt_status NtCreateThreadEx(struct nt_thread *, const uint64_t *);
nt_status NtCreateTimer(struct nt_thread *, const uint64_t *);
nt_status NtCreateUserProcess(struct nt_thread *, const uint64_t *);
nt_status NtDelayExecution(struct nt_thread *, const uint64_t *);
nt_status NtDeleteAtom(struct nt_thread *, const uint64_t *);
nt_status NtDeleteFile(struct nt_thread *, const uint64_t *);
nt_status NtDeleteKey(struct nt_thread *, const uint64_t *);
nt_status NtDeleteValueKey(struct nt_thread *, const uint64_t *);
nt_status NtDeviceIoControlFile(struct nt_thread *, const uint64_t *);
nt_status NtDisplayString(struct nt_thread *, const uint64_t *);
nt_status NtDuplicateObject(struct nt_thread *, const uint64_t *);
nt_status NtDuplicateToken(struct nt_thread *, const uint64_t *);
nt_status NtEnumerateKey(struct nt_thread *, const uint64_t *);
nt_status NtEnumerateValueKey(struct nt_thread *, const uint64_t *);
nt_status NtExtendSection(struct nt_thread *, const uint64_t *);
nt_status NtFindAtom(struct nt_thread *, const uint64_t *);
nt_status NtFlushBuffersFile(struct nt_thread *, const uint64_t *);
nt_status NtFlushInstructionCache(struct nt_thread *, const uint64_t *);
nt_status NtFlushKey(struct nt_thread *, const uint64_t *);
nt_status NtFlushProcessWriteBuffers(struct nt_thread *, const uint64_t *);
nt_status NtFlushVirtualMemory(struct nt_thread *, const uint64_t *);
nt_status NtFreeVirtualMemory(struct nt_thread *, const uint64_t *);
nt_status NtFsControlFile(struct nt_thread *, const uint64_t *);
nt_status NtGetContextThread(struct nt_thread *, const uint64_t *);
nt_status NtGetCurrentProcessorNumber(struct nt_thread *, const uint64_t *);
nt_status NtGetNextThread(struct nt_thread *, const uint64_t *);
nt_status NtGetNlsSectionPtr(struct nt_thread *, const uint64_t *);
nt_status NtGetTickCount(struct nt_thread *, const uint64_t *);
nt_status NtGetWriteWatch(struct nt_thread *, const uint64_t *);
nt_status NtInitializeNlsFiles(struct nt_thread *, const uint64_t *);
nt_status NtIsProcessInJob(struct nt_thread *, const uint64_t *);
nt_status NtLockFile(struct nt_thread *, const uint64_t *);
nt_status NtLockVirtualMemory(struct nt_thread *, const uint64_t *);
nt_status NtMakeTemporaryObject(struct nt_thread *, const uint64_t *);
nt_status NtMapViewOfSection(struct nt_thread *, const uint64_t *);
nt_status NtMapViewOfSectionEx(struct nt_thread *, const uint64_t *);
nt_status NtNotifyChangeDirectoryFile(struct nt_thread *, const uint64_t *);
nt_status NtNotifyChangeKey(struct nt_thread *, const uint64_t *);
nt_status NtNotifyChangeMultipleKeys(struct nt_thread *, const uint64_t *);
nt_status NtOpenDirectoryObject(struct nt_thread *, const uint64_t *);
nt_status NtOpenEvent(struct nt_thread *, const uint64_t *);
nt_status NtOpenFile(struct nt_thread *, const uint64_t *);
nt_status NtOpenIoCompletion(struct nt_thread *, const uint64_t *);
nt_status NtOpenJobObject(struct nt_thread *, const uint64_t *);
nt_status NtOpenKey(struct nt_thread *, const uint64_t *);
nt_status NtOpenKeyEx(struct nt_thread *, const uint64_t *);
nt_status NtOpenKeyedEvent(struct nt_thread *, const uint64_t *);
nt_status NtOpenMutant(struct nt_thread *, const uint64_t *);
nt_status NtOpenProcess(struct nt_thread *, const uint64_t *);
nt_status NtOpenProcessToken(struct nt_thread *, const uint64_t *);
nt_status NtOpenProcessTokenEx(struct nt_thread *, const uint64_t *);
nt_status NtOpenSection(struct nt_thread *, const uint64_t *);
nt_status NtOpenSemaphore(struct nt_thread *, const uint64_t *);
nt_status NtOpenSymbolicLinkObject(struct nt_thread *, const uint64_t *);
nt_status NtOpenThread(struct nt_thread *, const uint64_t *);
nt_status NtOpenThreadToken(struct nt_thread *, const uint64_t *);
nt_status NtOpenThreadTokenEx(struct nt_thread *, const uint64_t *);
nt_status NtOpenTimer(struct nt_thread *, const uint64_t *);
nt_status NtPowerInformation(struct nt_thread *, const uint64_t *);
nt_status NtPrivilegeCheck(struct nt_thread *, const uint64_t *);
nt_status NtProtectVirtualMemory(struct nt_thread *, const uint64_t *);
nt_status NtPulseEvent(struct nt_thread *, const uint64_t *);
nt_status NtQueryAttributesFile(struct nt_thread *, const uint64_t *);
nt_status NtQueryDefaultLocale(struct nt_thread *, const uint64_t *);
nt_status NtQueryDefaultUILanguage(struct nt_thread *, const uint64_t *);
nt_status NtQueryDirectoryFile(struct nt_thread *, const uint64_t *);
nt_status NtQueryDirectoryObject(struct nt_thread *, const uint64_t *);
nt_status NtQueryEaFile(struct nt_thread *, const uint64_t *);
nt_status NtQueryEvent(struct nt_thread *, const uint64_t *);
nt_status NtQueryFullAttributesFile(struct nt_thread *, const uint64_t *);
nt_status NtQueryInformationAtom(struct nt_thread *, const uint64_t *);
nt_status NtQueryInformationFile(struct nt_thread *, const uint64_t *);
nt_status NtQueryInformationJobObject(struct nt_thread *, const uint64_t *);
nt_status NtQueryInformationProcess(struct nt_thread *, const uint64_t *);
nt_status NtQueryInformationThread(struct nt_thread *, const uint64_t *);
nt_status NtQueryInformationToken(struct nt_thread *, const uint64_t *);
nt_status NtQueryInstallUILanguage(struct nt_thread *, const uint64_t *);
nt_status NtQueryIoCompletion(struct nt_thread *, const uint64_t *);
nt_status NtQueryKey(struct nt_thread *, const uint64_t *);
nt_status NtQueryMultipleValueKey(struct nt_thread *, const uint64_t *);
nt_status NtQueryMutant(struct nt_thread *, const uint64_t *);
nt_status NtQueryObject(struct nt_thread *, const uint64_t *);
nt_status NtQueryPerformanceCounter(struct nt_thread *, const uint64_t *);
nt_status NtQuerySection(struct nt_thread *, const uint64_t *);
nt_status NtQuerySecurityObject(struct nt_thread *, const uint64_t *);
nt_status NtQuerySemaphore(struct nt_thread *, const uint64_t *);
nt_status NtQuerySymbolicLinkObject(struct nt_thread *, const uint64_t *);
nt_status NtQuerySystemInformation(struct nt_thread *, const uint64_t *);
nt_status NtQuerySystemInformationEx(struct nt_thread *, const uint64_t *);
nt_status NtQuerySystemTime(struct nt_thread *, const uint64_t *);
nt_status NtQueryTimer(struct nt_thread *, const uint64_t *);
nt_status NtQueryTimerResolution(struct nt_thread *, const uint64_t *);
nt_status NtQueryValueKey(struct nt_thread *, const uint64_t *);
nt_status NtQueryVirtualMemory(struct nt_thread *, const uint64_t *);
nt_status NtQueryVolumeInformationFile(struct nt_thread *, const uint64_t *);
nt_status NtQueueApcThread(struct nt_thread *, const uint64_t *);
nt_status NtRaiseException(struct nt_thread *, const uint64_t *);
nt_status NtRaiseHardError(struct nt_thread *, const uint64_t *);
nt_status NtReadFile(struct nt_thread *, const uint64_t *);
nt_status NtReadFileScatter(struct nt_thread *, const uint64_t *);
nt_status NtReadVirtualMemory(struct nt_thread *, const uint64_t *);
nt_status NtReleaseKeyedEvent(struct nt_thread *, const uint64_t *);
nt_status NtReleaseMutant(struct nt_thread *, const uint64_t *);
nt_status NtReleaseSemaphore(struct nt_thread *, const uint64_t *);
nt_status NtRemoveIoCompletion(struct nt_thread *, const uint64_t *);
nt_status NtRemoveIoCompletionEx(struct nt_thread *, const uint64_t *);
nt_status NtRenameKey(struct nt_thread *, const uint64_t *);
nt_status NtResetEvent(struct nt_thread *, const uint64_t *);
nt_status NtResetWriteWatch(struct nt_thread *, const uint64_t *);
nt_status NtResumeProcess(struct nt_thread *, const uint64_t *);
nt_status NtResumeThread(struct nt_thread *, const uint64_t *);
nt_status NtSetContextThread(struct nt_thread *, const uint64_t *);
nt_status NtSetDebugFilterState(struct nt_thread *, const uint64_t *);
nt_status NtSetDefaultLocale(struct nt_thread *, const uint64_t *);
nt_status NtSetDefaultUILanguage(struct nt_thread *, const uint64_t *);
nt_status NtSetEaFile(struct nt_thread *, const uint64_t *);
nt_status NtSetEvent(struct nt_thread *, const uint64_t *);
nt_status NtSetInformationFile(struct nt_thread *, const uint64_t *);
nt_status NtSetInformationJobObject(struct nt_thread *, const uint64_t *);
nt_status NtSetInformationKey(struct nt_thread *, const uint64_t *);
nt_status NtSetInformationObject(struct nt_thread *, const uint64_t *);
nt_status NtSetInformationProcess(struct nt_thread *, const uint64_t *);
nt_status NtSetInformationThread(struct nt_thread *, const uint64_t *);
nt_status NtSetInformationToken(struct nt_thread *, const uint64_t *);
nt_status NtSetInformationVirtualMemory(struct nt_thread *, const uint64_t *);
nt_status NtSetIoCompletion(struct nt_thread *, const uint64_t *);
nt_status NtSetSecurityObject(struct nt_thread *, const uint64_t *);
nt_status NtSetSystemInformation(struct nt_thread *, const uint64_t *);
nt_status NtSetSystemTime(struct nt_thread *, const uint64_t *);
nt_status NtSetThreadExecutionState(struct nt_thread *, const uint64_t *);
nt_status NtSetTimer(struct nt_thread *, const uint64_t *);
nt_status NtSetTimerResolution(struct nt_thread *, const uint64_t *);
nt_status NtSetValueKey(struct nt_thread *, const uint64_t *);
nt_status NtSetVolumeInformationFile(struct nt_thread *, const uint64_t *);
nt_status NtSignalAndWaitForSingleObject(struct nt_thread *, const uint64_t *);
nt_status NtSuspendProcess(struct nt_thread *, const uint64_t *);
nt_status NtSuspendThread(struct nt_thread *, const uint64_t *);
nt_status NtTerminateJobObject(struct nt_thread *, const uint64_t *);
nt_status NtTerminateProcess(struct nt_thread *, const uint64_t *);
nt_status NtTerminateThread(struct nt_thread *, const uint64_t *);
nt_status NtTestAlert(struct nt_thread *, const uint64_t *);
nt_status NtUnlockFile(struct nt_thread *, const uint64_t *);
nt_status NtUnlockVirtualMemory(struct nt_thread *, const uint64_t *);
nt_status NtUnmapViewOfSection(struct nt_thread *, const uint64_t *);
nt_status NtUnmapViewOfSectionEx(struct nt_thread *, const uint64_t *);
nt_status NtWaitForAlertByThreadId(struct nt_thread *, const uint64_t *);
nt_status NtWaitForKeyedEvent(struct nt_thread *, const uint64_t *);
nt_status NtWaitForMultipleObjects(struct nt_thread *, const uint64_t *);
nt_status NtWaitForSingleObject(struct nt_thread *, const uint64_t *);
nt_status NtWriteFile(struct nt_thread *, const uint64_t *);
nt_status NtWriteFileGather(struct nt_thread *, const uint64_t *);
nt_status NtWriteVirtualMemory(struct nt_thread *, const uint64_t *);
nt_status NtYieldExecution(struct nt_thread *, const uint64_t *);
nt_status privilege_missing(struct nt_thread *, const uint64_t *);
nt_status user_nothing(struct nt_thread *, const uint64_t *);
nt_status wine_dbg_write(struct nt_thread *, const uint64_t *);

const struct nt_service nt_services[] = {
#define X(name, function, count) {#name, function, count},
    SERVICES(X)
#undef X
};
const size_t nt_service_count = sizeof nt_services / sizeof *nt_services;
