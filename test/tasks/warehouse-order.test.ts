/**
 * What warehouse-order answers where no database is needed; what it stores, test/recipes/order-sync.test.ts sees.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { printed, warmSlot } from '../worker/warm-slot.ts'

const SAMPLE = readFileSync(join(import.meta.dirname, '../../tasks/warehouse-order.warm.php'), 'utf8')
const skip =
  spawnSync('php', ['-r', 'exit(extension_loaded("pdo_mysql") ? 0 : 1);']).status !== 0 && 'no PHP with MySQL'

test('warehouse-order refuses for good what names no order, and tries later while a server is away', {
  skip,
}, async (t) => {
  const { run, write, directory } = warmSlot(t)
  write('warehouse-order.warm.php', SAMPLE, 0o644)
  const nobody = 'mysql:host=127.0.0.1;port=1;dbname=shop'
  writeFileSync(join(directory, 'config.php'), `<?php return ['shop' => '${nobody}', 'warehouse' => '${nobody}'];\n`)
  const store = (param: string, id: number) => run(param, { task: 'warehouse-order', id })

  const refused = await store('order[]=1', 1)
  const away = await store('order=1', 2)

  assert.equal(printed(refused), '"order[]=1" names no order. Give order=1042.\n')
  assert.deepEqual(refused.outcome, { kind: 'exit', code: 65, error: '"order[]=1" names no order. Give order=1042.' })
  assert.equal(away.outcome.kind === 'exit' && away.outcome.code, 75)
  assert.match(printed(away), /Connection refused/)
})
