import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import test from 'node:test'
import { createClient } from '@redis/client'
import { afterwards } from './cleanup.ts'
import { isAlive } from './marked.ts'
import { startRedis } from './redis.ts'
import { findProgram } from './server-program.ts'

const skip = findProgram('redis-server') === undefined && 'redis-server is not installed'

test('a private Redis has after a crash what it had accepted, and is gone when stopped', { skip }, async (t) => {
  const redis = await startRedis()
  afterwards(t, redis.stop)

  await push(redis.url, ['a', 'b'])
  await redis.kill9()
  assert.equal(isAlive(redis.pid), false)
  await redis.restart()
  assert.deepEqual(await push(redis.url, []), ['a', 'b'])

  await redis.stop()
  assert.equal(isAlive(redis.pid), false)
  assert.equal(existsSync(redis.directory), false)
})

/** @returns what the server has in the list, after these were added to it */
async function push(url: string, items: readonly string[]): Promise<string[]> {
  const client = createClient({ url })
  client.on('error', () => {})
  await client.connect()
  if (items.length > 0) await client.rPush('tasks', [...items])
  const all = await client.lRange('tasks', 0, -1)
  client.destroy()
  return all
}
