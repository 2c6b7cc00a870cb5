/** Rows that no program can be started for: each says why, and none stands in the way of the others. */
import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { test } from 'node:test'
import { DATABASES } from '../helpers/databases.ts'
import { type NewRow, queueProject } from './queue-project.ts'

for (const database of DATABASES) {
  test(`rows that cannot be started say why, and the others go on (${database.name})`, async (t) => {
    const project = await queueProject(t, database, {
      tasks: {
        'report.php': '<?php',
        'report.js': '',
        plain: { text: '#!/bin/sh\n', mode: 0o644 },
      },
    })
    symlinkSync('/bin/sh', project.path('tasks', 'shell'))
    mkdirSync(project.path('tasks', 'directory'))
    const expected: readonly (readonly [NewRow, string, RegExp])[] = [
      [{ task: 'gone' }, 'scheduled', /^there is no program gone in \/.+\/tasks$/],
      [{ task: 'report' }, 'scheduled', /^report could be report\.js or report\.php: /],
      [{ task: 'plain' }, 'scheduled', /^plain is not executable .*chmod \+x/],
      [{ task: '../exit' }, 'failed', /^"\.\.\/exit" is not the name of a file in the tasks directory$/],
      [{ task: '/bin/sh' }, 'failed', /^"\/bin\/sh" is not the name of a file/],
      [{ task: '' }, 'failed', /^"" is not the name of a file/],
      [{ task: '$(touch x)' }, 'scheduled', /^there is no program \$\(touch x\) in /],
      [{ task: 'shell' }, 'failed', /^shell leads out of the tasks directory, to \/.+sh$/],
      [{ task: 'directory' }, 'failed', /^directory is not a file$/],
      [{ task: 'exit', param: 'a\0b' }, 'failed', /^its param holds a NUL byte, /],
      [{ task: 'exit\0' }, 'failed', /^"exit\\u0000" is not the name of a file/],
    ]
    const ids = await project.insert(...expected.flatMap(([row]) => [row, { task: 'exit' }]))

    const { code, stdout, stderr } = await project.run('do-queue')

    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /^11 done, 4 to be retried, 7 failed/)
    for (const [i, [row, state, error]] of expected.entries()) {
      const { status, error: text } = await project.row(ids[2 * i])
      assert.equal(status, state, JSON.stringify(row))
      assert.match(text ?? '', error)
      assert.deepEqual(
        (await project.attempts(ids[2 * i])).map(({ outcome }) => outcome),
        ['unstartable'],
      )
    }
    assert.deepEqual(project.lines('x'), [])
  })

  test(`a reason that is longer than its column is cut, and the others go on (${database.name})`, async (t) => {
    const stem = 'a-name-of-about-one-hundred-characters-'.repeat(3)
    const alike = Array.from({ length: 10 }, (_, i) => [`${stem}.${i}`, ''])
    const project = await queueProject(t, database, { tasks: Object.fromEntries(alike) })
    const [ambiguous, other] = await project.insert({ task: stem }, { task: 'exit' })

    const { code, stderr } = await project.run('do-queue')

    assert.deepEqual([code, stderr], [0, ''])
    assert.equal((await project.row(other)).status, 'done')
    const { status, error } = await project.row(ambiguous)
    assert.equal(status, 'scheduled')
    assert.match(error ?? '', /^a-name-.* could be /)
    assert.ok(Buffer.byteLength(error ?? '') <= 1_024)
  })
}
