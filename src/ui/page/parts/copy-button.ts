/** Puts a text into the clipboard, where the browser has one for this page. */
import { html } from 'htm/preact'
import { useState } from 'preact/hooks'
import { t } from '../text.ts'

export function CopyButton({ text }: { text: string }) {
  const [isDone, done] = useState(false)
  if (!('clipboard' in navigator)) return null
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text)
    done(true)
  }
  return html`<button onClick=${copy}>${t(isDone ? 'app.copied' : 'app.copy')}</button>`
}
