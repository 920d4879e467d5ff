/** A conversation with any model through any of the server's APIs, and what the vendor is sent for it. */
import { html } from 'htm/preact'
import { useRef, useState } from 'preact/hooks'
import { call, eventsOf, readJson } from '../api.ts'
import { DOORS, type Asked, type Turn } from '../doors.ts'
import { Calls, EXAMPLE, readTools } from '../tools.ts'
import { Fault } from '../parts/fetched.ts'
import { ModelField, useModelChoice } from '../parts/model-choice.ts'
import { valueOf } from '../parts/value-of.ts'
import { duration, t, type Word } from '../text.ts'
import { CallResults } from './call-results.ts'
import { SentRequest, type Sent } from './sent-request.ts'

const MOST_IMAGE = 5 * 1024 * 1024

export function Playground() {
  const models = useModelChoice()
  const [door, setDoor] = useState('chat')
  const [system, setSystem] = useState('')
  const [maxTokens, setMaxTokens] = useState(512)
  const [toolText, setToolText] = useState('')
  const [text, setText] = useState('')
  const [image, setImage] = useState<string | undefined>(undefined)
  const [turns, setTurns] = useState<Turn[]>([])
  const [sent, setSent] = useState<Sent | undefined>(undefined)
  const [facts, setFacts] = useState('')
  const [error, fail] = useState<Error | undefined>(undefined)
  const running = useRef<AbortController | undefined>(undefined)
  const [isBusy, setBusy] = useState(false)
  const { chosen } = models
  const tools = readTools(toolText)
  // the models are asked for when the view opens
  const canSend = !isBusy && chosen !== '' && tools !== undefined
  const last = turns.at(-1)
  const open = !isBusy && last?.who === 'assistant' && last.calls?.length ? last.calls : undefined

  async function send(event: Event): Promise<void> {
    event.preventDefault()
    if (text.trim() === '' || !canSend) return
    setText('')
    setImage(undefined)
    await say({ who: 'user', text, ...(image !== undefined && { image }) })
  }

  async function say(turn: Turn): Promise<void> {
    if (!canSend) return
    const said = [...turns, turn]
    setTurns(said)
    await answer({ model: chosen, system, turns: said, maxTokens, tools })
  }

  async function answer(asked: Asked): Promise<void> {
    const api = DOORS[door]
    if (!api) return
    const body = api.body(asked)
    setSent({ door, path: api.path(asked), model: asked.model, body })
    setFacts('')
    fail(undefined)
    setBusy(true)
    const stop = new AbortController()
    running.current = stop
    const began = performance.now()
    let first: number | undefined
    let tokens = 0
    const turn: Turn = { who: 'assistant', text: '', thought: '' }
    const calls = new Calls()
    const show = (): void => setTurns([...asked.turns, { ...turn, calls: calls.list() }])
    try {
      const stream = await call(api.path(asked), { body, signal: stop.signal })
      const source = ['provider', 'model', 'key'].map(
        (name) => stream.headers.get(`x-balanced-call-${name}`) ?? stream.headers.get(`x-bc-${name}`),
      )
      const [provider, upstream] = source
      if (provider && upstream) setSent({ door, path: api.path(asked), model: asked.model, body, provider, upstream })
      for await (const data of eventsOf(stream)) {
        const piece = api.read(readJson(data))
        if (piece.error !== undefined) fail(new Error(piece.error))
        for (const call of piece.calls ?? []) calls.add(call)
        if (piece.text || piece.thought || piece.calls?.length) first ??= performance.now() - began
        turn.text += piece.text ?? ''
        turn.thought += piece.thought ?? ''
        tokens = piece.tokens ?? tokens
        show()
      }
      const total = performance.now() - began
      const rate = tokens > 0 && total > (first ?? 0) ? ((tokens * 1000) / (total - (first ?? 0))).toFixed(1) : '–'
      setFacts(
        t('play.facts', {
          first: first === undefined ? '–' : duration(first),
          total: duration(total),
          rate,
          source: source.filter(Boolean).join(' / '),
        }),
      )
    } catch (cause) {
      if (!stop.signal.aborted) fail(cause as Error)
    }
    setBusy(false)
  }

  async function choose(event: Event): Promise<void> {
    const input = event.target as HTMLInputElement
    const file = input.files?.[0]
    input.value = ''
    if (file && file.size > MOST_IMAGE) return fail(new Error(t('play.image.large', { n: MOST_IMAGE / 1024 / 1024 })))
    if (file) setImage(await dataUrl(file))
  }

  const clear = (): void => {
    running.current?.abort()
    setTurns([])
    setSent(undefined)
    setFacts('')
    fail(undefined)
  }
  return html`
    <h1>${t('play.title')}</h1>
    <div class="fields">
      <${ModelField} of=${models} />
      <label
        >${t('play.door')}<select
          aria-label=${t('play.door')}
          value=${door}
          onChange=${(event: Event) => setDoor(valueOf(event))}
        >
          ${Object.keys(DOORS).map((id) => html`<option key=${id} value=${id}>${t(`play.door.${id}` as Word)}</option>`)}
        </select></label
      >
      <label
        >${t('play.maxTokens')}<input
          type="number"
          min="1"
          value=${maxTokens}
          onChange=${(event: Event) => setMaxTokens(Number(valueOf(event)) || 512)}
      /></label>
      <label>${t('play.system')}<input value=${system} onInput=${(event: Event) => setSystem(valueOf(event))} /></label>
    </div>
    <details class="offered">
      <summary>
        ${t('play.tools')}${tools && tools.length > 0 ? `: ${tools.map(({ name }) => name).join(', ')}` : ''}
      </summary>
      <p class="note" id="tools-help">${t('play.tools.help')}</p>
      <textarea
        rows="8"
        spellcheck=${false}
        aria-label=${t('play.tools')}
        aria-describedby="tools-help"
        aria-invalid=${tools === undefined}
        value=${toolText}
        onInput=${(event: Event) => setToolText(valueOf(event))}
      ></textarea>
      ${tools === undefined && html`<p class="error" role="alert">${t('play.tools.wrong')}</p>`}
      ${toolText === '' && html`<button type="button" onClick=${() => setToolText(EXAMPLE)}>${t('play.tools.example')}</button>`}
    </details>
    <${Fault} error=${models.error} />
    <div class="play">
      <section class="card" aria-label=${t('play.title')}>
        <div class="chat" aria-live="polite" aria-busy=${isBusy}>
          ${turns.length === 0 && html`<p class="empty">${t('play.empty')}</p>`}
          ${turns.map((turn, index) => html`<${Said} key=${index} turn=${turn} />`)}
          <${Fault} error=${error} />
          ${facts && html`<p class="note facts-line">${facts}</p>`}
        </div>
        ${open && html`<${CallResults} calls=${open} done=${(calls: Turn['calls']) => void say({ who: 'tools', text: '', ...(calls && { calls }) })} />`}
        <form class="compose" onSubmit=${send}>
          <label for="message">${t('play.message')}</label>
          <textarea
            id="message"
            rows="3"
            placeholder=${t('play.placeholder')}
            value=${text}
            onInput=${(event: Event) => setText(valueOf(event))}
            onKeyDown=${(event: KeyboardEvent) => event.key === 'Enter' && !event.shiftKey && !event.isComposing && void send(event)}
          ></textarea>
          ${image !== undefined && html`<div class="row"><img src=${image} alt="" width="64" /><button type="button" onClick=${() => setImage(undefined)}>${t('play.image.remove')}</button></div>`}
          <div class="row">
            ${isBusy ? html`<button type="button" class="main" onClick=${() => running.current?.abort()}>${t('play.stop')}</button>` : html`<button class="main" disabled=${!canSend}>${t('play.send')}</button>`}
            <label class="file">${t('play.image')}<input type="file" accept="image/*" onChange=${choose} /></label>
            <button type="button" onClick=${clear}>${t('play.clear')}</button>
          </div>
        </form>
      </section>
      ${sent && html`<${SentRequest} sent=${sent} />`}
    </div>
  `
}

function Said({ turn: { who, text, image, thought, calls = [] } }: { turn: Turn }) {
  return html`<div class="said" data-who=${who}>
    ${image && html`<img src=${image} alt="" />`}${
      thought &&
      html`<details class="thought">
        <summary>${t('play.thinking')}</summary>
        ${thought}
      </details>`
    }${text || (calls.length === 0 && '…')}
    ${calls.map(
      ({ id, name, args, result }) =>
        html`<div class="call" key=${id}>
          <code>${name}${result === undefined && html`(${args})`}</code>${result !== undefined && html` → ${result}`}
        </div>`,
    )}
  </div>`
}

function dataUrl(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.addEventListener('load', () => resolve(String(reader.result)))
    reader.addEventListener('error', () => reject(new Error(file.name)))
    reader.readAsDataURL(file)
  })
}
