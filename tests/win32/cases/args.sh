# Every argv survives the way through a command line. Oracle: Wine.
args.exe a 'b c' '' 'd"e' 'f\' 'g\\' 'h\"i' '\\"j k\\' "it's" 'tab	tab' '*' '?' '%PATH%' '^' '&' '|' '<>' '$x' 'back\slash\ space\'
args.exe ''; args.exe '"' '""' '" "' '\' '\ '
