import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { afterwards, temporaryDirectory } from './cleanup.ts'

test('steps after a test run last first', async (t) => {
  const order: string[] = []

  await t.test('inside', (inner) => {
    afterwards(inner, () => order.push('first given'))
    afterwards(inner, () => order.push('second given'))
    order.push('body')
  })

  assert.deepEqual(order, ['body', 'second given', 'first given'])
})

test('a temporary directory is gone with everything in it when its test ends', async (t) => {
  let directory = ''

  await t.test('inside', (inner) => {
    directory = temporaryDirectory(inner)
    writeFileSync(join(directory, 'file'), 'x')
    assert.ok(existsSync(directory))
  })

  assert.ok(!existsSync(directory))
})
