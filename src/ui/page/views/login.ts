/** Asks for the administrator's key. */
import { html } from 'htm/preact'
import { useState } from 'preact/hooks'
import { locked, unlock } from '../api.ts'
import { valueOf } from '../parts/value-of.ts'
import { useValue } from '../state.ts'
import { t } from '../text.ts'

export function Login() {
  const [given, give] = useState('')
  const lock = useValue(locked)
  const open = (event: Event): void => {
    event.preventDefault()
    if (given.trim() !== '') unlock(given.trim())
  }
  return html`<form class="card login" onSubmit=${open}>
    <h1>${t('login.title')}</h1>
    <p>${t('login.text')}</p>
    ${lock === 'wrong' && html`<p class="fault" role="alert">${t('login.wrong')}</p>`}
    <label for="admin-key">${t('login.key')}</label>
    <input
      id="admin-key"
      type="password"
      autocomplete="off"
      spellcheck=${false}
      value=${given}
      onInput=${(event: Event) => give(valueOf(event))}
    />
    <button class="main">${t('login.open')}</button>
  </form>`
}
