import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { programEnvironment, slotAssignment, taskAssignments } from '../../src/worker/environment.ts'
import { claimed } from './claimed-task.ts'
import { nastyText, SEED } from './nasty-text.ts'

test("a program gets the worker's environment", () => {
  assert.deepEqual(programEnvironment({ PATH: '/bin', LANG: 'C.UTF-8', _x1: '', http_proxy: "it's" }, null), {
    PATH: '/bin',
    LANG: 'C.UTF-8',
    _x1: '',
    http_proxy: "it's",
  })
})

test("the dispatcher's settings are not handed on: its database URL holds a password", () => {
  const given = { QUEUE_URL: 'mysql://shop:secret@db/shop', QUEUE_TASKS: 'x', QUEUE_RETRY: '1m', HOME: '/root' }

  assert.deepEqual(programEnvironment(given, null), { HOME: '/root' })
})

test('facts about another task, as in a worker that a task program started, are not handed on', () => {
  assert.deepEqual(programEnvironment({ TASK_ID: '1', TASK_KEY: 'k', TASK_EXTRA: 'x', HOME: '/root' }, null), {
    HOME: '/root',
  })
})

test('the job that a worker was started for is told, and no slot of another', () => {
  const outer = { JOB_ID: 'outer', JOB_SLOT: '2026-11-20T02:30:00Z', HOME: '/root' }

  assert.deepEqual(programEnvironment(outer, 'mail'), { HOME: '/root', JOB_ID: 'mail' })
  assert.deepEqual(programEnvironment(outer, null), outer)
})

test('names that no shell can carry are left out', () => {
  assert.deepEqual(
    programEnvironment({ 'BASH_FUNC_x%%': '() { :; }', 'a b': '1', '1a': '1', 'a-b': '1', ok: '1' }, null),
    {
      ok: '1',
    },
  )
})

test('a task is described by the variables of the contract, but for its id and key', () => {
  const row = { id: 42, queue: 'mail', task: 'send-msg', attempt: 2 }
  const expiresAt = Date.UTC(2026, 10, 20, 18, 4, 5, 678)
  const assignments = taskAssignments(claimed({ ...row, expiresAt }), 4)

  assert.deepEqual(asSeenByAProgram(assignments), {
    TASK_NAME: 'send-msg',
    TASK_QUEUE: 'mail',
    TASK_ATTEMPT: '2',
    TASK_MAX_ATTEMPTS: '4',
    TASK_EXPIRES_AT: '2026-11-20T18:04:05.678Z',
  })
})

test('a task that does not expire has an empty TASK_EXPIRES_AT', () => {
  assert.equal(asSeenByAProgram(taskAssignments(claimed({}), 4)).TASK_EXPIRES_AT, '')
})

test('a slot of any characters is one value', () => {
  fc.assert(
    fc.property(nastyText(), (param) => {
      assert.equal(asSeenByAProgram(slotAssignment(claimed({ param }))).JOB_SLOT, param)
    }),
    { seed: SEED, numRuns: 40 },
  )
})

test('a name of any characters is one value', () => {
  fc.assert(
    fc.property(nastyText(), (task) => {
      assert.equal(asSeenByAProgram(taskAssignments(claimed({ task }), 4)).TASK_NAME, task)
    }),
    { seed: SEED, numRuns: 40 },
  )
})

/** The variables of the contract of a program that a shell starts behind these assignments. */
function asSeenByAProgram(assignments: string): Record<string, string> {
  const input = `${assignments} env -0\n`
  const { stdout } = spawnSync('/bin/sh', [], { input, encoding: 'utf8', env: { PATH: process.env.PATH } })
  const variables = stdout.split('\0').filter((variable) => /^(TASK|JOB)_/.test(variable))
  return Object.fromEntries(variables.map((variable) => variable.split(/=(.*)/s).slice(0, 2)))
}
