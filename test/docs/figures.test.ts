/** Plots and tables in the documentation are made of the figures that are kept beside it, all of them, and can be read. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Comparison } from '../../bench/comparison.ts'
import { bars } from '../../bench/figures/bars.ts'
import { lines } from '../../bench/figures/lines.ts'
import { keptReports, madeFiles } from '../../bench/figures/make.ts'
import { filled, sectionsOf } from '../../bench/figures/pages.ts'

const ROOT = join(import.meta.dirname, '../..')
const REMEDY = '"npm run figures" writes it.'

test('README, docs/performance.md and the plots are what the figures make them', () => {
  for (const [path, text] of madeFiles()) assert.ok(read(path) === text, `${path} is not what is made. ${REMEDY}`)
})

test('every plot is shown and every bench with figures has its place', () => {
  const pages = [read('README.md'), read('docs/performance.md')].join('\n')
  const plots = readdirSync(join(ROOT, 'docs/figures')).filter((file) => file.endsWith('.svg'))
  const sections = sectionsOf(read('docs/performance.md'))

  for (const plot of plots) assert.ok(pages.includes(`figures/${plot})`), `docs/figures/${plot} is shown nowhere`)
  for (const bench of Object.keys(keptReports()))
    assert.ok(sections.includes(bench), `docs/performance.md has no <!-- figures: ${bench} -->`)
})

test('a figure that is typed by hand is replaced by the measured one', () => {
  const page = read('docs/performance.md')
  const [bench = ''] = Object.keys(keptReports())
  const typed = page.replace(`<!-- figures: ${bench} -->`, `<!-- figures: ${bench} -->\nten times faster`)

  assert.notEqual(typed, page)
  assert.equal(filled(typed, keptReports(), 'figures/'), page)
})

test('in a plot no text runs into another, or over the edge', () => {
  const made = [...madeFiles()].filter(([path]) => path.endsWith('.svg'))
  const growth = lines({
    title:
      'How long a claim takes, however many tasks there are and whoever asks for them at whatever time of the day it is',
    subtitle: 'Made up.',
    unit: 'ms',
    sizes: 'ready tasks',
    series: ['do-queue', 'the id % N pull of old', 'FOR UPDATE SKIP LOCKED by hand', 'a fourth way'].map((name, i) => ({
      name,
      points: [10_000, 1_000_000, 10_000_000].map((size) => ({
        size,
        value: { median: size / 1_000 + i, min: 0.2, max: size / 500 + i },
      })),
    })),
  })

  for (const [path, svg] of [...made, ['long names', bars(WITH_LONG_NAMES)], ['growth', growth]] as const)
    assert.deepEqual(collisions(svg), [], path)
})

const WITH_LONG_NAMES: Comparison = {
  id: 'long',
  title: 'A long title that does not fit into one line of seven hundred pixels, and so has to be broken up somewhere',
  unit: 'milliseconds of something that is long as well',
  better: 'less',
  rival: 'a rival whose name is a whole sentence and then some',
  sides: [
    { name: 'a rival whose name is a whole sentence and then some', ours: false, samples: [1, 2, 3] },
    { name: 'the library, many tasks at once, within a transaction', ours: true, samples: [90_000, 123_456, 400_000] },
    { name: 'short', ours: true, samples: [0.001, 0.002, 0.003] },
  ],
}

test('a plot whose texts collide is found', () => {
  const svg = '<svg viewBox="0 0 700 90"><text x="10" y="20" font-size="13" text-anchor="start">one</text>'

  assert.equal(collisions(`${svg}<text x="20" y="25" font-size="13" text-anchor="start">two</text></svg>`).length, 1)
  assert.equal(collisions(`${svg}<text x="690" y="60" font-size="13" text-anchor="start">two</text></svg>`).length, 1)
})

interface Box {
  readonly words: string
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

const TEXT = /<text x="([\d.]+)" y="([\d.]+)" font-size="(\d+)"[^>]* text-anchor="(\w+)"[^>]*>([^<]*)<\/text>/g
/** Of its size, what a letter is wide on average in a common font. */
const LETTER = 0.56

function collisions(svg: string): string[] {
  const [, width = 0, height = 0] = (/viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? []).map(Number)
  const boxes = [...svg.matchAll(TEXT)].map(([, x, y, size, anchor, words = '']) =>
    boxOf(Number(x), Number(y), Number(size), anchor ?? '', words),
  )
  const outside = boxes.filter((box) => box.left < 0 || box.right > width || box.top < 0 || box.bottom > height)
  const pairs = boxes.flatMap((one, i) =>
    boxes
      .slice(i + 1)
      .filter((other) => overlap(one, other))
      .map((other) => [one, other]),
  )
  return [
    ...outside.map(({ words }) => `"${words}" is outside`),
    ...pairs.map(([one, other]) => `"${one?.words}" is over "${other?.words}"`),
  ]
}

function boxOf(x: number, y: number, size: number, anchor: string, words: string): Box {
  const width = words.length * size * LETTER
  const left = anchor === 'end' ? x - width : anchor === 'middle' ? x - width / 2 : x
  return { words, left, right: left + width, top: y - size * 0.75, bottom: y + size * 0.2 }
}

function overlap(one: Box, other: Box): boolean {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}
