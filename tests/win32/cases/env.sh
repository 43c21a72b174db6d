# Environment and current directory; what the shell exports arrives. Oracle: Wine.
unset NOTHERE; export JANUS_TEST='a=b c' EMPTY=
env.exe JANUS_TEST NOTHERE SystemRoot | sed 's/C:\\\\[Ww]/C:\\\\w/'
cd /c/windows/system32 && env.exe | grep '^in'
