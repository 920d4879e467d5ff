/** Modules that a start does without: each is loaded when somebody needs it. */
import { createRequire } from 'node:module'

/** @param here `import.meta.url` of who asks */
export function onDemand<Module>(name: string, here: string): () => Module {
  let loaded: Module | undefined
  return () => (loaded ??= createRequire(here)(name) as Module)
}

/**
 * Node's http without all that an import of it brings: whoever imports a module of Node's gets each of its exports at once, and one
 * of this one's is a WebSocket, for which Node reads a whole client.
 */
export const http = process.getBuiltinModule('node:http')
