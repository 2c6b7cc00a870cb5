/**
 * Telling somebody: a command gets a message on its standard input, an address gets it by POST, both as one JSON object.
 *
 * Neither may keep the tick: after ten seconds a command is killed with all that it started, and a request is given up. What
 * was not taken is a sentence for the log, and is offered again. An address is never told whole: it may hold a secret.
 */
import { spawn } from 'node:child_process'
import type { Channel, Message, Notify, Pending } from './incident.ts'

export interface Surroundings {
  /** The project directory: where a command finds itself, and relative paths begin. */
  readonly directory: string
  readonly environment: NodeJS.ProcessEnv
}

export interface Delivery {
  readonly channel: Channel
  /** Why it was not taken: a clause. */
  readonly problem: string | undefined
}

export const LIMIT_MS = 10_000
const MOST_REDIRECTS = 5
/** What was asked for may be done elsewhere; after any other redirect it is to be asked for again there. */
const SEE_OTHER = 303
const COMPLAINT_BYTES = 300

/** Offers a message to the channels that have not taken it, all at the same time. */
export function deliver(
  { message, left }: Pick<Pending, 'message' | 'left'>,
  notify: Notify,
  surroundings: Surroundings,
  limitMs: number = LIMIT_MS,
): Promise<Delivery[]> {
  return Promise.all(
    left.map(async (channel) => {
      const problem =
        channel === 'url'
          ? await post(message, notify.url, limitMs)
          : await runCommand(message, notify.command, surroundings, limitMs)
      return { channel, problem }
    }),
  )
}

function runCommand(
  message: Message,
  command: Notify['command'],
  { directory, environment }: Surroundings,
  limitMs: number,
): Promise<string | undefined> {
  const [name, ...words] = command ?? []
  if (name === undefined) return Promise.resolve(undefined) // the schedule names none any more
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const kept = Object.entries(environment).filter(([variable]) => !variable.startsWith('QUEUE_'))
  const child = spawn(name, words, {
    cwd: directory,
    env: { ...Object.fromEntries(kept), EVENT: message.event, JOB_ID: message.job },
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  const complaint: Buffer[] = []
  const limit = setTimeout(() => {
    killGroup(child.pid)
    resolve(`the command ${name} was killed after ${limitMs / 1_000} s`)
  }, limitMs)
  child.stderr.on('data', (bytes: Buffer) => complaint.push(bytes))
  child.stdin.on('error', () => {}) // it need not read
  child.stdin.end(`${JSON.stringify(message)}\n`)
  child.on('error', (error: NodeJS.ErrnoException) => resolve(`the command ${name} cannot be started (${error.code})`))
  child.on('exit', (code, signal) => {
    const how = code === null ? `was ended by ${signal}` : `had exit code ${code}`
    const said = Buffer.concat(complaint).subarray(-COMPLAINT_BYTES).toString().trim().replaceAll(/\s+/g, ' ')
    resolve(code === 0 ? undefined : `the command ${name} ${how}${said === '' ? '' : `: ${said}`}`)
  })
  return promise.finally(() => {
    clearTimeout(limit)
    child.stderr.destroy() // what it started may hold it open
    child.unref()
  })
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // it has just ended
  }
}

async function post(message: Message, url: string | undefined, limitMs: number): Promise<string | undefined> {
  if (url === undefined) return undefined
  const signal = AbortSignal.timeout(limitMs)
  let address = new URL(url)
  const authorization = basicAuthorization(address)
  const { origin } = address
  try {
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const { status, location } = await request(
        message,
        address,
        address.origin === origin ? authorization : {},
        signal,
      )
      if (status === SEE_OTHER || (status >= 200 && status < 300)) return undefined
      if (status < 300 || status >= 400 || location === null) return `${address.host} answered ${status}`
      address = new URL(location, address)
    }
    return `${address.host} redirects without end`
  } catch (error) {
    const { name, cause } = error as { name?: string; cause?: { code?: string } }
    if (name === 'TimeoutError') return `${address.host} did not answer within ${limitMs / 1_000} s`
    return `${address.host} cannot be reached (${cause?.code ?? name})`
  }
}

/** A request takes no user and password in its address. */
function basicAuthorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {}
  const both = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { authorization: `Basic ${Buffer.from(both).toString('base64')}` }
}

/** With `redirect: 'follow'` many a redirect would make a GET of it, without the message. */
async function request(message: Message, { href }: URL, authorization: Record<string, string>, signal: AbortSignal) {
  const address = new URL(href)
  address.username = ''
  address.password = ''
  const response = await fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...authorization },
    body: JSON.stringify(message),
    redirect: 'manual',
    signal,
  })
  await response.body?.cancel()
  return { status: response.status, location: response.headers.get('location') }
}
