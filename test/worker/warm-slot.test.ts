/** Warm programs on one slot: what they are told, what their answers mean, and when they are replaced. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { exists } from '../../src/host/processes.ts'
import { waitFor } from '../helpers/processes.ts'
import { ACTOR, PID, printed, warmSlot } from './warm-slot.ts'

/** Answers with an error of its own, and prints its parameter. */
const IN_NODE = `import { createInterface } from 'node:readline'
for await (const line of createInterface({ input: process.stdin })) {
  const { id, param } = JSON.parse(line)
  process.stderr.write(param)
  console.log(JSON.stringify({ id, exit: 3, error: param.slice(-40) }))
}
`

test('one process serves task after task, and what each wrote to stderr is its output, byte for byte', async (t) => {
  const { run } = warmSlot(t)

  const results = [
    await run('echo $$ >&2; printf a >&2; say 0'),
    await run('say 0'),
    await run('printf é >&2; say 0'),
    await run(PID),
  ]
  const [first = '', second, third, fourth] = results.map(printed)

  assert.ok(exists(Number.parseInt(first, 10)))
  assert.deepEqual([second, third, fourth], ['', 'é', first.replace('a', '')])
  assert.deepEqual(
    results.map(({ outcome }) => outcome.kind),
    ['ok', 'ok', 'ok', 'ok'],
  )
})

test('a task is one line of JSON, and what does not change is in the environment', async (t) => {
  const { run } = warmSlot(t)

  const { output } = {
    output: printed(
      await run('echo $line >&2; echo $TASK_QUEUE $TASK_WARM .$TASK_ID. >&2; say 0', { expiresAt: 1_800_000_000_000 }),
    ),
  }
  const [line = '', environment] = output.split('\n')

  assert.deepEqual(Object.entries(JSON.parse(line)), [
    ['id', 1],
    ['task', 'program'],
    ['queue', 'default'],
    ['param', 'echo $line >&2; echo $TASK_QUEUE $TASK_WARM .$TASK_ID. >&2; say 0'],
    ['attempt', 1],
    ['maxAttempts', 1],
    ['key', 'test-1'],
    ['expiresAt', '2027-01-15T08:00:00.000Z'],
  ])
  assert.equal(environment, 'default 1 ..')
})

test('exit codes mean what they mean of other programs, and none of them is a signal', async (t) => {
  const { run, processes } = warmSlot(t)

  assert.deepEqual((await run('say 75')).outcome, { kind: 'exit', code: 75 })
  assert.deepEqual((await run('say 65')).outcome, { kind: 'exit', code: 65 })
  const { outcome, exitCode } = await run('say 143')
  assert.deepEqual([outcome, exitCode], [{ kind: 'exit', code: 143 }, 143])
  assert.equal(processes().length, 2) // one shell, one program
})

test('parameters and errors are handed on whatever is in them', async (t) => {
  const { run, write } = warmSlot(t)
  write('node.warm.mjs', IN_NODE)
  const nasty = `'"\\ $(exit 7) \`x\` \n\r\t\u0001\u2028 🐢 é ${String.fromCharCode(0x81, 0x85, 0x88)}`

  for (const param of [nasty, '', '\n', `${nasty.repeat(2_000)}`.slice(0, 40_000), '"'.repeat(65_535)]) {
    const result = await run(param, { task: 'node' })
    const error = param.slice(-40)

    assert.equal(printed(result), param)
    assert.deepEqual(result.outcome, { kind: 'exit', code: 3, ...(error.trim() === '' ? {} : { error: error.trim() }) })
  }
})

test('the CPU time of each task is told, as far as the system counts it', async (t) => {
  const { run } = warmSlot(t)
  const busy = (times: number) => `i=0; while [ $i -lt ${times} ]; do i=$((i + 1)); done; say 0`

  const long = await run(busy(200_000))
  const short = await run(busy(1))

  assert.ok(long.cpuMs >= 10 && long.cpuMs <= long.ranMs + 20, `${long.cpuMs} ms of ${long.ranMs} ms`)
  assert.ok(short.cpuMs <= long.cpuMs, `${short.cpuMs} ms after ${long.cpuMs} ms`)
})

test('a program is replaced after its number of tasks', async (t) => {
  const { run } = warmSlot(t, { limits: { tasks: 2 } })

  const [a, b, c, d] = [
    printed(await run(PID)),
    printed(await run(PID)),
    printed(await run(PID)),
    printed(await run(PID)),
  ]

  assert.equal(a, b)
  assert.equal(c, d)
  assert.notEqual(a, c)
})

test('a program that is too old is replaced before its next task', async (t) => {
  const { run } = warmSlot(t, { limits: { ageMs: 50 } })

  const first = printed(await run(PID))
  await sleep(60)

  assert.notEqual(printed(await run(PID)), first)
})

test('a program that has grown too large leaves when it has answered', async (t) => {
  const { run, write } = warmSlot(t, { limits: { memoryBytes: 96 * 1_048_576 } })
  write(
    'grow.warm.mjs',
    IN_NODE.replace(
      'process.stderr.write(param)',
      'globalThis.kept = Buffer.alloc(Number(param), 1); process.stderr.write(String(process.pid))',
    ),
  )

  const [small, large, next] = [
    printed(await run('1', { task: 'grow' })),
    printed(await run(`${128 * 1_048_576}`, { task: 'grow' })),
    printed(await run('1', { task: 'grow' })),
  ]

  assert.equal(small, large)
  assert.notEqual(large, next)
})

test('a deploy replaces the program before one of the next tasks', async (t) => {
  const { run, write } = warmSlot(t)
  const first = printed(await run(PID))

  write('program.warm', ACTOR.replace('eval', 'echo new >&2; eval'))
  const later = await waitFor(async () => /^new\n\d+\n$/.exec(printed(await run(PID)))?.[0], {
    what: 'the new program',
  })

  assert.ok(!later.includes(first))
})

test('a slot keeps four programs, and the one that was not used for the longest time leaves first', async (t) => {
  const { run, write, processes } = warmSlot(t)
  const pids = new Map<string, string>()
  for (const name of ['a', 'b', 'c', 'd', 'e']) write(`${name}.warm`, ACTOR)
  for (const name of ['a', 'b', 'c', 'd', 'a', 'e']) pids.set(name, printed(await run(PID, { task: name })))

  await waitFor(() => processes().length === 8, { what: 'one of the five to leave' })

  assert.equal(printed(await run(PID, { task: 'a' })), pids.get('a'))
  assert.notEqual(printed(await run(PID, { task: 'b' })), pids.get('b'))
})

test('warm and cold programs take turns in one slot, and each has its own output', async (t) => {
  const { run, write } = warmSlot(t)
  write('cold', '#!/bin/sh\necho cold $1\nexit 4\n')

  const warm = printed(await run(PID))
  const cold = await run('x', { task: 'cold' })

  assert.deepEqual([printed(cold), cold.outcome], ['cold x\n', { kind: 'exit', code: 4 }])
  assert.equal(printed(await run(PID)), warm)
})

test('a program that has printed much gets a new file, and begins anew for it', async (t) => {
  const { run } = warmSlot(t)
  const first = printed(await run(PID))

  const { output, outcome } = await run('head -c 2000000 /dev/zero >&2; say 0')
  const last = printed(await run(PID))

  assert.deepEqual([output.kind, outcome.kind], ['file', 'ok'])
  assert.notEqual(last, first)
  assert.match(last, /^\d+\n$/)
})
