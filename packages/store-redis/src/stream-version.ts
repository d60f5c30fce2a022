/** What a version says. */
export interface StreamVersion {
  /** The id of the commit that last changed more than the stream's length. */
  readonly shapedBy: string
  /** The number of the last commit, unless its server lost data since. */
  readonly number: number
  readonly commitId: string
}

/**
 * A version as the engine gets it. Every commit makes another one; with what it says of the commit that last changed
 * more than the stream's length, an append can be put behind those of others.
 */
export function formatVersion(shapedBy: string, number: number, commitId: string): string {
  return `${shapedBy.length}:${shapedBy}${number}.${commitId}`
}

export function parseVersion(version: string): StreamVersion {
  const from = version.indexOf(':') + 1
  const to = from + Number(version.slice(0, from - 1))
  const dot = version.indexOf('.', to)
  return {
    shapedBy: version.slice(from, to),
    number: Number(version.slice(to, dot)),
    commitId: version.slice(dot + 1),
  }
}

/** The version as it is stored. */
export function storedVersionOf(version: string): string {
  const colon = version.indexOf(':')
  return version.slice(colon + 1 + Number(version.slice(0, colon)))
}
