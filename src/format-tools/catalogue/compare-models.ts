/** What is known here of a provider's models, beside what the vendor itself says. */
import type { ModelInfo } from '../../config/config.ts'
import type { ListedModel } from '../../upstream/types.ts'

export interface Comparison {
  /** Here, and not listed any more. */
  gone: string[]
  /** Here, and the vendor says that they end or have ended. */
  ending: { model: string; lifecycle?: string; retires?: string }[]
  /** Listed, and not here. */
  fresh: string[]
  /** Where this side says, or guesses by a name, something else. */
  wrong: { model: string; what: string; ours: unknown; theirs: unknown }[]
}

const FACTS = ['context', 'max_output', 'tools', 'vision', 'json_schema'] as const

/** @param traits what the wire format guesses of a model by its name */
export function compareModels(
  known: Readonly<Record<string, ModelInfo>>,
  listed: readonly ListedModel[],
  traits: (model: string) => Readonly<Record<string, unknown>>,
): Comparison {
  const found: Comparison = { gone: [], ending: [], fresh: [], wrong: [] }
  const met = new Set<string>()
  for (const [model, info] of Object.entries(known)) {
    const same = listed.filter(({ id }) => isName(model, id))
    for (const { id } of same) met.add(id)
    const theirs = same.find(({ id }) => id === model) ?? same.at(-1)
    if (!theirs) {
      found.gone.push(model)
      continue
    }
    const { lifecycle, retires } = theirs
    if (retires !== undefined || (lifecycle !== undefined && lifecycle !== 'active'))
      found.ending.push({
        model,
        ...(lifecycle !== undefined && { lifecycle }),
        ...(retires !== undefined && { retires }),
      })
    for (const what of FACTS)
      if (info[what] !== undefined && theirs[what] !== undefined && info[what] !== theirs[what])
        found.wrong.push({ model, what, ours: info[what], theirs: theirs[what] })
  }
  for (const { id, lifecycle, traits: told = {} } of listed) {
    if (!met.has(id)) found.fresh.push(id)
    if (lifecycle === 'retired') continue
    const guessed = traits(id)
    for (const [what, theirs] of Object.entries(told))
      if (guessed[what] !== theirs) found.wrong.push({ model: id, what, ours: guessed[what] ?? null, theirs })
  }
  return found
}

/** Vendors list a model under its full name, with a day or a number behind, and take the short one too. */
function isName(name: string, id: string): boolean {
  return (
    id === name ||
    (id.startsWith(name) && /^(?:-\d{8}|-\d{4}-\d\d-\d\d|-\d{3}|[-:]latest)$/.test(id.slice(name.length)))
  )
}
