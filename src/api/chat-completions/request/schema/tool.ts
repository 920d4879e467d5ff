import { byValue, ifThen } from './if-then.ts'

const name = { type: 'string', minLength: 1 }

const functionSchema = {
  type: 'object',
  required: ['name'],
  properties: {
    name,
    description: { type: ['string', 'null'] },
    parameters: { type: ['object', 'null'] },
    strict: { type: ['boolean', 'null'] },
  },
}

export const toolSchema = {
  type: 'object',
  properties: { type: { type: 'string' }, function: functionSchema },
  allOf: [
    // A function says what it is, also for clients that leave the type out.
    ifThen({ not: { required: ['function'] } }, { required: ['type'] }),
    ...byValue('type', {
      // or flat, as in Responses
      function: { anyOf: [{ required: ['name'], properties: { name } }, { required: ['function'] }] },
      custom: {
        anyOf: [{ required: ['name'], properties: { name } }, { required: ['custom'] }],
        properties: { custom: { type: 'object', required: ['name'], properties: { name } } },
      },
    }),
  ],
}

const named = { type: 'object', required: ['name'], properties: { name } }

/** A word is one of a few, an object names its tool. */
export const toolChoiceSchema = {
  type: ['string', 'object', 'null'],
  allOf: [
    ifThen({ type: 'string' }, { enum: ['none', 'auto', 'required', 'any'] }),
    ifThen(
      { type: 'object' },
      {
        allOf: byValue('type', {
          function: { required: ['function'], properties: { function: named } },
          custom: { required: ['custom'], properties: { custom: named } },
          allowed_tools: {
            required: ['allowed_tools'],
            properties: { allowed_tools: { type: 'object', required: ['mode', 'tools'] } },
          },
        }),
      },
    ),
  ],
}
