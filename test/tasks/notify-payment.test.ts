import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { projectDirectory, runTask } from './run-task.ts'

test('notify-payment posts the fields as JSON under the key of its task', async (t) => {
  let seen: { request: IncomingMessage; body: string } | undefined
  const origin = await receiver(t, async (request, response) => {
    seen = { request, body: await bodyOf(request) }
    response.end()
  })
  const callback = encodeURIComponent(`${origin}/callback?token=secret`)

  const run = await runTask('notify-payment.ts', `url=${callback}&payment=17&status=paid+%C3%A9`, projectDirectory(t))

  assert.deepEqual(run, { code: 0, stdout: `POST ${origin}/callback payment 17: 200\n`, stderr: '' })
  assert.equal(seen?.request.method, 'POST')
  assert.equal(seen.request.url, '/callback?token=secret')
  assert.equal(seen.request.headers['idempotency-key'], 'key-17')
  assert.equal(seen.request.headers['content-type'], 'application/json')
  assert.deepEqual(JSON.parse(seen.body), { payment: '17', status: 'paid é' })
})

for (const { status, retryAfter, code } of [
  { status: 204, code: 0 },
  { status: 302, code: 1 },
  { status: 400, code: 1 },
  { status: 410, code: 65 },
  { status: 429, code: 1 },
  { status: 429, retryAfter: '120', code: 75 },
  { status: 500, code: 1 },
  { status: 503, code: 1 },
  { status: 503, retryAfter: 'Fri, 20 Nov 2026 10:00:00 GMT', code: 75 },
]) {
  const after = retryAfter === undefined ? '' : `, Retry-After: ${retryAfter}`
  test(`notify-payment ends with ${code} when it is answered ${status}${after}`, async (t) => {
    const origin = await receiver(t, (_, response) => {
      response.writeHead(status, retryAfter === undefined ? {} : { 'Retry-After': retryAfter }).end('a page\n')
    })

    const run = await runTask('notify-payment.ts', `url=${origin}/&payment=17`, projectDirectory(t))

    assert.deepEqual(run, { code, stdout: `POST ${origin}/ payment 17: ${status}${after}\n`, stderr: '' })
  })
}

test('notify-payment does not wait for the end of a long answer', async (t) => {
  const origin = await receiver(t, (_, response) => {
    response.writeHead(200).write('and on')
  })

  const run = await runTask('notify-payment.ts', `url=${origin}/&payment=17`, projectDirectory(t))

  assert.equal(run.code, 0)
})

test('notify-payment asks to be tried again when nobody listens', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()

  const run = await runTask('notify-payment.ts', `url=http://127.0.0.1:${port}/&payment=17`, projectDirectory(t))

  assert.equal(run.code, 1)
  assert.match(run.stderr, /ECONNREFUSED/)
})

test('notify-payment asks to be tried again when no answer comes in time', async (t) => {
  const origin = await receiver(t, () => {})

  const run = await runTask('notify-payment.ts', `url=${origin}/&payment=17`, projectDirectory(t), {
    NOTIFY_TIMEOUT_MS: '100',
  })

  assert.equal(run.code, 1)
  assert.match(run.stderr, /aborted/)
})

for (const param of [
  '',
  'payment=17',
  'url=http://127.0.0.1:1/',
  'url=ftp://host/&payment=17',
  'url=shop&payment=17',
]) {
  test(`notify-payment refuses "${param}" for good`, async (t) => {
    const run = await runTask('notify-payment.ts', param, projectDirectory(t))

    assert.equal(run.code, 65)
    assert.match(run.stderr, /Give url=https:/)
  })
}

/** @returns the origin of a server that lives as long as the test */
async function receiver(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request) body += chunk
  return body
}
