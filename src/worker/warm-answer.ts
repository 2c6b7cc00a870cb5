/**
 * What a warm program is told of a task, and what its answer means: one line of JSON each.
 *
 *     {"id":12,"task":"mail","queue":"default","param":"uid=4","attempt":1,"maxAttempts":4,"key":"…","expiresAt":null}
 *     {"id":12,"exit":0}
 *
 * An answer that is none, or that names another task, says that program and runner are out of step: which task the next answer
 * would be for, nobody could tell. So it fails this attempt, and the program is replaced.
 */
import type { ClaimedTask } from '../queue/store/claimed-task.ts'
import type { Outcome } from './outcome.ts'

/** How much of a line that is no answer is repeated. */
const SHOWN_CHARACTERS = 120

/** JSON may hold them as they are, and some readers of lines take them for line breaks. */
const OTHER_LINE_BREAKS = /[\u0085\u2028\u2029]/g

/** It is one line whoever reads it. The id comes first, so that a program without a reader of JSON finds it. */
export function warmRequest(task: ClaimedTask, installation: string, maxAttempts: number): string {
  const text = JSON.stringify({
    id: task.id,
    task: task.task,
    queue: task.queue,
    param: task.param,
    attempt: task.attempt,
    maxAttempts,
    key: `${installation}-${task.id}`,
    expiresAt: task.expiresAt === null ? null : new Date(task.expiresAt).toISOString(),
  })
  return text.replace(OTHER_LINE_BREAKS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/**
 * @param told  as the shell tells it: `=` and the line that the program wrote, or `!` and why there is none
 * @param id    of the task that it was to answer
 */
export function outcomeOfAnswer(told: string, id: number): Outcome {
  const example = `{"id":${id},"exit":0}`
  if (told === '!pipes')
    return {
      kind: 'unstartable',
      reason: 'the pipes to it could not be made by mkfifo in the state directory',
      final: false,
    }
  if (told === '!ended')
    return wrong(`its program ended with exit code 0 and without an answer: write ${example} to stdout first`)
  if (told === '!long') return wrong('its answer is too long: shorten its error')
  const line = told.slice(1)
  const answer = parsed(line)
  if (answer === undefined) {
    return wrong(`its program wrote ${shown(line)} to stdout, where answers go: write everything else to stderr`)
  }
  if (String(answer.id) !== String(id)) {
    return wrong(`its program answered ${shown(line)}, which is for another task: answer each once, with its own id`)
  }
  const { exit, error } = answer
  if (typeof exit !== 'number' || !Number.isInteger(exit) || exit < 0 || exit > 255) {
    return wrong(`its program answered ${shown(line)}, where exit is no code from 0 to 255: write ${example}`)
  }
  if (exit === 0) return { kind: 'ok' }
  const why = typeof error === 'string' ? error.replaceAll('\0', '').trim() : ''
  return { kind: 'exit', code: exit, ...(why === '' ? {} : { error: why }) }
}

function wrong(problem: string): Outcome {
  return { kind: 'misanswered', problem }
}

function parsed(line: string): { id?: unknown; exit?: unknown; error?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

function shown(line: string): string {
  const text = line.trim()
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text
}
