/**
 * Readers of what only commands have: the environment and the directory that they run in.
 */
import { bad, isRecord } from './option-values.ts'
import { showValue } from './show-value.ts'

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
/** What says which task and job a command is run for, and the settings of the worker, which no program gets. */
const OURS = /^(?:QUEUE_.*|TASK_.*|JOB_ID|JOB_SLOT)$/

export function readEnvironment(value: unknown): Readonly<Record<string, string>> {
  if (!isRecord(value)) throw bad(`env is ${showValue(value)}. Give an object such as { LANG: 'C.UTF-8' }.`)
  for (const [name, text] of Object.entries(value)) {
    if (!NAME.test(name)) {
      throw bad(`env has the name ${showValue(name)}. Use letters, digits and underscores, no digit first.`)
    }
    if (OURS.test(name)) {
      throw bad(`env has ${name}, which is for cron-mission to say. Leave it out, or give it another name.`)
    }
    if (typeof text !== 'string' || text.includes('\0') || !text.isWellFormed()) {
      throw bad(`env.${name} is ${showValue(text)}. Give a text; numbers go in quotes.`)
    }
  }
  return { ...(value as Record<string, string>) }
}

export function readDirectory(value: unknown): string {
  if (typeof value === 'string' && value.trim() !== '' && !value.includes('\0') && value.isWellFormed()) return value
  throw bad(`directory is ${showValue(value)}. Give a path: '/srv/shop', '~' for the home directory, or 'data'.`)
}
