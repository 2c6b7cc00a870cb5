import assert from 'node:assert/strict'
import test from 'node:test'
import { DayLog } from '../../src/log/day-log.ts'
import type { LogFormat } from '../../src/log/event.ts'
import { OutputFile } from '../../src/log/output-file.ts'
import { temporaryDirectory } from '../helpers/cleanup.ts'

for (const format of ['text', 'json'] satisfies LogFormat[]) {
  test(`an output is found behind the line that names its task, and that of another one is not taken for it (${format})`, (t) => {
    const directory = temporaryDirectory(t)
    const source = { host: 'web-1', pid: 1, shard: '-' }
    const log = new DayLog({ directory, name: 'do-queue', zone: 'UTC', format, source })
    const fields = { id: 17, task: 'say "hello"', attempt: '1/4', reason: 'a\nb' }
    log.eventWithOutput('task-retry', { ...fields, id: 1 }, Buffer.from(' id=17 bytes=5\n'))
    const place = log.eventWithOutput('task-retry', fields, Buffer.from('hello'))
    const late = log.eventWithOutput('task-output', { id: 17, attempt: 1 }, Buffer.from('later'))
    log.close()

    const read = (where: typeof place) => {
      const file = new OutputFile(directory, where, 17)
      const bytes = file.read(Buffer.alloc(64), 1).toString()
      file.close()
      return bytes
    }

    assert.deepEqual([read(place), read(late)], ['ello', 'ater'])
    assert.throws(() => new OutputFile(directory, place, 7), /does not have the output of task 7 any more/)
    assert.throws(() => read({ ...place, offset: place.offset + 1 }), /something else stands there/)
    assert.throws(() => read({ ...place, bytes: 4 }), /something else stands there/)
  })
}
