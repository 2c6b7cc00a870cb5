/**
 * `add-task`: puts one task into the queue, or many from NDJSON on standard input.
 */
import { readFileSync } from 'node:fs'
import { Complaint, EXIT } from '../../exit.ts'
import type { NewTask } from '../../queue/new-task.ts'
import { openQueue, type Queue } from '../../queue/open-queue.ts'
import { commandLine } from '../command-line.ts'
import { COMMON_FLAGS, durationFlag, timeFlag, wholeNumber } from '../flags.ts'
import { count, progressBar } from '../progress.ts'
import { readSettings, type Settings } from '../settings.ts'

const BATCH_ROWS = 2_000
const BATCH_BYTES = 4_000_000
const EXAMPLE = 'Write one object a line, such as {"task":"hello","param":"1"}.'

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
  const text = { type: 'string', requiresArg: true } as const
  return commandLine('add-task', args)
    .usage('$0 <task> [param]\n$0 < tasks.ndjson\n\nAdds one task, or one for each line of JSON on standard input.')
    .options({
      queue: { ...text, alias: 'q', describe: 'Queue to add to [default: default]' },
      file: { ...text, describe: 'Take the param from this file' },
      priority: { ...text, describe: 'Lower runs first, -32768 to 32767 [default: 0]' },
      in: { ...text, describe: 'Not before this long from now, such as 10m' },
      at: { ...text, describe: 'Not before this time' },
      expires: { ...text, describe: 'Useless after this time, or this long from now' },
      key: { ...text, describe: 'Tasks with one key run one at a time, in the order they were added' },
      unique: { ...text, describe: 'Add nothing while an unfinished task has the same value' },
      'keep-unique': { type: 'boolean', describe: 'Nor after that task is finished' },
      retry: { ...text, describe: 'Delays between attempts, such as 2m,10m,1h; "none" for one attempt' },
      'max-attempts': { ...text, describe: 'Attempts at most [default: as many as --retry gives]' },
      timeout: { ...text, describe: 'Stop the program after this long' },
      json: { type: 'boolean', describe: 'Print the result as JSON' },
      quiet: { type: 'boolean', describe: 'Print nothing but errors' },
      ...COMMON_FLAGS,
    })
    .example('$0 send-msg "uid=4&uids[]=6"', 'one task')
    .example('$0 report --at "2026-12-31 23:30" --retry 2m,10m,1h', 'later, with its own retries')
    .example(`echo '{"task":"hello","param":"1"}' | $0`, 'many: a line each, with the fields of the library')
    .demandCommand(0, 2, '', 'Give a task and at most one param; quote a param that holds blanks.')
    .parseAsync()
}

async function addOne(queue: Queue, task: string, param: string, flags: Flags, settings: Settings): Promise<number> {
  const { id, added } = await queue.add({ ...defaults(flags, settings), task, param })
  if (flags.json) process.stdout.write(`${JSON.stringify({ id: id ?? null, added })}\n`)
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
    throw new Complaint(EXIT.usage, `--file ${flags.file} cannot be read (${(error as { code?: string }).code}).`)
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
  if (process.stdin.isTTY)
    throw new Complaint(EXIT.usage, 'Name a task, or give lines of JSON on standard input. See "add-task --help".')
  const common = defaults(flags, settings)
  const bar = progressBar('adding')
  let added = 0
  let duplicates = 0
  let lineNumber = 0
  let batch: NewTask[] = []
  let bytes = 0
  const write = async () => {
    const result = await queue.addMany(batch)
    added += result.added
    duplicates += result.duplicates
    bar.update(added + duplicates, undefined)
    batch = []
    bytes = 0
  }
  try {
    for await (const line of linesOf(process.stdin)) {
      lineNumber++
      const task = naming(lineNumber, () => taskOfLine(line, common))
      if (task === undefined) continue
      naming(lineNumber, () => queue.check(task))
      batch.push(task)
      bytes += line.length
      if (batch.length >= BATCH_ROWS || bytes >= BATCH_BYTES) await write()
    }
    if (batch.length > 0) await write()
  } catch (error) {
    bar.end()
    if (!(error instanceof Complaint)) throw error
    throw new Complaint(error.exitCode, `${error.message} ${count(added)} tasks of earlier lines were added.`, {
      cause: error,
    })
  }
  bar.end()
  if (flags.json) process.stdout.write(`${JSON.stringify({ added, duplicates })}\n`)
  else if (!flags.quiet)
    process.stdout.write(`${count(added)} added${duplicates > 0 ? `, ${count(duplicates)} were there already` : ''}\n`)
  return EXIT.ok
}

/** Lines end with a line feed and with nothing else: JSON may hold other separators as they are. */
async function* linesOf(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0)
  for await (const chunk of input) {
    rest = Buffer.concat([rest, chunk])
    for (let end = rest.indexOf('\n'); end !== -1; end = rest.indexOf('\n')) {
      yield rest.subarray(0, end)
      rest = rest.subarray(end + 1)
    }
  }
  if (rest.length > 0) yield rest
}

function naming<T>(lineNumber: number, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof Complaint)) throw error
    throw new Complaint(error.exitCode, `Line ${lineNumber}: ${error.message}`, { cause: error })
  }
}

/** @returns undefined for an empty line */
function taskOfLine(line: Buffer, common: Omit<NewTask, 'task' | 'param'>): NewTask | undefined {
  const value = parseLine(line)
  if (value === undefined) return undefined
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...common, ...(value as NewTask) }
  throw new Complaint(EXIT.badData, `This is not a JSON object. ${EXAMPLE}`)
}

function parseLine(line: Buffer): unknown {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(line)
  } catch {
    throw new Complaint(EXIT.badData, 'This is not UTF-8. Write JSON in UTF-8, one object a line.')
  }
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new Complaint(EXIT.badData, `This is not JSON. ${EXAMPLE}`)
  }
}
