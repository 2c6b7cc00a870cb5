import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { printed, warmSlot } from '../worker/warm-slot.ts'

const SAMPLE = readFileSync(join(import.meta.dirname, '../../tasks/count-visit.warm.ts'), 'utf8')

test('count-visit counts each task once, and refuses one without a page for good', async (t) => {
  const { run, write, directory } = warmSlot(t)
  write('count-visit.warm.ts', SAMPLE, 0o644)
  const visit = (param: string, id: number) => run(param, { task: 'count-visit', id })

  const results = [
    await visit('page=/lamps', 1),
    await visit('page=/lamps', 1),
    await visit('page=/lamps', 2),
    await visit('lamps', 3),
  ]

  assert.deepEqual(results.map(printed), [
    '/lamps counted\n',
    '/lamps was counted by an earlier attempt\n',
    '/lamps counted\n',
    '',
  ])
  assert.deepEqual(results.at(-1)?.outcome, {
    kind: 'exit',
    code: 65,
    error: '"lamps" names no page. Give page=/lamps.',
  })
  const visits = new DatabaseSync(join(directory, 'visits.db'), { readOnly: true })
  t.after(() => visits.close())
  assert.deepEqual(
    visits
      .prepare('SELECT page, COUNT(*) AS visits FROM visit GROUP BY page')
      .all()
      .map((row) => ({ ...row })),
    [{ page: '/lamps', visits: 2 }],
  )
})
