/**
 * What the command line says about items: which task program a worker means, and what becomes of an item's fields.
 *
 *     --map 'mailer/Newsletter=send-newsletter,mailer=send-msg,resize,*=old-worker'
 *
 * From the most special to the least: a worker with a class, a worker, all others. A worker without `=` keeps its name, and so
 * does `*`. Without a map every worker's name is the task.
 */
import { Complaint, EXIT } from '../../exit.ts'

export interface Mapping {
  /** Every item is a task of this program, whatever is in it. */
  readonly task: string | undefined
  readonly workers: WorkerMap
  /** What a program is given of an item: the text of its `params`, or all of it. */
  readonly hands: 'params' | 'item'
  readonly queue: string
  readonly priority: number
  /** The way to a field of what the program is given, where that is JSON: its value is the task's key. */
  readonly shardKey: readonly string[] | undefined
  /** The same for the value that no two unfinished tasks have. */
  readonly unique: readonly string[] | undefined
}

export interface WorkerMap {
  /** By `worker/class`, or `worker`. */
  readonly named: ReadonlyMap<string, string>
  /** The task of all others; `own` where their own names are tasks; undefined where they are refused. */
  readonly others: { readonly task: string } | 'own' | undefined
}

export const EVERY_WORKER: WorkerMap = { named: new Map(), others: 'own' }

const ALL_OTHERS = '*'
const COMMENT = /^\s*#.*$/gm
const FIELD_PATH = /^[^.\s]+(?:\.[^.\s]+)*$/

/**
 * @param text  entries with commas or new lines between them; a line that begins with # is a comment
 * @throws Complaint (usage)
 */
export function readWorkerMap(text: string): WorkerMap {
  const entries = text.replaceAll(COMMENT, '').split(/[,\n]/)
  const named = new Map<string, string>()
  let others: WorkerMap['others']
  for (const entry of entries.map((one) => one.trim()).filter((one) => one !== '')) {
    const [worker = '', task, ...more] = entry.split('=').map((part) => part.trim())
    if (worker === '' || task === '' || more.length > 0 || (task === undefined && worker.includes('/'))) {
      throw new Complaint(
        EXIT.usage,
        `--map has "${entry}". Write worker=task, worker/class=task, worker, or * for all others, with commas between.`,
      )
    }
    if (worker !== ALL_OTHERS) named.set(worker, task ?? worker)
    else others = task === undefined ? 'own' : { task }
  }
  if (named.size === 0 && others === undefined)
    throw new Complaint(EXIT.usage, '--map is empty. Write worker=task, with commas between several, or leave it out.')
  return { named, others }
}

/** @throws Complaint (usage) */
export function readFieldPath(flag: string, text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined
  if (FIELD_PATH.test(text)) return text.split('.')
  throw new Complaint(EXIT.usage, `--${flag} is "${text}". Name a field, such as order or customer.id.`)
}

/** @returns undefined for a worker that has no task */
export function taskOf(
  { named, others }: WorkerMap,
  worker: string,
  className: string | undefined,
): string | undefined {
  const special = className === undefined ? undefined : named.get(`${worker}/${className}`)
  return special ?? named.get(worker) ?? (others === 'own' ? worker : others?.task)
}
