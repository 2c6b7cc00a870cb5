import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { projectDirectory, runTask } from './run-task.ts'

test('sync-order stores the order and says nothing but that', async (t) => {
  const project = projectDirectory(t)

  const run = await runTask('sync-order.ts', 'id=1042&total=19.90', project)

  assert.deepEqual(run, { code: 0, stdout: 'order 1042 stored\n', stderr: '' })
  assert.deepEqual(ordersIn(t, project), [{ key: 'key-17', order_id: 1042, total_cents: 1990 }])
})

test('sync-order stores nothing twice for one task, and another task is another order', async (t) => {
  const project = projectDirectory(t)

  await runTask('sync-order.ts', 'order=1042', project, { TASK_ATTEMPT: '1' })
  const again = await runTask('sync-order.ts', 'order=1042', project, { TASK_ATTEMPT: '2' })
  await runTask('sync-order.ts', 'order=1042', project, { TASK_KEY: 'key-18' })

  assert.deepEqual(again, { code: 0, stdout: 'order 1042 was stored by an earlier attempt\n', stderr: '' })
  assert.deepEqual(
    ordersIn(t, project).map((order) => order.key),
    ['key-17', 'key-18'],
  )
})

test('many sync-orders at once, the first ones making the warehouse, all store their order', async (t) => {
  const project = projectDirectory(t)
  const ids = Array.from({ length: 16 }, (_, i) => i + 1)

  const runs = await Promise.all(
    ids.map((id) => runTask('sync-order.ts', `order=${id}`, project, { TASK_KEY: `key-${id}` })),
  )

  assert.deepEqual(
    runs,
    ids.map((id) => ({ code: 0, stdout: `order ${id} stored\n`, stderr: '' })),
  )
  assert.equal(ordersIn(t, project).length, ids.length)
})

test('sync-order asks to be tried later while the warehouse is locked', async (t) => {
  const project = projectDirectory(t)
  const other = new DatabaseSync(join(project, 'elsewhere.db'))
  t.after(() => other.close())
  other.exec('PRAGMA locking_mode = EXCLUSIVE; CREATE TABLE other (id INTEGER)')

  const run = await runTask('sync-order.ts', 'order=1', project, { WAREHOUSE: 'elsewhere.db', WAREHOUSE_WAIT_MS: '20' })

  assert.deepEqual(run, { code: 75, stdout: '', stderr: 'sync-order: the warehouse is busy, trying later.\n' })
})

for (const param of ['', 'order=', 'order=ten', 'order=0', 'order=-1', 'order=1 OR 1', 'id=5&total=1,50', 'total=5']) {
  test(`sync-order refuses "${param}" for good and makes no warehouse`, async (t) => {
    const project = projectDirectory(t)

    const run = await runTask('sync-order.ts', param, project)

    assert.equal(run.code, 65)
    assert.match(run.stderr, /names no order\. Give order=1042/)
    assert.equal(existsSync(join(project, 'warehouse.db')), false)
  })
}

function ordersIn(t: TestContext, project: string): Record<string, unknown>[] {
  const warehouse = new DatabaseSync(join(project, 'warehouse.db'), { readOnly: true })
  t.after(() => warehouse.close())
  const rows = warehouse.prepare('SELECT key, order_id, total_cents FROM incoming_order ORDER BY key').all()
  return rows.map((row) => ({ ...row }))
}
