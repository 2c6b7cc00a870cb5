import assert from 'node:assert/strict'
import test from 'node:test'
import { plainFlags } from '../../src/bin/plain-flags.ts'

const TEXT = { type: 'string' } as const
const SWITCH = { type: 'boolean' } as const
const KINDS = { directory: TEXT, at: TEXT, wait: SWITCH, 'dry-run': SWITCH }

const PLAIN: [line: string[], flags: object][] = [
  [[], {}],
  [['--wait'], { wait: true }],
  [['--dry-run', '--at', '2026-11-20 18:04'], { 'dry-run': true, at: '2026-11-20 18:04' }],
  [['--directory=/srv/shop', '--at=18:04'], { directory: '/srv/shop', at: '18:04' }],
  [['--directory=/srv/a=b'], { directory: '/srv/a=b' }],
  [['--at', '18:04', '--at', '18:05'], { at: '18:05' }],
]

const NOT_PLAIN: string[][] = [
  ['--help'],
  ['-h'],
  ['--version'],
  ['--'],
  ['list'],
  ['--wait', 'list'],
  ['--no-wait'],
  ['--wait=false'],
  ['--at'],
  ['--at', ''],
  ['--at='],
  ['--at', '--wait'],
  ['--directory', '-x'],
  ['--dir', '/srv'],
  ['--constructor'],
  ['--__proto__=x'],
]

for (const [line, flags] of PLAIN) {
  test(`${JSON.stringify(line)} is plain`, () => {
    assert.deepEqual(plainFlags(line, KINDS), flags)
  })
}

for (const line of NOT_PLAIN) {
  test(`${JSON.stringify(line)} is left to yargs`, () => {
    assert.equal(plainFlags(line, KINDS), undefined)
  })
}
