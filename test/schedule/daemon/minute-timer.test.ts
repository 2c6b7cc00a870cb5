import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { everyMinute } from '../../../src/schedule/daemon/minute-timer.ts'

const START = Date.UTC(2026, 10, 20, 12, 0, 30)
const SECOND = 1_000

/** The timer on a wall clock that can be set, while time passes when we say so: timers go by the running clock. */
function clockwork(t: TestContext) {
  let running = 0
  let ahead = START
  const wall = () => ahead + running
  const RealDate = Date
  class SetDate extends RealDate {
    constructor(...given: [] | [number]) {
      super(given.length === 0 ? wall() : given[0])
    }
    static override now = wall
  }
  globalThis.Date = SetDate as DateConstructor
  t.after(() => {
    globalThis.Date = RealDate
  })
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  const told: string[] = []
  const timer = everyMinute((minute) => told.push(new RealDate(minute).toISOString().slice(11, 16)), {
    wall,
    running: () => running,
  })
  t.after(() => timer.end())
  return {
    told,
    timer,
    async pass(seconds: number) {
      for (let i = 0; i < seconds; i++) {
        running += SECOND
        t.mock.timers.tick(SECOND)
        for (let turn = 0; turn < 9; turn++) await Promise.resolve()
      }
    },
    /** The wall clock goes on from elsewhere: it was set, or the machine slept. */
    leap: (ms: number) => {
      ahead += ms
    },
  }
}

test('each minute is told when it begins', async (t) => {
  const clock = clockwork(t)

  await clock.pass(29)
  const before = [...clock.told]
  await clock.pass(121)

  assert.deepEqual([before, clock.told], [[], ['12:01', '12:02', '12:03']])
})

test('after a clock that was set back by hours, the minutes go on', async (t) => {
  const clock = clockwork(t)
  await clock.pass(40)

  clock.leap(-3 * 3_600_000)
  await clock.pass(100)

  assert.deepEqual(clock.told, ['12:01', '09:01', '09:02'])
})

test('after a suspend the minute that has come is told at once, and none of those that went by', async (t) => {
  const clock = clockwork(t)

  clock.leap(8 * 3_600_000)
  await clock.pass(2)
  const atOnce = [...clock.told]
  await clock.pass(60)

  assert.deepEqual([atOnce, clock.told], [['20:00'], ['20:00', '20:01']])
})

test('a timer that was ended tells nothing', async (t) => {
  const clock = clockwork(t)

  clock.timer.end()
  await clock.pass(120)

  assert.deepEqual(clock.told, [])
})
