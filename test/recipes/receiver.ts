/**
 * A site that is told of payments: a real HTTP server, which answers, refuses, says nothing or hangs up.
 */

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { afterwards } from '../helpers/cleanup.ts'

/** `hang`: the request is taken and never answered. `reset`: the connection is torn down. */
export type Answer = 'ok' | 'fail' | 'hang' | 'reset'

export interface Call {
  readonly payment: number
  /** By the clock of the database: UTC milliseconds. */
  readonly at: number
  /** The idempotency key. */
  readonly key: string
}

export interface Receiver {
  /** Where it is told. */
  readonly url: string
  /** What it was told, in order. */
  readonly calls: readonly Call[]
  /** Calls that were under way at the same time, at most. */
  readonly mostAtOnce: number
}

/**
 * @param answerTo  asked for each call
 * @param now       the time to note: UTC milliseconds
 */
export async function startReceiver(
  t: TestContext,
  answerTo: (payment: number, attempt: number) => Answer,
  now: () => number = Date.now,
): Promise<Receiver> {
  const calls: Call[] = []
  let atOnce = 0
  let mostAtOnce = 0
  const server = createServer(async (request, response) => {
    atOnce++
    mostAtOnce = Math.max(mostAtOnce, atOnce)
    response.on('close', () => atOnce--)
    const at = now()
    const payment = Number(((await json(request)) as { payment: string }).payment)
    calls.push({ payment, at, key: String(request.headers['idempotency-key']) })
    const attempt = calls.filter((call) => call.payment === payment).length
    const answer = answerTo(payment, attempt)
    if (answer === 'reset') request.socket.resetAndDestroy()
    else if (answer !== 'hang') response.writeHead(answer === 'ok' ? 200 : 500).end()
  })
  await listen(server)
  afterwards(t, () => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/paid`,
    calls,
    get mostAtOnce() {
      return mostAtOnce
    },
  }
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
}
