import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** A package of the workspace that is published. */
export interface PublishedPackage {
  readonly name: string
  readonly folder: string
}

/** Every package that is not private. */
export function publishedPackages(): PublishedPackage[] {
  const folders = [
    ...readdirSync(join(ROOT, 'packages')).map((name) => join(ROOT, 'packages', name)),
    join(ROOT, 'conformance'),
  ]
  return folders
    .map((folder) => ({ folder, manifest: readManifest(folder) }))
    .filter(({ manifest }) => manifest.private !== true)
    .map(({ folder, manifest }) => ({ folder, name: manifest.name }))
}

export function readManifest(folder: string): { readonly name: string; readonly private?: boolean } {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string; private?: boolean }
}
