# UTF-8 arguments become UTF-16. Oracle: Wine.
args.exe -w 'café' '世界' '😀' 'plain'
