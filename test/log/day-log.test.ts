import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { DayLog, type DayLogOptions } from '../../src/log/day-log.ts'
import { afterwards, temporaryDirectory } from '../helpers/cleanup.ts'
import { runProgram, waitFor } from '../helpers/processes.ts'

const SOURCE = { host: 'web-1', pid: 4711, shard: '2/10' }
const BEFORE_MIDNIGHT = Date.UTC(2026, 10, 20, 22, 59, 59, 990)

test('the file is that of the day in the configured zone, and changes at its midnight', (t) => {
  let now = BEFORE_MIDNIGHT
  const log = open(t, { zone: 'Europe/Berlin', now: () => now })

  log.event('task-done', { id: 1 })
  now += 20
  log.event('task-done', { id: 2 })

  assert.deepEqual(files(log.directory), ['do-queue-2026-11-20.log', 'do-queue-2026-11-21.log'])
  assert.match(
    read(log.directory, 'do-queue-2026-11-20.log'),
    /^2026-11-20T23:59:59\.990\+01:00 web-1 4711 2\/10 task-done id=1\n$/,
  )
  assert.match(read(log.directory, 'do-queue-2026-11-21.log'), /^2026-11-21T00:00:00\.010\+01:00 .* id=2\n$/)
})

test('a line that waited over midnight stands in the file of its own day', (t) => {
  let now = BEFORE_MIDNIGHT
  const log = open(t, { zone: 'Europe/Berlin', now: () => now })

  log.eventSoon('task-done', { id: 1 })
  now += 20
  log.event('task-done', { id: 2 })

  assert.match(read(log.directory, 'do-queue-2026-11-20.log'), / id=1\n$/)
  assert.match(read(log.directory, 'do-queue-2026-11-21.log'), /^[^\n]* id=2\n$/)
})

test('lines that may wait are written within a moment, in order, and before whatever comes next', async (t) => {
  const log = open(t)

  log.eventSoon('task-done', { id: 1 })
  log.eventSoon('task-done', { id: 2 })
  assert.equal(log.text(), '')
  log.event('drain', {})
  assert.match(log.text(), /id=1\n.*id=2\n.*drain\n$/)
  log.eventSoon('task-done', { id: 3 })

  await waitFor(() => /id=3\n$/.test(log.text()), { what: 'the waiting line to be written' })
})

test('the place of an output gives exactly its bytes, whatever they are', (t) => {
  const log = open(t)
  const outputs = ['plain\n', 'no newline', '\0\x01\xff', '', 'task-done id=7\n', 'é€😀'].map((text) =>
    Buffer.from(text),
  )

  for (const output of outputs) {
    log.eventSoon('task-done', { id: 0 })
    const place = log.eventWithOutput('task-done', { id: 1 }, output)

    const bytes = readFileSync(join(log.directory, place.file)).subarray(place.offset, place.offset + place.bytes)
    assert.deepEqual(bytes, output)
  }
  const lines = log.text().split('\n')
  assert.equal(lines.filter((line) => line.includes(' task-done id=0')).length, outputs.length)
})

test('many processes append at once: no line is torn, and every output is found', async (t) => {
  const directory = temporaryDirectory(t)
  const module = join(import.meta.dirname, '../../src/log/day-log.ts')
  const script = `
    import { readFileSync } from 'node:fs'
    import { join } from 'node:path'
    import { DayLog } from ${JSON.stringify(module)}
    const directory = ${JSON.stringify(directory)}
    const log = new DayLog({ directory, name: 'do-queue', zone: 'UTC', format: 'text', source: { host: 'h', pid: process.pid, shard: '-' } })
    for (let i = 0; i < 300; i++) {
      const output = Buffer.from(process.pid + ':' + i + ':' + 'x'.repeat(i * 37 % 5000))
      const { file, offset, bytes } = log.eventWithOutput('task-done', { id: i }, output)
      if (!readFileSync(join(directory, file)).subarray(offset, offset + bytes).equals(output)) throw new Error('lost ' + i)
    }`

  const ended = await Promise.all(
    [1, 2, 3].map(() => runProgram(process.execPath, ['--input-type=module', '-e', script], { cwd: directory, t })),
  )

  for (const { code, stderr } of ended) assert.deepEqual([code, stderr], [0, ''])
  const [file] = files(directory)
  const lines = read(directory, file ?? '')
    .trimEnd()
    .split('\n')
  assert.equal(lines.length, 2 * 3 * 300)
  for (const line of lines) assert.match(line, /^(\d{4}-\d\d-\d\dT\S+Z h \d+ - task-done id=\d+ bytes=\d+|\d+:\d+:x*)$/)
})

test('an output that is too large for a block becomes a file of the log, named in an event', (t) => {
  const log = open(t)
  const path = join(log.directory, '..', `large-${process.pid}`)
  writeFileSync(path, 'large')
  afterwards(t, () => assert.ok(!existsSync(path)))

  const place = log.eventWithFile('task-done', { id: 7 }, path, 'task-7.1', 5)

  assert.match(place.file, /^do-queue-\d{4}-\d\d-\d\d\.task-7\.1\.out$/)
  assert.equal(read(log.directory, place.file), 'large')
  assert.match(log.text(), /task-done id=7 bytes=5 file=do-queue-.*\.task-7\.1\.out\n$/)
})

test('a directory that cannot be made is refused by name', () => {
  const directory = `${import.meta.filename}/logs`

  assert.throws(() => new DayLog({ directory, name: 'do-queue', zone: 'UTC', format: 'text', source: SOURCE }), {
    exitCode: 78,
    message: /day-log\.test\.ts\/logs cannot be written \(ENOTDIR\).*QUEUE_LOGS/,
  })
})

function open(t: TestContext, options: Partial<DayLogOptions> = {}): DayLog & { directory: string; text(): string } {
  const directory = join(temporaryDirectory(t), 'logs')
  const log = new DayLog({ directory, name: 'do-queue', zone: 'UTC', format: 'text', source: SOURCE, ...options })
  afterwards(t, () => log.close())
  assert.ok(statSync(directory).isDirectory())
  return Object.assign(log, { directory, text: () => read(directory, log.today.file) })
}

function files(directory: string): string[] {
  return readdirSync(directory).toSorted()
}

function read(directory: string, file: string): string {
  return readFileSync(join(directory, file), 'utf8')
}
