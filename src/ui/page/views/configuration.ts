/** The configuration's file: checked as it is written, what would change, and the change where its owner allows it. */
import { html } from 'htm/preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { ConfigFile, ConfigProblem } from '../../../api/console/page-answers.ts'
import { ask, field, Refusal } from '../api.ts'
import { diffLines } from '../diff.ts'
import { Fault, useFetched } from '../parts/fetched.ts'
import { valueOf } from '../parts/value-of.ts'
import { t } from '../text.ts'

/** Milliseconds after the last key until it is checked. */
const QUIET = 500
/** Lines shown beside each change. */
const AROUND = 3

export function Configuration() {
  const { value, error, again } = useFetched(() => ask<ConfigFile>('/v1/admin/config'), 'config')
  const [text, setText] = useState<string | undefined>(undefined)
  const [problems, setProblems] = useState<ConfigProblem[] | undefined>(undefined)
  const [failed, fail] = useState<Error | undefined>(undefined)
  const [done, setDone] = useState('')
  const now = text ?? value?.text ?? ''
  const isChanged = value !== undefined && now !== value.text
  const turn = useRef(0)

  useEffect(() => {
    if (!value) return undefined
    const mine = ++turn.current
    const timer = setTimeout(() => {
      ask<{ data: ConfigProblem[] }>('/v1/admin/config/check', { body: { text: now } }).then(
        ({ data }) => mine === turn.current && setProblems(data),
        (cause: unknown) => mine === turn.current && fail(cause as Error),
      )
    }, QUIET)
    return () => clearTimeout(timer)
  }, [now, value?.version])

  const apply = async (): Promise<void> => {
    fail(undefined)
    setDone('')
    try {
      await ask('/v1/admin/config', { method: 'PUT', body: { text: now, version: value?.version } })
      setDone(t('config.applied'))
      setText(undefined)
      again()
    } catch (cause) {
      if (cause instanceof Refusal && cause.code === 'config_changed') {
        // what is written here stays, beside what the file says now
        again()
        return fail(new Error(t('config.moved')))
      }
      const told = cause instanceof Refusal && cause.status === 422 ? field(cause.body, 'data') : undefined
      if (Array.isArray(told)) setProblems(told as ConfigProblem[])
      fail(Array.isArray(told) ? new Error(t('config.refused')) : (cause as Error))
    }
  }
  const write = (next: string): void => {
    setText(next)
    setDone('')
    fail(undefined)
    setProblems(undefined)
  }
  return html`
    <div class="head">
      <h1>${t('config.title')}</h1>
      ${value && html`<code>${value.file}</code>`}
    </div>
    <${Fault} error=${error} />
    ${
      value &&
      html`<section class="card" aria-label=${t('config.text')}>
          <p class="note">${t(value.editable ? 'config.editable' : 'config.readonly')}</p>
          <${Editor} text=${now} change=${write} />
          <div class="row">
            ${value.editable && html`<button class="main" disabled=${!isChanged || (problems?.length ?? 1) > 0} onClick=${apply}>${t('config.apply')}</button>`}
            <button disabled=${!isChanged} onClick=${() => write(value.text)}>${t('config.revert')}</button>
            <span role="status" class="row">
              ${done && html`<span class="good">${done}</span>`}
              ${problems && (problems.length === 0 ? html`<span class="good">${t('config.good')}</span>` : html`<span class="fault">${t('config.problems', { n: problems.length })}</span>`)}
            </span>
          </div>
          <${Fault} error=${failed} />
          ${
            problems &&
            problems.length > 0 &&
            html`<ul class="problems">
              ${problems.map((problem, index) => html`<li key=${index}><strong>${t('config.line', { line: problem.line })}</strong> <span class="fault">${problem.message}</span>${problem.excerpt && html`<pre>${problem.excerpt}</pre>`}</li>`)}
            </ul>`
          }
        </section>
        <section class="card" aria-label=${t('config.diff')}>
          <h2>${t('config.diff')}</h2>
          ${isChanged ? html`<pre class="diff" tabindex="0">${shownDiff(value.text, now)}</pre>` : html`<p class="note">${t('config.same')}</p>`}
        </section>`
    }
  `
}

function Editor({ text, change }: { text: string; change: (text: string) => void }) {
  const count = text.split('\n').length
  const numbers = Array.from({ length: count }, (_, index) => index + 1).join('\n')
  return html`<div class="editor">
    <div class="lines" aria-hidden="true">${numbers}</div>
    <textarea
      aria-label=${t('config.text')}
      spellcheck=${false}
      autocapitalize="off"
      wrap="off"
      rows=${count}
      value=${text}
      onInput=${(event: Event) => change(valueOf(event))}
    ></textarea>
  </div>`
}

function shownDiff(before: string, after: string) {
  const lines = diffLines(before, after)
  const isNear = (place: number): boolean =>
    lines.slice(Math.max(0, place - AROUND), place + AROUND + 1).some(({ kind }) => kind !== 'same')
  const shown: unknown[] = []
  let left = false
  for (const [place, { kind, text }] of lines.entries()) {
    if (kind === 'same' && !isNear(place)) {
      if (!left) shown.push(html`<span class="far">…</span>`)
      left = true
      continue
    }
    left = false
    shown.push(
      html`<span class=${kind}>${{ same: ' ', cut: '−', add: '+' }[kind]} ${text}${kind === 'same' ? '\n' : ''}</span>`,
    )
  }
  return shown
}
