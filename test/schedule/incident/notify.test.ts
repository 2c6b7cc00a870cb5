/**
 * Telling: real commands and real servers, good ones and bad ones.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Message, Notify } from '../../../src/schedule/incident/incident.ts'
import { deliver } from '../../../src/schedule/incident/notify.ts'
import { afterwards, temporaryDirectory } from '../../helpers/cleanup.ts'
import { isAlive } from '../../helpers/marked.ts'
import { runProgram, waitFor } from '../../helpers/processes.ts'

const LIMIT_MS = 10_000
const SHORT_MS = 300
const MESSAGE: Message = {
  event: 'failure',
  job: 'backup',
  host: 'web-1',
  slot: '2026-11-20T01:30:00Z',
  outcome: 'failed',
  exitCode: 3,
  exitSignal: null,
  attempts: 1,
  error: 'exit code 3: „voll“\n',
  since: '2026-11-20T01:30:00Z',
  text: 'Job backup failed.',
}

const ANSWERS: readonly (readonly [status: number, problem: RegExp | undefined])[] = [
  [200, undefined],
  [202, undefined],
  [303, undefined],
  [304, /^127\.0\.0\.1:\d+ answered 304$/],
  [404, /^127\.0\.0\.1:\d+ answered 404$/],
  [500, /^127\.0\.0\.1:\d+ answered 500$/],
]
for (const [status, problem] of ANSWERS) {
  test(`an address that answers ${status} has ${problem === undefined ? '' : 'not '}taken the message`, async (t) => {
    const url = await serve(t, (_, response) => response.writeHead(status).end('x'.repeat(status === 304 ? 0 : 1e6)))

    const { problem: told } = await offer(t, { url })

    if (problem === undefined) assert.equal(told, undefined)
    else assert.match(told ?? '', problem)
  })
}

for (const status of [301, 302, 307, 308]) {
  test(`a redirect ${status} is followed with the message`, async (t) => {
    let received = ''
    const end = await serve(t, async (request, response) => {
      received = `${request.method} ${request.headers['content-type']} `
      for await (const chunk of request) received += chunk
      response.end()
    })
    const url = await serve(t, (_, response) => response.writeHead(status, { location: end }).end())

    assert.equal((await offer(t, { url })).problem, undefined)
    assert.equal(received, `POST application/json ${JSON.stringify(MESSAGE)}`)
  })
}

test('a user and password in an address are sent to its host only', async (t) => {
  const received: (string | undefined)[] = []
  const end = await serve(t, ({ headers }, response) => {
    received.push(headers.authorization)
    response.end()
  })
  const url = new URL(
    await serve(t, ({ headers }, response) => {
      received.push(headers.authorization)
      response.writeHead(308, { location: end }).end()
    }),
  )
  url.username = 'shop'
  url.password = 'pä:ss'

  assert.equal((await offer(t, { url: url.href })).problem, undefined)
  assert.deepEqual(received, [`Basic ${Buffer.from('shop:pä:ss').toString('base64')}`, undefined])
})

test('redirects without end are given up', async (t) => {
  const url = await serve(t, (_, response) => response.writeHead(302, { location: '/again?secret=1' }).end())

  assert.match((await offer(t, { url })).problem ?? '', /^127\.0\.0\.1:\d+ redirects without end$/)
})

test('an address that does not answer, or never ends its answer, is given up', async (t) => {
  const silent = await serve(t, () => {})
  const endless = await serve(t, (_, response) => response.writeHead(200).write('x'))

  assert.match(
    (await offer(t, { url: silent }, SHORT_MS)).problem ?? '',
    /^127\.0\.0\.1:\d+ did not answer within 0\.3 s$/,
  )
  assert.equal((await offer(t, { url: endless })).problem, undefined)
})

test('an address at which nobody listens, or that does not exist, is told without its secrets', async (t) => {
  const { port } = new URL(await serve(t, () => {}, 'closed'))

  const refused = await offer(t, { url: `http://127.0.0.1:${port}/hook?secret=1` })
  const unknown = await offer(t, { url: 'https://user:secret@alerts.invalid/hook' })

  assert.equal(refused.problem, `127.0.0.1:${port} cannot be reached (ECONNREFUSED)`)
  assert.match(unknown.problem ?? '', /^alerts\.invalid cannot be reached \(/)
  assert.doesNotMatch(unknown.problem ?? '', /secret/)
})

test('a command gets the message whole, what it is about in its environment, and no settings of ours', async (t) => {
  const { directory, command } = script(t, 'cat >got; echo "$EVENT $JOB_ID $HOME $QUEUE_URL." >env')

  const { problem } = await offer(t, { command }, LIMIT_MS, directory)

  assert.equal(problem, undefined)
  assert.equal(readFileSync(join(directory, 'got'), 'utf8'), `${JSON.stringify(MESSAGE)}\n`)
  assert.equal(readFileSync(join(directory, 'env'), 'utf8'), 'failure backup /home .\n')
})

const COMMANDS: readonly (readonly [what: string, script: string, problem: RegExp | undefined])[] = [
  ['that does not read', 'exit 0', undefined],
  ['that fails', 'echo "no route" >&2; exit 3', /^the command \.\/alert had exit code 3: no route$/],
  ['that is killed', 'kill -9 $$', /^the command \.\/alert was ended by SIGKILL$/],
  ['that leaves something behind', 'sleep 4 & exit 0', undefined],
]
for (const [what, text, problem] of COMMANDS) {
  test(`a command ${what} has ${problem === undefined ? '' : 'not '}taken the message`, async (t) => {
    const { directory, command } = script(t, text)
    const long = { ...MESSAGE, error: 'x'.repeat(200_000) }

    const [delivery] = await deliver({ message: long, left: ['command'] }, { command }, at(directory), 3_500)

    if (problem === undefined) assert.equal(delivery?.problem, undefined)
    else assert.match(delivery?.problem ?? '', problem)
  })
}

test('a command that takes too long is killed with all that it started', async (t) => {
  const { directory, command } = script(t, 'sleep 600 & echo "$$ $!" >pids; wait')

  const { problem } = await offer(t, { command }, 1_500, directory)

  assert.equal(problem, 'the command ./alert was killed after 1.5 s')
  const pids = readFileSync(join(directory, 'pids'), 'utf8').trim().split(' ').map(Number)
  await waitFor(() => pids.length === 2 && !pids.some(isAlive), { what: 'the end of the command' })
})

test('a command that cannot be started says so', async (t) => {
  const { directory } = script(t, '')
  writeFileSync(join(directory, 'plain'), '')

  const gone = await offer(t, { command: ['bin/gone'] }, LIMIT_MS, directory)
  const plain = await offer(t, { command: ['./plain'] }, LIMIT_MS, directory)

  assert.equal(gone.problem, 'the command bin/gone cannot be started (ENOENT)')
  assert.equal(plain.problem, 'the command ./plain cannot be started (EACCES)')
})

test('command and address are told at the same time', async (t) => {
  const { directory, command } = script(t, 'while [ ! -e asked ]; do sleep 0.02; done')
  const url = await serve(t, (_, response) => {
    writeFileSync(join(directory, 'asked'), '')
    response.end()
  })

  const deliveries = await deliver(
    { message: MESSAGE, left: ['command', 'url'] },
    { command, url },
    at(directory),
    LIMIT_MS,
  )

  assert.deepEqual(deliveries, [
    { channel: 'command', problem: undefined },
    { channel: 'url', problem: undefined },
  ])
})

test('a process that has told is not kept by it', async (t) => {
  const url = await serve(t, (_, response) => response.end('taken'))
  const notify = join(import.meta.dirname, '../../../src/schedule/incident/notify.ts')
  const program = `const { deliver } = await import(${JSON.stringify(notify)})
    const told = { message: ${JSON.stringify(MESSAGE)}, left: ['url', 'command'] }
    const notify = { url: ${JSON.stringify(url)}, command: ['sh', '-c', 'sleep 5 & true'] }
    console.log(JSON.stringify(await deliver(told, notify, { directory: '.', environment: process.env })))
    process.on('exit', () => console.log(process.uptime() < 3))`
  const { directory } = script(t, '')

  const { code, stdout } = await runProgram(process.execPath, ['--input-type=module', '-e', program], {
    cwd: directory,
    t,
  })

  assert.deepEqual([code, stdout], [0, '[{"channel":"url"},{"channel":"command"}]\ntrue\n'])
})

async function offer(t: TestContext, notify: Notify, limitMs = LIMIT_MS, directory = temporaryDirectory(t)) {
  const left = notify.url === undefined ? (['command'] as const) : (['url'] as const)
  const [delivery] = await deliver({ message: MESSAGE, left }, notify, at(directory), limitMs)
  assert.ok(delivery !== undefined)
  return delivery
}

function at(directory: string) {
  assert.ok(existsSync(directory))
  const { PATH = '' } = process.env
  return { directory, environment: { ...process.env, PATH, HOME: '/home', QUEUE_URL: 'mysql://shop:secret@db/shop' } }
}

/** The command `./alert` in a directory of its own. */
function script(t: TestContext, text: string): { directory: string; command: readonly string[] } {
  const directory = temporaryDirectory(t)
  writeFileSync(join(directory, 'alert'), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  return { directory, command: ['./alert'] }
}

/** @returns an address of it; with `closed`, one at which it listened before */
async function serve(t: TestContext, answer: RequestListener, state?: 'closed'): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer(answer)
  server.on('connection', (socket) => sockets.add(socket))
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  const close = () => {
    for (const socket of sockets) socket.destroy()
    return new Promise<unknown>((closed) => server.close(closed))
  }
  if (state === 'closed') await close()
  else afterwards(t, close)
  return `http://127.0.0.1:${port}/hook?secret=1`
}
