/** The frame: where one is, what goes on, and the view that is open. */
import { html } from 'htm/preact'
import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { hasKey, locked, unlock } from './api.ts'
import { connection, heard, picture } from './live.ts'
import { now, useValue } from './state.ts'
import { clock, language, t, type Word } from './text.ts'
import { nextTheme, theme } from './theme.ts'
import { Login } from './views/login.ts'
import { Pool } from './views/pool/pool.ts'
import { Queue } from './views/queue.ts'
import { Traffic } from './views/traffic.ts'
import { Requests } from './views/requests/requests.ts'
import { Clients } from './views/clients.ts'
import { Playground } from './views/playground.ts'
import { Plan } from './views/plan.ts'
import { Configuration } from './views/configuration.ts'

const VIEWS: Record<string, ComponentType<{ detail: string }>> = {
  pool: Pool,
  queue: Queue,
  traffic: Traffic,
  requests: Requests,
  clients: Clients,
  playground: Playground,
  plan: Plan,
  config: Configuration,
}

/** `#/requests/ID`. */
function place(): { view: string; detail: string } {
  const [view = '', detail = ''] = location.hash.replace(/^#\/?/, '').split('/')
  return { view: Object.hasOwn(VIEWS, view) ? view : 'pool', detail: decoded(detail) }
}

/** A link may be cut in the middle of a character. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

export function App() {
  const [where, go] = useState(place)
  const tongue = useValue(language)
  const lock = useValue(locked)
  useEffect(() => {
    const move = (): void => go(place())
    addEventListener('hashchange', move)
    return () => removeEventListener('hashchange', move)
  }, [])
  useEffect(() => {
    document.documentElement.lang = tongue === 'zh' ? 'zh-CN' : 'en'
    document.title = `${t(`view.${where.view}` as Word)} · ${t('app.name')}`
    // on a phone not all of them are to be seen at once
    document.querySelector('nav a[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [tongue, where.view])
  const View = VIEWS[where.view] ?? Pool
  return html`
    <a class="skip" href="#main" onClick=${skip}>${t('app.skip')}</a>
    <header>
      <a class="brand" href="#/pool"
        ><img src="/ui/icon.svg" alt="" width="22" height="22" /><span>${t('app.name')}</span></a
      >
      <nav aria-label=${t('app.views')}>
        ${Object.keys(VIEWS).map(
          (view) => html`
            <a key=${view} href=${`#/${view}`} aria-current=${view === where.view ? 'page' : undefined}>
              ${t(`view.${view}` as Word)}<${Waiting} of=${view} />
            </a>
          `,
        )}
      </nav>
      <${Status} />
      <div class="tools">
        <button
          class="quiet"
          aria-label=${t('app.language.label')}
          onClick=${() => language.set(tongue === 'zh' ? 'en' : 'zh')}
        >
          ${t('app.language')}
        </button>
        <${ThemeButton} />
        ${hasKey() && lock === '' ? html`<button class="quiet" onClick=${leave}>${t('app.lock')}</button>` : ''}
      </div>
    </header>
    <main id="main" tabindex="-1">
      <${Old} />
      ${lock === '' ? html`<${View} key=${where.view} detail=${where.detail} />` : html`<${Login} />`}
    </main>
  `
}

function skip(event: Event): void {
  event.preventDefault()
  document.getElementById('main')?.focus()
}

function ThemeButton() {
  const name = t(`app.theme.${useValue(theme)}` as Word)
  return html`<button class="quiet icon" aria-label=${name} title=${name} onClick=${nextTheme}>
    <span aria-hidden="true">${{ auto: '◐', light: '☀', dark: '☾' }[theme.get()] ?? '◐'}</span>
  </button>`
}

/** How many wait, beside the name of the view. */
function Waiting({ of }: { of: string }) {
  const queued = useValue(picture)?.queued ?? 0
  return of === 'queue' && queued > 0 ? html`<span class="count">${queued}</span>` : null
}

function Status() {
  const state = useValue(connection)
  const seen = useValue(picture)
  return html`<p class="status" data-state=${state}>
    <span class="dot" aria-hidden="true"></span>
    <span class="live">${t(`app.live.${state}`)}</span>
    ${seen && html`<span>${t('app.inFlight', { n: seen.inFlight })}</span><span>${t('app.queued', { n: seen.queued })}</span>`}
  </p>`
}

/** Milliseconds without a picture, of which there is one a second. */
const OLD = 5000

function Old() {
  const isLost = useValue(connection) === 'lost'
  const seen = useValue(picture)
  const isOld = useValue(now) - heard.get() > OLD
  return isLost && isOld && seen
    ? html`<p class="fault" role="status">${t('app.live.old', { time: clock(seen.at) })}</p>`
    : null
}

function leave(): void {
  unlock('')
  locked.set('missing')
}
