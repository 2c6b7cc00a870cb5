// Reads its parameter, and is started for each task.
process.exitCode = Number(new URLSearchParams(process.argv[2]).get('uid')) > 0 ? 0 : 1
