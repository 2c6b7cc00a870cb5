/** The terminal of the tests: that it is one, and that nothing of it is left. */
import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { test } from 'node:test'
import { temporaryDirectory } from './cleanup.ts'
import { comparable, openScreen, WITHOUT_TERMINAL } from './screen.ts'

test('a screen is a terminal of the size that was asked for', { skip: WITHOUT_TERMINAL }, async (t) => {
  const screen = await openScreen(t, { directory: temporaryDirectory(t), columns: 80, rows: 24 })

  await screen.type('stty size; test -t 1 && echo it is a terminal')
  const text = await screen.untilPrompt()
  await screen.resize(140, 40)
  await screen.type('stty size')
  await screen.until('40 140')

  assert.equal(text, '$ stty size; test -t 1 && echo it is a terminal\n24 80\nit is a terminal\n$')
})

test('the commands are there by their names, and a key reaches them', { skip: WITHOUT_TERMINAL }, async (t) => {
  const screen = await openScreen(t, { directory: temporaryDirectory(t), columns: 80, rows: 24 })

  await screen.type('queuectl --version')
  await screen.until(/\n\d+\.\d+\.\d+\n\$$/)
  await screen.type('echo begun; sleep 60')
  await screen.until(/^begun$/m)
  await screen.press('C-c')

  await screen.untilPrompt()
})

test('a long line that wraps, an empty one, and CJK are typed', { skip: WITHOUT_TERMINAL }, async (t) => {
  const screen = await openScreen(t, { directory: temporaryDirectory(t), columns: 20, rows: 24 })

  await screen.type(`echo ${'x'.repeat(30)} 日本語`)
  await screen.until(/x 日本語\n\$$/)
  await screen.type('')

  await screen.until(/\$\n\$$/)
})

test('what differs from run to run is replaced, and columns stay where they are', () => {
  const text = `${hostname()}:1234567    running  4m5s ago\n12 tasks at 2026-11-20 18:04:05 (now), 1,234/s\n id   ran for\n 17    12.5s`

  const kept = comparable(text, [[/ +[\d.]+s$/gm, 'TIME']])

  const columns = `HOST:PID${' '.repeat(hostname().length)}    running  AGO`
  assert.equal(kept, `${columns}\n12 tasks at YYYY-MM-DD hh:mm:ss (AGO), N/s\n id   ran for\n 17     TIME\n`)
})
