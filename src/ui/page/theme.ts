/** Dark or light: as the system says, or as the reader does. */
import { createKept, createValue } from './state.ts'

export const THEMES = ['auto', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

export const theme = createKept('theme', 'auto')
/** What is drawn by scripts is drawn anew. */
export const isDark = createValue(false)

const system = matchMedia('(prefers-color-scheme: dark)')

function put(): void {
  const dark = theme.get() === 'auto' ? system.matches : theme.get() === 'dark'
  document.documentElement.dataset['theme'] = dark ? 'dark' : 'light'
  isDark.set(dark)
}

theme.listen(put)
system.addEventListener('change', put)
put()

export function nextTheme(): void {
  const place = THEMES.findIndex((each) => each === theme.get())
  theme.set(THEMES[(place + 1) % THEMES.length] ?? 'auto')
}

/** A colour of the style sheet. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
}
