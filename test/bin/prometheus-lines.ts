/**
 * A strict reader of Prometheus' text format, as its documentation has it: what it does not allow is an error.
 */
import assert from 'node:assert/strict'

export interface ReadSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface ReadMetrics {
  readonly types: ReadonlyMap<string, string>
  readonly samples: readonly ReadSample[]
  /** The value of the sample with exactly these labels, written `name{a="b"}`. */
  value(sample: string): number | undefined
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (\S+)$/
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g

export function readPrometheus(text: string): ReadMetrics {
  assert.ok(text.endsWith('\n'), 'The last line ends.')
  const types = new Map<string, string>()
  const helps = new Set<string>()
  const samples: ReadSample[] = []
  const lines = new Map<string, number>()
  let family = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const [, what, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? []
    if (what !== undefined) {
      assert.match(name, NAME)
      if (what === 'HELP') {
        assert.ok(!helps.has(name), `${name} has one help.`)
        helps.add(name)
        family = name
      } else {
        assert.ok(name === family && !types.has(name), `${name} has its type behind its help, once.`)
        assert.match(rest, /^(counter|gauge|histogram)$/)
        types.set(name, rest)
      }
      continue
    }
    const [all, sampleName = '', labelText = '', valueText = ''] = SAMPLE.exec(line) ?? []
    assert.ok(all !== undefined, `This is no sample: ${line}`)
    const isOfFamily = types.get(family) === 'histogram' ? sampleName.replace(/_(bucket|sum|count)$/, '') : sampleName
    assert.equal(isOfFamily, family, `${sampleName} stands with its family.`)
    const value = Number(valueText)
    assert.ok(Number.isFinite(value), `${valueText} is a number.`)
    const labels = Object.fromEntries(
      [...labelText.matchAll(LABEL)].map(([, label = '', text = '']) => [label, unescaped(text)]),
    )
    const key = line.slice(0, line.lastIndexOf(' '))
    assert.ok(!lines.has(key), `${key} is there once.`)
    lines.set(key, value)
    samples.push({ name: sampleName, labels, value })
    if (types.get(family) === 'counter') assert.ok(value >= 0 && family.endsWith('_total'), `${family} is a counter.`)
  }
  checkHistograms(types, samples)
  return { types, samples, value: (sample) => lines.get(sample) }
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character))
}

function checkHistograms(types: ReadonlyMap<string, string>, samples: readonly ReadSample[]): void {
  for (const [name] of [...types].filter(([, type]) => type === 'histogram')) {
    const series = Map.groupBy(
      samples.filter((sample) => sample.name === `${name}_bucket`),
      ({ labels: { le: _, ...labels } }) => JSON.stringify(labels),
    )
    for (const [labels, buckets] of series) {
      const bounds = buckets.map(({ labels: { le } }) => (le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le)))
      const count = samples.find((one) => one.name === `${name}_count` && JSON.stringify(one.labels) === labels)
      assert.deepEqual(
        bounds,
        bounds.toSorted((a, b) => a - b),
      )
      assert.ok(
        buckets.every(({ value }, i) => i === 0 || value >= (buckets[i - 1]?.value ?? 0)),
        `${name} rises.`,
      )
      assert.ok(bounds.at(-1) === Number.POSITIVE_INFINITY && buckets.at(-1)?.value === count?.value)
    }
  }
}
