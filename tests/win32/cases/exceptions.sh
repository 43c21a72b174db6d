# C++ exceptions, with libstdc++ as a DLL. Oracle: Wine.
exceptions.exe; echo $?
