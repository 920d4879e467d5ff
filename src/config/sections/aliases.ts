/** `aliases:` → names that clients ask for, and the public models that answer. */
import { didYouMean } from '../../definition/near-miss.ts'
import type { Config, PublicModel } from '../config.ts'
import { fault, type Fault } from '../problem.ts'

/** @param declared public models of the file; of those that no live provider serves, the alias is left out with them */
export function readAliases(
  written: Record<string, unknown>,
  declared: readonly string[],
  models: readonly PublicModel[],
  report: (fault: Fault) => void,
): Config['aliases'] {
  const served = new Set(models.map(({ model }) => model))
  return Object.entries(written).flatMap(([glob, model]) => {
    if (typeof model !== 'string') return []
    const isRoute = model.includes('/')
    if (!isRoute && model !== 'auto' && !declared.includes(model)) {
      report(fault(['aliases', glob], `there is no model ${model}${didYouMean(model, declared)}`))
      return []
    }
    return isRoute || served.has(model) ? [{ glob, model }] : []
  })
}
