import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type About,
  afterEnding,
  afterSilence,
  afterTelling,
  begun,
  dueMessages,
  type Incident,
  type RunEnding,
  WELL,
} from '../../../src/schedule/incident/incident.ts'

const MINUTE_MS = 60_000
const AT = Date.UTC(2026, 10, 20, 1, 30)
const ABOUT: About = {
  host: 'web-1',
  now: AT + 90 * MINUTE_MS,
  notify: { command: ['bin/alert'], url: 'https://alerts.example/x' },
  timezone: 'Europe/Berlin',
}

test('the first failure is told, those after it are not, and neither is a run that was cancelled', () => {
  const first = afterEnding(WELL, failed(0), ABOUT)
  const second = afterEnding(first, failed(1), ABOUT)
  const third = afterEnding(second, { ...failed(2), outcome: 'cancelled' }, ABOUT)

  assert.deepEqual(events(first), ['failure'])
  assert.deepEqual([second, third], [first, first])
  assert.deepEqual(first.pending[0]?.message, {
    event: 'failure',
    job: 'backup',
    host: 'web-1',
    slot: '2026-11-20T01:30:00Z',
    outcome: 'failed',
    exitCode: 3,
    exitSignal: null,
    attempts: 2,
    error: 'exit code 3: no space\nleft on device',
    since: '2026-11-20T01:30:00Z',
    text: 'Job backup, due at 2026-11-20 02:30, failed on web-1 in 2 attempts: exit code 3: left on device.',
  })
})

test('a good run tells of nothing but the end of an incident', () => {
  const well = afterEnding(WELL, done(0), ABOUT)
  const recovered = afterEnding(afterEnding(WELL, failed(0), ABOUT), done(5), ABOUT)
  const again = afterEnding(recovered, done(6), ABOUT)

  assert.equal(well, WELL)
  assert.deepEqual([events(recovered), again], [['failure', 'recovery'], recovered])
  const { slot, since, error, text } = recovered.pending[1]?.message ?? assert.fail()
  assert.deepEqual([slot, since, error], ['2026-11-20T01:35:00Z', '2026-11-20T01:30:00Z', null])
  assert.equal(
    text,
    'Job backup, due at 2026-11-20 02:35, works again on web-1. It had not gone well since 2026-11-20 02:30, 1h30m ago.',
  )
})

test('a run whose end is not known neither begins an incident nor ends one', () => {
  const open = afterEnding(WELL, failed(0), ABOUT)

  assert.equal(afterEnding(WELL, { ...failed(0), outcome: 'unknown' }, ABOUT), WELL)
  assert.equal(afterEnding(open, { ...done(1), outcome: 'unknown' }, ABOUT), open)
})

test('what could not be started is a failure in words of its own', () => {
  const ending = {
    ...failed(0),
    outcome: 'not-started',
    exitCode: null,
    error: 'onlyIf threw: no such table.',
  } as const

  const { text, outcome } = afterEnding(WELL, ending, ABOUT).pending[0]?.message ?? assert.fail()

  assert.equal(outcome, 'not-started')
  assert.equal(text, 'Job backup, due at 2026-11-20 02:30, could not be started on web-1: onlyIf threw: no such table.')
})

test('silence is told once, says since when, and ends with a good run', () => {
  const since = AT - 26 * 60 * MINUTE_MS
  const silent = afterSilence(WELL, 'backup', since, ABOUT)
  const failing = afterEnding(afterSilence(silent, 'backup', since, ABOUT), failed(0), ABOUT)
  const recovered = afterEnding(failing, done(1), ABOUT)

  assert.deepEqual(
    [events(silent), events(failing), events(recovered)],
    [['silence'], ['silence'], ['silence', 'recovery']],
  )
  const { text, outcome, slot } = silent.pending[0]?.message ?? assert.fail()
  assert.equal(text, 'Job backup has not gone well for 1d3h30m, since 2026-11-19 00:30.')
  assert.deepEqual([outcome, slot], [null, '2026-11-20T03:00:00Z'])
})

test('a failing job is not told to be silent as well', () => {
  const failing = afterEnding(WELL, failed(0), ABOUT)

  assert.equal(afterSilence(failing, 'backup', AT, ABOUT), failing)
})

test('reasons are one line, also where nothing is known', () => {
  const textOf = (ending: Partial<RunEnding>) =>
    afterEnding(WELL, { ...failed(0), attempts: 1, ...ending }, ABOUT)
      .pending[0]?.message.text.split(': ')
      .at(-1)

  assert.equal(textOf({ error: null }), 'exit code 3.')
  assert.equal(textOf({ error: 'ended by SIGTERM: one\n\ntwo.\n  ' }), 'two.')
  assert.equal(textOf({ error: '', exitCode: null, exitSignal: 'SIGKILL' }), 'ended by SIGKILL.')
  assert.equal(textOf({ error: null, exitCode: null }), 'why is not known.')
  assert.equal(textOf({ error: 'x'.repeat(300) })?.length, 202)
})

test('while one tick tells, no other does; what nobody took is offered again for an hour', () => {
  const now = ABOUT.now
  const noted = afterEnding(WELL, failed(0), ABOUT)
  const telling = begun(noted, now)
  const [pending] = dueMessages(noted, now)
  assert.ok(pending !== undefined)

  const halfTold = afterTelling(telling, [{ ...pending, left: ['url'] }], now)

  assert.deepEqual(dueMessages(telling, now + 20_000), [])
  assert.deepEqual(
    dueMessages(halfTold ?? WELL, now + MINUTE_MS).map(({ left }) => left),
    [['url']],
  )
  assert.deepEqual(afterTelling(telling, [], now + 59 * MINUTE_MS)?.pending.length, 1)
  assert.deepEqual(afterTelling(telling, [], now + 60 * MINUTE_MS)?.pending.length, 0)
})

test('nothing is remembered when all is told and well, and the incident while it is not', () => {
  const noted = afterEnding(WELL, failed(0), ABOUT)
  const toldAll = (incident: Incident) =>
    afterTelling(
      incident,
      incident.pending.map((one) => ({ ...one, left: [] })),
      ABOUT.now,
    )

  assert.deepEqual(toldAll(noted), { open: { event: 'failure', since: AT }, pending: [], triedAt: 0 })
  assert.equal(toldAll(afterEnding(noted, done(1), ABOUT)), undefined)
})

test('what came in while a message was told is kept', () => {
  const noted = afterEnding(WELL, failed(0), ABOUT)
  const [pending] = dueMessages(noted, ABOUT.now)
  assert.ok(pending !== undefined)

  const left = afterTelling(afterEnding(noted, done(1), ABOUT), [{ ...pending, left: [] }], ABOUT.now)

  assert.deepEqual(events(left ?? WELL), ['recovery'])
})

test('a job that fails and recovers all the time while nobody listens fills no row', () => {
  let incident = WELL
  for (let minute = 0; minute < 100; minute++)
    incident = afterEnding(incident, minute % 2 === 0 ? failed(minute) : done(minute), ABOUT)

  assert.equal(incident.pending.length, 10)
  assert.equal(incident.pending.at(-1)?.message.slot, '2026-11-20T03:09:00Z')
})

function failed(minutes: number): RunEnding {
  const error = 'exit code 3: no space\nleft on device'
  return { ...done(minutes), outcome: 'failed', exitCode: 3, attempts: 2, error }
}

function done(minutes: number): RunEnding {
  const result = { exitCode: 0, exitSignal: null, attempts: 1, error: null }
  return { job: 'backup', slotAt: AT + minutes * MINUTE_MS, outcome: 'done', ...result }
}

function events({ pending }: Incident): string[] {
  return pending.map(({ message }) => message.event)
}
