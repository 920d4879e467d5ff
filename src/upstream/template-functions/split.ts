import type { TemplateFunction } from '../../definition/context.ts'

/** A text as the list of what stands between `by`, without space around; nothing when nothing is left. */
export const split: TemplateFunction = (options) => {
  const by = typeof options['by'] === 'string' ? options['by'] : ','
  return (value) => {
    if (typeof value !== 'string') return undefined
    const texts = value
      .split(by)
      .map((text) => text.trim())
      .filter((text) => text !== '')
    return texts.length === 0 ? undefined : texts
  }
}
