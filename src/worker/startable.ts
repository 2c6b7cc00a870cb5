/**
 * Whether a task's program can be started on this host, further than a claim looks: its interpreter may be missing, or the line
 * that names it may be spoilt. For a person who asks before it happens.
 */
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { hasShebang, may, resolveProgram } from './program.ts'

const LONGEST_LINE = 256

/**
 * @param path  the PATH that interpreters are looked for in
 * @returns a clause that says what is wrong, and what to do; undefined when it can be started
 */
export function whyNotStartable(directory: string, task: string, path: string): string | undefined {
  const resolution = resolveProgram(directory, task)
  if (resolution.kind === 'unstartable') return resolution.reason
  const [first = '', file] = resolution.command
  // A file that is given to an interpreter, or one that is run as it is.
  if (file !== undefined) return isFound(first, path) ? undefined : `${file} is run by ${first}, which is not in PATH`
  return hasShebang(first) ? spoiltFirstLine(first, path) : undefined
}

function spoiltFirstLine(file: string, path: string): string | undefined {
  const line = firstLine(file)
  if (line === undefined) return undefined
  if (line.endsWith('\r')) {
    return `the first line of ${file} ends in a carriage return, so there is no such interpreter: run "sed -i 's/\\r$//' ${file}"`
  }
  const [interpreter = '', name] = line.slice('#!'.length).trim().split(/\s+/)
  if (!may(interpreter, constants.X_OK))
    return `${file} is to be run by ${interpreter || 'nothing'}, which is not there`
  const isByName = /\/env$/.test(interpreter) && name !== undefined && !name.startsWith('-')
  return !isByName || isFound(name, path) ? undefined : `${file} is to be run by ${name}, which is not in PATH`
}

function firstLine(file: string): string | undefined {
  let descriptor: number | undefined
  try {
    descriptor = openSync(file, 'r')
    const head = Buffer.alloc(LONGEST_LINE)
    const text = head.toString('latin1', 0, readSync(descriptor, head, 0, LONGEST_LINE, 0))
    return text.split('\n', 1)[0]
  } catch {
    return undefined // it may be run though not read
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

function isFound(program: string, path: string): boolean {
  if (program.includes('/')) return may(program, constants.X_OK)
  return path.split(delimiter).some((directory) => may(join(directory, program), constants.X_OK))
}
