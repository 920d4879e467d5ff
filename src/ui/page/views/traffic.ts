/** What was asked over time, by whom and of whom. */
import { html } from 'htm/preact'
import { useMemo, useState } from 'preact/hooks'
import type { TrafficAnswer, TrafficPoint } from '../../../api/console/page-answers.ts'
import { ask, query } from '../api.ts'
import { Chart, type Series } from '../parts/chart.ts'
import { Fault, useFetched } from '../parts/fetched.ts'
import { Table } from '../parts/table.ts'
import { valueOf } from '../parts/value-of.ts'
import { amount, dollars, duration, known, t, type Word } from '../text.ts'

const MINUTE = 60_000
const RANGES: Record<string, { span: number; step: number }> = {
  '15m': { span: 15 * MINUTE, step: 15_000 },
  '1h': { span: 60 * MINUTE, step: MINUTE },
  '6h': { span: 360 * MINUTE, step: 5 * MINUTE },
  '24h': { span: 1440 * MINUTE, step: 15 * MINUTE },
  '7d': { span: 10_080 * MINUTE, step: 120 * MINUTE },
}
const GROUPS = ['model', 'provider', 'client', 'key', 'outcome']
/** Lines of a chart; the rest is one more. */
const MOST = 7
const EVERY = 5000

export function Traffic() {
  const [range, setRange] = useState('15m')
  const [by, setBy] = useState('model')
  const { span, step } = RANGES[range] ?? { span: 60 * MINUTE, step: MINUTE }
  const load = (): Promise<TrafficAnswer> => {
    const until = Math.ceil(Date.now() / step) * step
    return ask(`/v1/admin/traffic?${query({ by, since: until - span, until, step })}`)
  }
  const { value, error } = useFetched(load, `${range} ${by}`, EVERY)
  const change = (set: (to: string) => void) => (event: Event) => set(valueOf(event))
  return html`
    <div class="head">
      <h1>${t('traffic.title')}</h1>
      <div class="fields">
        <label
          >${t('traffic.range')}<select aria-label=${t('traffic.range')} value=${range} onChange=${change(setRange)}>
            ${Object.keys(RANGES).map((name) => html`<option key=${name} value=${name}>${duration(RANGES[name]?.span ?? 0)}</option>`)}
          </select></label
        >
        <label
          >${t('traffic.by')}<select aria-label=${t('traffic.by')} value=${by} onChange=${change(setBy)}>
            ${GROUPS.map((group) => html`<option key=${group} value=${group}>${t(`traffic.by.${group}` as Word)}</option>`)}
          </select></label
        >
      </div>
    </div>
    <${Fault} error=${error} />
    ${value && value.data.length === 0 && html`<p class="empty">${t('traffic.empty')}</p>`}
    ${value && value.data.length > 0 && html`<${Charts} answer=${value} by=${by} /><${Sums} answer=${value} by=${by} />`}
  `
}

function Charts({ answer, by }: { answer: TrafficAnswer; by: string }) {
  const { times, lines } = useMemo(() => linesOf(answer, by), [answer, by])
  const minutes = answer.step / MINUTE
  const each = (value: (point: TrafficPoint) => number): Series[] =>
    lines.map(({ name, points }) => ({
      name,
      values: points.map((list) => list.reduce((sum, point) => sum + value(point), 0) / minutes),
    }))
  const timed = (value: (point: TrafficPoint) => number | null): Series[] =>
    lines.map(({ name, points }) => ({ name, values: points.map((list) => largest(list.map(value))) }))
  const charts = useMemo(
    () => ({
      requests: each((point) => point.requests),
      first: timed((point) => point.first_p50),
      first95: timed((point) => point.first_p95),
      errors: each((point) => point.errors),
      spared: each((point) => point.spared),
      refused: each((point) => point.refused),
      tokens: each((point) => point.input_tokens + point.output_tokens),
      cost: each((point) => point.cost * 60),
    }),
    [lines],
  )
  return html`<div class="charts">
    <${Chart} title=${t('traffic.requests')} times=${times} series=${charts.requests} />
    <${Chart} title=${t('traffic.first')} times=${times} series=${charts.first} />
    <${Chart} title=${t('traffic.first95')} times=${times} series=${charts.first95} />
    <${Chart} title=${t('traffic.errors')} times=${times} series=${charts.errors} />
    <${Chart} title=${t('traffic.spared')} help=${t('traffic.spared.help')} times=${times} series=${charts.spared} />
    <${Chart} title=${t('traffic.refused')} times=${times} series=${charts.refused} />
    <${Chart} title=${t('traffic.tokens')} times=${times} series=${charts.tokens} />
    <${Chart} title=${t('traffic.cost')} times=${times} series=${charts.cost} text=${dollars} />
  </div>`
}

interface Line {
  name: string
  /** By place of the times. */
  points: TrafficPoint[][]
}

/** The busiest names have lines of their own. */
function linesOf({ since, until, step, data }: TrafficAnswer, by: string): { times: number[]; lines: Line[] } {
  const first = Math.floor(since / step) * step
  const count = Math.max(1, Math.round((until - first) / step))
  const times = Array.from({ length: count }, (_, index) => (first + index * step) / 1000)
  const requests = new Map<string, number>()
  for (const point of data) requests.set(point.name, (requests.get(point.name) ?? 0) + point.requests)
  const names = [...requests].sort((a, b) => b[1] - a[1]).map(([name]) => name)
  const own = new Set(names.slice(0, MOST))
  const lines = new Map<string, Line>()
  for (const point of data) {
    const name = own.has(point.name) ? nameOf(point.name, by) : t('traffic.other')
    const line = lines.get(name) ?? { name, points: Array.from({ length: count }, () => []) }
    lines.set(name, line)
    line.points[Math.round((point.at - first) / step)]?.push(point)
  }
  return { times, lines: [...lines.values()] }
}

function Sums({ answer, by }: { answer: TrafficAnswer; by: string }) {
  const sums = [...Map.groupBy(answer.data, ({ name }) => name)].map(([name, points]) => {
    const sum = (value: (point: TrafficPoint) => number): number => points.reduce((all, point) => all + value(point), 0)
    return {
      name,
      sum,
      requests: sum((point) => point.requests),
      first: largest(points.map(({ first_p50 }) => first_p50)),
    }
  })
  sums.sort((a, b) => b.requests - a.requests)
  return html`<section class="card" aria-label=${t('traffic.total')}>
    <h2>${t('traffic.total')}</h2>
    <${Table}
      columns=${[t(`traffic.by.${by}` as Word), ...['requests', 'errors', 'spared', 'refused', 'input', 'output', 'cost'].map((name) => [t(`traffic.col.${name}` as Word), 'num'] as const)]}
      rows=${sums.map(
        ({ name, sum, requests }) =>
          html`<tr key=${name}>
            <th scope="row">${nameOf(name, by)}</th>
            <td class="num">${amount(requests)}</td>
            <td class="num">${amount(sum((point) => point.errors))}</td>
            <td class="num">${amount(sum((point) => point.spared))}</td>
            <td class="num">${amount(sum((point) => point.refused))}</td>
            <td class="num">${amount(sum((point) => point.input_tokens))}</td>
            <td class="num">${amount(sum((point) => point.output_tokens))}</td>
            <td class="num">${dollars(sum((point) => point.cost))}</td>
          </tr>`,
      )}
    />
  </section>`
}

function nameOf(name: string, by: string): string {
  if (name === '') return t(by === 'client' ? 'queue.anonymous' : 'app.none')
  return by === 'outcome' ? known('outcome', name) : name
}

function largest(values: (number | null)[]): number | null {
  const told = values.filter((value) => value !== null)
  return told.length > 0 ? Math.max(...told) : null
}
