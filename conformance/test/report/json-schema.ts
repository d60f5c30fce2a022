interface Schema {
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, Schema>>
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema
  readonly items?: Schema
}

/** Says where a value differs from a schema, for the keywords that the report's schema uses. */
export function schemaErrors(value: unknown, schema: Schema, root: Schema = schema, at = '$'): string[] {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace('#/$defs/', '')
    const target = root.$defs?.[name]
    return target === undefined ? [`${at}: no ${schema.$ref}`] : schemaErrors(value, target, root, at)
  }
  const errors: string[] = []
  const types = typeof schema.type === 'string' ? [schema.type] : schema.type
  if (types !== undefined && !types.some((type) => hasType(value, type)))
    errors.push(`${at} is no ${types.join(' or ')}`)
  if ('const' in schema && value !== schema.const) errors.push(`${at} is not ${String(schema.const)}`)
  if (schema.enum?.includes(value) === false) errors.push(`${at} is none of ${schema.enum.join(', ')}`)
  if (Array.isArray(value) && schema.items !== undefined) {
    const { items } = schema
    value.forEach((item, index) => errors.push(...schemaErrors(item, items, root, `${at}[${index}]`)))
  } else if (typeof value === 'object' && value !== null) {
    errors.push(...objectErrors(value as Record<string, unknown>, schema, root, at))
  }
  return errors
}

function objectErrors(
  value: Readonly<Record<string, unknown>>,
  { required = [], properties = {}, additionalProperties }: Schema,
  root: Schema,
  at: string,
): string[] {
  const missing = required.filter((key) => !(key in value)).map((key) => `${at}.${key} is missing`)
  const wrong = Object.entries(value).flatMap(([key, item]) => {
    const schema = properties[key] ?? additionalProperties
    if (schema === undefined) return [`${at}.${key} is not described`]
    return schemaErrors(item, schema, root, `${at}.${key}`)
  })
  return [...missing, ...wrong]
}

function hasType(value: unknown, type: string): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'integer') return Number.isInteger(value)
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  return typeof value === type
}
