import type { TemplateFunction } from '../../definition/context.ts'

/** The texts of a list as one, `by` between them; nothing when there is none. */
export const join: TemplateFunction = (options) => {
  const by = typeof options['by'] === 'string' ? options['by'] : '\n\n'
  return (value) => {
    if (!Array.isArray(value)) return typeof value === 'string' ? value : undefined
    const texts = value.filter((item) => typeof item === 'string')
    return texts.length === 0 ? undefined : texts.join(by)
  }
}
