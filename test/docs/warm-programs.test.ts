/** The clients of docs/warm-programs.md: each is run as it stands there, and serves its tasks in one process. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { printed, warmSlot } from '../worker/warm-slot.ts'

const TEXT = readFileSync(join(import.meta.dirname, '../../docs/warm-programs.md'), 'utf8')

const CLIENTS = [...TEXT.matchAll(/^`tasks\/(greet\.warm\.\w+)`[^`]*?```\w+\n(.*?)^```$/gms)].map(
  ([, file = '', code = '']) => ({ file, code }),
)

/** What a client is run by, and what it says of a task without a name. */
const LANGUAGES: Readonly<Record<string, { readonly program: string; readonly error?: string }>> = {
  'greet.warm.php': { program: 'php', error: 'name is missing' },
  'greet.warm.py': { program: 'python3', error: "KeyError('name')" },
  'greet.warm.mts': { program: 'node', error: 'Error: name is missing' },
  'greet.warm.sh': { program: 'sh' },
}

test('there is a client for each language', () => {
  assert.deepEqual(
    CLIENTS.map(({ file }) => file),
    Object.keys(LANGUAGES),
  )
})

for (const { file, code } of CLIENTS) {
  const { program = '', error } = LANGUAGES[file] ?? {}
  const skip = isThere(program) ? false : `${program} is not installed`

  test(`${file} has fewer than 20 lines, and serves tasks as it stands in the document`, { skip }, async (t) => {
    const { run, write, processes } = warmSlot(t)
    write(file, code, 0o644)

    const first = await run('name=Ada', { task: 'greet' })
    const inOneProcess = processes()
    const failed = await run('nobody', { task: 'greet' })
    const second = await run('name=Grace', { task: 'greet' })

    assert.ok(code.trimEnd().split('\n').length < 20)
    assert.deepEqual([first.outcome, second.outcome], [{ kind: 'ok' }, { kind: 'ok' }])
    assert.deepEqual([printed(first), printed(second)], ['hello, Ada\n', 'hello, Grace\n'])
    assert.deepEqual(failed.outcome, { kind: 'exit', code: 1, ...(error === undefined ? {} : { error }) })
    assert.deepEqual(processes(), inOneProcess)
  })
}

function isThere(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`])
    return true
  } catch {
    return false
  }
}
