/**
 * An item of a list: the task that it is, or why it is none.
 *
 *     {"worker": "mailer", "class": "Newsletter", "params": {"uid": 4}}
 *
 * `worker` says which program, `params` what it is given: the text of an object or a list byte for byte as it stands in the
 * item, and a text without its quotation marks. With a program for all of them (`--task`) an item may be anything.
 */
import { Complaint } from '../../exit.ts'
import { checkNewTask, type TaskRow } from '../../queue/new-task.ts'
import { memberText } from './json-member.ts'
import { type Mapping, taskOf } from './mapping.ts'

export type ReadItem =
  | { readonly kind: 'task'; readonly row: TaskRow; readonly className: string | undefined }
  | { readonly kind: 'rejected'; readonly reason: string }

type JsonObject = Readonly<Record<string, unknown>>

/** A name of which a file of the tasks directory may be meant. */
const TASK_NAME = /^\w[\w.-]{0,127}$/

/**
 * @param now       UTC milliseconds
 * @param latestMs  the latest time that the database holds
 */
export function readItem(bytes: Buffer, mapping: Mapping, now: number, latestMs: number): ReadItem {
  const text = bytes.toString('utf8')
  if (!Buffer.from(text).equals(bytes)) return rejected('It is not UTF-8 text.')
  const item = objectOf(text)
  const needsObject = mapping.task === undefined || mapping.hands === 'params'
  if (item === undefined && needsObject) return rejected('It is no JSON object.')
  const task = mapping.task ?? taskNamed(item ?? {}, mapping)
  if (typeof task !== 'string') return task
  const param = mapping.hands === 'item' ? text : paramsOf(text)
  const fields = { ...keyField(param, 'key', mapping.shardKey), ...keyField(param, 'unique', mapping.unique) }
  try {
    const { queue, priority } = mapping
    const row = checkNewTask({ task, param, queue, priority, ...fields }, now, latestMs)
    return { kind: 'task', row, className: classOf(item) }
  } catch (error) {
    if (error instanceof Complaint) return rejected(error.message)
    throw error
  }
}

function taskNamed(item: JsonObject, { workers }: Mapping): string | ReadItem {
  const { worker } = item
  if (typeof worker !== 'string' || worker === '') return rejected('It names no worker.')
  const task = taskOf(workers, worker, classOf(item))
  if (task === undefined) return rejected(`Its worker ${quoted(worker)} is not in --map.`)
  return TASK_NAME.test(task) ? task : rejected(`Its worker ${quoted(worker)} is no name of a task program.`)
}

function paramsOf(item: string): string {
  const params = memberText(item, 'params') ?? ''
  return params.startsWith('"') ? (JSON.parse(params) as string) : params
}

function classOf(item: JsonObject | undefined): string | undefined {
  return typeof item?.class === 'string' && item.class !== '' ? item.class : undefined
}

/** A field that is not there, or is no plain value, is none: the task has no key then. */
function keyField(
  param: string,
  name: 'key' | 'unique',
  path: readonly string[] | undefined,
): { [Name in string]?: string } {
  if (path === undefined) return {}
  let value: unknown = parsed(param)
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return {}
    value = (value as JsonObject)[step]
  }
  const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  return isPlain && value !== '' ? { [name]: String(value) } : {}
}

function objectOf(text: string): JsonObject | undefined {
  const value = parsed(text)
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function rejected(reason: string): ReadItem & { kind: 'rejected' } {
  return { kind: 'rejected', reason }
}

function quoted(text: string): string {
  const shown = JSON.stringify(text)
  return shown.length > 80 ? `${shown.slice(0, 77)}…` : shown
}
