/** What stands around the one text of an event that changes, and around what else of it changes and nobody reads. */

/** All of one JSON string: no event that is broken inside its text fits. */
// oxlint-disable-next-line no-control-regex -- JSON forbids them, so what has them is not valid JSON
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const COUNT = /(?:0|[1-9]\d*)(?=[,}\s])/y

interface Gap {
  start: number
  end: number
  form: RegExp
}

export class Surroundings {
  /** Each part but the last is followed by a gap of its form. */
  private readonly parts: readonly string[]
  private readonly forms: readonly RegExp[]
  /** Which of the gaps is the text. */
  private readonly told: number
  /** Characters of the parts. */
  readonly size: number

  private constructor(parts: readonly string[], forms: readonly RegExp[], told: number) {
    this.parts = parts
    this.forms = forms
    this.told = told
    this.size = parts.reduce((sum, part) => sum + part.length, 0)
  }

  /**
   * Of an event with the text as a literal between two places.
   * @param unread fields that nobody reads; one that stands there twice is taken as it is
   */
  static of(raw: string, start: number, end: number, unread: readonly string[]): Surroundings {
    const text: Gap = { start, end, form: STRING }
    const others = unread.flatMap((key) => gapOf(raw, key) ?? [])
    const gaps = [text, ...others.filter((gap) => gap.end <= start || gap.start >= end)]
    gaps.sort((a, b) => a.start - b.start)
    const parts = gaps.map((gap, at) => raw.slice(gaps[at - 1]?.end ?? 0, gap.start))
    parts.push(raw.slice(gaps.at(-1)?.end))
    return new Surroundings(
      parts,
      gaps.map(({ form }) => form),
      gaps.indexOf(text),
    )
  }

  /** The same, with more before and after it. */
  within(before: string, after: string): Surroundings {
    const parts = [...this.parts]
    parts[0] = before + parts[0]
    parts[parts.length - 1] += after
    return new Surroundings(parts, this.forms, this.told)
  }

  /** The text's literal in an event that differs in its gaps alone; undefined of every other. */
  literalIn(raw: string): string | undefined {
    const { parts, forms } = this
    if (forms.length === 1) return this.between(raw)
    let literal: string | undefined
    let at = 0
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i] ?? ''
      // Slices are compared in one go; startsWith goes from letter to letter.
      if (raw.slice(at, at + part.length) !== part) return undefined
      at += part.length
      const form = forms[i]
      if (form === undefined) break
      form.lastIndex = at
      if (!form.test(raw)) return undefined
      if (i === this.told) literal = raw.slice(at, form.lastIndex)
      at = form.lastIndex
    }
    return at === raw.length ? literal : undefined
  }

  private between(raw: string): string | undefined {
    const [before = '', after = ''] = this.parts
    const end = raw.length - after.length
    if (end - before.length < 3 || raw.slice(0, before.length) !== before || raw.slice(end) !== after) return undefined
    STRING.lastIndex = before.length
    return STRING.test(raw) && STRING.lastIndex === end ? raw.slice(before.length, end) : undefined
  }

  equals(other: Surroundings | undefined): boolean {
    if (other?.parts.length !== this.parts.length || other.told !== this.told) return false
    return (
      this.parts.every((part, at) => part === other.parts[at]) &&
      this.forms.every((form, at) => form === other.forms[at])
    )
  }
}

function gapOf(raw: string, key: string): Gap | undefined {
  const name = `"${key}":`
  const at = raw.indexOf(name)
  if (at < 0 || raw.includes(name, at + 1)) return undefined
  let start = at + name.length
  while (raw[start] === ' ') start++
  for (const form of [COUNT, STRING]) {
    form.lastIndex = start
    if (form.test(raw)) return { start, end: form.lastIndex, form }
  }
  return undefined
}
