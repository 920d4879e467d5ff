/** How many keys it takes: traffic of before, from a file or from the log, through the scheduler on a clock of its own. */
import { html } from 'htm/preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { PlanAnswer, PlanProgress } from '../../../api/console/page-answers.ts'
import { call, eventsOf, readJson } from '../api.ts'
import { Fault } from '../parts/fetched.ts'
import { ModelField, useModelChoice } from '../parts/model-choice.ts'
import { Table } from '../parts/table.ts'
import { valueOf } from '../parts/value-of.ts'
import { amount, duration, known, t } from '../text.ts'

const HOUR = 3_600_000
const SPANS = [1, 6, 24, 24 * 7, 24 * 30]
/** Of the last day, unless something else is chosen. */
const USUAL = '24'
const FILE = 'file'
/** Bytes that the server takes. */
const MOST = 4 * 1024 * 1024

type PlanEvent = Partial<PlanProgress> & { report?: PlanAnswer; error?: { message: string } }

export function Plan() {
  const models = useModelChoice()
  const [source, setSource] = useState(USUAL)
  const [file, setFile] = useState<File | undefined>(undefined)
  const [target, setTarget] = useState('99')
  const [speed, setSpeed] = useState('1')
  const [progress, setProgress] = useState<PlanProgress | undefined>(undefined)
  const [report, setReport] = useState<PlanAnswer | undefined>(undefined)
  const [error, fail] = useState<Error | undefined>(undefined)
  const [isBusy, setBusy] = useState(false)
  const running = useRef<AbortController | undefined>(undefined)
  const { chosen } = models
  // who leaves the view wants no plan any more
  useEffect(() => () => running.current?.abort(), [])

  async function reckon(event: Event): Promise<void> {
    event.preventDefault()
    if (isBusy) return
    const stop = new AbortController()
    running.current = stop
    setBusy(true)
    setReport(undefined)
    setProgress(undefined)
    fail(undefined)
    try {
      const traffic = source === FILE ? { trace: await textOf(file) } : { hours: Number(source) }
      const body = { ...traffic, model: chosen, target: Number(target), speed: Number(speed) }
      const answer = await call('/v1/admin/plan', { body, signal: stop.signal })
      let isTold = false
      for await (const data of eventsOf(answer)) {
        const { runs = 0, requests = 0, report: told, error: fault } = readJson(data) as PlanEvent
        isTold ||= told !== undefined || fault !== undefined
        if (fault) fail(new Error(fault.message))
        else if (told) setReport(told)
        else setProgress({ runs, requests })
      }
      if (!isTold) fail(new Error(t('plan.cut')))
    } catch (cause) {
      if (!stop.signal.aborted) fail(cause as Error)
    }
    setBusy(false)
  }

  return html`
    <h1>${t('plan.title')}</h1>
    <p class="note">${t('plan.help')}</p>
    <form class="fields" onSubmit=${reckon} aria-label=${t('plan.title')}>
      <label
        >${t('plan.source')}<select
          aria-label=${t('plan.source')}
          value=${source}
          onChange=${(event: Event) => setSource(valueOf(event))}
        >
          ${SPANS.map((hours) => html`<option key=${hours} value=${String(hours)}>${t('plan.log', { time: duration(hours * HOUR) })}</option>`)}
          <option value=${FILE}>${t('plan.file')}</option>
        </select></label
      >
      ${
        source === FILE &&
        html`<label
          >${t('plan.file')}<input
            type="file"
            required
            accept=".csv,.txt,text/csv"
            onChange=${(event: Event) => setFile((event.target as HTMLInputElement).files?.[0])}
        /></label>`
      }
      <${ModelField} of=${models} />
      <label
        >${t('plan.target')}<input
          type="number"
          required
          min="0.1"
          max="100"
          step="any"
          value=${target}
          onInput=${(event: Event) => setTarget(valueOf(event))}
      /></label>
      <label
        >${t('plan.speed')}<input
          type="number"
          required
          min="0.01"
          max="1000"
          step="any"
          value=${speed}
          onInput=${(event: Event) => setSpeed(valueOf(event))}
      /></label>
      ${isBusy ? html`<button type="button" class="main" onClick=${() => running.current?.abort()}>${t('play.stop')}</button>` : html`<button class="main" disabled=${chosen === ''}>${t('plan.run')}</button>`}
    </form>
    ${source === FILE && html`<p class="note">${t('plan.file.help')}</p>`}
    <p class="note" role="status" aria-busy=${isBusy}>
      ${isBusy && (progress ? t('plan.busy', { runs: progress.runs + 1, requests: amount(progress.requests) }) : t('plan.begins'))}
    </p>
    <${Fault} error=${models.error} />
    <${Fault} error=${error} />
    ${report && html`<${Report} report=${report} />`}
  `
}

/** Throws an Error for people. */
async function textOf(file: File | undefined): Promise<string> {
  const large = (): Error => new Error(t('plan.file.large', { n: MOST / 1024 / 1024 }))
  if (!file) return ''
  // one that is far too large is not even read
  if (file.size > MOST) throw large()
  const text = await file.text()
  if (new Blob([JSON.stringify(text)]).size > MOST - 1000) throw large()
  return text
}

function Report({ report }: { report: PlanAnswer }) {
  const { model, requests, seconds, goodput, failed, refused, wait, target, supposed = 0, newest, embedded } = report
  const statuses = Object.entries(report.statuses).map(([status, count]) => `${count} × ${status}`)
  const facts: [string, string][] = [
    [t('requests.model'), model],
    [t('plan.requests'), amount(requests)],
    [t('plan.span'), duration(seconds * 1000)],
    [t('plan.served'), share(goodput)],
    [t('plan.failed'), statuses.length > 0 ? `${amount(failed)} (${statuses.join(', ')})` : amount(failed)],
    [t('plan.refused'), amount(refused)],
    [t('plan.wait'), duration(wait.p50 * 1000)],
    [t('plan.wait99'), duration(wait.p99 * 1000)],
    [t('plan.longest'), duration(wait.longest * 1000)],
  ]
  return html`<section class="card" aria-label=${t('plan.result')}>
      <h2>${t('plan.result')}</h2>
      ${target && html`<${Verdict} target=${target} goodput=${goodput} />`}
      ${embedded && html`<p class="fault">${t('plan.embedded')}</p>`}
      ${supposed > 0 && html`<p class="note">${t('plan.supposed', { n: amount(supposed) })}</p>`}
      ${newest !== undefined && html`<p class="note">${t('plan.newest', { n: amount(newest) })}</p>`}
      <dl class="facts">
        ${facts.map(
          ([name, value]) =>
            html`<div key=${name}>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>`,
        )}
      </dl>
    </section>
    <${Keys} keys=${report.keys} />`
}

function Verdict({ target, goodput }: { target: NonNullable<PlanAnswer['target']>; goodput: number }) {
  const { percentage, reached, remedies } = target
  if (reached) return html`<p class="good verdict">${t('plan.enough', { share: share(goodput) })}</p>`
  return html`<div class="verdict">
    <p class="fault">${t('plan.short', { share: share(goodput), target: share(percentage) })}</p>
    <ul>
      ${remedies.map((remedy, index) => html`<li key=${index}>${remedyText(remedy)}</li>`)}
    </ul>
  </div>`
}

function remedyText(remedy: NonNullable<PlanAnswer['target']>['remedies'][number]): string {
  if (remedy.add === 'limits') {
    const { factor, most } = remedy
    return factor === undefined ? t('plan.limits.none', { n: most }) : t('plan.limits', { n: factor.toFixed(2) })
  }
  const { provider, more, most } = remedy
  if (more === undefined) return t('plan.keys.none', { provider, n: most })
  return t(more === 1 ? 'plan.keys.one' : 'plan.keys', { provider, n: more })
}

function Keys({ keys }: { keys: PlanAnswer['keys'] }) {
  return html`<section class="card" aria-label=${t('plan.use')}>
    <h2>${t('plan.use')}</h2>
    <${Table}
      columns=${[t('pool.key'), [t('plan.requests'), 'num'], [t('plan.refused'), 'num'], t('plan.tightest'), [t('plan.used'), 'num']]}
      rows=${keys.map(
        ({ key, served, refused, tightest }) =>
          html`<tr key=${key}>
            <th scope="row">${key}</th>
            <td class="num">${amount(served)}</td>
            <td class="num">${amount(refused)}</td>
            <td>${tightest ? limitText(tightest.limit) : t('app.none')}</td>
            <td class="num">${tightest ? `${Math.round(tightest.percentage)} %` : ''}</td>
          </tr>`,
      )}
    />
  </section>`
}

/** `requests per minute` in the reader's language. */
function limitText(limit: string): string {
  const [metric = '', period] = limit.split(' per ')
  return period === undefined ? known('metric', metric) : `${known('metric', metric)} / ${known('period', period)}`
}

/** What is not all is not told as all. */
function share(percentage: number): string {
  return `${(percentage < 100 ? Math.min(99.99, percentage) : 100).toFixed(percentage < 100 && percentage > 99 ? 2 : 1)} %`
}
