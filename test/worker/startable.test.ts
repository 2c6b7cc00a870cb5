import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { whyNotStartable } from '../../src/worker/startable.ts'
import { temporaryDirectory } from '../helpers/cleanup.ts'

/** A directory of programs, and one of interpreters, which is all of PATH. */
function place(t: TestContext): { readonly why: (name: string, text: string, mode?: number) => string | undefined } {
  const directory = temporaryDirectory(t)
  const path = join(directory, 'path')
  mkdirSync(path)
  writeFileSync(join(path, 'known'), '', { mode: 0o755 })
  const tasks = join(directory, 'tasks')
  mkdirSync(tasks)
  return {
    why(name, text, mode = 0o755) {
      writeFileSync(join(tasks, name), text)
      chmodSync(join(tasks, name), mode)
      return whyNotStartable(tasks, name, path)
    },
  }
}

test('a program whose interpreter is there can be started', (t) => {
  const { why } = place(t)

  for (const [name, text, mode] of [
    ['shell', '#!/bin/sh\n'],
    ['spaced', '#! /bin/sh -e\n'],
    ['by-env', '#!/usr/bin/env known\n'],
    ['with-options', '#!/usr/bin/env -S known --fast\n'],
    ['binary', '\u007fELF'],
    ['module.ts', 'export {}\n', 0o644],
  ] as const) {
    assert.equal(why(name, text, mode), undefined, name)
  }
})

test('what is missing is named', (t) => {
  const { why } = place(t)

  assert.match(
    why('gone', '#!/opt/gone/bin/perl\n') ?? '',
    /gone is to be run by \/opt\/gone\/bin\/perl, which is not there$/,
  )
  assert.match(why('empty', '#!\n') ?? '', /is to be run by nothing, which is not there$/)
  assert.match(why('by-env', '#!/usr/bin/env ruby\n') ?? '', /is to be run by ruby, which is not in PATH$/)
  assert.match(why('report.php', '<?php\n', 0o644) ?? '', /report\.php is run by php, which is not in PATH$/)
  assert.match(
    why('windows', '#!/bin/sh\r\n') ?? '',
    /ends in a carriage return.*run "sed -i 's\/\\r\$\/\/' .*windows"$/,
  )
  assert.match(why('plain', 'words\n', 0o644) ?? '', /run chmod \+x on it$/)
})
