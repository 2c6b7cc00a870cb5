/**
 * Loaded into a process that is measured, with --require: at its end it writes what CPU the process itself has used, in
 * microseconds, into the file OWN_CPU names. All its threads are in it, and none of the programs it ran.
 */
const { writeFileSync } = require('node:fs')

const file = process.env.OWN_CPU
delete process.env.OWN_CPU
process.on('exit', () => {
  const { user, system } = process.cpuUsage()
  writeFileSync(file, String(user + system))
})
