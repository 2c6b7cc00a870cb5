/**
 * This user's crontab, by the program `crontab`, which alone knows where it is kept and tells the cron daemon.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Complaint, EXIT } from '../../exit.ts'

/** What `crontab -l` says when there is none: cron, cronie and BusyBox each have words of their own. */
const NONE_YET = /no crontab for|No such file or directory/i

/** @returns an empty one when the user has none; undefined when this machine has no such program */
export async function readUserCrontab(): Promise<Buffer | undefined> {
  const answer = await crontab(['-l'])
  if (answer === undefined || answer.code === 0) return answer?.stdout
  if (NONE_YET.test(answer.stderr)) return Buffer.alloc(0)
  throw refused('read', answer.stderr)
}

/** @throws Complaint with what the program said when it refused; the crontab is as it was then */
export async function writeUserCrontab(bytes: Buffer): Promise<void> {
  const answer = await crontab(['-'], bytes)
  if (answer?.code !== 0) throw refused('written', answer?.stderr ?? 'the program is gone')
}

interface Answer {
  readonly code: number | null
  readonly stdout: Buffer
  readonly stderr: string
}

async function crontab(args: readonly string[], input?: Buffer): Promise<Answer | undefined> {
  const child = spawn('crontab', args, { env: { ...process.env, LC_ALL: 'C' } })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (bytes: Buffer) => stdout.push(bytes))
  child.stderr.on('data', (bytes: Buffer) => stderr.push(bytes))
  child.stdin.on('error', () => {}) // it refused before it had read everything
  child.stdin.end(input)
  try {
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString('utf8') }
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined
    throw error
  }
}

function refused(what: 'read' | 'written', stderr: string): Complaint {
  const said = stderr.trim().replace(/\s+/g, ' ').replace(/\.$/, '')
  return new Complaint(
    EXIT.badConfig,
    `The crontab cannot be ${what}: crontab says "${said}". Mend that, or let "cron-mission daemon" run the ticks.`,
  )
}
