import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorLine, lastWords } from '../../src/ctl/error-text.ts'

const NODE = `exit code 1: node:internal/modules/run:95
    throw error;
    ^

Error: connect ECONNREFUSED 127.0.0.1:25
    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1637:16) {
  errno: -111,
  code: 'ECONNREFUSED'
}

Node.js v24.11.0`
const PHP = `exit code 255: PHP Fatal error:  Uncaught Exception: no such order in sync.php:3
Stack trace:
#0 {main}
  thrown in sync.php on line 3`
const PYTHON =
  'exit code 1: Traceback (most recent call last):\n  File "a.py", line 1, in <module>\nValueError: no such order'

for (const { what, error, words, line } of [
  { what: 'no output', error: 'ended by SIGSEGV', words: 'ended by SIGSEGV', line: 'ended by SIGSEGV' },
  { what: 'one line', error: 'exit code 1: refused', words: 'exit code 1: refused', line: 'exit code 1: refused' },
  { what: 'more', error: 'exit code 1: sending 4\nrefused\n\n', words: 'refused', line: 'exit code 1: refused' },
  { what: 'a stack alone', error: 'exit code 1: \n    at a\n    at b', words: 'exit code 1:', line: 'exit code 1:' },
  {
    what: 'Node',
    error: NODE,
    words: 'Error: connect ECONNREFUSED 127.0.0.1:25',
    line: 'exit code 1: Error: connect ECONNREFUSED 127.0.0.1:25',
  },
  {
    what: 'PHP',
    error: PHP,
    words: 'exit code 255: PHP Fatal error:  Uncaught Exception: no such order in sync.php:3',
    line: 'exit code 255: PHP Fatal error:  Uncaught Exception: no such order in sync.php:3',
  },
  {
    what: 'Python',
    error: PYTHON,
    words: 'ValueError: no such order',
    line: 'exit code 1: ValueError: no such order',
  },
]) {
  test(`what went wrong is found at the end of the output: ${what}`, () => {
    assert.equal(lastWords(error), words)
    assert.equal(errorLine(error), line)
  })
}

test('nothing was said', () => {
  assert.equal(lastWords(null), undefined)
  assert.equal(lastWords(' \n'), undefined)
  assert.equal(errorLine(''), '')
})
