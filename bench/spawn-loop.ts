/**
 * What a team would write first in Node: one child_process.spawn for each line of standard input, some at a time.
 *
 *     node spawn-loop.ts <at a time> <program> < arguments
 *
 * Nothing of the children is read, and they get a copy of the environment made once, which is the cheapest way.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

const [atOnce = '1', program = ''] = process.argv.slice(2)
const lines = readFileSync(0, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .values()
const environment = { ...process.env }

for (let slot = 0; slot < Number(atOnce); slot++) startNext()

function startNext(): void {
  const { value, done } = lines.next()
  if (done) return
  const child = spawn(program, [value], { stdio: 'ignore', env: environment })
  child.on('error', (error) => {
    throw error
  })
  child.on('exit', (code) => {
    if (code !== 0) process.exitCode = 1
    startNext()
  })
}
