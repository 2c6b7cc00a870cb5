/**
 * `add-task`: puts one task into the queue, or many from NDJSON on standard input.
 */

import { readFileSync } from 'node:fs'
import { grouped } from '../../amount.ts'
import { jsonLineGroups, ofLine } from '../../ctl/json-lines.ts'
import { Complaint, EXIT } from '../../exit.ts'
import type { NewTask } from '../../queue/new-task.ts'
import { openQueue, type Queue } from '../../queue/open-queue.ts'
import { declaredLine } from '../command-line.ts'
import { durationFlag, timeFlag, wholeNumber } from '../flags.ts'
import { printJson } from '../print.ts'
import { progressBar } from '../progress.ts'
import { readSettings, type Settings } from '../settings.ts'
import { ADD_TASK, ADD_TASK_FLAGS } from './add-task-flags.ts'

const BATCH_ROWS = 2_000
const BATCH_BYTES = 4_000_000

export async function main(args: string[]): Promise<number> {
  const flags = await parse(args)
  const settings = readSettings(flags)
  const queue = await openQueue(settings.queueUrl, { directory: settings.directory })
  try {
    const [task, param] = flags._.map(String)
    if (task === undefined) return await addLines(queue, flags, settings)
    return await addOne(queue, task, paramOf(flags, param), flags, settings)
  } finally {
    await queue.close()
  }
}

type Flags = Awaited<ReturnType<typeof parse>>

function parse(args: string[]) {
  return declaredLine(ADD_TASK, args)
    .options(ADD_TASK_FLAGS)
    .demandCommand(0, 2, '', 'Give a task and at most one param; quote a param that holds blanks.')
    .parseAsync()
}

async function addOne(queue: Queue, task: string, param: string, flags: Flags, settings: Settings): Promise<number> {
  const { id, added } = await queue.add({ ...defaults(flags, settings), task, param })
  if (flags.json) printJson({ id: id ?? null, added })
  else if (!flags.quiet)
    process.stdout.write(added ? `${id}\n` : `Not added: an unfinished task has the unique value "${flags.unique}".\n`)
  return EXIT.ok
}

function paramOf(flags: Flags, param: string | undefined): string {
  if (flags.file === undefined) return param ?? ''
  if (param !== undefined) throw new Complaint(EXIT.usage, 'Both a param and --file are given. Use one of them.')
  let bytes: Buffer
  try {
    bytes = readFileSync(flags.file)
  } catch (error) {
    const { code } = error as { code?: string }
    throw new Complaint(
      EXIT.usage,
      `--file ${flags.file} cannot be read (${code}). Name a file that this user may read.`,
    )
  }
  const text = bytes.toString('utf8')
  if (!Buffer.from(text).equals(bytes))
    throw new Complaint(EXIT.badData, `--file ${flags.file} is not UTF-8 text. Encode it, with base64 for instance.`)
  return text
}

/** What the flags say for every task; a line of NDJSON may say otherwise for its own. */
function defaults(flags: Flags, settings: Settings): Omit<NewTask, 'task' | 'param'> {
  const now = Date.now()
  const expiresIn =
    flags.expires !== undefined && /^[\d.]+[a-z]/i.test(flags.expires)
      ? durationFlag('expires', flags.expires)
      : undefined
  const given = {
    queue: flags.queue,
    priority: wholeNumber('priority', flags.priority, -32_768, 32_767),
    inMs: durationFlag('in', flags.in),
    at: timeFlag('at', flags.at, settings.timezone),
    expires: expiresIn === undefined ? timeFlag('expires', flags.expires, settings.timezone) : now + expiresIn,
    key: flags.key,
    unique: flags.unique,
    keepUnique: flags['keep-unique'],
    retry: flags.retry,
    maxAttempts: wholeNumber('max-attempts', flags['max-attempts'], 1, 65_535),
    timeoutMs: durationFlag('timeout', flags.timeout),
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

async function addLines(queue: Queue, flags: Flags, settings: Settings): Promise<number> {
  if (flags.file !== undefined)
    throw new Complaint(EXIT.usage, '--file is given without a task. Name the task that is to have it as its param.')
  if (process.stdin.isTTY)
    throw new Complaint(EXIT.usage, 'Name a task, or give lines of JSON on standard input. See "add-task --help".')
  const common = defaults(flags, settings)
  const bar = progressBar('adding')
  let added = 0
  let duplicates = 0
  let batch: Line[] = []
  let bytes = 0
  let writing: Promise<void> = Promise.resolve()
  const write = async (lines: readonly Line[]) => {
    const result = await addBatch(queue, lines)
    added += result.added
    duplicates += result.duplicates
    bar.update(added + duplicates, undefined)
  }
  // The next lines are read while the last ones are written.
  const writeNext = async () => {
    await writing
    writing = write(batch)
    writing.catch(() => {}) // it is awaited by whoever writes next, or below
    batch = []
    bytes = 0
  }
  try {
    for await (const group of jsonLineGroups(process.stdin)) {
      for (const { number, bytes: size, value } of group) {
        batch.push({ number, task: { ...common, ...(value as unknown as NewTask) } })
        bytes += size
        if (batch.length >= BATCH_ROWS || bytes >= BATCH_BYTES) await writeNext()
      }
    }
    if (batch.length > 0) await writeNext()
    await writing
  } catch (error) {
    await writing.catch(() => {})
    bar.end()
    const first = firstRefusal(queue, batch) ?? error
    if (!(first instanceof Complaint)) throw first
    throw new Complaint(first.exitCode, `${first.message} ${grouped(added)} tasks of earlier lines were added.`, {
      cause: error,
    })
  }
  bar.end()
  if (flags.json) printJson({ added, duplicates })
  else if (!flags.quiet)
    process.stdout.write(
      `${grouped(added)} added${duplicates > 0 ? `, ${grouped(duplicates)} were there already` : ''}\n`,
    )
  return EXIT.ok
}

interface Line {
  readonly number: number
  readonly task: NewTask
}

/** @throws Complaint that names the line which is refused; then none of them was added */
async function addBatch(queue: Queue, lines: readonly Line[]): Promise<{ added: number; duplicates: number }> {
  try {
    return await queue.addMany(lines.map(({ task }) => task))
  } catch (error) {
    throw firstRefusal(queue, lines) ?? error
  }
}

/** All are checked when they are added; only when one was refused it is asked which. */
function firstRefusal(queue: Queue, lines: readonly Line[]): Complaint | undefined {
  for (const { number, task } of lines) {
    try {
      ofLine(number, () => queue.check(task))
    } catch (error) {
      if (error instanceof Complaint) return error
      throw error
    }
  }
  return undefined
}
