/** Something that is asked for, and asked for again. */
import { html } from 'htm/preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Refusal } from '../api.ts'
import { t } from '../text.ts'

export interface Fetched<T> {
  value: T | undefined
  /** What went wrong the last time. */
  error: Error | undefined
  again(): void
}

/**
 * @param load is called when `on` changes, by `again`, and each `every` milliseconds while the page is looked at
 */
export function useFetched<T>(load: () => Promise<T>, on: string, every = 0): Fetched<T> {
  const [state, set] = useState<{ value?: T; error?: Error }>({})
  const turn = useRef(0)
  const latest = useRef(load)
  latest.current = load
  const again = (): void => {
    const mine = ++turn.current
    latest.current().then(
      (value) => mine === turn.current && set({ value }),
      (error: unknown) => mine === turn.current && set((before) => ({ ...before, error: error as Error })),
    )
  }
  useEffect(() => {
    again()
    if (every === 0) return undefined
    const timer = setInterval(() => document.hidden || again(), every)
    return () => clearInterval(timer)
  }, [on, every])
  return { value: state.value, error: state.error, again }
}

/** Why there is nothing to see. */
export function Fault({ error }: { error: Error | undefined }) {
  if (!error) return null
  const why =
    error instanceof Refusal && error.code === 'no_request_log'
      ? t('traffic.nolog')
      : t('app.failed', { why: error.message })
  return html`<p class="fault" role="alert">${why}</p>`
}
