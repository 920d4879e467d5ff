/**
 * Node's http without all that an import of it brings: whoever imports a module of Node's gets each of its exports at once, and one
 * of this one's is a WebSocket, for which Node reads a whole client.
 */
export const http = process.getBuiltinModule('node:http')
