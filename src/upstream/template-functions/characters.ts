import type { TemplateFunction } from '../../definition/context.ts'

/** `keep`: characters that stay, as in a character class; runs of others become `else`; `most`: length. */
export const characters: TemplateFunction = (options) => {
  const keep = typeof options['keep'] === 'string' ? options['keep'] : 'A-Za-z0-9'
  const otherwise = typeof options['else'] === 'string' ? options['else'] : ''
  const most = typeof options['most'] === 'number' ? options['most'] : 200
  const others = new RegExp(`[^${keep}]+`, 'g')
  return (value) => {
    if (typeof value !== 'string') return undefined
    const text = value.replaceAll(others, otherwise).replaceAll(/ {2,}/g, ' ').slice(0, most).trim()
    return text === '' ? undefined : text
  }
}
