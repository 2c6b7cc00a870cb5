/**
 * A database with a job, and somebody who is told of it: a real command, a real server.
 */
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Driver } from '../../../src/queue/driver.ts'
import { incidentTexts } from '../../../src/queue/store/incident.ts'
import { insertSlots, type Verdict } from '../../../src/queue/store/slot.ts'
import type { Message, Notify, RunEnding } from '../../../src/schedule/incident/incident.ts'
import { settleIncidents } from '../../../src/schedule/incident/settle-incidents.ts'
import type { PlannedJob } from '../../../src/schedule/language/plan.ts'
import { afterwards, temporaryDirectory } from '../../helpers/cleanup.ts'
import type { Database } from '../../helpers/databases.ts'
import { openStore } from '../../queue/stores.ts'
import { plannedJob } from '../planned-job.ts'

export interface Scene {
  readonly db: Driver
  readonly directory: string
  /** A tick at that minute. */
  tick(minutes: number, job: PlannedJob, ...endings: RunEnding[]): ReturnType<typeof settleIncidents>
  remembered(): Promise<number>
}

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
export const AT = Date.UTC(2026, 10, 20, 1, 30)
const SELF = { host: 'web-1', bootId: 'b', pid: 1, pidStart: 1 }

export async function scene(t: TestContext, database: Database): Promise<Scene> {
  const { db } = await openStore(t, database)
  const directory = temporaryDirectory(t)
  const environment = { ...process.env, QUEUE_URL: 'mysql://shop:secret@db/shop' }
  return {
    db,
    directory,
    tick: (minutes, job, ...endings) =>
      settleIncidents(db, endings, [job], { host: 'web-1', now: AT + minutes * MINUTE_MS, directory, environment }),
    remembered: async () => (await incidentTexts(db)).size,
  }
}

export function backup(notify: Notify): PlannedJob {
  return plannedJob({ kind: 'exec', command: ['true'] }, { id: 'backup', notify })
}

export function ending(outcome: RunEnding['outcome'], minutes: number): RunEnding {
  const result = outcome === 'done' ? { exitCode: 0, error: null } : { exitCode: 3, error: 'exit code 3: full' }
  return { job: 'backup', slotAt: AT + minutes * MINUTE_MS, outcome, exitSignal: null, attempts: 1, ...result }
}

export function told(sent: number) {
  return { sent, problems: [] }
}

export async function slot(db: Driver, minutes: number, verdict: Verdict, outcome?: string): Promise<void> {
  const slotAt = AT + minutes * MINUTE_MS
  await insertSlots(db, db.dialect, [{ job: 'backup', slotAt, place: '', verdict, reason: '', isOpen: false }], SELF)
  if (outcome !== undefined)
    await db.run(`UPDATE slot SET outcome = ? WHERE slot_at = ${db.dialect.fromMs('?')}`, [outcome, slotAt])
}

/** Appends what it was told. @returns its path */
export function alertCommand(directory: string): string {
  const path = join(directory, 'alert')
  writeFileSync(
    path,
    `#!${process.execPath}
const fs = require('node:fs')
const message = JSON.parse(fs.readFileSync(0, 'utf8'))
const env = process.env.EVENT + ' ' + process.env.JOB_ID + ' ' + (process.env.QUEUE_URL ?? '.')
fs.appendFileSync('alerts', JSON.stringify({ word: process.argv[2], env, message }) + '\\n')
`,
    { mode: 0o755 },
  )
  return './alert'
}

export interface Received {
  readonly method: string | undefined
  readonly type: string | undefined
  readonly message: Message
}

export async function alertServer(
  t: TestContext,
  answer: () => number,
): Promise<{ url: string; requests: Received[] }> {
  const requests: Received[] = []
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { method, headers } = request
    requests.push({ method, type: headers['content-type'], message: JSON.parse(Buffer.concat(chunks).toString()) })
    response.writeHead(answer()).end()
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  afterwards(t, () => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?secret=1`, requests }
}
