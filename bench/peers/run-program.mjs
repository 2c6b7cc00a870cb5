/**
 * What a handler of a Node queue does to run a program: no pipes, and an exit code other than 0 is an error.
 */
import { spawn } from 'node:child_process'

export function runProgram(program, param) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [param], { stdio: 'ignore' })
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      if (code === 0) resolve()
      else reject(new Error(`${program} ended with ${signal ?? code}.`))
    })
  })
}
