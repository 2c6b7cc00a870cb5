/**
 * Tells another site that a payment has changed: `url=https://shop.example/callback&payment=17&status=paid`.
 *
 * All fields but `url` are sent to it as JSON. The receiver may be told more than once, when its answer was lost, so
 * every attempt carries the same `Idempotency-Key`. Add such tasks with a list of delays as long as the receiver may
 * be away, for instance `--retry 2m,10m,10m,1h,2h,6h,15h`: this program only says how one attempt ended.
 *
 * NOTIFY_TIMEOUT_MS  how long the receiver may take to answer (10000)
 */

const DONE = 0
const FAILED = 1 // tried again by the task's list of delays
const NEVER_RETRY = 65
const TRY_LATER = 75 // does not use up an attempt

process.exitCode = await main(process.argv[2] ?? '')

async function main(param: string): Promise<number> {
  const { url: target, ...fields } = Object.fromEntries(new URLSearchParams(param))
  const url = URL.canParse(target ?? '') ? new URL(target ?? '') : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || !fields.payment) {
    console.error('notify-payment: no url of http or https, or no payment. Give url=https://…&payment=17&status=paid.')
    return NEVER_RETRY
  }
  const where = `${url.origin}${url.pathname}` // without what follows: it may hold a secret, and logs are read by many
  try {
    const answer = await post(url, JSON.stringify(fields))
    const retryAfter = answer.retryAfter === undefined ? '' : `, Retry-After: ${answer.retryAfter}`
    console.log(`POST ${where} payment ${fields.payment}: ${answer.status}${retryAfter}`)
    return meaning(answer)
  } catch (error) {
    console.error(`POST ${where} payment ${fields.payment}: ${error instanceof Error ? error.message : error}`)
    return FAILED
  }
}

type Answer = { readonly status: number; readonly retryAfter: string | undefined }

/** Only the status is waited for: what else the receiver says is not ours to read. */
async function post(url: URL, body: string): Promise<Answer> {
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http')
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const headers = {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    ...(process.env.TASK_KEY && { 'Idempotency-Key': process.env.TASK_KEY }),
  }
  const signal = AbortSignal.timeout(Number(process.env.NOTIFY_TIMEOUT_MS ?? 10_000))
  const call = request(url, { method: 'POST', headers, signal }, (response) => {
    resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] })
    response.destroy()
  })
  call.on('error', reject)
  call.end(body)
  return promise
}

function meaning({ status, retryAfter }: Answer): number {
  if (status >= 200 && status < 300) return DONE
  if (status === 410) return NEVER_RETRY // Gone: the receiver asks not to be called again
  if ((status === 429 || status === 503) && retryAfter !== undefined) return TRY_LATER
  return FAILED // also other 4xx: a receiver that is repaired within the delays still gets it
}
