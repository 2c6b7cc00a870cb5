import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRedisUrl } from '../../../src/ctl/intake/redis-place.ts'

test('a Redis is told of without its user and password', () => {
  const texts = [
    'redis://127.0.0.1',
    'rediss://shop:se%40cret@db-1:6380/3',
    'redis://:secret@[::1]:7000/',
    'unix:///run/redis.sock',
    'unix://shop:secret@/run/redis.sock?db=2',
  ].map((url) => parseRedisUrl(url).text)

  assert.deepEqual(texts, [
    '127.0.0.1:6379/0',
    'db-1:6380/3',
    '[::1]:7000/0',
    '/run/redis.sock',
    '/run/redis.sock db 2',
  ])
})

test('what is no URL of a Redis is refused, and its password not shown', () => {
  for (const url of ['', 'http://h', 'redis://', 'redis://u:secret@h:x', 'redis://h/a', 'unix://', 'redis://:50%@h']) {
    assert.throws(() => parseRedisUrl(url), {
      message: /^The Redis URL "(?!.*secret).*" is not understood\. Write redis:/,
    })
  }
})
